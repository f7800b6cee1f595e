/*
 * vgic_cpuif.c - a vcpu's CPU interface, beside its list registers: the registers of a GICv3
 * (ICC_*_EL1) that trap or that a VMM saves, and those of a GICv2 that it saves.
 *
 * Most of them are fields of ICH_VMCR_EL2, which the guest has in the core: one table says which.
 */
#include "abi/errno.h"
#include "kvm/kvm.h"
#include "kvm/vgic.h"

/* Offsets of a GICv2's. */
#define GICC_CTLR    0x00
#define GICC_PMR     0x04
#define GICC_BPR     0x08
#define GICC_ABPR    0x1c

#define ICC_PMR	     SYSREG_ENC(3, 0, 4, 6, 0)
#define ICC_BPR0     SYSREG_ENC(3, 0, 12, 8, 3)
#define ICC_AP0R0    SYSREG_ENC(3, 0, 12, 8, 4)
#define ICC_AP1R3    SYSREG_ENC(3, 0, 12, 9, 3)
#define ICC_DIR	     SYSREG_ENC(3, 0, 12, 11, 1)
#define ICC_SGI1R    SYSREG_ENC(3, 0, 12, 11, 5)
#define ICC_ASGI1R   SYSREG_ENC(3, 0, 12, 11, 6)
#define ICC_SGI0R    SYSREG_ENC(3, 0, 12, 11, 7)
#define ICC_BPR1     SYSREG_ENC(3, 0, 12, 12, 3)
#define ICC_CTLR     SYSREG_ENC(3, 0, 12, 12, 4)
#define ICC_SRE	     SYSREG_ENC(3, 0, 12, 12, 5)
#define ICC_IGRPEN0  SYSREG_ENC(3, 0, 12, 12, 6)
#define ICC_IGRPEN1  SYSREG_ENC(3, 0, 12, 12, 7)

/* Nothing but system registers. */
#define ICC_SRE_ONLY (ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB)

/* ---- ICH_VMCR's fields ---- */

/* @bits from @shift on of GICC's register at the offset @reg, or of ICC's encoding @reg. */
static const struct vmcr_field {
	uint16_t reg;
	uint8_t shift, bits;
	uint8_t at; /* in ICH_VMCR */
} vmcr_fields[] = {
	{ GICC_CTLR, 0, 5, 0 }, /* enables, AckCtl, FIQEn, CBPR */
	{ GICC_CTLR, 9, 1, 9 }, /* EOImode */
	{ GICC_PMR, 0, 5, ICH_VMCR_VPMR + 3 },
	{ GICC_BPR, 0, 3, ICH_VMCR_VBPR0 },
	{ GICC_ABPR, 0, 3, ICH_VMCR_VBPR1 },
	{ ICC_PMR, 0, 8, ICH_VMCR_VPMR },
	{ ICC_BPR0, 0, 3, ICH_VMCR_VBPR0 },
	{ ICC_BPR1, 0, 3, ICH_VMCR_VBPR1 },
	{ ICC_CTLR, 0, 1, 4 }, /* CBPR */
	{ ICC_CTLR, 1, 1, 9 }, /* EOImode */
	{ ICC_IGRPEN0, 0, 1, 0 },
	{ ICC_IGRPEN1, 0, 1, 1 },
};

uint64_t vgic_vmcr_read(const struct vgic_cpu *c, uint32_t reg)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(vmcr_fields); i++) {
		const struct vmcr_field *f = &vmcr_fields[i];

		if (f->reg == reg)
			value |= (c->ctx->ich_vmcr >> f->at & (BIT(f->bits) - 1)) << f->shift;
	}
	return value;
}

void vgic_vmcr_write(struct vgic_cpu *c, uint32_t reg, uint64_t value)
{
	uint64_t *vmcr = &c->ctx->ich_vmcr;

	for (unsigned int i = 0; i < ARRAY_SIZE(vmcr_fields); i++) {
		const struct vmcr_field *f = &vmcr_fields[i];
		uint64_t mask = (BIT(f->bits) - 1) << f->at;

		if (f->reg == reg)
			*vmcr = (*vmcr & ~mask) | (value >> f->shift << f->at & mask);
	}
}

/* ---- by the VMM ---- */

/* ICC_CTLR_EL1, but for its two fields: what the interface has. */
static uint64_t ctlr_has(void)
{
	uint64_t vtr = el2_gic_vtr();

	return (vtr >> ICH_VTR_PRIbits & 7) << 8 | (vtr >> ICH_VTR_IDbits & 7) << 11 |
	       (vtr & ICH_VTR_SEIS ? BIT(14) : 0) | (vtr & ICH_VTR_A3V ? BIT(15) : 0);
}

/* A guest must be told of no more than that. */
static bool ctlr_fits(uint64_t ctlr)
{
	uint64_t has = ctlr_has();

	return (ctlr & 0x700) <= (has & 0x700) && (ctlr & 0x3800) <= (has & 0x3800) &&
	       !((ctlr ^ has) & 0xc000);
}

static bool is_apr(uint32_t reg)
{
	return reg >= ICC_AP0R0 && reg <= ICC_AP1R3;
}

/* ICC_APxR<n>: there are as many as there are bits of preemption. */
static int user_apr(struct vgic_cpu *c, uint32_t reg, uint64_t *value, bool write)
{
	unsigned int prebits = (el2_gic_vtr() >> ICH_VTR_PREbits & 7) + 1, n = reg & 3;
	uint64_t *apr = reg < ICC_AP0R0 + 4 ? &c->ctx->ap0r[n] : &c->ctx->ap1r[n];

	if (n >= (prebits <= 5 ? 1U : 1U << (prebits - 5)))
		return -EINVAL;
	if (write)
		*apr = (uint32_t)*value;
	else
		*value = (uint32_t)*apr;
	return 0;
}

bool vgic_sysreg_has(uint32_t reg)
{
	bool has = is_apr(reg) || reg == ICC_SRE;

	for (unsigned int i = 0; i < ARRAY_SIZE(vmcr_fields); i++)
		has |= vmcr_fields[i].reg == reg && reg >= ICC_PMR;
	return has;
}

int vgic_sysreg_user(struct vgic_cpu *c, uint32_t reg, uint64_t *value, bool write)
{
	if (!vgic_sysreg_has(reg))
		return -ENXIO;
	if (is_apr(reg))
		return user_apr(c, reg, value, write);
	if (reg == ICC_SRE) {
		if (!write)
			*value = ICC_SRE_ONLY;
		return write && !(*value & ICC_SRE_SRE) ? -EINVAL : 0;
	}
	/* With CBPR it shows the other, and cannot be written. */
	if (reg == ICC_BPR1 && c->ctx->ich_vmcr & ICH_VMCR_VCBPR) {
		if (!write)
			*value = min((c->ctx->ich_vmcr >> ICH_VMCR_VBPR0 & 7) + 1, UINT64_C(7));
		return 0;
	}
	if (reg == ICC_CTLR && write && !ctlr_fits(*value))
		return -EINVAL;
	if (write)
		vgic_vmcr_write(c, reg, *value);
	else
		*value = vgic_vmcr_read(c, reg) | (reg == ICC_CTLR ? ctlr_has() : 0);
	return 0;
}

/* ---- by the guest ---- */

void vgic_end_active(struct vgic_cpu *c, unsigned int id)
{
	struct vgic *g = c->vgic;
	unsigned long flags = spin_lock_irqsave(&g->lock);
	struct vgic_irq *irq = vgic_find(g, c, id);

	if (irq && irq->active && irq->holder == c && c->ctx->ich_vmcr & ICH_VMCR_VEOIM)
		vgic_set_active(g, irq, false, 0);
	spin_unlock_irqrestore(&g->lock, flags);
}

/* Does @value, written by @c to ICC_SGI1R, name @to? */
static bool names_cpu(const struct vgic_cpu *c, const struct vgic_cpu *to, uint64_t value)
{
	uint32_t cluster = (value >> ICC_SGI1R_AFF3 & 0xff) << 24 |
			   (value >> ICC_SGI1R_AFF2 & 0xff) << 16 |
			   (value >> ICC_SGI1R_AFF1 & 0xff) << 8;
	uint32_t aff0 = to->affinity & 0xff;

	if (value & ICC_SGI1R_IRM)
		return to != c;
	return (to->affinity & ~0xffU) == cluster && aff0 <= 15 && value >> aff0 & 1;
}

/* ICC_SGI1R and its kin: @group1: it may also raise those of group 1. */
static void send_by_affinity(struct vgic_cpu *c, uint64_t value, bool group1)
{
	struct vgic *g = c->vgic;
	unsigned int id = value >> ICC_SGI1R_INTID & 0xf;
	unsigned long flags = spin_lock_irqsave(&g->lock);

	for (unsigned int i = 0; i < g->nr_cpus; i++) {
		struct vgic_cpu *to = g->cpus[i];

		/* There may be 512: others come in between. */
		if (i % 16 == 15) {
			spin_unlock_irqrestore(&g->lock, flags);
			flags = spin_lock_irqsave(&g->lock);
		}
		if (names_cpu(c, to, value) && (group1 || !to->irqs[id].group1))
			vgic_send_sgi(g, to, id, c->id);
	}
	spin_unlock_irqrestore(&g->lock, flags);
}

bool kvm_vgic_sysreg(struct kvm_vcpu *v, uint32_t enc, bool write, uint64_t *value)
{
	if (!v->vgic || v->vgic->vgic->version != 3)
		return false;
	switch (enc) {
	case ICC_SGI1R:
	case ICC_ASGI1R:
	case ICC_SGI0R:
		if (write)
			send_by_affinity(v->vgic, *value, enc == ICC_SGI1R);
		return write;
	case ICC_DIR:
		if (write)
			vgic_end_active(v->vgic, *value & 0xffffff);
		return write;
	case ICC_SRE:
		if (!write)
			*value = ICC_SRE_ONLY;
		return true;
	}
	return false;
}
