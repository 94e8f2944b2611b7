// Reading traces and replaying them, in node.
//   node tests/inspector/replay_test.mjs
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { runTests } from '../../size-reports/tests/harness.mjs';
import { Replay } from '../../wasm/inspector/replay.js';
import { operations, readTrace, Trace, TraceError } from '../../wasm/inspector/trace.js';
import { madeUpTrace, random, TraceWriter } from './traces.mjs';

const modules = Object.fromEntries(['tiny', 'standard'].map((profile) => [profile,
  new WebAssembly.Module(readFileSync(new URL(`../../build/inspector/mote-${profile}.wasm`, import.meta.url)))]));
const { allocate, allocateZeroed, free, nothing, reallocate } = operations;

const column = (trace, name) => [...trace[name].subarray(0, trace.length)];

async function readsEveryRecord() {
  const writer = new TraceWriter();
  writer.extended(5, [1, 2, 3]).thread(77).allocate(0x7FFFFFFFF010, 100, { alignLog2: 4, time: 2n ** 40n });
  writer.record(7, 0).varint(0).varint(0x401000).record(7, 1).varint(1).varint(2).varint(3).varint(4);
  for (const byte of Buffer.from('/lib')) writer.varint(byte);
  writer.mark(0, 'hier').allocate(0xFFFFFFFFFFFFFFF3n, 7).reallocate(0x7FFFFFFFF010, 0x1008, 2n ** 40n).allocate(0, 50).free(0x1008);
  writer.free(0x99990).thread(77).free(0xFFFFFFFFFFFFFFF3n).reallocate(0, 0x2000, 5).record(0).allocate(1, 1);
  const trace = await readTrace(writer.bytes);
  deepEqual(column(trace, 'operation'), [allocate, allocate, reallocate, nothing, free, nothing, free, allocate]);
  deepEqual(column(trace, 'size').slice(0, 4), [100, 7, 0xFFFFFFFF, 50]);
  deepEqual(column(trace, 'slot').filter((_, i) => trace.operation[i] !== nothing), [0, 1, 0, 0, 1, 1]);
  equal(trace.alignLog2[0], 4);
  equal(trace.time[1], 2 ** 40 + 20);
  deepEqual(trace.marks, [{ position: 1, text: 'hier' }]);
  deepEqual([trace.refusedCount, trace.unknownCount, trace.slotCount, trace.isCut], [1, 1, 2, false]);
}

async function cutTracesAreReadAsFarAsTheyGo() {
  const { bytes } = madeUpTrace(60);
  const whole = await readTrace(bytes);
  let events = 0;
  for (let length = 0; length <= bytes.length; ++length) {
    const trace = await readTrace(bytes.subarray(0, length)).catch((error) => error);
    if (trace instanceof Error) {
      ok(trace instanceof TraceError, `${length}: ${trace.stack}`);
      continue;
    }
    ok(trace.length >= events && trace.length <= whole.length);
    events = trace.length;
    deepEqual(column(trace, 'slot'), column(whole, 'slot').slice(0, events));
  }
  equal(events, whole.length);
}

async function foreignFilesAreRefused() {
  const { bytes } = madeUpTrace(10);
  await rejects(readTrace(new Uint8Array()), /not a mote trace/);
  await rejects(readTrace(new TextEncoder().encode('motetrash and more of it')), /not a mote trace/);
  await rejects(readTrace(bytes.subarray(0, 20)), /ends within its header/);
  await rejects(readTrace(new TraceWriter({ version: 2 }).bytes), /version 2/);
  await rejects(readTrace(new TraceWriter({ pointerBytes: 3 }).bytes), /pointers of 3/);
  await rejects(readTrace(new TraceWriter().bytes), /no event/);
  await rejects(readTrace(Uint8Array.from([...new TraceWriter().bytes, 1, ...Array(12).fill(255)])), /has no end/);
}

// Whatever the bytes are: a trace that can be replayed, or a TraceError.
async function mutatedTracesDoNoHarm() {
  const below = random(5);
  const { bytes } = madeUpTrace(300);
  let readCount = 0;
  for (let round = 0; round < 500; ++round) {
    const mutated = bytes.slice();
    for (let i = 0; i < 1 + below(4); ++i) mutated[32 + below(bytes.length - 32)] = below(256);
    const trace = await readTrace(mutated).catch((error) => error);
    if (trace instanceof Error) {
      ok(trace instanceof TraceError, trace.stack);
      continue;
    }
    ++readCount;
    new Replay('tiny', modules.tiny, trace).seek(trace.length);
  }
  ok(readCount > 100);
}

// Forwards, backwards, to and fro: the memory is what one replay up to there makes.
async function goesBothWays(profile) {
  const { bytes, liveAfter } = madeUpTrace(6000);
  const trace = await readTrace(bytes);
  const replay = new Replay(profile, modules[profile], trace);
  const below = random(3);
  const positions = [6000, 5999, 5998, 3000, 3001, 0, 1, 6000, 2500, ...Array.from({ length: 12 }, () => below(6001))];
  for (const position of positions) {
    replay.seek(position);
    const once = new Replay(profile, modules[profile], trace);
    once.seek(position);
    equal(replay.position, position);
    equal(replay.live, liveAfter[position].bytes);
    equal(replay.peakLive, once.peakLive);
    equal(replay.heap.statistics().usedCount, liveAfter[position].count);
    ok(Buffer.from(replay.heap.memory.buffer).equals(Buffer.from(once.heap.memory.buffer)), `the memory at ${position}`);
  }
}

async function refusedRequestsAreCounted() {
  const writer = new TraceWriter().allocate(0x1000, 2n ** 40n).allocate(0x2000, 10).reallocate(0x2000, 0x9000, 2n ** 33n).free(0x1000).free(0x9000);
  const replay = new Replay('standard', modules.standard, await readTrace(writer.bytes));
  replay.seek(3);
  deepEqual([replay.refusedCount, replay.live], [2, 10]);
  replay.seek(5);
  equal(replay.heap.statistics().usedCount, 0);
}

function recordedEventsAreATrace() {
  const trace = new Trace();
  for (let i = 1; i <= 10_000; ++i) trace.add({ operation: allocate, address: 16 * i, size: i });
  for (let i = 1; i <= 10_000; ++i) trace.add({ operation: free, old: 16 * i });
  trace.add({ operation: allocate, address: 16, size: 1 });
  deepEqual([trace.length, trace.slotCount, trace.unknownCount], [20_001, 10_000, 0]);
}

await runTests({
  readsEveryRecord, cutTracesAreReadAsFarAsTheyGo, foreignFilesAreRefused, mutatedTracesDoNoHarm, refusedRequestsAreCounted, recordedEventsAreATrace,
  'goes both ways, tiny': () => goesBothWays('tiny'),
  'goes both ways, standard': () => goesBothWays('standard'),
});
