/*
 * percpu.h - the host's stand-in: a thread is a core with the number shim_cpu; all share the one
 * copy of per-CPU data.
 */
#pragma once

#include_next "arm/percpu.h"

extern _Thread_local unsigned int shim_cpu;

#define cpu_id() (shim_cpu)
