// Four workers that build, sort and parse; what each found, in order.
import { createHash } from 'node:crypto';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { deflateSync, inflateSync } from 'node:zlib';

function work(seed) {
  let state = seed;
  const random = () => (state = (state * 48271) % 2147483647);
  const rows = Array.from({ length: 30_000 }, (_, id) => ({ id, name: `n${random() % 9000}`, tags: Array.from({ length: random() % 7 }, random) }));
  rows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id));
  const text = JSON.stringify(rows);
  const packed = Array.from({ length: 40 }, (_, i) => deflateSync(text.slice(i * 20_000, (i + 1) * 20_000)));
  const again = packed.map((buffer) => inflateSync(buffer).toString()).join('');
  return [text.length, text.startsWith(again), createHash('sha256').update(JSON.stringify(JSON.parse(text))).digest('hex')].join(' ');
}

if (isMainThread) {
  const answers = await Promise.all([1, 2, 3, 4].map((seed) => new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: seed });
    worker.on('message', resolve);
    worker.on('error', reject);
  })));
  console.log(answers.join('\n'));
} else {
  parentPort.postMessage(work(workerData));
}
