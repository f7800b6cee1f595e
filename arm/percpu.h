/*
 * percpu.h - data of which each core has its own copy.
 *
 * DEFINE_PERCPU puts the first core's copy into the section .percpu, which is also the template of
 * the others; TPIDR_EL1 holds the distance from it to this core's copy (0 on the boot core).  The
 * address is right only while the task cannot move to another core: kernel code is not preempted,
 * so until it sleeps.
 */
#pragma once

#include <stdint.h>

#include "arm/sysreg.h"

#define NR_CPUS 8

#ifndef MODULE
#define DEFINE_PERCPU(type, name) __attribute__((section(".percpu"))) __typeof__(type) name
#else /* the template is the kernel's alone: an array of NR_CPUS, by cpu_id(), serves as well */
#define DEFINE_PERCPU(type, name) _Static_assert(0, "a module has no per-CPU data: " #name)
#endif
#define DECLARE_PERCPU(type, name) extern __typeof__(type) name

/* How far each core's copy is from the template; set before the core starts (el1/smp.c). */
extern uintptr_t percpu_offset[NR_CPUS];

static inline uintptr_t this_cpu_offset(void)
{
	return READ_SYSREG(tpidr_el1);
}

#define this_cpu(name)	 (*(__typeof__(name) *)((uintptr_t) & (name) + this_cpu_offset()))
#define per_cpu(name, n) (*(__typeof__(name) *)((uintptr_t) & (name) + percpu_offset[n]))

DECLARE_PERCPU(unsigned int, cpu_number);

/* This core's index: 0 is the boot core, the others in the order of the device tree's /cpus. */
static inline unsigned int cpu_id(void)
{
	return this_cpu(cpu_number);
}
