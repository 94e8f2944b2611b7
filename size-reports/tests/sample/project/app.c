// A project with an allocator of its own that never frees.
typedef __SIZE_TYPE__ size_t;

static unsigned char memory[1 << 12];
static size_t used;

__attribute__((noinline)) void* malloc(size_t size) {
  if (size > sizeof memory - used) return 0;
  used += size;
  return memory + used - size;
}

__attribute__((export_name("run"))) int run(int count) {
  int* numbers = malloc(count * sizeof(int));
  if (!numbers) return -1;
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += numbers[i] = i * i;
  return sum;
}
