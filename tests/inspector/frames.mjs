// How many frames a second the inspector draws of a heap of 256 MiB with a million
// blocks, while a trace plays; in Chromium.
//   node tests/inspector/frames.mjs
// What counts is the processor time of a frame: how many were drawn in the best
// second, which is told too, depends on what else the machine does.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { scratchFolder } from '../../size-reports/tests/harness.mjs';
import { random, TraceWriter } from './traces.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { chromium } = createRequire(join(root, 'build/tools/'))('playwright-core');
const framesMin = 30;
const blockCount = 1_000_000;
const seconds = 12;

// Fills the heap, frees a fifth here and there, and goes on with small changes.
function largeTrace() {
  const below = random(1);
  const writer = new TraceWriter();
  const address = (i) => 0x100000 + 16 * i;
  const size = () => 1 + (below(13) === 0 ? below(2400) : below(260));
  // All memory at once, for the engine takes milliseconds each time that it grows.
  writer.allocate(16, 250 * 2 ** 20).free(16);
  const count = Math.round(blockCount / 0.8);
  for (let i = 0; i < count; ++i) writer.allocate(address(i), size());
  const live = [];
  for (let i = 0; i < count; ++i) {
    if (below(count) < blockCount) live.push(i);
    else writer.free(address(i));
  }
  for (let i = 0; i < 60_000; ++i) {
    writer.free(address(live[i])).allocate(address(live[i]), size());
  }
  return writer.bytes;
}

const folder = scratchFolder();
const tracePath = join(folder, 'large.trace');
const pagePath = join(folder, 'large.html');
writeFileSync(tracePath, largeTrace());
execFileSync(process.execPath, [join(root, 'wasm/inspector/bundle.mjs'), pagePath, tracePath]);

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
let status = 0;
try {
  const page = await browser.newPage({ viewport: { width: 1360, height: 1000 } });
  await page.goto(pathToFileURL(pagePath).href);
  for (const profile of ['standard', 'tiny']) {
    await page.selectOption('#profile', profile);
    while (!await page.evaluate(`inspector.state.trace !== null && inspector.state.isReady && inspector.state.views[0].name === ${JSON.stringify(profile)}`)) await page.waitForTimeout(200);
    await page.evaluate(`inspector.seek(inspector.state.trace.length - 100000)`);
    const client = await page.context().newCDPSession(page);
    await client.send('Performance.enable', { timeDomain: 'threadTicks' });
    const metric = async (name) => (await client.send('Performance.getMetrics')).metrics.find((one) => one.name === name).value;
    await page.selectOption('#speed', '1000');
    const before = await metric('TaskDuration');
    await page.click('#play');
    // Frames are those that drew another position.
    const perSecond = await page.evaluate(`new Promise((resolve) => {
      const counts = [];
      let last = -1;
      const begin = performance.now();
      const count = (now) => {
        const second = Math.floor((now - begin) / 1000);
        if (second >= ${seconds}) return resolve(counts);
        if (inspector.state.position !== last) counts[second] = (counts[second] ?? 0) + 1;
        last = inspector.state.position;
        requestAnimationFrame(count);
      };
      requestAnimationFrame(count);
    })`);
    const cpu_s = await metric('TaskDuration') - before;
    await page.click('#play');
    const { blocks, footprint } = await page.evaluate(`(() => { const { usedCount, freeCount, footprint } = inspector.state.views[0].statistics; return { blocks: usedCount + freeCount, footprint }; })()`);
    const frames = perSecond.reduce((sum, count) => sum + count, 0);
    const best = Math.max(...perSecond);
    console.log(`${profile}: ${(footprint / 2 ** 20).toFixed(0)} MiB, ${blocks} blocks; ${best} frames in the best second, ${(frames / seconds).toFixed(1)} on average; ${(1000 * cpu_s / frames).toFixed(1)} ms of processor a frame`);
    if (cpu_s / frames > 1 / framesMin || blocks < blockCount || footprint < 250 * 2 ** 20) status = 1;
  }
} finally {
  await browser.close();
}
console.log(status === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
process.exit(status);
