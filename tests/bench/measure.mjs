// Runs the rows in whatever engine this is loaded into: node, bun, a browser's
// worker. Knows nothing of files or processes.
//
//   plan   { rows: [{ name, trace }], modules: [{ name, file }], repetitions, mode }
//   host   load(file) -> Promise<Uint8Array>, now() -> milliseconds, emit(result)
//
// A repetition is a fresh instance in which the row runs twice (cold, warm), and
// in the first repetition a third time (for the leak check). Allocators take
// turns within a repetition; their order rotates.

const slow_ms = 4000;
const failures = ["trapped", "out of memory", "wrong contents"];

export async function measure(plan, host) {
  const modules = [];
  for (const { name, file } of plan.modules) {
    modules.push({ name, module: await WebAssembly.compile(await host.load(file)) });
  }
  for (const row of plan.rows) {
    const trace = row.trace ? await host.load(row.trace) : null;
    await measureRow({ ...row, trace }, modules, plan, host);
  }
}

async function measureRow(row, modules, plan, host) {
  const alive = new Set(modules);
  const timed = plan.mode === "time";
  // The first repetition warms the engine's compilers up and gives the memory
  // figures, which are exact; its times are not used.
  const repetition_count = timed ? plan.repetitions + 1 : 1;
  for (let repetition = 0; repetition < repetition_count; ++repetition) {
    for (let i = 0; i < modules.length; ++i) {
      const subject = modules[(i + repetition) % modules.length];
      if (!alive.has(subject)) continue;
      const result = { row: row.name, allocator: subject.name, repetition };
      try {
        const run = await open(subject.module, row, host);
        const runs = [run(), run()];
        if (repetition === 0) {
          runs.push(run());
          result.memory = runs.map((one) => one.memory);
        } else {
          [result.cold, result.warm] = runs.map((one) => one.ms);
        }
        if (runs[0].ms > slow_ms) {
          // Too slow to repeat: one sample has to do.
          [result.cold, result.warm] = runs.map((one) => one.ms);
          alive.delete(subject);
        }
      } catch (error) {
        if (!(error instanceof RowFailure)) throw error;
        result.failed = error.message;
        alive.delete(subject);
      }
      host.emit(result);
    }
  }
}

class RowFailure extends Error {}

// A function that runs the row once in one fresh instance.
async function open(module, row, host, stamp = () => {}) {
  const { exports } = await WebAssembly.instantiate(module, { env: { stamp } });
  const memory_before = exports.memory.buffer.byteLength;
  const once = row.trace ? () => replay(exports, row.trace, host) : () => runSynthetic(exports, row.name, host);
  return () => {
    let ms;
    try {
      ms = once();
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      throw new RowFailure(failures[exports.failure_code()] ?? error.message);
    }
    return { ms, memory: exports.memory.buffer.byteLength - memory_before };
  };
}

function runSynthetic(exports, name, host) {
  const run = exports[`run_${name}`];
  const begin = host.now();
  run();
  return host.now() - begin;
}

// In pieces: the trace stands in static memory that the heap does not see, and
// is refilled outside of the timing.
function replay(exports, trace, host, run = exports.trace_replay) {
  const buffer = exports.trace_buffer();
  const record_size = 8;
  const piece_size = exports.trace_operation_capacity() * record_size;
  let ms = 0;
  for (let offset = 0; offset < trace.length; offset += piece_size) {
    const piece = trace.subarray(offset, offset + piece_size);
    // The memory's buffer changes whenever it grows.
    new Uint8Array(exports.memory.buffer).set(piece, buffer);
    const begin = host.now();
    run(piece.length / record_size);
    ms += host.now() - begin;
  }
  exports.trace_free_rest();
  return ms;
}

// ---- What the rows ask for, from the counting module.

export async function count(plan, host) {
  const module = await WebAssembly.compile(await host.load(plan.countModule));
  for (const row of plan.rows) {
    const trace = row.trace ? await host.load(row.trace) : null;
    const { exports } = await WebAssembly.instantiate(module, { env: { stamp() {} } });
    const run = trace ? () => replayOnly(exports, trace) : () => exports[`run_${row.name}`]();
    run();
    const [operations, blocks, peak, headerless8, headerless16, header8, header16, left] =
      Array.from({ length: 8 }, (_, what) => exports.counted(what));
    host.emit({ row: row.name, operations, blocks, peak, headerless8, headerless16, header8, header16, left });
  }
}

function replayOnly(exports, trace) {
  const free_rest = { ...exports, memory: exports.memory, trace_free_rest() {} };
  return replay(free_rest, trace, { now: () => 0 });
}
