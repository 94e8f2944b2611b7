// What a host does with wasm/js: allocates, writes a text or a typed array, frees,
// with views that survive the memory's growth.
import { Heap, HeapError } from '../../wasm/js/mote.js';

function check(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
}

function throwsHeapError(action, what) {
  try {
    action();
  } catch (error) {
    return check(error instanceof HeapError, `${what} throws a HeapError`);
  }
  return check(false, `${what} throws`);
}

const tests = {
  writes_and_frees_typed_arrays(heap) {
    for (const array of [new Uint8Array([1, 2, 255]), new Int16Array([-1, 300]), new Float64Array([0.5, -1e300]), new BigInt64Array([-1n, 2n ** 60n])]) {
      const block = heap.write(array);
      check(block.pointer % 8 === 0 && `${block.view}` === `${array}`, array.constructor.name);
      block.free();
    }
  },
  writes_and_reads_texts(heap) {
    for (const text of ['', 'plain', 'Grüße, 世界 🌍', 'x'.repeat(100_000)]) {
      const block = heap.writeText(text);
      check(block.text === text && heap.readText(block.pointer) === text, text.slice(0, 20));
      block.free();
    }
  },
  views_survive_growth(heap, waitingBytes) {
    const numbers = heap.write(Float64Array.from({ length: 1000 }, (_, i) => i / 2));
    const name = heap.writeText('kept');
    const before = heap.memory.buffer;
    const large = heap.allocate(10_000_000);
    check(large !== null && heap.memory.buffer !== before, 'the memory grew');
    check(before.byteLength === 0, 'the views from before are dead');
    check(numbers.view.every((value, i) => value === i / 2) && name.text === 'kept', 'what was written is there');
    numbers.view[0] = 7;
    heap.memory.grow(3); // somebody else's doing
    check(numbers.view[0] === 7 && name.text === 'kept', 'and after foreign growth');
    large.free();
    numbers.free();
    name.free();
    check(heap.statistics().used <= waitingBytes, 'all of it was freed');
  },
  memory_that_was_freed_is_used_again(heap) {
    const round = () => Array.from({ length: 500 }, (_, i) => heap.writeText('y'.repeat(40 * i))).forEach((block) => block.free());
    for (let i = 0; i < 3; ++i) round(); // blocks that wait are elsewhere each time
    const { byteLength } = heap.memory.buffer;
    for (let i = 0; i < 20; ++i) round();
    check(heap.memory.buffer.byteLength === byteLength, 'the memory stays as large as it was');
  },
  refusal_is_null(heap) {
    const kept = heap.writeText('kept');
    const taken = [];
    for (let block; (block = heap.allocate(2 ** 30)) !== null;) taken.push(block);
    check(taken.length < 4 && heap.allocate(2 ** 30) === null, 'there is an end');
    taken.forEach((block) => block.free());
    check(kept.text === 'kept', 'nothing has changed');
  },
  freed_twice_is_an_error(heap) {
    const block = heap.writeText('once');
    block.free();
    throwsHeapError(() => block.free(), 'the second free');
    throwsHeapError(() => block.view, 'a view of what was freed');
  },
};

// `waitingBytes`: as much may count as used when all was freed, for the hardened
// profile has the last blocks freed wait.
export function runHeapTests(module, { waitingBytes }) {
  const problems = [];
  for (const [name, test] of Object.entries(tests)) {
    try {
      test(new Heap(new WebAssembly.Instance(module).exports), waitingBytes);
    } catch (error) {
      problems.push(`${name}: ${error}\n${error.stack}`);
    }
  }
  return { passed: Object.keys(tests).length - problems.length, failed: problems.length, problems };
}
