// Bytes of a wasm module, read in order and never beyond an end. What does not
// fit is a WasmError with the offset at which the reader stopped.
import { InputError } from './input.mjs';

export class WasmError extends InputError {
  constructor(message, offset) {
    super(`${message} (at offset ${offset})`);
    this.offset = offset;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class Reader {
  constructor(bytes, begin = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = begin;
    this.end = end;
  }

  get atEnd() {
    return this.offset >= this.end;
  }

  fail(message, offset = this.offset) {
    throw new WasmError(message, offset);
  }

  byte() {
    if (this.offset >= this.end) this.fail('the module ends in the middle of a value');
    return this.bytes[this.offset++];
  }

  skip(size, what) {
    if (size > this.end - this.offset) {
      this.fail(`${what} says it has ${size} bytes, ${this.end - this.offset} are left`);
    }
    this.offset += size;
  }

  // Unsigned LEB128 of at most `maxBytes` bytes: 5 for u32, 10 for u64, of which
  // only limits of memories and offsets in them are read, and those fit a double.
  unsigned(maxBytes = 5) {
    const begin = this.offset;
    let value = 0;
    for (let i = 0; i < maxBytes; ++i) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) {
        if (maxBytes === 5 && value >= 2 ** 32) this.fail('a number is larger than its type', begin);
        return value;
      }
    }
    return this.fail('a number is longer than its type', begin);
  }

  // Over a LEB128 whose value does not matter, signed or not.
  skipNumber(maxBytes) {
    const begin = this.offset;
    for (let i = 0; i < maxBytes; ++i) {
      if (this.byte() < 0x80) return;
    }
    this.fail('a number is longer than its type', begin);
  }

  // A reader over the next `size` bytes; this one continues behind them.
  slice(size, what) {
    const begin = this.offset;
    this.skip(size, what);
    return new Reader(this.bytes, begin, begin + size);
  }

  text() {
    const begin = this.offset;
    const part = this.slice(this.unsigned(), 'a name');
    try {
      return utf8.decode(this.bytes.subarray(part.offset, part.end));
    } catch {
      return this.fail('a name is not UTF-8', begin);
    }
  }

  // Calls `read` for each element of a vector. An element takes a byte or more,
  // which bounds an absurd count.
  vector(read) {
    const begin = this.offset;
    const count = this.unsigned();
    if (count > this.end - this.offset) this.fail(`a list of ${count} elements does not fit its section`, begin);
    const elements = [];
    for (let i = 0; i < count; ++i) elements.push(read(i));
    return elements;
  }
}
