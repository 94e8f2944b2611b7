// A soak: threads swap blocks (tests/stress/swapping.hpp) while others end, are
// terminated and begin, wherever it runs. After each round, when no thread does
// anything, the heap is verified; after each tenth all is freed, and nothing may
// be lost.
import { Program, isSameRest } from './threads.mjs';

const tenths = 10;
const batchesPerRound = 4;
const batch = 20_000;
// Of the thread of whoever runs this: short, for the others' answers wait for it.
const mainBatch = 2_000;
// Free memory comes in ever new pieces for a while, and the heap grows by a mebibyte
// at least: of 5,000,000 operations the second half took up to 1.09 times the pages
// of the first.
const growthMax = 1.2;
// Of the operations; how many there are is up to the scheduler.
const foreignMin = 1 / 20;

// The same for the same seed.
function randomBy(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % limit;
  };
}

// What becomes of a thread that is idle, while others are at work; whether it is
// another thread afterwards.
const fates = {
  async 'ended and began again'({ thread }) {
    await thread.call('mote_thread_end');
    return false;
  },
  async 'ended, another began in their worker'({ thread }) {
    await thread.call('mote_thread_end');
    await thread.begin();
    return true;
  },
  async 'ended with their worker'({ thread }) {
    await thread.call('mote_thread_end');
    await thread.terminate();
    await thread.beginAnew();
    return true;
  },
  async 'were terminated and abandoned'({ thread, main }) {
    const handle = await thread.call('mote_thread');
    await thread.terminate();
    main.mote_thread_abandon(handle);
    await thread.beginAnew();
    return true;
  },
};

class Soak {
  operations = 0;
  threadCount = 0;
  fateCounts = Object.fromEntries(Object.keys(fates).map((name) => [name, 0]));
  #program;
  #lives;
  #mainLife;

  async start(program, count, seed) {
    this.#program = program;
    const threads = await program.start(count);
    this.#lives = threads.map((thread, i) => ({ thread, main: program.main, number: ++this.threadCount, random: randomBy(seed * 100 + i) }));
    this.#mainLife = { number: ++this.threadCount, random: randomBy(seed * 100 + 99) };
    // As many heaps as there can be: later ones are those of threads before.
    await Promise.all(threads.map((thread) => thread.call('mote_thread')));
    program.main.mote_thread();
  }

  async #live(life) {
    for (let i = 0; i < batchesPerRound; ++i) {
      await life.thread.call('swap', life.random(2 ** 23), batch, life.number);
      this.operations += batch;
      const [name, fate] = Object.entries(fates)[life.random(2 * Object.keys(fates).length)] ?? [];
      if (!fate) continue;
      this.fateCounts[name] += 1;
      if (await fate(life)) life.number = ++this.threadCount;
    }
  }

  async #liveHere({ random, number }) {
    for (let i = 0; i < batchesPerRound; ++i) {
      this.#program.main.swap(random(2 ** 23), mainBatch, number);
      this.operations += mainBatch;
      await new Promise((resolve) => { setTimeout(resolve); });
    }
  }

  async round() {
    await Promise.all([...this.#lives.map((life) => this.#live(life)), this.#liveHere(this.#mainLife)]);
    this.#program.verify();
  }
}

// Runs at least that many operations on a module; prints with `log` what it did and
// what fails. { passed, failed }.
export async function runSoak(module, startWorker, { operations, threads = 3, seed = 1 }, log) {
  if (!(operations > 0 && threads > 0)) throw new Error('soak: how many operations, of how many threads?');
  const outcome = { passed: 0, failed: 0 };
  const expect = (condition, text) => {
    outcome[condition ? 'passed' : 'failed'] += 1;
    if (!condition) log(`failed: soak: ${text}`);
  };
  const program = new Program(module, startWorker, 4096);
  const soak = new Soak();
  let rest;
  const pages = [];
  const begin = Date.now();
  log(`soak: ${operations} operations, ${threads} threads and the main one, seed ${seed}`);
  try {
    await soak.start(program, threads, seed);
    for (let tenth = 1; tenth <= tenths; ++tenth) {
      let rounds = 0;
      for (; soak.operations < operations * tenth / tenths; ++rounds) await soak.round();
      const before = rest;
      rest = await program.rest();
      pages.push(program.pages);
      log(`soak: ${soak.operations} operations, ${soak.threadCount} threads, ${rounds} times verified, ${program.pages} pages, ${rest.used} bytes at rest, ${Date.now() - begin} ms`);
      if (before) expect(isSameRest(before, rest), `in use at rest ${JSON.stringify(rest)}, before ${JSON.stringify(before)}`);
    }
    for (const [name, count] of Object.entries(soak.fateCounts)) expect(count > 0, `no threads ${name}`);
    log(`soak: threads that ${Object.entries(soak.fateCounts).map(([name, count]) => `${name}: ${count}`).join('; ')}`);
    const [broken, refused, foreign] = ['broken', 'refused', 'foreign'].map((kind) => program.main[`${kind}_count`]());
    log(`soak: ${foreign} blocks taken from another thread`);
    expect(broken === 0, `${broken} blocks were overwritten`);
    expect(refused === 0, `${refused} times memory was refused`);
    expect(foreign > operations * foreignMin, 'few blocks of others');
    expect(pages.at(-1) <= pages[tenths / 2 - 1] * growthMax, `the footprint grows: ${pages.join(' ')} pages`);
  } catch (error) {
    outcome.failed += 1;
    log(`failed: soak: after ${soak.operations} operations\n${error.stack}`);
  }
  await program.close();
  return outcome;
}
