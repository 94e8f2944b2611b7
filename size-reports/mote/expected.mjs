// The pinned sizes: expected/ENTRY.json holds what each allocator's module
// weighed, so that a change of size is a line in the diff of the commit that
// made it. Sizes depend on the tools, so they are kept by toolchain, and
// compressed ones by compressor too.
import { mkdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { here } from './build.mjs';
import { compressors } from './figures.mjs';

// With tools that nothing is pinned for, sizes may differ by this much.
const foreignTolerance = 0.03;

const directory = join(here, 'expected');
const pathOf = (name) => join(directory, `${name}.json`);

export function readPinned(name) {
  return existsSync(pathOf(name)) ? JSON.parse(readFileSync(pathOf(name), 'utf8')) : {};
}

const uncompressed = ({ gzip, brotli, functions, ...rest }) => ({
  ...rest,
  functions: functions.map(({ name, size }) => `${name} ${size}`),
});
const compressed = ({ gzip, brotli }) => ({ gzip, brotli });
const mapValues = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

export function pin(report) {
  mkdirSync(directory, { recursive: true });
  for (const entry of report.entries) {
    const pinned = readPinned(entry.name);
    const before = pinned[report.toolchain];
    pinned[report.toolchain] = {
      modules: mapValues(entry.modules, uncompressed),
      compressed: { ...before?.compressed, [compressors]: mapValues(entry.modules, compressed) },
    };
    writeFileSync(pathOf(entry.name), `${JSON.stringify(pinned, null, 2)}\n`);
  }
}

// All leaves of an object as `path: value`.
function leaves(value, path = '') {
  if (Array.isArray(value)) return [[path, value.join(', ') || 'none']];
  if (value === null || typeof value !== 'object') return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}: ${key}` : key));
}

function differences(wanted, measured, tolerance) {
  const before = new Map(leaves(wanted));
  const after = new Map(leaves(measured));
  const isClose = (a, b) => a === b || (tolerance > 0
    && (typeof a !== 'number' || typeof b !== 'number' || Math.abs(a - b) <= tolerance * a));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => !isClose(before.get(key), after.get(key)))
    .map((key) => `${key}: expected ${before.get(key) ?? 'nothing'}, measured ${after.get(key) ?? 'nothing'}`);
}

// Compares one kind of figure with what is pinned for `key`, or, when nothing
// is, with the first that is pinned, allowing the tolerance.
function compare(pinnedByKey, key, measured, what, notes) {
  if (key in pinnedByKey) return differences(pinnedByKey[key], measured, 0);
  const [other] = Object.keys(pinnedByKey);
  if (other === undefined) return [`no ${what} is pinned`];
  notes.add(`nothing is pinned for ${key}: compared with ${other}, allowing ${foreignTolerance * 100} %`);
  return differences(pinnedByKey[other], measured, foreignTolerance);
}

// { problems, notes }, both arrays of lines.
export function check(report) {
  const notes = new Set();
  const problems = report.entries.flatMap((entry) => {
    const pinned = readPinned(entry.name);
    const raw = mapValues(pinned, (one) => one.modules);
    const found = compare(raw, report.toolchain, mapValues(entry.modules, uncompressed), 'size', notes);
    const packed = (pinned[report.toolchain] ?? Object.values(pinned)[0])?.compressed ?? {};
    found.push(...compare(packed, compressors, mapValues(entry.modules, compressed), 'compressed size', notes));
    return found.map((line) => `${entry.name}: ${line}`);
  });
  return { problems, notes: [...notes] };
}
