// Runs cases.mjs in node, or in bun:
//   node tests/threads/node.mjs PATH_WITHOUT_SUFFIX...
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import { runCases } from './cases.mjs';

function startWorker() {
  const worker = new Worker(new URL('worker.mjs', import.meta.url));
  return {
    post: (message) => worker.postMessage(message),
    listen: (listener) => worker.on('message', listener),
    terminate: () => worker.terminate(),
  };
}

for (const path of process.argv.slice(2)) {
  const module = new WebAssembly.Module(readFileSync(`${path}.wasm`));
  const { passed, failed } = await runCases(basename(path), module, startWorker, console.log);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
