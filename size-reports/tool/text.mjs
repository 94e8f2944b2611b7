// Reports and comparisons for the terminal.
import { comparisonParts, entryFacts, entryTables, hiddenWords, symbolChangeTable, symbolTable, unchangedWords } from './summary.mjs';
import { printable, textTable, wrapped } from './tables.mjs';

// With a few files there is room for their functions.
const detailedMax = 3;

const tableText = ({ head, rows }) => textTable(head, rows);
const factLines = (facts) => facts.map(([label, words]) => wrapped(`  ${label.padEnd(8)}  `, words));

function entryText(entry) {
  const facts = factLines(entryFacts(entry));
  return [printable(entry.name), ...facts, ...(entry.symbols.length > 0 ? [tableText(symbolTable(entry))] : [])].join('\n');
}

// `detailed`: entries to be shown with all their functions.
export function reportText(report, detailed = report.entries.length <= detailedMax ? report.entries : []) {
  const tables = entryTables(report).map(({ title, ...table }) => (title ? `${title}\n${tableText(table)}` : tableText(table)));
  return `${[report.title, ...tables, ...detailed.map(entryText), report.tools].join('\n\n')}\n`;
}

export function comparisonText(comparison, { threshold }) {
  const { table, details, notes, unchanged } = comparisonParts(comparison, threshold);
  const detail = (entry) => [
    printable(entry.name), ...factLines(Object.entries(entry.lists)),
    ...(entry.symbols.length > 0 ? [tableText(symbolChangeTable(entry))] : []), ...hiddenWords(entry, threshold).map((words) => `  ${words}`),
  ].join('\n');
  const last = unchanged.length > 0 ? [unchangedWords(unchanged)] : [];
  return `${[comparison.title, ...(table ? [tableText(table)] : []), ...details.map(detail), ...notes, ...last].join('\n\n')}\n`;
}
