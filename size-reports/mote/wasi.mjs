// wasm32 with wasi-libc and libc++: a reactor that exports the entry's functions,
// or the demo as the command it is.
import { join } from 'node:path';
import { compile, demoObjects, isSized, make, moteLibrary, once, ownSource, packageVersions, profiles, versionOf } from './build.mjs';
import { optimised, stripped } from './wasm_link.mjs';

const target = ['--target=wasm32-wasi', '-Oz', '-fno-exceptions', '-fno-builtin'];

const allocators = [
  ...profiles.map((profile) => ({
    name: `mote ${profile}`, list: 'mote', prepare: async () => [(await moteLibrary('wasi', profile)).archive],
  })),
  { name: 'dlmalloc (wasi-libc)', list: 'dlmalloc', prepare: async () => [] },
  { name: 'null allocator', list: 'c', prepare: async (directory) => [await compile('clang-19', target, ownSource('null.c'), join(directory, 'null.o'))] },
];

async function linked(program, objects, own, output) {
  const model = program.demo ? [] : ['-mexec-model=reactor'];
  const inputs = [...own, ...objects];
  // Clang runs wasm-opt when it links with -O, whichever version it finds.
  return make(output, 'clang++-19', [
    '--target=wasm32-wasi', '-O0', ...model, '-Wl,--strip-debug', ...program.exports.map((name) => `-Wl,--export=${name}`), ...inputs, '-o', output,
  ], { inputs, key: await wasi.versions() });
}

export const wasi = {
  name: 'wasi',
  title: 'WASI',
  allocators,
  serves: (program, { list }) => !isSized(program) || list === 'mote' || list === 'c',
  async link(program, allocator, objects, directory) {
    const base = join(directory, program.name);
    // The demo is measured as it is linked: wasm-opt takes half a minute for it.
    if (program.demo) return stripped(await linked(program, objects, await demoObjects('wasi'), `${base}.named.wasm`), `${base}.wasm`);
    const own = program.source === undefined ? [] : [await compile('clang++-19', [...target, '-std=c++20'], program.source, `${base}.o`)];
    return optimised(await linked(program, objects, own, `${base}.linked.wasm`), base);
  },
  versions: once(async () => {
    return [
      `clang ${await versionOf('clang++-19', /version ([\d.]+)/)}`, `lld ${await versionOf('wasm-ld-19', /LLD ([\d.]+)/)}`,
      `binaryen ${await versionOf('wasm-opt', /version (\d+)/)}`, await packageVersions('wasi-libc', 'libc++-19-dev-wasm32'),
    ].join(', ');
   }),
};
