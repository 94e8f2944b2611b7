// Does memory stay bounded? Runs churn.cpp on every profile, natively and as a
// freestanding module in this engine, and compares the footprint after each tenth
// of the operations with that after the first.
//   node tests/stress/churn.mjs [OPERATIONS]   of each; 100,000,000 if not said
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const out = join(root, 'build/stress');
const slices = 10;
// The most that is live at once is found late: a twentieth more is level.
const growthMax = 1.05;

const operations = Number(process.argv[2] ?? 100_000_000);
if (!Number.isSafeInteger(operations) || operations < slices || process.argv.length > 3) {
  console.error('usage: churn.mjs [OPERATIONS]');
  process.exit(2);
}

const run = (command, args) => execFileSync(command, args, { cwd: root, encoding: 'utf8' });
const include = ['-Isrc', '-Isrc/include', '-Inative', '-Iwasm'];

function natively(profile) {
  const program = join(out, `churn-${profile}`);
  run('g++', ['-std=c++20', '-O2', '-fno-builtin', ...include, `-DMOTE_PROFILE_${profile.toUpperCase()}`, 'tests/stress/churn.cpp',
    'native/malloc.cpp', 'native/malloc_info.cpp', 'native/trap.cpp', '-pthread', '-o', program]);
  return run(program, [String(operations)]).trim().split('\n').map(Number);
}

function inWasm(profile) {
  const source = join(out, 'mote.cpp');
  const file = join(out, `churn-${profile}.wasm`);
  run('cmake', [`-DOUT=${source}`, '-P', 'src/amalgamate.cmake']);
  run('clang++-19', ['--target=wasm32', '-std=c++20', '-O2', '-mbulk-memory', '-nostdlib', '-fno-builtin', '-fno-exceptions', '-fno-rtti',
    ...include, `-DMOTE_PROFILE_${profile.toUpperCase()}`, '-Wl,--no-entry,--export=churn', 'tests/stress/churn.cpp', source, '-o', file]);
  const { churn, memory } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file))).exports;
  return Array.from({ length: slices }, () => {
    const faults = churn(Math.floor(operations / slices));
    if (faults !== 0) throw new Error(`${faults} blocks were refused or overwritten`);
    return memory.buffer.byteLength;
  });
}

mkdirSync(out, { recursive: true });
let passed = 0;
let failed = 0;
for (const [where, footprints] of [['natively', natively], [`in wasm, node ${process.versions.node}`, inWasm]]) {
  for (const profile of ['tiny', 'standard', 'hardened']) {
    const bytes = footprints(profile);
    const isLevel = bytes.length === slices && Math.max(...bytes) <= bytes[0] * growthMax;
    if (isLevel) ++passed;
    else ++failed;
    console.log(`${isLevel ? 'level' : 'GROWS'}  ${profile} ${where}: ${bytes.map((one) => (one / 2 ** 20).toFixed(2)).join(' ')} MiB`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
