// From samples to figures and tables.
//
// summary: {
//   about       versions and machine
//   allocators  [{ name, group, library }]
//   cells       [{ row, threads, failures: [text],
//                  figures: { allocator: { wall, cpu, peak, rise } } }]
// }
// wall and cpu are medians in milliseconds; peak and rise, in bytes, the median
// of the peaks of resident memory: the process's, and by how much the row
// raised it.
import { geomean, median } from "../statistics.mjs";

const measures = ["wall", "cpu", "peak", "rise"];

export function summarize(about, plan, allocators, samples) {
  const cells = plan.map(({ row, threads }, i) => {
    const failures = [];
    const figures = {};
    allocators.forEach(({ name }, which) => {
      const own = samples[i][which];
      const failed = own.find((sample) => sample.failed)?.failed;
      if (failed) failures.push(`${name}, ${row} on ${threads} threads: ${failed}`);
      else figures[name] = Object.fromEntries(measures.map((key) => [key, median(own.map((sample) => sample[key]))]));
    });
    return { row, threads, failures, figures };
  });
  return { about, allocators, cells };
}

const namesOf = (summary, group) => summary.allocators.filter((allocator) => allocator.group === group).map(({ name }) => name);

// Its figure over the least of `among`, in every cell that has both.
function ratios(cells, name, key, among) {
  return cells.flatMap(({ figures }) => {
    const best = Math.min(...among.map((other) => figures[other]?.[key] ?? Infinity));
    return figures[name] && Number.isFinite(best) ? [figures[name][key] / best] : [];
  });
}

const fixed = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : "-");

// { title, note, head, body }
export function tables(summary) {
  const glibc = namesOf(summary, "glibc"), peers = namesOf(summary, "peer");
  return [
    ratioTable(summary, "Wall time to the best peer", "wall", peers),
    ratioTable(summary, "Processor time to the best peer", "cpu", peers),
    ratioTable(summary, "Wall time to glibc", "wall", glibc),
    ratioTable(summary, "Peak resident memory to glibc", "peak", glibc, heapLine),
    ratioTable(summary, "Rise of the peak resident memory in the row, to glibc", "rise", glibc, heapLine),
    noiseTable(summary),
    figureTable(summary),
  ].filter(({ body }) => body.length);
}

// Where there is hardly a heap, what is resident are the program and the
// libraries.
const heapLine = (summary) => {
  const [glibc] = namesOf(summary, "glibc");
  return ["where glibc adds 1 MiB or more", summary.cells.filter(({ figures }) => figures[glibc]?.rise >= 2 ** 20)];
};

function ratioTable(summary, title, key, among, moreLine = () => undefined) {
  const names = summary.allocators.map(({ name }) => name);
  const line = (label, cells) => [label, ...names.map((name) => fixed(geomean(ratios(cells, name, key, among))))];
  const groups = (by) => [...new Set(summary.cells.map((cell) => cell[by]))].map((value) => [value, summary.cells.filter((cell) => cell[by] === value)]);
  const rows = groups("row"), threads = groups("threads");
  const body = among.length === 0 ? [] : [
    ...rows.map(([row, cells]) => line(row, cells)),
    ...(threads.length > 1 ? threads.map(([count, cells]) => line(`all rows, ${count} threads`, cells)) : []),
    line("all", summary.cells),
    ...[moreLine(summary)].filter(Boolean).map(([label, cells]) => line(label, cells)),
  ];
  return { title, note: "Geometric means over the numbers of threads.", head: ["", ...names], body };
}

// The control is glibc again: what it differs by is noise.
function noiseTable(summary) {
  const body = namesOf(summary, "control").length === 0 ? [] : measures.map((key) => {
    const factors = ratios(summary.cells, "control", key, namesOf(summary, "glibc")).map((ratio) => Math.max(ratio, 1 / ratio));
    return [key, `${fixed((geomean(factors) - 1) * 100, 1)} %`, `${fixed((Math.max(...factors) - 1) * 100, 0)} %`];
  });
  return { title: "Noise: glibc beside itself", head: ["", "in the geometric mean", "at most"], body };
}

function figureTable(summary) {
  const names = summary.allocators.map(({ name }) => name);
  const mib = (bytes) => fixed(bytes / 2 ** 20, 1);
  const body = summary.cells.map(({ row, threads, figures }) => [
    row, String(threads),
    ...names.map((name) => {
      const figure = figures[name];
      return figure ? `${fixed(figure.wall, 0)} ${fixed(figure.cpu, 0)} ${mib(figure.peak)}` : "failed";
    }),
  ]);
  return { title: "Each: wall ms, processor ms, peak MiB", head: ["row", "threads", ...names], body };
}

// Markdown that is legible as it is.
export function asText(list) {
  return list.map(({ title, note, head, body }) => {
    const widths = head.map((_, column) => Math.max(...[head, ...body].map((row) => row[column].length)));
    const line = (row) => `| ${row.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(" | ")} |`;
    const rule = `|${widths.map((width, column) => (column ? `${"-".repeat(width + 1)}:|` : `${"-".repeat(width + 2)}|`)).join("")}`;
    return `## ${title}\n\n${note ? `${note}\n\n` : ""}${[line(head), rule, ...body.map(line)].join("\n")}\n`;
  }).join("\n");
}
