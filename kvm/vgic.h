/*
 * vgic.h - a guest's interrupt controller, as the files of kvm/ that are it share it.
 *
 * An interrupt is raised by a device of the VMM's (device), a timer (timer), a register (mmio) or
 * another vcpu; vgic.c, the state machine, knows for which vcpu it is and puts the most urgent ones
 * into that one's list registers before it runs; v2 and v3 are the hardware's side of that.
 *
 * Everything in a struct vgic that may change while vcpus run is under vgic->lock (irqsave): also
 * an eventfd's wake-up raises interrupts.  kvm_kick is called under it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/el2call.h"
#include "arm/gic.h"
#include "arm/spinlock.h"
#include "lib/list.h"
#include "lib/util.h"

struct kvm_access;
struct kvm_vcpu;
struct kvm_vm;

#define VGIC_SGIS	   16
#define VGIC_PRIVATE	   32 /* SGIs and PPIs: each vcpu has its own */
#define VGIC_PRIORITY_BITS 5
#define VGIC_PRIORITIES	   BIT(VGIC_PRIORITY_BITS)
#define VGIC_MAX_CPUS	   512
#define VGIC_V2_MAX_CPUS   8
#define VGIC_NO_ADDR	   UINT64_MAX
#define VGIC_SPIS_DEFAULT  224
#define VGIC_ROUTES	   4096 /* KVM_CAP_IRQ_ROUTING */
#define VGIC_REVISION	   3	/* GICD_IIDR's, as Linux 6.12 */

struct vgic_irq {
	struct list_node link; /* in a queue of holder's */
	/* Which vcpu has it to take: it is enabled and pending, or active.  NULL: none. */
	struct vgic_cpu *holder;
	struct vgic_cpu *target; /* whose it is next; NULL: an IROUTER that leads nowhere */
	uint32_t route;		 /* GICD_ITARGETSR's byte or GICD_IROUTER, as written */
	uint16_t id;
	uint8_t priority;
	uint8_t source, active_source; /* a GICv2's SGI: senders, a bit each; whose is active */
	uint8_t phys;	  /* not 0: the machine's interrupt that ends with it (timer) */
	int8_t lr;	  /* during a run: its list register, else -1 */
	bool line, latch; /* its level; an edge came, or it was written to be pending */
	bool active, enabled, edge, group1;
	bool owned;	     /* its line is a timer's, not the VMM's */
	bool lr_latch;	     /* what of latch went into the list register */
	bool active_written; /* active was written since: the list register says nothing of it */
};

/* A vcpu's part. */
struct vgic_cpu {
	struct vgic *vgic;
	struct kvm_vcpu *vcpu;
	struct el2_vcpu *ctx;	    /* its list registers and ich_*: a GICv2's, too, in that form */
	volatile struct gich *gich; /* vgic->gich; NULL in a version 3 */
	/* What it has to take, by priority; active ones first in each.  Bits: not empty. */
	struct list_node queue[VGIC_PRIORITIES];
	uint32_t queued;
	unsigned int index, id; /* the how manyth; KVM_CREATE_VCPU's number */
	uint32_t affinity;	/* of its MPIDR_EL1 */
	uint64_t redist;	/* GICv3: where its redistributor is, or VGIC_NO_ADDR */
	bool redist_last;
	bool spilled;	/* some that are active found no list register */
	bool running;	/* list registers are loaded: atomic */
	uint32_t folds; /* atomic: how often they have been read back */
	unsigned int nr_acked;
	uint16_t acked[EL2_LRS]; /* SPIs, levels, that the guest has ended: for resamplefds */
	struct vgic_irq *in_lr[EL2_LRS];
	struct vgic_irq irqs[VGIC_PRIVATE];
};

struct vgic_region {
	uint64_t base;
	uint32_t count; /* of redistributors; 0: the one region of the older interface */
};

struct vgic {
	struct spinlock lock;
	struct kvm_vm *vm;
	unsigned int version; /* 2, 3 */
	unsigned int nr_lrs, nr_spis, nr_cpus;
	bool initialized; /* nr_spis and the vcpus are settled */
	bool ready;	  /* it has addresses: a vcpu has run */
	bool enabled;	  /* GICD_CTLR */
	bool groups_writable;
	uint8_t revision;
	uint8_t timer_ppi[4]; /* KVM_ARM_VCPU_TIMER_IRQ_* */
	bool timer_ppis_fixed;
	uint64_t dist, cpu; /* guest physical addresses, or VGIC_NO_ADDR */
	struct vgic_region *regions;
	unsigned int nr_regions;
	volatile struct gich *gich; /* the machine's, of a version 2: each core sees its own */
	struct vgic_irq *spis;
	uint16_t *routes;		      /* an eventfd's number to an SPI; 0: none */
	struct vgic_cpu *cpus[VGIC_MAX_CPUS]; /* by index */
};

/* ---- the state machine (vgic); lock is held ---- */

void vgic_cpu_init(struct vgic_cpu *c, unsigned int version);
void vgic_irq_init(struct vgic_irq *irq, unsigned int id, struct vgic_cpu *target,
		   unsigned int version);

static inline unsigned int vgic_nr_irqs(const struct vgic *g)
{
	return VGIC_PRIVATE + g->nr_spis;
}

/* vgic_find - interrupt @id as @c sees it, or NULL. */
static inline struct vgic_irq *vgic_find(struct vgic *g, struct vgic_cpu *c, unsigned int id)
{
	if (id < VGIC_PRIVATE)
		return &c->irqs[id];
	return id < vgic_nr_irqs(g) && g->spis ? &g->spis[id - VGIC_PRIVATE] : NULL;
}

static inline bool vgic_is_pending(const struct vgic_irq *irq)
{
	return irq->latch || (irq->line && !irq->edge);
}

static inline bool vgic_is_v2_sgi(const struct vgic *g, const struct vgic_irq *irq)
{
	return g->version == 2 && irq->id < VGIC_SGIS;
}

/* vgic_update - call it after any change of @irq's fields: who has it to take is kicked. */
void vgic_update(struct vgic *g, struct vgic_irq *irq);
/* vgic_raise - its line's level is now @level; a rising edge where it has edges. */
void vgic_raise(struct vgic *g, struct vgic_irq *irq, bool level);
/* vgic_send_sgi - @sender (an id) sends @to the SGI @id. */
void vgic_send_sgi(struct vgic *g, struct vgic_cpu *to, unsigned int id, unsigned int sender);
void vgic_set_pending(struct vgic *g, struct vgic_irq *irq, bool pending);
void vgic_set_active(struct vgic *g, struct vgic_irq *irq, bool active, unsigned int source);

/*
 * vgic_fill - before a run: the most urgent that @c has to take are in ctx->lr, nr_lrs of them, and
 * ich_hcr asks for the maintenance interrupts that are needed.
 * vgic_fold - after it: what became of them, and of those that were ended in no list register.
 */
void vgic_fill(struct vgic_cpu *c);
void vgic_fold(struct vgic_cpu *c);
/* vgic_deliverable - would its next run begin with an interrupt?  (PSTATE.I apart.) */
bool vgic_deliverable(const struct vgic_cpu *c);

/* ---- its life (make); vm->lock is held by who calls the first three ---- */

/* vgic_create - @vm gets one.  It takes vm->lock: 0, -EEXIST, -EBUSY, -ENOMEM, -EINTR. */
int vgic_create(struct kvm_vm *vm, unsigned int version);
/*
 * vgic_init - its vcpus and interrupts are settled, if they are not; routes are those of a machine
 * without any: the first SPI is 0.  0, -ENOMEM.
 * vgic_address - KVM_DEV_ARM_VGIC_GRP_ADDR: 0, -ENODEV (not of this version), -ENOENT, -EINVAL,
 * -EEXIST, -E2BIG, -ENOMEM.  @addr: in, too, for a region's index.
 */
int vgic_init(struct vgic *g);
int vgic_address(struct vgic *g, uint64_t type, uint64_t *addr, bool set);
/* vgic_host_version - 2, 3: what guests may have on this machine; 0: none. */
unsigned int vgic_host_version(void);

/* ---- registers (mmio) ---- */

/* Whose registers: what a table of them is for; what a VMM names by other numbers than offsets. */
enum vgic_frame { VGIC_DIST, VGIC_CPUIF, VGIC_REDIST, NR_VGIC_FRAMES, VGIC_SYSREGS, VGIC_LINES };
/*
 * vgic_reg_has, vgic_reg_user - a VMM's access to a register of @c's @frame: at the offset @reg, 32
 * bits; VGIC_SYSREGS: ICC_*_EL1 by its encoding (KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS); VGIC_LINES: the
 * levels of 32 lines (KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO).  No vcpu runs.
 * 0, -EINVAL; -ENXIO: no such register, for has and of VGIC_SYSREGS alone: else it is zero.
 */
int vgic_reg_has(const struct vgic *g, enum vgic_frame frame, uint32_t reg);
int vgic_reg_user(struct vgic_cpu *c, enum vgic_frame frame, uint32_t reg, uint64_t *value,
		  bool write);

/* ---- the CPU interface (cpuif); no vcpu runs, but for vgic_end_active ---- */

/* vgic_sysreg_has, vgic_sysreg_user - vgic_reg_has, vgic_reg_user of VGIC_SYSREGS. */
bool vgic_sysreg_has(uint32_t reg);
int vgic_sysreg_user(struct vgic_cpu *c, uint32_t reg, uint64_t *value, bool write);
/* vgic_vmcr_read, vgic_vmcr_write - GICC's register at @reg, as far as it is in ICH_VMCR. */
uint64_t vgic_vmcr_read(const struct vgic_cpu *c, uint32_t reg);
void vgic_vmcr_write(struct vgic_cpu *c, uint32_t reg, uint64_t value);
/*
 * vgic_end_active - GICC_DIR, ICC_DIR_EL1: the guest ends what it has dropped the priority of.
 * They trap, so that one that is in no list register can be found.
 */
void vgic_end_active(struct vgic_cpu *c, unsigned int id);
