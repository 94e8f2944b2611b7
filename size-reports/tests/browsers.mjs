// A page in a real browser, with the few actions that the test of the page needs.
// Chromium is driven by playwright-core. That needs a Firefox of its own, so
// Debian's is driven by WebDriver BiDi, which it speaks itself
// (https://w3c.github.io/webdriver-bidi/).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { here } from './harness.mjs';

const require = createRequire(join(dirname(dirname(here)), 'build/tools/'));
const viewport = { width: 1360, height: 1000 };
const start_ms = 60_000;

// Each: { evaluate(expression), click(selector), type(selector, text),
// choose(selector, value), screenshot(path), problems, close() }, in light colours.
// `problems`: errors of the page and requests that it made.

export async function openChromium(url) {
  const { chromium } = require('playwright-core');
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport, colorScheme: 'light' });
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('request', (request) => request.url() !== url && !request.url().startsWith('data:') && problems.push(`requests ${request.url()}`));
  await page.goto(url);
  return {
    problems,
    evaluate: (expression) => page.evaluate(expression),
    click: (selector) => page.click(selector),
    type: (selector, text) => page.fill(selector, text),
    choose: (selector, value) => page.selectOption(selector, value),
    screenshot: (path) => page.screenshot({ path, fullPage: true }),
    close: () => browser.close(),
  };
}

// One connection of BiDi: commands by number, events by name.
function connect(url, WebSocketClass) {
  const socket = new WebSocketClass(url);
  const waiting = new Map();
  const listeners = [];
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data);
    if (message.id === undefined) return listeners.forEach((listen) => listen(message));
    const { resolve, reject } = waiting.get(message.id);
    waiting.delete(message.id);
    return message.type === 'error' ? reject(new Error(`${message.error}: ${message.message}`)) : resolve(message.result);
  });
  const send = (method, params) => new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject });
    socket.send(JSON.stringify({ id: last, method, params }));
  });
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve({ send, listen: (listener) => listeners.push(listener), close: () => socket.close() }));
    socket.addEventListener('error', () => reject(new Error(`no connection to ${url}`)));
  });
}

function startFirefox(profile) {
  const child = spawn('firefox-esr', ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', profile], {
    detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: profile, MOZ_HEADLESS_WIDTH: viewport.width, MOZ_HEADLESS_HEIGHT: viewport.height },
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Firefox does not start')), start_ms);
    child.on('error', reject);
    let printed = '';
    child.stderr.on('data', (text) => {
      printed += text;
      const [, url] = /WebDriver BiDi listening on (ws:\S+)/.exec(printed) ?? [];
      if (url) clearTimeout(timer), resolve({ child, url: `${url}/session` });
    });
  });
}

export async function openFirefox(url) {
  const profile = mkdtempSync(join(tmpdir(), 'mote-firefox-'));
  // What a system says of light and dark; Debian's default depends on the desktop.
  writeFileSync(join(profile, 'user.js'), 'user_pref("layout.css.prefers-color-scheme.content-override", 1);\n');
  const { child, url: address } = await startFirefox(profile);
  // Part of node since 22; before, of the library that drives Chromium.
  const bidi = await connect(address, globalThis.WebSocket ?? require('playwright-core/lib/utilsBundle').ws);
  await bidi.send('session.new', { capabilities: {} });
  const { contexts: [{ context }] } = await bidi.send('browsingContext.getTree', {});
  const problems = [];
  bidi.listen(({ method, params }) => {
    if (method === 'log.entryAdded' && params.level === 'error') problems.push(params.text);
    const requested = method === 'network.beforeRequestSent' && params.request.url;
    if (requested && requested !== url && !requested.startsWith('data:')) problems.push(`requests ${requested}`);
  });
  await bidi.send('session.subscribe', { events: ['log.entryAdded', 'network.beforeRequestSent'], contexts: [context] });
  await bidi.send('browsingContext.setViewport', { context, viewport });
  await bidi.send('browsingContext.navigate', { context, url, wait: 'complete' });

  async function evaluate(expression) {
    const { type, result, exceptionDetails } = await bidi.send('script.evaluate', { expression: `JSON.stringify(${expression})`, target: { context }, awaitPromise: true });
    if (type === 'exception') throw new Error(`${expression}: ${exceptionDetails.text}`);
    return result.type === 'undefined' ? undefined : JSON.parse(result.value);
  }
  async function click(selector) {
    const at = await evaluate(`(() => { const node = document.querySelector(${JSON.stringify(selector)}); node.scrollIntoView({ block: 'center' }); const box = node.getBoundingClientRect(); return { x: Math.round(box.x + box.width / 2), y: Math.round(box.y + box.height / 2) }; })()`);
    await bidi.send('input.performActions', { context, actions: [{ type: 'pointer', id: 'mouse', actions: [
      { type: 'pointerMove', ...at }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 },
    ] }] });
  }
  return {
    problems, evaluate, click,
    async type(selector, text) {
      await click(selector);
      await bidi.send('input.performActions', { context, actions: [{ type: 'key', id: 'keys', actions: [...text].flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]) }] });
    },
    choose: (selector, value) => evaluate(`(() => { const node = document.querySelector(${JSON.stringify(selector)}); node.value = ${JSON.stringify(value)}; node.dispatchEvent(new Event('change')); return true; })()`),
    async screenshot(path) {
      const { data } = await bidi.send('browsingContext.captureScreenshot', { context, origin: 'document' });
      writeFileSync(path, Buffer.from(data, 'base64'));
    },
    async close() {
      bidi.close();
      const ended = new Promise((resolve) => { child.on('exit', resolve); });
      process.kill(-child.pid, 'SIGKILL');
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
