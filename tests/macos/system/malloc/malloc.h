// What macos_zone.cpp asks of macOS's <malloc/malloc.h>, for systems without
// it. Only what it sets or calls: these are not laid out as the system's are.
#pragma once

#include <mach/mach.h>
#include <stddef.h>

struct malloc_zone_t;
struct malloc_statistics_t {
  unsigned blocks_in_use;
  size_t size_in_use;
  size_t max_size_in_use;
  size_t size_allocated;
};
struct vm_range_t {
  vm_address_t address;
  vm_size_t size;
};
typedef kern_return_t memory_reader_t(task_t task, vm_address_t from,
                                      vm_size_t size, void** result);
typedef void vm_range_recorder_t(task_t task, void* context, unsigned type,
                                 vm_range_t* ranges, unsigned count);

struct malloc_introspection_t {
  kern_return_t (*enumerator)(task_t task, void* context, unsigned types,
                              vm_address_t zone, memory_reader_t reader,
                              vm_range_recorder_t recorder);
  size_t (*good_size)(malloc_zone_t* zone, size_t size);
  boolean_t (*check)(malloc_zone_t* zone);
  void (*print)(malloc_zone_t* zone, boolean_t is_verbose);
  void (*log)(malloc_zone_t* zone, void* address);
  void (*force_lock)(malloc_zone_t* zone);
  void (*force_unlock)(malloc_zone_t* zone);
  void (*statistics)(malloc_zone_t* zone, malloc_statistics_t* result);
  boolean_t (*zone_locked)(malloc_zone_t* zone);
  void (*reinit_lock)(malloc_zone_t* zone);
};

struct malloc_zone_t {
  size_t (*size)(malloc_zone_t* zone, const void* ptr);
  void* (*malloc)(malloc_zone_t* zone, size_t size);
  void* (*calloc)(malloc_zone_t* zone, size_t count, size_t size);
  void* (*valloc)(malloc_zone_t* zone, size_t size);
  void (*free)(malloc_zone_t* zone, void* ptr);
  void* (*realloc)(malloc_zone_t* zone, void* ptr, size_t size);
  void (*destroy)(malloc_zone_t* zone);
  const char* zone_name;
  malloc_introspection_t* introspect;
  unsigned version;
  void* (*memalign)(malloc_zone_t* zone, size_t align, size_t size);
  void (*free_definite_size)(malloc_zone_t* zone, void* ptr, size_t size);
  size_t (*pressure_relief)(malloc_zone_t* zone, size_t goal);
  boolean_t (*claimed_address)(malloc_zone_t* zone, void* ptr);
};

extern "C" {
malloc_zone_t* malloc_default_purgeable_zone();
void malloc_zone_register(malloc_zone_t* zone);
void malloc_zone_unregister(malloc_zone_t* zone);
kern_return_t malloc_get_all_zones(task_t task, memory_reader_t reader,
                                   vm_address_t** zones, unsigned* count);
void* reallocf(void* ptr, size_t size);
}
