// The types of a wasm module: what they take in bytes, and which features of
// the format they show.

const abstractHeapTypes = new Set([0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75]);
const byteOf = { v128: 0x7b, funcref: 0x70, externref: 0x6f, exnref: 0x69, i8: 0x78, i16: 0x77 };

// A heap type is a type's index or one of the abstract ones, as a signed LEB128.
export function heapType(reader) {
  reader.skipNumber(5);
}

export function valueType(reader, features) {
  const type = reader.byte();
  if (type >= 0x7c && type <= 0x7f) return;  // the four number types
  if (type === byteOf.v128) {
    features.add('simd128');
  } else if (type === 0x63 || type === 0x64) {  // (ref ht), (ref null ht)
    features.add('gc');
    heapType(reader);
  } else if (abstractHeapTypes.has(type)) {
    if (type === byteOf.exnref) features.add('exception-handling');
    else features.add(type === byteOf.funcref || type === byteOf.externref ? 'reference-types' : 'gc');
  } else {
    reader.fail(`unknown type 0x${type.toString(16)}`, reader.offset - 1);
  }
}

// Of a block: empty, one value type, or a type's index.
export function blockType(reader, features) {
  const first = reader.bytes[reader.offset];
  if (first === 0x40) reader.byte();
  else if (first < 0x40 || first >= 0x80) reader.skipNumber(5), features.add('multivalue');
  else valueType(reader, features);
}

function field(reader, features) {
  const first = reader.bytes[reader.offset];
  if (first === byteOf.i8 || first === byteOf.i16) reader.byte();
  else valueType(reader, features);
  reader.byte();  // mutable or not
}

function compositeType(reader, features) {
  let form = reader.byte();
  if (form === 0x65) form = reader.byte(), features.add('shared-everything');
  if (form === 0x60) {
    reader.vector(() => valueType(reader, features));
    if (reader.vector(() => valueType(reader, features)).length > 1) features.add('multivalue');
    return;
  }
  features.add('gc');
  if (form === 0x5f) reader.vector(() => field(reader, features));  // struct
  else if (form === 0x5e) field(reader, features);  // array
  else if (form === 0x5d) reader.skipNumber(5), features.add('stack-switching');  // cont
  else reader.fail(`unknown form of type 0x${form.toString(16)}`, reader.offset - 1);
}

function subType(reader, features) {
  const first = reader.bytes[reader.offset];
  if (first === 0x50 || first === 0x4f) {  // sub, sub final
    reader.byte();
    reader.vector(() => reader.unsigned());
  }
  compositeType(reader, features);
}

export function typeSection(reader, features) {
  reader.vector(() => {
    if (reader.bytes[reader.offset] !== 0x4e) return subType(reader, features);
    reader.byte();  // rec
    return reader.vector(() => subType(reader, features));
  });
}

// `pages` of a memory or table: { initial, maximum, shared, is64 }.
export function limits(reader, features) {
  const flags = reader.byte();
  if (flags > 15) reader.fail(`unknown flags of limits 0x${flags.toString(16)}`, reader.offset - 1);
  const is64 = (flags & 4) !== 0;
  const width = is64 ? 10 : 5;
  const initial = reader.unsigned(width);
  const maximum = flags & 1 ? reader.unsigned(width) : null;
  if (flags & 8) reader.unsigned(), features.add('custom-page-sizes');
  if (flags & 2) features.add('atomics');
  if (is64) features.add('memory64');
  return { initial, maximum, shared: (flags & 2) !== 0, is64 };
}
