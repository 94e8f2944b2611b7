// The table of bars in native/README.md: an allocator a column, a bar a row.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { renewTable } from "../../programs/support.mjs";
import { median } from "../statistics.mjs";
import { allocators, buildMote } from "../threads/allocators.mjs";
import { asText } from "../threads/report.mjs";
import { Failure, here, make, root, run, runMain } from "../toolchain.mjs";

const repetitions = 3, doubleFrees = 15;

function buildProbes() {
  const source = join(here, "native/probes.cpp"), core = join(root, "src");
  return make({
    command: "g++",
    args: ["-std=c++20", "-O1", "-fno-builtin", "-Wno-unused-result", `-I${core}`, source, "-o", "$OUT"],
    inputs: [source, join(core, "split_mix.hpp")], suffix: ".exe",
  });
}

const preloaded = (library) => ({ ...process.env, LD_PRELOAD: library });

async function probe(program, name, { library }) {
  const figures = [];
  for (let i = 0; i < repetitions; ++i)
    figures.push(Number(await run(program, [name], { env: preloaded(library), timeout: 60_000 })));
  return median(figures);
}

// How many end by a signal.
function doubleFreesCaught(program, { library }) {
  const ends = Array.from({ length: doubleFrees }, (_, which) =>
    spawnSync(program, ["double_free", String(which)], { env: preloaded(library), timeout: 10_000 }));
  return ends.filter(({ signal, error }) => signal && !error).length;
}

// Of blocks of 16 to 256 bytes: the most.
async function instructions({ library }) {
  const text = await run(join(root, "build/native/tests/single_step"), ["count", library]);
  const pairs = text.trim().split("\n").map((line) => line.split(" ")).filter(([pattern, threads]) => pattern === "batches" && threads === "1");
  return Math.max(...pairs.map(([, , , count]) => Number(count)));
}

// As `size` counts it, with all that is mapped to be read: names, unwind tables.
async function textBytes({ library }) {
  if (!library) return undefined;
  const path = library.startsWith("/") ? library : (await run("sh", ["-c", `ldconfig -p | sed -n 's/.*${library} .*=> //p' | head -n 1`])).trim();
  const [, figures] = (await run("size", [path])).trim().split("\n");
  return Number(figures.trim().split(/\s+/)[0]);
}

const rows = (program) => [
  ["text of the shared library, bytes", 20480, textBytes, 0],
  ["instructions a pair of malloc and free, 16 to 256 bytes", 50, instructions, 0],
  ["resident of a program that allocates once, KiB", 1280, (one) => probe(program, "hello", one), 0],
  ["resident after 200 MB of small blocks were freed, 0.6 s later, KiB", 4096, (one) => probe(program, "given_back", one), 0],
  ["resident to live bytes when 3 % of 200 MB are left", 9, (one) => probe(program, "fragmented", one), 1],
  [`double frees caught, of ${doubleFrees}`, -doubleFrees, (one) => doubleFreesCaught(program, one), 0],
];

async function main() {
  const isCheck = process.argv[2] === "--check";
  if (process.argv.length > 3 || (process.argv[2] && !isCheck)) throw new Failure("usage: tests/bench/native/bars [--check]");
  const mote = { name: "mote", library: await buildMote("single_step") };
  const columns = [mote, ...(isCheck ? [] : allocators.filter(({ group }) => group === "glibc" || group === "peer"))];
  const program = await buildProbes();
  const body = [], missed = [];
  for (const [label, bar, measure, digits] of rows(program)) {
    const figures = [];
    for (const column of columns) figures.push(await measure(column));
    // A negative bar is a least, not a most.
    if (bar < 0 ? figures[0] < -bar : figures[0] > bar) missed.push(label);
    const show = (figure) => (figure === undefined ? "–" : figure.toFixed(digits));
    body.push([label, bar < 0 ? `≥ ${-bar}` : `≤ ${bar}`, ...figures.map(show)]);
  }
  const table = { title: "Bars", note: "By `tests/bench/native/bars`; glibc's malloc is no library of its own.", head: ["", "bar", ...columns.map(({ name }) => name)], body };
  const text = asText([table]);
  console.log(text);
  if (missed.length) console.log(`missed: ${missed.join("; ")}`);
  if (isCheck) {
    console.log(`${body.length - missed.length} passed, ${missed.length} failed`);
    process.exitCode = missed.length ? 1 : 0;
  } else {
    renewTable("native/README.md", "bars", text.slice(text.indexOf("\n") + 1).trim(), "update");
  }
}

await runMain(main);
