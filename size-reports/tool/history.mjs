// The history of sizes: a CSV file with a line for each measure of each entry,
// appended once a release or merge.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { csvLine } from './data.mjs';
import { InputError, readText } from './input.mjs';
import { matches } from './patterns.mjs';

const columns = ['date', 'label', 'entry', 'measure', 'bytes'];
const kept = ['total', 'brotli', 'marginal'];

function splitLine(line, path, number) {
  const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain);
  const row = { date: cells[0], label: cells[1], entry: cells[2], measure: cells[3], bytes: Number(cells[4]) };
  if (cells.length !== columns.length || !Number.isInteger(row.bytes)) throw new InputError(`${path}: line ${number} is not ${columns.join(',')}`);
  return row;
}

export function readHistory(path) {
  const [head, ...lines] = readText(path).trimEnd().split('\n');
  if (head !== columns.join(',')) throw new InputError(`${path}: line 1 is not ${columns.join(',')}`);
  return lines.map((line, i) => splitLine(line, path, i + 2));
}

// Appends the entries of `report` that `pattern` fits, under a label that is not
// there yet. Returns how many lines that were.
export function appendHistory(path, report, { label, date, pattern = '*' }) {
  const known = existsSync(path) ? readHistory(path) : [];
  if (known.some((row) => row.label === label)) throw new InputError(`${path}: ${label} is already there`);
  const rows = report.entries.filter(({ name }) => matches(pattern, name)).flatMap(({ name, measures }) => kept
    .filter((measure) => measure in measures)
    .map((measure) => csvLine([date, label, name, measure, measures[measure]])));
  if (rows.length === 0) throw new InputError(`the report has no entry that ${pattern} fits`);
  if (known.length === 0) writeFileSync(path, `${columns.join(',')}\n`);
  appendFileSync(path, rows.map((row) => `${row}\n`).join(''));
  return rows.length;
}
