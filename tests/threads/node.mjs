// Runs in node, or in bun, what each word wants of a module (wanted.mjs):
//   node tests/threads/node.mjs cases=MODULE.wasm 'soak=MODULE.wasm&operations=N' ...
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { run } from './wanted.mjs';

function startWorker() {
  const worker = new Worker(new URL('worker.mjs', import.meta.url));
  return {
    post: (message) => worker.postMessage(message),
    listen: (listener) => worker.on('message', listener),
    terminate: () => worker.terminate(),
  };
}

const compile = (path) => new WebAssembly.Module(readFileSync(path));

for (const word of process.argv.slice(2)) {
  const { passed, failed } = await run(new URLSearchParams(word), compile, startWorker, (line) => console.log(`${word.split('&')[0]}: ${line}`));
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
