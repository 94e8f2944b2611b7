// Native files, as the tools that come with every compiler print them: ELF by
// readelf (of binutils or of LLVM: one format), PE and COFF by objdump. Sections
// become text, rodata, data and bss; what is not loaded is left out.
import { spawnSync } from 'node:child_process';
import { InputError } from './input.mjs';
import { shortName } from './names.mjs';

export const nativeSections = ['text', 'rodata', 'data', 'bss'];

// Without the names of the tool and of the file.
function inOwnWords(complaint, path) {
  return complaint.replaceAll(`${path}:`, '').replace(/^\S*?(readelf|objdump)\S*:\s*/, '').replace(/^\s*error:\s*/i, '').trim();
}

function print(commands, args, path) {
  for (const command of commands) {
    const { stdout, stderr, status, error } = spawnSync(command, [...args, path], {
      encoding: 'utf8', maxBuffer: 2 ** 30, timeout: 60_000, env: { ...process.env, LC_ALL: 'C' },
    });
    if (error?.code === 'ENOENT') continue;
    if (error) throw new InputError(`${path}: ${command}: ${error.message}`);
    // GNU readelf exits with 0 after most errors.
    const complaint = stderr.split('\n').find((line) => /\berror\b/i.test(line)) ?? (status === 0 ? null : stderr.split('\n')[0]);
    if (complaint !== null) throw new InputError(`${path}: ${inOwnWords(complaint, path) || `${command} fails`}`);
    return stdout;
  }
  throw new InputError(`${path}: needs ${commands.join(' or ')}, of binutils or LLVM`);
}

const elfSection = /^ +\[ *(\d+)\] (.*?) +([A-Z]\S*) +[\da-f]{8,} [\da-f]+ ([\da-f]+) [\da-f]+ ([A-Za-z ]*?) +\d+ +\d+ +\d+$/;
const elfSymbol = /^ *\d+: ([\da-f]+) +(0x[\da-f]+|\d+) (\w+) +(\w+) +\w+ +(?:\[.*?\] +)?(\w+) (.*)$/;

function elfKind(type, flags) {
  if (!flags.includes('A')) return null;
  if (type === 'NOBITS') return 'bss';
  if (flags.includes('X')) return 'text';
  return flags.includes('W') ? 'data' : 'rodata';
}

// Of one object of an archive, or of the whole file: sections by number, then
// symbols. A stripped library still has those it exports.
function readElf(path) {
  const listing = print(['readelf', 'llvm-readelf', 'llvm-readelf-19'], ['-S', '-s', '-W', '-C'], path);
  const objects = [];
  let object;
  for (const line of listing.split('\n')) {
    if (/^(File: |There are \d+ section headers)/.test(line) && (!object || object.sections.size > 0)) {
      objects.push(object = { sections: new Map(), symbols: [] });
    }
    const section = elfSection.exec(line);
    if (section) {
      const [, number, name, type, size, flags] = section;
      object?.sections.set(number, { name, kind: elfKind(type, flags), size: parseInt(size, 16) });
      continue;
    }
    const symbol = elfSymbol.exec(line);
    if (!symbol || !object) continue;
    const [, value, size, type, binding, section_, name] = symbol;
    if (!['FUNC', 'OBJECT', 'TLS', 'IFUNC', 'NOTYPE', 'COMMON'].includes(type) || Number(size) === 0) continue;
    object.symbols.push({ name: name.replace(/@.*/, ''), place: `${section_}:${value}`, section: section_, size: Number(size), isLocal: binding === 'LOCAL' });
  }
  return objects;
}

const peSection = /^ *(\d+) (\S+) +([\da-f]{8}) +[\da-f]{8,} +[\da-f]{8,} +[\da-f]{8} +2\*\*\d+/;
const peSymbol = /^\[ *\d+\]\(sec +(\d+)\)\(fl 0x[\da-f]+\)\(ty +([\da-f]+)\)\(scl +(\d+)\) \(nx \d+\) 0x([\da-f]+) (.*)$/;

function peKind(flags) {
  if (!flags.includes('ALLOC')) return null;
  if (flags.includes('CODE')) return 'text';
  if (!flags.includes('CONTENTS')) return 'bss';
  return flags.includes('READONLY') ? 'rodata' : 'data';
}

// COFF does not say how long a symbol is: it ends where the next one or its
// section does.
function withSizes({ sections, starts }) {
  const symbols = [];
  for (const [number, section] of sections) {
    const here = starts.filter((start) => start.section === number).sort((a, b) => a.value - b.value || a.isLocal - b.isLocal);
    here.forEach((start, i) => {
      const next = here.slice(i + 1).find(({ value }) => value > start.value);
      const end = Math.min(next?.value ?? section.size, section.size);
      if (end > start.value) symbols.push({ ...start, place: `${number}:${start.value}`, size: end - start.value });
    });
  }
  return { sections, symbols };
}

function readPe(path) {
  const listing = print(['objdump', 'x86_64-w64-mingw32-objdump'], ['-h', '-t', '-w', '-C'], path);
  const objects = [];
  for (const line of listing.split('\n')) {
    if (/: +file format pei?-/.test(line)) objects.push({ sections: new Map(), starts: [] });
    const object = objects.at(-1);
    const section = peSection.exec(line);
    const symbol = peSymbol.exec(line);
    if (section && object) {
      const [, index, name, size] = section;
      object.sections.set(String(Number(index) + 1), { name, kind: peKind(line), size: parseInt(size, 16) });
    } else if (symbol && object) {
      const [, number, , storage, value, name] = symbol;
      const isSectionName = object.sections.get(number)?.name === name;
      if (number === '0' || isSectionName || name.startsWith('.')) continue;
      object.starts.push({ name, section: number, value: parseInt(value, 16), isLocal: storage === '3' });
    }
  }
  return objects.map(withSizes);
}

// { sections: {text, rodata, data, bss}, symbols: [{name, section, size}] } of
// all objects in the file. Names for one place count once, the global one first.
export function readNative(path, format) {
  const objects = format === 'ELF' ? readElf(path) : readPe(path);
  const sums = Object.fromEntries(nativeSections.map((kind) => [kind, 0]));
  const symbols = [];
  for (const { sections, symbols: found } of objects) {
    for (const { kind, size } of sections.values()) if (kind) sums[kind] += size;
    const seen = new Set();
    for (const symbol of [...found].sort((a, b) => a.isLocal - b.isLocal)) {
      const kind = sections.get(symbol.section)?.kind;
      if (!kind || seen.has(symbol.place)) continue;
      seen.add(symbol.place);
      symbols.push({ name: shortName(symbol.name), section: kind, size: symbol.size });
    }
  }
  if (objects.every(({ sections }) => sections.size === 0)) throw new InputError(`${path}: has no sections`);
  return { sections: sums, symbols };
}
