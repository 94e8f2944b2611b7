// Builds the rows and runs them, each time in a process of its own.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Failure, here, make, root, run } from "../toolchain.mjs";

export function program() {
  const folders = [["threads", /\.[ch]pp$/], ["workloads", /^(bench|process)\.hpp$/], ["abi", /^(c_names\.cpp|names\.hpp)$/]];
  const inputs = folders.flatMap(([folder, pattern]) =>
    readdirSync(join(here, folder)).filter((name) => pattern.test(name)).map((name) => join(here, folder, name)));
  const core = join(root, "src");
  inputs.push(join(core, "split_mix.hpp"));
  return make({
    command: "g++",
    args: ["-std=c++20", "-O2", "-fno-builtin-malloc", "-I" + core, ...inputs.filter((name) => name.endsWith(".cpp")), "-pthread", "-o", "$OUT"],
    inputs, suffix: ".exe",
  });
}

// A row that ends in a signal, or not within a minute, has failed.
export async function sample(executable, { row, threads }, { library }) {
  const env = { ...process.env, LD_PRELOAD: library };
  try {
    const text = await run(executable, [row, String(threads)], { env, timeout: 60_000 });
    const [wall, cpu, peak, rise] = text.trim().split(" ").map(Number);
    return { wall: wall / 1e6, cpu: cpu / 1e6, peak, rise };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { failed: error.message };
  }
}

// One process at a time; the allocators take turns, in a rotating order.
export async function measure(executable, plan, allocators, repetitions) {
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
