// A worker that is a thread of a module, or one after another: each is an
// instance over the shared memory. Takes `{ id, begin }` or `{ id, name, args }`,
// answers `{ id, result }` or `{ id, error }`.
const inBrowser = typeof WorkerGlobalScope !== 'undefined' && typeof process === 'undefined';
const port = inBrowser ? globalThis : (await import('node:worker_threads')).parentPort;

let exports;

function answer({ id, begin, name, args }) {
  try {
    if (begin) {
      ({ exports } = new WebAssembly.Instance(begin.module, { env: { memory: begin.memory } }));
      exports.__stack_pointer.value = begin.stackEnd;
    }
    port.postMessage({ id, result: begin ? undefined : exports[name](...args) });
  } catch (error) {
    port.postMessage({ id, error: error.stack });
  }
}

if (inBrowser) port.addEventListener('message', ({ data }) => answer(data));
else port.on('message', answer);
