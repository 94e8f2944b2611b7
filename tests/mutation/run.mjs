// Plants bugs in a copy of the sources, one at a time, and shows which test finds
// each: a suite that lets one live has a hole.
//
//   node tests/mutation/run.mjs                  eight of them, by the date
//   node tests/mutation/run.mjs --seed N         eight others
//   node tests/mutation/run.mjs --only REGEXP    those whose file or bug it matches
//   node tests/mutation/run.mjs --all            every one
//
// Every test source is a program of its own here.
// For each mutant those that include the mutated file run, the file's own first and
// the quicker folders before the slower, up to the first that fails: by a failed
// test, a trap, a crash or a hang. Each must have passed without a mutant before. A
// mutant that does not compile is an error in the list, unless it was a
// static_assert that refused it.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { mutants } from './mutants.mjs';
import { Bench, programs } from './bench.mjs';

const killedAtLeast = 0.95;
const subsetLength = 8;

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const out = join(root, 'build/mutation');
const copied = ['src', 'native', 'wasm', 'tests'];

const { values: options } = parseArgs({
  options: { all: { type: 'boolean' }, seed: { type: 'string' }, only: { type: 'string' } },
});

// Each day the next ones; after a few days all were had.
function subset() {
  const seed = Number(options.seed ?? Math.floor(Date.now() / 86_400_000));
  console.log(`seed ${seed} (--seed N for others, --all for every one)`);
  return Array.from({ length: subsetLength }, (_, i) => mutants[(seed * subsetLength + i) % mutants.length]);
}

function chosen() {
  if (options.all) return mutants;
  if (options.only !== undefined) return mutants.filter(({ file, bug }) => new RegExp(options.only).test(`${file}: ${bug}`));
  return subset();
}

// The mutated text, or what is wrong with the mutant.
function mutated({ file, from, to }) {
  const text = readFileSync(join(root, file), 'utf8');
  const count = text.split(from).length - 1;
  if (count !== 1) throw new Error(`its text is ${count} times in ${file}`);
  return text.replace(from, () => to);
}

// Runs `action(item, bench)` for all items, as many at once as there are benches.
async function onBenches(benches, items, action) {
  const queue = [...items];
  await Promise.all(benches.map(async (bench) => {
    while (queue.length !== 0) await action(queue.shift(), bench);
  }));
}

function inOrder(file) {
  const own = `unit/${basename(file).replace(/\..*$/, '')}_test`;
  return [...all.filter(({ name }) => name === own), ...all.filter(({ name }) => name !== own)];
}

// Proves programs one after the other, in a copy that never has a mutant.
let proofs = Promise.resolve();
function pristine(program) {
  proofs = proofs.then(() => untouched.prove(program));
  return proofs;
}

// Who kills it and how, or null: { by, how, seconds }.
async function attack(mutant, bench) {
  const text = mutated(mutant);
  const begin = performance.now();
  const path = join(bench.folder, mutant.file);
  const original = readFileSync(path);
  writeFileSync(path, text);
  try {
    let tried = 0;
    for (const program of inOrder(mutant.file)) {
      if (!await bench.concerns(program, mutant.file)) continue;
      ++tried;
      program.proven ??= pristine(program);
      await program.proven;
      const how = await bench.failure(program, mutant.file);
      if (how) return { by: program.name, how, seconds: (performance.now() - begin) / 1000 };
    }
    if (tried === 0) throw new Error(`no test includes ${mutant.file}`);
    return null;
  } finally {
    writeFileSync(path, original);
  }
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

rmSync(out, { recursive: true, force: true });
const benches = Array.from({ length: availableParallelism() }, (_, i) => newBench(`${i}`));
const untouched = newBench('untouched');
await Bench.prepare(join(root, 'tests'), out);
const all = programs(root);

const list = chosen();
let killed = 0;
let failed = 0;
await onBenches(benches, list, async (mutant, bench) => {
  try {
    const kill = await attack(mutant, bench);
    if (kill) ++killed;
    if (!report(mutant, kill)) ++failed;
  } catch (error) {
    ++failed;
    console.log(`ERROR     ${mutant.file}: ${mutant.bug}\n          ${error.message}`);
  }
});

const share = killed / list.length;
console.log(`${killed} of ${list.length} mutants killed, ${(100 * share).toFixed(1)} %`);
if (options.all && share < killedAtLeast) {
  console.log(`fewer than ${100 * killedAtLeast} %`);
  ++failed;
}
console.log(`${list.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 && list.length !== 0 ? 0 : 1;
