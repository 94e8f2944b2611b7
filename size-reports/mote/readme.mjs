// The size tables of README.md, from size-reports/expected, so that no number
// there is typed by hand. What stands between two marks
//   <!-- sizes:begin --> ... <!-- sizes:end -->
// is replaced.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../tool/input.mjs';
import { grouped, markdownTable } from '../tool/tables.mjs';
import { programs, root } from './build.mjs';
import { readExpected } from './expected.mjs';
import { freestanding } from './freestanding.mjs';
import { toolchains } from './measure.mjs';

const readme = join(root, 'README.md');
const marked = /(<!-- sizes:begin -->\n)[^]*?(<!-- sizes:end -->)/g;

function expectedOf(key) {
  const expected = readExpected(key);
  if (!expected) throw new InputError(`nothing is expected for ${key}: run \`bash size-reports/report --update\``);
  return expected;
}

// Whole modules: raw bytes, and brotli in brackets, a column for each entry of
// the C API.
function moduleTable() {
  const columns = programs.filter(({ exports }) => exports.includes('malloc'))
    .map(({ name, title }) => ({ title, files: expectedOf(`freestanding/${name}`).files }));
  const rows = freestanding.allocators.map(({ name, alignment }) => [
    name, String(alignment ?? '-'), ...columns.map(({ files }) => `${grouped(files[name].bytes.total)} (${grouped(files[name].compressed.brotli)})`),
  ]);
  return markdownTable(['module with', 'alignment', ...columns.map(({ title }) => title)], rows);
}

// What the whole C API costs where there is a C library: a row for each
// allocator, a column for each toolchain.
function marginalTable() {
  const columns = toolchains.filter((toolchain) => toolchain !== freestanding)
    .map(({ name, title }) => ({ title, files: expectedOf(`${name}/c_api`).files }));
  const names = [...new Set(columns.flatMap(({ files }) => Object.keys(files)))].filter((name) => name !== 'null allocator');
  const cell = (file) => (file === undefined ? '-' : grouped(file.bytes.marginal));
  return markdownTable(['allocator', ...columns.map(({ title }) => title)], names.map((name) => [name, ...columns.map(({ files }) => cell(files[name]))]));
}

function tables() {
  return [
    moduleTable(),
    `Bytes of the whole module, and compressed by brotli 11; ${expectedOf('freestanding/c_api').tools}.`,
    marginalTable(),
    'Bytes that the whole C API adds to a file of each toolchain, beside one with a null allocator: of a wasm module all, of a native file text, rodata and data.',
  ].join('\n\n');
}

function withTables() {
  const before = readFileSync(readme, 'utf8');
  if (!before.match(marked)) throw new InputError('README.md has no <!-- sizes:begin --> ... <!-- sizes:end -->');
  const sizes = tables();
  return { before, after: before.replace(marked, (_, begin, end) => `${begin}${sizes}\n${end}`) };
}

export function checkReadme() {
  const { before, after } = withTables();
  return before === after ? [] : ['README.md does not show the sizes of size-reports/expected'];
}

export function writeReadme() {
  const { before, after } = withTables();
  if (after !== before) writeFileSync(readme, after);
}
