// Threads of a module without a C library, in node, bun and browsers. Nobody
// tells the module of them: a thread is an instance over the shared memory, in
// some worker, with a stack of its own, which is all that the host gives it.
const stackBytes = 65536;
const initialPages = 16; // as linked

class Thread {
  #startWorker;
  #worker;
  #waiting = new Map();
  #last = 0;
  #begin;

  // `startWorker` gives { post(message), listen(listener), terminate() }.
  constructor(startWorker, begin) {
    this.#startWorker = startWorker;
    this.#begin = begin;
    this.#start();
  }

  #start() {
    this.#worker = this.#startWorker();
    this.#worker.listen(({ id, result, error }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) reject(new Error(error));
      else resolve(result);
    });
  }

  #send(message) {
    return new Promise((resolve, reject) => {
      this.#waiting.set(++this.#last, { resolve, reject });
      this.#worker.post({ id: this.#last, ...message });
    });
  }

  // Another thread in the same worker; the one before has ended, or it seems so.
  begin() { return this.#send({ begin: this.#begin }); }
  // The same in a new worker, which has the stack of the one that was terminated.
  beginAnew() {
    this.#start();
    return this.begin();
  }
  call(name, ...args) { return this.#send({ name, args }); }
  terminate() { return this.#worker.terminate(); }
}

// Whether nothing was lost between two rests: the same is in use, to the byte. Only
// page maps that became too small stay, which together are smaller than the one in
// their place.
export function isSameRest(before, after) {
  const more = after.used - before.used;
  const staysAsMap = after.map > before.map && more >= before.map && more < after.map;
  return more === 0 || staysAsMap;
}

export class Program {
  #module;
  #startWorker;
  #threads = [];

  constructor(module, startWorker, maximumPages) {
    this.#module = module;
    this.#startWorker = startWorker;
    this.memory = new WebAssembly.Memory({ initial: initialPages, maximum: maximumPages, shared: true });
    // The thread of whoever runs this.
    this.main = new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports;
  }

  async start(count) {
    const started = Array.from({ length: count }, () => {
      const stackEnd = this.main.malloc(stackBytes) + stackBytes;
      return new Thread(this.#startWorker, { module: this.#module, memory: this.memory, stackEnd });
    });
    this.#threads.push(...started);
    await Promise.all(started.map((thread) => thread.begin()));
    return started;
  }

  get pages() { return this.memory.buffer.byteLength / 65536; }

  // Throws if the heap is broken; while no thread does anything.
  verify() {
    const address = this.main.broken_invariant();
    if (address === 0) return;
    const bytes = new Uint8Array(this.memory.buffer);
    throw new Error(`broken: ${String.fromCharCode(...bytes.slice(address, bytes.indexOf(0, address)))}`);
  }

  // Ends all threads, frees what they left, and tells what is in use then: their
  // stacks, and what the heap keeps for itself.
  async rest() {
    await Promise.all(this.#threads.map((thread) => thread.call('mote_thread_end')));
    this.main.free_left();
    this.main.mote_thread_end();
    this.main.reclaim();
    this.verify();
    return { used: this.main.used_bytes(), map: this.main.map_bytes() };
  }

  async close() {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}
