// The suites that C++ and JavaScript have, on every engine; `run` has built them.
//   node tests/engines/run.mjs
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { toolchains } from '../toolchains/labels.mjs';
import { root, runEverywhere, writeCells } from './everywhere.mjs';

const folder = (path, pattern) => readdirSync(join(root, path)).filter((name) => pattern.test(name)).map((name) => `${path}/${name}`);

const freestanding = (bits, path, initialPages) => folder(path, /^cases-.*\.wasm$/).map((file) => ({
  toolchain: toolchains.freestanding(19, bits), feature: 'test suite', kind: 'cases', file, initialPages, is64: bits === 64,
}));

const wasi = (path, toolchain) => folder(path, /_tests\.wasm$/).map((file) => ({ toolchain, feature: 'test suite', kind: 'command', file }));

const emscripten = (path) => folder(path, /_tests\.js$/).map((file) => ({ toolchain: toolchains.emscripten(), feature: 'test suite', kind: 'emscripten', file }));

const suites = [
  ...freestanding(32, 'build/wasm/tests', 2),
  ...freestanding(64, 'build/engines/wasm64', 2),
  ...wasi('build/wasi/tests', toolchains.wasi()),
  ...wasi('build/wasip1/tests', toolchains.newerWasi()),
  ...emscripten('build/emscripten/tests'),
  ...folder('build/engines', /^heap-.*\.wasm$/).map((file) => ({
    toolchain: toolchains.javascript(), feature: 'wasm/js', kind: 'heap', file, waitingBytes: file.includes('hardened') ? 16 * 4096 : 0,
  })),
];
if (new Set(suites.map(({ toolchain }) => toolchain)).size !== 6) throw new Error('not everything was built: use tests/engines/run');
writeCells('engines', await runEverywhere(suites));
