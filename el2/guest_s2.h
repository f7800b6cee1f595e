/*
 * guest_s2.h - a VM's stage 2.  Calls that the host asks for: they check their arguments, take the
 * VM's lock, and answer what the call's x0 becomes.
 */
#pragma once

#include "el2/guest.h"

/* el2_s2_init - @vm's tables, for @ipa_bits.  Return: 0 or -ENOMEM.  Under el2_memory_lock. */
int el2_s2_init(struct el2_vm *vm, unsigned int ipa_bits) __must_check;
/*
 * el2_s2_destroy - they are empty: the tables go, also from the TLBs.  Under el2_memory_lock.
 * Return: true; false: there are more of them, call again.
 */
bool el2_s2_destroy(struct el2_vm *vm);
int64_t el2_s2_map(struct el2_vm *vm, uint64_t ipa, uint64_t pa, uint64_t size_flags);
int64_t el2_s2_unmap(struct el2_vm *vm, uint64_t ipa, uint64_t size);
int64_t el2_s2_protect(struct el2_vm *vm, uint64_t ipa, uint64_t size);
void el2_s2_flush(struct el2_vm *vm);
