// Zig: the tests natively, and as modules for the engines.
import { join } from 'node:path';
import { toolchains } from '../toolchains/labels.mjs';
import { run } from './programs.mjs';

const flags = ['-std=c++20', '-fno-builtin', '-fno-exceptions', '-fno-rtti', '-fno-sanitize=undefined'];
const feature = (target) => `std.mem.Allocator, ${target}`;

function zigTest(root, out, args) {
  const cache = join(out, 'zig');
  return run('zig', ['test', join(root, 'wasm/zig/tests/cases.zig'), '--mod', `mote::${join(root, 'wasm/zig/mote.zig')}`, '--deps', 'mote', ...args],
    { environment: { ZIG_LOCAL_CACHE_DIR: cache, ZIG_GLOBAL_CACHE_DIR: cache } });
}

export function nativeCell(root, out) {
  return {
    toolchain: toolchains.zig(), engine: 'native', feature: feature('x86_64-linux'),
    test() {
      const printed = zigTest(root, out, [
        '-lc', ...['src', 'src/include', 'native'].flatMap((folder) => ['-I', join(root, folder)]),
        '-cflags', ...flags, '-fno-threadsafe-statics', '--',
        ...['malloc', 'malloc_info', 'trap'].map((name) => join(root, `native/${name}.cpp`)),
      ]);
      return { passed: Number(/^All (\d+) tests passed/m.exec(printed)?.[1] ?? 0), failed: 0 };
    },
  };
}

export function suites(root, out) {
  const initialPages = 32;
  const module = (target, more) => {
    const file = join(out, `zig-${target}.wasm`);
    zigTest(root, out, ['-target', target, '-O', 'ReleaseSmall', '--test-no-exec', `-femit-bin=${file}`, ...more,
      '-cflags', ...flags, '-mbulk-memory', '--', join(out, 'mote.cpp')]);
    return file.slice(root.length + 1);
  };
  return [
    { toolchain: toolchains.zig(), feature: feature('wasm32-wasi'), kind: 'command', file: module('wasm32-wasi', []) },
    {
      toolchain: toolchains.zig(), feature: feature('wasm32-freestanding'), kind: 'cases', initialPages,
      file: module('wasm32-freestanding', ['--test-runner', join(root, 'wasm/zig/tests/module.zig'), '--import-memory', `--initial-memory=${initialPages * 65536}`, '-rdynamic']),
    },
  ];
}
