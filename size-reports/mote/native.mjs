// This machine, in two ways: an allocator inside a shared object that exports
// the entry's functions, and inside a static program that keeps them.
import { realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, demoObjects, isSized, make, moteLibrary, once, ownSource, packageVersions, profiles, run } from './build.mjs';

const flags = ['-O2', '-fPIC', '-fno-builtin', '-ffunction-sections'];
const libraries = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
const peers = ['libmimalloc-dev', 'libjemalloc-dev', 'libgoogle-perftools-dev'];
const versions = once(() => packageVersions('g++', 'gcc-12', 'binutils', 'libc6-dev', 'libstdc++-12-dev', ...peers));

const mote = profiles.map((profile) => ({
  name: `mote ${profile}`, list: 'mote',
  prepare: async () => [(await moteLibrary('native', profile)).archive],
  whole: async () => (await moteLibrary('native', profile)).shared,
}));
const nothing = {
  name: 'null allocator', list: 'c', prepare: async (directory) => [await compile('gcc', flags, ownSource('null.c'), join(directory, 'null.o'))],
};
const serves = (program, { list }) => !isSized(program) || list === 'mote' || list === 'c';

// What the linker leaves out counts for nothing, so all that is kept is named.
const keep = ({ exports }) => ['-Wl,--gc-sections', ...exports.map((name) => `-Wl,-u,${name}`)];

async function ownObjects(program, base) {
  if (program.demo) return demoObjects('native');
  const sources = [ownSource('main.c'), ...(program.source === undefined ? [] : [program.source])];
  return Promise.all(sources.map((source, i) => compile('g++', flags, source, `${base}.${i}.o`)));
}

async function linked(program, kind, objects, base) {
  const inputs = [...await ownObjects(program, base), ...objects];
  const twin = await make(`${base}.named`, 'g++', [...kind, ...keep(program), ...inputs, '-pthread', '-o', `${base}.named`], { inputs, key: await versions() });
  await run('strip', ['--strip-all', twin, '-o', base]);
  return { file: base, twin };
}

// The library that is preloaded, whole, as it is installed.
export const wholeLibrary = { name: 'library', title: 'the library for LD_PRELOAD', exports: [] };
// Debian strips them, so nothing is known of their functions.
const packaged = (name, file) => ({ name, list: null, prepare: async () => [], whole: async () => realpathSync(join(libraries, file)), onlyWhole: true });

export const nativeShared = {
  name: 'native-shared',
  title: 'Native shared object',
  programs: [wholeLibrary],
  allocators: [
    ...mote, packaged('mimalloc (Debian)', 'libmimalloc.so'), packaged('jemalloc (Debian)', 'libjemalloc.so'),
    packaged('tcmalloc minimal (Debian)', 'libtcmalloc_minimal.so'), nothing,
  ],
  serves: (program, allocator) => !program.demo && serves(program, allocator)
    && (program === wholeLibrary ? allocator.whole !== undefined : !allocator.onlyWhole),
  async link(program, { whole }, objects, directory) {
    const base = join(directory, `${program.name}.so`);
    if (program === wholeLibrary) {
      const twin = realpathSync(await whole());
      await run('strip', ['--strip-all', twin, '-o', base]);
      return { file: base, twin };
    }
    const exported = join(directory, `${program.name}.map`);
    writeFileSync(exported, `{ global: ${program.exports.map((name) => `${name};`).join(' ')} local: *; };\n`);
    return linked(program, ['-shared', `-Wl,--version-script=${exported}`], objects, base);
  },
  versions,
};

const archived = (name, list, file) => ({ name, list, prepare: async () => [join(libraries, file)] });

export const nativeStatic = {
  name: 'native-static',
  title: 'Native static link',
  allocators: [
    ...mote, { name: 'glibc', list: 'glibc', prepare: async () => [] }, archived('jemalloc (Debian)', 'jemalloc', 'libjemalloc.a'),
    archived('tcmalloc minimal (Debian)', 'tcmalloc', 'libtcmalloc_minimal.a'), nothing,
  ],
  serves,
  link: (program, allocator, objects, directory) => linked(program, ['-static'], objects, join(directory, program.name)),
  versions,
};
