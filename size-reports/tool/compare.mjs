// Two reports beside each other. A comparison holds every difference; how much
// of it is shown is decided where it is written.

// In words: `+12`, `-3`; `0` for none.
export function signed(number, text = String) {
  return number > 0 ? `+${text(number)}` : number < 0 ? `-${text(-number)}` : '0';
}

export function percent(base, head) {
  if (base === head) return '0 %';
  if (base === 0) return 'new';
  const value = (100 * (head - base)) / base;
  return `${value > 0 ? '+' : '-'}${Math.abs(value).toFixed(1)} %`;
}

const byChange = (a, b) => Math.abs(b.head - b.base) - Math.abs(a.head - a.base) || (a.name < b.name ? -1 : 1);

// Several symbols may have one name: overloads, instances of a template,
// statics of several files. They are compared as one.
function sizesByName(symbols) {
  const sizes = new Map();
  for (const { name, section, size } of symbols) {
    const key = `${section}\0${name}`;
    const known = sizes.get(key);
    if (known) known.size += size;
    else sizes.set(key, { name, section, size });
  }
  return sizes;
}

function compareSymbols(base, head) {
  const before = sizesByName(base);
  const after = sizesByName(head);
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((key) => {
      const { name, section } = after.get(key) ?? before.get(key);
      return { name, section, base: before.get(key)?.size ?? 0, head: after.get(key)?.size ?? 0 };
    })
    .filter((symbol) => symbol.base !== symbol.head)
    .sort(byChange);
}

// A measure that only one side has is not a change of size.
function compareMeasures(base, head) {
  return Object.fromEntries(Object.keys(head)
    .filter((name) => name in base)
    .map((name) => [name, { base: base[name], head: head[name] }]));
}

const gone = (before = [], after = []) => before.filter((name) => !after.includes(name));

const memoryWords = (memory) => (memory ? [`${memory.initial} pages, at most ${memory.maximum ?? 'any'}`] : []);

// Imports, exports, features and memory that came or went: `+env.f`, `-free`.
function compareLists(base, head) {
  const listsOf = ({ imports, exports, features, memory }) => ({ imports, exports, features, memory: memoryWords(memory) });
  const before = listsOf(base);
  return Object.fromEntries(Object.entries(listsOf(head)).flatMap(([list, after]) => {
    const words = [
      ...gone(after, before[list]).map((name) => `+${name}`),
      ...gone(before[list], after).map((name) => `-${name}`),
    ];
    return words.length > 0 ? [[list, words]] : [];
  }));
}

function compareEntry(name, base, head) {
  const none = { measures: {}, symbols: [], lists: {} };
  if (!base) return { name, state: 'added', base: 0, head: head.measures.total, ...none };
  if (!head) return { name, state: 'removed', base: base.measures.total, head: 0, ...none };
  const measures = compareMeasures(base.measures, head.measures);
  const symbols = compareSymbols(base.symbols, head.symbols);
  const lists = compareLists(base, head);
  const isChanged = symbols.length > 0 || Object.keys(lists).length > 0
    || Object.values(measures).some((measure) => measure.base !== measure.head);
  return { name, state: isChanged ? 'changed' : 'unchanged', base: base.measures.total, head: head.measures.total, measures, symbols, lists };
}

// [name, entry in base, entry in head]. Two files given by their paths have two
// names; they are still one entry.
export function pairs(base, head) {
  if (base.entries.length === 1 && head.entries.length === 1) return [[head.entries[0].name, base.entries[0], head.entries[0]]];
  const before = new Map(base.entries.map((entry) => [entry.name, entry]));
  const after = new Map(head.entries.map((entry) => [entry.name, entry]));
  return [...new Set([...after.keys(), ...before.keys()])].map((name) => [name, before.get(name), after.get(name)]);
}

export function compare(base, head, { title = 'Size comparison' } = {}) {
  const entries = pairs(base, head).map(([name, before, after]) => compareEntry(name, before, after)).sort(byChange);
  return { kind: 'size-comparison', version: 1, title, tools: { base: base.tools, head: head.tools }, entries };
}

// What to show of a comparison: rows that changed by less than `threshold`
// bytes, in every measure, are counted and not shown. Nothing else changes.
export function visible(comparison, threshold) {
  const largest = (entry) => Math.max(Math.abs(entry.head - entry.base), ...Object.values(entry.measures).map((one) => Math.abs(one.head - one.base)));
  const changed = comparison.entries.filter((entry) => entry.state !== 'unchanged');
  const shown = changed.filter((entry) => entry.state !== 'changed' || Object.keys(entry.lists).length > 0 || largest(entry) >= threshold);
  return {
    shown: shown.map((entry) => {
      const symbols = entry.symbols.filter((symbol) => Math.abs(symbol.head - symbol.base) >= threshold);
      return { ...entry, symbols, hiddenSymbolCount: entry.symbols.length - symbols.length };
    }),
    hiddenCount: changed.length - shown.length,
    unchanged: comparison.entries.filter((entry) => entry.state === 'unchanged').map(({ name }) => name),
  };
}
