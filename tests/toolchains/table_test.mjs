// The table of README.md, from made-up cells.
//   node tests/toolchains/table_test.mjs
import { deepEqual, equal, match, notEqual, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests, scratchFolder } from '../../size-reports/tests/harness.mjs';
import { comparable, grouping, normalized, table, TableError } from './table.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const cell = (toolchain, engine, feature, outcome = 'passed') => ({ toolchain, engine, feature, outcome });
const cells = [
  cell('clang 19, WASI', 'Firefox 153.0', 'suite'),
  cell('clang 19, WASI', 'node 20.1.0', 'suite'),
  cell('clang 19, WASI', 'node 20.1.0', 'reactor'),
  cell('clang 19, WASI', 'Firefox 153.0', 'reactor'),
  cell('clang 19, WASI', 'node 20.1.0', 'threads', 'not possible: no libc | has them'),
  cell('Emscripten 3.1.6', 'node 20.1.0', 'component: with jco'),
  cell('Emscripten 3.1.6', 'node 20.1.0', 'port', 'not possible: too old'),
];

await runTests({
  'features with the same outcomes share a row'() {
    const { engines, rows } = grouping(cells.map(normalized));
    deepEqual(engines, ['node', 'Firefox']);
    deepEqual(rows.map(({ toolchain, features }) => [toolchain, ...features]), [
      ['Emscripten 3.1.6', 'component'], ['Emscripten 3.1.6', 'port'], ['clang 19, WASI', 'suite', 'reactor'], ['clang 19, WASI', 'threads'],
    ]);
  },
  'the table as it is read'() {
    equal(table(cells), `| toolchain | feature | node | Firefox |
|---|---|:---:|:---:|
| Emscripten 3.1.6 | component | ✓ |  |
|  | port | – <sup>1</sup> |  |
| clang 19, WASI | suite; reactor | ✓ | ✓ |
|  | threads | – <sup>2</sup> |  |

✓ ran and passed, – cannot be, empty: not tried. Last run in node 20.1.0, Firefox 153.0.

1. too old
2. no libc \\| has them`);
  },
  'one that failed among several is what the cell says'() {
    const again = [...cells, cell('clang 19, WASI', 'node 20.1.0', 'suite', 'failed')];
    match(table(again), /\| suite \| ✗ \| ✓ \|/);
  },
  'a new version of an engine changes nothing, another outcome does'() {
    const newer = cells.map((one) => ({ ...one, engine: one.engine.replace('153.0', '154.2') }));
    notEqual(table(newer), table(cells));
    equal(comparable(table(newer)), comparable(table(cells)));
    const fewer = cells.slice(1);
    notEqual(comparable(table(fewer)), comparable(table(cells)));
  },
  'cells that say nothing are refused'() {
    throws(() => table([cell('a', 'b', 'c', 'skipped')]), TableError);
    throws(() => table([cell('a', 'b', 'c', 'not possible: ')]), TableError);
    throws(() => table([cell('', 'b', 'c')]), TableError);
    throws(() => table([{ toolchain: 'a', engine: 'b', outcome: 'passed' }]), TableError);
  },
  '--update writes the table, --check wants it and no failure'() {
    const folder = scratchFolder();
    for (const path of ['tests/toolchains/table.mjs', 'size-reports/tool/tables.mjs']) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      cpSync(join(root, path), join(folder, path));
    }
    const write = (name, list) => writeFileSync(join(folder, 'build/toolchains', `cells-${name}.json`), JSON.stringify(list));
    const run = (mode) => spawnSync(process.execPath, [join(folder, 'tests/toolchains/table.mjs'), mode], { encoding: 'utf8' });
    notEqual(run('--check').status, 0);  // no cells at all
    mkdirSync(join(folder, 'build/toolchains'), { recursive: true });
    write('one', cells.slice(0, 4));
    write('two', cells.slice(4));
    writeFileSync(join(folder, 'README.md'), 'above\n<!-- toolchains:begin -->\n<!-- toolchains:end -->\nbelow\n');
    equal(run('--check').status, 1);
    equal(run('--update').status, 0);
    const text = readFileSync(join(folder, 'README.md'), 'utf8');
    equal(text, `above\n<!-- toolchains:begin -->\n${table(cells)}\n<!-- toolchains:end -->\nbelow\n`);
    equal(run('--check').status, 0);
    write('two', cells.slice(5));  // a runner that ran less
    equal(run('--check').status, 1);
    write('two', [...cells.slice(4), cell('clang 19, WASI', 'node 20.1.0', 'more', 'failed')]);
    equal(run('--update').status, 0);
    const { status, stdout } = run('--check');  // though README.md shows it
    equal(status, 1);
    match(stdout, /^failed: clang 19, WASI, node 20.1.0: more$/m);
    match(stdout, /^0 passed, 1 failed$/m);
  },
});
