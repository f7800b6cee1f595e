/*
 * el2.h - the calls to el2/ (arm/el2call.h) as the files of kvm/ make them: 0, or -ENOMEM, -EINVAL.
 *
 * EL2 gets memory where it is short of it: what makes or maps something may sleep, and charges its
 * struct el2_payer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/el2call.h"

struct charge;

/*
 * For whose VM EL2 gets memory: it lies in chunks for that user's VMs alone, and @charge pays for a
 * chunk that is donated for it; NULL: nobody does.
 */
struct el2_payer {
	uint32_t user; /* not UINT32_MAX */
	struct charge *charge;
};

/*
 * el2_init - at boot, before other cores come up; again it only tells: 0, or -ENODEV: there is no
 * el2/, or it cannot.  el2_init_cpu - on each of those cores.
 */
int el2_init(void) __must_check;
void el2_init_cpu(void);
/*
 * el2_guesses - what this core is to do when a guest leaves it, from el2_init_cpu on (EL2_GUESSES,
 * arm/el2call.h).  By el1/spectre.c, which knows the core.
 */
void el2_guesses(enum el2_guesses how, uint32_t branches);
unsigned int el2_ipa_bits(void); /* the most that a guest may have; 0: el2_init failed */
uint64_t el2_gic_vtr(void);	 /* ICH_VTR_EL2; 0: el2/ knows no GICv3 */
/* el2_is_coherent - a guest's caches are never off (FEAT_S2FWB): nothing is flushed for it. */
bool el2_is_coherent(void);
/* el2_vm_create - the VM's number, or -errno. */
int el2_vm_create(unsigned int ipa_bits, struct el2_payer payer) __must_check;
/* It has no vcpu, and nothing is mapped any more. */
void el2_vm_destroy(int vm);
/* el2_vcpu_create - its number, or -errno; @page: a page of its own, of the linear map. */
int el2_vcpu_create(int vm, struct el2_payer payer, struct el2_vcpu *page) __must_check;
/* It does not run. */
void el2_vcpu_destroy(int vcpu);
/* Interrupts masked. */
enum el2_exit el2_run(int vcpu);
/*
 * @flags: EL2_MAP_*; @size: EL2_PAGE or EL2_BLOCK.  What is mapped there otherwise goes first (of a
 * block the whole).  May sleep.
 */
int el2_map(int vm, struct el2_payer payer, uint64_t ipa, uint64_t pa, uint64_t size,
	    uint64_t flags) __must_check;
/* Any length; gives way. */
void el2_unmap(int vm, uint64_t ipa, uint64_t size);
void el2_protect(int vm, uint64_t ipa, uint64_t size);
