// Tests of the benchmark itself: what it must notice, and that its exact
// figures are exact. Run by tests/bench/self_test.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bump, dlmalloc } from "./allocators.mjs";
import { check } from "./check.mjs";
import { runPlan } from "./engines.mjs";
import { benchModule, countModule, syntheticRows } from "./modules.mjs";
import { compile, root, run } from "./toolchain.mjs";
import { convert } from "./traces.mjs";

const folder = mkdtempSync(join(tmpdir(), "mote-self-test-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

async function measure(allocator, rows) {
  const modules = [{ name: "it", file: await benchModule(allocator) }];
  return runPlan("node", { action: "measure", mode: "memory", rows, modules });
}

// A bump allocator with one thing wrong.
async function faulty(name, malloc_body) {
  const source = join(folder, name + ".cpp");
  writeFileSync(source, `
    #include <stddef.h>
    extern char __heap_base;
    static size_t top;
    static char* bump(size_t size) {
      char* ptr = &__heap_base + top;
      top += (size + 15) & -size_t{16};
      __builtin_wasm_memory_grow(0, 8);
      return ptr;
    }
    extern "C" {
    void* bench_malloc(size_t size) { ${malloc_body} }
    void bench_free(void*, size_t, size_t) {}
    void* bench_realloc(void*, size_t, size_t, size_t size) { return bump(size); }
    void* bench_aligned_alloc(size_t, size_t size) { return bump(size); }
    }`);
  return { name, objects: [await compile(source, ["-O2"])] };
}

test("blocks that overlap are noticed", async () => {
  const [result] = await measure(await faulty("overlap", "return bump(size > 60 ? size - 32 : size);"), [{ name: "lifo" }]);
  assert.equal(result.failed, "wrong contents");
});

test("a null is told from wrong contents", async () => {
  const [result] = await measure(await faulty("refuse", "return top > 1000 ? nullptr : bump(size);"), [{ name: "lifo" }]);
  assert.equal(result.failed, "out of memory");
});

test("an alignment that is not kept is noticed", async () => {
  const [result] = await measure(await faulty("misalign", "return bump(size);"), [{ name: "aligned" }]);
  assert.equal(result.failed, "wrong contents");
});

test("a reallocation that loses the contents is noticed", async () => {
  const [result] = await measure(await faulty("forget", "return bump(size);"), [{ name: "realloc_one" }]);
  assert.equal(result.failed, "wrong contents");
});

test("a leak shows as three times the memory", async () => {
  const [{ memory }] = await measure(await bump(), [{ name: "killer_live" }]);
  assert.ok(memory[2] / memory[0] > 2.9, `${memory}`);
});

test("memory figures are repeatable", async () => {
  const rows = ["mixed", "json", "aligned"].map((name) => ({ name }));
  const allocator = await dlmalloc("-O2", 16);
  assert.deepEqual(await measure(allocator, rows), await measure(allocator, rows));
});

test("every row gives back all it took", async () => {
  const rows = syntheticRows.map((name) => ({ name }));
  const counts = await runPlan("node", {
    action: "count", rows, modules: [{ file: await countModule(await dlmalloc("-O2", 16)) }],
  });
  assert.equal(counts.length, 14);
  for (const { row, left, operations } of counts) {
    assert.equal(left, 0, row);
    assert.ok(operations > 10000, row);
  }
});

const allocate = 0, free = 1, reallocate = 2;

// A program whose calls are known, through the recorder, the converter, the
// counting build and the replay.
test("a trace has just the program's calls, and its limits are right", async () => {
  const source = join(folder, "known.c");
  writeFileSync(source, `
    #include <stdlib.h>
    int main(void) {
      void* volatile a = malloc(100);
      void* volatile b = calloc(10, 20);
      a = realloc(a, 1000);
      void* volatile c = aligned_alloc(256, 512);
      free(b);
      b = malloc(7);
      free(a); free(c); free(b);
      return 0;
    }`);
  const program = join(folder, "known");
  await run("gcc", ["-O0", source, "-o", program]);
  const trace = join(folder, "known.trace");
  await run(join(root, "build/native/mote-trace"), ["--order-only", "-o", trace, program]);
  const bytes = await convert(readFileSync(trace));
  const file = join(folder, "known.operations");
  writeFileSync(file, bytes);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const records = Array.from({ length: words.length / 2 }, (_, i) => {
    const what = words[2 * i];
    return { slot: what & 0xffffff, operation: (what >>> 24) & 7, align: what >>> 27, size: words[2 * i + 1] };
  });
  assert.deepEqual(records, [
    { slot: 0, operation: allocate, align: 0, size: 100 },
    { slot: 1, operation: allocate, align: 0, size: 200 },
    { slot: 0, operation: reallocate, align: 0, size: 1000 },
    { slot: 2, operation: allocate, align: 8, size: 512 },
    { slot: 1, operation: free, align: 0, size: 0 },
    { slot: 1, operation: allocate, align: 0, size: 7 },
    { slot: 0, operation: free, align: 0, size: 0 },
    { slot: 2, operation: free, align: 0, size: 0 },
    { slot: 1, operation: free, align: 0, size: 0 },
  ]);
  const rows = [{ name: "known", trace: file }];
  const [counts] = await runPlan("node", {
    action: "count", rows, modules: [{ file: await countModule(await dlmalloc("-O2", 16)) }],
  });
  assert.equal(counts.operations, 9);
  assert.equal(counts.blocks, 3);
  assert.equal(counts.peak, 1000 + 200 + 512);
  assert.equal(counts.headerless8, 1000 + 200 + 512);
  assert.equal(counts.headerless16, 1008 + 208 + 512);
  assert.equal(counts.header8, 1008 + 208 + 520);
  assert.equal(counts.header16, 1008 + 208 + 528);
  const [result] = await measure(await dlmalloc("-O2", 16), rows);
  assert.equal(result.failed, undefined);
});

test("--check compares with the right bar", () => {
  const limits = { headerless: { 8: 1, 16: 1.1 }, header: { 8: 1.2, 16: 1.3 } };
  const summary = (tiny_ratio, standard_ratio) => ({
    allocators: [
      { name: "t", group: "mote", profile: "tiny", alignment: 8 },
      { name: "s", group: "mote", profile: "standard", alignment: 8 },
      { name: "dlmalloc-8", group: "peer", alignment: 8 },
    ],
    rows: [{ name: "trace", is_trace: true, limits }],
    memory: { trace: { t: { ratio: tiny_ratio, leak: 1 }, s: { ratio: standard_ratio, leak: 1 }, "dlmalloc-8": { ratio: 1.3 } } },
  });
  const missed = (...ratios) => check(summary(...ratios)).filter(({ passed }) => !passed).map(({ text }) => text);
  assert.deepEqual(missed(1.2 * 1.02, 1.02), []);
  assert.equal(missed(1.23, 1.02).length, 1);
  assert.equal(missed(1.2, 1.03).length, 1);
  assert.equal(missed(1.2, 1.31).length, 2);
});

test("an allocator that did not finish misses the bars", () => {
  const summary = {
    allocators: [{ name: "s", group: "mote", profile: "standard", alignment: 8 }],
    rows: [{ name: "trace", is_trace: true, limits: { headerless: { 8: 1 } } }],
    memory: { trace: { s: { failed: "trapped" } } },
  };
  assert.ok(check(summary).every(({ passed }) => !passed));
});
