// The parts of the tool that are not the reader or an output: names, lists of an
// allocator's functions, comparisons, budgets, history, schemas.
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { differencesFrom } from '../mote/differences.mjs';
import { budgetLines, exceeded, readBudgets } from '../tool/budgets.mjs';
import { compare, percent, signed, visible } from '../tool/compare.mjs';
import { appendHistory, readHistory } from '../tool/history.mjs';
import { InputError } from '../tool/input.mjs';
import { shortName } from '../tool/names.mjs';
import { allocatorMatcher, matches, shippedLists } from '../tool/patterns.mjs';
import { addMarginal, attribute } from '../tool/report.mjs';
import { readChecked } from '../tool/schema.mjs';
import { runTests, scratchFolder } from './harness.mjs';
import { changedReport, report } from './reports.mjs';

const folder = scratchFolder();
function written(name, contents) {
  const path = join(folder, name);
  writeFileSync(path, typeof contents === 'string' ? contents : JSON.stringify(contents));
  return path;
}
const refuses = (action, words) => throws(action, (error) => error instanceof InputError && words.test(error.message) && !error.message.includes('\n'));

const comparison = compare(report, changedReport);
const entryOf = (name) => comparison.entries.find((entry) => entry.name === name);
const budgetsOf = (budgets, unlimited = ['*']) => readBudgets(written('budgets.json', { budgets, unlimited }));

await runTests({
  'names lose their arguments'() {
    equal(shortName('mote::Heap<mote::Config{16u, true}, mote::MemoryGrow>::allocate(unsigned long, unsigned long)'), 'mote::Heap::allocate');
    equal(shortName('void mote::push<int>(mote::List*) const'), 'mote::push');
    equal(shortName('operator new(unsigned long)'), 'operator new');
    equal(shortName('(anonymous namespace)::heap'), '{anonymous}::heap');
    equal(shortName('malloc'), 'malloc');
  },
  'a star stands for any characters'() {
    for (const [pattern, text] of [['malloc', 'malloc'], ['mi_*', 'mi_free'], ['*', ''], ['*::free', 'a::b::free'], ['a*b*c', 'aXbYbZc']]) ok(matches(pattern, text), pattern);
    for (const [pattern, text] of [['malloc', 'xmalloc'], ['mi_*', 'mmi_'], ['a*b', 'abX'], ['', 'a']]) ok(!matches(pattern, text), pattern);
    const begin = performance.now();
    ok(!matches(`${'a*'.repeat(30)}b`, 'a'.repeat(5000)));
    ok(performance.now() - begin < 1000, 'no pattern takes forever');
  },
  'every list that ships names its allocator and not a program'() {
    const own = { mote: 'mote::Heap::allocate', dlmalloc: 'dlmalloc', emmalloc: 'emmalloc_free', mimalloc: '_mi_page_malloc', jemalloc: 'arena_malloc_hard', tcmalloc: 'tcmalloc::Span', glibc: '_int_malloc', c: 'malloc' };
    deepEqual(shippedLists, Object.keys(own).sort());
    for (const list of shippedLists) {
      const isAllocator = allocatorMatcher([list]);
      ok(isAllocator(own[list]) && isAllocator('free') && !isAllocator('main') && !isAllocator('sqlite3_step'), list);
    }
    refuses(() => allocatorMatcher(['none']), /no such list/);
    const loop = written('loop.txt', '');
    writeFileSync(loop, `@${loop}\n`);
    refuses(() => allocatorMatcher([loop]), /includes itself/);
    ok(allocatorMatcher([written('own.txt', '# ours\nour_*  # all\n@c\n')])('our_malloc'));
  },
  'the allocator is the sum of its symbols, without bss'() {
    const figures = { measures: {}, symbols: [{ name: 'malloc', section: 'text', size: 10 }, { name: 'mote::heap', section: 'bss', size: 1000 }, { name: 'main', section: 'text', size: 5 }] };
    attribute(figures, allocatorMatcher(['mote']));
    equal(figures.measures.allocator, 10);
    deepEqual(figures.symbols.map(({ allocator }) => Boolean(allocator)), [true, true, false]);
  },
  'the marginal cost is what a null allocator has not'() {
    const wasm = { format: 'wasm', measures: { total: 100, gzip: 60 } };
    addMarginal(wasm, { format: 'wasm', measures: { total: 30, gzip: 25 } });
    deepEqual(wasm.measures, { total: 100, gzip: 60, marginal: 70, 'marginal gzip': 35 });
    const elf = { format: 'ELF', measures: { total: 9999, text: 100, rodata: 10, data: 5, bss: 7 } };
    addMarginal(elf, { format: 'ELF', measures: { total: 8888, text: 60, rodata: 10, data: 1, bss: 0 } });
    equal(elf.measures.marginal, 44);
    refuses(() => addMarginal(wasm, elf), /null allocator is ELF, not wasm/);
  },
  'a comparison sorts by what changed most'() {
    deepEqual(comparison.entries.map(({ name, state }) => [name, state]), [
      ['lib/new.so', 'added'], ['web/app.wasm', 'changed'], ['web/other.wasm', 'changed'], ['lib/libapp.so', 'unchanged']]);
    deepEqual(entryOf('web/app.wasm').symbols.map(({ name, base, head }) => [name, head - base]), [['malloc', 90], ['panic', 6], ['free', 4]]);
    deepEqual(entryOf('web/app.wasm').lists, { imports: ['+env.abort'] });
    deepEqual(compare(changedReport, report).entries[0].state, 'removed');
  },
  'symbols of one name are compared as one'() {
    const with_ = (...sizes) => ({ ...report, entries: [{ ...report.entries[0], symbols: sizes.map((size) => ({ name: 'f', section: 'code', size })) }] });
    deepEqual(compare(with_(10, 20), with_(10, 25)).entries[0].symbols, [{ name: 'f', section: 'code', base: 30, head: 35 }]);
  },
  'a threshold hides and never alters'() {
    const before = structuredClone(comparison);
    const { shown, hiddenCount, unchanged } = visible(comparison, 10);
    deepEqual([shown.map(({ name }) => name), hiddenCount, unchanged], [['lib/new.so', 'web/app.wasm'], 1, ['lib/libapp.so']]);
    deepEqual([shown[1].symbols.length, shown[1].hiddenSymbolCount, shown[1].head], [1, 2, 1300]);
    deepEqual(visible(comparison, 0).shown.length, 3);
    deepEqual(comparison, before);
  },
  'changes in words'() {
    deepEqual([percent(100, 101), percent(100, 99.5), percent(5, 5), percent(0, 5)], ['+1.0 %', '-0.5 %', '0 %', 'new']);
    deepEqual([signed(3), signed(-3), signed(0)], ['+3', '-3', '0']);
  },
  'a budget that is kept says nothing'() {
    deepEqual(exceeded(budgetsOf({ 'web/app.wasm': { total: { bytes: 1300, growth: 100, growthPercent: 8.4 }, brotli: { bytes: 700 } } }), changedReport, report), []);
  },
  'an exceeded budget says which, by how much, and what grew'() {
    const lines = budgetLines(exceeded(budgetsOf({ 'web/*': { total: { bytes: 1299, growth: 99 } }, 'web/app.wasm': { brotli: { growthPercent: 1 } } }), changedReport, report));
    equal(lines.length, 4);
    match(lines[0], /^web\/app\.wasm: total is 1,300 bytes, 1 over its budget of 1,299 bytes; grew: malloc \+90, panic \+6, free \+4$/);
    match(lines[1], /1 over its budget of 99 bytes of growth over 1,200/);
    match(lines[2], /^web\/other\.wasm: total is 4,996 bytes, 3,697 over .*no function grew$/);
    match(lines[3], /brotli is 700 bytes, 44 over its budget of 1 % of growth over 650/);
    match(budgetLines(exceeded(budgetsOf({ 'web/app.wasm': { total: { bytes: 1 } } }), report))[0], /largest: .*malloc 200/);
  },
  'what a budget cannot judge is an error'() {
    refuses(() => exceeded(budgetsOf({ 'web/gone.wasm': { total: { bytes: 1 } } }), report), /"web\/gone.wasm", and the report has no such entry/);
    refuses(() => exceeded(budgetsOf({ 'web/*': { total: { bytes: 9999 } } }, []), report), /no budget for the entry "lib\/libapp.so"/);
    refuses(() => exceeded(budgetsOf({}, ['nothing*']), report), /"nothing\*" is unlimited, and the report has no such entry/);
    refuses(() => exceeded(budgetsOf({ 'lib/*': { brotli: { bytes: 1 } } }), report), /no such measure/);
    refuses(() => exceeded(budgetsOf({ 'web/*': { total: { growth: 1 } } }), report), /no base is given/);
    refuses(() => exceeded(budgetsOf({ 'lib/*': { total: { growth: 1 } } }), changedReport, report), /needs "bytes" too/);
    deepEqual(exceeded(budgetsOf({ 'lib/*': { total: { growth: 1, bytes: 9000 } } }), changedReport, report), []);
  },
  'unknown keys in a budget file are errors'() {
    for (const [contents, words] of [
      [{ budgets: {}, budget: 1 }, /the unknown key "budget"/], [{}, /has no "budgets"/], [{ budgets: { a: { totl: { bytes: 1 } } } }, /budgets\.a has the unknown key "totl"/],
      [{ budgets: { a: { total: { byte: 1 } } } }, /the unknown key "byte"/], [{ budgets: { a: { total: 5 } } }, /budgets\.a\.total must be object, is integer/],
      [{ budgets: { a: { total: { bytes: -1 } } } }, /must be 0 or more/], [{ budgets: { a: { total: { bytes: 1.5 } } } }, /must be integer, is number/],
      [{ budgets: { a: { total: {} } } }, /must have 1 key or more/], ['{', /not JSON/], [[], /must be object, is array/],
    ]) refuses(() => readBudgets(written('bad.json', contents)), words);
  },
  'a report that is not one is refused'() {
    refuses(() => readChecked(written('r.json', { ...report, kind: 'other' }), 'report'), /kind must be "size-report"/);
    refuses(() => readChecked(written('r.json', { ...report, entries: [{ ...report.entries[0], symbols: [{ name: 1 }] }] }), 'report'), /entries\[0\]\.symbols\[0\] has no "section"/);
    deepEqual(readChecked(written('r.json', report), 'report'), report);
  },
  'a pinned size that moves is a difference; other tools get a tolerance'() {
    const pinned = (total, { tools = 'cc 1', compressors = 'zlib 1', brotli = 50, marginal = 20, functions = ['malloc code 9'] } = {}) => ({
      tools, compressors, files: { mote: { bytes: { total, marginal }, functions, compressed: { brotli } } },
    });
    deepEqual(differencesFrom(pinned(100), pinned(100)), { problems: [], notes: [] });
    deepEqual(differencesFrom(pinned(100), pinned(101)).problems, ['mote: bytes: total: expected 100, measured 101']);
    deepEqual(differencesFrom(pinned(100), pinned(100, { functions: ['malloc code 8'] })).problems, ['mote: functions: expected malloc code 9, measured malloc code 8']);
    deepEqual(differencesFrom(pinned(100), pinned(100, { marginal: 21 })).problems, ['mote: bytes: marginal: expected 20, measured 21']);
    const foreign = differencesFrom(pinned(100), pinned(103, { tools: 'cc 2', marginal: 23, functions: [] }));
    deepEqual(foreign.problems, []);
    match(foreign.notes[0], /^the tools differ, so 3 % are allowed: expected cc 1; here cc 2$/);
    deepEqual(differencesFrom(pinned(100), pinned(104, { tools: 'cc 2' })).problems, ['mote: bytes: total: expected 100, measured 104']);
    deepEqual(differencesFrom(pinned(100), pinned(100, { compressors: 'zlib 2', brotli: 51 })).problems, []);
    deepEqual(differencesFrom(pinned(100), pinned(100, { brotli: 51 })).problems, ['mote: brotli: expected 50, measured 51']);
    deepEqual(differencesFrom(pinned(100), { ...pinned(100), files: {} }).problems[0], 'mote: bytes: total: expected 100, measured nothing');
  },
  'a history grows by a label at a time'() {
    const path = join(folder, 'history.csv');
    equal(appendHistory(path, report, { label: 'v1', date: '2026-01-01', pattern: 'web/app*' }), 3);
    equal(appendHistory(path, report, { label: 'v,2', date: '2026-02-01' }), 7);
    deepEqual(readHistory(path).slice(0, 4).map(({ label, entry, measure, bytes }) => [label, entry, measure, bytes]), [
      ['v1', 'web/app.wasm', 'total', 1200], ['v1', 'web/app.wasm', 'brotli', 650], ['v1', 'web/app.wasm', 'marginal', 350], ['v,2', 'web/app.wasm', 'total', 1200]]);
    const before = readFileSync(path, 'utf8');
    refuses(() => appendHistory(path, report, { label: 'v1', date: '' }), /v1 is already there/);
    refuses(() => appendHistory(path, report, { label: 'v3', date: '', pattern: 'none' }), /no entry that none fits/);
    equal(readFileSync(path, 'utf8'), before);
    refuses(() => readHistory(written('h.csv', 'a,b\n')), /line 1 is not date/);
    refuses(() => readHistory(written('h.csv', 'date,label,entry,measure,bytes\n1,2,3\n')), /line 2 is not/);
  },
});
