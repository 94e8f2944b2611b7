// The tables, as data and as plain text.
import { apis } from "./sizes.mjs";
import { geomean, memoryOf, namesOf, noiseOf, speedOf, toBest } from "./statistics.mjs";

export const fixed = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "-");

// { title, note, head, body, heat }; heat(row, column) gives a ratio to colour a
// cell by, where that makes sense.
export function tables(summary) {
  const list = [];
  for (const engine of Object.keys(summary.speed)) {
    list.push(speedTable(summary, engine, "warm"), speedTable(summary, engine, "cold"), speedBars(summary, engine));
  }
  if (summary.latencies?.length) list.push(latencyTable(summary));
  if (summary.scalings?.length) list.push(scalingTable(summary));
  if (summary.native) list.push(nativeTable(summary.native));
  list.push(memoryTable(summary));
  if (summary.rows.some((row) => row.is_trace)) list.push(limitTable(summary));
  list.push(leakTable(summary), sizeTable(summary), checkTable(summary.checks));
  const failures = failureTable(summary);
  if (failures.body.length) list.push(failures);
  return list;
}

function speedTable(summary, engine, key) {
  const names = summary.allocators.map(({ name }) => name);
  const cells = summary.speed[engine];
  const racing = namesOf(summary, "mote", "peer");
  const peers = namesOf(summary, "peer");
  const ratios = toBest(summary, engine, key, racing);
  const body = summary.rows.map((row) => [row.name, ...names.map((name) => fixed(cells[row.name]?.[name]?.[key], 1))]);
  const mean = (label, among, rows) => {
    if (among.length === 0 || rows.length === 0) return;
    const to = toBest(summary, engine, key, among);
    body.push([label, ...names.map((name) =>
      fixed(geomean(rows.filter((row) => to[name]?.[row.name]).map((row) => to[name][row.name])), 2))]);
  };
  mean("to the best, all", racing, summary.rows);
  mean("to the best, traces", racing, summary.rows.filter((row) => row.is_trace));
  mean("to the best peer, all", peers, summary.rows);
  const noise = noiseOf(summary, engine);
  return {
    title: `Speed, ${engine}, ${key === "warm" ? "warm (second run in an instance)" : "cold (first run, memory growth included)"}`,
    note: key === "warm" && noise
      ? `Noise: the control is ${noise.of} again; the two differ by ${fixed((noise.mean - 1) * 100, 1)} % in the geometric mean, ${fixed((noise.worst - 1) * 100, 0)} % at most.`
      : undefined,
    head: [`${engine}, ${key} ns/op`, ...names],
    body,
    heat: (row, column) => ratios[names[column - 1]]?.[summary.rows[row]?.name],
  };
}

// Printed with the noise above them, never judged.
function speedBars(summary, engine) {
  const emmalloc = summary.allocators.find(({ name }) => name === "emmalloc");
  const body = summary.allocators.filter(({ group }) => group === "mote").map(({ name, profile, alignment }) => {
    const max = profile === "tiny" ? emmalloc && speedOf(summary, engine, "emmalloc") : 1.1;
    const dlmalloc = summary.allocators.find((other) => /^dlmalloc/.test(other.name) && other.alignment === alignment);
    const above = (dlmalloc ? summary.rows : [])
      .map((row) => ({ row: row.name, cells: summary.speed[engine][row.name] ?? {} }))
      .map(({ row, cells }) => ({ row, ratio: cells[name]?.warm / cells[dlmalloc.name]?.warm }))
      .filter(({ ratio }) => ratio > 1.15)
      .sort((a, b) => b.ratio - a.ratio);
    const worst = above.slice(0, 4).map(({ row, ratio }) => `${row} ${fixed(ratio, 2)}`).join(", ");
    return [name, fixed(speedOf(summary, engine, name), 2), fixed(max, 2), above.length, worst];
  });
  return {
    title: `Speed bars, ${engine}`,
    head: [`${engine}, warm`, "to the best peer or itself", "may be", "rows over 1.15 x dlmalloc", "the worst of them"],
    body,
  };
}

function memoryTable(summary) {
  const names = summary.allocators.map(({ name }) => name);
  const limits = [["headerless", 8], ["headerless", 16], ["header", 8], ["header", 16]];
  const body = summary.rows.map((row) => [
    row.name, fixed(row.peak / 2 ** 20, 2), ...limits.map(([kind, align]) => fixed(row.limits[kind][align], 3)),
    ...names.map((name) => fixed(summary.memory[row.name][name].ratio, 3)),
  ]);
  const mean = (label, rows) => {
    if (rows.length === 0) return;
    body.push([
      label, "", ...limits.map(([kind, align]) => fixed(geomean(rows.map((row) => row.limits[kind][align])), 3)),
      ...names.map((name) => fixed(geomean(rows.map((row) => summary.memory[row.name][name].ratio ?? NaN)), 3)),
    ]);
  };
  mean("geomean, traces", summary.rows.filter((row) => row.is_trace));
  mean("geomean, peak >= 1 MiB", summary.rows.filter((row) => row.peak >= 2 ** 20));
  const first = 2 + limits.length;
  return {
    title: "Memory: linear memory grown over peak live bytes",
    note: "Limits: the peak of the live sizes, each rounded up to 8 or 16 bytes, without and with a 4-byte header.",
    head: ["memory / peak live", "MiB", "h'less 8", "h'less 16", "4 B 8", "4 B 16", ...names],
    body,
    heat: (row, column) => summary.rows[row] && summary.memory[summary.rows[row].name][names[column - first]]?.ratio,
  };
}

// Against the limit at the allocator's own alignment.
function limitTable(summary) {
  const traces = summary.rows.filter((row) => row.is_trace);
  const body = summary.allocators.map(({ name, alignment }) => {
    const limit = (kind) => geomean(traces.map((row) => row.limits[kind][alignment]));
    return [name, alignment, fixed(memoryOf(summary, name) / limit("headerless"), 4), fixed(memoryOf(summary, name) / limit("header"), 4)];
  });
  return { title: "Memory over the limits, geometric mean of the traces", head: ["memory / limit", "align", "headerless", "4 B header"], body };
}

function leakTable(summary) {
  const names = summary.allocators.map(({ name }) => name);
  const body = summary.rows.map((row) => [row.name, ...names.map((name) => fixed(summary.memory[row.name][name].leak, 2))]);
  return { title: "Leak check: memory after three identical runs over one", head: ["3 runs / 1", ...names], body };
}

function latencyTable(summary) {
  const body = summary.latencies.map(({ row, allocator, p50, p99, p999, max, clock }) =>
    [`${row}, ${allocator}`, ...[p50, p99, p999, max, clock].map((ns) => fixed(ns, 0))]);
  return {
    title: "Single mallocs and frees",
    note: "Node. Each operation of the trace as short as in the best of five fresh runs, so the machine's interruptions are gone " +
      "and the allocator's own work stays, memory growth and page faults included. The clock's call is in every figure; its own cost is the last column.",
    head: ["one malloc or free, ns", "p50", "p99", "p99.9", "max", "clock alone"],
    body,
  };
}

function scalingTable(summary) {
  const names = namesOf(summary, "mote", "peer");
  const find = (name, { pattern, size }) =>
    summary.scalings.find((one) => one.allocator === name && one.pattern === pattern && one.size === size);
  const lines = [...new Map(summary.scalings.map((one) => [`${one.pattern}, ${one.size} B`, one]))];
  const body = lines.map(([label, line]) => [label, ...names.map((name) => {
    const { ns, failed } = find(name, line);
    return failed ? "-" : `${fixed(ns[0], 0)} > ${fixed(ns.at(-1), 0)}`;
  })]);
  return {
    title: "Traps for walks: ns per operation beside 4,000 and beside 16,000 free blocks",
    note: "A list that is walked would cost four times as much; what grows by less is the cache.",
    head: ["4,000 > 16,000 free blocks", ...names],
    body,
    heat: (row, column) => {
      const { ns } = find(names[column - 1], lines[row][1]) ?? {};
      return ns?.length > 1 ? ns.at(-1) / ns[0] : undefined;
    },
  };
}

function nativeTable({ allocators, rows }) {
  const columns = ["cold", "warm", "resident"].flatMap((key) => allocators.map((name) => [key, name]));
  const digits = { cold: 1, warm: 1, resident: 2 };
  const body = rows.map((row) => [row.name, ...columns.map(([key, name]) => fixed(row.cells[name][key], digits[key]))]);
  const mean = (label, chosen) => {
    if (chosen.length === 0) return;
    body.push([label, ...columns.map(([key, name]) => fixed(geomean(chosen.map((row) => row.cells[name][key])), digits[key]))]);
  };
  mean("geomean, all", rows);
  mean("geomean, traces", rows.filter((row) => row.is_trace));
  const words = { cold: "cold ns", warm: "warm ns", resident: "RSS/live" };
  return {
    title: "Native: ns per operation, and the rise of the peak resident memory over peak live bytes",
    note: "The rows touch only the ends of their blocks, so pages inside large ones never become resident.",
    head: ["native", ...columns.map(([key, name]) => `${words[key]} ${name}`)],
    body,
  };
}

function sizeTable(summary) {
  const columns = Object.keys(apis).flatMap((api) => ["raw", "gzip", "brotli"].map((form) => [api, form]));
  const body = Object.entries(summary.sizes).filter(([, sizes]) => Object.keys(sizes).length).map(([name, sizes]) => [
    name, ...columns.map(([api, form]) => sizes[api]?.[form] ?? "-"),
  ]);
  return {
    title: "Size of the module",
    note: "Bytes of the whole file, -Oz and wasm-opt -Oz.",
    head: ["bytes", ...columns.map(([api, form]) => (form === "raw" ? apis[api] : form))],
    body,
  };
}

function checkTable(checks) {
  const missed = checks.filter(({ passed }) => !passed);
  return {
    title: `Bars: ${checks.length - missed.length} of ${checks.length} met`,
    head: ["missed", "is", "may be"],
    body: missed.map(({ text, value, max }) => [text, fixed(value, 4), fixed(max, 4)]),
  };
}

function failureTable(summary) {
  // The floor runs out of memory by design.
  const body = summary.rows.flatMap((row) => summary.allocators
    .filter(({ name, group }) => group !== "floor" && summary.memory[row.name][name].failed)
    .map(({ name }) => [name, row.name, summary.memory[row.name][name].failed]));
  return { title: "Not finished", head: ["allocator", "row", "why"], body };
}

export function asText({ title, note, head, body }) {
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((line) => String(line[column]).length)));
  const line = (cells) => cells
    .map((cell, column) => (column ? String(cell).padStart(widths[column]) : String(cell).padEnd(widths[column]))).join("  ");
  return [`== ${title}`, ...(body.length ? [line(head), ...body.map(line)] : []), ...(note ? [note] : [])].join("\n") + "\n";
}

export function asMarkdown({ title, note, head, body }) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const rule = `|---|${"---:|".repeat(head.length - 1)}`;
  return [`## ${title}`, ...(note ? [note] : []), ...(body.length ? [[line(head), rule, ...body.map(line)].join("\n")] : [])].join("\n\n") + "\n";
}
