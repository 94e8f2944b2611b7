// Writes mote traces for the tests, and makes some up.

const mask = (1n << 64n) - 1n;

export class TraceWriter {
  #bytes = [];
  #address = 0n;

  constructor({ version = 1, pointerBytes = 8 } = {}) {
    const header = Buffer.alloc(32);
    header.write('motetrce');
    header.writeUInt16LE(version, 8);
    header[10] = pointerBytes;
    this.#bytes.push(...header);
  }

  varint(value) {
    let rest = BigInt(value);
    for (; rest > 127n; rest >>= 7n) this.#bytes.push(Number(rest & 127n) | 128);
    this.#bytes.push(Number(rest));
    return this;
  }

  address(value) {
    const rotated = ((BigInt(value) >> 3n) | (BigInt(value) << 61n)) & mask;
    const difference = BigInt.asIntN(64, rotated - this.#address);
    this.#address = rotated;
    return this.varint(((difference << 1n) ^ (difference >> 63n)) & mask);
  }

  record(kind, argument = 0) {
    this.#bytes.push(kind | (argument << 3));
    return this;
  }

  allocate(address, size, { alignLog2 = 0, kind = 1, time = 10 } = {}) {
    return this.record(kind, alignLog2).varint(time).varint(0).address(address).varint(size);
  }
  free(address) { return this.record(3).varint(10).address(address); }
  reallocate(old, address, size) { return this.record(4).varint(10).varint(0).address(old).address(address).varint(size); }
  thread(id) { return this.record(5).varint(id); }
  mark(which, text = '') {
    const bytes = Buffer.from(text);
    this.record(6, which).varint(10).varint(bytes.length);
    this.#bytes.push(...bytes);
    return this;
  }
  extended(argument, bytes) {
    this.record(7, argument).varint(bytes.length);
    this.#bytes.push(...bytes);
    return this;
  }

  get bytes() { return Uint8Array.from(this.#bytes); }
}

// SplitMix32: the same numbers everywhere.
export function random(seed) {
  let state = seed;
  return (limit) => {
    state = (state + 0x9E3779B9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21F0AAAD);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735A2D97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % limit;
  };
}

// A program that allocates, reallocates and frees at random. `liveAfter[i]`: blocks
// in use and bytes asked for after i events.
export function madeUpTrace(eventCount, { seed = 1, sizeMax = 600, freeShare = 0.45 } = {}) {
  const below = random(seed);
  const writer = new TraceWriter().mark(1);
  const live = [];
  const liveAfter = [{ count: 0, bytes: 0 }];
  let bytes = 0;
  let next = 0x7F0012345670;
  for (let i = 0; i < eventCount; ++i) {
    const isLarge = below(40) === 0;
    const size = 1 + below(isLarge ? 30 * sizeMax : sizeMax);
    const at = live.length > 0 ? below(live.length) : -1;
    if (at >= 0 && below(1000) < 1000 * freeShare) {
      const [block] = live.splice(at, 1);
      writer.free(block.address);
      bytes -= block.size;
    } else if (at >= 0 && below(8) === 0) {
      const block = live[at];
      const address = below(2) ? block.address : (next += 16 * (1 + below(100)));
      writer.reallocate(block.address, address, size);
      bytes += size - block.size;
      Object.assign(block, { address, size });
    } else {
      const address = (next += 16 * (1 + below(100)));
      writer.allocate(address, size, { alignLog2: below(10) === 0 ? 6 : 0, kind: below(5) === 0 ? 2 : 1 });
      live.push({ address, size });
      bytes += size;
    }
    liveAfter.push({ count: live.length, bytes });
  }
  return { bytes: writer.mark(3).bytes, liveAfter };
}
