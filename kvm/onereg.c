/*
 * onereg.c - a vcpu's registers by number: KVM_GET_ONE_REG, KVM_SET_ONE_REG, KVM_GET_REG_LIST.
 *
 * The numbers, their order in the list and the errors are Linux 6.12's.  A number is hostile: it is
 * looked up, and never an offset before its range and size have been checked.
 */
#include <stddef.h>

#include "abi/errno.h"
#include "abi/kvm.h"
#include "arm/levels.h"
#include "arm/sysreg.h"
#include "kvm/firmware.h"
#include "kvm/idreg.h"
#include "kvm/kvm.h"
#include "kvm/sysreg.h"
#include "lib/string.h"
#include "lib/util.h"
#include "mm/uaccess.h"

#define REG_SIZE(id)  ((size_t)1 << (((id)&KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT))
#define REG_KIND(id)  ((id)&KVM_REG_ARM_COPROC_MASK)
#define CORE(member)  (offsetof(struct kvm_regs, member) / sizeof(uint32_t))
#define CORE_WORDS    (sizeof(struct kvm_regs) / sizeof(uint32_t))
#define PSR_AA32_MODE 0x1f
#define PSR_AA32_USR  0x10
#define SVE_REG_SIZE  256
#define OSLSR_OSLK    SYSREG_BIT(1)

/* The VMM's size of a register goes up to 2048 bytes; ours do not. */
union value {
	uint64_t u64;
	uint32_t u32;
	uint64_t u128[2];
};

/* ---- core registers, by their place in struct kvm_regs ---- */

/* slot_of_64 - where the register of 64 bits at @word is, an even one up to spsr[4]. */
static uint64_t *slot_of_64(struct kvm_vcpu *v, uint64_t word)
{
	struct el2_vcpu *c = v->ctx;

	if (word < CORE(sp))
		return &c->x[word / 2];
	switch (word) {
	case CORE(sp): return &c->sys[EL2_SP_EL0];
	case CORE(pc): return &c->pc;
	case CORE(pstate): return &c->pstate;
	case CORE(sp_el1): return &c->sys[EL2_SP_EL1];
	case CORE(elr_el1): return &c->sys[EL2_ELR];
	case CORE(spsr[0]): return &c->sys[EL2_SPSR];
	default: return &v->kept.spsr[(word - CORE(spsr[1])) / 2];
	}
}

static bool is_of_64(uint64_t word)
{
	return word <= CORE(spsr[4]) && word % 2 == 0;
}

/* core_slot - where register @word is, and its size in @size; NULL: there begins none. */
static void *core_slot(struct kvm_vcpu *v, uint64_t word, size_t *size)
{
	uint64_t n = word - CORE(fp_regs);

	if (is_of_64(word)) {
		*size = sizeof(uint64_t);
		return slot_of_64(v, word);
	}
	*size = sizeof(uint32_t);
	if (word == CORE(fp_regs.fpsr))
		return &v->fp.fpsr;
	if (word == CORE(fp_regs.fpcr))
		return &v->fp.fpcr;
	*size = sizeof(__uint128_t);
	return n % 4 == 0 && n / 4 < 32 ? &v->fp.v[n / 2] : NULL;
}

/* What may be written as PSTATE's mode: EL0's and EL1's, and user mode of AArch32 where it is. */
static bool mode_fits(const struct kvm_vcpu *v, uint64_t pstate)
{
	switch (pstate & PSR_AA32_MODE) {
	case PSR_MODE_EL0t:
	case PSR_MODE_EL1t:
	case PSR_MODE_EL1h: return true;
	case PSR_AA32_USR:
		return (v->vm->id_regs[kvm_idreg_index(SYSREG_ENC(3, 0, 0, 4, 0))] & 0xf) == 2;
	default: return false;
	}
}

static int core_reg(struct kvm_vcpu *v, uint64_t id, union value *value, bool set)
{
	uint64_t word = id & ~(KVM_REG_ARM64 | KVM_REG_SIZE_MASK | KVM_REG_ARM_CORE);
	size_t size = 0;
	void *slot;

	if (word >= CORE_WORDS || word + REG_SIZE(id) / sizeof(uint32_t) >= CORE_WORDS)
		return -ENOENT;
	slot = core_slot(v, word, &size);
	if (!slot || size != REG_SIZE(id))
		return -EINVAL;
	if (!set) {
		memcpy(value, slot, size);
		return 0;
	}
	if (word == CORE(pstate) && !mode_fits(v, value->u64))
		return -EINVAL;
	memcpy(slot, value, size);
	/* in AArch32 a general register has 32 bits */
	for (unsigned int i = 0; v->ctx->pstate & PSR_nRW && i < 15; i++)
		v->ctx->x[i] &= 0xffffffff;
	return 0;
}

/* ---- system registers ---- */

static int kept_reg(struct kvm_vcpu *v, const struct sysreg *r, uint64_t *value, bool set)
{
	uint64_t *slot = sysreg_slot(v, r);

	if (!slot)
		return -ENOENT;
	if (!set) {
		*value = *slot;
		return 0;
	}
	if (r->what == OSLSR && (*value ^ r->reset) & ~OSLSR_OSLK)
		return -EINVAL;
	if (r->what == CLIDR && !kvm_clidr_fits(v->vm->ctr, *value))
		return -EINVAL;
	*slot = *value;
	return 0;
}

static int system_reg(struct kvm_vcpu *v, uint64_t id, union value *value, bool set)
{
	uint32_t enc = id & 0xffff;
	const struct sysreg *r;

	if (id != (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG | enc))
		return -ENOENT;
	if (kvm_is_idreg(enc)) {
		if (set)
			return kvm_locked(v->vm, kvm_idreg_set(v->vm, enc, value->u64));
		value->u64 = v->vm->id_regs[kvm_idreg_index(enc)];
		return 0;
	}
	r = sysreg_find(enc);
	if (!r)
		return -ENOENT;
	if (r->what == MACHINE && set)
		return value->u64 == sysreg_machine(enc) ? 0 : -EINVAL;
	if (r->what == MACHINE) {
		value->u64 = sysreg_machine(enc);
		return 0;
	}
	if (r->what != CTR)
		return kept_reg(v, r, &value->u64, set);
	if (set)
		return kvm_locked(v->vm, kvm_ctr_set(v->vm, value->u64));
	value->u64 = v->vm->ctr;
	return 0;
}

/* CCSIDR_EL1, one for each cache that CSSELR_EL1 can name. */
static int demux_reg(struct kvm_vcpu *v, uint64_t id, union value *value, bool set)
{
	uint64_t cache = id & KVM_REG_ARM_DEMUX_VAL_MASK;

	if (id != (KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX | cache) ||
	    cache >= ARRAY_SIZE(v->kept.ccsidr))
		return -ENOENT;
	if (!set)
		value->u32 = v->kept.ccsidr[cache];
	else if ((value->u32 & 7) < kvm_ccsidr_least((unsigned int)cache))
		return -EINVAL;
	else
		v->kept.ccsidr[cache] = value->u32;
	return 0;
}

/* ---- timers: CVAL and CNT of the virtual one are swapped, for good ---- */

static const struct timer_reg {
	uint64_t id;
	bool physical;
	enum kvm_timer_reg reg;
} timer_regs[] = {
	{ KVM_REG_ARM_TIMER_CTL, false, KVM_TIMER_CTL },
	{ KVM_REG_ARM_TIMER_CNT, false, KVM_TIMER_CNT },
	{ KVM_REG_ARM_TIMER_CVAL, false, KVM_TIMER_CVAL },
	{ KVM_REG_ARM_PTIMER_CTL, true, KVM_TIMER_CTL },
	{ KVM_REG_ARM_PTIMER_CNT, true, KVM_TIMER_CNT },
	{ KVM_REG_ARM_PTIMER_CVAL, true, KVM_TIMER_CVAL },
};

static const struct timer_reg *timer_reg_find(uint64_t id)
{
	for (size_t i = 0; i < ARRAY_SIZE(timer_regs); i++)
		if (timer_regs[i].id == id)
			return &timer_regs[i];
	return NULL;
}

/* ---- the calls ---- */

static int one_reg(struct kvm_vcpu *v, uint64_t id, union value *value, bool set)
{
	const struct timer_reg *t;

	switch (REG_KIND(id)) {
	case KVM_REG_ARM_CORE: return core_reg(v, id, value, set);
	case KVM_REG_ARM_FW:
	case KVM_REG_ARM_FW_FEAT_BMAP: return kvm_firmware_reg(v, id, &value->u64, set);
	case KVM_REG_ARM_DEMUX: return demux_reg(v, id, value, set);
	case KVM_REG_ARM64_SVE: return REG_SIZE(id) == SVE_REG_SIZE ? -ENOENT : -EINVAL;
	case KVM_REG_ARM64_SYSREG: break;
	default: return -ENOENT;
	}
	t = (id & 0x7f80) == (KVM_REG_ARM_TIMER_CTL & 0x7f80) ? timer_reg_find(id) : NULL;
	if (!t)
		return system_reg(v, id, value, set);
	if (set)
		kvm_timer_set(v, t->physical, t->reg, value->u64);
	else
		value->u64 = kvm_timer_get(v, t->physical, t->reg);
	return 0;
}

static bool is_arm64(uint64_t id)
{
	return (id & ~KVM_REG_SIZE_MASK) >> 32 == KVM_REG_ARM64 >> 32;
}

int kvm_get_reg(struct kvm_vcpu *v, uint64_t id, uptr to)
{
	union value value = { .u128 = { 0, 0 } };
	uint64_t word = id - KVM_REG_CORE(KVM_REG_SIZE_U64, regs[0]);
	int error;

	/* a VMM reads most of all x0 and so on, and PC */
	if (is_of_64(word))
		return put_user(*slot_of_64(v, word), to);
	error = is_arm64(id) ? one_reg(v, id, &value, false) : -EINVAL;

	if (error)
		return error;
	if (REG_SIZE(id) == sizeof(uint64_t))
		return put_user(value.u64, to);
	return copy_to_user(to, &value, REG_SIZE(id)) ? -EFAULT : 0;
}

int kvm_set_reg(struct kvm_vcpu *v, uint64_t id, uptr from)
{
	union value value;

	if (!is_arm64(id))
		return -EINVAL;
	/* Does it fit, and can it be read?  If not: is there one at all? */
	if (REG_SIZE(id) > sizeof(value) || copy_from_user(&value, from, REG_SIZE(id))) {
		int error = one_reg(v, id, &value, false);

		return error ? error : -EFAULT;
	}
	return one_reg(v, id, &value, true);
}

/* ---- the list ---- */

struct list {
	uptr to; /* the next number's place; null: they are counted alone */
	uint64_t n;
	int error;
};

static void list_reg(struct list *l, uint64_t id)
{
	l->n++;
	if (uptr_is_null(l->to) || l->error)
		return;
	l->error = put_user(id, l->to);
	l->to = uptr_add(l->to, sizeof(id));
}

static void list_core(struct list *l)
{
	for (uint64_t word = 0; word <= CORE(spsr[4]); word += 2)
		list_reg(l, KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | word);
	for (uint64_t n = 0; n < 32; n++)
		list_reg(l, KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE |
				    (CORE(fp_regs) + 4 * n));
	list_reg(l, KVM_REG_CORE(KVM_REG_SIZE_U32, fp_regs.fpsr));
	list_reg(l, KVM_REG_CORE(KVM_REG_SIZE_U32, fp_regs.fpcr));
}

static void list_sysreg(struct list *l, uint32_t enc)
{
	list_reg(l, KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG | enc);
}

static void list_sysregs(struct kvm_vcpu *v, struct list *l)
{
	for (size_t i = 0; i < nr_sysregs; i++)
		if (sysregs[i].what == MACHINE)
			list_sysreg(l, sysregs[i].enc);
	for (size_t i = 0; i < nr_sysregs; i++) {
		const struct sysreg *r = &sysregs[i];

		if (sysreg_slot(v, r) || r->what == CTR)
			list_sysreg(l, r->enc);
		if (r->enc != SYSREG_ENC(3, 0, 0, 0, 5))
			continue;
		for (uint32_t n = 0; n < 7 * 8; n++)
			list_sysreg(l, SYSREG_ENC(3, 0, 0, 1, 0) + n);
	}
}

static void list_all(struct kvm_vcpu *v, struct list *l)
{
	list_core(l);
	kvm_firmware_list(list_reg, l);
	for (size_t i = 0; i < ARRAY_SIZE(timer_regs); i++)
		list_reg(l, timer_regs[i].id);
	list_sysregs(v, l);
	for (uint64_t n = 0; n < ARRAY_SIZE(v->kept.ccsidr); n++)
		list_reg(l, KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX | n);
}

int kvm_get_reg_list(struct kvm_vcpu *v, uptr list)
{
	struct list l = { .to = uptr_of(0) };
	uint64_t room;

	if (get_user(room, list))
		return -EFAULT;
	list_all(v, &l);
	if (put_user(l.n, list))
		return -EFAULT;
	if (room < l.n)
		return -E2BIG;
	l = (struct list){ .to = uptr_add(list, offsetof(struct kvm_reg_list, reg)) };
	list_all(v, &l);
	return l.error;
}
