// Starts an engine on a plan and collects what it emits.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { browsers, runInBrowser } from "./browsers.mjs";
import { Failure, here, npm, out, run } from "./toolchain.mjs";

const commands = {
  node: () => [process.execPath],
  bun: () => [join(npm, "@oven/bun-linux-x64/bin/bun")],
};

export async function engineVersion(engine) {
  const [command] = commands[engine]?.() ?? browsers[engine]("", "");
  return (await run(command, ["--version"])).trim();
}

export async function runPlan(engine, plan) {
  if (browsers[engine]) return runInBrowser(engine, plan);
  if (!commands[engine]) {
    throw new Failure(`no engine ${engine}; there are ${[...Object.keys(commands), ...Object.keys(browsers)].join(", ")}`);
  }
  mkdirSync(out, { recursive: true });
  const file = join(out, `plan-${engine}.json`);
  writeFileSync(file, JSON.stringify(plan));
  const [command, ...args] = commands[engine]();
  const child = spawn(command, [...args, join(here, "engine.mjs"), file], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Failure(`${engine} does not start: ${error.message}`)));
    child.on("exit", (code, signal) => resolve(code ?? signal));
  });
  const results = [];
  let row;
  for await (const line of createInterface({ input: child.stdout })) {
    const result = JSON.parse(line);
    if (process.stderr.isTTY && result.row !== row) process.stderr.write(`\r\x1b[K${engine}: ${(row = result.row)}`);
    results.push(result);
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const status = await ended;
  if (status !== 0) throw new Failure(`${engine} ended with ${status}`);
  return results;
}
