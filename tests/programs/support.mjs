// What the comparisons of real programs share.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

// Everything is run several times in turns, A B C, A B C, ... so that a slow
// minute of the machine falls on all alike. Calls `round(i, roundCount)` for each
// round, but starts none that would end later than `budgetSeconds` after the
// first; returns how many there were.
export async function inRounds(round, roundCount = 3, budgetSeconds = 120) {
  const begin = performance.now();
  for (let i = 1; i <= roundCount; ++i) {
    await round(i, roundCount);
    const elapsed = (performance.now() - begin) / 1000;
    if (i < roundCount && elapsed * (i + 1) / i > budgetSeconds) {
      console.log(`  a slow machine: ${i} of ${roundCount} rounds took ${elapsed.toFixed(0)} s, the others are left out`);
      return i;
    }
  }
  return roundCount;
}

export class Failure extends Error {}

// Runs `main`; a Failure is one line on stderr and exit status 1.
export async function runMain(name, main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`${name}: ${error.message}`);
    process.exitCode = 1;
  }
}

// The standard output of a command that must succeed; `name` is what a failure
// calls it.
export function output(command, args, options = {}, name = `${command} ${args.join(' ').slice(0, 100)}`) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 28, ...options });
  } catch (error) {
    // A node program that throws says what it was in the middle of a trace; a test
    // runner says what failed among the last lines of its standard output.
    const lines = String(error.stderr ?? '').trim().split('\n');
    const last = String(error.stdout ?? '').trim().split('\n').slice(-40).filter((line) => /fail|crash/i.test(line));
    const reason = (lines.find((line) => /^\w*Error\b/.test(line)) ?? [...lines.slice(-3), ...last].join('; ')).slice(0, 500);
    throw new Failure(`${name}: ${reason || error.message.split('\n')[0]}`);
  }
}

export function digest(data) {
  return createHash('sha256').update(data).digest('hex').slice(0, 16);
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const seconds = (value) => value.toFixed(2);
export const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

export function percent(value, base) {
  const change = Math.round((1000 * (value - base)) / base) / 10;
  return `${change > 0 ? '+' : ''}${change.toFixed(1).replace('-0.0', '0.0')} %`;
}

export const runsInWords = (count) => (count === 1 ? 'one run of each' : `median of ${count} runs of each, in turns`);

// What is before, in and after the part of README.md between <!-- NAME:begin --> and its end.
function inParts(readme, name) {
  const text = readFileSync(join(root, readme), 'utf8');
  const parts = new RegExp(`^([^]*<!-- ${name}:begin -->\\n)([^]*)(<!-- ${name}:end -->[^]*)$`).exec(text)?.slice(1);
  if (!parts) throw new Failure(`${readme} has no <!-- ${name}:begin --> ... <!-- ${name}:end -->`);
  return parts;
}

export const readTable = (readme, name) => inParts(readme, name)[1];

// The table there; what updates it.
export function renewTable(readme, name, table, mode, command) {
  const path = join(root, readme);
  const parts = inParts(readme, name);
  const before = parts.join('');
  const after = `${parts[0]}${table}\n${parts[2]}`;
  if (mode === 'update') writeFileSync(path, after);
  else if (after !== before) throw new Failure(`what is measured is not what ${readme} says; if it should change: ${command}`);
}
