// A host of wasi-threads in node, as small as can be:
//   node tests/threads/wasi_threads.mjs MODULE
// Prints `N passed, M failed`.
import { readFileSync } from 'node:fs';
import { Worker, isMainThread, workerData } from 'node:worker_threads';

// `shared`: { module, memory, ids }; ids are handed out by whoever starts a thread.
function instantiate(shared) {
  const spawn = (argument) => {
    const id = Atomics.add(shared.ids, 0, 1) + 1;
    new Worker(new URL(import.meta.url), { workerData: { ...shared, id, argument } });
    return id;
  };
  return new WebAssembly.Instance(shared.module, { env: { memory: shared.memory }, wasi: { 'thread-spawn': spawn } }).exports;
}

if (isMainThread) {
  // Node starts workers only while its main thread is free, so _start has a thread
  // of its own.
  const module = new WebAssembly.Module(readFileSync(process.argv[2]));
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 4096, shared: true });
  const main = new Worker(new URL(import.meta.url), { workerData: { module, memory, ids: new Int32Array(new SharedArrayBuffer(4)) } });
  main.on('message', (count) => console.log(count === 4 ? '1 passed, 0 failed' : '0 passed, 1 failed'));
  main.on('error', (error) => {
    console.log(`failed: wasi-threads\n${error.stack}\n0 passed, 1 failed`);
    process.exit(1);
  });
} else {
  const { parentPort } = await import('node:worker_threads');
  const exports = instantiate(workerData);
  if (workerData.id) exports.wasi_thread_start(workerData.id, workerData.argument);
  else parentPort.postMessage(exports.start_all());
}
