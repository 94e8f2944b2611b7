// What the benchmark of threads must notice. Run by tests/bench/self_test.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../toolchain.mjs";
import { program, sample } from "./measure.mjs";
import { summarize, tables } from "./report.mjs";

const folder = mkdtempSync(join(tmpdir(), "mote-threads-test-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const executable = await program();
const rows = (await run(executable, ["--list"])).trim().split("\n");

// A library to preload, which stands before glibc's malloc.
async function library(name, body) {
  const source = join(folder, name + ".cpp");
  writeFileSync(source, `
    #include <stddef.h>
    #include <string.h>
    #include <unistd.h>
    extern "C" {
    void* __libc_malloc(size_t); void __libc_free(void*);
    void* __libc_realloc(void*, size_t); void* __libc_calloc(size_t, size_t);
    }
    ${body}`);
  const file = join(folder, name + ".so");
  await run("g++", ["-O1", "-fno-builtin", "-shared", "-fPIC", source, "-o", file]);
  return { name, library: file };
}

test("blocks that two threads have at once are noticed", async () => {
  // Every thousandth block is the one before once more; none is ever freed.
  const twice = await library("twice", `
    static long count; static void* last;
    extern "C" void* malloc(size_t size) {
      if (++count % 1000 == 0 && size < 1000) return last;
      return last = __libc_malloc(size < 1000 ? 1000 : size);
    }
    extern "C" void free(void*) {}`);
  for (const row of ["scaling", "larson", "handoff"]) {
    const { failed } = await sample(executable, { row, threads: 2 }, twice);
    assert.match(failed ?? "", /failed/, row);
  }
});

test("a reallocation that loses the contents is noticed", async () => {
  const lossy = await library("lossy", `
    extern "C" void* realloc(void* ptr, size_t size) {
      ptr = __libc_realloc(ptr, size);
      return memset(ptr, 0, size);
    }`);
  for (const row of ["realloc_growth", "pipeline"]) {
    const { failed } = await sample(executable, { row, threads: 2 }, lossy);
    assert.match(failed ?? "", /failed/, row);
  }
});

test("every row gives back all it took, and takes the same on any number of threads", async () => {
  // The C library keeps something for each thread.
  const { library: counting } = await library("counting", `
    #include <stdio.h>
    static long live, total;
    static void change(long by) {
      __atomic_add_fetch(&live, by, __ATOMIC_RELAXED);
      if (by > 0) __atomic_add_fetch(&total, 1, __ATOMIC_RELAXED);
    }
    extern "C" void* malloc(size_t size) { change(1); return __libc_malloc(size); }
    extern "C" void* calloc(size_t a, size_t b) { change(1); return __libc_calloc(a, b); }
    extern "C" void* realloc(void* ptr, size_t size) { if (!ptr) change(1); return __libc_realloc(ptr, size); }
    extern "C" void free(void* ptr) { if (ptr) change(-1); __libc_free(ptr); }
    [[gnu::destructor]] static void tell() { printf("%ld %ld\\n", live, total); }`);
  for (const row of rows) {
    const totals = [];
    for (const threads of [1, 2, 8]) {
      const text = await run(executable, [row, String(threads)], { env: { ...process.env, LD_PRELOAD: counting } });
      const [live, total] = text.trim().split("\n").at(-1).split(" ").map(Number);
      assert.ok(live < 100, `${row} on ${threads} threads leaves ${live} blocks`);
      totals.push(total);
    }
    assert.ok(Math.max(...totals) < Math.min(...totals) * 1.01, `${row} takes ${totals} blocks`);
  }
});

const allocators = [{ name: "a", group: "mote" }, { name: "glibc", group: "glibc" }, { name: "b", group: "peer" }, { name: "c", group: "peer" }];
const figure = (wall) => ({ wall, cpu: wall, peak: wall, rise: wall });

test("ratios are to the best peer, and geometric means", () => {
  const plan = [{ row: "x", threads: 1 }, { row: "x", threads: 2 }];
  const samples = [[[figure(2)], [figure(9)], [figure(1)], [figure(4)]], [[figure(8)], [figure(9)], [figure(4)], [figure(1)]]];
  const [wall] = tables(summarize({}, plan, allocators, samples));
  assert.deepEqual(wall.body[0], ["x", "4.00", "9.00", "2.00", "2.00"]);
});

test("an allocator that failed once has no figures", () => {
  const samples = [[[figure(1)], [figure(1)], [figure(1), { failed: "why" }], [figure(1)]]];
  const [cell] = summarize({}, [{ row: "x", threads: 1 }], allocators, samples).cells;
  assert.deepEqual(cell.failures, ["b, x on 1 threads: why"]);
  assert.equal(cell.figures.b, undefined);
});
