// Writes the size tables of README.md from size-reports/expected, so that no
// number there is typed by hand. What stands between two marks
//   <!-- sizes:begin --> ... <!-- sizes:end -->
// is replaced.
//
//   node size-reports/readme.mjs           rewrite README.md
//   node size-reports/readme.mjs --check   fail when that would change it
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allocators, entries, root } from './build.mjs';
import { readPinned } from './expected.mjs';
import { grouped, markdownTable } from './report.mjs';

const readme = join(root, 'README.md');
const marked = /(<!-- sizes:begin -->\n)[^]*?(<!-- sizes:end -->)/g;

function fail(message) {
  console.error(`readme: ${message}`);
  process.exit(1);
}

// One column for each entry of the C API: raw bytes, and brotli in brackets.
function table() {
  const columns = entries
    .filter((entry) => entry.exports.includes('malloc'))
    .map((entry) => {
      const [[toolchain, pinned] = []] = Object.entries(readPinned(entry.name));
      if (!pinned) fail(`nothing is pinned for ${entry.name}: run \`bash size-reports/measure --update\``);
      const [[, compressed]] = Object.entries(pinned.compressed);
      return { title: entry.title, toolchain, modules: pinned.modules, compressed };
    });
  const cell = ({ modules, compressed }, name) => `${grouped(modules[name].total)} (${grouped(compressed[name].brotli)})`;
  const rows = allocators.map(({ name, alignment }) => [
    name, String(alignment ?? '-'), ...columns.map((column) => cell(column, name)),
  ]);
  const head = ['module with', 'alignment', ...columns.map(({ title }) => title)];
  return `${markdownTable(head, rows)}\n\nBytes of the whole module, and compressed by brotli 11; ${columns[0].toolchain}.`;
}

const before = readFileSync(readme, 'utf8');
if (!before.match(marked)) fail('README.md has no <!-- sizes:begin --> ... <!-- sizes:end -->');
const sizes = table();
const after = before.replace(marked, (_, begin, end) => `${begin}${sizes}\n${end}`);
if (process.argv[2] === '--check') {
  if (after !== before) fail('README.md does not show the sizes of size-reports/expected: run `node size-reports/readme.mjs`');
} else if (after !== before) {
  writeFileSync(readme, after);
}
