// The benchmark's command: builds, records, measures, reports.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as allocators from "./allocators.mjs";
import { runPlan } from "./engines.mjs";
import { check } from "./check.mjs";
import { measureNative } from "./native.mjs";
import { benchModule, countModule, syntheticRows } from "./modules.mjs";
import { summarize, printTables } from "./report.mjs";
import { measureSizes } from "./sizes.mjs";
import { Failure, checkTools, out } from "./toolchain.mjs";
import { recordTraces, traceRows } from "./traces.mjs";

const usage = `usage: tests/bench/run [options]
  --quick             3 repetitions, dlmalloc, emmalloc and zig as the only peers,
                      no single operations
  --memory-only       no timing: the memory figures, which are exact
  --engine=LIST       of node,bun,chromium,firefox (default node,bun)
  --only=LIST         rows, or "traces", or "synthetic"
  --reps=N            repetitions (default 5)
  --mote=LIST         variants of mote: FILE or NAME=FILE[:FLAG...], see README.md
  --module=NAME=FILE  one more allocator; may be repeated
  --peers=LIST        only these peers
  --native            the same rows as native programs, too
  --record            record the traces again
  --check             fail when a memory or size bar is missed
`;

const list = (text) => (text ? text.split(",").filter(Boolean) : []);

function parse() {
  try {
    return parseArgs({
      options: {
        quick: { type: "boolean" }, "memory-only": { type: "boolean" }, record: { type: "boolean" },
        check: { type: "boolean" }, native: { type: "boolean" }, help: { type: "boolean" }, engine: { type: "string" },
        only: { type: "string" }, reps: { type: "string" }, mote: { type: "string" },
        module: { type: "string", multiple: true }, peers: { type: "string" },
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
  return [...motes, ...peers, ...ready];
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

// The rows whose single operations are timed: enough to show the shape.
const latencyRows = ["clang", "jq", "python3", "sqlite3"];

// In one engine: what is looked at is the allocator, not the engine.
function measureLatency(rows, modules) {
  return runPlan("node", {
    action: "latency", rows: rows.filter(({ name }) => latencyRows.includes(name)), modules, repetitions: 5,
  });
}

const traps = (name, ...sizes) => ({ name, sizes, counts: [4000, 8000, 16000] });

function measureScaling(modules) {
  return runPlan("node", {
    action: "scaling", modules, repetitions: 3,
    // In the order of enum Pattern in workloads/scaling.cpp.
    patterns: [
      traps("too small", 40, 100, 300, 1000, 4000, 16000), traps("misaligned", 200, 1000, 4000, 16000),
      traps("free into a bin", 40, 300, 1000, 4000), traps("sparse slabs", 24, 100, 240, 1000),
      traps("grow", 40, 300, 1000, 4000),
    ],
  });
}

async function main() {
  const options = parse();
  if (options.help) return process.stdout.write(usage);
  await checkTools();
  mkdirSync(out, { recursive: true });

  const names = chooseRows(options.only);
  const traces = await recordTraces(names, options.record);
  const rows = names.map((name) => ({ name, trace: traces.find((trace) => trace.name === name)?.file }));

  const subjects = await chooseAllocators(options, "-O2");
  const modules = await Promise.all(subjects.map(async (subject) => ({
    name: subject.name, file: await benchModule(subject),
  })));
  const counts = await runPlan("node", {
    action: "count", rows, countModule: await countModule(await allocators.dlmalloc("-O2", 16)),
  });

  const memory_only = options["memory-only"] ?? false;
  const engines = memory_only ? ["node"] : list(options.engine ?? "node,bun");
  const repetitions = Number(options.reps ?? (options.quick ? 3 : 5));
  if (!(repetitions >= 1)) throw new Failure("--reps wants a number above 0");
  const results = {};
  for (const engine of engines) {
    results[engine] = await runPlan(engine, {
      action: "measure", mode: memory_only ? "memory" : "time", rows, modules, repetitions,
    });
  }

  const bounded = modules.filter((_, i) => subjects[i].group !== "floor");
  const single = !memory_only && !options.quick;
  const latencies = single ? await measureLatency(rows, bounded) : [];
  const scalings = single ? await measureScaling(bounded) : [];

  const native = options.native ? await measureNative(rows, repetitions) : undefined;

  const summary = summarize({ rows, subjects, counts, results, latencies, scalings });
  summary.native = native;
  summary.sizes = await measureSizes(await chooseAllocators(options, "-Oz"));
  summary.checks = check(summary);
  writeFileSync(join(out, "results.json"), JSON.stringify(summary, null, 1));
  printTables(summary);
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
