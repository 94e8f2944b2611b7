// Runs named tests and prints `N passed, M failed`, which tests/run sums up.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
export const tool = join(dirname(here), 'size.mjs');

export async function runTests(tests) {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
    } catch (error) {
      failed += 1;
      console.error(`failed: ${name}\n${error.stack}`);
    }
  }
  console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

// A folder that is gone when the process ends.
export function scratchFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'mote-size-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// Runs a command that must succeed; returns what it printed.
export function output(command, args, options = {}) {
  const { stdout, stderr, status, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 30, ...options });
  if (error || status !== 0) throw new Error(`${command} ${args.join(' ').slice(0, 200)}: ${error?.message ?? `${stderr}${stdout}`.slice(0, 2000)}`);
  return stdout;
}

// The size tool on a command line: { status, stdout, stderr }.
export function size(...args) {
  const options = typeof args.at(-1) === 'object' ? args.pop() : {};
  return spawnSync(process.execPath, [tool, ...args], { encoding: 'utf8', timeout: 60_000, maxBuffer: 2 ** 28, ...options });
}
