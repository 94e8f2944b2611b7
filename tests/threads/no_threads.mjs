// Builds without threads have not one atomic instruction, and builds with them
// have some, in which a thread's own blocks need no lock:
//   node tests/threads/no_threads.mjs MOTE.cpp
import { execFileSync } from 'node:child_process';
import { equal, ok } from 'node:assert/strict';
import { join, dirname } from 'node:path';
import { runTests } from '../../size-reports/tests/harness.mjs';

const [source] = process.argv.slice(2);
const object = join(dirname(source), 'no_threads.o');

// How often each atomic instruction is in the module built with the definitions;
// -matomics, so that those that are asked for are not made into others.
function atomics(...definitions) {
  execFileSync('clang++-19', ['--target=wasm32', '-std=c++20', '-Oz', '-matomics', '-mbulk-memory', '-nostdlib', '-fno-builtin',
    '-fno-exceptions', '-fno-rtti', ...definitions, '-c', source, '-o', object]);
  const printed = execFileSync('llvm-objdump-19', ['-d', object], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  ok(/\bi32\.load\b/.test(printed), 'nothing was disassembled');
  return printed.match(/\batomic\.\w+|\w+\.atomic\.[\w.]+/g) ?? [];
}

await runTests({
  'tiny, one thread': () => equal(atomics('-DMOTE_PROFILE_TINY').length, 0),
  'standard, one thread': () => equal(atomics('-DMOTE_PROFILE_STANDARD').length, 0),
  'locked: the lock alone': () => ok(atomics('-DMOTE_THREADS_LOCKED').every((name) => /xchg|i32.atomic.load$/.test(name))),
  'locked': () => ok(atomics('-DMOTE_THREADS_LOCKED').length > 0),
  'sleeps only if told that it may': () => {
    const waits = (names) => names.filter((name) => /wait|notify/.test(name)).length;
    equal(waits(atomics('-DMOTE_PROFILE_THREADS')), 0);
    ok(waits(atomics('-DMOTE_PROFILE_THREADS', '-DMOTE_THREADS_MAY_WAIT')) > 0);
  },
});
