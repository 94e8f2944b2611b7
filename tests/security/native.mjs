// The native columns: each case in a process of its own, on the allocator of a C
// library, on one that is preloaded, or on one that the program is linked with.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Failure, compile, mote, out, profiles, run } from './toolchain.mjs';

const seconds_max = 10;
const debian = '/usr/lib/x86_64-linux-gnu';
const scudo = '/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.scudo_standalone-x86_64.so';
// All of its checks that are not on by default.
const scudoOptions = [
  'quarantine_size_kb=256', 'thread_local_quarantine_size_kb=64', 'quarantine_max_chunk_size=2048',
  'zero_contents=true', 'dealloc_type_mismatch=true',
].join(':');
const musl = ['-specs', '/usr/lib/x86_64-linux-musl/musl-gcc.specs'];

const preloads = [
  { name: 'mimalloc', library: join(debian, 'libmimalloc.so.2') },
  { name: 'jemalloc', library: join(debian, 'libjemalloc.so.2') },
  { name: 'tcmalloc', library: join(debian, 'libtcmalloc_minimal.so.4') },
  { name: 'scudo', library: scudo },
  { name: 'scudo, all options', library: scudo, env: { SCUDO_OPTIONS: scudoOptions } },
];

// The programs of the two tables. The first is linked as C: nothing but the case
// itself shall allocate.
async function link(name, [main, heap, operators, ...others], { cFlags = [], cxx = 'g++', libraries = [] } = {}) {
  const programs = [join(out, `${name}-heap`), join(out, `${name}-operators`)];
  await run('gcc', [...cFlags, main, heap, ...libraries, '-o', programs[0]]);
  await run(cxx, [...cFlags, main, operators, ...others, ...libraries, '-o', programs[1]]);
  return programs;
}

const isMote = ({ name }) => name.startsWith('mote ');

// { name, programs, env } of each.
export async function nativeColumns({ added, isWanted }) {
  const names = ['main', 'heap_cases', 'operator_cases'];
  const objects = await compile('native', ['g++'], names);
  const programs = await link('native', objects);
  const columns = [{ name: 'glibc', programs }];
  for (const { name, library, env } of [...preloads, ...added]) {
    if (!existsSync(library)) throw new Failure(`${name}: no ${library}`);
    columns.push({ name, programs, env: { ...env, LD_PRELOAD: library } });
  }
  const muslObjects = await compile('musl', ['g++', ...musl], [...names, 'malloc_operators']);
  columns.push({
    name: 'musl (mallocng)',
    programs: await link('musl', muslObjects, { cFlags: [...musl, '-static'], cxx: 'gcc' }),
  });
  for (const profile of profiles()) {
    const column = { name: `mote ${profile}` };
    const preloaded = { name: `mote ${profile}, preloaded` };
    if (!isWanted(column) && !isWanted(preloaded)) continue;
    const folder = await mote('native', profile, ['mote', 'mote_shared']);
    column.programs = await link(`mote-${profile}`, objects, { libraries: [join(folder, 'libmote.a'), '-pthread'] });
    columns.push(column, { ...preloaded, programs, env: { LD_PRELOAD: join(folder, 'libmote.so') } });
  }
  return columns.filter(isWanted).map((column) => ({ ...column, platform: 'native', isMote: isMote(column) }));
}

export async function listCases(programs) {
  const lists = await Promise.all(programs.map(async (program) => (await run(program, [])).trim().split('\n')
    .map((line) => line.split('\t')).map(([kind, name]) => ({ kind, name, program }))));
  return lists.flat();
}

// { status, signal, stdout, stderr, isHung }
function runProcess(program, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('latin1').on('data', (data) => { text[name] += data; });
    let isHung = false;
    const timer = setTimeout(() => { isHung = true; child.kill('SIGKILL'); }, seconds_max * 1000);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, isHung, ...text });
    });
  });
}

async function runCase({ name: allocator, env = {} }, { program, name }) {
  const { status, signal, stdout, stderr, isHung } = await runProcess(program, [name], env);
  // Then it was another allocator that ran.
  if (/cannot be preloaded|no such case/.test(stderr)) throw new Failure(`${allocator}, ${name}: ${stderr}`);
  if (stdout.includes('NOT_CAUGHT')) return { outcome: 'missed', how: signal ? `${signal}, too late` : '' };
  if (isHung) return { outcome: 'missed', how: `still runs after ${seconds_max} s` };
  if (!signal && status === 0) return { outcome: 'caught', how: 'refused' };
  const message = stderr.trim().split('\n')[0].slice(0, 100);
  return { outcome: 'caught', how: [signal ?? `exit status ${status}`, ...(message ? [message] : [])].join(': ') };
}

// Fills each column's `cells`: { kind, name, outcome, how }.
export async function runNative(columns) {
  const queue = [];
  for (const column of columns) {
    column.cells = [];
    for (const [i, each] of (await listCases(column.programs)).entries()) queue.push({ column, i, each });
  }
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { column, i, each: { kind, name }, each } = next;
      column.cells[i] = { kind, name, ...await runCase(column, each) };
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}
