// How small churn scales on wasm in V8: medians of interleaved runs.
//   node tests/bench/threads/wasm.mjs [ROUNDS]
// Prints, for each way to build, millions of pairs of malloc and free a second with
// one worker and with two, and what the second adds.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');
const out = join(root, 'build/bench/threads');
const operationCount = 3_000_000;
const size = { initial: 16, maximum: 4096 }; // pages
// Memory that is not shared cannot be sent, so each worker makes its own: what two of
// those add is what the machine has for two.
const builds = {
  none: { flags: ['-DMOTE_PROFILE_STANDARD'] },
  locked: { flags: ['-DMOTE_THREADS_LOCKED', '-DMOTE_THREADS_MAY_WAIT', '-matomics'] },
  per_thread: { flags: ['-DMOTE_PROFILE_THREADS', '-DMOTE_THREADS_MAY_WAIT', '-matomics'] },
};

function build(name, { flags }) {
  const target = ['--target=wasm32', '-std=c++20', '-O2', '-mbulk-memory', '-nostdlib', '-nostdlibinc', '-fno-builtin', '-fno-exceptions', '-fno-rtti', `-I${root}/src`, ...flags];
  const shared = flags.includes('-matomics') ? ['-Wl,--shared-memory'] : [];
  const objects = [join(out, 'mote.cpp'), join(here, 'churn.cpp')].map((source, i) => {
    const object = join(out, `${name}-${i}.o`);
    execFileSync('clang++-19', [...target, '-c', source, '-o', object]);
    return object;
  });
  const file = join(out, `${name}.wasm`);
  execFileSync('clang++-19', ['--target=wasm32', '-nostdlib', '-O0', '-Wl,--no-entry,--import-memory,--export=malloc,--export=__stack_pointer',
    '-Wl,--initial-memory=1048576,--max-memory=268435456', ...shared, ...objects, '-o', file]);
  return new WebAssembly.Module(readFileSync(file));
}

function serve() {
  let exports;
  let own;
  parentPort.on('message', ({ module, memory = new WebAssembly.Memory(size), seed }) => {
    if (module) {
      ({ exports } = new WebAssembly.Instance(module, { env: { memory } }));
      const stackEnd = exports.malloc(65536) + 65536;
      exports.__stack_pointer.value = stackEnd;
      own = exports.malloc(1024);
      new Uint8Array(memory.buffer, own, 1024).fill(0);
    } else {
      exports.churn(own, seed, operationCount);
    }
    parentPort.postMessage(0);
  });
}

async function ask(worker, message) {
  worker.postMessage(message);
  await once(worker, 'message'); // rejects when it fails
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function main(roundCount) {
  mkdirSync(out, { recursive: true });
  execFileSync('cmake', [`-DOUT=${join(out, 'mote.cpp')}`, '-P', join(root, 'src/amalgamate.cmake')]);
  const rows = [];
  for (const [name, { flags }] of Object.entries(builds)) {
    const module = build(name, { flags });
    for (const count of [1, 2]) {
      const memory = flags.includes('-matomics') ? new WebAssembly.Memory({ ...size, shared: true }) : undefined;
      const threads = Array.from({ length: count }, () => new Worker(new URL(import.meta.url)));
      for (const thread of threads) await ask(thread, { module, memory });
      rows.push({ name, count, threads, rates: [] });
    }
  }
  for (let round = 0; round <= roundCount; ++round) {
    for (const { count, threads, rates } of rows) {
      const begin = process.hrtime.bigint();
      await Promise.all(threads.map((thread, i) => ask(thread, { seed: 10 * round + i })));
      const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
      if (round > 0) rates.push(count * operationCount / seconds / 1e6); // the first warms up
    }
  }
  const rate = (name, count) => median(rows.find((row) => row.name === name && row.count === count).rates);
  console.log('build        1 worker  2 workers  ratio  beside none');
  for (const name of Object.keys(builds)) {
    const one = rate(name, 1);
    const two = rate(name, 2);
    console.log(`${name.padEnd(12)} ${one.toFixed(1).padStart(8)}  ${two.toFixed(1).padStart(9)}  ${(two / one).toFixed(2).padStart(5)}  ${(one / rate('none', 1)).toFixed(2).padStart(11)}`);
  }
  await Promise.all(rows.flatMap(({ threads }) => threads.map((thread) => thread.terminate())));
}

if (isMainThread) await main(Number(process.argv[2] ?? 15));
else serve();
