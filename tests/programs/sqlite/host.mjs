// Runs a wasm program in this Node process and says what it cost.
//   node host.mjs MODULE.wasm|MODULE.js SCRIPT.sql OUTPUT
// A .wasm is a WASI command; a .js is what emcc wrote with -sMODULARIZE. The
// program's standard output goes to the file OUTPUT; one line of JSON goes to
// ours: seconds spent inside the program (compiling excluded) and the bytes of
// linear memory at its end, which is the peak, for linear memory never shrinks.
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';

const [modulePath, scriptPath, outputPath] = process.argv.slice(2).map((path) => resolve(path));

async function runWasi() {
  const { WASI } = await import('node:wasi');
  const output = openSync(outputPath, 'w');
  const wasi = new WASI({
    version: 'preview1',
    args: ['program', `/in/${basename(scriptPath)}`],
    preopens: { '/in': dirname(scriptPath) },
    stdout: output,
    returnOnExit: true,
  });
  const module = await WebAssembly.compile(readFileSync(modulePath));
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport });
  const begin = performance.now();
  const status = wasi.start(instance);
  const seconds = (performance.now() - begin) / 1000;
  closeSync(output);
  return { status, seconds, memory: instance.exports.memory.buffer.byteLength };
}

async function runEmscripten() {
  const factory = createRequire(import.meta.url)(modulePath);
  const lines = [];
  const program = await factory({
    noInitialRun: true,
    wasmBinary: readFileSync(modulePath.replace(/\.js$/, '.wasm')),
    print: (line) => lines.push(line),
  });
  program.FS.writeFile('/script.sql', readFileSync(scriptPath));
  const begin = performance.now();
  const status = program.callMain(['/script.sql']);
  const seconds = (performance.now() - begin) / 1000;
  writeFileSync(outputPath, lines.map((line) => `${line}\n`).join(''));
  return { status, seconds, memory: program.HEAPU8.buffer.byteLength };
}

const { status, seconds, memory } = await (modulePath.endsWith('.js') ? runEmscripten() : runWasi());
if (status !== 0) {
  console.error(`${basename(modulePath)}: exit status ${status}`);
  process.exit(1);
}
console.log(JSON.stringify({ seconds, memory }));
