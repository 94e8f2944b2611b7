// The pinned sizes: expected/TOOLCHAIN/PROGRAM.json holds what each allocator's
// file weighed, so that a change of size is a line in the diff of the commit that
// made it. Sizes depend on the tools, so their versions stand there too, and
// those of zlib and brotli for what is compressed.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compressors } from '../tool/figures.mjs';
import { here } from './build.mjs';
import { plan, toolchains } from './measure.mjs';

// With other tools than the pinned ones, sizes may differ by this much.
const foreignTolerance = 0.03;

const folder = join(here, 'expected');
const pathOf = (key) => join(folder, `${key}.json`);
const isCompressed = (measure) => /gzip|brotli/.test(measure);
const pick = (object, wanted) => Object.fromEntries(Object.entries(object).filter(([key]) => wanted(key)));

// Of a program that is mostly other code, the functions of the allocator; of a
// native peer only the sums, for jemalloc has a thousand.
function pinned({ measures, memory, imports, exports, symbols }, list) {
  const functions = symbols.filter(({ allocator }) => allocator).map(({ name, section, size }) => `${name} ${section} ${size}`);
  return {
    bytes: pick(measures, (measure) => !isCompressed(measure)),
    ...(imports === undefined ? {} : { memory, imports, exports }),
    ...(imports !== undefined || list === 'mote' ? { functions } : {}),
  };
}

const keyOf = ({ toolchain, program }) => `${toolchain.name}/${program.name}`;

// The report as the files that pin it: a map from keys to their contents.
async function asFiles(report) {
  const versions = new Map(await Promise.all(toolchains.map(async (toolchain) => [toolchain.name, await toolchain.versions()])));
  const files = new Map();
  plan.forEach((step, i) => {
    const key = keyOf(step);
    if (!files.has(key)) files.set(key, { tools: versions.get(step.toolchain.name), compressors, files: {} });
    const entry = report.entries[i];
    const compressed = pick(entry.measures, isCompressed);
    files.get(key).files[step.allocator.name] = { ...pinned(entry, step.allocator.list), ...(Object.keys(compressed).length > 0 ? { compressed } : {}) };
  });
  return files;
}

export function readExpected(key) {
  return existsSync(pathOf(key)) ? JSON.parse(readFileSync(pathOf(key), 'utf8')) : null;
}

const expectedKeys = () => readdirSync(folder, { recursive: true }).filter((path) => path.endsWith('.json')).map((path) => path.replace(/\.json$/, ''));

// Rewrites expected/ from a report, and drops what is no longer measured.
export async function pin(report) {
  rmSync(folder, { recursive: true, force: true });
  for (const [key, contents] of await asFiles(report)) {
    mkdirSync(dirname(pathOf(key)), { recursive: true });
    writeFileSync(pathOf(key), `${JSON.stringify(contents, null, 2)}\n`);
  }
}

// All leaves of an object as [path, value].
function leaves(value, path = '') {
  if (Array.isArray(value)) return [[path, value.join(', ') || 'none']];
  if (value === null || typeof value !== 'object') return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}: ${key}` : key));
}

// With the pinned tools every leaf is equal. With others only numbers are
// compared, and may differ by the tolerance.
function differences(wanted, measured, isForeign) {
  const before = new Map(leaves(wanted));
  const after = new Map(leaves(measured));
  const agree = (a, b) => a === b || (isForeign && (typeof a !== 'number' || typeof b !== 'number' || Math.abs(a - b) <= foreignTolerance * Math.abs(a)));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((key) => !agree(before.get(key), after.get(key)))
    .map((key) => `${key}: expected ${before.get(key) ?? 'nothing'}, measured ${after.get(key) ?? 'nothing'}`);
}

const split = (files) => [
  Object.fromEntries(Object.entries(files).map(([name, { compressed, ...rest }]) => [name, rest])),
  Object.fromEntries(Object.entries(files).map(([name, { compressed }]) => [name, compressed ?? {}])),
];

// { problems, notes, count }: lines, and how many files were compared.
export async function check(report) {
  const notes = new Set();
  const problems = [];
  const measured = await asFiles(report);
  for (const [key, now] of measured) {
    const expected = readExpected(key);
    if (!expected) {
      problems.push(`${key}: nothing is expected`);
      continue;
    }
    const compare = (what, before, after, wanted, found) => {
      if (before !== after) notes.add(`${key.split('/')[0]}: ${what} differ, so ${foreignTolerance * 100} % are allowed: expected ${before}; here ${after}`);
      problems.push(...differences(wanted, found, before !== after).map((line) => `${key}: ${line}`));
    };
    const [wanted, wantedCompressed] = split(expected.files);
    const [found, foundCompressed] = split(now.files);
    compare('the tools', expected.tools, now.tools, wanted, found);
    // Compressed, other bytes are other bytes.
    compare('zlib and brotli', `${expected.compressors}; ${expected.tools}`, `${now.compressors}; ${now.tools}`, wantedCompressed, foundCompressed);
  }
  problems.push(...expectedKeys().filter((key) => !measured.has(key)).map((key) => `${key}: expected, and not measured`));
  return { problems, notes: [...notes], count: report.entries.length };
}
