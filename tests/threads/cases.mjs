// What must hold for threads of a module without a C library, wherever they run.
// A case is `async (open) => ...`; `open(maximumPages)` gives it a Program.
import { Program, isSameRest } from './threads.mjs';

const operationCount = 200_000;

function expect(condition, text) {
  if (!condition) throw new Error(text);
}

const all = (threads, ...call) => Promise.all(threads.map((thread) => thread.call(...call)));

async function churn(program, threads, round) {
  const ended = threads.map((thread, i) => thread.call('churn', 100 * round + i, operationCount));
  program.main.churn(100 * round + 99, operationCount);
  await Promise.all(ended);
  program.verify();
}

async function losesNothing(open, count) {
  const program = open();
  const threads = await program.start(count);
  const rests = [];
  for (let round = 1; round <= 3; ++round) {
    await churn(program, threads, round);
    rests.push(await program.rest());
  }
  for (const [i, after] of rests.slice(1).entries())
    expect(isSameRest(rests[i], after), `after each round: ${JSON.stringify(rests)}`);
}

// Threads that end, one after another, each leaving blocks that others free; how
// many pages there are after the first half, and after all.
async function births(program, thread, count, end) {
  const pages = [];
  for (let i = 0; i < count; ++i) {
    await thread.begin();
    const handle = await thread.call('mote_thread');
    await thread.call('leave_blocks', i, 300);
    await end(handle);
    if (i + 1 === count / 2 || i + 1 === count) pages.push(program.pages);
  }
  program.main.free_left();
  program.verify();
  return pages;
}

export const cases = {
  'two threads and the main one free what others allocated': (open) => losesNothing(open, 2),
  'four threads and the main one free what others allocated': (open) => losesNothing(open, 4),

  async 'a producer and a consumer keep the footprint bounded'(open) {
    const program = open();
    const [producer, consumer] = await program.start(2);
    const run = (count) => Promise.all([producer.call('produce', 1, count), consumer.call('consume', count)]);
    await run(20_000);
    const { pages } = program;
    await run(100_000);
    program.verify();
    expect(program.pages <= pages + 4, `grew from ${pages} to ${program.pages} pages`);
  },

  async 'several threads grow the memory at once, and others too'(open) {
    const program = open();
    const threads = await program.start(4);
    const before = program.pages;
    const growing = threads.map((thread, i) => thread.call('grow', i, 60));
    // Behind the heap's back, so that its regions do not follow each other.
    for (let i = 0; i < 50; ++i) {
      await new Promise((resolve) => { setTimeout(resolve, 1); });
      program.memory.grow(1);
    }
    await Promise.all(growing);
    program.verify();
    expect(program.pages > before + 50, `only ${program.pages} pages`);
  },

  async 'a memory at its maximum is refused, and what was freed serves again'(open) {
    const program = open(128);
    const threads = await program.start(3);
    for (const size of [100, 5000]) {
      const counts = await all(threads, 'exhaust', size);
      program.verify();
      expect(counts.reduce((sum, count) => sum + count) > 100, `blocks of ${size} bytes: ${counts.join(', ')}`);
      await all(threads, 'mote_thread_end');
      program.main.reclaim();
      expect(program.main.exhaust(3_000_000) >= 1, `no room after blocks of ${size} bytes`);
      expect(program.pages <= 128, 'beyond the maximum');
    }
  },

  async 'the heap of a thread that ends goes to the next'(open) {
    const program = open();
    const [thread] = await program.start(1);
    const [half, pages] = await births(program, thread, 400, () => thread.call('mote_thread_end'));
    expect(pages <= half, `grew from ${half} to ${pages} pages`);
  },

  async 'the heap of a thread that was terminated goes to the next, when the host says so'(open) {
    const program = open();
    const [thread] = await program.start(1);
    const [half, pages] = await births(program, thread, 400, (handle) => program.main.mote_thread_abandon(handle));
    expect(pages <= half, `grew from ${half} to ${pages} pages`);
    for (let i = 0; i < 3; ++i) {
      const [worker] = await program.start(1);
      const handle = await worker.call('mote_thread');
      await worker.call('leave_blocks', i, 300);
      await worker.terminate();
      program.main.mote_thread_abandon(handle);
      program.main.leave_blocks(100 + i, 300);
    }
    program.main.free_left();
    program.verify();
  },

  async 'a thread that may not block allocates while others hold the lock'(open) {
    const program = open();
    const threads = await program.start(2);
    for (let i = 0; i < 5; ++i) {
      const holding = threads[i % 2].call('hold_lock', 20_000_000);
      expect(program.main.allocate_against_holder(), 'did not wait for the lock, or got nothing');
      await holding;
    }
    const growing = threads.map((thread, i) => thread.call('grow', i, 20));
    program.main.grow(9, 20);
    await Promise.all(growing);
    program.verify();
  },
};

// Runs all on a module; prints with `log` what fails. { passed, failed }.
export async function runCases(module, startWorker, log) {
  const outcome = { passed: 0, failed: 0 };
  for (const [title, run] of Object.entries(cases)) {
    const programs = [];
    const open = (maximumPages = 4096) => {
      programs.push(new Program(module, startWorker, maximumPages));
      return programs.at(-1);
    };
    const begin = Date.now();
    try {
      await run(open);
      outcome.passed += 1;
      log(`${title}: ${Date.now() - begin} ms`);
    } catch (error) {
      outcome.failed += 1;
      log(`failed: ${title}\n${error.stack}`);
    }
    await Promise.all(programs.map((program) => program.close()));
  }
  return outcome;
}
