// The suites that C++ and JavaScript have, on every engine; `run` has built them.
//   node tests/engines/run.mjs
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, runEverywhere, writeCells } from './everywhere.mjs';

const folder = (path, pattern) => readdirSync(join(root, path)).filter((name) => pattern.test(name)).map((name) => `${path}/${name}`);
const clang = `clang ${/\d+/.exec(spawnSync('clang++-19', ['--version'], { encoding: 'utf8' }).stdout)[0]}`;

const freestanding = (bits, path, initialPages) => folder(path, /^cases-.*\.wasm$/).map((file) => ({
  toolchain: `${clang}, wasm${bits} without a C library`, feature: 'test suite', kind: 'cases', file, initialPages, is64: bits === 64,
}));

const suites = [
  ...freestanding(32, 'build/wasm/tests', 2),
  ...freestanding(64, 'build/engines/wasm64', 2),
  ...folder('build/wasi/tests', /_tests\.wasm$/).map((file) => ({ toolchain: `${clang}, WASI`, feature: 'test suite', kind: 'command', file })),
  ...folder('build/engines', /^heap-.*\.wasm$/).map((file) => ({ toolchain: 'JavaScript host', feature: 'wasm/js', kind: 'heap', file })),
];
if (new Set(suites.map(({ toolchain }) => toolchain)).size !== 4) throw new Error('not everything was built: use tests/engines/run');
writeCells('engines', await runEverywhere(suites));
