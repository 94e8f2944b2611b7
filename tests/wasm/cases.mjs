// Runs the cases of a freestanding test module (tests/support/freestanding.hpp),
// each in an instance of its own, in any engine.

const allPages = 65536;

class CheckFailed extends Error {}

// An address or index as the module takes and gives it: wasm64 has BigInt, and
// wasm32 numbers that are negative above 2 GiB.
const address = (value) => (typeof value === 'bigint' ? Number(value) : value >>> 0);

// `initialPages`: as linked; `is64`: whether the memory is a wasm64 one.
export class CaseModule {
  constructor(module, { initialPages, is64 = false }) {
    this.module = module;
    this.initialPages = initialPages;
    this.is64 = is64;
    const { memory, exports } = this.instantiate(allPages);
    this.reader = { memory, exports };
    this.count = exports.case_count();
  }

  instantiate(maximumPages) {
    const pages = (count) => (this.is64 ? BigInt(count) : count);
    const memory = new WebAssembly.Memory({
      initial: pages(this.initialPages), maximum: pages(maximumPages), ...(this.is64 && { address: 'i64' }),
    });
    const fail = (condition, file, line) => {
      throw new CheckFailed(`${text(memory, file)}:${line}: ${text(memory, condition)}`);
    };
    const events = [];
    const { exports } = new WebAssembly.Instance(this.module, {
      env: { memory },
      mote: { event: (...fields) => { events.push(fields); } },
      test: {
        fail,
        event_count: () => (this.is64 ? BigInt(events.length) : events.length),
        event_field: (event, field) => (this.is64 ? BigInt : Number)(events[Number(event)][Number(field)]),
      },
    });
    return { memory, exports };
  }

  // { name, maxPages, trap } of struct Case.
  describe(index) {
    const { memory, exports } = this.reader;
    const view = new DataView(memory.buffer, address(exports.case_at(index)));
    const word = this.is64 ? 8 : 4;
    const pointer = (at) => (this.is64 ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true));
    const trap = pointer(3 * word);
    return {
      name: text(memory, pointer(0)),
      maxPages: view.getUint32(2 * word, true) || allPages,
      trap: trap === 0 ? null : text(memory, trap),
    };
  }

  // What is wrong with the case's outcome, or null.
  run(index, { maxPages, trap }) {
    try {
      this.instantiate(maxPages).exports.run_case(index);
    } catch (error) {
      if (error instanceof CheckFailed) return error.message;
      if (trap && isTrapIn(trap, error)) return null;
      return `stopped: ${error}\n${error.stack}`;
    }
    return trap ? `did not stop in ${trap}` : null;
  }
}

// Whether the stack names the function that was to stop. bun's stacks leave out
// what lies in the module; then all that is known is that the module stopped.
function isTrapIn(name, error) {
  if (!(error instanceof WebAssembly.RuntimeError)) return false;
  const frames = error.stack.split('\n').filter((line) => /wasm:|wasm-function/.test(line));
  return frames.length === 0 || frames.some((frame) => new RegExp(`\\b${name}\\b`).test(frame));
}

function text(memory, at) {
  const begin = address(at);
  const bytes = new Uint8Array(memory.buffer);
  return new TextDecoder().decode(bytes.slice(begin, bytes.indexOf(0, begin)));
}

// { passed, failed, problems }; a module without cases has failed.
export function runCases(module, options) {
  const cases = new CaseModule(module, options);
  const problems = cases.count === 0 ? ['the module has no cases'] : [];
  for (let index = 0; index < cases.count; ++index) {
    const description = cases.describe(index);
    const problem = cases.run(index, description);
    if (problem !== null) problems.push(`${description.name}: ${problem}`);
  }
  return { passed: Math.max(cases.count - problems.length, 0), failed: problems.length, problems };
}
