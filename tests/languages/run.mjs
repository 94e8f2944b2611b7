// Rust, Zig and AssemblyScript on mote: natively, as modules in every engine, and
// as their READMEs say; then the sizes of the README.
//   node tests/languages/run.mjs [--update]
import { join } from 'node:path';
import { titleOf } from '../engines/engines.mjs';
import { root, runEverywhere, writeCells } from '../engines/everywhere.mjs';
import { followRecipe } from './recipe.mjs';
import * as assemblyscript from './assemblyscript.mjs';
import * as rust from './rust.mjs';
import { toolchains } from '../toolchains/labels.mjs';
import * as zig from './zig.mjs';

const out = join(root, 'build/languages');
const isUpdate = process.argv[2] === '--update';
const engine = titleOf('node', root);

// As a cell, and as a line of counts.
function runCell({ test, ...cell }) {
  const start = performance.now();
  let outcome;
  try {
    const { passed, failed } = test();
    if (passed === 0) throw new Error('ran no test');
    outcome = { passed, failed };
  } catch (error) {
    console.error(error.stack);
    outcome = { passed: 0, failed: 1 };
  }
  console.log(`${cell.toolchain}, ${cell.engine}, ${cell.feature}: ${Math.round((performance.now() - start) / 1000)} s`);
  console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
  return { ...cell, outcome: outcome.failed === 0 ? 'passed' : 'failed' };
}

const languages = { rust, zig, assemblyscript };
const cells = [];
for (const [name, language] of Object.entries(languages)) {
  if (language.nativeCell) cells.push(runCell(language.nativeCell(root, out)));
  cells.push(runCell({ toolchain: toolchains[name](), engine, feature: 'recipe', test: () => followRecipe(`wasm/${name}/README.md`, root, out) }));
}
const sizes = runCell({ toolchain: toolchains.rust(), engine, feature: 'sizes', test: () => rust.checkSizes(root, out, isUpdate) });
cells.push(...await runEverywhere(Object.values(languages).flatMap((language) => language.suites(root, out))));
writeCells('languages', cells);
if (sizes.outcome !== 'passed') process.exitCode = 1;
