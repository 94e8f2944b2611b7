// Runs a WASI program under node, as its exit status:
//
//   node --no-warnings tests/wasm/wasi.mjs MODULE ARGUMENT...

import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';
import { wasiImports } from '../support/wasi_imports.mjs';

const args = process.argv.slice(2);
// returnOnExit is off in node 18, and 18 does not know `version`, which 20 and
// later ask for.
const wasi = new WASI({ version: 'preview1', args, returnOnExit: true });
const { instance } = await WebAssembly.instantiate(await readFile(args[0]), {
  wasi_snapshot_preview1: wasiImports(wasi),
});
process.exitCode = wasi.start(instance);
