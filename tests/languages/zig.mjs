// Zig: the tests natively, and as modules for the engines.
import { join } from 'node:path';
import { toolchains } from '../toolchains/labels.mjs';
import { run } from './programs.mjs';

const flags = ['-std=c++20', '-fno-builtin', '-fno-exceptions', '-fno-rtti', '-fno-sanitize=undefined'];
const feature = (target) => `std.mem.Allocator, ${target}`;
const profiles = ['TINY', 'STANDARD', 'HARDENED'];

function zigTest(root, out, args) {
  const cache = join(out, 'zig');
  return run('zig', ['test', join(root, 'wasm/zig/tests/cases.zig'), '--mod', `mote::${join(root, 'wasm/zig/mote.zig')}`, '--deps', 'mote', ...args],
    { environment: { ZIG_LOCAL_CACHE_DIR: cache, ZIG_GLOBAL_CACHE_DIR: cache } });
}

export function nativeCell(root, out) {
  return {
    toolchain: toolchains.zig(), engine: 'native', feature: feature('x86_64-linux'),
    test() {
      const counts = profiles.map((profile) => {
        const printed = zigTest(root, out, [
          '-lc', ...['src', 'src/include', 'native'].flatMap((folder) => ['-I', join(root, folder)]),
          '-cflags', ...flags, '-fno-threadsafe-statics', `-DMOTE_PROFILE_${profile}`, '--',
          ...['malloc', 'malloc_info', 'trap'].map((name) => join(root, `native/${name}.cpp`)),
        ]);
        return Number(/^All (\d+) tests passed/m.exec(printed)[1]);
      });
      return { passed: counts.reduce((sum, count) => sum + count, 0), failed: 0 };
    },
  };
}

export function suites(root, out) {
  const initialPages = 32;
  const module = (target, profile, more) => {
    const file = join(out, `zig-${target}-${profile.toLowerCase()}.wasm`);
    zigTest(root, out, ['-target', target, '-O', 'ReleaseSmall', '--test-no-exec', `-femit-bin=${file}`, ...more,
      '-cflags', ...flags, '-mbulk-memory', `-DMOTE_PROFILE_${profile}`, '--', join(out, 'mote.cpp')]);
    return file.slice(root.length + 1);
  };
  return profiles.flatMap((profile) => [
    { toolchain: toolchains.zig(), feature: feature('wasm32-wasi'), kind: 'command', file: module('wasm32-wasi', profile, []) },
    {
      toolchain: toolchains.zig(), feature: feature('wasm32-freestanding'), kind: 'cases', initialPages,
      file: module('wasm32-freestanding', profile, ['--test-runner', join(root, 'wasm/zig/tests/module.zig'), '--import-memory', `--initial-memory=${initialPages * 65536}`, '-rdynamic']),
    },
  ]);
}
