// Runs the rows in whatever engine this is loaded into: node, bun, a browser's
// worker. Knows nothing of files or processes.
//
//   plan   { rows: [{ name, trace }], modules: [{ name, file }], repetitions, mode }
//   host   load(file) -> Promise<Uint8Array>, emit(result),
//          now() -> milliseconds, of the processor where it can be had,
//          clock() -> milliseconds, as fine as it can be had
//
// A repetition is a fresh instance in which the row runs twice (cold, warm), and
// in the first repetition a third time (for the leak check). Before a warm run
// every page that the cold one grew is touched: the system maps a page at its
// first touch, which takes longer than a hundred allocations, and whether a run
// is the first to touch one is then no accident of where blocks lie. Allocators
// take turns within a repetition; their order rotates.

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
async function open(module, row, host) {
  const { exports } = await WebAssembly.instantiate(module, { host: { stamp() {} } });
  const memory_before = exports.memory.buffer.byteLength;
  const once = row.trace ? () => replay(exports, row.trace, host) : () => runSynthetic(exports, row.name, host);
  return () => {
    touchPages(exports.memory, memory_before);
    const ms = guarded(exports, once);
    return { ms, memory: exports.memory.buffer.byteLength - memory_before };
  };
}

function touchPages(memory, begin) {
  const bytes = new Uint8Array(memory.buffer);
  for (let i = begin; i < bytes.length; i += 4096) bytes[i] = bytes[i];
}

function guarded(exports, action) {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    throw new RowFailure(failures[exports.failure_code()]);
  }
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

// ---- Single operations.

// Every malloc and free of a trace, each as short as it was in the best of
// `repetitions` runs: what the machine did in between is gone, what the
// allocator does at that point of the trace stays (searches, splits, memory
// growth). Reallocations are left out: their length is that of the copy. The
// figures contain the call of the clock, whose own cost is given beside them.
export async function latency(plan, host) {
  for (const row of plan.rows) {
    const trace = await host.load(row.trace);
    const operation_count = trace.length / 8;
    const words = new Uint32Array(trace.buffer, trace.byteOffset, operation_count * 2);
    for (const { name, file } of plan.modules) {
      const module = await WebAssembly.compile(await host.load(file));
      const best = new Float64Array(operation_count).fill(Infinity);
      const times = new Float64Array(1 << 17);
      let time_count;
      const stamp = () => { times[time_count++] = host.clock(); };
      try {
        for (let repetition = 0; repetition < plan.repetitions; ++repetition) {
          const { exports } = await WebAssembly.instantiate(module, { host: { stamp } });
          let done = 0;
          const run = (count) => {
            time_count = 0;
            exports.trace_replay_stamped(count);
            for (let i = 0; i < count; ++i, ++done) {
              const ms = times[i + 1] - times[i];
              if (ms < best[done]) best[done] = ms;
            }
          };
          guarded(exports, () => replay(exports, trace, host, run));
        }
      } catch (error) {
        if (!(error instanceof RowFailure)) throw error;
        host.emit({ row: row.name, allocator: name, failed: error.message });
        continue;
      }
      const { exports } = await WebAssembly.instantiate(module, { host: { stamp } });
      host.emit({
        row: row.name, allocator: name,
        ...distribution(best.filter((_, i) => ((words[2 * i] >>> 24) & 7) !== 2)),
        clock: clockCost(exports, times, () => { time_count = 0; }),
      });
    }
  }
}

function distribution(ms) {
  ms.sort();
  const at = (part) => ms[Math.min(ms.length - 1, Math.floor(ms.length * part))] * 1e6;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: ms[ms.length - 1] * 1e6 };
}

function clockCost(exports, times, reset) {
  const count = 1 << 16;
  let least = Infinity;
  for (let i = 0; i < 5; ++i) {
    reset();
    exports.stamp_only(count);
    least = Math.min(least, distribution(times.slice(1, count).map((time, k) => time - times[k])).p50);
  }
  return least;
}

// ---- Does the cost of an operation grow with the heap?

export async function scaling(plan, host) {
  const operation_count = 20000;
  for (const { name, file } of plan.modules) {
    const module = await WebAssembly.compile(await host.load(file));
    for (const [pattern, words] of plan.patterns.entries()) {
      for (const size of words.sizes) {
        const result = { allocator: name, pattern: words.name, size, ns: [] };
        try {
          for (const block_count of words.counts) {
            let best = Infinity;
            for (let repetition = 0; repetition < plan.repetitions; ++repetition) {
              const { exports } = await WebAssembly.instantiate(module, { host: { stamp() {} } });
              guarded(exports, () => {
                exports.scaling_set_up(pattern, size, block_count);
                exports.scaling_run(100);
                const begin = host.now();
                exports.scaling_run(operation_count);
                best = Math.min(best, host.now() - begin);
                exports.scaling_tear_down();
              });
              if (best > slow_ms) break;
            }
            result.ns.push((best * 1e6) / operation_count);
          }
        } catch (error) {
          if (!(error instanceof RowFailure)) throw error;
          result.failed = error.message;
        }
        host.emit(result);
      }
    }
  }
}

// ---- What the rows ask for, from the counting module.

export async function count(plan, host) {
  const module = await WebAssembly.compile(await host.load(plan.modules[0].file));
  for (const row of plan.rows) {
    const trace = row.trace ? await host.load(row.trace) : null;
    const { exports } = await WebAssembly.instantiate(module, { host: { stamp() {} } });
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
