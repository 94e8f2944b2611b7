// The rows that are traces: those of tests/traces, in the form that
// workloads/trace.cpp replays: eight bytes an operation, little endian,
//   u32  bits 0-23 slot, 24-26 operation (0 allocate, 1 free, 2 reallocate),
//        27-31 log2 of the alignment, 0 when the program did not ask for one
//   u32  size (new size for a reallocation, 0 for a free)
// A slot stands for a block while it lives and is used again afterwards, so the
// replay's table is as long as the peak number of blocks. calloc is allocate:
// clearing costs every allocator the same.
//
// The programs are 64-bit: their pointers, and so their blocks, are larger than
// in a wasm32 build of them. Sizes are replayed as they were.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, out, root } from "./toolchain.mjs";

const folder = join(root, "tests/traces");
const slot_max = 1 << 19;
// clang as far as 50 MB: beyond 64 MB each growth of the memory takes V8 half a
// millisecond, and this row would be most of the benchmark's time.
const operation_max = { clang: 300_000 };

// By name: the program's version, for the report.
export const recorded = JSON.parse(readFileSync(join(folder, "recorded.json")));
export const traceRows = Object.keys(recorded);

// { name, file } of each trace asked for.
export function unpackTraces(names) {
  const unpacked = join(out, "traces");
  mkdirSync(unpacked, { recursive: true });
  return names.filter((name) => name in recorded).map((name) => {
    const source = join(folder, `${name}.trace.xz`);
    const hash = createHash("sha256");
    for (const input of [source, new URL(import.meta.url)]) hash.update(readFileSync(input));
    const file = join(unpacked, `${name}-${hash.digest("hex").slice(0, 8)}.operations`);
    if (!existsSync(file)) {
      const trace = execFileSync("xz", ["-dc", source], { maxBuffer: 1 << 28 });
      writeFileSync(file, convert(trace, operation_max[name] ?? Infinity));
    }
    return { name, file };
  });
}

const kinds = { end: 0, allocate: 1, allocate_zeroed: 2, free: 3, reallocate: 4 };
const operations = { allocate: 0, free: 1, reallocate: 2 };

// Of a trace as `mote-trace --order-only` writes it (src/trace_format.hpp,
// native/tools/order_only.hpp): a block keeps its number when it is reallocated,
// and numbers are small enough for JavaScript's own.
export function convert(trace, operation_max = Infinity) {
  if (trace.toString("latin1", 0, 8) !== "motetrce" || trace.readUInt16LE(8) !== 1) throw new Failure("not a mote trace, or not version 1");
  let at = 32;
  const number = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = trace[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  let address = 0;
  const slot = () => {
    const zigzag = number();
    address += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    const index = address / 2 - 1;  // in 8 bytes, of multiples of 16, from 1
    if (!(index >= 0 && index < slot_max)) throw new Failure(`more than ${slot_max} live blocks, or not an order-only trace`);
    return index;
  };
  const records = [];
  const put = (slot, operation, bits, size) => {
    if (size > 0xffffffff) throw new Failure(`a block of ${size} bytes does not fit into a wasm32 memory`);
    records.push((slot | (operation << 24) | (bits << 27)) >>> 0, size);
  };
  while (at < trace.length && records.length < 2 * operation_max) {
    const kind = trace[at] & 7;
    const bits = trace[at++] >>> 3;
    if (kind === kinds.end) break;
    number();  // the time: 0
    if (kind === kinds.free) {
      put(slot(), operations.free, 0, 0);
      continue;
    }
    if (kind > kinds.reallocate) throw new Failure("not an order-only trace");
    number();  // the stack: 0
    const is_move = kind === kinds.reallocate;
    if (is_move) slot();
    const index = slot();
    put(index, is_move ? operations.reallocate : operations.allocate, is_move || bits <= 4 ? 0 : bits, number());
  }
  return Buffer.from(Uint32Array.from(records).buffer);
}
