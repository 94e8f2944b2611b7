// Budgets: what the entries of a report may weigh, in absolute bytes or beside a
// base. Everything that cannot be judged is an error and not a pass: a budget
// for an entry or a measure that is not there, an entry without a budget, a
// growth without a base.
import { compare, pairs } from './compare.mjs';
import { InputError } from './input.mjs';
import { matches } from './patterns.mjs';
import { readChecked } from './schema.mjs';
import { grouped } from './tables.mjs';

export function readBudgets(path) {
  return { path, ...readChecked(path, 'budgets') };
}

// [pattern, entry, limits by measure] for each entry that a pattern fits.
function assign({ path, budgets, unlimited = [] }, report) {
  const assigned = Object.entries(budgets).flatMap(([pattern, limits]) => {
    const entries = report.entries.filter(({ name }) => matches(pattern, name));
    if (entries.length === 0) throw new InputError(`${path}: a budget for ${JSON.stringify(pattern)}, and the report has no such entry`);
    return entries.map((entry) => [pattern, entry, limits]);
  });
  const free = unlimited.map((pattern) => {
    if (!report.entries.some(({ name }) => matches(pattern, name))) throw new InputError(`${path}: ${JSON.stringify(pattern)} is unlimited, and the report has no such entry`);
    return pattern;
  });
  const without = report.entries.find((entry) => !assigned.some(([, one]) => one === entry) && !free.some((pattern) => matches(pattern, entry.name)));
  if (without) throw new InputError(`${path}: no budget for the entry ${JSON.stringify(without.name)}; give it one, or name it under "unlimited"`);
  return assigned;
}

const percentOf = (size, share) => Math.floor((size * share) / 100);

// The limits in bytes, with what they are called: [words, most].
function limitsInBytes({ bytes, growth, growthPercent }, before) {
  return [
    ...(bytes === undefined ? [] : [[`${grouped(bytes)} bytes`, bytes]]),
    ...(growth === undefined || before === undefined ? [] : [[`${grouped(growth)} bytes of growth over ${grouped(before)}`, before + growth]]),
    ...(growthPercent === undefined || before === undefined ? [] : [[`${growthPercent} % of growth over ${grouped(before)}`, before + percentOf(before, growthPercent)]]),
  ];
}

// An entry that is new has nothing to grow from: it is held to `bytes`, and must
// have that.
function sizeInBase(path, name, measure, limit, base, bases) {
  if (limit.growth === undefined && limit.growthPercent === undefined) return undefined;
  if (!base) throw new InputError(`${path}: the budget for ${JSON.stringify(name)} is one of growth, and no base is given`);
  const before = bases.get(name)?.measures[measure];
  if (before === undefined && limit.bytes === undefined) {
    throw new InputError(`${path}: the base has no ${measure} of ${JSON.stringify(name)} to grow from: its budget needs "bytes" too`);
  }
  return before;
}

// The budgets that `report` exceeds: { name, measure, limit, size, over, grown,
// largest }. `grown`: the symbols that grew since `base`, null without one.
export function exceeded(budgets, report, base = null) {
  const bases = new Map(base ? pairs(base, report).filter(([, before]) => before).map(([name, before]) => [name, before]) : []);
  const changes = base && new Map(compare(base, report).entries.map((entry) => [entry.name, entry]));
  return assign(budgets, report).flatMap(([, entry, limits]) => Object.entries(limits).flatMap(([measure, limit]) => {
    const { name, measures, symbols } = entry;
    if (!(measure in measures)) throw new InputError(`${budgets.path}: a budget for ${measure} of ${JSON.stringify(name)}, and the report has no such measure`);
    const before = sizeInBase(budgets.path, name, measure, limit, base, bases);
    const grown = bases.has(name) ? changes.get(name).symbols.filter((symbol) => symbol.head > symbol.base) : null;
    return limitsInBytes(limit, before)
      .filter(([, most]) => measures[measure] > most)
      .map(([words, most]) => ({ name, measure, limit: words, size: measures[measure], over: measures[measure] - most, grown, largest: symbols }));
  }));
}

// So many functions are named; the comparison lists them all.
const namedMax = 8;

function reason({ grown, largest }) {
  if (grown?.length > 0) return `grew: ${grown.slice(0, namedMax).map(({ name, base, head }) => `${name} +${grouped(head - base)}`).join(', ')}`;
  if (grown) return 'no function grew';
  return `largest: ${largest.slice(0, namedMax).map(({ name, size }) => `${name} ${grouped(size)}`).join(', ') || 'no function is known'}`;
}

// One line for each limit that is exceeded.
export function budgetLines(found) {
  return found.map((one) => `${one.name}: ${one.measure} is ${grouped(one.size)} bytes, ${grouped(one.over)} over its budget of ${one.limit}; ${reason(one)}`);
}
