// Where a module of a program runs: in a process of node or bun (host.mjs), or in
// the page of a browser. Each engine: { name, title(), toolchains, run }, and
// `run(program, module)` gives { text, seconds, memory }.
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openChromium, openFirefox } from '../../size-reports/tests/browsers.mjs';
import { titleOf } from '../engines/engines.mjs';
import { Failure, output, root } from './support.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const page_ms = 120_000;

// A new folder, for programs write into theirs.
function inputsOf(program) {
  const folder = join(root, 'build/programs', program.name, 'folder');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  program.inputs(folder);
  return folder;
}

const inProcess = (command, flags) => (program, module) => {
  const figures = join(root, 'build/programs', program.name, 'figures.json');
  const text = output(command, [...flags, join(here, 'host.mjs'), module.file, inputsOf(program), figures, ...program.args], {}, `${module.file} in ${command}`);
  writeFileSync(`${module.file}.txt`, text);
  return { ...JSON.parse(readFileSync(figures, 'utf8')), text };
};

const page = `<!doctype html><script src="/program.js"></script><script type="module">
  import { runEmscripten } from '/emscripten.mjs';
  const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
  window.start = async (entries, args) => {
    try {
      const files = await Promise.all(entries.map(async ([path, isFile]) => [path, isFile ? await bytes('/folder/' + path) : null]));
      window.result = await runEmscripten(program, await bytes('/program.wasm'), files, args);
    } catch (error) {
      window.result = { error: String(error) };
    }
  };
  window.isReady = true;
</script>`;

function serve(module, folder) {
  const types = { js: 'text/javascript', mjs: 'text/javascript', wasm: 'application/wasm' };
  const fileOf = (path) => ({ '/program.js': module.file, '/program.wasm': module.wasm, '/emscripten.mjs': join(here, 'emscripten.mjs') })[path]
    ?? (path.startsWith('/folder/') ? join(folder, path.slice('/folder/'.length)) : null);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url);
    if (path === '/') return response.setHeader('content-type', 'text/html').end(page);
    const file = fileOf(path);
    if (!file) return response.writeHead(404).end();
    return response.setHeader('content-type', types[path.split('.').at(-1)] ?? 'application/octet-stream').end(readFileSync(file));
  });
  return new Promise((resolve) => { server.listen(0, '127.0.0.1', () => resolve(server)); });
}

async function until(tab, expression) {
  for (const begin = Date.now(); !await tab.evaluate(`Boolean(${expression})`);) {
    if (Date.now() - begin > page_ms) throw new Failure(`the page has no ${expression} after ${page_ms / 1000} s: ${tab.problems.at(-1)}`);
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

const inPage = (open) => async (program, module) => {
  const folder = inputsOf(program);
  const entries = readdirSync(folder, { recursive: true }).sort().map((path) => [path, statSync(join(folder, path)).isFile()]);
  const server = await serve(module, folder);
  let tab;
  try {
    tab = await open(`http://127.0.0.1:${server.address().port}/`);
    await until(tab, 'window.isReady');
    await tab.evaluate(`(start(${JSON.stringify(entries)}, ${JSON.stringify(program.args)}), true)`);
    await until(tab, 'window.result');
    const result = await tab.evaluate('window.result');
    if (result.error || result.status !== 0) throw new Failure(result.error ?? `exit status ${result.status}`);
    return result;
  } catch (error) {
    throw new Failure(`${module.file} in a page: ${error.message.split('\n')[0]}`);
  } finally {
    await tab?.close();
    server.closeAllConnections();
    server.close();
  }
};

const titled = (name) => () => titleOf(name, root);

// Node 18 and newer have a fetch, which the glue of Emscripten 3.1.6 prefers to
// reading a file.
export const engines = [
  { name: 'node', title: titled('node'), toolchains: ['wasi', 'emscripten'], run: inProcess('node', ['--no-warnings', '--no-experimental-fetch']) },
  { name: 'bun', title: titled('bun'), toolchains: ['wasi', 'emscripten'], run: inProcess('bun', []) },
  { name: 'Chromium', title: titled('chromium'), toolchains: ['emscripten'], run: inPage(openChromium) },
  { name: 'Firefox', title: titled('firefox'), toolchains: ['emscripten'], run: inPage(openFirefox) },
];
