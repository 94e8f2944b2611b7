// The inspector in Chromium and in Firefox: what it draws is held against the walk,
// what it steps through against the trace.
//   node tests/inspector/page_test.mjs SCREENSHOT_DIRECTORY
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { openChromium, openFirefox } from '../../size-reports/tests/browsers.mjs';
import { runTests, scratchFolder } from '../../size-reports/tests/harness.mjs';
import { serve } from '../../wasm/inspector/serve.mjs';
import { madeUpTrace, TraceWriter } from './traces.mjs';

const [pictures] = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));
const eventCount = 4000;
const { bytes: traceBytes, liveAfter } = madeUpTrace(eventCount);
const wait_ms = 120_000;

const message = `document.querySelector('#message').textContent`;
const text = (page, selector) => page.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`);
const figure = async (page, name, view = 1) => (await page.evaluate(`[...document.querySelectorAll('.view:nth-child(${view}) .figures div')].map((node) => [node.children[0].textContent, node.children[1].textContent])`)).find(([label]) => label === name)[1];

async function until(page, condition) {
  for (const begin = Date.now(); !await page.evaluate(condition);) {
    if (Date.now() - begin > wait_ms) throw new Error(`still not: ${condition}; the page says: ${await page.evaluate(message)}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

// As a user drops a file.
async function drop(page, name, bytes) {
  const base64 = Buffer.from(bytes).toString('base64');
  await page.evaluate(`(() => {
    const bytes = Uint8Array.from(atob(${JSON.stringify(base64)}), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], ${JSON.stringify(name)}));
    return dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }));
  })()`);
}
const press = (page, key, shiftKey = false) => page.evaluate(`document.body.dispatchEvent(new KeyboardEvent('keydown', { key: ${JSON.stringify(key)}, shiftKey: ${shiftKey}, bubbles: true, cancelable: true }))`);
const isReady = `inspector.state.trace !== null && inspector.state.isReady`;
const position = `inspector.state.position`;

// Every cell of a map that lies within one block, or outside of the heap, has the
// colour that the walk asks for; computed here, not by the code that draws. Returns
// how many cells were compared, by what they show.
const comparedCells = (view) => `(() => {
  const { map, source } = inspector.state.views[${view}];
  const { bytesPerCell, canvas } = map;
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const at = (cell) => '#' + [...pixels.subarray(4 * cell, 4 * cell + 3)].map((part) => part.toString(16).padStart(2, '0')).join('');
  const toneName = (size) => '--tone-' + [32, 64, 128, 256, 512, 4096, 65536, Infinity].findIndex((max) => size <= max);
  const pieces = source.heap.walk();
  const compared = { used: 0, free: 0, outside: 0, wrong: [] };
  const expect = (what, begin, end, name) => {
    for (let cell = Math.ceil(begin / bytesPerCell); (cell + 1) * bytesPerCell <= end; ++cell) {
      compared[what] += 1;
      if (at(cell) !== color(name)) compared.wrong.push([what, begin, end, cell, at(cell), color(name)]);
    }
  };
  let outside = 0;
  for (let i = 0; i < pieces.count; ++i) {
    const begin = pieces.address[i];
    const end = begin + pieces.size[i];
    if (pieces.kind[i] === 0) {
      expect('outside', outside, begin, '--outside');
      outside = end;
    }
    if (pieces.kind[i] === 2) expect('used', begin, end, toneName(pieces.size[i]));
    if (pieces.kind[i] === 3) expect('free', begin, end, '--free');
  }
  compared.wrong = compared.wrong.slice(0, 5);
  return compared;
})()`;

async function drawsTheWalk(page, view = 0) {
  const { used, free, outside, wrong } = await page.evaluate(comparedCells(view));
  deepEqual(wrong, []);
  ok(used > 200 && free > 20 && outside > 20, `${used} cells in use, ${free} free, ${outside} outside`);
}

async function runsTheDemo(page) {
  const place = `[...document.querySelectorAll('.card:not(#map-card), #message, nav')].map((node) => Math.round(node.getBoundingClientRect().top))`;
  await page.click('#demo');
  await until(page, `inspector.state.program !== null && inspector.state.program.trace.length > 20000`);
  await press(page, ' ');
  equal(await page.evaluate(`inspector.state.isPlaying`), false);
  await drawsTheWalk(page);
  const places = await page.evaluate(place);
  const events = await page.evaluate(`inspector.state.program.trace.length`);
  equal(await figure(page, 'blocks'), String(await page.evaluate(`inspector.state.views[0].source.heap.statistics().usedCount`)).replace(/\B(?=(\d{3})+$)/g, ','));
  match(await page.evaluate(`document.querySelector('#events li:last-child').textContent`), /(allocate|free|reallocate).*block/);
  ok(await page.evaluate(`document.querySelectorAll('#timeline path').length`) >= 3);
  ok(await page.evaluate(`[...document.querySelectorAll('#sizes rect')].some((bar) => bar.height.baseVal.value > 20)`));
  await press(page, ' ');
  await until(page, `inspector.state.program.isOver`);
  ok(await page.evaluate(`inspector.state.program.trace.length`) > events);
  match(await page.evaluate(message), /SQLite is done/);
  deepEqual(await page.evaluate(place), places, 'nothing jumps while it runs');
}

async function replaysTheDemo(page) {
  const events = await page.evaluate(`inspector.state.program.trace.length`);
  await press(page, 'r');
  await until(page, isReady);
  equal(await page.evaluate(`inspector.state.trace.length`), events);
  equal(await page.evaluate(position), events);
  await page.evaluate(`inspector.seek(${Math.round(events / 2)})`);
  await drawsTheWalk(page);
}

// Opened, nothing stays of what was before.
async function stepsATrace(page) {
  await drop(page, 'made-up.trace', traceBytes);
  await until(page, `${isReady} && inspector.state.trace.length === ${eventCount}`);
  match(await page.evaluate(message), /made-up\.trace: 4,000 events/);
  const pixels = `[...inspector.state.views[0].map.pixels].reduce((hash, pixel) => (Math.imul(hash, 31) + pixel) | 0, 7)`;
  const seen = new Map();
  const isAt = async (expected) => {
    equal(await page.evaluate(position), expected);
    equal(await figure(page, 'blocks'), String(liveAfter[expected].count).replace(/\B(?=(\d{3})+$)/g, ','));
    const hash = await page.evaluate(pixels);
    if (seen.has(expected)) equal(hash, seen.get(expected), `the picture at ${expected}`);
    seen.set(expected, hash);
  };
  await isAt(0);
  await press(page, 'End');
  await isAt(eventCount);
  for (const expected of [3999, 3998, 3997]) {
    await press(page, 'ArrowLeft');
    await isAt(expected);
  }
  await drawsTheWalk(page);
  await page.click('#forward');
  await isAt(3998);
  await page.click('#back');
  await isAt(3997);
  for (const expected of [3998, 3999, 4000]) {
    await press(page, 'ArrowRight');
    await isAt(expected);
  }
  await press(page, 'ArrowLeft', true);
  await isAt(3960);
  equal(await text(page, '#events .now'), await page.evaluate(`[...document.querySelectorAll('#events li')].find((row) => row.textContent.startsWith('3,960')).textContent`));
  await page.click('#timeline');
  ok(await page.evaluate(`${position} > 1000 && ${position} < 3000`), 'a click on the curve goes there');
  await press(page, 'Home');
  await isAt(0);
  ok(new Set(seen.values()).size > 3);
  await page.choose('#speed', '1000');
  await page.click('#play');
  await until(page, `${position} > 100`);
  await page.click('#play');
  ok(await page.evaluate(`${position} < ${eventCount}`));
}

async function comparesProfiles(page) {
  await page.evaluate(`inspector.seek(${eventCount - 10})`);
  await page.choose('#profile', 'both');
  await until(page, `${isReady} && inspector.state.views.length === 2`);
  equal(await page.evaluate(position), eventCount - 10);
  deepEqual(await page.evaluate(`[...document.querySelectorAll('.view h2')].map((node) => node.firstChild.textContent)`), ['standard', 'tiny']);
  for (const view of [0, 1]) {
    await drawsTheWalk(page, view);
    equal(await figure(page, 'blocks', view + 1), String(liveAfter[eventCount - 10].count).replace(/\B(?=(\d{3})+$)/g, ','));
  }
  deepEqual(await page.evaluate(`inspector.state.views.map(({ source }) => source.heap.walk({ isOutline: true }).kind.includes(1))`), [true, false], 'only the standard profile has slabs');
  await page.choose('#profile', 'tiny');
  await until(page, `${isReady} && inspector.state.views.length === 1`);
  await page.choose('#profile', 'standard');
  await until(page, `${isReady} && inspector.state.views[0].name === 'standard'`);
}

async function survivesBadFiles(page) {
  const fails = async (name, bytes, expected) => {
    await drop(page, name, bytes);
    await until(page, `document.querySelector('#message').className === 'error' && ${message} !== ''`);
    match(await page.evaluate(message), expected);
    await page.evaluate(`document.querySelector('#message').className = ''`);
  };
  await fails('picture.png', [137, 80, 78, 71], /picture\.png: neither a wasm module nor a mote trace/);
  await fails('empty', [], /neither/);
  await fails('short.trace', traceBytes.subarray(0, 20), /short\.trace: the trace is corrupt: it ends within its header/);
  await fails('new.trace', new TraceWriter({ version: 9 }).bytes, /version 9/);
  await fails('broken.wasm', [0, 97, 115, 109, 1, 0, 0, 0, 99], /./);
  await fails('other.wasm', [0, 97, 115, 109, 1, 0, 0, 0], /does not export memory/);
  await fails('broken.gz', [0x1F, 0x8B, 8, 0, 1, 2, 3], /broken\.gz is gzip, but corrupt/);
  equal(await page.evaluate(`inspector.state.trace.length`), eventCount, 'what was open stays open');
  await drop(page, 'cut.trace', traceBytes.subarray(0, 5000));
  await until(page, `${isReady} && /cut off/.test(${message})`);
  await drop(page, 'again.trace.gz', gzipSync(traceBytes));
  await until(page, `${isReady} && /again/.test(${message})`);
}

async function lightAndDark(page) {
  const paper = 'getComputedStyle(document.body).backgroundColor';
  const light = await page.evaluate(paper);
  await press(page, 't');
  ok(await page.evaluate(paper) !== light);
  await page.evaluate(`inspector.seek(3000)`);
  await drawsTheWalk(page);
  await page.click('#theme');
  equal(await page.evaluate(paper), light);
  await drawsTheWalk(page);
  ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'the page is no wider than the window');
}

async function keepsAPicture(page, name) {
  await page.choose('#profile', 'both');
  await page.click('#demo');
  await until(page, `inspector.state.program?.isOver`);
  await press(page, 'r');
  await until(page, isReady);
  await page.evaluate(`inspector.seek(Math.round(inspector.state.trace.length * 0.86))`);
  const path = join(pictures, `inspector-${name.toLowerCase()}.png`);
  await page.screenshot(path);
  ok(statSync(path).size > 20_000 && readFileSync(path).subarray(1, 4).toString() === 'PNG');
}

async function showsAnEmbeddedTrace(page) {
  await until(page, isReady);
  equal(await page.evaluate(`inspector.state.trace.length`), eventCount);
  await press(page, 'End');
  await drawsTheWalk(page);
}

const { url, close } = await serve(0);
const folder = scratchFolder();
const tracePath = join(folder, 'embedded "<trace>');
writeFileSync(tracePath, traceBytes);
const embeddedPath = join(folder, 'embedded.html');
execFileSync(process.execPath, [join(root, 'wasm/inspector/bundle.mjs'), embeddedPath, tracePath]);

// Steps after each other in one page: opening a browser takes seconds. The page
// asks for nothing but its own files.
async function inBrowser(open, at, ...steps) {
  const page = await open(at);
  try {
    for (const step of steps) await step(page);
    deepEqual(page.problems.filter((problem) => !problem.startsWith(`requests ${new URL(url).origin}/`)), []);
  } finally {
    await page.close();
  }
}

const browsers = { Chromium: openChromium, Firefox: openFirefox };
await runTests(Object.fromEntries(Object.entries(browsers).flatMap(([name, open]) => [
  [`${name} runs the demo and replays it`, () => inBrowser(open, url, runsTheDemo, replaysTheDemo)],
  [`${name} steps through a trace, compares, survives bad files`, () => inBrowser(open, url, stepsATrace, comparesProfiles, survivesBadFiles, lightAndDark)],
  [`${name} shows a trace within a file`, () => inBrowser(open, pathToFileURL(embeddedPath).href, showsAnEmbeddedTrace)],
  [`${name} has its picture taken`, () => inBrowser(open, url, (page) => keepsAPicture(page, name))],
])));
close();
