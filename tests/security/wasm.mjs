// The wasm columns: each case in a new instance, in node. What traps is caught.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { availableParallelism } from 'node:os';
import { Failure, compile, cxxFlags, here, mote, out, profiles, root, run } from './toolchain.mjs';

const seconds_max = 10;
const stack_size = 1 << 20;  // a case has an array of a quarter of it
const tables = ['heap_cases', 'operator_cases'];

const clang = ['clang++-19', '--target=wasm32-wasi', '-mbulk-memory'];

async function wasiModules(name, libraries) {
  const [entry, ...objects] = await compile('wasi', clang, ['wasm_entry', ...tables]);
  return Promise.all(tables.map(async (table, i) => {
    const module = join(out, `${name}-${table}.wasm`);
    await run(clang[0], [clang[1], '-mexec-model=reactor', `-Wl,-z,stack-size=${stack_size}`, entry, objects[i], ...libraries, '-o', module]);
    return module;
  }));
}

function emscriptenModules(malloc) {
  return Promise.all(tables.map(async (table) => {
    const module = join(out, `${malloc}-${table}.wasm`);
    await run('em++', [...cxxFlags, '--no-entry', '-sSTANDALONE_WASM', `-sMALLOC=${malloc}`, `-sTOTAL_STACK=${stack_size}`,
      '-sALLOW_MEMORY_GROWTH=1', '-sMAXIMUM_MEMORY=4GB', join(here, 'wasm_entry.cpp'), join(here, `${table}.cpp`), '-o', module]);
    return module;
  }));
}

// { name, modules } of each.
export async function wasmColumns({ isWanted }) {
  const columns = [
    { name: 'dlmalloc (wasi-libc)', build: () => wasiModules('dlmalloc', []) },
    { name: 'emmalloc (Emscripten)', build: () => emscriptenModules('emmalloc') },
    ...profiles().map((profile) => ({
      name: `mote ${profile}`, isMote: true,
      build: async () => {
        const toolchain = join(root, 'wasm/toolchains/wasi.cmake');
        const folder = await mote('wasi', profile, ['mote'], ['--toolchain', toolchain]);
        return wasiModules(`mote-${profile}`, [join(folder, 'libmote.a')]);
      },
    })),
  ].map((column) => ({ isMote: false, ...column, platform: 'wasm' })).filter(isWanted);
  for (const column of columns) column.modules = await column.build();
  return columns;
}

class Exit extends Error {}

// A case asks nothing of the system, so what does is a library that ends the
// program, with a message perhaps.
function importsOf(module) {
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    const call = () => { throw new Exit(`calls ${name}`); };
    (imports[from] ??= {})[name] = name === 'emscripten_notify_memory_growth' ? () => {} : call;
  }
  return imports;
}

function text(memory, address) {
  if (address === 0) return null;
  const bytes = new Uint8Array(memory.buffer, address);
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

function caught(error) {
  if (!(error instanceof WebAssembly.RuntimeError || error instanceof Exit || error instanceof RangeError)) throw error;
  const [, trap] = /at \S*(mote_trap_\w+)/.exec(error.stack) ?? [];
  return { outcome: 'caught', how: trap ?? error.message };
}

function runCase(module, index) {
  const instance = new WebAssembly.Instance(module, importsOf(module));
  const { memory, _initialize: initialize, case_kind: kind, event_name: event, size_name: size, run_case: runOne } = instance.exports;
  initialize();
  const sizeName = text(memory, size(index));
  const names = { kind: text(memory, kind(index)), name: text(memory, event(index)) + (sizeName ? `_${sizeName}` : '') };
  // So that the name of one that never returns is known.
  parentPort.postMessage({ ...names, outcome: 'missed', how: `still runs after ${seconds_max} s`, index });
  try {
    const isMissed = runOne(index) === 1;
    return { ...names, ...(isMissed ? { outcome: 'missed', how: '' } : { outcome: 'caught', how: 'refused' }) };
  } catch (error) {
    return { ...names, ...caught(error) };
  }
}

// In the worker: all cases of a module from the first that is asked for.
function runFrom({ file, first }) {
  const module = new WebAssembly.Module(readFileSync(file));
  const count = new WebAssembly.Instance(module, importsOf(module)).exports.case_count();
  for (let index = first; index < count; ++index) parentPort.postMessage({ ...runCase(module, index), index, isDone: true });
}

// A worker for a module; another one behind each case that never returns.
async function runModule(file) {
  const cells = [];
  for (let isDone = false; !isDone;) {
    await new Promise((resolve, reject) => {
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { file, first: cells.length } });
      let timer;
      worker.on('message', ({ index, isDone: caseIsDone, ...cell }) => {
        clearTimeout(timer);
        cells[index] = cell;
        if (!caseIsDone) timer = setTimeout(() => worker.terminate(), seconds_max * 1000);
      });
      worker.on('error', reject);
      worker.on('exit', (status) => {
        clearTimeout(timer);
        isDone = status === 0;
        resolve();
      });
    });
  }
  return cells;
}

export async function runWasm(columns) {
  const queue = columns.flatMap((column) => column.modules.map((file, i) => ({ column, file, i })));
  const parts = new Map(columns.map((column) => [column, []]));
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) parts.get(next.column)[next.i] = await runModule(next.file);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  for (const column of columns) column.cells = parts.get(column).flat();
}

if (!isMainThread) runFrom(workerData);
