// Runs a wasm program in this process, of node or bun, and says what it cost.
//   node host.mjs MODULE.wasm|MODULE.js FOLDER FIGURES ARGUMENT...
// A .wasm is a WASI command; a .js is what emcc wrote with -sMODULARIZE. FOLDER
// is all that the program sees. Into the file FIGURES goes JSON: seconds spent
// inside the program (compiling excluded) and the bytes of linear memory at its
// end, which is the peak, for linear memory never shrinks.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { wasiImports } from '../support/wasi_imports.mjs';
import { runEmscripten } from './emscripten.mjs';

const [modulePath, folder, figuresPath] = process.argv.slice(2, 5).map((path) => resolve(path));
const args = process.argv.slice(5);

class Exit {
  constructor(status) {
    this.status = status;
  }
}

async function runWasi() {
  const { WASI } = await import('node:wasi');
  const wasi = new WASI({ version: 'preview1', args: ['program', ...args], preopens: { '/': folder } });
  // node's ends with a status, bun's ends the process.
  const imports = { ...wasiImports(wasi), proc_exit: (status) => { throw new Exit(status); } };
  const module = await WebAssembly.compile(readFileSync(modulePath));
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: imports });
  const begin = performance.now();
  let status = 0;
  try {
    wasi.start(instance);
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    status = error.status;
  }
  const seconds = (performance.now() - begin) / 1000;
  return { status, seconds, memory: instance.exports.memory.buffer.byteLength };
}

async function runInNode() {
  const factory = createRequire(import.meta.url)(modulePath);
  const files = readdirSync(folder, { recursive: true }).sort()
    .map((path) => [path, statSync(join(folder, path)).isFile() ? readFileSync(join(folder, path)) : null]);
  const { text, ...figures } = await runEmscripten(factory, readFileSync(modulePath.replace(/\.js$/, '.wasm')), files, args);
  writeFileSync(1, text);
  return figures;
}

const { status, seconds, memory } = await (modulePath.endsWith('.js') ? runInNode() : runWasi());
if (status !== 0) {
  console.error(`Error: ${basename(modulePath)}: exit status ${status}`);
  process.exit(1);
}
writeFileSync(figuresPath, JSON.stringify({ seconds, memory }));
