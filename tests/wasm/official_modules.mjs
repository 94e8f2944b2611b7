// Holds the official modules to what they promise: their size, seven exports
// and the memory, no import, no start function; and the objects they are linked
// from to define nothing but the C names and mote_*.
//
//   node tests/wasm/official_modules.mjs mote-PROFILE-ALIGNMENT.wasm...

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

// The promise is for the default alignment, 16; with 8 some 40 bytes come on
// top.
const sizeMax = {
  'tiny-16': 1280, 'tiny-8': 1325, 'standard-16': 2480, 'standard-8': 2530,
  'hardened-16': 3485, 'hardened-8': 3550,
};
const promised = [
  'aligned_alloc', 'calloc', 'free', 'malloc', 'malloc_usable_size', 'memory',
  'posix_memalign', 'realloc',
];
// C23's, which are there for those who call them.
const others = ['free_aligned_sized', 'free_sized'];
const startSection = 8;

function readLeb(bytes, offset) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[offset++];
    value |= (byte & 127) << shift;
    if (byte < 128) return [value, offset];
  }
}

function sectionIds(bytes) {
  const ids = [];
  for (let offset = 8; offset < bytes.length;) {
    ids.push(bytes[offset]);
    const [size, body] = readLeb(bytes, offset + 1);
    offset = body + size;
  }
  return ids;
}

// operator new, new[], delete, delete[] as they are mangled.
const operatorNew = /^_Z(nw|na|dl|da)/;

function definedNames(object) {
  const options = ['--defined-only', '--extern-only', '--format=just-symbols'];
  const printed = execFileSync('llvm-nm-19', [...options, object]);
  return printed.toString().trim().split('\n');
}

function problems(bytes, object, variant) {
  const alignment = Number(variant.split('-')[1]);
  const found = [];
  const expect = (condition, text) => condition || found.push(text);
  const module = new WebAssembly.Module(bytes);
  const names = WebAssembly.Module.exports(module).map((e) => e.name).sort();
  const imports = WebAssembly.Module.imports(module).map((i) => i.name);
  expect(bytes.length <= sizeMax[variant],
    `${bytes.length} bytes, at most ${sizeMax[variant]} are promised`);
  expect(names.join() === promised.join(), `exports ${names}`);
  const unknown = definedNames(object).filter(
    (name) => ![...promised, ...others].includes(name) && !name.startsWith('mote_') && !operatorNew.test(name));
  expect(unknown.length === 0, `defines ${unknown}`);
  expect(imports.length === 0, `imports ${imports}`);
  expect(!sectionIds(bytes).includes(startSection), 'has a start function');

  const api = new WebAssembly.Instance(module).exports;
  const pages = () => api.memory.buffer.byteLength / 65536;
  const pointers = [1, 24, 100, 5000, 100000].map((size) => api.malloc(size));
  expect(pointers.every((p) => p && p % alignment === 0),
    `allocated at ${pointers}`);
  pointers.forEach((p) => api.free(p));
  const before = pages();
  expect(api.malloc(-1) === 0, 'malloc(SIZE_MAX) is not null');
  expect(pages() === before, 'a refused allocation grew the memory');
  return found;
}

let passed = 0;
let failed = 0;
for (const path of process.argv.slice(2)) {
  const name = basename(path, '.wasm');
  const bytes = await readFile(path);
  const object = path.replace(/\.wasm$/, '.o');
  const found = problems(bytes, object, name.replace('mote-', ''));
  for (const problem of found) console.error(`${name}: ${problem}`);
  console.log(`${name}: ${bytes.length} bytes`);
  if (found.length === 0) ++passed;
  else ++failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
