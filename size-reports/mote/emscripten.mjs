// Emscripten: a module that exports the entry's functions, or the demo with the
// JavaScript around it. Only the module is measured.
import { join } from 'node:path';
import { compile, demoObjects, isSized, make, moteLibrary, once, ownSource, packageVersions, profiles, versionOf } from './build.mjs';
import { stripped } from './wasm_link.mjs';

const none = '-sMALLOC=none';

// `more`: how the linker is told. Its own allocators come by name.
const allocators = [
  ...profiles.map((profile) => ({
    name: `mote ${profile}`, list: 'mote', more: [none], prepare: async () => [(await moteLibrary('emscripten', profile)).archive],
  })),
  ...['dlmalloc', 'emmalloc', 'mimalloc'].map((name) => ({ name, list: name, more: [`-sMALLOC=${name}`], prepare: async () => [] })),
  {
    name: 'null allocator', list: 'c', more: [none],
    prepare: async (directory) => [await compile('emcc', ['-Oz', '-fno-builtin'], ownSource('null.c'), join(directory, 'null.o'))],
  },
];

// Emscripten has had mimalloc since 3.1.50.
async function hasMimalloc() {
  const [major, minor, patch] = (await versionOf('emcc', /\b(\d+\.\d+\.\d+)/)).split('.').map(Number);
  return major > 3 || (major === 3 && (minor > 1 || patch >= 50));
}

export const emscripten = {
  name: 'emscripten',
  title: 'Emscripten',
  allocators: (await hasMimalloc()) ? allocators : allocators.filter(({ name }) => name !== 'mimalloc'),
  serves: (program, { list }) => !isSized(program) || list === 'mote' || list === 'c',
  async link(program, { more }, objects, directory) {
    const base = join(directory, program.name);
    const own = program.demo ? await demoObjects('emscripten')
      : [await compile('em++', ['-Oz', '-std=c++20', '-fno-exceptions'], program.source ?? ownSource('main.c'), `${base}.o`)];
    const kind = program.demo ? ['-O2', '-sMODULARIZE', '-sINVOKE_RUN=0', '-o', `${base}.js`]
      : ['-Oz', '--no-entry', `-sEXPORTED_FUNCTIONS=${program.exports.map((name) => `_${name}`).join()}`, '-o', `${base}.wasm`];
    const inputs = [...own, ...objects];
    await make(`${base}.wasm`, 'em++', [...kind, '--profiling-funcs', '-sALLOW_MEMORY_GROWTH', ...more, ...inputs], { inputs, key: await emscripten.versions() });
    return stripped(`${base}.wasm`, `${base}.stripped.wasm`);
  },
  versions: once(async () => {
    return `Emscripten ${await versionOf('emcc', /\b(\d+\.\d+\.\d+)/)}, ${await packageVersions('emscripten', 'clang-14', 'binaryen')}`;
   }),
};
