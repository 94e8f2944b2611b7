// An attacker overwrites one word of the heap's own, and the program goes on.
// Does mote then write outside of its memory, or give a block there? Tried with
// each word (of runs of equal ones the ends), sizes, links and entries of the page
// map that lead elsewhere, and several ways to go on.
//
//   node tests/wasm/overwritten.mjs overwritten-PROFILE-ALIGNMENT.wasm
//
// Outside is the program's data on both sides of mote's, and a page that somebody
// else had between two regions of the heap. Hardened, nothing may happen there.
// Standard, a size of a block in use is believed (README.md), and may lead to that
// page. Tiny asks nothing: there it must happen, else the search finds nothing.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const pageBytes = 65536, wordBytes = 4, zoneBytes = 4096;
const isFree = 1, previousFree = 2, isUsed = 4;
const theirs = 0xa5a5a5a5;

const [path] = process.argv.slice(2);
const [, profile, alignmentText] = basename(path, '.wasm').split('-');
const alignment = Number(alignmentText);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)));
const { malloc, free, realloc, malloc_usable_size, memory } = exports;
const addressOf = (name) => exports[name].value;
const words = () => new Uint32Array(memory.buffer);

class GivenOutside extends Error {}

// A heap of two regions with blocks of several classes and large ones, and free
// ones of both kinds between them; all that is not the heap's is `theirs`.
const live = [];
function take(size) {
  const ptr = malloc(size) >>> 0;
  if (!ptr) throw new Error(`no memory for ${size} bytes`);
  words().fill(theirs, ptr / wordBytes, (ptr + malloc_usable_size(ptr)) / wordBytes);
  live.push(ptr);
  return ptr;
}
function drop(...blocks) {
  for (const ptr of blocks) {
    live.splice(live.indexOf(ptr), 1);
    free(ptr);
  }
}
function build() {
  drop(take(40_000));
  const [, a, , , b, c] = [32, 32, 32, 32, 32, 32, 32].map(take);
  const [, d] = [200, 200, 200].map(take);
  const [, e, , f, , , g] = [600, 1000, 2000, 700, 5000, 640, 3000, 640].map(take);
  drop(a, b, c, d, e, f, g);
  const page = memory.grow(1) * pageBytes;
  const [, h] = [60_000, 900, 900].map(take);
  drop(h);
  return page;
}
const foreign = build();

const zones = [
  { name: 'data before', begin: addressOf('zone_before'), bytes: zoneBytes },
  { name: 'data behind', begin: addressOf('zone_behind'), bytes: zoneBytes },
  { name: 'a page between', begin: foreign, bytes: pageBytes },
];
const [before, behind, between] = zones.map(({ begin }) => begin);
const heapBase = addressOf('__heap_base');
if (!(before < behind && behind < heapBase && heapBase < foreign)) throw new Error('zones lie in another order');
const isInHeap = (ptr, size) => ptr >= heapBase && (ptr + size <= foreign || ptr >= foreign + pageBytes);

// What lies outside: nothing, ones, and what looks like headers of blocks and like
// links between them.
const contents = {
  'zeros': () => 0,
  'ones': () => 0xffffffff,
  'blocks in use': (at) => (at % 16 === 12 ? 32 | isUsed : at),
  'free blocks': (at) => (at % 16 === 12 ? 32 | isFree : at - 1),
};

const sizes = [32, 200, 16, 640, 990, 1900, 2900, 690, 100, 4000];
function requireInHeap(ptr, size) {
  if (ptr && !isInHeap(ptr >>> 0, size)) throw new GivenOutside(`gives ${ptr >>> 0}`);
}
const allocate = (size) => requireInHeap(malloc(size), size);
const programs = {
  'frees all': () => live.forEach((ptr) => free(ptr)),
  'frees all, the last first': () => [...live].reverse().forEach((ptr) => free(ptr)),
  'allocates': () => [...sizes, ...sizes, ...sizes].forEach(allocate),
  'reallocates': () => live.forEach((ptr) => requireInHeap(realloc(ptr, 1200), 1200)),
  'frees and allocates': () => live.forEach((ptr, i) => { free(ptr); allocate(sizes[i % sizes.length]); }),
};

// Of all blocks, from the first on: bridges lead to the next region.
function headers() {
  const found = [];
  const at = (address) => words()[address / wordBytes];
  for (let header = heapBase + alignment - wordBytes, size; ; header += size) {
    found.push({ header, isUsed: (at(header) & isUsed) !== 0 });
    size = at(header) & -alignment;
    if (size === 0) return found;
  }
}
const sizesInUse = new Set(headers().filter((found) => found.isUsed).map(({ header }) => header));

const isTheirs = (address) => (address >= foreign && address < foreign + pageBytes) || words()[address / wordBytes] === theirs;
// Of a run of equal words, as of poison, its ends stand for all.
const isWithinRun = (address) => [-wordBytes, wordBytes].every((step) => words()[(address + step) / wordBytes] === words()[address / wordBytes]);
const own = [];
for (let address = heapBase; address < Math.max(...live); address += wordBytes) {
  if (!isTheirs(address) && !isWithinRun(address)) own.push(address);
}

function valuesFor(address, old) {
  const places = [before, behind, between].map((begin) => begin + 64);
  const blocks = [live[0], live[8], live.at(-1)];
  const sizesTo = places.flatMap((place) => [place - address, place - address + 12, address - place].map((size) => size & -alignment));
  const leads = [0, isFree, previousFree, isUsed, isUsed | previousFree].flatMap((flags) => sizesTo.map((size) => size | flags));
  const links = [...places, ...blocks].flatMap((place) => [place, place - 1, place + 12]);
  const near = [old + alignment, old - alignment, old ^ isFree, old ^ previousFree, old ^ isUsed];
  const entries = [1, 25, 30, 200, 0x10001, 0xffff];
  return new Set([0, -1, ...leads, ...links, ...near, ...entries].map((value) => value >>> 0));
}

let passed = 0, failed = 0, found = 0, traps = 0, tries = 0;
function report(isRight, text) {
  if (isRight) { passed += 1; return; }
  failed += 1;
  console.error(text);
}

for (const [content, wordAt] of Object.entries(contents)) {
  for (const { begin, bytes } of zones) {
    for (let at = begin; at < begin + bytes; at += wordBytes) words()[at / wordBytes] = wordAt(at);
  }
  const bytes = new Uint8Array(memory.buffer), state = bytes.slice();
  const pairs = zones.map((zone) => ({
    ...zone, now: Buffer.from(memory.buffer, zone.begin, zone.bytes), then: Buffer.from(state.buffer, zone.begin, zone.bytes),
  }));
  for (const [program, run] of Object.entries(programs)) {
    let wrong = '';
    for (const address of own) {
      for (const value of valuesFor(address, words()[address / wordBytes])) {
        words()[address / wordBytes] = value;
        tries += 1;
        let outcome = '';
        try {
          run();
        } catch (error) {
          if (error instanceof GivenOutside) outcome = error.message;
          else if (error instanceof WebAssembly.RuntimeError) traps += 1;
          else throw error;
        }
        for (const { name, now, then } of pairs) if (!now.equals(then)) outcome ||= `writes to ${name}`;
        bytes.set(state);
        if (!outcome) continue;
        found += 1;
        const isBelieved = profile === 'standard' && sizesInUse.has(address) && outcome === 'writes to a page between';
        if (!isBelieved) wrong ||= `0x${value.toString(16)} at ${address}, where 0x${words()[address / wordBytes].toString(16)} was: ${outcome}`;
      }
    }
    if (profile !== 'tiny') report(!wrong, `${content}, a program that ${program}: ${wrong}`);
  }
}
if (profile === 'tiny') report(found > 0, 'tiny asks nothing, and yet nothing happened outside');
report(traps > 0, 'nothing stopped');
console.log(`${tries} tries: ${traps} stopped, ${found} reached outside`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
