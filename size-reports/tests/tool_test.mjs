// Tests of the size tool: its figures against wasm-objdump's, and bad input.
//   node size-reports/tool_test.mjs BUILD_DIRECTORY
// BUILD_DIRECTORY is where entries.mjs left its modules. Prints
// `N passed, M failed`.
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { shortName, wasmFigures } from './figures.mjs';
import { grouped, markdownTable, textTable, wrapped } from './report.mjs';
import { WasmError, readModule } from './wasm.mjs';

const modules = readdirSync(process.argv[2], { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /^[a-z_]+(\.named)?\.wasm$/.test(entry.name))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
const sample = readFileSync(modules.find((path) => path.endsWith('c_api.named.wasm')));
const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const objdump = (flag, path) => execFileSync('wasm-objdump', [flag, path], { encoding: 'utf8' });

// The error that `bytes` lead to; anything else is a failure.
function rejection(bytes) {
  try {
    wasmFigures(Buffer.from(bytes));
  } catch (error) {
    ok(error instanceof WasmError, `${error.stack}`);
    return error.message;
  }
  return 'accepted';
}

const tests = {
  'sections weigh what wasm-objdump says'() {
    for (const path of modules) {
      const theirs = [...objdump('-h', path).matchAll(/start=0x(\w+) end=\w+ \(size=0x(\w+)\)/g)]
        .map(([, start, size]) => [parseInt(start, 16), parseInt(size, 16)]);
      deepEqual(readModule(readFileSync(path)).sections.map(({ offset, size }) => [offset, size]), theirs, path);
    }
  },
  'functions weigh what wasm-objdump says'() {
    for (const path of modules) {
      const theirs = [...objdump('-x', path).matchAll(/^ - func\[(\d+)\] size=(\d+)/gm)].map(([, index, size]) => [Number(index), Number(size)]);
      ok(theirs.length > 0, path);
      deepEqual(readModule(readFileSync(path)).functions.map(({ index, size }) => [index, size]), theirs, path);
    }
  },
  'a stripped module takes its names from its twin'() {
    const path = modules.find((candidate) => candidate.endsWith('tiny/malloc_free.wasm'));
    const twin = readFileSync(path.replace('.wasm', '.named.wasm'));
    const names = wasmFigures(readFileSync(path), twin).functions.map(({ name }) => name);
    ok(names.includes('malloc') && !names.some((name) => name.startsWith('function ')), names.join());
    throws(() => wasmFigures(readFileSync(path), sample), /twin differ/);
  },
  'a module cut anywhere is rejected or shorter'() {
    for (let size = 0; size < sample.length; ++size) {
      const message = rejection(sample.subarray(0, size));
      ok(/offset|accepted/.test(message));
    }
  },
  'a module with changed bytes never makes another error'() {
    let state = 1;
    const random = (limit) => (state = state * 48271 % 2147483647) % limit;
    for (let i = 0; i < 4000; ++i) {
      const changed = Buffer.from(sample);
      for (let n = 0; n <= i % 3; ++n) changed[random(changed.length)] = random(256);
      rejection(changed);
    }
  },
  'what is not a module is named'() {
    match(rejection([]), /file is empty/);
    match(rejection(Buffer.from('int main() {}')), /not a wasm module/);
    match(rejection([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), /component/);
    match(rejection([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0]), /version 1/);
    match(rejection([...header, 77, 0]), /unknown section 77/);
    match(rejection([...header, 10, 100, 1]), /code section says it has 100 bytes, 1 are left/);
    match(rejection([...header, 10, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]), /4294967295 elements/);
    match(rejection([...header, 10, 5, 0x80, 0x80, 0x80, 0x80, 0x80]), /longer than its type/);
    equal(rejection(header), 'accepted');
  },
  'names lose their arguments'() {
    equal(shortName('mote::Heap<mote::Config{16u, true}, mote::MemoryGrow>::allocate(unsigned long, unsigned long)'), 'mote::Heap::allocate');
    equal(shortName('void mote::push<int>(mote::List*) const'), 'mote::push');
    equal(shortName('operator new(unsigned long)'), 'operator new');
    equal(shortName('malloc'), 'malloc');
  },
  'tables align numbers to the right'() {
    equal(textTable(['a', 'b'], [['x', '1'], ['yy', '1,000']], ''), 'a       b\n---------\nx       1\nyy  1,000');
    equal(markdownTable(['a', 'b'], [['x', '1']]), '| a | b |\n|---|---:|\n| x | 1 |');
    equal(wrapped('names ', ['one', 'two', 'three'], 14), 'names one,\n      two,\n      three');
    equal(grouped(1234567), '1,234,567');
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    test();
  } catch (error) {
    failed += 1;
    console.error(`failed: ${name}\n${error.stack}`);
  }
}
console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
