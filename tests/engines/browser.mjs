// Runs suites in a headless browser: a server on this machine gives it the files
// of the repository, and the page keeps the results until they are asked for.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, normalize } from 'node:path';
import { openChromium, openFirefox } from '../../size-reports/tests/browsers.mjs';

const open = { chromium: openChromium, firefox: openFirefox };
const types = { '.mjs': 'text/javascript', '.js': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' };
const timeout_ms = 5 * 60 * 1000;
const poll_ms = 250;

const pageOf = (suites) => `<!doctype html><script>
  globalThis.results = [];
  globalThis.problem = null;
  const worker = new Worker('/tests/engines/worker.mjs', { type: 'module' });
  worker.onmessage = ({ data }) => { data === 'done' ? globalThis.isDone = true : results.push(data); };
  worker.onerror = ({ message }) => { globalThis.problem = message || 'the worker does not start'; };
  worker.postMessage(${JSON.stringify(suites)});
</script>`;

export async function runInBrowser(name, suites, root) {
  const server = createServer(async ({ url }, response) => {
    const path = normalize(decodeURIComponent(url));
    try {
      const body = path === '/' ? pageOf(suites) : await readFile(root + path);
      response.writeHead(200, { 'Content-Type': path === '/' ? 'text/html' : types[extname(path)] ?? 'application/octet-stream' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  let page;
  try {
    page = await open[name](`http://127.0.0.1:${server.address().port}/`);
    const end = Date.now() + timeout_ms;
    while (Date.now() < end) {
      const state = await page.evaluate('({ isDone: globalThis.isDone === true, problem, results })');
      if (state.problem !== null) throw new Error(`${name}: ${state.problem}`);
      if (state.isDone) return state.results;
      await new Promise((resolve) => { setTimeout(resolve, poll_ms); });
    }
    throw new Error(`${name} was not ready after ${timeout_ms / 60000} minutes`);
  } finally {
    await page?.close();
    server.closeAllConnections?.();
    server.close();
  }
}
