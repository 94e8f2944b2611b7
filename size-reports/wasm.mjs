// Reads the parts of a wasm module that a size report is about: sections,
// imports, exports, memories, function bodies and the names of functions.
// Instructions are never decoded, so new ones need no change here. Everything
// is bounds-checked: a bad module is a WasmError with the offset where the
// reader stopped, never another exception.

export class WasmError extends Error {
  constructor(message, offset) {
    super(`${message} (at offset ${offset})`);
    this.offset = offset;
  }
}

const sectionNames = [
  'custom', 'type', 'import', 'function', 'table', 'memory', 'global',
  'export', 'start', 'element', 'code', 'data', 'data count', 'tag',
];
const externalKinds = ['function', 'table', 'memory', 'global', 'tag'];

class Reader {
  constructor(bytes, begin = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = begin;
    this.end = end;
  }

  get atEnd() {
    return this.offset >= this.end;
  }

  fail(message) {
    throw new WasmError(message, this.offset);
  }

  byte() {
    if (this.atEnd) this.fail('the module ends in the middle of a value');
    return this.bytes[this.offset++];
  }

  // Unsigned LEB128 of at most `maxBytes` bytes: 5 for u32, 10 for u64.
  // Memory limits are the only 64-bit values here, and pages fit a double.
  unsigned(maxBytes = 5) {
    let value = 0;
    for (let i = 0; i < maxBytes; ++i) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    return this.fail('a number is longer than its type');
  }

  // A sub-reader over the next `size` bytes; this one continues behind them.
  slice(size, what) {
    if (size > this.end - this.offset) {
      this.fail(`${what} says it has ${size} bytes, ${this.end - this.offset} are left`);
    }
    const part = new Reader(this.bytes, this.offset, this.offset + size);
    this.offset += size;
    return part;
  }

  text() {
    const part = this.slice(this.unsigned(), 'a name');
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + part.offset, part.end - part.offset).toString('utf8');
  }

  // Calls `read` for each element of a vector. An element takes a byte or more,
  // which bounds an absurd count.
  vector(read) {
    const count = this.unsigned();
    if (count > this.end - this.offset) this.fail(`a list of ${count} elements does not fit its section`);
    return Array.from({ length: count }, (_, i) => read(i));
  }

  limits() {
    const flags = this.byte();
    const width = flags & 4 ? 10 : 5;
    const limits = { initial: this.unsigned(width), maximum: flags & 1 ? this.unsigned(width) : null };
    if (flags & 8) limits.pageSizeLog2 = this.unsigned();
    return { ...limits, shared: (flags & 2) !== 0, is64: (flags & 4) !== 0 };
  }

  valueType() {
    const type = this.byte();
    if (type === 0x63 || type === 0x64) this.unsigned();  // a reference to a heap type
  }
}

function readHeader(reader) {
  const { bytes } = reader;
  if (bytes.length === 0) throw new WasmError('the file is empty', 0);
  const isWasm = bytes.length >= 8 && bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
  if (!isWasm) throw new WasmError('not a wasm module', 0);
  if (bytes[6] === 1) throw new WasmError('a component, not a module', 4);
  if (bytes[4] !== 1 || bytes[5] || bytes[7]) throw new WasmError('not version 1 of the wasm format', 4);
  reader.offset = 8;
}

function readImport(reader) {
  const name = { module: reader.text(), name: reader.text() };
  const kind = reader.byte();
  const entry = { ...name, kind: externalKinds[kind] ?? reader.fail(`an import of unknown kind ${kind}`) };
  if (entry.kind === 'function') reader.unsigned();
  if (entry.kind === 'memory') entry.memory = reader.limits();
  if (entry.kind === 'table') reader.valueType(), reader.limits();
  if (entry.kind === 'global') reader.valueType(), reader.byte();
  if (entry.kind === 'tag') reader.byte(), reader.unsigned();
  return entry;
}

function readExport(reader) {
  const name = reader.text();
  const kind = reader.byte();
  const known = externalKinds[kind] ?? reader.fail(`an export of unknown kind ${kind}`);
  return { name, kind: known, index: reader.unsigned() };
}

function readFunctionNames(reader) {
  const names = new Map();
  while (!reader.atEnd) {
    const id = reader.byte();
    const part = reader.slice(reader.unsigned(), 'a part of the name section');
    if (id === 1) part.vector(() => names.set(part.unsigned(), part.text()));
  }
  return names;
}

// The module as plain data. Sizes of sections are those of their contents, and
// of functions those of their bodies, as wasm-objdump prints them; the index of
// a function counts the imported ones first, as everywhere in wasm.
export function readModule(bytes) {
  const module = { size: bytes.length, sections: [], imports: [], exports: [], memories: [], functions: [], functionNames: new Map() };
  const reader = new Reader(bytes);
  readHeader(reader);
  while (!reader.atEnd) {
    const id = reader.byte();
    const name = sectionNames[id] ?? reader.fail(`unknown section ${id}`);
    const contents = reader.slice(reader.unsigned(), `the ${name} section`);
    const section = { id, name, offset: contents.offset, size: contents.end - contents.offset };
    module.sections.push(section);
    if (name === 'custom') {
      section.customName = contents.text();
      if (section.customName === 'name') module.functionNames = readFunctionNames(contents);
    } else if (name === 'import') {
      module.imports = contents.vector(() => readImport(contents));
    } else if (name === 'memory') {
      module.memories = contents.vector(() => contents.limits());
    } else if (name === 'export') {
      module.exports = contents.vector(() => readExport(contents));
    } else if (name === 'code') {
      const imported = module.imports.filter((entry) => entry.kind === 'function').length;
      module.functions = contents.vector((i) => {
        const body = contents.slice(contents.unsigned(), `function ${imported + i}`);
        return { index: imported + i, offset: body.offset, size: body.end - body.offset };
      });
    }
  }
  module.memories.unshift(...module.imports.filter((entry) => entry.memory).map((entry) => entry.memory));
  return module;
}
