// The HTML page of a report or comparison: one file that loads nothing, put
// together from the files of page/.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { entryFacts, measureNames } from './summary.mjs';
import { htmlText } from './tables.mjs';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'page');
const read = (file) => readFileSync(join(folder, file), 'utf8');

// In the order in which they need each other; in the page they are one module.
const scripts = ['layout.js', 'dom.js', 'table.js', 'charts.js', 'page.js'];

function script() {
  return scripts.map(read).join('\n').replace(/^import .*\n/gm, '').replace(/^export /gm, '').trimEnd();
}

// Inside <script>, only `<` can end the data.
const embedded = (value) => JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');

// A picture or a table of more symbols shows nothing; the report as JSON or CSV
// has them all.
const symbolMax = 400;

// The largest of all, and of the allocator's.
function mainSymbols(symbols) {
  if (symbols.length <= symbolMax) return symbols;
  const largest = symbols.slice(0, symbolMax);
  return [...largest, ...symbols.slice(symbolMax).filter(({ allocator }) => allocator).slice(0, symbolMax)];
}

function forPage(entry) {
  const { imports, exports, features, memory, symbols, ...rest } = entry;
  return { ...rest, facts: entryFacts(entry), symbols: mainSymbols(symbols), symbolCount: symbols.length };
}

// `comparison` and `history` may be missing.
export function pageHtml(report, { title = report.title, comparison = null, history = null } = {}) {
  const changes = comparison && comparison.entries.filter(({ state }) => state === 'changed')
    .map(({ name, measures, symbols }) => ({ name, measures, symbols: symbols.slice(0, symbolMax) }));
  const parts = {
    title: htmlText(title),
    style: read('page.css').trimEnd(),
    data: embedded({ tools: report.tools, measureNames, entries: report.entries.map(forPage), history, changes }),
    script: script(),
  };
  return read('page.html').replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
}
