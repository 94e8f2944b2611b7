// Builds the rows, runs each with each allocator preloaded, prints the tables.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, out, run, runMain } from "../toolchain.mjs";
import { allocators as known, buildMote, variants } from "./allocators.mjs";
import { measure, program } from "./measure.mjs";
import { asText, summarize, tables } from "./report.mjs";

const usage = `usage: tests/bench/threads/run [options]
  --quick            2 repetitions on 2 and 8 threads, no control
  --rows=LIST        only these rows (default: all, see --list)
  --threads=LIST     numbers of threads, of 1,2,4,8,16 (default: all)
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
  if (threads.some((count) => ![1, 2, 4, 8, 16].includes(count))) throw new Failure("--threads: of 1,2,4,8,16");
  return rows.flatMap((row) => (row === "churn" ? [1] : threads).map((count) => ({ row, threads: count })));
}

async function main() {
  const options = parse();
  if (options.help) return console.log(usage);
  const executable = await program();
  const names = (await run(executable, ["--list"])).trim().split("\n");
  if (options.list) return console.log(names.join("\n"));
  const repetitions = Number(options.reps ?? (options.quick ? 2 : 5));
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

await runMain(main);
