// From samples to figures.
//
// summary: {
//   about        versions and machine
//   allocators   [{ name, group, alignment, profile, sized, of }]
//   rows         [{ name, is_trace, operations, blocks, peak,
//                   limits: { headerless: { 8, 16 }, header: { 8, 16 } } }]
//   memory       { row: { allocator: { grown, ratio, leak } | { failed } } }
//   speed        { engine: { row: { allocator: { cold, warm, samples } } } }   ns per operation
//   latencies    [{ row, allocator, p50, p99, p999, max, clock }]              ns
//   scalings     [{ allocator, pattern, size, ns: [at each count] }]
//   sizes        { allocator: { api: { raw, gzip, brotli } } }
//   native       see native.mjs
// }

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const geomean = (values) =>
  values.length ? Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length) : NaN;

export function summarize({ rows, subjects, counts, results, ...others }) {
  const summary = {
    ...others,
    allocators: subjects.map(({ name, group, alignment, profile, sized, of }) => ({ name, group, alignment, profile, sized, of })),
    rows: rows.map(({ name, trace }) => {
      const counted = counts.find(({ row }) => row === name);
      const { operations, blocks, peak } = counted;
      const limit = (kind) => ({ 8: counted[`${kind}8`] / peak, 16: counted[`${kind}16`] / peak });
      return {
        name, is_trace: Boolean(trace), operations, blocks, peak,
        limits: { headerless: limit("headerless"), header: limit("header") },
      };
    }),
    memory: {},
    speed: {},
  };
  for (const [engine, samples] of Object.entries(results)) {
    for (const row of summary.rows) {
      for (const { name } of summary.allocators) {
        const own = samples.filter((sample) => sample.row === row.name && sample.allocator === name);
        addMemory(summary, engine, row, name, own);
        addSpeed(summary, engine, row, name, own);
      }
    }
  }
  return summary;
}

function addMemory(summary, engine, row, name, samples) {
  const table = (summary.memory[row.name] ??= {});
  const failed = samples.find((sample) => sample.failed)?.failed;
  if (failed) {
    table[name] = { failed };
    return;
  }
  const [first, , third] = samples.find((sample) => sample.memory).memory;
  const known = table[name];
  // Memory does not depend on the engine; if it did, nothing here would hold.
  if (known && (known.grown !== first || known.third !== third)) {
    throw new Error(`${name} on ${row.name}: ${engine} grows the memory to ${first}, another engine to ${known.grown}`);
  }
  table[name] = { grown: first, third, ratio: first / row.peak, leak: first ? third / first : 1 };
}

function addSpeed(summary, engine, row, name, samples) {
  const nanoseconds = (key) =>
    samples.filter((sample) => sample[key] !== undefined && !sample.failed).map((sample) => (sample[key] * 1e6) / row.operations);
  const warm = nanoseconds("warm");
  if (warm.length === 0) return;
  const rows = (summary.speed[engine] ??= {});
  (rows[row.name] ??= {})[name] = { cold: median(nanoseconds("cold")), warm: median(warm), samples: warm };
}

// { allocator: { row: its time over the best's } }; bests are taken over
// `among`.
export function toBest(summary, engine, key, among) {
  const ratios = {};
  for (const row of summary.rows) {
    const cells = summary.speed[engine][row.name] ?? {};
    const best = Math.min(...among.map((name) => cells[name]?.[key] ?? Infinity));
    for (const { name } of summary.allocators) {
      if (cells[name]) (ratios[name] ??= {})[row.name] = cells[name][key] / best;
    }
  }
  return ratios;
}

export const namesOf = (summary, ...groups) =>
  summary.allocators.filter(({ group }) => groups.includes(group)).map(({ name }) => name);

// Against the best of each row, the peers and this allocator competing: other
// variants of mote do not move the figure.
export function speedOf(summary, engine, name, key = "warm") {
  const among = [...new Set([...namesOf(summary, "peer"), name])];
  return geomean(Object.values(toBest(summary, engine, key, among)[name] ?? {}));
}

// Linear memory over peak live bytes, geometric mean over the traces; NaN when
// one was not finished.
export function memoryOf(summary, name) {
  return geomean(summary.rows.filter((row) => row.is_trace).map((row) => summary.memory[row.name][name].ratio ?? NaN));
}

// By how much two runs of the same module differ: geometric mean and worst row.
export function noiseOf(summary, engine) {
  const control = summary.allocators.find(({ group }) => group === "control");
  if (!control) return undefined;
  const factors = summary.rows.flatMap((row) => {
    const cells = summary.speed[engine][row.name];
    const [a, b] = [cells?.[control.name]?.warm, cells?.[control.of]?.warm];
    return a && b ? [Math.max(a / b, b / a)] : [];
  });
  return { of: control.of, mean: geomean(factors), worst: Math.max(...factors) };
}
