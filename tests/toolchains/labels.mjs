// What the table of README.md calls a toolchain: one name, whichever test run makes
// the cell. Engines have theirs in tests/engines/engines.mjs.
import { spawnSync } from 'node:child_process';

function versionOf(command, pattern, args = ['--version']) {
  const { stdout, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw new Error(`${command} does not start: ${error.message}`);
  return pattern.exec(stdout)[0];
}

export const toolchains = {
  emscripten: () => `Emscripten ${versionOf('emcc', /\d+\.\d+\.\d+/)}`,
  wasi: () => 'clang 19, WASI',
  newerWasi: () => 'clang 19, WASI of LLVM 22',
  freestanding: (clang = 19, bits = 32) => `clang ${clang}, freestanding wasm${bits}`,
  rust: () => `Rust ${versionOf('rustc', /\d+\.\d+/)}`,
  zig: () => `Zig ${versionOf('zig', /\d+\.\d+/, ['version'])}`,
  assemblyscript: () => `AssemblyScript ${versionOf('asc', /\d+\.\d+/)}`,
  javascript: () => 'JavaScript hosts',
};

// The column of what is only linked, or must not link.
export const onlyBuilt = 'built';
