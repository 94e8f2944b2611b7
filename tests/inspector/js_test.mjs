// The JavaScript side of a heap, in node: wasm/js on modules of both profiles and
// alignments that export all of mote's C names, and on what Emscripten made.
//   node tests/inspector/js_test.mjs EMSCRIPTEN.js MODULE.wasm...
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { runTests } from '../../size-reports/tests/harness.mjs';
import { Pieces, walk } from '../../wasm/js/layout.js';
import { Heap, HeapError, kinds } from '../../wasm/js/mote.js';
import { random } from './traces.mjs';

const [emscriptenPath, ...paths] = process.argv.slice(2);
const pageSize = 65536;

function open(path) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)));
  return new Heap(exports);
}

// The pieces as the module's own mote_walk lists them.
function ownWalk(heap) {
  const { exports, memory } = heap;
  const room = 3_000_000;
  const at = memory.buffer.byteLength;
  memory.grow(Math.ceil(room / pageSize)); // behind the heap's back, so that it stays as it is
  const count = exports.mote_walk(at, Math.floor(room / 12));
  const words = new Uint32Array(memory.buffer, at, 3 * count);
  return Array.from({ length: count }, (_, i) => [...words.subarray(3 * i, 3 * i + 3)]);
}

const rows = (pieces) => Array.from({ length: pieces.count }, (_, i) => [pieces.address[i], pieces.size[i], pieces.kind[i]]);

// Allocates and frees at random; what is in use: pointer to size.
function churn(heap, seed, steps) {
  const below = random(seed);
  const live = new Map();
  for (let i = 0; i < steps; ++i) {
    if (live.size > 0 && below(5) < 2) {
      const pointer = [...live.keys()][below(live.size)];
      heap.exports.free(pointer);
      live.delete(pointer);
    } else {
      const size = 1 + below(below(20) === 0 ? 9000 : 600);
      const pointer = heap.exports.malloc(size);
      // What looks like the links of a free block is not taken for one.
      new Uint32Array(heap.memory.buffer, pointer, Math.floor(size / 4)).fill(i % 2 ? 0xFFFFFFFF : pointer + 15);
      live.set(pointer, size);
    }
  }
  return live;
}

function seesAnEmptyHeap(path) {
  const heap = open(path);
  equal(heap.walk().count, 0);
  equal(heap.statistics().footprint, 0);
}

function walksAsTheModuleDoes(path) {
  const heap = open(path);
  const live = churn(heap, 1, 3000);
  const listed = rows(heap.walk());
  deepEqual(listed, ownWalk(heap));
  const used = listed.filter(([, , kind]) => kind === kinds.used).map(([address]) => address);
  deepEqual(used.sort((a, b) => a - b), [...live.keys()].sort((a, b) => a - b));
}

// Whichever piece it is that no longer fits.
function growsItsColumns(path) {
  const heap = open(path);
  churn(heap, 3, 300);
  const { count: pieceCount, ...columns } = heap.walk();
  const expected = { pieceCount, blockSizes: [...columns.blockSize.slice(0, pieceCount)], rows: rows(heap.walk()) };
  for (let capacity = 1; capacity <= pieceCount; ++capacity) {
    const pieces = walk(heap.memory, heap.layout, new Pieces(capacity));
    deepEqual({ pieceCount: pieces.count, blockSizes: [...pieces.blockSize.slice(0, pieces.count)], rows: rows(pieces) }, expected);
  }
}

function countsAsTheModuleDoes(path) {
  const heap = open(path);
  churn(heap, 2, 3000);
  const counted = heap.statistics();
  const at = heap.memory.buffer.byteLength;
  heap.memory.grow(1);
  heap.exports.mote_stats(at);
  const [footprint, peak, used, free, usedCount, freeCount, regionCount, slabCount, largest] = new Uint32Array(heap.memory.buffer, at, 9);
  deepEqual([counted.footprint, counted.footprint, counted.used, counted.free, counted.usedCount, counted.freeCount, counted.regionCount, counted.slabCount, counted.largestFree],
    [footprint, peak, used, free, usedCount, freeCount, regionCount, slabCount, largest]);
  ok(usedCount > 100 && freeCount > 10);
  equal(counted.unusable(1), 0);
  equal(counted.unusable(2 ** 31), 1);
  const bySize = new Uint32Array(heap.memory.buffer, at + 40, 4 * 32);
  deepEqual([...counted.usedBySize], Array.from({ length: 32 }, (_, i) => bySize[4 * i + 1]));
  deepEqual([...counted.freeBySize], Array.from({ length: 32 }, (_, i) => bySize[4 * i + 3]));
}

function seesForeignGrowth(path) {
  const heap = open(path);
  heap.exports.malloc(1000);
  heap.memory.grow(3);
  heap.exports.malloc(200_000);
  equal(heap.statistics().regionCount, 2);
  deepEqual(rows(heap.walk()), ownWalk(heap));
}

function blocksOutliveGrowth(path) {
  const heap = open(path);
  const numbers = heap.write(new Float64Array([1.5, -2, 1e300]));
  const text = heap.writeText('grüße, 世界');
  const before = numbers.view;
  const bytes = heap.memory.buffer.byteLength;
  const large = heap.allocate(1_000_000, Float32Array);
  ok(heap.memory.buffer.byteLength > bytes, 'the memory grew');
  equal(before.length, 0, 'and the old view is dead');
  deepEqual([...numbers.view], [1.5, -2, 1e300]);
  equal(text.text, 'grüße, 世界');
  equal(heap.readText(text.pointer), 'grüße, 世界');
  equal(text.length, Buffer.byteLength('grüße, 世界'));
  large.view[999_999] = 3;
  equal(large.view[999_999], 3);
  for (const block of [numbers, text, large]) block.free();
  equal(heap.statistics().usedCount, 0);
}

function freesOnce(path) {
  const heap = open(path);
  const block = heap.write(new Uint8Array([1, 2, 3]));
  const other = heap.write(new Uint8Array([4]));
  block.free();
  throws(() => block.free(), /freed before/);
  throws(() => block.view, /was freed/);
  deepEqual([...other.view], [4]);
}

function refusalIsNull(path) {
  const heap = open(path);
  equal(heap.allocate(2 ** 32 - 100), null);
  throws(() => heap.allocate(-1), RangeError);
  throws(() => heap.allocate(1.5), RangeError);
  throws(() => heap.allocate(2 ** 30, Float64Array), RangeError);
  const empty = heap.write(new Uint8Array());
  equal(empty.view.length, 0);
  empty.free();
  throws(() => heap.readText(heap.memory.buffer.byteLength), /no text ends/);
}

function overwrittenHeapsAreTold(path) {
  const heap = open(path);
  const pointer = heap.exports.malloc(5000);
  const words = new Uint32Array(heap.memory.buffer);
  for (const bits of [0, 4, 0xFFFFFFF4, 1 << 30 | 4]) {
    words[pointer / 4 - 1] = bits;
    throws(() => heap.walk(), (error) => error instanceof HeapError && /overwritten/.test(error.message), String(bits));
  }
}

function otherModulesAreTold() {
  const empty = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6D, 1, 0, 0, 0))).exports;
  throws(() => new Heap(empty), /does not export memory/);
  const memory = new WebAssembly.Memory({ initial: 1 });
  throws(() => new Heap({ memory }).walk(), /does not export mote_layout/);
  throws(() => new Heap({ memory }).allocate(1), /does not export malloc/);
  throws(() => new Heap({ memory, mote_layout: () => 64 }).walk(), /layout 0/);
  throws(() => new Heap({ memory, mote_layout: () => 65536 }).walk(), /outside/);
}

async function worksWithEmscripten() {
  const module = await createRequire(import.meta.url)(emscriptenPath)({ wasmBinary: readFileSync(emscriptenPath.replace(/js$/, 'wasm')) });
  const heap = Heap.ofEmscripten(module);
  const text = heap.writeText('grüße');
  const large = heap.allocate(30_000_000);
  large.view.fill(1);
  equal(text.text, 'grüße');
  deepEqual([...new Set(large.view)], [1]);
  ok(heap.statistics().used > 30_000_000);
  ok(rows(heap.walk()).some(([address, , kind]) => address === large.pointer && kind === kinds.used));
  large.free();
  text.free();
  ok(heap.statistics().used < 30_000_000);
}

const perModule = [
  seesAnEmptyHeap, walksAsTheModuleDoes, growsItsColumns, countsAsTheModuleDoes, seesForeignGrowth, blocksOutliveGrowth, freesOnce, refusalIsNull,
  overwrittenHeapsAreTold,
];
await runTests({
  ...Object.fromEntries(paths.flatMap((path) => perModule.map((test) => [`${test.name} ${basename(path)}`, () => test(path)]))),
  'works with Emscripten': worksWithEmscripten,
  'other modules are told': otherModulesAreTold,
});
