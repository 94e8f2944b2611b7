// Runs a plan in node or bun; results go to stdout, one JSON object a line.
import { readFileSync, writeSync } from "node:fs";
import * as measuring from "./measure.mjs";

const plan = JSON.parse(readFileSync(process.argv[2]));

const host = {
  load: async (file) => new Uint8Array(readFileSync(file)),
  // Processor time: what other programs take from the machine is not counted.
  // The engine's own threads are, but they are idle after the first repetition.
  now() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  clock: () => performance.now(),
  emit: (result) => writeSync(1, JSON.stringify(result) + "\n"),
};

await measuring[plan.action](plan, host);
