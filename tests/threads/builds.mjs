// What builds with and without threads consist of, and what they cost:
//   node tests/threads/builds.mjs MOTE.cpp
import { execFileSync } from 'node:child_process';
import { ok, equal } from 'node:assert/strict';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runTests } from '../../size-reports/tests/harness.mjs';

const [source] = process.argv.slice(2);
const object = join(dirname(source), 'builds.o');
const names = ['malloc', 'free', 'realloc', 'calloc', 'aligned_alloc', 'posix_memalign', 'malloc_usable_size'];
const features = ['-mbulk-memory', '-msign-ext', '-mnontrapping-fptoint', '-mmutable-globals'];

function compile(...flags) {
  execFileSync('clang++-19', ['--target=wasm32', '-std=c++20', '-Oz', '-nostdlib', '-nostdlibinc', '-fno-builtin', '-fno-exceptions',
    '-fno-rtti', '-DNDEBUG', ...features, ...flags, '-c', source, '-o', object]);
}

// The atomic instructions of a build. With -matomics in all, for without it the
// compiler makes plain ones of those that are asked for.
function atomics(...definitions) {
  compile('-matomics', ...definitions);
  const printed = execFileSync('llvm-objdump-19', ['-d', object], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  ok(/\bi32\.load\b/.test(printed), 'nothing was disassembled');
  return printed.match(/\w+\.atomic\.[\w.]+|memory\.atomic\.\w+|atomic\.fence/g) ?? [];
}

// The bytes of a module with the whole C API, by the official recipe.
function size(...flags) {
  const isShared = flags.includes('-matomics');
  compile(...flags);
  const linked = object.replace('.o', '.linked.wasm');
  const module = object.replace('.o', '.wasm');
  execFileSync('wasm-ld-19', ['--no-entry', '--gc-sections', '--strip-all', ...names.map((name) => `--export=${name}`),
    ...(isShared ? ['--shared-memory', '--import-memory', '--max-memory=67108864'] : []), object, '-o', linked]);
  execFileSync('wasm-opt', ['-Oz', '--converge', '--strip-debug', '--strip-producers', '--strip-target-features', '--enable-bulk-memory',
    '--enable-sign-ext', '--enable-nontrapping-float-to-int', '--enable-mutable-globals', ...(isShared ? ['--enable-threads'] : []), linked, '-o', module]);
  return statSync(module).size;
}

function costs(profile, threads, bytes_max) {
  const none = size(profile);
  const some = size(profile, '-matomics', ...threads);
  console.log(`${[profile, ...threads].join(' ')}: ${some} bytes, ${some - none} more than without threads`);
  ok(some - none <= bytes_max, `${some - none} bytes more than without threads, at most ${bytes_max} are promised`);
}

const waits = (instructions) => instructions.filter((name) => /wait/.test(name)).length;

await runTests({
  'tiny, one thread: no atomic instruction': () => equal(atomics('-DMOTE_PROFILE_TINY').length, 0),
  'standard, one thread: none either': () => equal(atomics('-DMOTE_PROFILE_STANDARD').length, 0),
  'locked: that of the lock': () => ok(atomics('-DMOTE_THREADS_LOCKED').length > 0),
  'sleeps if told that it may': () => ok(waits(atomics('-DMOTE_PROFILE_THREADS', '-DMOTE_THREADS_MAY_WAIT')) > 0),
  'else never': () => equal(waits(atomics('-DMOTE_PROFILE_THREADS')), 0),
  'locked, tiny: size': () => costs('-DMOTE_PROFILE_TINY', ['-DMOTE_THREADS_LOCKED', '-DMOTE_THREADS_MAY_WAIT'], 250),
  'locked, standard: size': () => costs('-DMOTE_PROFILE_STANDARD', ['-DMOTE_THREADS_LOCKED', '-DMOTE_THREADS_MAY_WAIT'], 250),
  'per_thread: size': () => costs('-DMOTE_PROFILE_STANDARD', ['-DMOTE_THREADS_PER_THREAD', '-DMOTE_THREADS_MAY_WAIT'], 3500),
});
