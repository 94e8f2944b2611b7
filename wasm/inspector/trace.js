// A trace as columns: what was allocated and freed, in order. Read from the bytes
// of a mote trace (src/trace_format.hpp says what they mean), or recorded from a
// module that runs in the page. Addresses become slots, numbers that are used
// again, so that a replay finds a block by an index.

export class TraceError extends Error {}

export const operations = { nothing: 0, allocate: 1, allocateZeroed: 2, free: 3, reallocate: 4 };
const sizeMax = 0xFFFFFFFF; // of a 32-bit module; larger requests are refused there

export class Trace {
  #slots = new Map(); // address: slot
  #freeSlots = [];
  #capacity = 0;

  constructor() {
    this.length = 0;
    this.slotCount = 0;
    this.unknownCount = 0; // blocks from before the trace
    this.refusedCount = 0;
    this.marks = []; // { position, text }
    this.pointerBytes = 4;
    this.#reserve(4096);
  }

  #reserve(capacity) {
    for (const [name, Type] of Object.entries({ operation: Uint8Array, alignLog2: Uint8Array, slot: Uint32Array, size: Uint32Array, thread: Uint16Array, time: Float64Array })) {
      const grown = new Type(capacity);
      if (this[name]) grown.set(this[name]);
      this[name] = grown;
    }
    this.#capacity = capacity;
  }

  #slotFor(address) {
    const slot = this.#freeSlots.pop() ?? this.slotCount++;
    this.#slots.set(address, slot);
    return slot;
  }

  // `event`: { operation, old, address, size, alignLog2, time, thread }. Address 0:
  // refused. `old`: of a free or a reallocation.
  add({ operation, old = 0, address = 0, size = 0, alignLog2 = 0, time = 0, thread = 0 }) {
    const at = this.length;
    if (at === this.#capacity) this.#reserve(at * 2);
    this.operation[at] = operation;
    this.size[at] = Math.min(size, sizeMax);
    this.alignLog2[at] = alignLog2;
    this.time[at] = time;
    this.thread[at] = thread;
    ++this.length;
    if (operation === operations.free) return this.#free(at, old);
    if (address === 0) {
      ++this.refusedCount;
      this.operation[at] = operations.nothing;
    } else if (operation === operations.reallocate && old !== 0) {
      this.#move(at, old, address);
    } else {
      if (operation === operations.reallocate) this.operation[at] = operations.allocate;
      this.slot[at] = this.#slotFor(address);
    }
  }

  #free(at, address) {
    const slot = this.#slots.get(address);
    if (slot === undefined) {
      ++this.unknownCount;
      this.operation[at] = operations.nothing;
      return;
    }
    this.slot[at] = slot;
    this.#slots.delete(address);
    this.#freeSlots.push(slot);
  }

  #move(at, old, address) {
    const slot = this.#slots.get(old);
    if (slot === undefined) {
      ++this.unknownCount;
      this.operation[at] = operations.allocate;
      this.slot[at] = this.#slotFor(address);
      return;
    }
    this.slot[at] = slot;
    if (old === address) return;
    this.#slots.delete(old);
    this.#slots.set(address, slot);
  }
}

const magic = 'motetrce';
const headerSize = 32;

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = headerSize;
    this.isCut = false;
    this.low = 0; // the last address, rotated
    this.high = 0;
  }

  // A varint in two halves: `valueLow`, `valueHigh`, and the number they make.
  varint() {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.at >= this.bytes.length) {
        this.isCut = true;
        return 0;
      }
      if (shift > 63) throw new TraceError(`the trace is corrupt: a number at byte ${this.at} has no end`);
      const byte = this.bytes[this.at++];
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 128) break;
    }
    this.valueLow = low >>> 0;
    this.valueHigh = high >>> 0;
    return this.valueHigh * 2 ** 32 + this.valueLow;
  }

  // An address as a key of a map: a number where that is exact.
  address() {
    this.varint();
    const sign = -(this.valueLow & 1);
    const low = ((this.valueLow >>> 1) | (this.valueHigh << 31)) ^ sign;
    const high = (this.valueHigh >>> 1) ^ sign;
    const sum = this.low + (low >>> 0);
    this.low = sum >>> 0;
    this.high = (this.high + (high >>> 0) + (sum >= 2 ** 32 ? 1 : 0)) >>> 0;
    if (this.high < 2 ** 18) return (this.high * 2 ** 32 + this.low) * 8;
    const rotated = (BigInt(this.high) << 32n) | BigInt(this.low);
    return BigInt.asUintN(64, (rotated << 3n) | (rotated >> 61n));
  }

  skip(length) {
    this.at += length;
    if (this.at > this.bytes.length) this.isCut = true;
  }

  text(length) {
    const begin = this.at;
    this.skip(length);
    return this.isCut ? '' : new TextDecoder().decode(this.bytes.subarray(begin, begin + length));
  }
}

const markNames = ['', 'main begins', 'exit begins', 'end'];

// Reads the bytes of a trace file; one that was cut off is read as far as it goes.
// `onprogress(share)` is awaited now and then, so that a page stays alive.
export async function readTrace(bytes, onprogress = () => {}) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8 || new TextDecoder().decode(bytes.subarray(0, 8)) !== magic) throw new TraceError('this is not a mote trace');
  if (bytes.length < headerSize) throw new TraceError('the trace is corrupt: it ends within its header');
  if (view.getUint16(8, true) !== 1) throw new TraceError(`the trace has version ${view.getUint16(8, true)}; this page reads version 1`);
  const trace = new Trace();
  trace.pointerBytes = bytes[10];
  if (trace.pointerBytes !== 4 && trace.pointerBytes !== 8) throw new TraceError(`the trace is corrupt: pointers of ${bytes[10]} bytes`);
  const reader = new Reader(bytes);
  const state = { time: 0, thread: 0, threads: new Map() };
  for (let records = 1; reader.at < bytes.length; ++records) {
    const first = bytes[reader.at++];
    if ((first & 7) === 0) break;
    readRecord(trace, reader, state, first & 7, first >>> 3);
    if (records % 200000 === 0) await onprogress(reader.at / bytes.length);
  }
  trace.isCut = reader.isCut;
  if (trace.length === 0) throw new TraceError('the trace has no event');
  return trace;
}

function readRecord(trace, reader, state, kind, argument) {
  if (kind === 5) {
    const id = reader.varint();
    if (!state.threads.has(id)) state.threads.set(id, state.threads.size);
    state.thread = state.threads.get(id);
  } else if (kind === 6) {
    state.time += reader.varint();
    const text = reader.text(reader.varint());
    if (!reader.isCut) trace.marks.push({ position: trace.length, text: text || markNames[argument] || 'mark' });
  } else if (kind === 7) {
    readExtended(reader, argument);
  } else {
    state.time += reader.varint();
    readEvent(trace, reader, state, kind, argument);
  }
}

function readEvent(trace, reader, { time, thread }, operation, argument) {
  if (operation === operations.free) {
    const old = reader.address();
    if (!reader.isCut) trace.add({ operation, old, time, thread });
    return;
  }
  reader.varint(); // the stack: its symbols are for native tools
  const old = operation === operations.reallocate ? reader.address() : 0;
  const address = reader.address();
  const size = reader.varint();
  if (!reader.isCut) trace.add({ operation, old, address, size, alignLog2: argument, time, thread });
}

function readExtended(reader, argument) {
  if (argument === 0) {
    reader.varint();
    reader.varint();
    return;
  }
  if (argument === 1) for (let field = 0; field < 3; ++field) reader.varint();
  reader.skip(reader.varint());
}
