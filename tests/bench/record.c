/* Records what a program asks of malloc: LD_PRELOAD=record.so.
 *
 *   RECORD_FILE   where the record goes
 *   RECORD_NAME   the program to record, as in /proc/self/comm (what it starts
 *                 inherits the preload and must be told apart)
 *
 * Events go straight into a sparse file that is mapped once: nothing is
 * allocated here, and nothing is lost when the program ends by _exit or a
 * signal. Thread safe: one lock is held around each call and its event, so the
 * order in the file is one that happened. A fork's child is not recorded.
 * Needs glibc, whose malloc has the __libc_ names. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void* __libc_malloc(size_t size);
void __libc_free(void* ptr);
void* __libc_realloc(void* ptr, size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_memalign(size_t align, size_t size);

/* Read by traces.mjs. align is 0 when the program did not ask for one; old_ptr
 * is 0 except for a free and a realloc, ptr is 0 for a free. */
struct event {
  uint64_t ptr;
  uint64_t old_ptr;
  uint64_t size;
  uint64_t align;
};

struct file {
  uint64_t event_count;
  uint64_t unused[3];
  struct event events[];
};

static const uint64_t event_max = 1 << 26; /* 2 GiB, sparse */
static struct file* file;
static atomic_flag busy = ATOMIC_FLAG_INIT;

/* In a fork's child, where another thread's lock would never be released. */
static void stop_recording(void) {
  file = NULL;
  atomic_flag_clear(&busy);
}

static int is_chosen(const char* name) {
  char comm[32] = "";
  int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, comm, sizeof comm - 1);
  close(fd);
  if (length > 0 && comm[length - 1] == '\n') comm[length - 1] = 0;
  return strcmp(comm, name) == 0;
}

__attribute__((constructor)) static void start_recording(void) {
  const char* path = getenv("RECORD_FILE");
  const char* name = getenv("RECORD_NAME");
  if (!path || !name || !is_chosen(name)) return;
  /* O_EXCL: when the program runs twice, the first one is it. */
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return;
  size_t size = sizeof(struct file) + event_max * sizeof(struct event);
  void* map = MAP_FAILED;
  if (ftruncate(fd, (off_t)size) == 0) {
    map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  close(fd);
  if (map == MAP_FAILED) return;
  pthread_atfork(NULL, NULL, stop_recording);
  file = map;
}

static void lock(void) {
  while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire)) {
  }
}

static void unlock(void) {
  atomic_flag_clear_explicit(&busy, memory_order_release);
}

static void note(void* ptr, void* old_ptr, size_t size, size_t align) {
  if (!file || file->event_count == event_max) return;
  struct event* event = &file->events[file->event_count++];
  event->ptr = (uintptr_t)ptr;
  event->old_ptr = (uintptr_t)old_ptr;
  event->size = size;
  event->align = align;
}

void* malloc(size_t size) {
  lock();
  void* ptr = __libc_malloc(size);
  if (ptr) note(ptr, NULL, size, 0);
  unlock();
  return ptr;
}

void free(void* ptr) {
  if (!ptr) return;
  lock();
  note(NULL, ptr, 0, 0);
  __libc_free(ptr);
  unlock();
}

void* calloc(size_t count, size_t size) {
  lock();
  void* ptr = __libc_calloc(count, size);
  if (ptr) note(ptr, NULL, count * size, 0);
  unlock();
  return ptr;
}

void* realloc(void* old_ptr, size_t size) {
  lock();
  void* ptr = __libc_realloc(old_ptr, size);
  if (ptr || (old_ptr && size == 0)) note(ptr, old_ptr, size, 0);
  unlock();
  return ptr;
}

void* memalign(size_t align, size_t size) {
  lock();
  void* ptr = __libc_memalign(align, size);
  if (ptr) note(ptr, NULL, size, align);
  unlock();
  return ptr;
}

void* aligned_alloc(size_t align, size_t size) { return memalign(align, size); }

int posix_memalign(void** result, size_t align, size_t size) {
  if (align < sizeof(void*) || (align & (align - 1))) return EINVAL;
  void* ptr = memalign(align, size);
  if (!ptr) return ENOMEM;
  *result = ptr;
  return 0;
}
