// What macos_zone.cpp asks of macOS's <mach/mach.h>, for systems without it.
#pragma once

#include <stdint.h>

typedef int boolean_t;
typedef int kern_return_t;
typedef unsigned task_t;
typedef uintptr_t vm_address_t;
typedef uintptr_t vm_size_t;

constexpr kern_return_t KERN_SUCCESS = 0;
inline task_t mach_task_self() { return 1; }
