// A report: the figures of several files under the names that comparisons and
// budgets go by. schemas/report.schema.json is its form as a file.
import { join } from 'node:path';
import { compressors, figuresOf, formatOf } from './figures.mjs';
import { InputError, filesBelow, isDirectory, readBytes } from './input.mjs';
import { allocatorMatcher } from './patterns.mjs';
import { readChecked } from './schema.mjs';

export function makeReport(entries, { title = 'Size report', tools = `node ${process.versions.node}, ${compressors}` } = {}) {
  const names = new Set();
  for (const { name } of entries) {
    if (names.has(name)) throw new InputError(`two entries have the name ${name}`);
    names.add(name);
  }
  return { kind: 'size-report', version: 1, title, tools, entries };
}

// Marks the allocator's symbols in `figures` and adds their sum. What is in bss
// costs no byte of a file.
export function attribute(figures, isAllocator) {
  let sum = 0;
  for (const symbol of figures.symbols) {
    if (!isAllocator(symbol.name)) continue;
    symbol.allocator = true;
    if (symbol.section !== 'bss') sum += symbol.size;
  }
  figures.measures.allocator = sum;
}

const loaded = ({ text, rodata, data }) => text + rodata + data;

// What the file has over `nothing`, the same one with a null allocator.
export function addMarginal({ format, measures }, nothing) {
  if (format !== nothing.format) throw new InputError(`the one with a null allocator is ${nothing.format}, not ${format}`);
  if (format !== 'wasm') {
    measures.marginal = loaded(measures) - loaded(nothing.measures);
    return;
  }
  measures.marginal = measures.total - nothing.measures.total;
  for (const name of ['gzip', 'brotli']) {
    if (name in measures && name in nothing.measures) measures[`marginal ${name}`] = measures[name] - nothing.measures[name];
  }
}

// `FILE=TWIN`, unless a file has that very name.
function splitTwin(argument) {
  const at = argument.indexOf('=');
  return at < 0 ? { path: argument } : { path: argument.slice(0, at), twin: argument.slice(at + 1) };
}

// Measures each of `files`, { path, twin, name }. `lists`: names of allocators'
// patterns; `nothing`: a file with a null allocator, or a folder of such files
// under the names of the entries.
async function measureFiles(files, { lists = [], nothing = null, ...options }) {
  const isAllocator = lists.length > 0 ? allocatorMatcher(lists) : null;
  const inFolder = nothing !== null && isDirectory(nothing);
  const figuresOfNull = nothing !== null && !inFolder ? await figuresOf(nothing, options) : null;
  const entries = [];
  for (const { path, twin, name } of files) {
    const figures = await figuresOf(path, { twin, ...options });
    if (isAllocator) attribute(figures, isAllocator);
    if (nothing !== null) addMarginal(figures, figuresOfNull ?? await figuresOf(join(nothing, name), options));
    entries.push({ name, ...figures });
  }
  return entries;
}

export async function measure(args, { title, ...options } = {}) {
  const files = args.map(splitTwin).map((file) => ({ ...file, name: file.path }));
  return makeReport(await measureFiles(files, options), { title });
}

// A report from a file that is one, from a file that can be measured, or from
// all such files below a directory, under their paths in it.
export async function loadReport(path, options = {}) {
  if (path.endsWith('.json')) return readChecked(path, 'report');
  if (!isDirectory(path)) {
    return makeReport(await measureFiles([{ path, name: path }], options));
  }
  const files = filesBelow(path)
    .map((name) => ({ path: join(path, name), name }))
    .filter((file) => isMeasurable(file.path));
  if (files.length === 0) throw new InputError(`${path}: no wasm module and no native file is in it`);
  return makeReport(await measureFiles(files, options));
}

// Other files in a folder are passed over; one that says it is a module and is
// malformed is still an error.
function isMeasurable(path) {
  try {
    return formatOf(readBytes(path)) !== null;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}
