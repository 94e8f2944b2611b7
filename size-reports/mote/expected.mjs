// The pinned sizes: expected/TOOLCHAIN/PROGRAM.json holds what each allocator's
// file weighed, so that a change of size is a line in the diff of the commit that
// made it. Sizes depend on the tools, so their versions stand there too, and
// those of zlib and brotli for what is compressed.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compressors } from '../tool/figures.mjs';
import { here } from './build.mjs';
import { differencesFrom } from './differences.mjs';
import { planOf, toolchains } from './measure.mjs';

const folder = join(here, 'expected');
const pathOf = (key) => join(folder, `${key}.json`);
const compressed = ['gzip', 'brotli'];
const pick = (object, wanted) => Object.fromEntries(Object.entries(object).filter(([key]) => wanted(key)));

// Of a program that is mostly other code, the functions of the allocator; of a
// native peer only the sums, for jemalloc has a thousand.
function pinned({ measures, memory, imports, exports, symbols }, list) {
  const functions = symbols.filter(({ allocator }) => allocator).map(({ name, section, size }) => `${name} ${section} ${size}`);
  return {
    // Their marginal sizes follow from these.
    bytes: pick(measures, (measure) => !/gzip|brotli/.test(measure)),
    ...(imports === undefined ? {} : { memory, imports, exports }),
    ...(imports !== undefined || list === 'mote' ? { functions } : {}),
  };
}

const keyOf = ({ toolchain, program }) => `${toolchain.name}/${program.name}`;

// The report as the files that pin it: a map from keys to their contents.
async function asFiles(report) {
  const versions = new Map(await Promise.all(toolchains.map(async (toolchain) => [toolchain.name, await toolchain.versions()])));
  const files = new Map();
  planOf(toolchains).forEach((step, i) => {
    const key = keyOf(step);
    if (!files.has(key)) files.set(key, { tools: versions.get(step.toolchain.name), compressors, files: {} });
    const entry = report.entries[i];
    files.get(key).files[step.allocator.name] = {
      ...pinned(entry, step.allocator.list),
      ...('brotli' in entry.measures ? { compressed: pick(entry.measures, (measure) => compressed.includes(measure)) } : {}),
    };
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

// { problems, notes, count }: what differs, by file; and how many files there are.
export async function check(report) {
  const notes = new Set();
  const problems = new Map();
  const measured = await asFiles(report);
  for (const [key, now] of measured) {
    const expected = readExpected(key);
    const found = expected ? differencesFrom(expected, now) : { problems: ['nothing is expected'], notes: [] };
    if (found.problems.length > 0) problems.set(key, found.problems);
    for (const note of found.notes) notes.add(`${key.split('/')[0]}: ${note}`);
  }
  for (const key of expectedKeys()) if (!measured.has(key)) problems.set(key, ['expected, and not measured']);
  return { problems, notes: [...notes], count: measured.size };
}
