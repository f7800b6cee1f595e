/*
 * guest.h - virtual machines and vcpus as EL2 keeps them: a page of a chunk each, which the host
 * cannot reach.
 *
 * Locks, in the order in which they are taken: a VM's own (its tables), el2_memory_lock (which
 * handles there are, who holds what).  The tables' pages come and go under both.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/mpidr.h"
#include "el2/lock.h"
#include "el2/switch.h"
#include "el2/table.h"

/* Pages of one 2 MiB block that have left a guest's tables. */
struct el2_run_of_pages {
	uint32_t block, pages;
};

struct el2_vm {
	struct el2_table table; /* lock */
	struct el2_lock lock;
	uint32_t handle;
	uint32_t users; /* vcpus, and calls under way; el2_memory_lock */
	uint32_t root_order;
	uint32_t user;		    /* in whose chunks it lies */
	uint64_t mapped;	    /* pages; lock */
	struct el2_regime regime;   /* its VMID (el2/vmid.h) may be 0: then it does not run */
	struct el2_vcpu_own *vcpus; /* all of them; el2_memory_lock */
	/* Handle of the vcpu that ran last on a core, set there; any may clear it (el2/vmid.c). */
	uint32_t last[MPIDR_SLOTS];
	struct el2_run_of_pages gone[64]; /* unmap's; lock */
};

_Static_assert(sizeof(struct el2_vm) <= EL2_PAGE, "one page");

/* A vcpu's own side: what the host's page cannot change. */
struct el2_vcpu_own {
	struct el2_vm *vm;
	struct el2_vcpu *page;	   /* el2_see()n */
	struct el2_vcpu_own *next; /* of the VM's */
	uint32_t handle;
};

/* el2_guest_call - one of arm/el2call.h's calls, but EL2_RUN: x0, its answer. */
int64_t el2_guest_call(uint32_t fn, const uint64_t x[5]);
/* el2_vm_get - the VM, in use until el2_vm_put; NULL: there is none.  Takes el2_memory_lock. */
struct el2_vm *el2_vm_get(uint64_t handle);
void el2_vm_put(struct el2_vm *vm);
