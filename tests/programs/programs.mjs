// The programs: where their source is, how they are compiled, what they do and
// what of their output counts. A program is
//   name, title
//   packages     Debian's source packages, for ./sources
//   sources      files to compile, a function of the toolchain
//   cxx          whether they are C++
//   flags        for both toolchains; `wasi`, `emscripten`: { flags, link } of one
//   inputs       a function that fills the empty folder that the program works in
//   args         its command line
//   answers      what every build must print alike; `alike`: in both toolchains
//   work         in words, from the answers; a Failure if it was not done
import { cpSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { grouped } from '../../size-reports/tool/tables.mjs';
import { Failure, output, root } from './support.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const debianSource = (name, ...parts) => join(root, 'build/programs/sources', name, ...parts);
const filesOf = (directory, pattern) => readdirSync(directory).filter((file) => pattern.test(file)).sort().map((file) => join(directory, file));

// What Debian's wasi-libc has not got; see the files. Emscripten's tmpnam takes the
// name from a clock that is too coarse for two names.
const filesPart = join(here, 'wasi/files.c');
const wasiParts = [filesPart, join(here, 'wasi/setjmp.c')];
const wasiFlags = [`-I${join(here, 'wasi')}`, '-mllvm', '-wasm-enable-sjlj', '-DL_tmpnam=32', '-D_WASI_EMULATED_SIGNAL', '-D_WASI_EMULATED_PROCESS_CLOCKS'];

const sqliteSource = join(root, 'build/tools/node_modules/better-sqlite3/deps/sqlite3');
const sqlite = {
  name: 'sqlite',
  title: 'SQLite',
  packages: [],
  sources: () => [join(sqliteSource, 'sqlite3.c'), join(here, 'sqlite/run.c')],
  // Every allocation must reach malloc, or there would be nothing to compare:
  // SQLite's lookaside (its own pool for small blocks) and memory statistics are
  // off, and so is threading, which these builds have not got.
  flags: [
    `-I${sqliteSource}`, '-DSQLITE_THREADSAFE=0', '-DSQLITE_OMIT_LOAD_EXTENSION', '-DSQLITE_OMIT_WAL', '-DSQLITE_OMIT_SHARED_CACHE',
    '-DSQLITE_TEMP_STORE=3', '-DSQLITE_DEFAULT_MEMSTATUS=0', '-DSQLITE_DEFAULT_LOOKASIDE=0,0', '-DHAVE_MALLOC_H', '-DHAVE_MALLOC_USABLE_SIZE',
  ],
  inputs: (folder) => cpSync(join(here, 'sqlite/workload.sql'), join(folder, 'workload.sql')),
  args: ['workload.sql'],
  alike: true,
  answers: (text) => text,
  work(text) {
    const rows = Number(/^filled\|\d+\|\d+\|(\d+)\|/m.exec(text)?.[1]);
    const lines = text.trimEnd().split('\n').length;
    if (!(rows >= 200000) || lines < 100) throw new Failure('SQLite did not do the work');
    const script = readFileSync(join(here, 'sqlite/workload.sql'));
    const native = output('sqlite3', ['-batch', '-bail', '-init', '/dev/null', ':memory:'], { input: script, stdio: ['pipe', 'pipe', 'pipe'] });
    if (native !== text) throw new Failure('SQLite answers other than the native sqlite3');
    return `${grouped(rows)} rows filled, indexed, queried, updated, deleted, vacuumed in memory: ${lines} lines of answers, those of the native sqlite3`;
  },
};

// Lua's own test suite for 5.1, as the source package of a Lua in Go has it: all
// its files but all.lua, which lists them; main.lua, which starts processes;
// api, checktable and code, which need a Lua with internal tests; math and pm,
// which the package changed into what Lua 5.1 does not accept; big, whose subject
// is strings of more than memory holds.
const luaSource = debianSource('lua5.1', 'src');
const luaSuite = debianSource('golang-github-yuin-gopher-lua', '_lua5.1-tests');
const luaFiles = [
  'gc', 'db', 'calls', 'strings', 'literals', 'attrib', 'locals', 'constructs', 'nextvar', 'events', 'vararg', 'closure', 'errors', 'sort', 'verybig', 'files',
].map((file) => `${file}.lua`);
const lua = {
  name: 'lua',
  title: 'Lua',
  packages: ['lua5.1', 'golang-github-yuin-gopher-lua'],
  sources: (toolchain) => [...filesOf(luaSource, /^l.*\.c$/).filter((file) => !file.endsWith('/luac.c')), ...(toolchain === 'wasi' ? wasiParts : [filesPart])],
  flags: [],
  wasi: { flags: wasiFlags, link: ['-lwasi-emulated-signal', '-lwasi-emulated-process-clocks'] },
  inputs(folder) {
    cpSync(luaSuite, folder, { recursive: true });
    cpSync(join(here, 'lua/suite.lua'), join(folder, 'suite.lua'));
  },
  args: ['suite.lua', ...luaFiles],
  alike: true,
  answers: (text) => text.replace(/^test done on .*/gm, 'test done'),
  work(text) {
    const files = text.match(/^file .*\.lua$/gm)?.length;
    if (files !== luaFiles.length || !text.includes(`files done: ${files}`)) throw new Failure("Lua's test suite did not run to its end");
    return `${luaFiles.length} files of the test suite of Lua 5.1, in one heap`;
  },
};

// pugixml's own tests. test_document reads files by std::ifstream, which the
// libc++ for WASI leaves out.
const pugixml = {
  name: 'pugixml',
  title: 'pugixml',
  packages: ['pugixml'],
  cxx: true,
  sources: (toolchain) => [
    debianSource('pugixml', 'src/pugixml.cpp'),
    ...filesOf(debianSource('pugixml', 'tests'), /\.cpp$/).filter((file) => !/\/fuzz_/.test(file) && !(toolchain === 'wasi' && file.endsWith('/test_document.cpp'))),
    ...(toolchain === 'wasi' ? wasiParts : []),
  ],
  flags: ['-fno-exceptions', '-DPUGIXML_NO_EXCEPTIONS'],
  wasi: { flags: wasiFlags, link: [] },
  inputs: (folder) => cpSync(debianSource('pugixml', 'tests/data'), join(folder, 'tests/data'), { recursive: true }),
  args: [],
  alike: false,
  answers: (text) => text,
  work(text) {
    const count = Number(/^Success: (\d+) tests passed\.$/m.exec(text)?.[1]);
    if (!(count > 700)) throw new Failure(`pugixml's tests: ${text.trim().split('\n').at(-1)}`);
    return `${count} tests of its own`;
  },
};

export const programs = [sqlite, lua, pugixml];

// The programs of these names, all for none.
export function programsNamed(names) {
  return names.length === 0 ? programs : names.map((name) => {
    const program = programs.find((known) => known.name === name);
    if (!program) throw new Failure(`no program ${name}; there are ${programs.map((known) => known.name).join(', ')}`);
    return program;
  });
}
