// Modules written by hand, byte by byte, so that a test can say what is wrong in
// them and where.

export const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

export function leb(value) {
  const bytes = [];
  do {
    bytes.push((value % 128) | (value >= 128 ? 0x80 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return bytes;
}

export const text = (string) => {
  const bytes = [...Buffer.from(string)];
  return [...leb(bytes.length), ...bytes];
};
export const vector = (...items) => [...leb(items.length), ...items.flat()];
export const section = (id, contents) => [id, ...leb(contents.length), ...contents];
export const custom = (name, contents) => section(0, [...text(name), ...contents]);
export const moduleOf = (...sections) => Buffer.from([...header, ...sections.flat()]);

export const voidType = section(1, vector([0x60, 0, 0]));
export const declare = (count) => section(3, vector(...Array.from({ length: count }, () => [0])));
// Of functions without locals: their instructions, without the `end`.
export const code = (...bodies) => section(10, vector(...bodies.map((body) => [...leb(body.length + 2), 0, ...body, 0x0b])));
export const functions = (...bodies) => [...voidType, ...declare(bodies.length), ...code(...bodies)];
export const namesOf = (pairs) => custom('name', [1, ...((part) => [...leb(part.length), ...part])(vector(...pairs.map(([index, name]) => [...leb(index), ...text(name)])))]);

// A module of about `bytes` bytes: named functions of 250 bytes each.
export function largeModule(bytes) {
  const joined = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
  const repeated = (count, make) => {
    const parts = [Buffer.from(leb(count))];
    for (let i = 0; i < count; ++i) parts.push(Buffer.from(make(i)));
    return Buffer.concat(parts);
  };
  const sized = (id, contents) => joined([id], leb(contents.length), contents);
  const count = Math.ceil(bytes / 276);
  const body = joined([0], ...Array.from({ length: 82 }, () => [0x41, 0x2a, 0x1a]), [0x0b]);  // i32.const 42, drop
  const one = joined(leb(body.length), body);
  const names = repeated(count, (i) => [...leb(i), ...text(`function_number_${i}`)]);
  return joined(header, voidType, sized(3, repeated(count, () => [0])), sized(10, repeated(count, () => one)),
    sized(0, joined(text('name'), [1], leb(names.length), names)));
}
