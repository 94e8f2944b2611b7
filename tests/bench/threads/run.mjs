// Builds the rows, runs each with each allocator preloaded, prints the tables.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { here, make, out, root, run, Failure } from "../toolchain.mjs";
import { allocators as known, buildMote, variants } from "./allocators.mjs";
import { asText, summarize, tables } from "./report.mjs";

const usage = `usage: tests/bench/threads/run [options]
  --quick            3 repetitions on 2 and 8 threads, no control
  --rows=LIST        only these rows (default: all, see --list)
  --threads=LIST     numbers of threads (default 1,2,4,8,16)
  --allocators=LIST  of mote,glibc,control,mimalloc,jemalloc,tcmalloc
  --mote=LIST        variants of mote, NAME=FILE each, of libmote.so
  --reps=N           repetitions (default 5)
  --list             the names of the rows
`;

const list = (text) => text?.split(",").filter(Boolean);

function parse() {
  const flag = { type: "boolean" }, value = { type: "string" };
  try {
    return parseArgs({
      options: { quick: flag, list: flag, help: flag, rows: value, threads: value, allocators: value, mote: value, reps: value },
    }).values;
  } catch (error) {
    throw new Failure(`${error.message}\n${usage}`);
  }
}

function program() {
  const folders = [["threads", /\.[ch]pp$/], ["workloads", /^(bench|process)\.hpp$/], ["abi", /^(c_names\.cpp|names\.hpp)$/]];
  const inputs = folders.flatMap(([folder, pattern]) =>
    readdirSync(join(here, folder)).filter((name) => pattern.test(name)).map((name) => join(here, folder, name)));
  return make({
    command: "g++",
    args: ["-std=c++20", "-O2", "-fno-builtin-malloc", ...inputs.filter((name) => name.endsWith(".cpp")), "-pthread", "-o", "$OUT"],
    inputs, suffix: ".exe",
  });
}

// [{ name, group, library }]; group: "mote", "peer", "glibc" or "control".
async function chooseAllocators(options) {
  let chosen = options.quick ? known.filter(({ group }) => group !== "control") : known;
  const names = list(options.allocators);
  const unknown = names?.find((name) => !known.some((allocator) => allocator.name === name));
  if (unknown) throw new Failure(`no allocator ${unknown}; there are ${known.map(({ name }) => name).join(", ")}`);
  if (names) chosen = known.filter(({ name }) => names.includes(name));
  const motes = chosen.some(({ name }) => name === "mote") ? [{ name: "mote", group: "mote", library: await buildMote() }] : [];
  return [...motes, ...variants(list(options.mote) ?? []), ...chosen.filter(({ group }) => group !== "mote")];
}

// Without threads a row is the same for all numbers of them.
function choosePlan(options, names) {
  const rows = list(options.rows) ?? names;
  const unknown = rows.find((name) => !names.includes(name));
  if (unknown) throw new Failure(`no row ${unknown}; there are ${names.join(", ")}`);
  const threads = (list(options.threads) ?? (options.quick ? ["2", "8"] : ["1", "2", "4", "8", "16"])).map(Number);
  if (threads.some((count) => !(count >= 1 && count <= 32))) throw new Failure("--threads: numbers from 1 to 32");
  return rows.flatMap((row) => (row === "churn" ? [1] : threads).map((count) => ({ row, threads: count })));
}

async function sample(executable, { row, threads }, { library }) {
  const env = { ...process.env, LD_PRELOAD: library };
  try {
    const text = await run(executable, [row, String(threads)], { env, timeout: 60_000 });
    const [wall, cpu, peak, rise, count] = text.trim().split(" ").map(Number);
    return { wall: wall / 1e6, cpu: cpu / 1e6, peak, rise, count };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { failed: error.message };
  }
}

// One process at a time; the allocators take turns, in a rotating order.
async function measure(executable, plan, allocators, repetitions) {
  const samples = plan.map(() => allocators.map(() => []));
  for (let repetition = 0; repetition < repetitions; ++repetition) {
    for (const [i, cell] of plan.entries()) {
      for (let turn = 0; turn < allocators.length; ++turn) {
        const which = (turn + repetition) % allocators.length;
        samples[i][which].push(await sample(executable, cell, allocators[which]));
      }
    }
    process.stderr.write(`repetition ${repetition + 1} of ${repetitions}\n`);
  }
  return samples;
}

async function main() {
  const options = parse();
  if (options.help) return console.log(usage);
  const executable = await program();
  const names = (await run(executable, ["--list"])).trim().split("\n");
  if (options.list) return console.log(names.join("\n"));
  const repetitions = Number(options.reps ?? (options.quick ? 3 : 5));
  if (!(repetitions >= 1)) throw new Failure(usage);
  const plan = choosePlan(options, names);
  const allocators = await chooseAllocators(options);
  const about = { date: new Date().toISOString(), cores: availableParallelism(), processor: cpus()[0]?.model, repetitions };
  const summary = summarize(about, plan, allocators, await measure(executable, plan, allocators, repetitions));
  const folder = join(out, "threads");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "results.json"), JSON.stringify(summary, null, 1));
  const text = asText(tables(summary));
  writeFileSync(join(folder, "results.md"), text);
  console.log(text);
  const failed = summary.cells.flatMap(({ failures }) => failures);
  if (failed.length) throw new Failure(failed.join("\n"));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
