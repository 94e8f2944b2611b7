// The figures against independent tools: wasm-objdump, gzip, brotli, llvm-size
// and llvm-nm; on real files, which compilers make here.
//   node tests/figures_test.mjs [MODULE.wasm...]
// Modules given are checked too.
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { figuresOf, formatOf } from '../tool/figures.mjs';
import { readModule } from '../tool/wasm.mjs';
import { here, output, runTests, scratchFolder } from './harness.mjs';

const folder = scratchFolder();
const source = join(here, 'sample/figures.cpp');
const made = (name, command, ...args) => {
  const path = join(folder, name);
  output(command, [...args, '-o', path]);
  return path;
};

// By the linker itself: clang would run wasm-opt, which drops names.
const linked = (name, level) => made(name, 'wasm-ld-19', '--no-entry', '--export-all',
  made(`${name}.o`, 'clang++-19', '--target=wasm32', '-fno-builtin', level, '-c', source));
const named = linked('named.wasm', '-O1');
const stripped = made('stripped.wasm', 'llvm-strip-19', '--strip-all', named);
const modules = [named, stripped, ...process.argv.slice(2)];

const cxx = ['-O1', '-fno-builtin', '-fno-exceptions'];
const native = {
  'a.o': made('a.o', 'g++', ...cxx, '-c', source),
  'sections.o': made('sections.o', 'g++', ...cxx, '-ffunction-sections', '-c', source),
  'a.so': made('a.so', 'g++', ...cxx, '-fPIC', '-shared', source),
  'a.exe': made('a.exe', 'g++', ...cxx, source),
  'win.o': made('win.o', 'x86_64-w64-mingw32-g++-posix', ...cxx, '-c', source),
  'clang-win.o': made('clang-win.o', 'clang++-19', '--target=x86_64-w64-mingw32', ...cxx, '-ffunction-sections', '-c', source),
  'win.exe': made('win.exe', 'x86_64-w64-mingw32-g++-posix', ...cxx, '-static', '-s', source),
};
const archive = join(folder, 'a.a');
output('ar', ['rcs', archive, native['a.o'], native['sections.o']]);

const objdump = (flag, path) => output('wasm-objdump', [flag, path]);
const sum = (symbols) => symbols.reduce((total, { size }) => total + size, 0);

await runTests({
  'sections weigh what wasm-objdump says'() {
    for (const path of modules) {
      const theirs = [...objdump('-h', path).matchAll(/start=0x(\w+) end=\w+ \(size=0x(\w+)\)/g)]
        .map(([, start, bytes]) => [parseInt(start, 16), parseInt(bytes, 16)]);
      ok(theirs.length > 0, path);
      deepEqual(readModule(readFileSync(path)).sections.map(({ offset, size }) => [offset, size]), theirs, path);
    }
  },
  'functions weigh what wasm-objdump says'() {
    for (const path of modules) {
      const theirs = [...objdump('-x', path).matchAll(/^ - func\[(\d+)\] size=(\d+)/gm)].map(([, index, bytes]) => [Number(index), Number(bytes)]);
      ok(theirs.length > 0, path);
      deepEqual(readModule(readFileSync(path)).functions.map(({ index, size }) => [index, size]), theirs, path);
    }
  },
  // binaryen makes valid modules of random bytes, with all features that it knows
  // but drafts that still change.
  'modules of binaryen with every feature are read to their ends'() {
    const drafts = ['shared-everything', 'custom-descriptors', 'compact-imports', 'multibyte', 'strings'].map((name) => `--disable-${name}`);
    const found = new Set();
    for (const seed of [1, 2, 3, 4, 5]) {
      const [bytes, module] = ['bytes', 'random.wasm'].map((name) => join(folder, name));
      writeFileSync(bytes, Buffer.from(Array.from({ length: 3000 }, (_, i) => (seed * 7919 + i * i * 31 + (i * seed) % 251) % 256)));
      output('wasm-opt', ['-ttf', '-all', ...drafts, bytes, '-o', module]);
      for (const feature of readModule(readFileSync(module)).features) found.add(feature);
    }
    for (const feature of ['gc', 'simd128', 'exception-handling', 'atomics', 'bulk-memory', 'reference-types', 'multivalue']) ok(found.has(feature), `${feature}: ${[...found]}`);
  },
  async 'compressed sizes are those of gzip and brotli'() {
    for (const path of modules) {
      const { measures } = await figuresOf(path);
      equal(measures.brotli, Number(output('bash', ['-c', 'brotli -q 11 -w 24 -c "$0" | wc -c', path])), path);
      // The zlib inside node finds other matches than the program gzip.
      const zipped = Number(output('bash', ['-c', 'gzip -9 -n -c <"$0" | wc -c', path]));
      ok(Math.abs(measures.gzip - zipped) <= Math.max(8, 0.03 * zipped), `${path}: ${measures.gzip}, gzip ${zipped}`);
    }
  },
  async 'a stripped module takes its names from its twin'() {
    const { symbols } = await figuresOf(stripped, { twin: named });
    const { symbols: own } = await figuresOf(named);
    deepEqual(symbols.filter(({ section }) => section === 'code'), own.filter(({ section }) => section === 'code'));
    ok(symbols.some(({ name }) => name === 'sample::Stack::push'), JSON.stringify(symbols));
    equal((await figuresOf(stripped)).symbols.some(({ name }) => name === 'sample::Stack::push'), false);
    await rejects(figuresOf(stripped, { twin: linked('other.wasm', '-O0') }), /twin differ/);
  },
  async 'a stripped program takes its names from its twin'() {
    const path = made('stripped.exe', 'strip', '--strip-all', native['a.exe']);
    const { symbols } = await figuresOf(path, { twin: native['a.exe'] });
    ok(symbols.some(({ name, section }) => name === 'sample::Stack::push' && section === 'text'), JSON.stringify(symbols.slice(0, 5)));
    equal((await figuresOf(path)).symbols.some(({ name }) => name === 'sample::Stack::push'), false);
    await rejects(figuresOf(path, { twin: native['a.o'] }), /another text/);
  },
  async 'native files are known by their first bytes'() {
    for (const [name, path] of Object.entries(native)) equal(formatOf(readFileSync(path)), name.includes('win') ? 'PE' : 'ELF', name);
    equal(formatOf(readFileSync(archive)), 'ELF');
  },
  async 'sections of ELF files weigh what llvm-size says'() {
    for (const path of [native['a.o'], native['sections.o'], native['a.so'], native['a.exe'], archive]) {
      const { measures } = await figuresOf(path);
      // Berkeley's text is ours and what is read-only; an archive has a row for each object.
      const rows = output('llvm-size-19', [path]).trim().split('\n').slice(1).map((line) => line.trim().split(/\s+/).map(Number));
      const [text, data, bss] = [0, 1, 2].map((i) => rows.reduce((total, row) => total + row[i], 0));
      deepEqual([measures.text + measures.rodata, measures.data, measures.bss], [text, data, bss], path);
    }
  },
  async 'sections of PE files weigh what llvm-size says'() {
    for (const path of [native['win.o'], native['clang-win.o']]) {
      const { measures } = await figuresOf(path);
      const theirs = { text: 0, rodata: 0, data: 0, bss: 0 };
      for (const [, name, bytes] of output('llvm-size-19', ['-A', path]).matchAll(/^\.(\w+)\S*\s+(\d+)\s+\d+$/gm)) {
        if (['llvm_addrsig', 'drectve'].includes(name)) continue;
        theirs[{ text: 'text', data: 'data', ctors: 'data', bss: 'bss' }[name] ?? 'rodata'] += Number(bytes);
      }
      deepEqual([measures.text, measures.rodata, measures.data, measures.bss], Object.values(theirs), path);
    }
  },
  async 'symbols of ELF files weigh what llvm-nm says'() {
    for (const path of [native['a.o'], native['sections.o'], native['a.exe']]) {
      const { symbols } = await figuresOf(path);
      const theirs = [...output('llvm-nm-19', ['--print-size', '--defined-only', path]).matchAll(/^[\da-f]+ ([\da-f]+) [a-zA-Z] /gm)]
        .reduce((total, [, bytes]) => total + parseInt(bytes, 16), 0);
      equal(sum(symbols), theirs, path);
    }
  },
  async 'symbols of COFF objects fill their sections'() {
    const { symbols, measures } = await figuresOf(native['clang-win.o']);
    for (const name of ['sample::push', 'sample::Stack::push']) ok(symbols.some((symbol) => symbol.name === name), `${name}: ${JSON.stringify(symbols)}`);
    equal(sum(symbols.filter(({ section }) => section === 'text')), measures.text);
  },
  async 'an archive of wasm objects is named, and so is an empty one'() {
    const path = join(folder, 'wasm.a');
    output('llvm-ar-19', ['rcs', path, made('w.o', 'clang++-19', '--target=wasm32', '-c', source)]);
    await rejects(figuresOf(path), /archive of wasm objects/);
    const empty = join(folder, 'empty.a');
    writeFileSync(empty, '!<arch>\n');
    await rejects(figuresOf(empty), /no members/);
  },
});
