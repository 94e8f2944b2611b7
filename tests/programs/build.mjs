// Builds the programs into build/programs/NAME: each once for every malloc of both
// toolchains, from the same objects.
//   node tests/programs/build.mjs [PROGRAM...]                 compile and link
//   node tests/programs/build.mjs --objects TOOLCHAIN PROGRAM  only compile, for
//                                                      wasi, emscripten or native
// Needs `tests/install wasi emscripten sqlite`, `. tests/env` and the sources of
// ./sources.
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { make, moteLibrary, profiles, run, runAll } from '../../size-reports/mote/build.mjs';
import { programsNamed } from './programs.mjs';
import { Failure, root, runMain } from './support.mjs';

const self = fileURLToPath(import.meta.url);
const directoryOf = (program) => join(root, 'build/programs', program.name);

// No -O where clang links: with it, clang runs whichever wasm-opt it finds.
// `others`: the mallocs that the toolchain has, the one it takes by itself first.
const toolchains = {
  wasi: {
    title: 'clang 19, WASI',
    compilers: { c: 'clang-19', cxx: 'clang++-19' },
    flags: ['--target=wasm32-wasi', '-O2', '-w'],
    link: ['--target=wasm32-wasi', '-O0', '-Wl,--strip-all', '-Wl,-z,stack-size=1048576'],
    suffix: '.wasm',
    others: { dlmalloc: [] },  // wasi-libc's
  },
  // Memory grows by what was asked for, as under WASI, not by a fifth more.
  emscripten: {
    title: 'Emscripten',
    compilers: { c: 'emcc', cxx: 'em++' },
    flags: ['-O2', '-w'],
    link: [
      '-O2', '-sMODULARIZE', '-sEXPORT_NAME=program', '-sENVIRONMENT=node,web', '-sINVOKE_RUN=0', '-sEXPORTED_RUNTIME_METHODS=callMain,FS',
      '-sALLOW_MEMORY_GROWTH', '-sMEMORY_GROWTH_GEOMETRIC_STEP=0',
    ],
    suffix: '.js',
    others: { dlmalloc: ['-sMALLOC=dlmalloc'], emmalloc: ['-sMALLOC=emmalloc'] },
  },
  native: { compilers: { c: 'gcc', cxx: 'g++' }, flags: ['-O2', '-w', '-ffunction-sections', '-fdata-sections'] },
};

const languageOf = (source) => (extname(source) === '.c' ? 'c' : 'cxx');

// Tasks for `runAll`, and the objects that they make.
function compilation(program, name) {
  const { compilers, flags } = toolchains[name];
  const steps = program.sources(name).map((source) => {
    const object = join(directoryOf(program), `${name}-${basename(source, extname(source))}.o`);
    // Modules weigh the same wherever the project lies.
    const args = [...flags, `-fmacro-prefix-map=${root}/=`, ...program.flags, ...(program[name]?.flags ?? []), '-c', source, '-o', object];
    return { object, task: () => make(object, compilers[languageOf(source)], args, { inputs: [source, self], key: null }) };
  });
  return { objects: steps.map(({ object }) => object), tasks: steps.map(({ task }) => task) };
}

// The linker says where it has malloc from: a module with mote from its library,
// any other not.
async function link(program, name, { malloc, args, library }, objects) {
  const { compilers, link: flags, suffix } = toolchains[name];
  const file = join(directoryOf(program), `${name}-${malloc.replace(' ', '-')}${suffix}`);
  const inputs = [...objects, ...(library ? [library] : [])];
  const log = await run(compilers[program.cxx ? 'cxx' : 'c'], [...flags, ...args, ...inputs, ...(program[name]?.link ?? []), '-Wl,--trace-symbol=malloc', '-o', file]);
  const [, definer] = /^(.*): definition of malloc$/m.exec(log) ?? [];
  if (!definer || definer.startsWith(`${library}(`) !== Boolean(library)) {
    throw new Failure(`${basename(file)} has its malloc from ${definer ?? 'nowhere'}`);
  }
  return { toolchain: name, malloc, file, wasm: file.replace(/\.js$/, '.wasm') };
}

async function mallocsOf(name) {
  const { others } = toolchains[name];
  const own = profiles.map(async (profile) => ({ malloc: `mote ${profile}`, args: [], library: (await moteLibrary(name, profile)).archive }));
  return [...await Promise.all(own), ...Object.entries(others).map(([malloc, args]) => ({ malloc, args }))];
}

async function compile(program, names) {
  const compiled = names.map((name) => compilation(program, name));
  await runAll(compiled.flatMap(({ tasks }) => tasks));
  return compiled.map(({ objects }) => objects);
}

export const wasmToolchains = ['wasi', 'emscripten'];
export const titleOf = (toolchain) => toolchains[toolchain].title;

// Adds to each program its `modules`, { toolchain, malloc, file, wasm }, mote's
// first.
export async function build(programs) {
  const mallocs = {};
  for (const name of wasmToolchains) mallocs[name] = await mallocsOf(name);
  for (const program of programs) {
    const objects = await compile(program, wasmToolchains);
    program.modules = [];
    await runAll(wasmToolchains.flatMap((name, i) => mallocs[name].map((malloc) => async () => {
      program.modules.push(await link(program, name, malloc, objects[i]));
    })));
    const order = wasmToolchains.flatMap((name) => mallocs[name].map(({ malloc }) => `${name} ${malloc}`));
    const place = ({ toolchain, malloc }) => order.indexOf(`${toolchain} ${malloc}`);
    program.modules.sort((a, b) => place(a) - place(b));
  }
}

if (process.argv[1] === self) {
  await runMain('programs build', async () => {
    const args = process.argv.slice(2);
    const only = args[0] === '--objects' && args.splice(0, 2)[1];
    if (only && !toolchains[only]) throw new Failure(`no toolchain ${only}`);
    const programs = programsNamed(args);
    if (only) for (const program of programs) await compile(program, [only]);
    else await build(programs);
  });
}
