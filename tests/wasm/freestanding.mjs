// Runs the cases of a freestanding test module (tests/support/freestanding.hpp),
// each in an instance of its own:
//
//   node tests/wasm/freestanding.mjs MODULE INITIAL_PAGES
//
// Prints one line per failure and last `N passed, M failed`.

import { readFile } from 'node:fs/promises';

const initialPages = Number(process.argv[3]); // as linked
const allPages = 65536;

class CheckFailed extends Error {}

const module = await WebAssembly.compile(await readFile(process.argv[2]));

function instantiate(maximum) {
  const memory = new WebAssembly.Memory({ initial: initialPages, maximum });
  const text = (address) => {
    const bytes = new Uint8Array(memory.buffer);
    return Buffer.from(bytes.subarray(address, bytes.indexOf(0, address)))
      .toString();
  };
  const fail = (condition, file, line) => {
    throw new CheckFailed(`${text(file)}:${line}: ${text(condition)}`);
  };
  const events = [];
  const { exports } = new WebAssembly.Instance(module, {
    env: { memory },
    mote: { event: (...fields) => { events.push(fields); } },
    test: {
      fail,
      event_count: () => events.length,
      event_field: (event, field) => events[event][field],
    },
  });
  return { memory, text, exports };
}

function readCase(index) {
  const { memory, text, exports } = instantiate(allPages);
  const [name, , maxPages, trap] = new Uint32Array(
    memory.buffer, exports.case_at(index), 4);
  return {
    name: text(name),
    maxPages: maxPages || allPages,
    trap: trap ? text(trap) : null,
  };
}

// What is wrong with the case's outcome, or null.
function runCase(index, { maxPages, trap }) {
  try {
    instantiate(maxPages).exports.run_case(index);
  } catch (error) {
    if (error instanceof CheckFailed) return error.message;
    if (trap && error.stack.includes(`${trap} (`)) return null;
    return `stopped: ${error.stack}`;
  }
  return trap ? `did not stop in ${trap}` : null;
}

const count = instantiate(allPages).exports.case_count();
let failed = 0;
for (let index = 0; index < count; ++index) {
  const testCase = readCase(index);
  const problem = runCase(index, testCase);
  if (problem === null) continue;
  ++failed;
  console.error(`${testCase.name}: ${problem}`);
}
if (count === 0) console.error('the module has no cases');
console.log(`${count - failed} passed, ${failed} failed`);
process.exitCode = count > 0 && failed === 0 ? 0 : 1;
