/*
 * vgic_v2.c - the list registers of a GICv2 (GICH), which the kernel writes itself.
 *
 * In struct el2_vcpu a guest's interface looks like a GICv3's, for both; here it is packed for the
 * hardware and unpacked again.  The fields have the same order, so that three shifts do.
 * Each core has its own GICH at the same address: interrupts stay masked from load to save.
 */
#include "arm/barrier.h"
#include "arm/mmio.h"
#include "drivers/irq.h"
#include "kvm/vgic.h"

static volatile struct gich *gich;

/* A GICH_LR: HW, group, state, five bits of priority, ten of each number. */
static uint32_t pack_lr(uint64_t lr)
{
	return (uint32_t)((lr & ICH_LR_HW) >> 61 << 31 | (lr & ICH_LR_GROUP1) >> 60 << 30 |
			  lr >> 62 << 28 | (lr >> (ICH_LR_PRIORITY + 3) & 0x1f) << 23 |
			  (lr >> ICH_LR_PHYSICAL & 0x3ff) << 10 | (lr & 0x3ff));
}

/* Its state and sender, with what @lr had besides. */
static uint64_t unpack_lr(uint64_t lr, uint32_t hw)
{
	return (lr & ~(ICH_LR_ACTIVE | ICH_LR_PENDING | UINT64_C(7) << ICH_LR_PHYSICAL)) |
	       (uint64_t)(hw >> 28 & 3) << 62 | (uint64_t)(hw >> 10 & 7) << ICH_LR_PHYSICAL;
}

unsigned int vgic_v2_lrs(void)
{
	uint32_t vtr;

	gich = irq_virt()->gich;
	vtr = mmio_read32(&gich->vtr);
	return min((vtr & GICH_VTR_ListRegs) + 1, (uint32_t)EL2_LRS);
}

void vgic_v2_load(struct el2_vcpu *ctx)
{
	volatile struct gich *h = gich;

	mmio_write32(&h->vmcr, (uint32_t)ctx->ich_vmcr);
	mmio_write32(&h->apr, (uint32_t)ctx->ap0r[0]);
	for (unsigned int i = 0; i < ctx->nr_lrs; i++)
		mmio_write32(&h->lr[i], pack_lr(ctx->lr[i]));
	/* Nothing of TDIR here: those bits are reserved. */
	mmio_write32(&h->hcr, (uint32_t)ctx->ich_hcr & 0xff);
	/* In the GIC before the guest runs. */
	dsb(sy);
}

void vgic_v2_save(struct el2_vcpu *ctx)
{
	volatile struct gich *h = gich;

	ctx->ich_hcr = mmio_read32(&h->hcr); /* EOIcount */
	ctx->ich_vmcr = mmio_read32(&h->vmcr);
	ctx->ap0r[0] = mmio_read32(&h->apr);
	for (unsigned int i = 0; i < ctx->nr_lrs; i++) {
		ctx->lr[i] = unpack_lr(ctx->lr[i], mmio_read32(&h->lr[i]));
		/* Another guest with fewer does not write it. */
		mmio_write32(&h->lr[i], 0);
	}
	/* Last: its maintenance interrupt goes with it, before the kernel lets interrupts in. */
	mmio_write32(&h->hcr, 0);
}
