// Runs suites on every engine, as many of these at a time as there are processors;
// prints what failed and how many passed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { names, runOn, titleOf, withoutWasm64 } from './engines.mjs';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

// The cells: { toolchain, engine, feature, outcome } of each suite on each engine
// that can run it.
async function runEngine(name, suites) {
  const title = titleOf(name, root);
  const start = performance.now();
  const results = await runOn(name, suites, root);
  if (results.length !== suites.length) throw new Error(`${name} ran ${results.length} of ${suites.length} suites`);
  results.forEach(({ problems }, i) => problems.forEach((problem) => {
    console.error(`${title}, ${suites[i].toolchain}, ${suites[i].feature}: ${problem}`);
  }));
  const sum = (count) => results.reduce((total, result) => total + count(result), 0);
  const skipped = sum(({ isSkipped }) => (isSkipped ? 1 : 0));
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`${title}: ${suites.length - skipped} suites${skipped > 0 ? ', not those of memory64' : ''}, ${seconds} s`);
  console.log(`${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return suites.map(({ toolchain, feature }, i) => ({ toolchain, engine: title, feature, outcome: outcomeOf(name, results[i]) }));
}

function outcomeOf(name, { isSkipped, failed }) {
  if (isSkipped) return name in withoutWasm64 ? `not possible: ${withoutWasm64[name]}` : 'failed';
  return failed === 0 ? 'passed' : 'failed';
}

export async function runEverywhere(suites) {
  const cells = [];
  const waiting = [...names];
  const work = async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) {
      try {
        cells.push(...await runEngine(name, suites));
      } catch (error) {
        console.error(error.stack);
        console.log('0 passed, 1 failed');
        cells.push(...suites.map(({ toolchain, feature }) => ({ toolchain, engine: name, feature, outcome: 'failed' })));
      }
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return cells;
}

// What the table of toolchains is made of. Several suites of one feature are one
// cell, which passed when all of them did.
export function writeCells(name, cells) {
  const folder = join(root, 'build/toolchains');
  const merged = new Map();
  for (const cell of cells) {
    const key = JSON.stringify([cell.toolchain, cell.engine, cell.feature]);
    if (merged.get(key)?.outcome !== 'failed') merged.set(key, cell);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `cells-${name}.json`), `${JSON.stringify([...merged.values()], null, 1)}\n`);
  if (cells.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1;
}
