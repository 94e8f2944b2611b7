// Builds every entry with every allocator of every toolchain and measures it:
// the report that the rest of this folder pins and shows.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { compressors, figuresOf } from '../tool/figures.mjs';
import { allocatorMatcher } from '../tool/patterns.mjs';
import { addMarginal, attribute, makeReport } from '../tool/report.mjs';
import { out, programs, runAll } from './build.mjs';
import { emscripten } from './emscripten.mjs';
import { freestanding } from './freestanding.mjs';
import { nativeShared, nativeStatic } from './native.mjs';
import { wasi } from './wasi.mjs';

export const toolchains = [freestanding, wasi, emscripten, nativeShared, nativeStatic];

const placeOf = (toolchain, allocator) => join(out, toolchain.name, allocator.name.replace(/[ ()]+/g, '-').replace(/-$/, ''));
const programsOf = (toolchain) => [...programs, ...(toolchain.programs ?? [])];

// { toolchain, allocator, program } of all that is built, in the order of a
// report.
export const planOf = (some) => some.flatMap((toolchain) => programsOf(toolchain).flatMap((program) => toolchain.allocators
  .filter((allocator) => toolchain.serves(program, allocator))
  .map((allocator) => ({ toolchain, allocator, program, name: `${toolchain.name}/${program.name}/${allocator.name}` }))));

async function prepareAll(some) {
  const objects = new Map();
  await runAll(some.flatMap((toolchain) => toolchain.allocators.map((allocator) => async () => {
    const place = placeOf(toolchain, allocator);
    mkdirSync(place, { recursive: true });
    objects.set(place, await allocator.prepare(place));
  })));
  return objects;
}

// The largest symbols of a program that is mostly a C library or SQLite are not
// what is watched; those of the allocator all are.
const otherSymbolMax = 100;

function withoutTail(figures) {
  let others = 0;
  return { ...figures, symbols: figures.symbols.filter(({ allocator }) => allocator || ++others <= otherSymbolMax) };
}

// Of all toolchains, or of some.
export async function measureAll(log, some = toolchains) {
  const plan = planOf(some);
  const matchers = new Map();
  const matcherOf = (list) => matchers.get(list) ?? matchers.set(list, allocatorMatcher([list])).get(list);
  log('compile the allocators');
  const objects = await prepareAll(some);
  log('link and measure the entries');
  const measured = new Map();
  await runAll(plan.map((step) => async () => {
    const { toolchain, allocator, program } = step;
    const place = placeOf(toolchain, allocator);
    const { file, twin } = await toolchain.link(program, allocator, objects.get(place), place);
    const figures = await figuresOf(file, { twin });
    if (allocator.list !== null) attribute(figures, matcherOf(allocator.list));
    measured.set(step, withoutTail(figures));
  }));
  // The null allocator's own figures stay as they are until all are subtracted.
  const totals = new Map(plan.map((step) => [step.name, structuredClone(measured.get(step))]));
  const entries = plan.map((step) => {
    const { toolchain, allocator, program, name } = step;
    const nothing = totals.get(`${toolchain.name}/${program.name}/null allocator`);
    if (nothing) addMarginal(measured.get(step), nothing);
    return { name, group: `${toolchain.title}: ${program.title}`, variant: allocator.name, ...measured.get(step) };
  });
  return makeReport(entries, { title: 'What an allocator costs', tools: compressors });
}
