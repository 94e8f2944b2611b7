// The table of tests/native/single_step.cpp's counts, an allocator a column.
import { join } from "node:path";
import { median } from "../statistics.mjs";
import { Failure, root, run, runMain } from "../toolchain.mjs";
import { allocators, buildMote, variants } from "./allocators.mjs";
import { asText } from "./report.mjs";

// { "pattern, threads": { allocator: [[size, instructions, atomics]] } }
async function countAll(columns) {
  const counts = {};
  const program = join(root, "build/native/tests/single_step");
  for (const { name, library } of columns) {
    const text = await run(program, ["count", library]);
    for (const line of text.trim().split("\n")) {
      const [pattern, threads, ...figures] = line.split(" ");
      const label = `${pattern}, ${threads === "1" ? "one thread" : "two threads"}`;
      ((counts[label] ??= {})[name] ??= []).push(figures.map(Number));
    }
  }
  return counts;
}

function table(title, columns, counts, show) {
  const body = Object.entries(counts).map(([label, figures]) => [label, ...columns.map(({ name }) => show(figures[name]))]);
  return { title, head: ["", ...columns.map(({ name }) => name)], body };
}

function spread(values, digits) {
  const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)].map((value) => value.toFixed(digits));
  return least === most ? least : `${middle} (${least}-${most})`;
}

async function main() {
  const mote = { name: "mote", library: await buildMote("single_step") };
  const columns = [mote, ...variants(process.argv.slice(2)), ...allocators.filter(({ group }) => group === "glibc" || group === "peer")];
  const counts = await countAll(columns);
  const instructions = table("Instructions per pair of malloc and free", columns, counts, (figures) => spread(figures.map(([, count]) => count), 0));
  instructions.note = "Medians over sizes of 16 to 256 bytes (least and most); of \"others\", blocks of another thread, free alone.";
  const atomics = table("Atomic instructions per 100 pairs", columns, counts, (figures) => spread(figures.map(([, , count]) => count * 100), 0));
  console.log(asText([instructions, atomics]));
}

await runMain(main);
