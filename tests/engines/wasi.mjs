// As much of WASI preview 1 as a test program needs, the same in every engine:
// arguments, output, a clock, no files and no environment.
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md

const success = 0;
const badDescriptor = 8;
const notSupported = 58;

// Node 18 has no global one.
const { webcrypto } = globalThis.crypto ? { webcrypto: globalThis.crypto } : await import('node:crypto');

class Exit extends Error {
  constructor(status) {
    super(`exit status ${status}`);
    this.status = status;
  }
}

// Runs a command: { status, output }, where output is all that it wrote.
export function runCommand(module, args) {
  const written = [];
  let memory;
  const view = () => new DataView(memory.buffer);
  const strings = args.map((arg) => new TextEncoder().encode(`${arg}\0`));

  const calls = {
    args_sizes_get(countAt, sizeAt) {
      view().setUint32(countAt, strings.length, true);
      view().setUint32(sizeAt, strings.reduce((sum, { length }) => sum + length, 0), true);
      return success;
    },
    args_get(pointersAt, bytesAt) {
      for (const [i, bytes] of strings.entries()) {
        view().setUint32(pointersAt + 4 * i, bytesAt, true);
        new Uint8Array(memory.buffer).set(bytes, bytesAt);
        bytesAt += bytes.length;
      }
      return success;
    },
    environ_sizes_get(countAt, sizeAt) {
      view().setUint32(countAt, 0, true);
      view().setUint32(sizeAt, 0, true);
      return success;
    },
    environ_get: () => success,
    fd_write(descriptor, vectorsAt, vectorCount, writtenAt) {
      if (descriptor > 2) return badDescriptor;
      let total = 0;
      for (let i = 0; i < vectorCount; ++i) {
        const begin = view().getUint32(vectorsAt + 8 * i, true);
        const length = view().getUint32(vectorsAt + 8 * i + 4, true);
        written.push(new Uint8Array(memory.buffer).slice(begin, begin + length));
        total += length;
      }
      view().setUint32(writtenAt, total, true);
      return success;
    },
    clock_time_get(clock, precision, at) {
      view().setBigUint64(at, BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6)), true);
      return success;
    },
    random_get(at, size) {
      webcrypto.getRandomValues(new Uint8Array(memory.buffer, at, size));
      return success;
    },
    proc_exit(status) { throw new Exit(status); },
  };
  // The C library asks which folders it was given until there are no more.
  const others = (name) => () => (name.startsWith('fd_') ? badDescriptor : notSupported);
  const imports = { wasi_snapshot_preview1: new Proxy(calls, { get: (known, name) => known[name] ?? others(name) }) };
  const { exports } = new WebAssembly.Instance(module, imports);
  memory = exports.memory;

  let status = 0;
  try {
    exports._start();
  } catch (error) {
    if (error instanceof Exit) ({ status } = error);
    else [status] = [`${error}\n${error.stack}`];
  }
  const bytes = written.flatMap((piece) => [...piece]);
  return { status, output: new TextDecoder().decode(new Uint8Array(bytes)) };
}
