// Plants bugs in a copy of the sources, one at a time, and shows which test finds
// each: a suite that lets one live has a hole.
//
//   node tests/mutation/run.mjs                  eight of them, by the date
//   node tests/mutation/run.mjs --seed N         eight others
//   node tests/mutation/run.mjs --only REGEXP    those whose file or bug it matches
//   node tests/mutation/run.mjs --all            every one
//   node tests/mutation/run.mjs --compile        only whether every one compiles
//
// Every test source is a program of its own here.
// For each mutant those that include the mutated file run, the file's own first and
// the quicker folders before the slower, up to the first that fails: by a failed
// test, a trap, a crash or a hang. Each must have passed without a mutant before. A
// mutant that does not compile is an error, unless it was a static_assert that
// refused it; so is one whose text is not exactly once in its file, which is asked
// of all every time: sources change, and a mutant's day may be far.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { mutants, ownTest } from './mutants.mjs';
import { Bench, programs } from './bench.mjs';

const killedAtLeast = 0.95;
const subsetLength = 8;

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const out = join(root, 'build/mutation');
const copied = ['src', 'native', 'wasm', 'tests'];

const { values: options } = parseArgs({
  options: {
    all: { type: 'boolean' }, seed: { type: 'string' }, only: { type: 'string' }, compile: { type: 'boolean' },
  },
});

// Each day the next ones; after a few days all were had.
function subset() {
  const seed = Number(options.seed ?? Math.floor(Date.now() / 86_400_000));
  console.log(`seed ${seed} (--seed N for others, --all for every one)`);
  return Array.from({ length: subsetLength }, (_, i) => mutants[(seed * subsetLength + i) % mutants.length]);
}

function chosen() {
  if (options.only !== undefined) return mutants.filter(({ file, bug }) => new RegExp(options.only).test(`${file}: ${bug}`));
  return options.all || options.compile ? mutants : subset();
}

function isInPlace({ file, bug, from }) {
  const count = readFileSync(join(root, file), 'utf8').split(from).length - 1;
  if (count !== 1) console.log(`ERROR     ${file}: ${bug}\n          its text is there ${count} times`);
  return count === 1;
}

// What `action()` finds while the mutant is in the bench's copy.
async function planted({ file, from, to }, bench, action) {
  const path = join(bench.folder, file);
  const original = readFileSync(path, 'utf8');
  writeFileSync(path, original.replace(from, () => to));
  try {
    return await action();
  } finally {
    writeFileSync(path, original);
  }
}

function inOrder(file) {
  const own = ownTest(file);
  return [...all.filter(({ name }) => name === own), ...all.filter(({ name }) => name !== own)];
}

// Proves programs one after the other, in a copy that never has a mutant.
let proofs = Promise.resolve();
function pristine(program) {
  proofs = proofs.then(() => untouched.prove(program));
  return proofs;
}

// Who kills it and how, or null: { by, how, seconds }.
async function attack({ file }, bench) {
  const begin = performance.now();
  let tried = 0;
  for (const program of inOrder(file)) {
    if (!await bench.sourceWith(program, file)) continue;
    ++tried;
    program.proven ??= pristine(program);
    await program.proven;
    const how = await bench.failure(program, file);
    if (how) return { by: program.name, how, seconds: (performance.now() - begin) / 1000 };
  }
  if (tried === 0) throw new Error(`no test includes ${file}`);
  return null;
}

function report({ bug, file, survives }, kill) {
  if (!kill) {
    console.log(`SURVIVES  ${file}: ${bug}\n          ${survives ?? 'not explained'}`);
    return survives !== undefined;
  }
  console.log(`killed    ${file}: ${bug}\n          by ${kill.by}, ${kill.how} (${kill.seconds.toFixed(1)} s)`);
  if (survives) console.log('          WRONG: it is said to survive');
  return survives === undefined;
}

let killed = 0;
async function isAsSaid(mutant, bench) {
  const kill = await attack(mutant, bench);
  if (kill) ++killed;
  return report(mutant, kill);
}

async function compiles({ file }, bench) {
  const own = all.find(({ name }) => name === ownTest(file));
  const source = own && await bench.sourceWith(own, file);
  if (!source) throw new Error(`${ownTest(file)} does not include ${file}`);
  await bench.check(source);
  return true;
}

// How many of the list pass `action(mutant, bench)`; as many at once as there are
// benches.
async function passing(list, action) {
  const queue = [...list];
  let passed = 0;
  await Promise.all(benches.map(async (bench) => {
    for (let mutant; (mutant = queue.shift()) !== undefined;) {
      try {
        if (await planted(mutant, bench, () => action(mutant, bench))) ++passed;
      } catch (error) {
        console.log(`ERROR     ${mutant.file}: ${mutant.bug}\n          ${error.message}`);
      }
    }
  }));
  return passed;
}

function newBench(name) {
  const folder = join(out, name);
  mkdirSync(folder, { recursive: true });
  for (const part of copied) {
    cpSync(join(root, part), join(folder, part), {
      recursive: true,
      filter: (path) => !path.includes('node_modules') && !path.endsWith('.xz'),
    });
  }
  return new Bench(folder);
}

const misplaced = mutants.filter((mutant) => !isInPlace(mutant));
const list = chosen().filter((mutant) => !misplaced.includes(mutant));

rmSync(out, { recursive: true, force: true });
const benches = Array.from({ length: availableParallelism() }, (_, i) => newBench(`${i}`));
const untouched = newBench('untouched');
await Bench.precompile(join(root, 'tests'), out);
const all = programs(root);

let passed;
let failed = misplaced.length;
if (options.compile) {
  passed = await passing(list, compiles);
  console.log(`${passed} of ${mutants.length} mutants compile`);
} else {
  await Bench.buildLibrary();
  passed = await passing(list, isAsSaid);
  const share = killed / list.length;
  console.log(`${killed} of ${list.length} mutants killed, ${(100 * share).toFixed(1)} %`);
  if (options.all && share < killedAtLeast) {
    console.log(`fewer than ${100 * killedAtLeast} %`);
    ++failed;
  }
}
failed += list.length - passed;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && list.length !== 0 ? 0 : 1;
