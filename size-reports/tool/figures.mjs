// What a report says of one file, as plain data that can be written as JSON and
// compared: its measures, all in bytes, and every symbol with its size.
import { brotliCompress, constants, gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { InputError, readBytes } from './input.mjs';
import { bySize, shortName } from './names.mjs';
import { nativeSections, readNative } from './native.mjs';
import { WasmError } from './reader.mjs';
import { readModule } from './wasm.mjs';

export const compressors = `zlib ${process.versions.zlib}, brotli ${process.versions.brotli}`;

// Brotli at its best takes 2 seconds for each megabyte: a minute for modules
// that are never sent without a thought. Those are compressed only when asked.
export const compressedMax = 8 * 2 ** 20;

async function compressedSizes(bytes) {
  const [zipped, brotli] = await Promise.all([
    promisify(gzip)(bytes, { level: 9 }),
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  ]);
  return { gzip: zipped.length, brotli: brotli.length };
}

const startsWith = (bytes, text) => bytes.length >= text.length && bytes.subarray(0, text.length).toString('latin1') === text;
const coffMachines = new Set([0x8664, 0x14c, 0xaa64, 0x1c4]);

// 'wasm', 'ELF' or 'PE', by the first bytes; null for anything else.
export function formatOf(bytes) {
  if (startsWith(bytes, '\0asm')) return 'wasm';
  if (startsWith(bytes, '\x7fELF')) return 'ELF';
  if (startsWith(bytes, 'MZ')) return 'PE';
  if (startsWith(bytes, '!<arch>\n')) return archiveFormat(bytes);
  return bytes.length >= 20 && coffMachines.has(bytes.readUInt16LE(0)) ? 'PE' : null;
}

// By the first member that is an object; before them stand tables of names.
function archiveFormat(bytes) {
  for (let offset = 8; offset + 60 < bytes.length;) {
    const size = Number.parseInt(bytes.subarray(offset + 48, offset + 58).toString('latin1'), 10);
    const name = bytes.subarray(offset, offset + 16).toString('latin1');
    if (!(size >= 0)) throw new InputError(`a member of the archive has no size (at offset ${offset + 48})`);
    if (!/^(\/|\/\/|\/SYM64\/) *$/.test(name)) {
      const member = bytes.subarray(offset + 60, offset + 60 + size);
      const format = startsWith(member, '!<arch>\n') ? null : formatOf(member);
      if (format === 'wasm') throw new InputError('an archive of wasm objects: link it, and measure the module');
      return format;
    }
    offset += 60 + size + (size % 2);
  }
  throw new InputError('the archive has no members');
}

// Names of functions and data segments: from the module's own name section, else
// from its unstripped twin, else from an export, which may be a minified one.
function wasmNames(module, twin) {
  const source = module.names.functions.size > 0 || !twin ? module : twin;
  if (source === twin) {
    const same = twin.functions.length === module.functions.length
      && twin.functions.every((body, i) => body.size === module.functions[i].size);
    if (!same) throw new WasmError('the functions of the unstripped twin differ from those of the module', 0);
  }
  const names = new Map();
  for (const [index, { name }] of source.names.functions) names.set(index, shortName(name));
  for (const entry of module.exports) {
    if (entry.kind === 'function' && !names.has(entry.index)) names.set(entry.index, entry.name);
  }
  const segments = source.segments.length === module.segments.length ? source.names.segments : new Map();
  return {
    ofFunction: (index) => names.get(index) ?? `function ${index}`,
    ofSegment: (index) => segments.get(index)?.name ?? `segment ${index}`,
  };
}

function wasmFigures(bytes, twinBytes, options) {
  const module = readModule(bytes, options);
  const names = wasmNames(module, twinBytes && readModule(twinBytes, { decodes: false }));
  const sum = (name) => module.sections.filter((section) => section.name === name).reduce((total, { size }) => total + size, 0);
  const [memory = null] = module.memories;
  return {
    format: 'wasm',
    measures: { total: module.size, code: sum('code'), data: sum('data'), custom: sum('custom') },
    memory: memory && { initial: memory.initial, maximum: memory.maximum },
    imports: module.imports.map((entry) => `${entry.module}.${entry.name}`).sort(),
    exports: module.exports.map((entry) => entry.name).sort(),
    features: [...new Set([...module.features, ...module.targetFeatures])].sort(),
    sections: module.sections.map(({ name, customName, size }) => ({ name: customName === undefined ? name : `custom: ${customName}`, size })),
    symbols: [
      ...module.functions.map(({ index, size }) => ({ name: names.ofFunction(index), section: 'code', size })),
      ...module.segments.map(({ size }, index) => ({ name: names.ofSegment(index), section: 'data', size })),
    ].sort(bySize),
  };
}

function nativeFigures(path, twinPath, bytes, format) {
  const { sections, symbols } = readNative(path, format);
  const twin = twinPath && readNative(twinPath, formatOf(readBytes(twinPath)));
  if (twin && twin.sections.text !== sections.text) throw new InputError('the unstripped twin has another text');
  return {
    format,
    measures: { total: bytes.length, ...sections },
    sections: nativeSections.map((name) => ({ name, size: sections[name] })),
    symbols: (twin ?? { symbols }).symbols.sort(bySize),
  };
}

// `compress`: true, false, or undefined for files that are not too large; gzip
// and brotli are for what is sent over a network, so not for native files.
export async function figuresOf(path, { twin = null, compress, decodes = true } = {}) {
  const bytes = readBytes(path);
  try {
    if (bytes.length === 0) throw new WasmError('the file is empty', 0);
    const format = formatOf(bytes);
    if (format === null) throw new WasmError('neither a wasm module nor a native object, archive or program', 0);
    if (format !== 'wasm') return nativeFigures(path, twin, bytes, format);
    const figures = wasmFigures(bytes, twin && readBytes(twin), { decodes });
    if (compress ?? bytes.length <= compressedMax) Object.assign(figures.measures, await compressedSizes(bytes));
    return figures;
  } catch (error) {
    if (error instanceof InputError && !error.message.startsWith(path)) error.message = `${path}: ${error.message}`;
    throw error;
  }
}
