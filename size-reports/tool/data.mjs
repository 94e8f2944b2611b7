// Reports and comparisons for other programs: JSON, CSV, and the list that
// github-action-benchmark reads as `customSmallerIsBetter` (its README, section
// "Example project").

export const asJson = (value) => `${JSON.stringify(value, null, 1)}\n`;

// RFC 4180.
export function csvLine(cells) {
  return cells.map((cell) => (/[",\r\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell))).join(',');
}

const csv = (rows) => rows.map((row) => `${csvLine(row)}\n`).join('');

// A line for each measure and for each symbol.
export function reportCsv({ entries }) {
  return csv([['entry', 'what', 'name', 'bytes'], ...entries.flatMap(({ name, measures, symbols }) => [
    ...Object.entries(measures).map(([measure, size]) => [name, 'measure', measure, size]),
    ...symbols.map((symbol) => [name, symbol.section, symbol.name, symbol.size]),
  ])]);
}

export function comparisonCsv({ entries }) {
  const row = (name, what, one, { base, head }) => [name, what, one, base, head, head - base];
  return csv([['entry', 'what', 'name', 'base', 'head', 'change'], ...entries.flatMap((entry) => [
    ...(entry.state === 'changed' || entry.state === 'unchanged'
      ? Object.entries(entry.measures).map(([measure, sizes]) => row(entry.name, 'measure', measure, sizes))
      : [row(entry.name, entry.state, 'total', entry)]),
    ...entry.symbols.map((symbol) => row(entry.name, symbol.section, symbol.name, symbol)),
  ])]);
}

// What a program may gain by getting smaller; bss and the parts of a file are
// in the report, not in the chart.
const charted = ['total', 'gzip', 'brotli', 'allocator', 'marginal'];

export function benchmarkList({ entries, tools }) {
  return asJson(entries.flatMap(({ name, measures }) => charted
    .filter((measure) => measure in measures)
    .map((measure) => ({ name: `${name}: ${measure}`, unit: 'bytes', value: measures[measure], extra: tools }))));
}
