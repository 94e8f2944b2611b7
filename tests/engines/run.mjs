// Runs every suite on every engine, prints what failed and how many passed, and
// writes the outcomes.
//   node tests/engines/run.mjs SUITES.json CELLS.json
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { names, runOn, titleOf } from './engines.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const [suitesPath, cellsPath] = process.argv.slice(2);
const suites = JSON.parse(readFileSync(suitesPath));

const cells = [];
let isAnyBad = false;

async function runEngine(name) {
  const title = titleOf(name, root);
  const start = performance.now();
  const results = await runOn(name, suites, root);
  if (results.length !== suites.length) throw new Error(`${name} ran ${results.length} of ${suites.length} suites`);
  results.forEach(({ failed, problems, isSkipped }, i) => {
    const { toolchain, feature } = suites[i];
    problems.forEach((problem) => console.error(`${title}, ${toolchain}, ${feature}: ${problem}`));
    if (!isSkipped) cells.push({ toolchain, engine: title, feature, outcome: failed === 0 ? 'passed' : 'failed' });
  });
  const sum = (count) => results.reduce((total, result) => total + count(result), 0);
  const [passed, failed, skipped] = [sum((result) => result.passed), sum((result) => result.failed), sum((result) => Number(result.isSkipped ?? 0))];
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`${title}: ${suites.length - skipped} suites${skipped > 0 ? ', not those of memory64' : ''}, ${seconds} s`);
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return passed > 0 && failed === 0;
}

for (const name of names) {
  try {
    isAnyBad = !(await runEngine(name)) || isAnyBad;
  } catch (error) {
    console.error(error.stack);
    console.log('0 passed, 1 failed');
    isAnyBad = true;
  }
}
mkdirSync(dirname(cellsPath), { recursive: true });
writeFileSync(cellsPath, `${JSON.stringify(cells, null, 1)}\n`);
process.exitCode = isAnyBad ? 1 : 0;
