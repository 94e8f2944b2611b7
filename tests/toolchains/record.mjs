// Writes the cells of a test run that is a shell script:
//   node tests/toolchains/record.mjs RUN (TOOLCHAIN ENGINE FEATURE OUTCOME)...
// TOOLCHAIN as in labels.mjs, ENGINE as in tests/engines/engines.mjs.
import { titleOf } from '../engines/engines.mjs';
import { root, writeCells } from '../engines/everywhere.mjs';
import { toolchains } from './labels.mjs';

const [run, ...words] = process.argv.slice(2);
const cells = [];
while (words.length > 0) {
  const [toolchain, engine, feature, outcome] = words.splice(0, 4);
  cells.push({ toolchain: toolchains[toolchain](), engine: titleOf(engine, root), feature, outcome });
}
writeCells(run, cells);
