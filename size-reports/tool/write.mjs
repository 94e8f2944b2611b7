// Where a result goes: the ending of a file's name says in which form.
import { writeFileSync } from 'node:fs';
import { asJson, benchmarkList, comparisonCsv, reportCsv } from './data.mjs';
import { InputError } from './input.mjs';
import { comparisonMarkdown, reportMarkdown } from './markdown.mjs';
import { pageHtml } from './page.mjs';
import { comparisonText, reportText } from './text.mjs';

// A result is { report, comparison, history, threshold }; with a comparison,
// `report` is its head.
const forms = [
  ['.benchmark.json', ({ report }) => benchmarkList(report)],
  ['.json', ({ report, comparison }) => asJson(comparison ?? report)],
  ['.md', ({ report, comparison, threshold }) => (comparison ? comparisonMarkdown(comparison, { threshold }) : reportMarkdown(report))],
  ['.csv', ({ report, comparison }) => (comparison ? comparisonCsv(comparison) : reportCsv(report))],
  ['.html', ({ report, comparison, history }) => pageHtml(report, { title: (comparison ?? report).title, comparison, history })],
  ['.txt', ({ report, comparison, threshold }) => (comparison ? comparisonText(comparison, { threshold }) : reportText(report))],
];

export function inForm(name, result) {
  const [, form] = forms.find(([ending]) => name.endsWith(ending))
    ?? (() => { throw new InputError(`${name}: ends in none of ${forms.map(([ending]) => ending).join(' ')}`); })();
  return form(result);
}

export function writeResult(path, result) {
  const text = inForm(path, result);
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new InputError(`${path}: cannot be written: ${error.code === 'ENOENT' ? 'no such directory' : error.code}`);
  }
}
