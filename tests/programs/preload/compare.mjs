// Runs python3, perl, git, g++ and sqlite3 on real work, with the C library's malloc
// and with mote preloaded, compares what they answer, and prints time and peak memory.
//
//   node compare.mjs LIBMOTE.so [ROUNDS]
//   node compare.mjs LIBMOTE.so [ROUNDS] --hardened LIBMOTE.so [--update]
//                         two profiles of mote instead, the first of them twice, which
//                         shows the noise; --update writes that to tests/programs/README.md
// Time never decides anything.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable, textTable } from '../../../size-reports/tool/tables.mjs';
import { Failure, digest, inRounds, mebibytes, median, output, percent, renewTable, root, runMain, runsInWords, seconds } from '../support.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const directory = join(root, 'build/programs/preload');
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { hardened: { type: 'string' }, update: { type: 'boolean' } },
});
const library = resolve(positionals[0] ?? '');
const hardened = options.hardened && resolve(options.hardened);
const rounds = Number(positionals[1] ?? 3);
const libraries = [library, ...(hardened ? [hardened] : [])];
if (!libraries.every(existsSync) || !(rounds >= 1) || positionals.length > 2 || (options.update && !hardened)) {
  console.error('usage: compare.mjs LIBMOTE.so [ROUNDS] [--hardened LIBMOTE.so [--update]]; the libraries must exist');
  process.exit(2);
}
const assembly = join(directory, 'cxx_work.s');
const repository = join(directory, 'repository');

// `prepare` runs before the clock starts; `answer` is what both must agree on.
const python = { command: ['python3', join(here, 'python_work.py')], answer: (printed) => printed };
const programs = [
  { name: 'python3', ...python },
  { name: 'python3, PYTHONMALLOC=malloc', environment: { PYTHONMALLOC: 'malloc' }, ...python },
  { name: 'perl', command: ['perl', '-e', 'do $ARGV[0] for 1 .. 10', join(root, 'tests/traces/programs/work.pl')], answer: (printed) => printed },
  {
    name: 'git',
    prepare: () => {
      for (const path of [repository, `${repository}.bare`]) rmSync(path, { recursive: true, force: true });
      mkdirSync(repository);
    },
    command: ['bash', join(here, 'git_work'), repository],
    answer: (printed) => printed,
  },
  {
    name: 'g++ -O2',
    prepare: () => rmSync(assembly, { force: true }),
    command: ['g++', '-std=c++20', '-O2', '-S', join(here, 'cxx_work.cpp'), '-o', assembly],
    answer: () => readFileSync(assembly, 'utf8'),
  },
  { name: 'sqlite3', command: ['sqlite3', ':memory:', `.read ${join(here, '../sqlite/workload.sql')}`], answer: (printed) => printed },
];
const preloaded = (name, path) => ({ name, environment: { LD_PRELOAD: path } });
// The others are compared with the first.
const allocators = hardened
  ? [preloaded('mote', library), preloaded('mote again', library), preloaded('mote hardened', hardened)]
  : [{ name: 'libc', environment: {} }, preloaded('mote', library)];

// A preload that the loader refuses is only a warning of its, so it is asked
// which library's malloc each program got.
function requirePreload(command, library) {
  const printed = output('bash', ['-c', 'LD_DEBUG=bindings "$0" --version 2>&1', command], { env: { ...process.env, LD_PRELOAD: library } });
  if (!printed.split('\n').some((line) => line.includes(`to ${library} `) && /symbol `malloc'/.test(line))) {
    throw new Failure(`${command} does not get its malloc from ${library}`);
  }
}

// GNU time counts the children, too: `peak` is that of the largest process.
function runOnce({ name, prepare, command, answer, environment: own = {} }, { name: allocator, environment }) {
  prepare?.();
  const times = join(directory, 'time.txt');
  const variables = Object.entries({ ...own, ...environment }).map(([key, value]) => `${key}=${value}`);
  const printed = output('time', ['-q', '-o', times, '-f', '%e %U %S %M', 'env', ...variables, ...command], { cwd: directory }, `${name} with ${allocator}`);
  const [wall, user, system, kibibytes] = readFileSync(times, 'utf8').trim().split(' ').map(Number);
  const result = answer(printed);
  if (result.length === 0) throw new Failure(`${name} with ${allocator} answered nothing`);
  return { wall, cpu: user + system, peak: kibibytes * 1024, answer: digest(result) };
}

function figuresOf({ runs }) {
  const middle = (name, figure) => median(runs.get(name).map((run) => run[figure]));
  return allocators.map(({ name }) => ({ cpu: middle(name, 'cpu'), wall: middle(name, 'wall'), peak: middle(name, 'peak') }));
}

function rowsOf(program) {
  const figures = figuresOf(program);
  const { name } = program;
  const [base] = figures;
  return figures.map((one, i) => [
    i ? '' : name, allocators[i].name, seconds(one.wall), seconds(one.cpu), i ? percent(one.cpu, base.cpu) : '',
    mebibytes(one.peak), i ? percent(one.peak, base.peak) : '',
  ]);
}

// What the others need of the first, by program and in the geometric mean.
function factors() {
  const all = programs.map(figuresOf);
  const row = (name, figuresOfOne) => [name, ...figuresOfOne.map((factor) => factor.toFixed(2))];
  const ratios = (figure) => all.map((figures) => figures.slice(1).map((one) => one[figure] / figures[0][figure]));
  const [cpu, peak] = [ratios('cpu'), ratios('peak')];
  const mean = (column) => Math.exp(column.reduce((sum, value) => sum + Math.log(value), 0) / column.length);
  const means = (rows) => rows[0].map((_, i) => mean(rows.map((one) => one[i])));
  return [
    ...programs.map(({ name }, i) => row(name, [...cpu[i], ...peak[i]])),
    row('geometric mean', [...means(cpu), ...means(peak)]),
  ];
}

function printFactors(runCount) {
  const others = allocators.slice(1).map(({ name }) => name);
  const head = ['program', ...others.map((name) => `${name}, time`), ...others.map((name) => `${name}, memory`)];
  console.log(`\n${textTable(head, factors())}`);
  if (!options.update) return;
  const note = `As a factor of what the standard profile takes, preloaded: processor time, and peak
resident memory of the largest process; ${runsInWords(runCount)}, on ${cpus()[0].model.trim()},
${new Date().toISOString().slice(0, 10)}. The standard profile again shows the noise.`;
  renewTable('hardened', `${markdownTable(head, factors())}\n\n${note}`, 'update');
}

await runMain('preload', async () => {
  mkdirSync(directory, { recursive: true });
  const compiler = output('g++', ['-print-prog-name=cc1plus']).trim();
  for (const path of libraries)
    for (const command of ['python3', 'perl', 'git', 'bash', 'g++', compiler, 'sqlite3']) requirePreload(command, path);
  for (const program of programs) program.runs = new Map(allocators.map(({ name }) => [name, []]));
  const runCount = await inRounds((i, count) => {
    for (const program of programs) {
      for (const allocator of allocators) {
        const run = runOnce(program, allocator);
        program.expected ??= run.answer;
        if (run.answer !== program.expected) throw new Failure(`${program.name} answers differently with ${allocator.name}`);
        program.runs.get(allocator.name).push(run);
      }
      const times = allocators.map(({ name }) => `${name} ${seconds(program.runs.get(name).at(-1).cpu)} s`);
      console.log(`  round ${i} of ${count}: ${program.name}: ${times.join(', ')}, answers equal`);
    }
  }, rounds, hardened ? 1500 : undefined);
  console.log();
  const to = `to ${allocators[0].name}`;
  console.log(textTable(['program', 'malloc', 'wall s', 'CPU s', to, 'peak RSS', to], programs.flatMap(rowsOf)));
  console.log(`
  Figures: ${runsInWords(runCount)}; the peak is that of the largest process. Every
  answer was the same with all: ${programs.filter((_, i) => i !== 1).map(({ name, expected }) => `${name} ${expected.slice(0, 8)}...`).join(', ')} (sha256).`);
  if (hardened) printFactors(runCount);
});
