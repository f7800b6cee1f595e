/*
 * percpu.c - the data that arm/percpu.h needs of its own.
 */
#include "arm/percpu.h"

#include "lib/export.h"

uintptr_t percpu_offset[NR_CPUS];
EXPORT(percpu_offset);
DEFINE_PERCPU(unsigned int, cpu_number);
EXPORT(cpu_number);
