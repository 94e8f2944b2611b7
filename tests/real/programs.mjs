// The programs that mote is tried on, each with work whose answer does not
// depend on when or where it runs.
//
//   command      what is run, in a folder of its own
//   environment  what it needs beside the allocator's
//   prepare      runs before the clock starts
//   needs        a file that must be there: what tests/real/build makes, or a program
//   answer       of what it printed, what must be the same with every allocator
//   counts       of that answer, in words, how much was tested; printed and, by
//                --update, written below the table
//   loads        whose malloc must be the preloaded one: the command, if nothing else
//                is said; Chromium has one of its own, which no preload replaces
//   isLong       left out unless all are asked for: needs more than Debian's
//                usual programs, or minutes
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { output, root } from '../programs/support.mjs';
import { fewTests, mostTests } from './cpython.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const directory = join(root, 'build/real');
const inDirectory = (name) => join(directory, name);
const source = (name) => join(here, name);
const debianSource = (name) => join(root, 'build/programs/sources', name);
const redis = debianSource('redis/src');
const speedTest = debianSource('sqlite3/speedtest1');

const python = { command: ['python3', source('python_work.py')] };

const assembly = inDirectory('cxx_work.s');
const compilers = (compiler) => (compiler === 'g++' ? ['g++', output('g++', ['-print-prog-name=cc1plus']).trim()] : [compiler]);
const compile = (compiler) => ({
  loads: () => compilers(compiler),
  prepare: () => rmSync(assembly, { force: true }),
  command: [compiler, '-std=c++20', '-O2', '-S', source('cxx_work.cpp'), '-o', assembly],
  answer: () => readFileSync(assembly, 'utf8'),
});

// The slowest of mote's own tests to compile.
const object = inDirectory('own_test.s');
const compileOwn = (compiler) => ({
  loads: () => compilers(compiler),
  prepare: () => rmSync(object, { force: true }),
  command: [compiler, '-std=c++20', '-O1', '-S', `-I${root}`, `-I${root}/src`, `-I${root}/src/include`, `-I${root}/tests`, `-I${root}/native`,
    '-isystem', '/usr/src/googletest/googletest/include', `${root}/tests/unit/thread_slabs_test.cpp`, '-o', object],
  answer: () => readFileSync(object, 'utf8'),
  isLong: true,
});

const cpythonTests = mostTests(inDirectory('cpython.xml'));

const repository = inDirectory('repository');
const largeRepository = inDirectory('large.git');
const largeClone = inDirectory('large');
const javaClasses = inDirectory('java');

export const programs = [
  { name: 'python3', ...python },
  { name: 'python3, PYTHONMALLOC=malloc', environment: { PYTHONMALLOC: 'malloc' }, ...python },
  {
    name: 'git, 60 commits',
    prepare: () => {
      for (const path of [repository, `${repository}.bare`]) rmSync(path, { recursive: true, force: true });
      mkdirSync(repository);
    },
    command: ['bash', source('git_work'), repository],
    loads: ['bash', 'git'],
  },
  {
    name: 'git, 5000 commits, 20481 files',
    needs: largeRepository,
    prepare: () => rmSync(largeClone, { recursive: true, force: true }),
    command: ['bash', source('git_large_work'), largeRepository, largeClone],
    loads: ['bash', 'git'],
    isLong: true,
  },
  { name: 'g++ -O2', ...compile('g++') },
  { name: 'clang++ -O2', ...compile('clang++-19'), isLong: true },
  { name: 'g++, a test of mote', ...compileOwn('g++') },
  { name: 'clang++, a test of mote', ...compileOwn('clang++-19') },
  { name: 'perl', command: ['perl', '-e', 'do $ARGV[0] for 1 .. 10', join(root, 'tests/traces/programs/work.pl')], isLong: true },
  {
    // Its main tests, on a database in memory; what is unused is freed after each statement.
    name: "SQLite's speed test",
    needs: speedTest,
    command: [speedTest, '--verify', '--shrink-memory', '--size', '60', ':memory:'],
    // Without the times: the tests, how long what they answered is, and its digest.
    answer: (printed) => printed.replace(/ +\d+\.\d{3}s$/gm, ''),
    isLong: true,
  },
  {
    // What that test has little of: joins, sorts, windows and text, in Debian's shell.
    name: "sqlite3, a shop's year",
    command: ['bash', '-c', 'sqlite3 :memory: <"$0"', join(root, 'tests/programs/sqlite/workload.sql')],
    loads: ['sqlite3'],
    isLong: true,
  },
  { name: 'node, four workers', command: ['node', source('node_work.mjs')], isLong: true },
  {
    name: 'redis-server, MALLOC=libc',
    needs: join(redis, 'redis-server'),
    command: ['bash', source('redis_work'), redis],
    loads: [join(redis, 'redis-server')],
    isLong: true,
  },
  {
    name: 'nginx, two processes',
    command: ['bash', source('nginx_work'), inDirectory('nginx')],
    loads: ['/usr/sbin/nginx'],
    isLong: true,
  },
  { name: 'npm', command: ['bash', source('npm_work'), inDirectory('npm')], loads: ['node'] },
  { name: 'z3', command: ['z3', source('z3_work.smt2')], isLong: true },
  {
    name: 'a JVM',
    prepare: () => existsSync(javaClasses) || output('javac', ['-d', javaClasses, source('JavaWork.java')]),
    command: ['java', '-XX:+UseSerialGC', '-Xmx256m', '-cp', javaClasses, 'JavaWork'],
    isLong: true,
  },
  {
    // rustup's has a malloc of its own.
    name: "Debian's rustc -O",
    needs: '/usr/bin/rustc',
    prepare: () => copyFileSync(source('rust_work.rs'), inDirectory('rust_work.rs')),
    command: ['/usr/bin/rustc', '-O', '--edition=2021', '-C', 'codegen-units=1', '--emit=asm', 'rust_work.rs', '-o', 'rust_work.s'],
    answer: () => readFileSync(inDirectory('rust_work.s'), 'utf8'),
    isLong: true,
  },
  {
    name: 'Chromium, a page (its own malloc)',
    loads: [],
    command: ['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=5000',
      `--user-data-dir=${inDirectory('chromium')}`, '--dump-dom', `file://${source('page.html')}`],
    isLong: true,
  },
  { name: "CPython's tests, a few, PYTHONMALLOC=malloc", environment: { PYTHONMALLOC: 'malloc' }, ...fewTests(inDirectory('cpython.xml')) },
  { name: "CPython's tests, most of them", ...cpythonTests, isLong: true },
  { name: "CPython's tests, most, PYTHONMALLOC=malloc", environment: { PYTHONMALLOC: 'malloc' }, ...cpythonTests, isLong: true },
];

export function loads({ command, loads: told = [command[0]] }) {
  return typeof told === 'function' ? told() : told;
}

export const canRun = ({ needs }) => needs === undefined || existsSync(needs);
