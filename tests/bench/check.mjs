// The bars that are exact: sizes and memory. Times are printed, never judged.
import { geomean } from "./statistics.mjs";

const sizeBars = {
  tiny: { whole: { raw: 1280, brotli: 780 }, pair: { raw: 850 }, sized: { raw: 1000 } },
  standard: { whole: { raw: 2048, brotli: 1150 }, pair: { raw: 1560 }, sized: { raw: 1600 } },
};
const memoryBar = { tiny: ["header", "limit with a 4-byte header"], standard: ["headerless", "headerless limit"] };
const ratioMax = 1.02;

// [{ text, value, max, passed }]; an empty list would be a check of nothing, so
// the caller refuses it.
export function check(summary) {
  const checks = [];
  const bar = (text, value, max) => checks.push({ text, value, max, passed: value <= max });
  const motes = summary.allocators.filter(({ group, sized }) => group === "mote" && !sized);
  const traces = summary.rows.filter((row) => row.is_trace);
  const ratio = (row, name) => summary.memory[row.name][name].ratio ?? Infinity;

  for (const { name, profile, alignment } of motes) {
    // The bars are stated for 16 bytes.
    if (alignment === 16) {
      for (const [api, limits] of Object.entries(sizeBars[profile])) {
        for (const [form, max] of Object.entries(limits)) {
          bar(`${name}: size, ${api}, ${form}`, summary.sizes[name][api][form], max);
        }
      }
    }
    if (traces.length) {
      const [kind, words] = memoryBar[profile];
      const mean = geomean(traces.map((row) => ratio(row, name) / row.limits[kind][alignment]));
      bar(`${name}: memory over the ${words}, geomean of the traces`, mean, ratioMax);
    }
    const dlmalloc = summary.allocators.find((other) => /^dlmalloc/.test(other.name) && other.alignment === alignment);
    for (const row of dlmalloc && profile === "standard" ? traces : []) {
      bar(`${name}: memory on ${row.name}, against ${dlmalloc.name}`, ratio(row, name), ratio(row, dlmalloc.name));
    }
    for (const row of summary.rows) {
      bar(`${name}: memory on ${row.name}, three runs over one`, summary.memory[row.name][name].leak ?? Infinity, ratioMax);
    }
  }
  return checks;
}
