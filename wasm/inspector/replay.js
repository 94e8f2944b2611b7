// Replays a trace in a module of mote, forwards and backwards: an allocator cannot
// undo, so going back starts from a kept copy of the memory and repeats.
import { Heap } from '../js/mote.js';
import { operations } from './trace.js';

const keptBytesMax = 768 * 2 ** 20;
const keptCountMax = 32;
const pageSize = 65536;

export class Replay {
  #module;
  #trace;
  #kept = [];
  #interval;

  // `module`: a WebAssembly.Module with the exports of `build replay`.
  constructor(name, module, trace) {
    this.name = name;
    this.#module = module;
    this.#trace = trace;
    this.#interval = Math.max(1000, Math.ceil(trace.length / keptCountMax));
    this.#begin();
  }

  #begin() {
    this.#instantiate();
    this.position = 0;
    this.live = 0; // bytes asked for
    this.peakLive = 0;
    this.refusedCount = 0;
    this.pointers = new Uint32Array(this.#trace.slotCount);
    this.sizes = new Uint32Array(this.#trace.slotCount);
  }

  #instantiate() {
    this.heap = new Heap(new WebAssembly.Instance(this.#module).exports);
  }

  // Replays up to `position`, the number of events that then have happened; from a
  // kept moment if that is nearer.
  seek(position) {
    if (position < this.position) this.#restore(position);
    while (this.position < position) {
      const stop = Math.min(position, (Math.floor(this.position / this.#interval) + 1) * this.#interval);
      this.#run(stop);
      if (this.position % this.#interval === 0) this.#keep();
    }
  }

  #run(end) {
    const { operation } = this.#trace;
    for (let i = this.position; i < end; ++i) {
      if (operation[i] === operations.free) this.#free(i);
      else if (operation[i] !== operations.nothing) this.#allocate(i);
    }
    this.position = end;
  }

  #free(i) {
    const slot = this.#trace.slot[i];
    if (this.pointers[slot] === 0) return; // it was refused here
    this.heap.exports.free(this.pointers[slot]);
    this.pointers[slot] = 0;
    this.live -= this.sizes[slot];
  }

  #allocate(i) {
    const { operation, slot: slots, size: sizes, alignLog2 } = this.#trace;
    const slot = slots[i];
    const align = 2 ** alignLog2[i];
    const { mote_alloc: alloc, mote_zalloc: zalloc, mote_realloc_sized: realloc } = this.heap.exports;
    const old = operation[i] === operations.reallocate ? this.pointers[slot] : 0;
    const pointer = (old !== 0 ? realloc(old, this.sizes[slot], align, sizes[i])
      : operation[i] === operations.allocateZeroed ? zalloc(sizes[i], align) : alloc(sizes[i], align)) >>> 0;
    if (pointer === 0) {
      ++this.refusedCount;
      return;
    }
    this.live += sizes[i] - (old !== 0 ? this.sizes[slot] : 0);
    this.pointers[slot] = pointer;
    this.sizes[slot] = sizes[i];
    if (this.peakLive < this.live) this.peakLive = this.live;
  }

  // Copies this moment, and drops every second one when they are too many.
  #keep() {
    if (this.#kept.some(({ position }) => position === this.position)) return;
    const memory = new Uint8Array(this.heap.memory.buffer);
    if (memory.length > keptBytesMax / 2) return;
    this.#kept.push({ ...this.#figures(), memory: memory.slice(), pointers: this.pointers.slice(), sizes: this.sizes.slice() });
    this.#kept.sort((a, b) => a.position - b.position);
    const bytes = () => this.#kept.reduce((sum, { memory: { length } }) => sum + length, 0);
    while (bytes() > keptBytesMax) this.#kept = this.#kept.filter((_, i) => i % 2 === 1);
  }

  #figures() {
    const { position, live, peakLive, refusedCount } = this;
    return { position, live, peakLive, refusedCount };
  }

  #restore(position) {
    const kept = this.#kept.findLast((moment) => moment.position <= position);
    if (kept === undefined) return this.#begin();
    // Only a memory of the same size goes on as this one did.
    if (this.heap.memory.buffer.byteLength !== kept.memory.length) {
      this.#instantiate();
      const { memory } = this.heap;
      memory.grow((kept.memory.length - memory.buffer.byteLength) / pageSize);
    }
    new Uint8Array(this.heap.memory.buffer).set(kept.memory);
    const { memory, pointers, sizes, ...figures } = kept;
    Object.assign(this, figures, { pointers: pointers.slice(), sizes: sizes.slice() });
  }
}
