// Mutated modules: whatever stands in a file, the reader either measures it or
// says in one line what is wrong, and soon.
//
//   node tests/fuzz.mjs [--count N] [--seed N] [MODULE.wasm...]
//
// The modules given and those of tests/seeds, which once found a fault or reach a
// part of their own, are mutated. A run is repeated by its seed; a module that
// finds a fault is kept in build/size/faults: move it to tests/seeds with the fix.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { InputError } from '../tool/input.mjs';
import { readModule } from '../tool/wasm.mjs';
import { here } from './harness.mjs';

const { values, positionals } = parseArgs({ options: { count: { type: 'string', default: '4000' }, seed: { type: 'string' } }, allowPositionals: true });
const count = Number(values.count);
const seed = Number(values.seed ?? Date.now() % 2147483646) + 1;
const slow_ms = 2000;
const faults = join(dirname(dirname(here)), 'build/size/faults');

// Park and Miller's minimal standard generator.
let state = seed;
const random = (limit) => (state = (state * 48271) % 2147483647) % limit;

const interesting = [0, 1, 0x0b, 0x3f, 0x40, 0x60, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];
const mutations = [
  (bytes) => { bytes[random(bytes.length)] = random(256); return bytes; },
  (bytes) => { bytes[random(bytes.length)] = interesting[random(interesting.length)]; return bytes; },
  (bytes) => bytes.subarray(0, random(bytes.length)),
  (bytes) => { const at = random(bytes.length); return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(8))]); },
  (bytes) => { const at = random(bytes.length); return Buffer.concat([bytes.subarray(0, at), Buffer.from(Array.from({ length: 1 + random(6) }, () => interesting[random(interesting.length)])), bytes.subarray(at)]); },
  (bytes) => { const [from, to] = [random(bytes.length), random(bytes.length)]; bytes.copyWithin(to, from, from + 1 + random(40)); return bytes; },
];

function mutated(original) {
  let bytes = Buffer.from(original);
  for (let i = 0; i <= random(4) && bytes.length > 0; ++i) bytes = mutations[random(mutations.length)](bytes);
  // The first eight bytes only say what kind of file it is.
  if (bytes.length > 8 && random(8) > 0) original.copy(bytes, 0, 0, 8);
  return bytes;
}

let acceptedCount = 0;

// What is wrong with reading `bytes`; null when nothing is.
function fault(bytes) {
  const begin = performance.now();
  try {
    const module = readModule(bytes);
    const sum = module.sections.reduce((total, { size }) => total + size, 0);
    if (sum > bytes.length) return `sections of ${sum} bytes in ${bytes.length}`;
    if (module.functions.some(({ offset, size }) => offset + size > bytes.length)) return 'a function beyond the end';
    acceptedCount += 1;
  } catch (error) {
    if (!(error instanceof InputError)) return error.stack;
    if (!/^[^\n]* \(at offset \d+\)$/.test(error.message)) return `no offset, or not one line: ${error.message}`;
    if (!(error.offset <= bytes.length)) return `offset ${error.offset} of ${bytes.length}`;
  }
  const took = performance.now() - begin;
  return took > slow_ms ? `took ${took.toFixed(0)} ms` : null;
}

const seeds = readdirSync(join(here, 'seeds')).filter((file) => file.endsWith('.wasm')).sort().map((file) => join(here, 'seeds', file));
const originals = [...seeds, ...positionals].map((path) => readFileSync(path));
console.log(`fuzz: ${count} modules from ${originals.length}, --seed ${seed - 1}`);
let failed = 0;
for (let i = 0; i < count; ++i) {
  const original = originals[i % originals.length];
  const bytes = i < originals.length ? original : mutated(original);
  const found = fault(bytes);
  if (found === null) continue;
  failed += 1;
  mkdirSync(faults, { recursive: true });
  const path = join(faults, `seed-${seed - 1}-${i}.wasm`);
  writeFileSync(path, bytes);
  console.error(`failed: ${path}: ${found}`);
}
console.log(`fuzz: ${acceptedCount} were still modules`);
console.log(`${failed > 0 ? 0 : 1} passed, ${failed} failed`);  // one test, of many modules
process.exitCode = failed > 0 ? 1 : 0;
