// Runs python3, git and g++ on real work, with the C library's malloc and with
// mote preloaded, compares what they answer, and prints time and peak memory.
//
//   node compare.mjs LIBMOTE.so [ROUNDS]
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { textTable } from '../../../size-reports/tool/tables.mjs';
import { Failure, digest, inRounds, mebibytes, median, output, percent, root, runMain, runsInWords, seconds } from '../support.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const directory = join(root, 'build/programs/preload');
const library = resolve(process.argv[2] ?? '');
const rounds = Number(process.argv[3] ?? 3);
if (!existsSync(library) || !(rounds >= 1) || process.argv.length > 4) {
  console.error('usage: compare.mjs LIBMOTE.so [ROUNDS]; the library must exist');
  process.exit(2);
}
const assembly = join(directory, 'cxx_work.s');
const repository = join(directory, 'repository');

// `prepare` runs before the clock starts; `answer` is what both must agree on.
const python = { command: ['python3', join(here, 'python_work.py')], answer: (printed) => printed };
const programs = [
  { name: 'python3', ...python },
  { name: 'python3, PYTHONMALLOC=malloc', environment: { PYTHONMALLOC: 'malloc' }, ...python },
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
];
const allocators = [
  { name: 'libc', environment: {} },
  { name: 'mote', environment: { LD_PRELOAD: library } },
];

// A preload that the loader refuses is only a warning of its, so it is asked
// which library's malloc each program got.
function requirePreload(command) {
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

function rowsOf({ name, runs }) {
  const figures = allocators.map((allocator) => ({
    cpu: median(runs.get(allocator.name).map((run) => run.cpu)),
    wall: median(runs.get(allocator.name).map((run) => run.wall)),
    peak: median(runs.get(allocator.name).map((run) => run.peak)),
  }));
  const [base] = figures;
  return figures.map((one, i) => [
    i ? '' : name, allocators[i].name, seconds(one.wall), seconds(one.cpu), i ? percent(one.cpu, base.cpu) : '',
    mebibytes(one.peak), i ? percent(one.peak, base.peak) : '',
  ]);
}

await runMain('preload', async () => {
  mkdirSync(directory, { recursive: true });
  const compiler = output('g++', ['-print-prog-name=cc1plus']).trim();
  for (const command of ['python3', 'git', 'bash', 'g++', compiler]) requirePreload(command);
  for (const program of programs) program.runs = new Map(allocators.map(({ name }) => [name, []]));
  const runCount = await inRounds((i, count) => {
    for (const program of programs) {
      for (const allocator of allocators) {
        const run = runOnce(program, allocator);
        program.expected ??= run.answer;
        if (run.answer !== program.expected) throw new Failure(`${program.name} answers differently with ${allocator.name}`);
        program.runs.get(allocator.name).push(run);
      }
      const [libc, mote] = allocators.map(({ name }) => seconds(program.runs.get(name).at(-1).wall));
      console.log(`  round ${i} of ${count}: ${program.name}: libc ${libc} s, mote ${mote} s, answers equal`);
    }
  }, rounds);
  console.log();
  console.log(textTable(['program', 'malloc', 'wall s', 'CPU s', 'to libc', 'peak RSS', 'to libc'], programs.flatMap(rowsOf)));
  console.log(`
  Figures: ${runsInWords(runCount)}; the peak is that of the largest process. Every
  answer was the same with both: ${programs.filter((_, i) => i !== 1).map(({ name, expected }) => `${name} ${expected.slice(0, 8)}...`).join(', ')} (sha256).`);
});
