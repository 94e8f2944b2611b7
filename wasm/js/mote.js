// The heap of a wasm module that was built with mote, for JavaScript beside it:
// allocate, write texts and arrays into it, free, and look at the heap.
//
//   const heap = new Heap(instance.exports);
//   const numbers = heap.write(new Float64Array([1, 2, 3]));
//   instance.exports.sum(numbers.pointer, numbers.length);
//   numbers.free();
//
// A view of a module's memory is dead once the memory has grown, and any call
// into the module may grow it; so blocks make their views when they are asked.
import { count, HeapError, Pieces, readLayout, walk } from './layout.js';

export { HeapError, kinds } from './layout.js';

const missing = (name) => new HeapError(`the module does not export ${name}: link it with --export=${name}`);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

// A block of the heap that holds `length` elements of `Type`.
export class Block {
  #heap;
  #Type;

  constructor(heap, Type, pointer, length) {
    this.#heap = heap;
    this.#Type = Type;
    this.pointer = pointer;
    this.length = length;
  }

  // The elements where they are, until the memory grows: do not keep it.
  get view() {
    if (this.pointer === 0) throw new HeapError('the block was freed');
    return new this.#Type(this.#heap.memory.buffer, this.pointer, this.length);
  }

  // The block as text, without the zero that `writeText` puts behind it.
  get text() {
    const { buffer, byteOffset, byteLength } = this.view;
    return decoder.decode(new Uint8Array(buffer, byteOffset, byteLength));
  }

  // Once only: the module would stop at the second.
  free() {
    if (this.pointer === 0) throw new HeapError('the block was freed before');
    const { pointer } = this;
    this.pointer = 0;
    this.#heap.call('free', pointer);
  }
}

export class Heap {
  #pieces = new Pieces();
  #layout;

  // `exports`: of the instance: `memory`; to allocate, `malloc` and `free`; for
  // `walk` and `statistics`, `mote_layout`.
  constructor(exports) {
    this.exports = exports;
    this.memory = exports.memory;
    if (this.memory === undefined) throw missing('memory');
  }

  // `module`: what Emscripten's glue returns, linked with
  // -sEXPORTED_FUNCTIONS=_malloc,_free,_mote_layout. Emscripten renews HEAPU8.
  static ofEmscripten(module) {
    return new Heap({
      memory: { get buffer() { return module.HEAPU8.buffer; } },
      malloc: module._malloc,
      free: module._free,
      mote_layout: module._mote_layout,
    });
  }

  // Room for `length` elements, not cleared; null when memory is refused.
  allocate(length, Type = Uint8Array) {
    const bytes = length * Type.BYTES_PER_ELEMENT;
    if (!(Number.isInteger(length) && length >= 0 && bytes < 2 ** 32)) throw new RangeError(`no block can hold ${length} elements`);
    const pointer = this.call('malloc', bytes) >>> 0;
    return pointer === 0 ? null : new Block(this, Type, pointer, length);
  }

  // A copy of the array in the heap; null when memory is refused.
  write(array) {
    const block = this.allocate(array.length, array.constructor);
    block?.view.set(array);
    return block;
  }

  // The text as UTF-8 with a zero behind it; `length` is without the zero. Null
  // when memory is refused.
  writeText(text) {
    const bytes = encoder.encode(text);
    const room = this.allocate(bytes.length + 1);
    if (room === null) return null;
    room.view.set(bytes);
    room.view[bytes.length] = 0;
    return new Block(this, Uint8Array, room.pointer, bytes.length);
  }

  // The text at an address that the module gave: up to a zero.
  readText(pointer) {
    const bytes = new Uint8Array(this.memory.buffer);
    const end = bytes.indexOf(0, pointer);
    if (pointer >= bytes.length || end < 0) throw new HeapError(`no text ends behind ${pointer}`);
    return decoder.decode(bytes.subarray(pointer, end));
  }

  // The pieces of the heap as columns; the next walk overwrites them. O(pieces),
  // in one pass over the memory. `isOutline`: without the blocks in slabs.
  walk({ isOutline = false } = {}) {
    return walk(this.memory, this.layout, this.#pieces, { isOutline });
  }

  // What there is of used and free memory. O(slabs and blocks not in one).
  statistics() {
    return count(this.walk({ isOutline: true }));
  }

  // Calls an export.
  call(name, ...values) {
    if (this.exports[name] === undefined) throw missing(name);
    return this.exports[name](...values);
  }

  get layout() {
    if (this.#layout === undefined) {
      this.#layout = readLayout(this.memory, this.call('mote_layout') >>> 0);
    }
    return this.#layout;
  }
}
