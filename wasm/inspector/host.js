// Runs a module in the page: gives it the few imports of WASI that a program needs
// to print, and records the events that wasm/inspector/events.c sends.
import { Heap, HeapError } from '../js/mote.js';
import { Trace } from './trace.js';

const success = 0;
const badDescriptor = 8;
const notSupported = 58;

export class ProgramEnd extends Error {}

// What WASI asks of a host, as far as there is an answer in a page: no files, no
// arguments; output goes to `print(text)`.
function wasi(memoryOf, print) {
  const words = () => new DataView(memoryOf().buffer);
  const setWord = (at, value) => words().setUint32(at, value, true);
  const noStrings = (countAt, sizeAt) => {
    setWord(countAt, 0);
    setWord(sizeAt, 0);
    return success;
  };
  const known = {
    args_sizes_get: noStrings,
    args_get: () => success,
    environ_sizes_get: noStrings,
    environ_get: () => success,
    fd_prestat_get: () => badDescriptor,
    fd_prestat_dir_name: () => badDescriptor,
    fd_close: () => success,
    fd_fdstat_get: (fd, at) => {
      new Uint8Array(memoryOf().buffer).fill(0, at, at + 24);
      words().setUint8(at, 2); // a character device
      return fd < 3 ? success : badDescriptor;
    },
    fd_write: (fd, vectors, count, writtenAt) => {
      let written = 0;
      for (let i = 0; i < count; ++i) {
        const at = words().getUint32(vectors + 8 * i, true);
        const size = words().getUint32(vectors + 8 * i + 4, true);
        print(new TextDecoder().decode(new Uint8Array(memoryOf().buffer, at, size).slice()));
        written += size;
      }
      setWord(writtenAt, written);
      return success;
    },
    clock_time_get: (id, precision, at) => {
      const now = id === 0 ? Date.now() : performance.now();
      words().setBigUint64(at, BigInt(Math.round(now * 1e6)), true);
      return success;
    },
    random_get: (at, size) => {
      for (let done = 0; done < size; done += 65536) {
        const part = new Uint8Array(Math.min(65536, size - done));
        crypto.getRandomValues(part);
        new Uint8Array(memoryOf().buffer).set(part, at + done);
      }
      return success;
    },
    proc_exit: (status) => { throw new ProgramEnd(`the program exited with ${status}`); },
  };
  return (name) => known[name] ?? (() => notSupported);
}

function importOf({ module, name, kind }, wasiCall, record) {
  if (kind === 'memory') return new WebAssembly.Memory({ initial: 256, maximum: 65536 });
  if (kind === 'table') return new WebAssembly.Table({ initial: 1024, element: 'anyfunc' });
  if (kind !== 'function') throw new HeapError(`the module imports the ${kind} ${module}.${name}, which this page cannot give`);
  if (module === 'mote' && name === 'event') return record;
  if (module.startsWith('wasi_')) return wasiCall(name);
  return () => { throw new HeapError(`the module called ${module}.${name}, which this page does not have`); };
}

// A module that runs. `step()` does a part of its work and says whether there is
// more: a module that exports `step` is asked until that returns 0, others run
// their `_start` at once.
export class Program {
  #next;

  static async load(name, bytes, print) {
    return new Program(name, await WebAssembly.compile(bytes), print);
  }

  constructor(name, module, print) {
    this.name = name;
    this.trace = new Trace();
    this.live = 0;
    const sizes = new Map();
    const begin = performance.now();
    const record = (operation, old, address, size, align) => {
      this.trace.add({ operation, old: old >>> 0, address: address >>> 0, size: size >>> 0, alignLog2: align ? Math.log2(align) : 0, time: (performance.now() - begin) * 1e6 });
      if (operation !== 3 && address === 0) return;
      this.live -= sizes.get(old) ?? 0;
      sizes.delete(old);
      if (address === 0) return;
      sizes.set(address, size >>> 0);
      this.live += size >>> 0;
    };
    let memory;
    const wasiCall = wasi(() => memory, print);
    const imports = {};
    for (const entry of WebAssembly.Module.imports(module)) {
      imports[entry.module] ??= {};
      imports[entry.module][entry.name] = importOf(entry, wasiCall, record);
      if (entry.kind === 'memory') memory = imports[entry.module][entry.name];
    }
    const { exports } = new WebAssembly.Instance(module, imports);
    memory = exports.memory ?? memory;
    this.heap = new Heap({ ...exports, memory });
    this.heap.walk(); // says at once if this is no module of mote's
    exports._initialize?.();
    this.#next = exports.step ?? (() => {
      exports._start?.();
      return 0;
    });
    this.hasEvents = WebAssembly.Module.imports(module).some(({ module: from, name: called }) => from === 'mote' && called === 'event');
  }

  step() {
    try {
      const status = this.#next();
      if (status < 0) throw new HeapError(`${this.name} failed: its step returned ${status}`);
      return status !== 0;
    } catch (error) {
      if (error instanceof ProgramEnd) return false;
      throw error;
    }
  }
}
