// Runs suites in node, bun or deno; results go to stdout, one JSON object a line.
//   ENGINE tests/engines/host.mjs ROOT SUITES.json
import { readFileSync, writeSync } from 'node:fs';
import process from 'node:process';
import { runSuite } from './suites.mjs';

const [root, suites] = process.argv.slice(2);
for (const suite of JSON.parse(readFileSync(suites))) {
  const result = await runSuite(suite, (file) => readFileSync(`${root}/${file}`));
  writeSync(1, `${JSON.stringify(result)}\n`);
}
