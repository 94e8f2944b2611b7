// Runs compilers and keeps what they made: a step is done again only when its
// command or one of its input files changed.
import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, "../..");
export const out = join(root, "build/bench");
export const npm = join(root, "build/tools/node_modules");

// A message for the user, without a stack trace.
export class Failure extends Error {}

// A failure is told in a line; anything else is a fault of ours, with its stack.
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

const runFile = promisify(execFile);

export async function run(command, args, options = {}) {
  try {
    const { stdout } = await runFile(command, args, { maxBuffer: 1 << 28, ...options });
    return stdout;
  } catch (error) {
    const why = (error.stderr || error.message).trim();
    throw new Failure(`${command} failed: ${[command, ...args].join(" ")}\n${why}`);
  }
}

// Makes a file named after everything it depends on. `args` may contain
// `$OUT`. Returns its path.
export async function make({ command, args, inputs, suffix, cwd }) {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([command, args]));
  for (const input of inputs) hash.update(readFileSync(input));
  const file = join(out, "cache", hash.digest("hex").slice(0, 24) + suffix);
  if (existsSync(file)) return file;
  mkdirSync(dirname(file), { recursive: true });
  // Two steps may make the same file at the same time.
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}${suffix}`;
  await run(command, args.map((arg) => arg.replaceAll("$OUT", temporary)), { cwd });
  if (!existsSync(temporary)) throw new Failure(`${command} made nothing: ${args.join(" ")}`);
  renameSync(temporary, file);
  return file;
}

// The freestanding recipe that mote's sizes are measured with, without the
// optimisation level.
export const features = ["-mbulk-memory", "-msign-ext", "-mnontrapping-fptoint", "-mmutable-globals"];
const cxxFlags = [
  "--target=wasm32", "-std=c++20", "-nostdlib", "-fno-builtin", "-fno-exceptions", "-fno-rtti",
  "-DNDEBUG", ...features,
];

export function compile(source, flags = [], inputs = []) {
  return make({
    command: "clang++-19",
    args: [...cxxFlags, ...flags, "-c", source, "-o", "$OUT"],
    inputs: [source, ...inputs],
    suffix: ".o",
  });
}

export function compileC(source, flags = []) {
  return make({
    command: "clang-19",
    args: ["-nostdlib", "-fno-builtin", "-DNDEBUG", "-w", ...features, ...flags, "-c", source, "-o", "$OUT"],
    inputs: [source],
    suffix: ".o",
  });
}

export function archive(objects) {
  return make({ command: "llvm-ar-19", args: ["rcs", "$OUT", ...objects], inputs: objects, suffix: ".a" });
}

export function link(objects, flags) {
  return make({
    command: "wasm-ld-19",
    args: ["--no-entry", "--gc-sections", "--strip-all", ...flags, ...objects, "-o", "$OUT"],
    inputs: objects,
    suffix: ".wasm",
  });
}

export function optimize(module, flags = ["-Oz", "--converge"]) {
  return make({
    command: "wasm-opt",
    args: [
      ...flags, "--strip-debug", "--strip-producers", "--strip-target-features",
      "--enable-bulk-memory", "--enable-sign-ext", "--enable-nontrapping-float-to-int", "--enable-mutable-globals",
      module, "-o", "$OUT",
    ],
    inputs: [module],
    suffix: ".wasm",
  });
}

export async function checkTools() {
  const version = await run("wasm-opt", ["--version"]);
  if (!/\b132\b/.test(version)) {
    throw new Failure(`wasm-opt is ${version.trim()}, the recipe asks for 132 (source tests/env)`);
  }
}
