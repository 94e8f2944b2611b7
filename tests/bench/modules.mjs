// Links workloads and one allocator into one wasm module.
//
// Compile, link, then `wasm-opt -Oz` over the whole, as an application would:
// what runs is what the size recipe gives. Every module has the same workloads
// from the same object files.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { memoryFunctions } from "./allocators.mjs";
import { Failure, compile, here, link, make, optimize } from "./toolchain.mjs";

const page_size = 65536;
const memory_max = 1 << 30;
// Where a ready-made module may have its stack and static data: Rust puts them
// around 1 MiB.
const low_reserved = 2 << 20;
const workloadFiles = ["synthetic.cpp", "programs.cpp", "trace.cpp", "scaling.cpp"];
const headers = [join(here, "workloads/bench.hpp"), join(here, "abi/names.hpp")];

export const syntheticRows = [
  "small_churn", "lifo", "fifo", "mixed", "large", "realloc_double", "realloc_inc", "realloc_one",
  "frag", "killer_live", "killer_cycles", "json", "hashmap", "aligned",
];

function workloads(flags, files = workloadFiles) {
  return Promise.all(files.map((file) => compile(join(here, "workloads", file), ["-O2", ...flags], headers)));
}

// The heap starts at a page boundary, exactly at the end of the initial memory:
// otherwise a module's static data would decide how much of its last page the
// allocator gets for nothing (up to 64 KiB, 2 % of a small trace).
// `reserved` bytes are left for the static data of a module merged later.
async function linkAtPageEnd(objects, reserved = 0, low = 1024) {
  const flags = (base) => ["--export=__heap_base", `--max-memory=${memory_max}`, `--global-base=${base}`];
  const probe = await link(objects, flags(low));
  const base = heapBase(probe) + reserved;
  const shift = (page_size - (base % page_size)) % page_size;
  const file = await link(objects, flags(low + shift));
  const { heap, memory } = { heap: heapBase(file), memory: initialMemory(file) };
  if (heap + reserved !== memory) throw new Failure(`the heap starts at ${heap}, the memory ends at ${memory}`);
  return file;
}

// Only to look at its memory: what it would import is never called.
const imported = new Proxy({}, { get: () => () => 0 });

function instantiate(file) {
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { host: { stamp() {} }, allocator: imported });
}

const heapBase = (file) => instantiate(file).exports.__heap_base.value;
const initialMemory = (file) => instantiate(file).exports.memory.buffer.byteLength;

export async function benchModule(allocator) {
  const functions = await memoryFunctions();
  if (!allocator.module) {
    return optimize(await linkAtPageEnd([...(await workloads([])), ...allocator.objects, functions]));
  }
  const objects = [...(await workloads(["-DBENCH_MERGED"])), ...allocator.objects, functions];
  const file = await linkAtPageEnd(objects, allocator.reserved ?? 0, low_reserved);
  const module = await allocator.module(heapBase(file));
  return optimize(await merge(file, module));
}

// The workloads export the memory as "memory" and take the allocator's
// functions from "allocator"; the allocator takes the memory from "env".
async function merge(workloads, module) {
  const merged = await make({
    command: "wasm-merge",
    args: [workloads, "env", module, "allocator", "--skip-export-conflicts", "--all-features", "-o", "$OUT"],
    inputs: [workloads, module],
    suffix: ".wasm",
  });
  const left = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(merged))).filter((entry) => entry.module !== "host");
  if (left.length) throw new Failure(`${module} leaves open: ${left.map(({ module, name }) => `${module}.${name}`).join(", ")}`);
  return merged;
}

// Computes what the rows ask for. Any allocator will do.
export async function countModule(allocator) {
  const objects = [
    ...(await workloads(["-DBENCH_COUNT"], [...workloadFiles, "count.cpp"])),
    ...allocator.objects, await memoryFunctions(),
  ];
  return optimize(await linkAtPageEnd(objects));
}
