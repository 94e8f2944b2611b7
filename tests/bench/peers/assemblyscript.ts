// AssemblyScript's runtime (--runtime minimal: TLSF without a collector) behind
// the benchmark's names. Its blocks are aligned to 16 bytes; it has no call for
// more.
export function bench_malloc(size: usize): usize {
  return heap.alloc(size);
}

export function bench_free(ptr: usize, size: usize, align: usize): void {
  heap.free(ptr);
}

export function bench_realloc(ptr: usize, old_size: usize, align: usize, new_size: usize): usize {
  return heap.realloc(ptr, new_size);
}

export function bench_aligned_alloc(align: usize, size: usize): usize {
  return align <= 16 ? heap.alloc(size) : 0;
}
