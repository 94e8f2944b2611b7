// Steps over the instructions of a wasm function, only to see which features of
// the format they need: a stripped module does not say it in any other way. The
// encodings are those of the specification's appendix "Index of Instructions"
// and of the proposals that engines or tools implement.
import { blockType, heapType, valueType } from './types.mjs';

// What follows an opcode. The numbers index `over`.
const none = 0, index = 1, twoIndexes = 2, memory = 3, block = 4, number32 = 5, number64 = 6, lane = 7, memoryLane = 8;
const heap = 9, table = 10, f32 = 11, f64 = 12, bytes16 = 13, types = 14, tryTable = 15, castBranch = 16, handlers = 17, oneByte = 18, twoHandlers = 19;

// Alignment and offset. Bit 6 of the alignment says that a memory's index follows,
// bit 4 that an ordering does, as binaryen 132 writes them.
function memoryArgument(reader, features) {
  const flags = reader.unsigned();
  if (flags & 0x40) reader.skipNumber(5), features.add('multimemory');
  if (flags & 0x10) reader.byte(), features.add('relaxed-atomics');
  reader.skipNumber(10);
}

function skipHandlers(reader) {
  reader.vector(() => {
    const kind = reader.byte();
    reader.skipNumber(5);
    if (kind === 0) reader.skipNumber(5);
  });
}

const over = {
  [none]() {},
  [index]: (reader) => reader.skipNumber(5),
  [twoIndexes]: (reader) => (reader.skipNumber(5), reader.skipNumber(5)),
  [memory]: memoryArgument,
  [block]: blockType,
  [number32]: (reader) => reader.skipNumber(5),
  [number64]: (reader) => reader.skipNumber(10),
  [lane]: (reader) => reader.byte(),
  [memoryLane]: (reader, features) => (memoryArgument(reader, features), reader.byte()),
  [heap]: heapType,
  [table]: (reader) => (reader.vector(() => reader.skipNumber(5)), reader.skipNumber(5)),
  [f32]: (reader) => reader.skip(4, 'a number'),
  [f64]: (reader) => reader.skip(8, 'a number'),
  [bytes16]: (reader) => reader.skip(16, 'a vector'),
  [types]: (reader, features) => reader.vector(() => valueType(reader, features)),
  [tryTable](reader, features) {
    blockType(reader, features);
    reader.vector(() => {
      if (reader.byte() < 2) reader.skipNumber(5);  // a tag
      reader.skipNumber(5);
    });
  },
  [castBranch]: (reader) => (reader.byte(), reader.skipNumber(5), heapType(reader), heapType(reader)),
  [handlers]: (reader) => (reader.skipNumber(5), skipHandlers(reader)),
  [twoHandlers]: (reader) => (reader.skipNumber(5), reader.skipNumber(5), skipHandlers(reader)),
  [oneByte]: (reader) => reader.byte(),
};

// Ranges of opcodes: [first, last, what follows, feature].
const plain = [
  [0x00, 0x01, none], [0x02, 0x04, block], [0x05, 0x05, none],
  [0x06, 0x06, block, 'legacy-exceptions'], [0x07, 0x07, index, 'legacy-exceptions'],
  [0x08, 0x08, index, 'exception-handling'], [0x09, 0x09, index, 'legacy-exceptions'],
  [0x0a, 0x0a, none, 'exception-handling'], [0x0b, 0x0b, none], [0x0c, 0x0d, index], [0x0e, 0x0e, table], [0x0f, 0x0f, none],
  [0x10, 0x10, index], [0x11, 0x11, twoIndexes], [0x12, 0x12, index, 'tail-call'], [0x13, 0x13, twoIndexes, 'tail-call'],
  [0x14, 0x14, index, 'gc'], [0x15, 0x15, index, 'tail-call'],
  [0x18, 0x18, index, 'legacy-exceptions'], [0x19, 0x19, none, 'legacy-exceptions'],
  [0x1a, 0x1b, none], [0x1c, 0x1c, types, 'reference-types'], [0x1f, 0x1f, tryTable, 'exception-handling'],
  [0x20, 0x24, index], [0x25, 0x26, index, 'reference-types'], [0x28, 0x3e, memory], [0x3f, 0x40, index],
  [0x41, 0x41, number32], [0x42, 0x42, number64], [0x43, 0x43, f32], [0x44, 0x44, f64],
  [0x45, 0xbf, none], [0xc0, 0xc4, none, 'sign-ext'],
  [0xd0, 0xd0, heap, 'reference-types'], [0xd1, 0xd1, none, 'reference-types'], [0xd2, 0xd2, index, 'reference-types'],
  [0xd3, 0xd4, none, 'gc'], [0xd5, 0xd6, index, 'gc'],
  [0xe0, 0xe0, index, 'stack-switching'], [0xe1, 0xe1, twoIndexes, 'stack-switching'], [0xe2, 0xe2, index, 'stack-switching'],
  [0xe3, 0xe3, handlers, 'stack-switching'], [0xe4, 0xe4, twoHandlers, 'stack-switching'], [0xe5, 0xe5, handlers, 'stack-switching'],
  [0xe6, 0xe6, twoIndexes, 'stack-switching'],
];
const prefixed = {
  0xfb: [
    [0, 1, index, 'gc'], [2, 5, twoIndexes, 'gc'], [6, 7, index, 'gc'], [8, 10, twoIndexes, 'gc'], [11, 14, index, 'gc'],
    [15, 15, none, 'gc'], [16, 16, index, 'gc'], [17, 19, twoIndexes, 'gc'], [20, 23, heap, 'gc'], [24, 25, castBranch, 'gc'], [26, 30, none, 'gc'],
  ],
  0xfc: [
    [0, 7, none, 'nontrapping-fptoint'], [8, 8, twoIndexes, 'bulk-memory'], [9, 9, index, 'bulk-memory'], [10, 10, twoIndexes, 'bulk-memory'],
    [11, 11, index, 'bulk-memory'], [12, 12, twoIndexes, 'bulk-memory'], [13, 13, index, 'bulk-memory'], [14, 14, twoIndexes, 'bulk-memory'],
    [15, 17, index, 'reference-types'], [19, 22, none, 'wide-arithmetic'],
  ],
  0xfd: [
    [0, 11, memory, 'simd128'], [12, 13, bytes16, 'simd128'], [14, 20, none, 'simd128'], [21, 34, lane, 'simd128'], [35, 83, none, 'simd128'],
    [84, 91, memoryLane, 'simd128'], [92, 93, memory, 'simd128'], [94, 255, none, 'simd128'], [256, 275, none, 'relaxed-simd'], [288, 335, none, 'fp16'],
  ],
  0xfe: [[0, 2, memory, 'atomics'], [3, 3, oneByte, 'atomics'], [16, 78, memory, 'atomics']],
};

function spread(ranges, size) {
  const opcodes = new Array(size).fill(null);
  for (const [first, last, follows, feature] of ranges) opcodes.fill({ step: over[follows], feature }, first, last + 1);
  return opcodes;
}
const plainOpcodes = spread(plain, 256);
const prefixedOpcodes = new Map(Object.entries(prefixed).map(([prefix, ranges]) => [Number(prefix), spread(ranges, 336)]));

const endOpcode = 0x0b, elseOpcode = 0x05, delegateOpcode = 0x18;
const opensBlock = (byte) => (byte >= 0x02 && byte <= 0x04) || byte === 0x06 || byte === 0x1f;
const hex = (number) => `0x${number.toString(16)}`;

// Over one expression and the `end` that closes it.
export function skipExpression(reader, features) {
  let depth = 1;
  while (depth > 0) {
    const begin = reader.offset;
    const byte = reader.byte();
    let opcode = plainOpcodes[byte];
    if (opcode === null) {
      const sub = prefixedOpcodes.has(byte) ? reader.unsigned() : null;
      opcode = sub === null ? null : prefixedOpcodes.get(byte)[sub];
      if (!opcode) reader.fail(`unknown instruction ${hex(byte)}${sub === null ? '' : ` ${hex(sub)}`}`, begin);
    }
    if (opcode.feature !== undefined) features.add(opcode.feature);
    if (opensBlock(byte)) depth += 1;
    else if (byte === endOpcode || byte === delegateOpcode) depth -= 1;
    else if (byte === elseOpcode && depth === 1) reader.fail('an else outside of a block', begin);
    opcode.step(reader, features);
  }
}

// Over the locals and the instructions of a function's body, all of it.
export function skipBody(reader, features) {
  reader.vector(() => (reader.skipNumber(5), valueType(reader, features)));
  skipExpression(reader, features);
  if (!reader.atEnd) reader.fail('a function continues behind its end');
}
