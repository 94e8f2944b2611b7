// wasm32 with no C library: a module is one allocator linked with just the
// entry's exports. What other allocators need below them is platform.c; mote has
// it inside.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compile, isSized, make, once, ownSource, profiles, root, run, versionOf, packageVersions } from './build.mjs';
import { features, optimised } from './wasm_link.mjs';

const emscripten = '/usr/share/emscripten';
const emscriptenInclude = join(emscripten, 'cache/sysroot/include');
const emscriptenLibrary = join(emscripten, 'system/lib');
const wasiLibc = '/usr/lib/wasm32-wasi/libc.a';

const optimise = ['-Oz', '-nostdlib', '-fno-builtin', '-DNDEBUG', ...features];
const cxx = ['--target=wasm32', '-std=c++20', '-fno-exceptions', '-fno-rtti', ...optimise];
const c = ['--target=wasm32', ...optimise];
// Emscripten's own "no errno" variant, like mote and emmalloc, which set none.
// emmalloc reads blocks through several types: clang 19 breaks it without the
// aliasing flag.
const emscriptenC = [
  '--target=wasm32-unknown-emscripten', ...optimise, '-fno-strict-aliasing',
  '-isystem', join(emscriptenInclude, 'compat'), '-isystem', emscriptenInclude,
  '-DMALLOC_FAILURE_ACTION=', '-DEMSCRIPTEN_NO_ERRNO',
];

const platform = (directory) => compile('clang-19', c, ownSource('platform.c'), join(directory, 'platform.o'));

async function mote(directory, profile) {
  const source = join(directory, 'mote.cpp');
  await run('cmake', [`-DOUT=${source}`, '-P', join(root, 'src/amalgamate.cmake')]);
  return [await compile('clang++-19', [...cxx, `-DMOTE_PROFILE_${profile.toUpperCase()}`], source, join(directory, 'mote.o'))];
}

const fromEmscripten = (directory, file, flags = []) => compile('clang-19', [...emscriptenC, ...flags], join(emscriptenLibrary, file), join(directory, `${basename(file, '.c')}.o`));

// `alignment`: of every block, in bytes. `list`: whose symbols are counted as
// the allocator's. `prepare(directory)`: the objects. `more`: what the linker
// needs besides the entry's exports.
const allocators = [
  ...profiles.map((profile) => ({
    name: `mote ${profile}`, list: 'mote', alignment: 16, prepare: (directory) => mote(directory, profile),
  })),
  {
    name: 'emmalloc (Emscripten)',
    list: 'emmalloc',
    alignment: 8,
    // It has a constructor. Unless the host can call that, wasm-ld makes every
    // export call it, which empties the heap each time.
    more: ['--export=__wasm_call_ctors'],
    prepare: async (directory) => [await fromEmscripten(directory, 'emmalloc.c'), await platform(directory)],
  },
  {
    name: 'dlmalloc (Emscripten)',
    list: 'dlmalloc',
    alignment: 8,
    prepare: async (directory) => [
      await fromEmscripten(directory, 'dlmalloc.c'),
      // musl's internal `weak`, which this file is compiled with.
      await fromEmscripten(directory, 'libc/compat/aligned_alloc.c', ['-Dweak=']),
      await platform(directory),
    ],
  },
  {
    name: 'dlmalloc (wasi-libc)',
    list: 'dlmalloc',
    alignment: 16,
    prepare: async (directory) => {
      await run('llvm-ar-19', ['x', `--output=${directory}`, wasiLibc, 'dlmalloc.o']);
      return [join(directory, 'dlmalloc.o'), await platform(directory)];
    },
  },
  { name: 'null allocator', list: 'c', prepare: async (directory) => [await compile('clang-19', c, ownSource('null.c'), join(directory, 'null.o'))] },
];

export const freestanding = {
  name: 'freestanding',
  title: 'Freestanding',
  allocators,
  serves: (program, { list }) => !program.demo && (!isSized(program) || list === 'mote' || list === 'c'),
  async link(program, { more = [] }, objects, directory) {
    const base = join(directory, program.name);
    const own = program.source === undefined ? [] : [
      await compile('clang++-19', cxx, program.source, `${base}.o`),
      await compile('clang++-19', cxx, ownSource('operators.cpp'), join(directory, 'operators.o')),
    ];
    const inputs = [...own, ...objects];
    const linked = `${base}.linked.wasm`;
    await make(linked, 'wasm-ld-19', [
      '--no-entry', '--gc-sections', '--strip-debug', ...program.exports.map((name) => `--export=${name}`), ...more, ...inputs, '-o', linked,
    ], { inputs, key: await freestanding.versions() });
    return optimised(linked, base);
  },
  versions: once(async () => {
    const emscriptenVersion = readFileSync(join(emscripten, 'emscripten-version.txt'), 'utf8').replace(/["\s]/g, '');
    return [
      `clang ${await versionOf('clang++-19', /version ([\d.]+)/)}`, `lld ${await versionOf('wasm-ld-19', /LLD ([\d.]+)/)}`,
      `binaryen ${await versionOf('wasm-opt', /version (\d+)/)}`, `Emscripten ${emscriptenVersion}`, await packageVersions('wasi-libc'),
    ].join(', ');
   }),
};
