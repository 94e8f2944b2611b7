// Runs a plan in node or bun; results go to stdout, one JSON object a line.
import { readFileSync, writeSync } from "node:fs";
import * as measuring from "./measure.mjs";

const plan = JSON.parse(readFileSync(process.argv[2]));

const host = {
  load: async (file) => new Uint8Array(readFileSync(file)),
  now: () => performance.now(),
  emit: (result) => writeSync(1, JSON.stringify(result) + "\n"),
};

await measuring[plan.action](plan, host);
