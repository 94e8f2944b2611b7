// Reads the parts of a wasm module that a size report is about: sections,
// imports, exports, memories, function bodies, data segments, their names, and
// the features in use. Everything is bounds-checked: a bad module is a WasmError
// with the offset where the reader stopped, never another exception.
import { skipBody, skipExpression } from './instructions.mjs';
import { Reader, WasmError } from './reader.mjs';
import { limits, typeSection, valueType } from './types.mjs';

const sectionNames = [
  'custom', 'type', 'import', 'function', 'table', 'memory', 'global',
  'export', 'start', 'element', 'code', 'data', 'data count', 'tag',
];
// Ids in the order in which sections must stand; custom ones stand anywhere.
const sectionOrder = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const externalKinds = ['function', 'table', 'memory', 'global', 'tag'];

function readHeader(reader) {
  const { bytes } = reader;
  if (bytes.length === 0) throw new WasmError('the file is empty', 0);
  if (bytes.length < 8) throw new WasmError('the module ends in its header', bytes.length);
  if (bytes[6] === 1) throw new WasmError('a component, not a module', 4);
  if (bytes[4] !== 1 || bytes[5] || bytes[6] || bytes[7]) throw new WasmError('not version 1 of the wasm format', 4);
  reader.offset = 8;
}

function readImport(reader, features) {
  const name = { module: reader.text(), name: reader.text() };
  const kind = reader.byte();
  const entry = { ...name, kind: externalKinds[kind] ?? reader.fail(`an import of unknown kind ${kind}`, reader.offset - 1) };
  if (entry.kind === 'function') reader.unsigned();
  if (entry.kind === 'memory') entry.memory = limits(reader, features);
  if (entry.kind === 'table') valueType(reader, new Set()), limits(reader, features);
  if (entry.kind === 'global') valueType(reader, features), reader.byte();
  if (entry.kind === 'tag') reader.byte(), reader.unsigned(), features.add('exception-handling');
  return entry;
}

function readExport(reader) {
  const name = reader.text();
  const kind = reader.byte();
  const known = externalKinds[kind] ?? reader.fail(`an export of unknown kind ${kind}`, reader.offset - 1);
  return { name, kind: known, index: reader.unsigned() };
}

function readSegment(reader, features) {
  const begin = reader.offset;
  const flags = reader.unsigned();
  if (flags > 2) reader.fail(`unknown flags of a data segment 0x${flags.toString(16)}`, begin);
  if (flags === 2) reader.unsigned();
  if (flags === 1) features.add('bulk-memory');
  else skipExpression(reader, features);
  reader.skip(reader.unsigned(), 'a data segment');
  return { offset: begin, size: reader.offset - begin };
}

// What stands in `target_features`: `+name` for what the code may use.
function readTargetFeatures(reader) {
  return reader.vector(() => ({ prefix: String.fromCharCode(reader.byte()), name: reader.text() }))
    .filter(({ prefix }) => prefix !== '-').map(({ name }) => name);
}

// Maps from indices to { name, offset }.
function readNames(reader) {
  const names = { functions: new Map(), segments: new Map() };
  const subsections = { 1: names.functions, 9: names.segments };
  while (!reader.atEnd) {
    const map = subsections[reader.byte()];
    const part = reader.slice(reader.unsigned(), 'a part of the name section');
    if (!map) continue;
    part.vector(() => {
      const offset = part.offset;
      const index = part.unsigned();
      if (map.has(index)) part.fail(`a second name for index ${index}`, offset);
      map.set(index, { name: part.text(), offset });
    });
  }
  return names;
}

// Names for what is not there are a lie, and every other may be one too.
function checkNames(module) {
  const check = (names, count, what) => {
    for (const [index, { name, offset }] of names) {
      if (index >= count) throw new WasmError(`the name section names ${what} ${index} ${JSON.stringify(name.slice(0, 40))}, of ${count}`, offset);
    }
  };
  check(module.names.functions, module.importedFunctionCount + module.functions.length, 'function');
  check(module.names.segments, module.segments.length, 'data segment');
}

function readSection(module, section, contents) {
  const { features } = module;
  switch (section.name) {
    case 'custom':
      section.customName = contents.text();
      if (section.customName === 'name') module.names = readNames(contents);
      if (section.customName === 'target_features') module.targetFeatures = readTargetFeatures(contents);
      return;
    case 'type':
      if (!module.decodes) return;
      typeSection(contents, features);
      break;
    case 'import':
      module.imports = contents.vector(() => readImport(contents, features));
      module.importedFunctionCount = module.imports.filter((entry) => entry.kind === 'function').length;
      break;
    case 'function': module.declaredCount = contents.vector(() => contents.unsigned()).length; break;
    case 'memory': module.memories = contents.vector(() => limits(contents, features)); break;
    case 'export': module.exports = contents.vector(() => readExport(contents)); break;
    case 'tag': features.add('exception-handling'); return;
    case 'data count': features.add('bulk-memory'); return;
    case 'data': module.segments = contents.vector(() => readSegment(contents, features)); break;
    case 'code':
      module.functions = contents.vector((i) => {
        const index = module.importedFunctionCount + i;
        const body = contents.slice(contents.unsigned(), `function ${index}`);
        const found = { index, offset: body.offset, size: body.end - body.offset };
        if (module.decodes) skipBody(body, features);
        return found;
      });
      break;
    default: return;
  }
  if (!contents.atEnd) contents.fail(`the ${section.name} section goes on behind its contents`);
}

// The module as plain data. Sizes of sections are those of their contents, and
// of functions those of their bodies, as wasm-objdump prints them; the index of
// a function counts the imported ones first, as everywhere in wasm.
// `decodes`: look into types and functions for features. Without it, a module with
// some that are newer than this reader can be measured too.
export function readModule(bytes, { decodes = true } = {}) {
  const module = {
    size: bytes.length, decodes, sections: [], imports: [], importedFunctionCount: 0, exports: [], memories: [], functions: [], segments: [],
    names: { functions: new Map(), segments: new Map() }, declaredCount: 0, features: new Set(), targetFeatures: [],
  };
  const reader = new Reader(bytes);
  readHeader(reader);
  let place = -1;  // of the last section, in sectionOrder
  while (!reader.atEnd) {
    const begin = reader.offset;
    const id = reader.byte();
    const name = sectionNames[id] ?? reader.fail(`unknown section ${id}`, begin);
    const contents = reader.slice(reader.unsigned(), `the ${name} section`);
    const section = { id, name, offset: contents.offset, size: contents.end - contents.offset };
    if (id !== 0) {
      if (sectionOrder.indexOf(id) <= place) reader.fail(`the ${name} section is a second one or out of order`, begin);
      place = sectionOrder.indexOf(id);
    }
    module.sections.push(section);
    readSection(module, section, contents);
  }
  if (module.declaredCount !== module.functions.length) {
    reader.fail(`${module.declaredCount} functions are declared, ${module.functions.length} have a body`);
  }
  checkNames(module);
  module.memories.unshift(...module.imports.filter((entry) => entry.memory).map((entry) => entry.memory));
  if (module.memories.length > 1) module.features.add('multimemory');
  return module;
}
