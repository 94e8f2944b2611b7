// AssemblyScript: its tests as a module for the engines; it has no native target.
import { join } from 'node:path';
import { toolchains } from '../toolchains/labels.mjs';
import { run } from './programs.mjs';

const exported = ['malloc', 'free', 'realloc', 'calloc', 'malloc_usable_size'];
const features = ['--enable-bulk-memory', '--enable-sign-ext', '--enable-nontrapping-float-to-int', '--enable-mutable-globals'];

export function suites(root, out) {
  return ['tiny', 'standard', 'hardened'].map((profile) => suiteOf(profile, root, out));
}

function suiteOf(profile, root, out) {
  const path = (name) => join(out, `assemblyscript-${profile}-${name}`);
  run('clang++-19', ['--target=wasm32', '-std=c++20', '-Oz', '-mbulk-memory', '-nostdlib', '-fno-builtin', '-fno-exceptions', '-fno-rtti',
    `-DMOTE_PROFILE_${profile.toUpperCase()}`, '-c', join(out, 'mote.cpp'), '-o', path('mote.o')]);
  run('wasm-ld-19', ['--no-entry', '--import-memory=program,memory', '--global-base=65536', '--initial-memory=131072', '-z', 'stack-size=4096',
    ...exported.map((name) => `--export=${name}`), path('mote.o'), '-o', path('mote.wasm')]);
  run('asc', ['wasm/assemblyscript/tests/cases.ts', '--runtime', './wasm/assemblyscript/mote', '--stackSize', '32768', '--lowMemoryLimit', '65536',
    '--initialMemory', '2', '--exportRuntime', '--use', 'abort=', '-O', '-o', path('cases.wasm').slice(root.length + 1)], { cwd: root });
  run('wasm-merge', [...features, path('cases.wasm'), 'program', path('mote.wasm'), 'mote', '-o', path('merged.wasm')]);
  return { toolchain: toolchains.assemblyscript(), feature: 'runtime', kind: 'exports', file: path('merged.wasm').slice(root.length + 1) };
}
