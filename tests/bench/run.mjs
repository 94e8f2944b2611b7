// The benchmark's command: builds, records, measures, reports.
import { cpus } from "node:os";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as allocators from "./allocators.mjs";
import { check } from "./check.mjs";
import { engineVersion, runPlan } from "./engines.mjs";
import { benchModule, countModule, syntheticRows } from "./modules.mjs";
import { measureNative } from "./native.mjs";
import { page } from "./page.mjs";
import { asMarkdown, asText, tables } from "./report.mjs";
import { measureSizes } from "./sizes.mjs";
import { summarize } from "./statistics.mjs";
import { Failure, checkTools, out, run } from "./toolchain.mjs";
import { recorded, traceRows, unpackTraces } from "./traces.mjs";

const usage = `usage: tests/bench/run [options]
  --quick             3 repetitions, dlmalloc, emmalloc and zig as the only peers,
                      no single operations, no control
  --memory-only       no timing: the memory figures and sizes, which are exact
  --engine=LIST       of node,bun,chromium,firefox (default node,bun)
  --only=LIST         rows, or "traces", or "synthetic"
  --reps=N            repetitions (default 5)
  --mote=LIST         variants of mote: FILE or NAME=FILE[:FLAG...], see README.md
  --module=NAME=FILE  one more allocator; may be repeated
  --peers=LIST        only these peers
  --native            the same rows as native programs, too
  --check             fail when a memory or size bar is missed
`;

const list = (text) => (text ? text.split(",").filter(Boolean) : []);

function parse() {
  const flag = { type: "boolean" }, value = { type: "string" };
  try {
    return parseArgs({
      options: {
        quick: flag, "memory-only": flag, native: flag, check: flag, help: flag,
        engine: value, only: value, reps: value, mote: value, peers: value, module: { ...value, multiple: true },
      },
    }).values;
  } catch (error) {
    throw new Failure(`${error.message}\n${usage}`);
  }
}

// `level` is how the peers are compiled; mote has a recipe of its own.
async function chooseAllocators(options, level) {
  const motes = options.mote !== undefined
    ? await allocators.moteVariants(options.mote)
    : await allocators.officialMotes(await allocators.amalgamate());
  const quick = [() => allocators.dlmalloc(level, 16), () => allocators.emmalloc(level), () => allocators.zig(level, 16)];
  const more = [
    () => allocators.dlmalloc(level, 8), () => allocators.zig(level, 8), () => allocators.wasiLibc(),
    () => allocators.assemblyScript(level), () => allocators.bump(),
  ];
  let peers = await Promise.all((options.quick && !options.peers ? quick : [...quick, ...more]).map((peer) => peer()));
  if (options.peers !== undefined) {
    const names = list(options.peers);
    const unknown = names.find((name) => !peers.some((peer) => peer.name === name));
    if (unknown) throw new Failure(`no peer ${unknown}; there are ${peers.map(({ name }) => name).join(", ")}`);
    peers = peers.filter(({ name }) => names.includes(name));
  }
  const ready = await Promise.all((options.module ?? []).map(allocators.external));
  const chosen = [...motes, ...peers, ...ready];
  if (!options.quick && !options["memory-only"] && peers.length) {
    chosen.push({ ...peers[0], name: "control", group: "control", of: peers[0].name, exports: {} });
  }
  const twice = chosen.find(({ name }, i) => chosen.findIndex((other) => other.name === name) !== i);
  if (twice) throw new Failure(`two allocators are called ${twice.name}`);
  if (chosen.length === 0) throw new Failure("nothing to measure");
  return chosen;
}

function chooseRows(only) {
  const all = [...syntheticRows, ...traceRows];
  if (!only) return all;
  const names = list(only).flatMap((name) =>
    name === "traces" ? traceRows : name === "synthetic" ? syntheticRows : [name]);
  const unknown = names.find((name) => !all.includes(name));
  if (unknown) throw new Failure(`no row ${unknown}; there are ${all.join(", ")}`);
  return all.filter((name) => names.includes(name));
}

// The rows whose single operations are timed: enough to show the shape. In one
// engine: what is looked at is the allocator.
const latencyRows = ["jq", "sqlite3", "lua"];

function measureLatency(rows, modules) {
  return runPlan("node", {
    action: "latency", rows: rows.filter(({ name }) => latencyRows.includes(name)), modules, repetitions: 5,
  });
}

const traps = (name, ...sizes) => ({ name, sizes, counts: [4000, 8000, 16000] });

function measureScaling(modules) {
  return runPlan("node", {
    action: "scaling", modules, repetitions: 3, rows: [],
    // In the order of enum Pattern in workloads/scaling.cpp.
    patterns: [
      traps("too small", 40, 100, 300, 1000, 4000, 16000), traps("misaligned", 200, 1000, 4000, 16000),
      traps("free into a bin", 40, 300, 1000, 4000), traps("sparse slabs", 24, 100, 240, 1000),
      traps("grow", 40, 300, 1000, 4000),
    ],
  });
}

async function describe(engines, rows) {
  const firstLine = async (command, ...args) => (await run(command, args)).split("\n")[0].trim();
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: `${cpus()[0].model}, ${cpus().length} cores`,
    compiler: await firstLine("clang++-19", "--version"),
    "wasm-opt": await firstLine("wasm-opt", "--version"),
    ...Object.fromEntries(await Promise.all(engines.map(async (engine) => [engine, await engineVersion(engine)]))),
    ...Object.fromEntries(rows.filter((name) => name in recorded).map((name) => [`trace of ${name}`, recorded[name]])),
  };
}

async function main() {
  const options = parse();
  if (options.help) return process.stdout.write(usage);
  const repetitions = Number(options.reps ?? (options.quick ? 3 : 5));
  if (!(repetitions >= 1)) throw new Failure("--reps wants a number above 0");
  const memory_only = options["memory-only"] ?? false;
  const engines = memory_only ? ["node"] : list(options.engine ?? "node,bun");
  const names = chooseRows(options.only);
  await checkTools();
  mkdirSync(out, { recursive: true });

  const traces = await unpackTraces(names);
  const rows = names.map((name) => ({ name, trace: traces.find((trace) => trace.name === name)?.file }));
  const subjects = await chooseAllocators(options, "-O2");
  const modules = await Promise.all(subjects.map(async (subject) => ({ name: subject.name, file: await benchModule(subject) })));
  const counts = await runPlan("node", {
    action: "count", rows, modules: [{ file: await countModule(await allocators.dlmalloc("-O2", 16)) }],
  });

  const results = {};
  for (const engine of engines) {
    results[engine] = await runPlan(engine, {
      action: "measure", mode: memory_only ? "memory" : "time", rows, modules, repetitions,
    });
  }
  const single = !memory_only && !options.quick;
  const bounded = modules.filter((_, i) => ["mote", "peer"].includes(subjects[i].group));
  const summary = summarize({
    rows, subjects, counts, results,
    about: await describe(engines, names),
    latencies: single ? await measureLatency(rows, bounded) : undefined,
    scalings: single ? await measureScaling(bounded) : undefined,
    native: options.native ? await measureNative(rows, repetitions) : undefined,
    sizes: await measureSizes(await chooseAllocators(options, "-Oz")),
  });
  summary.checks = check(summary);

  const all = tables(summary);
  process.stdout.write(all.map(asText).join("\n"));
  writeFileSync(join(out, "results.json"), JSON.stringify(summary, null, 1));
  writeFileSync(join(out, "results.md"), all.map(asMarkdown).join("\n"));
  writeFileSync(join(out, "results.html"), page(summary, all));
  process.stderr.write(`wrote ${join(out, "results.{json,md,html}")}\n`);

  if (options.check) {
    if (summary.checks.length === 0) throw new Failure("nothing to check");
    if (summary.checks.some(({ passed }) => !passed)) throw new Failure("a bar is missed");
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`tests/bench/run: ${error.message}\n`);
  process.exitCode = 1;
}
