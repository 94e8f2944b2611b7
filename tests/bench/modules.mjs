// Links workloads and one allocator into one wasm module.
//
// Compile, link, then `wasm-opt -Oz` over the whole, as an application would:
// what runs is what the size recipe gives. Every module has the same workloads
// from the same object files.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { memoryFunctions } from "./allocators.mjs";
import { Failure, compile, here, link, optimize } from "./toolchain.mjs";

const page_size = 65536;
const memory_max = 1 << 30;
const workloadFiles = ["synthetic.cpp", "programs.cpp", "trace.cpp"];
const header = join(here, "workloads/bench.hpp");

export const syntheticRows = [
  "small_churn", "lifo", "fifo", "mixed", "large", "realloc_double", "realloc_inc", "realloc_one",
  "frag", "killer_live", "killer_cycles", "json", "hashmap", "aligned",
];

function workloads(flags, files = workloadFiles) {
  return Promise.all(files.map((file) => compile(join(here, "workloads", file), ["-O2", ...flags], [header])));
}

// The heap starts at a page boundary, exactly at the end of the initial memory:
// otherwise a module's static data would decide how much of its last page the
// allocator gets for nothing (up to 64 KiB, 2 % of a small trace).
async function linkAtPageEnd(objects, flags = []) {
  const probe = await link(objects, [...flags, "--export=__heap_base", `--max-memory=${memory_max}`]);
  const base = heapBase(probe);
  const shift = (page_size - (base % page_size)) % page_size;
  const file = await link(objects, [
    ...flags, "--export=__heap_base", `--max-memory=${memory_max}`, `--global-base=${1024 + shift}`,
  ]);
  const { heap, memory } = { heap: heapBase(file), memory: initialMemory(file) };
  if (heap !== memory) throw new Failure(`the heap starts at ${heap}, the memory ends at ${memory}`);
  return file;
}

function instantiate(file) {
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { env: { stamp() {} } });
}

const heapBase = (file) => instantiate(file).exports.__heap_base.value;
const initialMemory = (file) => instantiate(file).exports.memory.buffer.byteLength;

export async function benchModule(allocator) {
  const objects = [...(await workloads([])), ...allocator.objects, await memoryFunctions()];
  return optimize(await linkAtPageEnd(objects));
}

// Computes what the rows ask for. Any allocator will do.
export async function countModule(allocator) {
  const objects = [
    ...(await workloads(["-DBENCH_COUNT"], [...workloadFiles, "count.cpp"])),
    ...allocator.objects, await memoryFunctions(),
  ];
  return optimize(await linkAtPageEnd(objects));
}
