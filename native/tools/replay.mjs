// Replays operations on a wasm module's malloc, in node: mote-replay runs it.
//
//   node replay.mjs MODULE OPERATIONS REPETITIONS
//
// The module exports malloc, free, realloc and aligned_alloc (or memalign), and
// its memory, or imports one as env.memory. Prints {ns, footprint} as JSON: the
// best time of an operation, the call from JavaScript included, and by how much
// the linear memory grew; or {error}.
import { readFileSync } from "node:fs";

const [file, operationsFile, repetitions] = process.argv.slice(-3);
const kinds = { allocate: 1, free: 3, reallocate: 4 };  // TraceKind
const bytes = readFileSync(operationsFile);
// struct Operation, in words: block, kind and log2 of the alignment, size.
const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const module = new WebAssembly.Module(readFileSync(file));

function instantiate() {
  const imports = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    imports[from] ??= {};
    imports[from][name] = kind === "memory" ? new WebAssembly.Memory({ initial: 32, maximum: 65536 })
      : kind === "function" ? () => 0 : undefined;
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  exports._initialize?.();
  return { ...exports, memory: exports.memory ?? imports.env?.memory };
}

function replay({ malloc, free, realloc, aligned_alloc, memalign, memory }) {
  const aligned = aligned_alloc ?? memalign;
  if (!malloc || !free || !realloc || !aligned) throw new Error("it does not export malloc, free, realloc and aligned_alloc");
  const addresses = [];
  let view = new Uint8Array(memory.buffer);
  const start_bytes = view.length;
  const start = process.hrtime.bigint();
  for (let i = 0; i < words.length; i += 4) {
    const block = words[i], kind = words[i + 1] & 0xff, align_bits = (words[i + 1] >>> 8) & 0xff, size = words[i + 2];
    if (kind === kinds.free) {
      free(addresses[block]);
      continue;
    }
    if (words[i + 3] > 0) throw new Error("a block does not fit into a 32-bit memory");
    const address = kind === kinds.reallocate ? realloc(addresses[block], size)
      : align_bits > 0 ? aligned(2 ** align_bits, size) : malloc(size);
    if (address === 0 && size > 0) throw new Error(`it refused ${size} bytes at operation ${i / 4}`);
    addresses[block] = address;
    if (size > 0) {
      if (view.length === 0) view = new Uint8Array(memory.buffer);  // it grew
      view[address >>> 0] = view[(address >>> 0) + size - 1] = 1;
    }
  }
  const ns = Number(process.hrtime.bigint() - start) / (words.length / 4);
  return { ns, footprint: memory.buffer.byteLength - start_bytes };
}

let best;
try {
  for (let i = 0; i < Number(repetitions); ++i) {
    const result = replay(instantiate());
    if (!best || result.ns < best.ns) best = result;
  }
} catch (error) {
  best = { error: error.message };
}
console.log(JSON.stringify(best));
