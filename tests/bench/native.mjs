// The native tables: the same rows as processes, on the system's malloc and on
// libmote.a.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { syntheticRows } from "./modules.mjs";
import { here, make, out, root, run } from "./toolchain.mjs";

const folder = (...names) => join(here, "workloads", ...names);
const sources = ["synthetic.cpp", "programs.cpp", "trace.cpp", "native.cpp"];
const headers = [folder("bench.hpp"), folder("process.hpp"), join(here, "abi/names.hpp")];

async function program(flags, files, libraries) {
  const rows = join(out, "native/rows.inc");
  const inputs = [...files.map((file) => folder(file)), join(here, "abi/c_names.cpp")];
  return make({
    command: "g++",
    args: ["-std=c++20", "-O2", "-fno-builtin-malloc", "-I", join(out, "native"), ...flags, ...inputs, ...libraries, "-pthread", "-o", "$OUT"],
    inputs: [...inputs, ...headers, ...libraries, rows],
    suffix: ".exe",
  });
}

async function moteLibrary() {
  const build = join(out, "native/mote");
  await run("cmake", ["-S", root, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DMOTE_TESTS=OFF", "-DMOTE_INSTALL=OFF"]);
  await run("cmake", ["--build", build, "--target", "mote"]);
  return join(build, "libmote.a");
}

// { allocators: [name], rows: [{ name, is_trace, operations, peak, cells: { allocator: { cold, warm, resident } } }] }
export async function measureNative(rows, repetitions) {
  mkdirSync(join(out, "native"), { recursive: true });
  const list = syntheticRows.map((name) => `ROW_NAME(${name})`).join("\n") + "\n";
  writeFileSync(join(out, "native/rows.inc"), list);

  const counter = await program(["-DBENCH_COUNT"], [...sources, "count.cpp"], []);
  const programs = {
    glibc: await program([], sources, []),
    mote: await program([], sources, [await moteLibrary()]),
  };
  const allocators = Object.keys(programs);
  const results = [];
  for (const row of rows) {
    const args = row.trace ? [row.name, row.trace] : [row.name];
    const numbers = (text) => text.trim().split(" ").map(Number);
    const [operations, , peak] = numbers(await run(counter, ["--count", ...args]));
    const samples = Object.fromEntries(allocators.map((name) => [name, []]));
    for (let repetition = 0; repetition < repetitions; ++repetition) {
      for (let i = 0; i < allocators.length; ++i) {
        const name = allocators[(i + repetition) % allocators.length];
        samples[name].push(numbers(await run(programs[name], args)));
      }
    }
    const middle = (name, column) => {
      const sorted = samples[name].map((sample) => sample[column]).sort((a, b) => a - b);
      return sorted[sorted.length >> 1];
    };
    results.push({
      name: row.name, is_trace: Boolean(row.trace), operations, peak,
      cells: Object.fromEntries(allocators.map((name) => [name, {
        cold: middle(name, 0) / operations, warm: middle(name, 1) / operations, resident: middle(name, 2) / peak,
      }])),
    });
  }
  return { allocators, rows: results };
}
