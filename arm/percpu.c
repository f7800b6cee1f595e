/*
 * percpu.c - the data that arm/percpu.h needs of its own.
 */
#include "arm/percpu.h"

uintptr_t percpu_offset[NR_CPUS];
DEFINE_PERCPU(unsigned int, cpu_number);
