// Builds the contenders, runs each row in turn on each, prints the tables.
import { WASI } from "node:wasi";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { wasiImports } from "../../support/wasi_imports.mjs";
import { median } from "../statistics.mjs";
import { Failure, make, out, root, run } from "../toolchain.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const file = (name) => join(here, name);
const contenders = [
  "mote::Arena", "mote::Arena, packed", "mote_arena (C)",
  "monotonic_buffer_resource", "malloc, free of mote", "bumpalo",
];
const others = [3, 4, 5];
const bumpalo = contenders.length - 1;
const blocks = 20_000; // as in rows.hpp
const names = readFileSync(file("rows.hpp"), "utf8").match(/row_names\[\] = \{([^}]*)\}/)[1];
const rows = [...names.matchAll(/"([^"]+)"/g)].map((match) => match[1]);
const rounds = 40;

async function moteLibrary(name, flags) {
  const build = join(out, `arena/${name}`);
  await run("cmake", ["-S", root, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DMOTE_TESTS=OFF", "-DMOTE_INSTALL=OFF", ...flags]);
  await run("cmake", ["--build", build, "--target", "mote"]);
  return join(build, "libmote.a");
}

// bumpalo's crate and the rows on it, as one library.
async function bumpaloRows(name, flags, type, suffix) {
  const folder = join(out, `arena/${name}`);
  mkdirSync(folder, { recursive: true });
  // Debian's: the one with bumpalo and wasm.
  const rustc = (crate, source, more, result) => run("/usr/bin/rustc", [
    "--edition=2021", "--cap-lints=allow", "-Copt-level=3", "-Cpanic=abort",
    `--crate-name=${crate}`, ...flags, ...more, source, "-o", result,
  ]);
  const crate = join(folder, "libbumpalo.rlib");
  const result = join(folder, `rows${suffix}`);
  await rustc("bumpalo", "/usr/share/cargo/registry/bumpalo-3.12.0/src/lib.rs", ["--crate-type=rlib", '--cfg=feature="collections"'], crate);
  await rustc("rows", file("bumpalo.rs"), [`--crate-type=${type}`, `--extern=bumpalo=${crate}`], result);
  return result;
}

const cxx = ["-std=c++20", "-O2", "-I", join(root, "src"), "-I", join(root, "src/include")];
const headers = ["arena.hpp", "allocator.hpp", "global_heap.hpp", "bits.hpp"].map((name) => join(root, "src", name));
const sources = [file("rows.hpp"), file("contenders.cpp"), file("native.cpp"), ...headers];

// Runs [contender, row] once each, in that order: [[nanoseconds, sum]].
async function native() {
  const mote = await moteLibrary("native", []);
  const rust = await bumpaloRows("native", [], "staticlib", ".a");
  const program = await make({
    command: "clang++-19",
    args: [...cxx, file("contenders.cpp"), file("native.cpp"), mote, rust, "-pthread", "-ldl", "-o", "$OUT"],
    inputs: [...sources, mote, rust], suffix: ".exe",
  });
  return async (pairs) => {
    const text = await run(program, pairs.flatMap(([contender, row]) => [contender, row, rounds]).map(String));
    return text.trim().split("\n").map((line) => line.split(" ").map(Number));
  };
}

async function wasm() {
  const mote = await moteLibrary("wasi", ["--toolchain", join(root, "wasm/toolchains/wasi.cmake")]);
  const rust = await bumpaloRows("wasi", ["--target=wasm32-unknown-unknown", "-Clinker=wasm-ld-14"], "cdylib", ".wasm");
  const target = ["--target=wasm32-wasi", "-fno-exceptions", "-mbulk-memory"];
  const object = await make({
    command: "clang++-19", args: [...target, ...cxx, "-c", file("contenders.cpp"), "-o", "$OUT"],
    inputs: sources, suffix: ".o",
  });
  // No -O when linking: clang would run whichever wasm-opt it finds.
  const module = await make({
    command: "clang++-19", args: [...target, "-mexec-model=reactor", object, mote, "-o", "$OUT"],
    inputs: [object, mote], suffix: ".wasm",
  });
  const wasi = new WASI({ version: "preview1" });
  const instantiate = async (name, imports) => (await WebAssembly.instantiate(readFileSync(name), imports)).instance;
  const cxxInstance = await instantiate(module, { wasi_snapshot_preview1: wasiImports(wasi) });
  wasi.initialize(cxxInstance);
  const rustInstance = await instantiate(rust, {});
  return async (pairs) => pairs.map(([contender, row]) => {
    const begin = process.hrtime.bigint();
    const sum = contender === bumpalo
      ? rustInstance.exports.run_bumpalo(row, rounds)
      : cxxInstance.exports.run(contender, row, rounds);
    return [Number(process.hrtime.bigint() - begin), Number(sum)];
  });
}

async function measure(execute, repetitions) {
  const samples = rows.map(() => contenders.map(() => []));
  for (let repetition = 0; repetition < repetitions; ++repetition) {
    const pairs = rows.flatMap((_, row) => contenders.map((_, i) => [(i + repetition) % contenders.length, row]));
    // The first of all heats the machine, the compilers and the heaps.
    if (repetition === 0) await execute(pairs);
    const results = await execute(pairs);
    pairs.forEach(([contender, row], i) => {
      const [nanoseconds, sum] = results[i];
      if (sum !== results[pairs.findIndex(([, other]) => other === row)][1])
        throw new Failure(`${contenders[contender]} did other work in "${rows[row]}"`);
      samples[row][contender].push(nanoseconds / rounds / blocks);
    });
  }
  return samples.map((row) => row.map(median));
}

function print(title, medians) {
  console.log(`\n${title}, ns per block (ratio to the best of the last ${others.length})\n`);
  console.log(`| | ${contenders.join(" | ")} |`);
  console.log(`|---|${"---:|".repeat(contenders.length)}`);
  medians.forEach((row, i) => {
    const best = Math.min(...others.map((contender) => row[contender]));
    const cells = row.map((ns) => `${ns.toFixed(2)} (${(ns / best).toFixed(2)})`);
    console.log(`| ${rows[i]} | ${cells.join(" | ")} |`);
  });
}

const repetitions = Number(process.argv[2] ?? 31);
if (!(repetitions >= 1)) {
  console.error("usage: tests/bench/arena/run [REPETITIONS]");
  process.exit(2);
}
mkdirSync(join(out, "arena"), { recursive: true });
try {
  print("Native", await measure(await native(), repetitions));
  print("wasm, node", await measure(await wasm(), repetitions));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
