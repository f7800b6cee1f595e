/*
 * sysreg.c - the system registers of a guest: what a trapped MRS or MSR (EC 0x18) does.
 *
 * What the table (sysreg.def) does not know is undefined for the guest: also a PMU's, SVE's and
 * debuggers' registers, which el2/ makes trap because the guest does not have them.  Most registers
 * never come here: the guest has its own in the core.
 */
#include "kvm/sysreg.h"

#include "arm/id.h"
#include "arm/levels.h"
#include "arm/sysreg.h"
#include "kvm/idreg.h"
#include "lib/util.h"

#define UNKNOWN	     UINT64_C(0x1de7ec7edbadc0de) /* Linux's, for what is left open */
#define SCTLR_RESET  UINT64_C(0xc50078)
#define OSLSR_OSLM   SYSREG_BIT(3) /* the OS lock is there */
#define OSLSR_OSLK   SYSREG_BIT(1) /* and taken */
#define OSLAR_OSLK   SYSREG_BIT(0)
#define MMFR1_LO     16
#define CSSELR_CACHE 0xf

/* ICC_*_EL1: the interface of a GICv3 */
#define ICC_PMR_EL1  SYSREG_ENC(3, 0, 4, 6, 0)
#define ICC_FIRST    SYSREG_ENC(3, 0, 12, 8, 0)
#define ICC_LAST     SYSREG_ENC(3, 0, 12, 12, 7)
#define LORID_EL1    SYSREG_ENC(3, 0, 10, 4, 7)

const struct sysreg sysregs[] = {
#define REG(op0, op1, crn, crm, op2, what, where, reset) \
	{ SYSREG_ENC(op0, op1, crn, crm, op2), where, what, reset },
#include "kvm/sysreg.def"
};
const size_t nr_sysregs = ARRAY_SIZE(sysregs);

const struct sysreg *sysreg_find(uint32_t enc)
{
	size_t low = 0, high = nr_sysregs;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sysregs[middle].enc == enc)
			return &sysregs[middle];
		if (sysregs[middle].enc < enc)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

uint64_t sysreg_machine(uint32_t enc)
{
	switch (enc) {
	case SYSREG_ENC(3, 0, 0, 0, 0): return READ_SYSREG(midr_el1);
	case SYSREG_ENC(3, 0, 0, 0, 6): return READ_SYSREG(revidr_el1);
	default: return READ_SYSREG(aidr_el1);
	}
}

uint64_t *sysreg_slot(struct kvm_vcpu *v, const struct sysreg *r)
{
	char *base = (char *)v->ctx;
	size_t offset = r->where;

	if (offset == NOWHERE || (r->what == PAUTH && !(v->ctx->flags & EL2_RUN_PAUTH)))
		return NULL;
	if (offset >= SLOT_KEPT) {
		base = (char *)&v->kept;
		offset -= SLOT_KEPT;
	}
	return (uint64_t *)(void *)(base + offset);
}

/* As Linux numbers them: sixteen to a level-0 group, which is what an SGI of a GICv3 can name. */
static uint64_t reset_mpidr(unsigned int id)
{
	return SYSREG_BIT(31) | (id & 0xf) | (uint64_t)(id >> 4 & 0xff) << 8 |
	       (uint64_t)(id >> 12 & 0xff) << 16;
}

void sysreg_reset(struct kvm_vcpu *v)
{
	for (size_t i = 0; i < nr_sysregs; i++) {
		uint64_t *slot = sysreg_slot(v, &sysregs[i]);

		if (slot)
			*slot = sysregs[i].reset;
	}
	v->ctx->mpidr = reset_mpidr(v->id);
	v->kept.clidr = kvm_clidr(v->vm->ctr);
}

static bool caches_on(const struct kvm_vcpu *v)
{
	return (v->ctx->sys[EL2_SCTLR] & (SCTLR_M | SCTLR_C)) == (SCTLR_M | SCTLR_C);
}

/*
 * What a guest writes with its caches off is in memory, and what the host or another of its vcpus
 * has cached of the same lines is not: both have to agree at the moment when the caches go on or
 * off.  Until they are on, writes to the registers that do it trap; after that a set/way operation,
 * which comes before they are turned off (by firmware and kexec), makes them trap again.
 */
static void write_vm_register(struct kvm_vcpu *v, uint64_t *slot, uint64_t value)
{
	bool were_on = caches_on(v), are_on;

	*slot = value;
	are_on = caches_on(v);
	if (are_on != were_on)
		kvm_memory_flush(v->vm);
	if (are_on)
		v->ctx->hcr &= ~HCR_TVM;
}

static void set_way(struct kvm_vcpu *v)
{
	if (v->ctx->hcr & HCR_TVM)
		return;
	kvm_memory_flush(v->vm);
	v->ctx->hcr |= HCR_TVM;
}

static void timer_access(struct kvm_vcpu *v, enum kvm_timer_reg reg, bool write, uint64_t *value)
{
	if (write)
		kvm_timer_set(v, true, reg, *value);
	else
		*value = kvm_timer_get(v, true, reg);
}

static void read_ccsidr(struct kvm_vcpu *v, uint64_t *value)
{
	unsigned int cache = v->kept.csselr & CSSELR_CACHE;

	/* where there can be no such cache the register keeps what it has, as under Linux */
	if (cache < ARRAY_SIZE(v->kept.ccsidr))
		*value = v->kept.ccsidr[cache];
}

/* A register that lies somewhere; @value: what is written, or gets what is read. */
static void access_slot(struct kvm_vcpu *v, const struct sysreg *r, bool write, uint64_t *value)
{
	uint64_t *slot = sysreg_slot(v, r);

	if (!write)
		*value = *slot;
	else if (r->what == VM)
		write_vm_register(v, slot, *value);
	else
		*slot = *value;
	if (write && r->what == DEBUG)
		v->debug_dirty = true;
}

/* False: it is undefined. */
static bool access_sysreg(struct kvm_vcpu *v, const struct sysreg *r, bool write, uint64_t *value)
{
	switch ((enum sysreg_what)r->what) {
	case VM:
	case PLAIN:
	case DEBUG: access_slot(v, r, write, value); return true;
	case HIDDEN:
	case PAUTH: return false;
	case LORS:
		if (!ID_FIELD(id_aa64mmfr1_el1, MMFR1_LO) || (write && r->enc == LORID_EL1))
			return false;
		/* fall through */
	case RAZ_WI: *value = 0; return true;
	case RAZ: *value = 0; return !write;
	case MACHINE: *value = sysreg_machine(r->enc); return !write;
	case ACTLR: *value = v->kept.actlr; return true;
	case CLIDR: *value = v->kept.clidr; return !write;
	case CTR: *value = v->vm->ctr; return !write;
	case OSLSR: *value = v->kept.oslsr; return !write;
	case CCSIDR: read_ccsidr(v, value); return !write;
	case OSLAR:
		if (write)
			v->kept.oslsr = OSLSR_OSLM | (*value & OSLAR_OSLK ? OSLSR_OSLK : 0);
		return write;
	case SET_WAY:
		if (write)
			set_way(v);
		return write;
	case TIMER_CNT: *value = kvm_timer_get(v, true, KVM_TIMER_CNT); return !write;
	case TIMER_TVAL: timer_access(v, KVM_TIMER_TVAL, write, value); return true;
	case TIMER_CTL: timer_access(v, KVM_TIMER_CTL, write, value); return true;
	case TIMER_CVAL: timer_access(v, KVM_TIMER_CVAL, write, value); return true;
	}
	return false;
}

static bool is_icc(uint32_t enc)
{
	return enc - ICC_FIRST <= ICC_LAST - ICC_FIRST || enc == ICC_PMR_EL1;
}

bool kvm_sysreg_access(struct kvm_vcpu *v, uint32_t enc, bool write, uint64_t *value)
{
	const struct sysreg *r;

	if (kvm_is_idreg(enc)) {
		*value = v->vm->id_regs[kvm_idreg_index(enc)];
		return !write;
	}
	if (is_icc(enc))
		return kvm_vgic_sysreg(v, enc, write, value);
	r = sysreg_find(enc);
	return r && access_sysreg(v, r, write, value);
}

/*
 * An MRS with op0 3, op1 0, CRn 0, CRm 0-7, in the syndrome's own places: a kernel reads some forty
 * of them on each core, so they do not go through the table.
 */
#define ISS_ID_FIELDS (SYSREG_FIELD(3, 20) | SYSREG_FIELD(0x7f, 10) | SYSREG_FIELD(1, 4) | 1)
#define ISS_ID_READ   (SYSREG_FIELD(3, 20) | 1)

static unsigned int id_index(uint64_t esr)
{
	return (esr & ISS_ID_FIELDS) == ISS_ID_READ ? (esr >> 1 & 7) << 3 | (esr >> 17 & 7) : 0;
}

int kvm_sysreg_trap(struct kvm_vcpu *v)
{
	uint64_t esr = v->ctx->esr;
	unsigned int rt = ESR_SYS64_RT(esr), id = id_index(esr);
	uint64_t value = kvm_get_x(v, rt);
	bool write = !ESR_SYS64_READ(esr);

	if (likely(id >= 8)) {
		kvm_set_x(v, rt, v->vm->id_regs[id]);
		kvm_skip(v);
		return KVM_RESUME;
	}
	if (!kvm_sysreg_access(v, ESR_SYS64_ENC(esr), write, &value)) {
		kvm_inject_undef(v);
		return KVM_RESUME;
	}
	if (!write)
		kvm_set_x(v, rt, value);
	kvm_skip(v);
	return KVM_RESUME;
}
