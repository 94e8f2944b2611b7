// The HTML page in Chromium and in Firefox: it is clicked through as a reader
// does, and must show what the report says.
//   node tests/page_test.mjs REPORT.html [SCREENSHOT_DIRECTORY]
// REPORT.html is mote's own, for the screenshots and for its size; what is
// asserted in detail is a page of the made-up report.
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compare } from '../tool/compare.mjs';
import { inForm } from '../tool/write.mjs';
import { openChromium, openFirefox } from './browsers.mjs';
import { runTests, scratchFolder } from './harness.mjs';
import { changedReport, history, report } from './reports.mjs';

const [ownReport, screenshots = null] = process.argv.slice(2);
const folder = scratchFolder();
function pageUrl(name, result) {
  const path = join(folder, `${name}.html`);
  writeFileSync(path, inForm(path, result));
  return pathToFileURL(path).href;
}
const reportUrl = pageUrl('report', { report, comparison: null, history, threshold: 0 });
const comparisonUrl = pageUrl('comparison', { report: changedReport, comparison: compare(report, changedReport), history: null, threshold: 0 });

const texts = (selector) => `[...document.querySelectorAll(${JSON.stringify(selector)})].map((node) => node.textContent)`;
const count = (selector) => `document.querySelectorAll(${JSON.stringify(selector)}).length`;
const isShown = (selector) => `document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect().height > 0`;

async function showsTheReport(page) {
  deepEqual(await page.evaluate(texts('.bar .name')), ['small', 'large']);
  deepEqual(await page.evaluate(texts('.bar .value')), ['1,200', '5,000']);
  deepEqual(await page.evaluate(texts('#treemap .section')).then((names) => names.slice(0, 2)), ['code 900', 'data 120']);
  deepEqual(await page.evaluate(texts('#facts dd')), ['2 pages', 'env.log', 'free, malloc, memory', 'bulk-memory, sign-ext']);
  equal(await page.evaluate(`document.querySelector('#treemap rect.allocator').dataset.name`), 'malloc');
  deepEqual(await page.evaluate(texts('#symbols tbody td:nth-child(3)')), ['400', '200', '110', '100', '60']);
  ok((await page.evaluate(texts('#symbols tbody td:first-child'))).includes(report.entries[0].symbols[0].name), 'a name with tags in it is text');
  ok(await page.evaluate(isShown('#history path')));
  equal(await page.evaluate(count('#entries tbody tr')), 3);
}

async function measuresAndBars(page) {
  await page.click('#measures button:nth-child(3)');
  deepEqual(await page.evaluate(texts('.bar .value')), ['650', '2,200']);
  equal(await page.evaluate(`document.querySelector('#measures [aria-pressed=true]').textContent`), 'brotli');
  await page.click('.bar:nth-child(2)');
  match(await page.evaluate(`document.querySelector('#treemap-title').textContent`), /large: 5,000 bytes/);
  deepEqual(await page.evaluate(texts('#symbols tbody td:nth-child(3)')), ['4,000', '700']);
  await page.click('.bar:nth-child(1)');
}

async function treemapZooms(page) {
  const before = await page.evaluate(count('#treemap rect'));
  await page.click('#treemap text.section');
  ok(await page.evaluate(count('#treemap rect')) < before);
  deepEqual(await page.evaluate(texts('#treemap .section')), ['code 900']);
  await page.click('#treemap rect[data-name=malloc]');
  deepEqual(await page.evaluate(texts('#symbols tbody td:nth-child(3)')), ['200']);
  await page.click('#symbol-count button');
  equal(await page.evaluate(count('#symbols tbody tr')), 5);
  await page.click('#crumbs button');
  equal(await page.evaluate(count('#treemap rect')), before);
}

async function tablesSort(page) {
  await page.click('#symbols th:nth-child(3) button');
  deepEqual(await page.evaluate(texts('#symbols tbody td:nth-child(3)')), ['60', '100', '110', '200', '400']);
  await page.click('#symbols th:nth-child(1) button');
  equal(await page.evaluate(texts('#symbols tbody td:first-child')).then(([first]) => first), '.rodata');
  await page.type('#filter', 'ALL');
  deepEqual(await page.evaluate(texts('#symbols tbody td:first-child')), ['malloc']);
  await page.click('#entries th:nth-child(2) button');
  deepEqual(await page.evaluate(texts('#entries tbody td:nth-child(2)')), ['9,000', '5,000', '1,200']);
  await page.click('#entries tbody tr:nth-child(1)');
  equal(await page.evaluate(`document.querySelector('#group').value`), 'Native: the app');
  match(await page.evaluate(`document.querySelector('#treemap-title').textContent`), /9,000 bytes/);
}

async function programsAndColours(page) {
  await page.choose('#group', 'Web: the app');
  equal(await page.evaluate(count('.bar')), 2);
  equal(await page.evaluate('document.documentElement.dataset.theme'), 'light');
  const paper = 'getComputedStyle(document.body).backgroundColor';
  const light = await page.evaluate(paper);
  await page.click('#theme');
  equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
  ok(await page.evaluate(paper) !== light);
  await page.click('#theme');
}

async function nothingOverflows(page) {
  ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'the page is no wider than the window');
  ok(await page.evaluate(`[...document.querySelectorAll('.card')].every((card) => card.hidden || card.getBoundingClientRect().width > 200)`));
}

async function changesAreShown(page) {
  deepEqual(await page.evaluate(texts('.bar .value')), ['1,300 +100', '4,996 −4']);
  deepEqual(await page.evaluate(texts('#symbols tbody td:nth-child(5)')), ['0', '+90', '0', '+4', '0', '+6']);
  equal(await page.evaluate(isShown('#history-card')), false);
}

// A step after another in one page: opening a browser takes seconds.
async function inBrowser(open, url, ...steps) {
  const page = await open(url);
  try {
    for (const step of steps) await step(page);
    deepEqual(page.problems, []);
  } finally {
    await page.close();
  }
}

const browsers = { Chromium: openChromium, Firefox: openFirefox };
await runTests(Object.fromEntries(Object.entries(browsers).flatMap(([name, open]) => [
  [`${name} shows a report and answers clicks`, () => inBrowser(open, reportUrl, showsTheReport, measuresAndBars, treemapZooms, tablesSort, programsAndColours, nothingOverflows)],
  [`${name} shows a comparison`, () => inBrowser(open, comparisonUrl, changesAreShown, nothingOverflows)],
  [`${name} shows mote's own report`, () => inBrowser(open, pathToFileURL(ownReport).href, nothingOverflows, async (page) => {
    ok(await page.evaluate(count('.bar')) >= 5 && await page.evaluate(count('#treemap rect')) >= 5);
    ok(await page.evaluate(isShown('#history path')), 'the history has a line');
    const path = join(screenshots ?? folder, `report-${name.toLowerCase()}.png`);
    await page.screenshot(path);
    ok(statSync(path).size > 20_000 && readFileSync(path).subarray(1, 4).toString() === 'PNG', basename(path));
  })],
])));
