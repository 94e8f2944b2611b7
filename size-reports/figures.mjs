// What a size report says of one file, as plain data that can be written as
// JSON and compared. All figures are bytes unless they say otherwise.
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { WasmError, readModule } from './wasm.mjs';

export const compressors = `zlib ${process.versions.zlib}, brotli ${process.versions.brotli}`;

function compressedSizes(bytes) {
  return {
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }).length,
  };
}

// `mote::Heap<mote::Config{...}, Source>::allocate(unsigned long)` becomes
// `mote::Heap::allocate`: template arguments would fill the page and change
// with every setting.
export function shortName(name) {
  let depth = 0;
  let short = '';
  for (const char of name.replace(/operator(<=>|<<|>>|<|>|->|\(\))/g, 'operator_')) {
    if (char === '<' || char === '(') depth += 1;
    if (depth === 0) short += char;
    if (char === '>' || char === ')') depth = Math.max(0, depth - 1);
  }
  const plain = short.replace(/ (const|noexcept)\b/g, '').replace(/\[.*?\]/g, '').trim();
  return /\S*operator .*/.exec(plain)?.[0] ?? (plain.split(' ').at(-1) || name);  // before it stands a return type
}

// Names of the functions of `module`: from its own name section, else from
// `twin`, the same module linked without stripping, else from an export.
function functionNames(module, twin) {
  const names = new Map();
  for (const entry of module.exports) {
    if (entry.kind === 'function' && !names.has(entry.index)) names.set(entry.index, entry.name);
  }
  const source = module.functionNames.size > 0 || !twin ? module : twin;
  if (source === twin) {
    const same = twin.functions.length === module.functions.length
      && twin.functions.every((body, i) => body.size === module.functions[i].size);
    if (!same) throw new WasmError('the functions of the unstripped twin differ from those of the module', 0);
  }
  for (const [index, name] of source.functionNames) {
    if (!names.has(index)) names.set(index, shortName(name));
  }
  return names;
}

export function wasmFigures(bytes, twinBytes = null) {
  const module = readModule(bytes);
  const names = functionNames(module, twinBytes && readModule(twinBytes));
  const sum = (name) => module.sections
    .filter((section) => section.name === name)
    .reduce((total, section) => total + section.size, 0);
  const [memory = null] = module.memories;
  return {
    total: module.size,
    ...compressedSizes(bytes),
    code: sum('code'),
    data: sum('data'),
    custom: sum('custom'),
    memoryPages: memory && { initial: memory.initial, maximum: memory.maximum },
    imports: module.imports.map((entry) => `${entry.module}.${entry.name}`).sort(),
    exports: module.exports.map((entry) => entry.name).sort(),
    functions: module.functions
      .map((body) => ({ name: names.get(body.index) ?? `function ${body.index}`, size: body.size }))
      .sort((a, b) => b.size - a.size || (a.name < b.name ? -1 : 1)),
  };
}

export function wasmFileFigures(path, twinPath = null) {
  return wasmFigures(readFileSync(path), twinPath && readFileSync(twinPath));
}
