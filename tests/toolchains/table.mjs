// The table of README.md that says what works where, made from what the test runs
// wrote: lists of { toolchain, engine, feature, outcome } in build/toolchains/cells-*.json,
// with an outcome of `passed`, `failed` or `not possible: why`.
//   node tests/toolchains/table.mjs            prints it
//   node tests/toolchains/table.mjs --update   writes it between the marks in README.md
//   node tests/toolchains/table.mjs --check    README.md must show it, versions
//                                              apart, and no cell may have failed
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { markdownText } from '../../size-reports/tool/tables.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const marked = /(<!-- toolchains:begin -->\n)[^]*?(<!-- toolchains:end -->)/;
// The engines' columns are in this order, others behind them.
const engineOrder = ['built', 'native', 'node', 'bun', 'deno', 'Chromium', 'Firefox'];
const signs = { passed: '✓', failed: '✗' };
const outcomes = /^(passed|failed|not possible: .+)$/;

export class TableError extends Error {}

const versionless = (text) => text.replace(/ v?\d+(\.\d+)*\S*/g, '');

// An engine's version is not in its column. What stands behind the colon of a
// feature, as in `snapshot: tiny`, is in the lists of cells only.
export function normalized({ toolchain, engine, feature, outcome }) {
  for (const [name, value] of Object.entries({ toolchain, engine, feature, outcome })) {
    if (typeof value !== 'string' || value === '') throw new TableError(`a cell without ${name}: ${JSON.stringify({ toolchain, engine, feature, outcome })}`);
  }
  if (!outcomes.test(outcome)) throw new TableError(`no such outcome: ${outcome}`);
  return { toolchain, engine: versionless(engine), version: engine, feature: feature.split(': ')[0], outcome };
}

const inOrder = (order) => (a, b) => (order.indexOf(a) + 1 || order.length + 1) - (order.indexOf(b) + 1 || order.length + 1);
const unique = (list) => [...new Set(list)];

// { engines, rows: [{ toolchain, features, outcomes }] }: the features of a
// toolchain that have the same outcome in every engine share a row.
export function grouping(cells) {
  const engines = unique(cells.map(({ engine }) => engine)).sort(inOrder(engineOrder));
  const rows = [];
  for (const toolchain of unique(cells.map((cell) => cell.toolchain)).sort()) {
    const own = cells.filter((cell) => cell.toolchain === toolchain);
    for (const feature of unique(own.map((cell) => cell.feature))) {
      const found = engines.map((engine) => own.filter((cell) => cell.feature === feature && cell.engine === engine));
      const row = found.map((list) => worst(list.map(({ outcome }) => outcome)));
      const same = rows.find((other) => other.toolchain === toolchain && other.outcomes.join('\n') === row.join('\n'));
      if (same) same.features.push(feature);
      else rows.push({ toolchain, features: [feature], outcomes: row });
    }
  }
  return { engines, rows };
}

// A cell may have been run several times, as with each profile.
function worst(list) {
  return list.find((outcome) => outcome === 'failed') ?? list.find((outcome) => outcome !== 'passed') ?? list[0] ?? '';
}

export function table(cells) {
  const all = cells.map(normalized);
  const { engines, rows } = grouping(all);
  const reasons = unique(rows.flatMap((row) => row.outcomes).filter((outcome) => outcome.startsWith('not possible: ')))
    .map((outcome) => outcome.slice('not possible: '.length));
  const sign = (outcome) => (outcome.startsWith('not possible: ') ? `– <sup>${reasons.indexOf(outcome.slice('not possible: '.length)) + 1}</sup>` : signs[outcome] ?? '');
  const lines = rows.map((row, i) => {
    const isFirst = row.toolchain !== rows[i - 1]?.toolchain;
    return `| ${[isFirst ? markdownText(row.toolchain) : '', row.features.map(markdownText).join('; '), ...row.outcomes.map(sign)].join(' | ')} |`;
  });
  const head = `| toolchain | feature | ${engines.map(markdownText).join(' | ')} |\n|---|---|${engines.map(() => ':---:|').join('')}`;
  const versions = unique(all.map(({ version }) => version).filter((version) => /\d/.test(version))).sort((a, b) => inOrder(engineOrder)(versionless(a), versionless(b)));
  const notes = reasons.map((reason, i) => `${i + 1}. ${markdownText(reason)}`).join('\n');
  return [
    `${head}\n${lines.join('\n')}`,
    `✓ ran and passed, – cannot be, empty: not tried. Last run in ${versions.join(', ')}.`,
    ...(notes ? [notes] : []),
  ].join('\n\n');
}

// What `--check` compares: engines are updated by the day.
export const comparable = (text) => text.replace(/Last run in .*/, '');

export function readCells(folder) {
  const files = readdirSync(folder).filter((file) => /^cells-.*\.json$/.test(file)).sort();
  return files.flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

function main(mode) {
  const readme = join(root, 'README.md');
  const cells = readCells(join(root, 'build/toolchains'));
  const made = table(cells);
  if (mode === undefined) return console.log(made);
  const before = readFileSync(readme, 'utf8');
  if (!marked.test(before)) throw new TableError('README.md has no <!-- toolchains:begin --> ... <!-- toolchains:end -->');
  const after = before.replace(marked, (_, begin, end) => `${begin}${made}\n${end}`);
  if (mode === '--update') return writeFileSync(readme, after);
  const failed = cells.filter(({ outcome }) => outcome === 'failed');
  for (const { toolchain, engine, feature } of failed) console.log(`failed: ${toolchain}, ${engine}: ${feature}`);
  const isShown = comparable(before) === comparable(after);
  if (!isShown) console.log('README.md shows another table than the test runs make; if it should change: node tests/toolchains/table.mjs --update');
  const isGood = failed.length === 0 && isShown;
  console.log(isGood ? '1 passed, 0 failed' : '0 passed, 1 failed');
  return process.exit(isGood ? 0 : 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const [mode, ...more] = process.argv.slice(2);
    if (more.length > 0 || ![undefined, '--update', '--check'].includes(mode)) throw new TableError('usage: table.mjs [--update|--check]');
    main(mode);
  } catch (error) {
    if (!(error instanceof TableError) && error.code !== 'ENOENT') throw error;
    console.error(`toolchains table: ${error.message}`);
    process.exitCode = 1;
  }
}
