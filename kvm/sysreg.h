/*
 * sysreg.h - the table of a guest's system registers (sysreg.def), for the trap, KVM_GET_ONE_REG
 * and the reset.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kvm/kvm.h"

enum sysreg_what {
	VM,
	PLAIN,
	DEBUG,
	HIDDEN,
	PAUTH,
	RAZ_WI,
	RAZ,
	MACHINE,
	ACTLR,
	CCSIDR,
	CLIDR,
	CTR,
	LORS,
	OSLAR,
	OSLSR,
	SET_WAY,
	TIMER_CNT,
	TIMER_TVAL,
	TIMER_CTL,
	TIMER_CVAL,
};

/* sysreg.where: an offset in struct el2_vcpu; from SLOT_KEPT on, in struct kvm_kept */
#define SLOT_KEPT 0x8000
#define NOWHERE	  0xffff

struct sysreg {
	uint16_t enc; /* SYSREG_ENC */
	uint16_t where;
	uint32_t what; /* enum sysreg_what */
	uint64_t reset;
};

extern const struct sysreg sysregs[];
extern const size_t nr_sysregs;

/* sysreg_find - the row of @enc, or NULL. */
const struct sysreg *sysreg_find(uint32_t enc);
/* sysreg_machine - what the core says: MACHINE. */
uint64_t sysreg_machine(uint32_t enc);
/* sysreg_slot - where @v's value of @r is; NULL: nowhere, or @v does not have the register. */
uint64_t *sysreg_slot(struct kvm_vcpu *v, const struct sysreg *r);
/*
 * kvm_sysreg_access - the guest reads @enc (SYSREG_ENC) into @value, or writes that.
 * Return: false: it is undefined to the guest.  May sleep.
 */
bool kvm_sysreg_access(struct kvm_vcpu *v, uint32_t enc, bool write, uint64_t *value) __must_check;
/* sysreg_reset - each has its value of a reset. */
void sysreg_reset(struct kvm_vcpu *v);
