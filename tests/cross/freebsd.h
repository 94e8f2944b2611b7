// What mote asks of FreeBSD's headers, as its manual pages (2, 3) have it, for
// a machine that has none of them: enough to compile native/ for that system,
// not a word of its own headers. The numbers are FreeBSD's, and nothing runs on
// them. tests/cross/link_only puts it where each of those headers would be.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t pid_t;
typedef int64_t off_t;
typedef int64_t time_t;
typedef intptr_t ssize_t;

// errno.h
int* __error(void);
#define errno (*__error())
#define ENOMEM 12
#define EINVAL 22

// sys/mman.h
#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_PRIVATE 0x0002
#define MAP_FIXED 0x0010
#define MAP_ANON 0x1000
#define MAP_FAILED ((void*)-1)
#define MADV_DONTNEED 4
#define MADV_FREE 5
void* mmap(void* begin, size_t size, int access, int flags, int file, off_t at);
int mprotect(void* begin, size_t size, int access);
int munmap(void* begin, size_t size);
int madvise(void* begin, size_t size, int advice);

// sys/resource.h
typedef int64_t rlim_t;
struct rlimit {
  rlim_t rlim_cur;
  rlim_t rlim_max;
};
#define RLIMIT_AS 10
int getrlimit(int resource, struct rlimit* limit);

// time.h
struct timespec {
  time_t tv_sec;
  long tv_nsec;
};
#define CLOCK_MONOTONIC 4
int clock_gettime(int clock, struct timespec* now);

// pthread.h, sched.h
typedef struct pthread* pthread_t;
typedef int pthread_key_t;
typedef struct {
  int state;
  void* mutex;
} pthread_once_t;
#define PTHREAD_ONCE_INIT {0, NULL}
pthread_t pthread_self(void);
int pthread_equal(pthread_t one, pthread_t other);
int pthread_atfork(void (*before)(void), void (*parent)(void),
                   void (*child)(void));
int pthread_once(pthread_once_t* once, void (*call)(void));
int pthread_key_create(pthread_key_t* key, void (*end)(void*));
int pthread_setspecific(pthread_key_t key, const void* value);
int pthread_create(pthread_t* thread, const void* attributes,
                   void* (*call)(void*), void* argument);
int sched_yield(void);

// fcntl.h, unistd.h
#define F_DUPFD_CLOEXEC 17
#define STDERR_FILENO 2
#define _SC_PAGESIZE 47
int fcntl(int file, int command, ...);
pid_t getpid(void);
int issetugid(void);
long sysconf(int name);
ssize_t write(int file, const void* bytes, size_t size);

// stdio.h
typedef struct __sFILE FILE;
int dprintf(int file, const char* format, ...);
int ferror(FILE* file);
int fprintf(FILE* file, const char* format, ...);
int fputs(const char* text, FILE* file);

// stdlib.h, string.h
[[noreturn]] void abort(void);
void arc4random_buf(void* bytes, size_t size);
char* getenv(const char* name);
int strcmp(const char* one, const char* other);
void* memcpy(void* to, const void* from, size_t size);

#ifdef __cplusplus
}
#endif
