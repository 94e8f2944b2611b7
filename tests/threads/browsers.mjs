// Runs in a browser what each word wants of a module (wanted.mjs), and Emscripten's
// pthreads:
//   node tests/threads/browsers.mjs chromium|firefox cases=MODULE.wasm pthreads=SCRIPT.js ...
// Paths count from the project's root. Browsers share memory only with pages that
// are isolated (COOP, COEP).
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openChromium, openFirefox } from '../../size-reports/tests/browsers.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folders = ['tests/threads/', 'build/threads/'];
const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp', 'Cache-Control': 'no-store' };
// For each line that the page prints.
const wait_ms = 120_000;

const server = createServer(({ url }, response) => {
  const path = normalize(new URL(url, 'http://localhost').pathname).slice(1);
  const file = join(root, path);
  if (!folders.some((folder) => path.startsWith(folder)) || !statSync(file, { throwIfNoEntry: false })?.isFile())
    return response.writeHead(404, isolated).end();
  response.writeHead(200, { ...isolated, 'Content-Type': types[extname(file)] ?? 'application/octet-stream' });
  return createReadStream(file).pipe(response);
});
await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
const origin = `http://127.0.0.1:${server.address().port}`;

async function outcomeOf(page, log) {
  let count = 0;
  for (let begin = Date.now(); Date.now() - begin < wait_ms;) {
    const { outcome, lines = [] } = await page.evaluate('({ outcome: window.outcome, lines: window.lines })');
    if (lines.length > count) begin = Date.now();
    for (; count < lines.length; ++count) log(lines[count]);
    if (outcome) return outcome;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  for (const line of [...page.problems, 'no outcome in time']) log(line);
  return { passed: 0, failed: 1 };
}

const [name, ...wanted] = process.argv.slice(2);
const open = { chromium: openChromium, firefox: openFirefox }[name];
for (const word of wanted) {
  const page = await open(`${origin}/tests/threads/page.html?${word.replace('=', '=/')}`);
  const { passed, failed } = await outcomeOf(page, (line) => console.log(`${name}, ${word.split('&')[0]}: ${line}`));
  await page.close();
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
server.close();
