// Reports and comparisons as tables and lines of words, for whoever writes them
// down: text.mjs and markdown.mjs differ only in their typography.
import { percent, signed, visible } from './compare.mjs';
import { grouped } from './tables.mjs';

// In the order of a table's columns.
export const measureNames = [
  'total', 'gzip', 'brotli', 'code', 'text', 'rodata', 'data', 'bss', 'custom', 'allocator', 'marginal', 'marginal gzip', 'marginal brotli',
];
// A table has room for so many rows of symbols; the JSON has them all.
const symbolMax = 25;

function groupsOf(entries) {
  const groups = new Map();
  for (const entry of entries) {
    const key = entry.group ?? '';
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return groups;
}

// One table for each group: { title, head, rows }.
export function entryTables(report) {
  return [...groupsOf(report.entries)].map(([title, entries]) => {
    const names = measureNames.filter((name) => entries.some(({ measures }) => name in measures));
    return {
      title,
      head: [title ? 'variant' : 'file', ...names],
      rows: entries.map((entry) => [
        entry.variant ?? entry.name, ...names.map((name) => (name in entry.measures ? grouped(entry.measures[name]) : '-')),
      ]),
    };
  });
}

// What else is known of one entry: [label, words].
export function entryFacts({ memory, imports, exports, features }) {
  const orNone = (words) => (words.length > 0 ? words : ['none']);
  const pages = memory && `${memory.initial} pages${memory.maximum === null ? '' : `, at most ${memory.maximum}`}`;
  return imports === undefined ? [] : [
    ['memory', [pages ?? 'none']], ['imports', orNone(imports)], ['exports', orNone(exports)], ['features', orNone(features)],
  ];
}

// At most `max` rows, and what the others come to.
function limited(symbols, row, restOf, max = symbolMax) {
  const rows = symbols.slice(0, max).map(row);
  const rest = symbols.slice(max);
  return rest.length > 0 ? [...rows, restOf(rest)] : rows;
}

const sum = (symbols, key) => symbols.reduce((total, symbol) => total + symbol[key], 0);

export function symbolTable({ symbols }, max = symbolMax) {
  const hasOwner = symbols.some(({ allocator }) => allocator);
  const owner = ({ allocator }) => (hasOwner ? [allocator ? 'allocator' : ''] : []);
  return {
    head: ['function or data', 'section', 'bytes', ...(hasOwner ? ['of'] : [])],
    rows: limited(symbols, (one) => [one.name, one.section, grouped(one.size), ...owner(one)],
      (rest) => [`${grouped(rest.length)} more`, '', grouped(sum(rest, 'size')), ...(hasOwner ? [''] : [])], max),
  };
}

const stateWords = { added: 'new', removed: 'gone', changed: '', unchanged: '' };

function changedMeasure(entry, name) {
  const measure = entry.measures[name];
  if (!measure) return '-';
  return measure.base === measure.head ? grouped(measure.head) : `${grouped(measure.head)} (${signed(measure.head - measure.base, grouped)})`;
}

// Every measure beside the total gets a column if it changed in any of the
// entries.
function changeTable(entries) {
  const isChanged = ({ measures }, name) => name in measures && measures[name].base !== measures[name].head;
  const others = measureNames.slice(1).filter((name) => entries.some((entry) => isChanged(entry, name)));
  return {
    head: ['entry', 'base', 'head', 'change', '%', ...others],
    rows: entries.map((entry) => [
      entry.name, grouped(entry.base), grouped(entry.head), signed(entry.head - entry.base, grouped),
      stateWords[entry.state] || percent(entry.base, entry.head), ...others.map((name) => changedMeasure(entry, name)),
    ]),
  };
}

export function symbolChangeTable({ symbols }) {
  const row = (name, base, head) => [name, grouped(base), grouped(head), signed(head - base, grouped), head === 0 && base > 0 ? 'gone' : percent(base, head)];
  return {
    head: ['function or data', 'base', 'head', 'change', '%'],
    rows: limited(symbols, (one) => row(one.name, one.base, one.head),
      (rest) => row(`${grouped(rest.length)} smaller changes`, sum(rest, 'base'), sum(rest, 'head'))),
  };
}

const count = (number, one, many = `${one}s`) => `${grouped(number)} ${number === 1 ? one : many}`;

// { table, details, notes, unchanged }: the whole of a comparison, in words.
export function comparisonParts(comparison, threshold) {
  const { shown, hiddenCount, unchanged } = visible(comparison, threshold);
  const notes = [];
  if (shown.length === 0) notes.push(hiddenCount > 0 ? 'No change that is large enough to show.' : 'No change of size.');
  if (hiddenCount > 0) notes.push(`${count(hiddenCount, 'entry', 'entries')} changed by less than ${count(threshold, 'byte')}.`);
  if (comparison.tools.base !== comparison.tools.head) {
    notes.push(`The tools differ: ${comparison.tools.base} in the base, ${comparison.tools.head} in the head.`);
  }
  return {
    table: shown.length > 0 ? changeTable(shown) : null,
    details: shown.filter((entry) => entry.symbols.length > 0 || Object.keys(entry.lists).length > 0 || entry.hiddenSymbolCount > 0),
    notes, unchanged,
  };
}

export const hiddenWords = (entry, threshold) => (entry.hiddenSymbolCount > 0
  ? [`${count(entry.hiddenSymbolCount, 'symbol')} changed by less than ${count(threshold, 'byte')}`] : []);
export const unchangedWords = (unchanged) => `${count(unchanged.length, 'entry', 'entries')} unchanged`;
