// Builds the entries: every allocator, compiled once, linked with each entry's
// exports and optimised, always by the same commands.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = dirname(here);

const emscripten = '/usr/share/emscripten';
const emscriptenInclude = join(emscripten, 'cache/sysroot/include');
const wasiLibc = '/usr/lib/wasm32-wasi/libc.a';

const features = ['-mbulk-memory', '-msign-ext', '-mnontrapping-fptoint', '-mmutable-globals'];
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
const wasmOpt = [
  '-Oz', '--converge', '--strip-producers', '--strip-target-features', '--enable-bulk-memory',
  '--enable-sign-ext', '--enable-nontrapping-float-to-int', '--enable-mutable-globals',
];

export class BuildError extends Error {}

async function run(command, args) {
  try {
    return (await promisify(execFile)(command, args)).stdout;
  } catch (error) {
    const output = `${error.stderr ?? ''}${error.stdout ?? ''}`.trim().split('\n').slice(0, 12).join('\n');
    throw new BuildError(`${basename(command)} failed: ${output || error.message}`);
  }
}

async function compile(compiler, flags, source, directory, name) {
  const object = join(directory, `${name}.o`);
  await run(compiler, [...flags, '-c', source, '-o', object]);
  return object;
}

const platform = (directory) => compile('clang-19', c, join(here, 'allocators/platform.c'), directory, 'platform');

async function compileMote(directory, profile) {
  const source = join(directory, 'mote.cpp');
  await run('cmake', [`-DOUT=${source}`, '-P', join(root, 'src/amalgamate.cmake')]);
  return [await compile('clang++-19', [...cxx, `-DMOTE_PROFILE_${profile}`], source, directory, 'mote')];
}

const emscriptenLibrary = join(emscripten, 'system/lib');

// `alignment`: of every block, in bytes. `compile(directory)`: the objects.
// `link`: what the linker needs besides the entry's exports.
export const allocators = [
  { name: 'mote tiny', alignment: 16, compile: (directory) => compileMote(directory, 'TINY') },
  { name: 'mote standard', alignment: 16, compile: (directory) => compileMote(directory, 'STANDARD') },
  {
    name: 'emmalloc (Emscripten)',
    alignment: 8,
    // It has a constructor. Unless the host can call that, wasm-ld makes every
    // export call it, which empties the heap each time.
    link: ['--export=__wasm_call_ctors'],
    compile: async (directory) => [
      await compile('clang-19', emscriptenC, join(emscriptenLibrary, 'emmalloc.c'), directory, 'emmalloc'),
      await platform(directory),
    ],
  },
  {
    name: 'dlmalloc (Emscripten)',
    alignment: 8,
    compile: async (directory) => [
      await compile('clang-19', emscriptenC, join(emscriptenLibrary, 'dlmalloc.c'), directory, 'dlmalloc'),
      // musl's internal `weak`, which this file is compiled with.
      await compile('clang-19', [...emscriptenC, '-Dweak='], join(emscriptenLibrary, 'libc/compat/aligned_alloc.c'), directory, 'aligned_alloc'),
      await platform(directory),
    ],
  },
  {
    name: 'dlmalloc (wasi-libc)',
    alignment: 16,
    compile: async (directory) => {
      await run('llvm-ar-19', ['x', `--output=${directory}`, wasiLibc, 'dlmalloc.o']);
      return [join(directory, 'dlmalloc.o'), await platform(directory)];
    },
  },
  {
    name: 'nothing (baseline)',
    alignment: null,
    compile: async (directory) => [await compile('clang-19', c, join(here, 'allocators/null.c'), directory, 'null')],
  },
];

export const entries = readdirSync(join(here, 'entries')).sort()
  .map((file) => ({
    name: basename(file, '.json'),
    ...JSON.parse(readFileSync(join(here, 'entries', file), 'utf8')),
  }))
  .sort((a, b) => a.exports.length - b.exports.length);

// The names that only mote has.
const servesEntry = (allocator, entry) => /^(mote|nothing)/.test(allocator.name) || !entry.exports.some((name) => name.startsWith('mote_'));

// wasm-opt takes a second or more for each module, and most do not change from
// one run to the next: a stamp beside the output says what it was made from.
async function optimiseModule(linked, flags, output, optimiser) {
  const stamp = createHash('sha256').update(readFileSync(linked)).update([optimiser, ...flags].join(' ')).digest('hex');
  const stampPath = `${output}.stamp`;
  if (existsSync(output) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === stamp) return;
  rmSync(stampPath, { force: true });
  await run('wasm-opt', [...flags, linked, '-o', output]);
  writeFileSync(stampPath, stamp);
}

// The optimised module twice: as it would be shipped, and with names.
async function link(objects, entry, more, directory, optimiser) {
  const exports = entry.exports.map((name) => `--export=${name}`);
  const output = (suffix) => join(directory, `${entry.name}${suffix}.wasm`);
  const linked = (strip, path) => run('wasm-ld-19', ['--no-entry', '--gc-sections', strip, ...exports, ...more, ...objects, '-o', path]);
  await linked('--strip-all', output('.linked'));
  await optimiseModule(output('.linked'), [...wasmOpt, '--strip-debug'], output(''), optimiser);
  await linked('--strip-debug', output('.named.linked'));
  await optimiseModule(output('.named.linked'), [...wasmOpt, '-g'], output('.named'), optimiser);
  return { module: output(''), named: output('.named') };
}

// Runs `tasks`, functions that return promises, as many at once as there are
// processors.
async function runAll(tasks) {
  const waiting = [...tasks];
  const worker = async () => {
    while (waiting.length > 0) await waiting.shift()();
  };
  await Promise.all(cpus().map(worker));
}

// Builds everything below `directory` and calls `built(entry, allocator, files)`
// for each module, in no particular order.
export async function buildAll(directory, built) {
  const jobs = allocators.map((allocator) => {
    const place = join(directory, allocator.name.replace(/[ ()]+/g, '-').replace(/-$/, ''));
    mkdirSync(place, { recursive: true });
    return { allocator, place };
  });
  await runAll(jobs.map((job) => async () => { job.objects = await job.allocator.compile(job.place); }));
  const optimiser = await run('wasm-opt', ['--version']);
  await runAll(jobs.flatMap(({ allocator, place, objects }) => entries
    .filter((entry) => servesEntry(allocator, entry))
    .map((entry) => async () => built(entry, allocator, await link(objects, entry, allocator.link ?? [], place, optimiser)))));
}

// Everything whose version moves a number.
export async function toolchain() {
  const version = async (command, args, pattern) => {
    const found = pattern.exec(await run(command, args));
    if (!found) throw new BuildError(`${command} does not tell its version`);
    return found[1];
  };
  const emscriptenVersion = readFileSync(join(emscripten, 'emscripten-version.txt'), 'utf8').replace(/["\s]/g, '');
  return [
    `clang ${await version('clang++-19', ['--version'], /version ([\d.]+)/)}`,
    `lld ${await version('wasm-ld-19', ['--version'], /LLD ([\d.]+)/)}`,
    `binaryen ${await version('wasm-opt', ['--version'], /version (\d+)/)}`,
    `Emscripten ${emscriptenVersion}`,
    `wasi-libc ${await version('dpkg-query', ['-W', '-f', '${Version}', 'wasi-libc'], /(.+)/)}`,
  ].join(', ');
}
