// From samples to figures, and the tables on the terminal.
import { apis } from "./sizes.mjs";

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const geomean = (values) =>
  values.length ? Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length) : NaN;

// summary: {
//   allocators: [{ name, group, alignment, profile, sized }],
//   rows: [{ name, is_trace, operations, blocks, peak, limits: { headerless: {8, 16}, header: {8, 16} } }],
//   memory: { row: { allocator: { grown, ratio, leak } | { failed } } },
//   speed: { engine: { row: { allocator: { cold, warm, samples } } } } }   ns per operation
//   latencies: [{ row, allocator, p50, p99, p999, max, clock }]          ns
//   scalings: [{ allocator, pattern, size, ns: [at each count] }]
export function summarize({ rows, subjects, counts, results, latencies, scalings }) {
  const summary = {
    allocators: subjects.map(({ name, group, alignment, profile, sized }) => ({ name, group, alignment, profile, sized })),
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
    latencies,
    scalings,
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
  const entry = { grown: first, ratio: first / row.peak, leak: first ? third / first : 1, third };
  // Memory does not depend on the engine; if it did, nothing here would hold.
  const known = table[name];
  if (known && (known.grown !== entry.grown || known.third !== entry.third)) {
    throw new Error(`${name} on ${row.name}: ${engine} grows the memory to ${first}, another engine to ${known.grown}`);
  }
  table[name] = entry;
}

function addSpeed(summary, engine, row, name, samples) {
  const nanoseconds = (key) =>
    samples.filter((sample) => sample[key] !== undefined && !sample.failed).map((sample) => (sample[key] * 1e6) / row.operations);
  const warm = nanoseconds("warm");
  if (warm.length === 0) return;
  const rows = (summary.speed[engine] ??= {});
  const table = (rows[row.name] ??= {});
  table[name] = { cold: median(nanoseconds("cold")), warm: median(warm), samples: warm };
}

// The ratio of each allocator to the best of each row it finished; bests are
// taken over `among`.
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

// ---- Text.

export function table(head, body) {
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((line) => String(line[column]).length)));
  const text = (line) =>
    line.map((cell, column) => (column ? String(cell).padStart(widths[column]) : String(cell).padEnd(widths[column]))).join("  ");
  return [head, ...body].map(text).join("\n") + "\n";
}

const fixed = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "-");

export function speedTable(summary, engine, key) {
  const names = summary.allocators.map(({ name }) => name);
  const cells = summary.speed[engine];
  const body = summary.rows.map((row) => [row.name, ...names.map((name) => fixed(cells[row.name]?.[name]?.[key], 1))]);
  const racing = summary.allocators.filter(({ group }) => group !== "floor" && group !== "control").map(({ name }) => name);
  const peers = summary.allocators.filter(({ group }) => group === "peer").map(({ name }) => name);
  const mean = (among, rows) => {
    const ratios = toBest(summary, engine, key, among);
    return names.map((name) => fixed(geomean(rows.filter((row) => ratios[name]?.[row]).map((row) => ratios[name][row])), 2));
  };
  const all = summary.rows.map(({ name }) => name);
  const traces = summary.rows.filter((row) => row.is_trace).map(({ name }) => name);
  body.push(["to the best, all", ...mean(racing, all)]);
  if (traces.length) body.push(["to the best, traces", ...mean(racing, traces)]);
  if (peers.length) body.push(["to the best peer, all", ...mean(peers, all)]);
  return table([`${engine}, ${key} ns/op`, ...names], body);
}

export function memoryTable(summary) {
  const names = summary.allocators.map(({ name }) => name);
  const limits = [["headerless", 8], ["headerless", 16], ["header", 8], ["header", 16]];
  const cell = (entry) => (entry.failed ? "-" : fixed(entry.ratio, 3));
  const body = summary.rows.map((row) => [
    row.name, fixed(row.peak / 2 ** 20, 2), ...limits.map(([kind, align]) => fixed(row.limits[kind][align], 3)),
    ...names.map((name) => cell(summary.memory[row.name][name])),
  ]);
  const group = (label, rows) => {
    if (rows.length === 0) return;
    body.push([
      label, "", ...limits.map(([kind, align]) => fixed(geomean(rows.map((row) => row.limits[kind][align])), 3)),
      ...names.map((name) => fixed(geomean(rows.map((row) => summary.memory[row.name][name].ratio ?? NaN)), 3)),
    ]);
  };
  group("geomean, traces", summary.rows.filter((row) => row.is_trace));
  group("geomean, peak >= 1 MiB", summary.rows.filter((row) => row.peak >= 2 ** 20));
  return table(["memory / peak live", "MiB", "h'less 8", "h'less 16", "4 B 8", "4 B 16", ...names], body);
}

// The geometric mean over the traces against the limit at the allocator's own
// alignment.
export function limitTable(summary) {
  const traces = summary.rows.filter((row) => row.is_trace);
  const body = summary.allocators.map(({ name, alignment }) => {
    const against = (kind) =>
      geomean(traces.map((row) => (summary.memory[row.name][name].ratio ?? NaN) / row.limits[kind][alignment]));
    return [name, alignment, fixed(against("headerless"), 4), fixed(against("header"), 4)];
  });
  return table(["traces, memory / limit", "align", "headerless", "4 B header"], body);
}

export function leakTable(summary) {
  const names = summary.allocators.map(({ name }) => name);
  const body = summary.rows.map((row) => [
    row.name, ...names.map((name) => fixed(summary.memory[row.name][name].leak, 2)),
  ]);
  return table(["memory after 3 runs / after 1", ...names], body);
}

export function latencyTable(summary) {
  const body = summary.latencies.map(({ row, allocator, p50, p99, p999, max, clock }) =>
    [row, allocator, ...[p50, p99, p999, max, clock].map((ns) => fixed(ns, 0))]);
  return table(["one malloc or free, ns", "", "p50", "p99", "p99.9", "max", "clock alone"], body);
}

export function scalingTable(summary) {
  const names = summary.allocators.map(({ name }) => name);
  const lines = new Map(summary.scalings.map(({ pattern, size }) => [`${pattern}, ${size} B`, { pattern, size }]));
  const body = [...lines].map(([label, { pattern, size }]) => [label, ...names.map((name) => {
    const one = summary.scalings.find((one) => one.allocator === name && one.pattern === pattern && one.size === size);
    if (!one) return "-";
    const { ns, failed } = one;
    return failed ? "-" : `${fixed(ns[0], 0)} > ${fixed(ns.at(-1), 0)}`;
  })]);
  return table(["ns/op, 4,000 > 16,000 free blocks", ...names], body);
}

export function nativeTable({ allocators, rows }) {
  const columns = ["cold", "warm", "resident"].flatMap((key) => allocators.map((name) => [key, name]));
  const digits = { cold: 1, warm: 1, resident: 2 };
  const body = rows.map((row) => [row.name, ...columns.map(([key, name]) => fixed(row.cells[name][key], digits[key]))]);
  const mean = (label, chosen) => {
    if (chosen.length === 0) return;
    body.push([label, ...columns.map(([key, name]) => fixed(geomean(chosen.map((row) => row.cells[name][key])), digits[key]))]);
  };
  mean("geomean, all", rows.filter((row) => allocators.every((name) => row.cells[name].resident > 0)));
  mean("geomean, traces", rows.filter((row) => row.is_trace));
  const words = { cold: "cold ns", warm: "warm ns", resident: "RSS/live" };
  return table(["native", ...columns.map(([key, name]) => `${words[key]} ${name}`)], body);
}

export function sizeTable(summary) {
  const columns = Object.keys(apis).flatMap((api) => ["raw", "gzip", "brotli"].map((form) => [api, form]));
  const body = Object.entries(summary.sizes).map(([name, sizes]) => [
    name, ...columns.map(([api, form]) => sizes[api]?.[form] ?? "-"),
  ]);
  return table(["bytes", ...columns.map(([api, form]) => (form === "raw" ? apis[api] : form))], body);
}

export function checkTable(checks) {
  const failed = checks.filter(({ passed }) => !passed);
  const body = failed.map(({ text, value, max }) => [text, fixed(value, 4), fixed(max, 4)]);
  const head = `${checks.length - failed.length} of ${checks.length} bars met`;
  return body.length ? table([`${head}; missed:`, "is", "may be"], body) : head + "\n";
}

export function failureLines(summary) {
  return summary.rows.flatMap((row) => summary.allocators
    .filter(({ name }) => summary.memory[row.name][name].failed)
    .map(({ name }) => `${name} on ${row.name}: ${summary.memory[row.name][name].failed}`));
}

export function printTables(summary) {
  const parts = [];
  for (const engine of Object.keys(summary.speed)) {
    parts.push(speedTable(summary, engine, "warm"), speedTable(summary, engine, "cold"));
  }
  if (summary.latencies.length) parts.push(latencyTable(summary));
  if (summary.scalings.length) parts.push(scalingTable(summary));
  if (summary.native) parts.push(nativeTable(summary.native));
  parts.push(memoryTable(summary));
  if (summary.rows.some((row) => row.is_trace)) parts.push(limitTable(summary));
  parts.push(leakTable(summary), sizeTable(summary), checkTable(summary.checks));
  const failures = failureLines(summary);
  if (failures.length) parts.push(failures.join("\n") + "\n");
  process.stdout.write(parts.join("\n"));
}
