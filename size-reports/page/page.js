// The page of a size report: one choice of program, measure and file, and what
// is drawn from it. The data is in the page; nothing is loaded.
import { drawBars, drawHistory, drawLegend, drawTreemap } from './charts.js';
import { byId, element, grouped, share } from './dom.js';
import { drawTable } from './table.js';

const data = JSON.parse(byId('data').textContent);
const { entries, measureNames, history, changes } = data;
const groupOf = (entry) => entry.group ?? '';
const labelOf = (entry) => entry.variant ?? entry.name;
const groups = [...new Set(entries.map(groupOf))];
const changesByName = new Map((changes ?? []).map((entry) => [entry.name, entry]));

const state = { group: groups[0], measure: 'total', entry: entries[0], section: null, symbol: null, filter: '' };
const symbolOrder = { column: 'bytes', descending: true };
const entryOrder = { column: '', descending: false };

// What the page shows of a change; null when it shows none.
function changeOf(entry, measure) {
  const one = changesByName.get(entry.name)?.measures[measure];
  return one ? one.head - one.base : null;
}

// Sections with their symbols, and what is left of them without a name.
function sectionsOf(entry) {
  return entry.sections.map(({ name, size }) => {
    const kind = ['code', 'data', 'text', 'rodata', 'bss'].includes(name) ? name : 'other';
    const items = entry.symbols.filter((symbol) => symbol.section === name && symbol.size > 0)
      .map((symbol) => ({ ...symbol, kind }));
    const rest = size - items.reduce((sum, item) => sum + item.size, 0);
    if (rest > 0) items.push({ name: items.length > 0 ? `the rest of ${name}` : name, size: rest, kind: items.length > 0 ? 'other' : kind });
    return { name, items: items.sort((a, b) => b.size - a.size), size: items.reduce((sum, item) => sum + item.size, 0) };
  }).filter(({ size }) => size > 0).sort((a, b) => b.size - a.size);
}

function showBars() {
  const shown = entries.filter((entry) => groupOf(entry) === state.group);
  byId('bars-title').textContent = state.group || 'Files';
  byId('bars-note').textContent = state.measure in { total: 1, gzip: 1, brotli: 1 } && shown.some(({ measures, format }) => format === 'wasm' && 'marginal' in measures)
    ? 'Bytes. Grey: the same file with a null allocator.' : 'Bytes.';
  drawBars(byId('bars'), shown, state.measure, { label: labelOf, selected: state.entry, onselect: (entry) => update({ entry, section: null, symbol: null }), changeOf });
}

// What is known of the chosen file beside its sizes.
function showFacts() {
  byId('facts').replaceChildren(...state.entry.facts.flatMap(([label, words]) => [element('dt', {}, label), element('dd', {}, words.join(', '))]));
}

function showTreemap() {
  const all = sectionsOf(state.entry);
  const shown = all.filter(({ name }) => state.section === null || name === state.section);
  byId('treemap-title').textContent = `${state.entry.group ? `${labelOf(state.entry)}: ` : `${state.entry.name}: `}${grouped(state.entry.measures.total)} bytes`;
  byId('crumbs').replaceChildren(...(state.section === null ? ['Click a section or a function.']
    : [element('button', { type: 'button', class: 'crumb', onclick: () => update({ section: null }) }, 'all sections'), ` › ${state.section}`]));
  const kinds = [...new Set(all.flatMap(({ items }) => items.map(({ kind, allocator }) => (allocator ? 'allocator' : kind))))];
  drawLegend(byId('legend'), kinds.map((kind) => ({ kind, words: kind })));
  drawTreemap(byId('treemap'), shown, {
    selected: state.symbol,
    onsection: (section) => update({ section: state.section === null ? section.name : null }),
    onselect: (item) => update({ symbol: state.symbol === item.name ? null : item.name }),
  });
}

function symbolColumns(whole) {
  const change = new Map((changesByName.get(state.entry.name)?.symbols ?? []).map((symbol) => [`${symbol.section} ${symbol.name}`, symbol.head - symbol.base]));
  const dot = ({ section, allocator }) => element('span', { class: `dot ${allocator ? 'allocator' : section}` });
  return [
    { title: 'name', value: ({ name }) => name, render: (symbol) => { const cell = element('span', {}); cell.append(dot(symbol), symbol.name); return cell; } },
    { title: 'section', value: ({ section }) => section },
    { title: 'bytes', value: ({ size }) => size, isNumber: true },
    { title: 'share', value: ({ size }) => size, isNumber: true, render: ({ size }) => share(size, whole) },
    ...(changes ? [{ title: 'change', value: ({ name, section }) => change.get(`${section} ${name}`) ?? 0, isNumber: true, isChange: true }] : []),
  ];
}

function showSymbols() {
  const { symbols, symbolCount, measures } = state.entry;
  const found = symbols.filter(({ name }) => name.toLowerCase().includes(state.filter.toLowerCase()) && (state.symbol === null || name === state.symbol));
  byId('symbol-count').replaceChildren(`${grouped(found.length)} of ${grouped(symbolCount)}`,
    ...(state.symbol === null ? [] : [' ', element('button', { type: 'button', class: 'crumb', onclick: () => update({ symbol: null }) }, 'show all')]));
  drawTable(byId('symbols'), symbolColumns(measures.total), found, symbolOrder);
}

function showEntries() {
  const columns = [
    { title: 'file', value: ({ name }) => name },
    ...measureNames.filter((name) => entries.some(({ measures }) => name in measures))
      .map((name) => ({ title: name, value: ({ measures }) => measures[name] ?? null, isNumber: true })),
    ...(changes ? [{ title: 'change', value: (entry) => changeOf(entry, 'total'), isNumber: true, isChange: true }] : []),
  ];
  drawTable(byId('entries'), columns, entries, entryOrder, {
    isSelected: (entry) => entry === state.entry,
    onrow: (entry) => { update({ group: groupOf(entry), entry, section: null, symbol: null }); byId('bars-card').scrollIntoView({ block: 'center' }); },
  });
}

// The history of the program that is shown, or of all files where none of that
// program is in it.
function showHistory() {
  const inGroup = new Set(entries.filter((entry) => groupOf(entry) === state.group).map(({ name }) => name));
  const ofMeasure = (history ?? []).filter(({ measure }) => measure === state.measure);
  const rows = ofMeasure.some(({ entry }) => inGroup.has(entry)) ? ofMeasure.filter(({ entry }) => inGroup.has(entry)) : ofMeasure;
  byId('history-card').hidden = !history;
  byId('history').style.display = rows.length > 0 ? 'block' : 'none';
  byId('history-legend').hidden = rows.length === 0;
  byId('history-note').textContent = rows.length > 0 ? `Bytes, ${state.measure}.` : `The history has no ${state.measure}.`;
  if (rows.length === 0) return;
  const names = [...new Set(rows.map(({ entry }) => entry))];
  drawHistory(byId('history'), byId('history-legend'), [...new Set(history.map(({ label }) => label))], names.map((name) => ({
    name, points: rows.filter(({ entry }) => entry === name).map(({ label, date, bytes }) => ({ label, date, size: bytes })),
  })));
}

function showChoices() {
  const present = measureNames.filter((name) => entries.some((entry) => groupOf(entry) === state.group && name in entry.measures));
  if (!present.includes(state.measure)) state.measure = 'total';
  byId('group').value = state.group;
  byId('measures').replaceChildren(...present.map((name) => element('button', {
    type: 'button', 'aria-pressed': String(name === state.measure), onclick: () => update({ measure: name }),
  }, name)));
}

function update(change = {}) {
  Object.assign(state, change);
  for (const show of [showChoices, showBars, showFacts, showTreemap, showSymbols, showHistory, showEntries]) show();
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
}

byId('tools').textContent = data.tools;
byId('group-label').hidden = groups.length < 2;
byId('group').append(...groups.map((name) => element('option', { value: name }, name || 'files')));
byId('group').addEventListener('change', ({ target }) => update({
  group: target.value, entry: entries.find((entry) => groupOf(entry) === target.value), section: null, symbol: null,
}));
byId('filter').addEventListener('input', ({ target }) => { state.filter = target.value; showSymbols(); });
byId('theme').addEventListener('click', () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));
setTheme(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
addEventListener('resize', () => update());
update();
