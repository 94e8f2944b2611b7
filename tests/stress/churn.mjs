// Does memory stay bounded? Runs churn.cpp on every profile, natively and as a
// freestanding module in this engine, and looks after each tenth of the operations
// at the footprint over the peak of what was live: in the second half it must stay
// what it was in the first.
//   node tests/stress/churn.mjs [OPERATIONS [PROFILE...]]   of each; 20,000,000 if not said
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const out = join(root, 'build/stress');
const slices = 10;
// What is live meets what is free in ever new ways for a while: this much is level.
const growthMax = 1.1;

const [, , operationsAsked = 20_000_000, ...profilesAsked] = process.argv;
const operations = Number(operationsAsked);
const profiles = ['tiny', 'standard', 'hardened'];
if (!Number.isSafeInteger(operations) || operations < slices || !profilesAsked.every((profile) => profiles.includes(profile))) {
  console.error(`usage: churn.mjs [OPERATIONS [PROFILE...]]; ${profiles.join(', ')}`);
  process.exit(2);
}

const run = (command, args) => execFileSync(command, args, { cwd: root, encoding: 'utf8' });
const include = ['-Isrc', '-Isrc/include', '-Inative', '-Iwasm'];

function natively(profile) {
  const program = join(out, `churn-${profile}`);
  run('g++', ['-std=c++20', '-O2', '-fno-builtin', ...include, `-DMOTE_PROFILE_${profile.toUpperCase()}`, 'tests/stress/churn.cpp',
    'native/malloc.cpp', 'native/malloc_info.cpp', 'native/trap.cpp', '-pthread', '-o', program]);
  return run(program, [String(operations)]).trim().split('\n').map((line) => line.split(' ').map(Number));
}

function inWasm(profile) {
  const source = join(out, 'mote.cpp');
  const file = join(out, `churn-${profile}.wasm`);
  run('cmake', [`-DOUT=${source}`, '-P', 'src/amalgamate.cmake']);
  run('clang++-19', ['--target=wasm32', '-std=c++20', '-O2', '-mbulk-memory', '-nostdlib', '-fno-builtin', '-fno-exceptions', '-fno-rtti',
    ...include, `-DMOTE_PROFILE_${profile.toUpperCase()}`, '-Wl,--no-entry,--export=churn,--export=peak', 'tests/stress/churn.cpp', source, '-o', file]);
  const { churn, peak, memory } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file))).exports;
  return Array.from({ length: slices }, () => {
    const faults = churn(Math.floor(operations / slices));
    if (faults !== 0) throw new Error(`${faults} blocks were refused or overwritten`);
    return [memory.buffer.byteLength, peak()];
  });
}

mkdirSync(out, { recursive: true });
let passed = 0;
let failed = 0;
for (const [where, footprints] of [['natively', natively], [`in wasm, node ${process.versions.node}`, inWasm]]) {
  for (const profile of profilesAsked.length ? profilesAsked : profiles) {
    const figures = footprints(profile);
    const ratios = figures.map(([bytes, peak]) => bytes / peak);
    const isLevel = figures.length === slices && Math.max(...ratios.slice(slices / 2)) <= Math.max(...ratios.slice(0, slices / 2)) * growthMax;
    if (isLevel) ++passed;
    else ++failed;
    console.log(`${isLevel ? 'level' : 'GROWS'}  ${profile} ${where}: ${(figures.at(-1)[0] / 2 ** 20).toFixed(1)} MiB, over the peak ${ratios.map((one) => one.toFixed(3)).join(' ')}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
