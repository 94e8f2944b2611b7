// Every form of output, against the files of tests/golden, from a report and a
// comparison with names of every kind in them.
//   node tests/formats_test.mjs [--update]
// Looks at the forms too: the schema by ajv, the CSV by its own rules.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compare } from '../tool/compare.mjs';
import { makeReport } from '../tool/report.mjs';
import { readSchema } from '../tool/schema.mjs';
import { grouped, markdownTable, textTable, wrapped } from '../tool/tables.mjs';
import { inForm } from '../tool/write.mjs';
import { squarify, ticks } from '../page/layout.js';
import { here, runTests } from './harness.mjs';
import { changedReport, history, report } from './reports.mjs';

const results = {
  report: { report, comparison: null, history, threshold: 0 },
  comparison: { report: changedReport, comparison: compare(report, changedReport), history: null, threshold: 10 },
  unchanged: { report, comparison: compare(report, report), history: null, threshold: 0 },
};
const forms = ['txt', 'md', 'json', 'benchmark.json', 'csv', 'html'];
const isUpdate = process.argv[2] === '--update';

function checkGolden(name, text) {
  const path = join(here, 'golden', name);
  if (isUpdate) writeFileSync(path, text);
  ok(existsSync(path), `no ${name}: node tests/formats_test.mjs --update`);
  equal(text, readFileSync(path, 'utf8'), `${name} is not the golden one: node tests/formats_test.mjs --update, and look at the difference`);
}

// The parts of a page that vary; the others are the files of page/ themselves.
const dataOf = (html) => /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(html)[1];

// RFC 4180, the other way round.
function parseCsv(text) {
  return text.trimEnd().split('\n').map((line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain));
}

await runTests({
  ...Object.fromEntries(Object.entries(results).flatMap(([name, result]) => forms.map((form) => [`${name}.${form} is the golden one`, () => {
    const text = inForm(`x.${form}`, result);
    checkGolden(form === 'html' ? `${name}.page-data.json` : `${name}.${form}`, form === 'html' ? `${dataOf(text)}\n` : text);
  }]))),
  'the report fits its schema, by another reader of schemas'() {
    const ajv = loadAjv();
    const validate = ajv.compile(readSchema('report'));
    ok(validate(JSON.parse(inForm('x.json', results.report))), JSON.stringify(validate.errors));
    ok(!validate({ ...report, extra: 1 }));
    ok(!validate({ ...report, entries: [{ ...report.entries[0], measures: { total: -1 } }] }));
    ok(ajv.validateSchema(readSchema('budgets')), JSON.stringify(ajv.errors));
    const isBudget = ajv.compile(readSchema('budgets'));
    ok(isBudget(JSON.parse(readFileSync(join(dirname(here), 'budgets.json'), 'utf8'))), JSON.stringify(isBudget.errors));
  },
  'the CSV has a line for each measure and symbol'() {
    const rows = parseCsv(inForm('x.csv', results.report));
    const count = report.entries.reduce((sum, { measures, symbols }) => sum + Object.keys(measures).length + symbols.length, 1);
    deepEqual([rows.length, new Set(rows.map((row) => row.length))], [count, new Set([4])]);
    ok(rows.some(([, , name]) => name === report.entries[0].symbols[0].name));
  },
  'the list for github-action-benchmark has what that needs'() {
    for (const one of JSON.parse(inForm('x.benchmark.json', results.report))) {
      deepEqual(Object.keys(one).sort(), ['extra', 'name', 'unit', 'value']);
      deepEqual([typeof one.name, one.unit, typeof one.value], ['string', 'bytes', 'number']);
    }
  },
  'a page loads nothing and its data cannot leave its place'() {
    const html = inForm('x.html', results.report);
    ok(!/(src|href)="(?!data:)/.test(html) && !/@import|url\(/.test(html));
    match(html, /default-src 'none'/);
    equal(html.match(/<\/script>/g).length, 2);
    equal(JSON.parse(dataOf(html)).entries[0].symbols[0].name, report.entries[0].symbols[0].name);
    ok(!html.includes('import {'), 'the modules of the page are one');
  },
  'a name with Markdown in it stays text'() {
    const line = inForm('x.md', results.report).split('\n').find((one) => one.includes('script'));
    ok(!line.includes('<script'), line);
    equal(line.match(/(?<!\\)\|/g).length, 5, line);
  },
  'a treemap fills its box and nothing overlaps'() {
    const items = [60, 30, 20, 10, 5, 1, 1].map((size) => ({ size }));
    const placed = squarify(items, { x: 0, y: 0, width: 200, height: 100 });
    const area = placed.reduce((sum, { width, height }) => sum + width * height, 0);
    ok(Math.abs(area - 20000) < 1e-6);
    placed.forEach(({ item, width, height }) => ok(Math.abs(width * height - (item.size * 20000) / 127) < 1e-6));
    for (const [i, a] of placed.entries()) {
      for (const b of placed.slice(i + 1)) {
        const overlap = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x) > 1e-6 && Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y) > 1e-6;
        ok(!overlap, `${i}`);
      }
    }
    deepEqual(squarify([], { x: 0, y: 0, width: 1, height: 1 }), []);
  },
  'scales have round numbers'() {
    deepEqual(ticks(2378), [0, 500, 1000, 1500, 2000, 2500]);
    deepEqual(ticks(0), [0, 1]);
  },
  'tables align numbers to the right'() {
    equal(textTable(['a', 'b'], [['x', '1'], ['yy', '1,000']], ''), 'a       b\n---------\nx       1\nyy  1,000');
    equal(markdownTable(['a', 'b'], [['x|', '1']]), '| a | b |\n|---|---:|\n| x\\| | 1 |');
    equal(wrapped('names ', ['one', 'two', 'three'], 14), 'names one,\n      two,\n      three');
    equal(grouped(1234567), '1,234,567');
  },
  'two entries of one name are refused'() {
    let message = '';
    try { makeReport([report.entries[0], report.entries[0]]); } catch (error) { message = error.message; }
    match(message, /two entries have the name/);
  },
});

function loadAjv() {
  const require = createRequire(join(dirname(dirname(here)), 'build/tools/'));
  const { default: Ajv } = require('ajv/dist/2020.js');
  return new Ajv({ strict: true, allowUnionTypes: true });
}
