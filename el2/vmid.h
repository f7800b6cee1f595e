/*
 * vmid.h - which VM has which VMID: 255 of them at once, those that run among them.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

struct el2_vm;

/* el2_vmid_free - one that no VM has, or 0.  el2_memory_lock, as the two below. */
uint32_t el2_vmid_free(void) __must_check;
/* el2_vmid_set - it is @vm's.  el2_vmid_drop - @vm, of which nothing is in any TLB, is no more. */
void el2_vmid_set(struct el2_vm *vm, uint32_t vmid);
void el2_vmid_drop(struct el2_vm *vm);
/*
 * el2_vmid_hold - the vcpu @handle of @vm, which has been claimed, runs on this core next, whose
 * @vm->last is @last: @vm has a VMID then, and keeps it as long as it runs.  Takes el2_memory_lock.
 */
void el2_vmid_hold(struct el2_vm *vm, uint32_t *last, uint32_t handle);
