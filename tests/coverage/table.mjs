// The coverage of src as one table, from what llvm-cov shows of each suite:
//
//   node tests/coverage/table.mjs SUITE...   where SUITE.txt is that output
//
// A line is reached when a suite reaches it in any instantiation of a template; a
// branch likewise, each of its two ways on its own. Conditions that are constants,
// as of `if constexpr`, are none. What is not reached is listed.

import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const atLeast = 0.98;

const files = new Map();  // by name: { lines, ways }, each key with whether it was reached

function read(path) {
  let file;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const name = /^(\/.*):$/.exec(line)?.[1];
    if (name) {
      const key = relative(process.cwd(), name);
      if (!files.has(key)) files.set(key, { lines: new Map(), ways: new Map() });
      file = files.get(key);
      continue;
    }
    const reached = (map, key, count) => map.set(key, map.get(key) || count !== '0');
    const counted = /^[ |]*?(\d+)\| *([\d.]+[kMGT]?)\|/.exec(line);
    if (counted) reached(file.lines, Number(counted[1]), counted[2]);
    const branch = /Branch \((\d+:\d+)\): \[True: ([^,]+), False: ([^\]]+)\]/.exec(line);
    if (branch) {
      // The one that is folded in one instantiation is none in that one only.
      if (branch[2] !== 'Folded') reached(file.ways, `${branch[1]} true`, branch[2]);
      if (branch[3] !== 'Folded') reached(file.ways, `${branch[1]} false`, branch[3]);
    }
  }
}

for (const suite of process.argv.slice(2)) read(`${suite}.txt`);

const sum = { lines: 0, linesReached: 0, ways: 0, waysReached: 0 };
const count = (map) => [map.size, [...map.values()].filter(Boolean).length];
const percent = (reached, all) => (all === 0 ? '' : `${(100 * reached / all).toFixed(1)} %`);
const missing = [];
console.log(`${'file'.padEnd(32)} ${'lines'.padStart(7)} ${'branches'.padStart(9)}`);
for (const [name, { lines, ways }] of [...files].sort()) {
  const [lineCount, linesReached] = count(lines);
  const [wayCount, waysReached] = count(ways);
  sum.lines += lineCount;
  sum.linesReached += linesReached;
  sum.ways += wayCount;
  sum.waysReached += waysReached;
  console.log(`${name.padEnd(32)} ${percent(linesReached, lineCount).padStart(7)} ${percent(waysReached, wayCount).padStart(9)}`);
  const source = readFileSync(name, 'utf8').split('\n');
  for (const [line, isReached] of lines) {
    if (!isReached) missing.push(`${name}:${line}: not reached: ${source[line - 1].trim()}`);
  }
  for (const [way, isReached] of ways) {
    if (isReached || !lines.get(Number.parseInt(way, 10))) continue;
    missing.push(`${name}:${way.replace(' ', ': never ')}: ${source[Number.parseInt(way, 10) - 1].trim()}`);
  }
}
console.log(missing.join('\n'));
const lineShare = sum.linesReached / sum.lines;
const wayShare = sum.waysReached / sum.ways;
console.log(`lines ${percent(sum.linesReached, sum.lines)} of ${sum.lines}, branches ${percent(sum.waysReached, sum.ways)} of ${sum.ways}`);
const passed = (lineShare >= atLeast) + (wayShare >= atLeast);
console.log(`${passed} passed, ${2 - passed} failed`);
process.exitCode = passed === 2 ? 0 : 1;
