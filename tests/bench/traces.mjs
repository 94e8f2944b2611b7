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
import { operations, readTrace } from "../../wasm/inspector/trace.js";
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
export async function unpackTraces(names) {
  const unpacked = join(out, "traces");
  mkdirSync(unpacked, { recursive: true });
  const traces = [];
  for (const name of names.filter((name) => name in recorded)) {
    const source = join(folder, `${name}.trace.xz`);
    const hash = createHash("sha256");
    for (const input of [source, new URL(import.meta.url)]) hash.update(readFileSync(input));
    const file = join(unpacked, `${name}-${hash.digest("hex").slice(0, 8)}.operations`);
    if (!existsSync(file)) {
      const trace = execFileSync("xz", ["-dc", source], { maxBuffer: 1 << 28 });
      writeFileSync(file, await convert(trace, operation_max[name]));
    }
    traces.push({ name, file });
  }
  return traces;
}

// As far as `operation_max` operations.
export async function convert(bytes, operation_max = Infinity) {
  const trace = await readTrace(bytes);
  if (trace.slotCount > slot_max) throw new Failure(`more than ${slot_max} live blocks`);
  const records = [];
  for (let i = 0; i < trace.length && records.length < 2 * operation_max; ++i) {
    const kind = trace.operation[i];
    if (kind === operations.nothing) continue;  // refused, or from before the trace
    const is_allocation = kind === operations.allocate || kind === operations.allocateZeroed;
    const operation = is_allocation ? 0 : kind === operations.free ? 1 : 2;
    const bits = is_allocation && trace.alignLog2[i] > 4 ? trace.alignLog2[i] : 0;
    const size = kind === operations.free ? 0 : trace.size[i];
    records.push((trace.slot[i] | (operation << 24) | (bits << 27)) >>> 0, size);
  }
  return Buffer.from(Uint32Array.from(records).buffer);
}
