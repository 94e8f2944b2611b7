// Reports and comparisons as Markdown, for a comment on a pull request or the
// summary of a job. What is long is folded.
import { comparisonParts, entryFacts, entryTables, hiddenWords, symbolChangeTable, symbolTable, unchangedWords } from './summary.mjs';
import { htmlText, markdownTable, markdownText } from './tables.mjs';

const tableText = ({ head, rows }) => markdownTable(head, rows);
const factLines = (facts) => facts.map(([label, words]) => `- ${label}: ${words.map(markdownText).join(', ')}`);

function folded(summary, parts) {
  return `<details><summary>${htmlText(summary)}</summary>\n\n${parts.filter(Boolean).join('\n\n')}\n\n</details>`;
}

export function reportMarkdown(report) {
  const tables = entryTables(report).flatMap(({ title, ...table }) => [...(title ? [`### ${markdownText(title)}`] : []), tableText(table)]);
  const details = report.entries.map((entry) => folded(entry.name, [
    factLines(entryFacts(entry)).join('\n'), entry.symbols.length > 0 && tableText(symbolTable(entry)),
  ]));
  return `${[`## ${markdownText(report.title)}`, ...tables, ...details, markdownText(report.tools)].join('\n\n')}\n`;
}

export function comparisonMarkdown(comparison, { threshold }) {
  const { table, details, notes, unchanged } = comparisonParts(comparison, threshold);
  const detail = (entry) => folded(`What changed in ${entry.name}`, [
    factLines(Object.entries(entry.lists)).join('\n'), entry.symbols.length > 0 && tableText(symbolChangeTable(entry)),
    ...hiddenWords(entry, threshold),
  ]);
  const last = unchanged.length > 0 ? [folded(unchangedWords(unchanged), [unchanged.map((name) => `- ${markdownText(name)}`).join('\n')])] : [];
  return `${[`## ${markdownText(comparison.title)}`, ...(table ? [tableText(table)] : []), ...details.map(detail), ...notes.map(markdownText), ...last].join('\n\n')}\n`;
}
