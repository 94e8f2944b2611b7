// Runs real programs with the C library's malloc, with mote preloaded and, if
// asked to, with the mallocs that Debian packages; compares what they answer, and
// prints time and peak memory.
//
//   node tests/real/run.mjs LIBMOTE.so [--all] [--peers] [--hardened LIBMOTE.so]
//     [--rounds N] [--update] [NAME...]
//
//   --all       also the programs that need more time and more of Debian
//               (bash tests/install real; redis is built by tests/real/build)
//   --peers     also mimalloc, jemalloc and tcmalloc, and the C library twice
//   --hardened  what the hardened profile, another libmote.so, takes beside the
//               first one, which runs twice to show the noise
//   --rounds N  how often each is run, in turns
//   --update    writes to the table of native/README.md; the rows of programs that
//               did not run stay
//   NAME...     only the programs whose names contain one of these
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable, textTable } from '../../size-reports/tool/tables.mjs';
import { Failure, digest, inRounds, mebibytes, median, output, percent, readTable, renewTable, runMain, runsInWords, seconds } from '../programs/support.mjs';
import { canRun, directory, loads, programs as allPrograms } from './programs.mjs';

function readArguments() {
  const { values, positionals: [library, ...names] } = parseArgs({
    allowPositionals: true,
    options: {
      all: { type: 'boolean' }, peers: { type: 'boolean' }, update: { type: 'boolean' },
      hardened: { type: 'string' }, rounds: { type: 'string', default: '3' },
    },
  });
  const rounds = Number(values.rounds);
  for (const path of [library, values.hardened ?? library]) if (!existsSync(path ?? '')) throw new Failure(`there is no ${path ?? 'LIBMOTE.so in the arguments'}`);
  if (!(rounds >= 1)) throw new Failure('--rounds takes a number');
  return { ...values, library: resolve(library), rounds, names };
}

const preload = (path) => ({ LD_PRELOAD: path });
function allocatorsFor({ library, hardened, peers }) {
  const mote = { name: 'mote', environment: preload(library) };
  if (hardened) return [mote, { ...mote, name: 'mote again' }, { name: 'mote hardened', environment: preload(resolve(hardened)) }];
  const debian = (name, file) => ({ name, environment: preload(`/usr/lib/x86_64-linux-gnu/${file}`) });
  return [
    { name: 'glibc', environment: {} },
    // Once more, as a control: what differs here is the machine's noise.
    ...(peers ? [{ name: 'glibc again', environment: {} }] : []),
    mote,
    ...(peers ? [debian('mimalloc 2.0', 'libmimalloc.so.2'), debian('jemalloc', 'libjemalloc.so.2'), debian('tcmalloc', 'libtcmalloc_minimal.so.4')] : []),
  ];
}

// A preload that the loader refuses is only a warning of its, so it is asked
// which library's malloc each program got.
function requirePreload(command, library) {
  const printed = output('bash', ['-c', 'LD_DEBUG=bindings "$0" --version 2>&1 || true', command], { env: { ...process.env, LD_PRELOAD: library } });
  if (!printed.split('\n').some((line) => line.includes(`to ${library} `) && /symbol `malloc'/.test(line))) {
    throw new Failure(`${command} does not get its malloc from ${library}`);
  }
}

// GNU time counts the children, too: `peak` is that of the largest process.
function runOnce({ name, prepare, command, answer = (printed) => printed, counts = () => undefined, environment: own = {} }, { name: allocator, environment }) {
  prepare?.();
  const times = join(directory, 'time.txt');
  const variables = Object.entries({ ...own, ...environment }).map(([key, value]) => `${key}=${value}`);
  const printed = output('time', ['-q', '-o', times, '-f', '%e %U %S %M', 'env', ...variables, ...command], { cwd: directory }, `${name} with ${allocator}`);
  const [wall, user, system, kibibytes] = readFileSync(times, 'utf8').trim().split(' ').map(Number);
  const result = answer(printed);
  if (result.length === 0) throw new Failure(`${name} with ${allocator} answered nothing`);
  return { wall, cpu: user + system, peak: kibibytes * 1024, answer: digest(result), counts: counts(result) };
}

const geometricMean = (numbers) => Math.exp(numbers.reduce((sum, number) => sum + Math.log(number), 0) / numbers.length);
const what = [['wall', seconds], ['cpu', seconds], ['peak', mebibytes]];
const medianOf = (runs, figure) => median(runs.map((run) => run[figure]));

function rowsOf({ name, runs }, allocators) {
  const base = runs.get(allocators[0].name);
  return allocators.map((allocator, i) => [
    i ? '' : name, allocator.name,
    ...what.flatMap(([figure, written]) => {
      const value = medianOf(runs.get(allocator.name), figure);
      return [written(value), i ? percent(value, medianOf(base, figure)) : ''];
    }),
  ]);
}

// Of what the rows say, as those that stay in a table say no more.
function meanRows(rows, allocators) {
  return allocators.slice(1).map(({ name }, i) => [
    i ? '' : `geometric mean, to ${allocators[0].name}`, name,
    ...what.flatMap((_, figure) => {
      const ratios = rows.filter((row) => row[1] === name).map((row) => 1 + parseFloat(row[3 + 2 * figure]) / 100);
      return ['', geometricMean(ratios).toFixed(2)];
    }),
  ]);
}

// The rows of the programs that do not run now, and how much these tested.
function readRows(table, programs, allocators) {
  const lines = readTable('native/README.md', table).split('\n');
  const rows = new Map();
  let name;
  for (const line of lines.filter((text) => text.startsWith('| ')).slice(1)) {
    const row = line.slice(2, -2).split(' | ').map((cell) => cell.replace(/\\(.)/g, '$1'));
    name = row[0] || name;
    rows.set(name, [...(rows.get(name) ?? []), row]);
  }
  for (const program of programs.filter((one) => rows.has(one.name))) {
    program.rows = rows.get(program.name);
    if (String(program.rows.map((row) => row[1])) !== String(allocators.map((one) => one.name))) {
      throw new Failure(`native/README.md has ${program.name} with other mallocs than these`);
    }
    program.counted = lines.find((line) => line.startsWith(`${program.name}: `))?.slice(program.name.length + 2, -1);
  }
}

const headFor = (to) => ['program', 'malloc', 'wall s', to, 'CPU s', to, 'peak RSS', to];

await runMain('real programs', async () => {
  const asked = readArguments();
  const allocators = allocatorsFor(asked);
  const isAsked = ({ name, isLong }) => (asked.names.length ? asked.names.some((part) => name.includes(part)) : asked.all || !isLong);
  const programs = allPrograms.filter(isAsked);
  const missing = programs.filter((program) => !canRun(program));
  if (programs.length === 0 || missing.length > 0) throw new Failure(missing.map(({ name, needs }) => `${name} needs ${needs}`).join('; ') || 'no such program');
  const table = asked.hardened ? 'hardened' : 'real-programs';
  if (asked.update) readRows(table, allPrograms.filter((program) => !programs.includes(program)), allocators);
  mkdirSync(directory, { recursive: true });
  for (const command of new Set(programs.flatMap(loads))) requirePreload(command, asked.library);
  for (const program of programs) program.runs = new Map(allocators.map(({ name }) => [name, []]));
  const runCount = await inRounds((i, count) => {
    for (const program of programs) {
      for (const allocator of allocators) {
        const run = runOnce(program, allocator);
        program.expected ??= run.answer;
        program.counted ??= run.counts;
        if (run.answer !== program.expected) throw new Failure(`${program.name} answers differently with ${allocator.name}`);
        program.runs.get(allocator.name).push(run);
      }
      const told = allocators.map(({ name }) => `${name} ${seconds(program.runs.get(name).at(-1).wall)} s`);
      console.log(`  round ${i} of ${count}: ${program.name}: ${told.join(', ')}, answers equal`);
    }
  }, asked.rounds, asked.all || asked.hardened ? Infinity : undefined);
  const head = headFor(`to ${allocators[0].name}`);
  for (const program of programs) program.rows = rowsOf(program, allocators);
  const tableOf = (some) => {
    const rows = some.flatMap((program) => program.rows ?? []);
    return [...rows, ...meanRows(rows, allocators)];
  };
  const countsOf = (some) => some.filter((program) => program.counted).map((program) => `${program.name}: ${program.counted}.`);
  console.log();
  console.log(textTable(head, tableOf(programs)));
  const figures = `Figures: ${runsInWords(runCount)}; CPU is that of all processes together, the peak that of the largest one.`;
  console.log(`
  ${figures} Every
  answer was the same with all: ${programs.map(({ name, expected }) => `${name} ${expected.slice(0, 8)}`).join(', ')} (sha256).`);
  for (const line of countsOf(programs)) console.log(`  ${line}`);
  if (!asked.update) return;
  renewTable('native/README.md', table, `${markdownTable(head, tableOf(allPrograms))}

${[figures, 'Every program answered the same with every malloc.', ...countsOf(allPrograms)].join('\n')}`, 'update');
});
