// Reads a heap of mote in a module's memory, from outside: one pass over its
// headers and slabs, without a call into the module. All that this side knows of
// the core is here; where things are, the module says itself (`Layout` in
// src/walk.hpp), and Walker there walks the same way.

const version = 2;
const names = [
  'version', 'heap', 'alignment', 'origin', 'extent', 'isFree', 'isUsed', 'slabSize', 'slabBytes', 'classMask',
  'map', 'mapSize', 'entrySize', 'lists', 'classStride', 'back',
];
const headerSize = 4;
const aheadCount = 2048;

export class HeapError extends Error {}

// The kinds of pieces, as in mote/inspect.h.
export const kinds = { region: 0, slab: 1, used: 2, free: 3, map: 4 };

// `address`: what the export `mote_layout` returns.
export function readLayout(memory, address) {
  if (address % 4 !== 0 || address + 4 * names.length > memory.buffer.byteLength) throw new HeapError('mote_layout points outside of the memory');
  const words = new Uint32Array(memory.buffer, address, names.length);
  if (words[0] !== version) throw new HeapError(`the module's heap has layout ${words[0]}, this reader knows ${version}`);
  const layout = Object.fromEntries(names.map((name, i) => [name, words[i]]));
  for (const name of ['origin', 'extent', 'map', 'mapSize']) layout[name] += layout.heap;
  return layout;
}

// The pieces of a heap as columns: `address`, `size`, `kind` up to `count`; of a
// slab also `blockSize` and `usedCount`. Small blocks follow their slab. Made once
// and filled by each walk, so that a frame makes no garbage.
export class Pieces {
  constructor(capacity = 1024) {
    this.count = 0;
    this.reserve(capacity);
  }

  reserve(capacity) {
    const grown = (old, Type) => {
      const array = new Type(capacity);
      if (old) array.set(old);
      return array;
    };
    this.capacity = capacity;
    this.address = grown(this.address, Uint32Array);
    this.size = grown(this.size, Uint32Array);
    this.kind = grown(this.kind, Uint8Array);
    this.blockSize = grown(this.blockSize, Uint16Array);
    this.usedCount = grown(this.usedCount, Uint16Array);
  }

  add(address, size, kind) {
    if (this.count === this.capacity) this.reserve(this.capacity * 2);
    this.address[this.count] = address;
    this.size[this.count] = size;
    this.kind[this.count++] = kind;
  }
}

const hex = (address) => `0x${address.toString(16)}`;

// Fills `pieces` from the heap as it is now. Throws HeapError when its own data
// was overwritten so that it leads nowhere. O(pieces). An outline leaves out the
// blocks in slabs, whose memory it then need not read.
export function walk(memory, layout, pieces, { isOutline = false } = {}) {
  const words = new Uint32Array(memory.buffer, 0, memory.buffer.byteLength >>> 2);
  const inUse = layout.isFree | layout.isUsed;
  const flags = layout.alignment - 1;
  const last = layout.origin + words[layout.extent >>> 2];
  const oldCount = pieces.count;
  let readCount = 0;
  pieces.count = 0;
  pieces.isOutline = isOutline;
  let region = -1;
  for (let block = layout.origin; ;) {
    if (readCount < oldCount && readCount < pieces.count + aheadCount) readCount = readAhead(words, pieces, readCount, oldCount);
    const bits = words[block >>> 2];
    const size = bits & ~flags;
    if (bits & inUse) {
      if (region < 0) {
        region = pieces.count;
        pieces.add(block, 0, kinds.region);
      }
      addBlock(words, layout, pieces, block + headerSize, (size >>> 0) - headerSize, bits & layout.isFree);
    } else if (region >= 0) {
      pieces.size[region] = block + headerSize - pieces.address[region];
      region = -1;
    }
    if (block === last) return pieces;
    const next = (block + size) >>> 0;
    if (next <= block || next > last) throw new HeapError(`the header at ${hex(block)} leads to ${hex(next)}: it was overwritten`);
    block = next;
  }
}

// From header to header, each must have come from memory before the next is asked
// for; so where the walk before found pieces is read ahead of this one, all at once.
// Only a hint; with a million blocks in 256 MiB the walk takes half the time by it.
function readAhead(words, pieces, begin, end) {
  const { address } = pieces;
  const stop = Math.min(begin + aheadCount, end);
  let read = 0;
  for (let i = begin; i < stop; ++i) read ^= words[(address[i] - headerSize) >>> 2];
  pieces.read = read; // or the engine leaves the loop out
  return stop;
}

function addBlock(words, layout, pieces, payload, size, isFree) {
  if (isFree) return pieces.add(payload, size, kinds.free);
  if (layout.slabSize === 0) return pieces.add(payload, size, kinds.used);
  const map = words[layout.map >>> 2];
  if (payload === map) return pieces.add(payload, size, kinds.map);
  const entry = entryOf(words, layout, map, payload);
  if (entry === 0) return pieces.add(payload, size, kinds.used);
  pieces.add(payload, size, kinds.slab); // may move the columns to make room
  pieces.blockSize[pieces.count - 1] = (entry & layout.classMask) * layout.alignment;
  pieces.usedCount[pieces.count - 1] = words[(payload + layout.slabBytes) >>> 2];
  if (!pieces.isOutline) addSlab(words, layout, pieces, map, entry);
}

// The page map's entry for an address, 0 beyond the map. Of one byte or a word.
function entryOf(words, layout, map, address) {
  const index = Math.floor(address / layout.slabSize);
  if (index >= words[layout.mapSize >>> 2]) return 0;
  if (layout.entrySize === 4) return words[(map >>> 2) + index];
  return (words[(map + index) >>> 2] >>> (8 * ((map + index) & 3))) & 0xFF;
}

// A free block's back link ends in ones and leads to a pointer to this block:
// that of its class's list, or that in another block of a slab. Where the links
// lead is looked up only if more blocks end so than the slab's entry says are
// free: that is a miss of the cache for each.
function addSlab(words, layout, pieces, map, entry) {
  const slab = pieces.address[pieces.count - 1];
  const blockSize = pieces.blockSize[pieces.count - 1];
  const usedCount = pieces.usedCount[pieces.count - 1];
  const capacity = Math.floor(layout.slabBytes / blockSize);
  const ones = layout.alignment - 1;
  if (pieces.count + capacity > pieces.capacity) pieces.reserve(2 * pieces.capacity + capacity);
  const { address, size, kind, count: begin } = pieces;
  const end = begin + capacity;
  let freeCount = 0;
  let at = (slab + layout.back) >>> 2;
  for (let i = begin; i < end; ++i) {
    const isFree = (~words[at] & ones) === 0;
    address[i] = slab + (i - begin) * blockSize;
    size[i] = blockSize;
    kind[i] = isFree ? kinds.free : kinds.used;
    if (isFree) ++freeCount;
    at += blockSize >>> 2;
  }
  pieces.count = end;
  if (freeCount === capacity - usedCount) return;
  // Where threads have lists of their own, the entry names their owner.
  const owner = (entry & ~layout.classMask) >>> 0 || layout.heap;
  const first = words[(owner + layout.lists + ((entry & layout.classMask) - 1) * layout.classStride) >>> 2];
  for (let i = begin; i < end; ++i) {
    if (kind[i] === kinds.used || first === address[i]) continue;
    const before = words[(address[i] + layout.back) >>> 2] + 1;
    if (words[before >>> 2] !== address[i] || entryOf(words, layout, map, before) === 0) kind[i] = kinds.used;
  }
}

// The figures of a walk; sizes in bytes. `unusable(size)`: the share of the free
// memory that lies in blocks too small for `size` (Gorman and Whitcroft, "The
// What, The Why and the Where To of Anti-Fragmentation", 2006), to a power of 2.
export function count(pieces) {
  const sum = {
    footprint: 0, used: 0, free: 0, usedCount: 0, freeCount: 0, slabCount: 0, regionCount: 0, largestFree: 0,
    usedBySize: new Float64Array(32), freeBySize: new Float64Array(32),
  };
  const { address, size, kind } = pieces;
  for (let i = 0; i < pieces.count; ++i) {
    if (kind[i] === kinds.used) addUsed(sum, size[i], 1);
    else if (kind[i] === kinds.free) addFree(sum, size[i], 1);
    else if (kind[i] === kinds.slab) {
      ++sum.slabCount;
      if (pieces.isOutline) {
        addUsed(sum, pieces.blockSize[i], pieces.usedCount[i]);
        addFree(sum, pieces.blockSize[i], Math.floor(size[i] / pieces.blockSize[i]) - pieces.usedCount[i]);
      }
    } else if (kind[i] === kinds.region) {
      sum.footprint += size[i];
      ++sum.regionCount;
      sum.begin ??= address[i];
    }
  }
  const unusable = (bytes) => {
    const tooSmall = sum.freeBySize.subarray(0, Math.ceil(Math.log2(Math.max(1, bytes))));
    return sum.free === 0 ? 0 : tooSmall.reduce((total, part) => total + part, 0) / sum.free;
  };
  return { ...sum, unusable };
}

function addUsed(sum, size, count) {
  sum.used += count * size;
  sum.usedCount += count;
  sum.usedBySize[31 - Math.clz32(size)] += count * size;
}

function addFree(sum, size, count) {
  sum.free += count * size;
  sum.freeCount += count;
  sum.freeBySize[31 - Math.clz32(size)] += count * size;
  if (count > 0 && size > sum.largestFree) sum.largestFree = size;
}
