/*
 * tlb.h - what of a guest's translations is still in a TLB.
 */
#pragma once

#include <stdint.h>

struct el2_table;
struct el2_vm;

/*
 * el2_tlb_forget - a VM's [@ipa, @ipa + @size), or more, is in no TLB when this returns; what was
 * written to its tables before is what is walked from then on.  @t: the VM's table.
 */
void el2_tlb_forget(struct el2_table *t, uint64_t ipa, uint64_t size);
/* el2_tlb_forget_here - all of @vm's, which has a VMID, is in nothing of this core's. */
void el2_tlb_forget_here(const struct el2_vm *vm);
