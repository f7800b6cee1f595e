/*
 * vgic_mmio.c - the registers of a guest's interrupt controller: distributor, redistributors, and
 * the CPU interface as far as a VMM saves it.
 *
 * One table says which there are; what is in none of its rows, of another size than a row allows,
 * or beyond the last interrupt, reads as zero and ignores writes.  The values are those that Linux
 * answers.  Registers with a field for each interrupt are served field by field, by the same two
 * functions for all.
 */
#include "abi/errno.h"
#include "arm/atomic.h"
#include "kvm/kvm.h"
#include "kvm/vgic.h"

/* What is behind a register. */
enum vgic_kind {
	/* a field each interrupt */
	GROUP,
	ENABLE_SET,
	ENABLE_CLEAR,
	PENDING_SET,
	PENDING_CLEAR,
	ACTIVE_SET,
	ACTIVE_CLEAR,
	PRIORITY,
	TARGETS,
	ROUTE,
	TRIGGER,
	SENDER_SET,
	SENDER_CLEAR,
	ZERO, /* also: a register that is not implemented, but there */
	/* others */
	CTLR,
	TYPER,
	IIDR,
	STATUSR,
	SGIR,
	IDS,
	GICR_CTLR,
	GICR_IIDR,
	GICR_TYPER,
	VMCR,
	APR,
};

struct vgic_reg {
	uint8_t kind;
	uint8_t bits;  /* of an interrupt's field; 0: it has none */
	uint8_t sizes; /* of an access: 1 | 4 | 8 bytes */
	uint32_t offset, bytes;
};

#define SGI_BASE     0x10000 /* a redistributor's second frame */
#define REDIST_BYTES 0x20000
#define DIST_BYTES   0x10000

/* Distributor and redistributor have these alike; the latter for the vcpu's own. */
#define IRQ_REGS(base, n)                                                                        \
	{ GROUP, 1, 4, (base) + 0x080, (n) / 8 }, { ENABLE_SET, 1, 4, (base) + 0x100, (n) / 8 }, \
		{ ENABLE_CLEAR, 1, 4, (base) + 0x180, (n) / 8 },                                 \
		{ PENDING_SET, 1, 4, (base) + 0x200, (n) / 8 },                                  \
		{ PENDING_CLEAR, 1, 4, (base) + 0x280, (n) / 8 },                                \
		{ ACTIVE_SET, 1, 4, (base) + 0x300, (n) / 8 },                                   \
		{ ACTIVE_CLEAR, 1, 4, (base) + 0x380, (n) / 8 },                                 \
		{ PRIORITY, 8, 1 | 4, (base) + 0x400, (n) },                                     \
	{                                                                                        \
		TRIGGER, 2, 4, (base) + 0xc00, (n) / 4                                           \
	}

/* What a guest uses most stands first: they are looked through in this order. */
static const struct vgic_reg v2_dist[] = {
	{ SGIR, 0, 4, 0xf00, 4 },
	{ CTLR, 0, 4, 0x000, 4 },
	{ TYPER, 0, 4, 0x004, 4 },
	{ IIDR, 0, 4, 0x008, 4 },
	IRQ_REGS(0, 1024),
	{ TARGETS, 8, 1 | 4, 0x800, 1024 },
	{ SENDER_CLEAR, 8, 1 | 4, 0xf10, 16 },
	{ SENDER_SET, 8, 1 | 4, 0xf20, 16 },
};
static const struct vgic_reg v2_cpuif[] = {
	{ VMCR, 0, 4, 0x00, 12 }, /* GICC_CTLR, _PMR, _BPR */
	{ VMCR, 0, 4, 0x1c, 4 },  /* GICC_ABPR */
	{ APR, 0, 4, 0xd0, 16 },
	{ IIDR, 0, 4, 0xfc, 4 },
};
static const struct vgic_reg v3_dist[] = {
	{ CTLR, 0, 4, 0x000, 4 },	    { TYPER, 0, 4, 0x004, 4 },
	{ IIDR, 0, 4, 0x008, 4 },	    { ZERO, 0, 4, 0x00c, 4 }, /* GICD_TYPER2 */
	{ STATUSR, 0, 4, 0x010, 4 },	    IRQ_REGS(0, 1024),
	{ ZERO, 8, 1 | 4, 0x800, 1024 }, /* GICD_ITARGETSR */
	{ ZERO, 1, 4, 0xd00, 128 },	 /* GICD_IGRPMODR */
	{ ROUTE, 64, 4 | 8, 0x6000, 8192 }, { IDS, 0, 4, 0xffd0, 48 },
};
static const struct vgic_reg v3_redist[] = {
	{ GICR_CTLR, 0, 4, 0x000, 4 },
	{ GICR_IIDR, 0, 4, 0x004, 4 },
	{ GICR_TYPER, 0, 4 | 8, 0x008, 8 },
	{ ZERO, 0, 4, 0x014, 4 },      /* GICR_WAKER */
	{ ZERO, 0, 4 | 8, 0x070, 16 }, /* GICR_PROPBASER, _PENDBASER: there are no LPIs */
	{ ZERO, 0, 4 | 8, 0x0a0, 8 },
	{ ZERO, 0, 4 | 8, 0x0b0, 8 },
	{ ZERO, 0, 4, 0x0c0, 4 },
	{ IDS, 0, 4, 0xffd0, 48 },
	IRQ_REGS(SGI_BASE, 32),
	{ ZERO, 0, 4, SGI_BASE + 0xd00, 4 },
	{ ZERO, 0, 4, SGI_BASE + 0xe00, 4 },
};

#define ROWS(table)                      \
	{                                \
		table, ARRAY_SIZE(table) \
	}
static const struct {
	const struct vgic_reg *rows;
	unsigned int n;
} tables[2][NR_VGIC_FRAMES] = {
	{ [VGIC_DIST] = ROWS(v2_dist), [VGIC_CPUIF] = ROWS(v2_cpuif) },
	{ [VGIC_DIST] = ROWS(v3_dist), [VGIC_REDIST] = ROWS(v3_redist) },
};

struct vgic_op {
	struct vgic_cpu *c; /* whose: who accesses it, or whose redistributor it is */
	enum vgic_frame frame;
	const struct vgic_reg *reg;
	uint32_t at;	/* from the row's first byte on */
	unsigned int n; /* bytes */
	bool user;	/* by the VMM, while no vcpu runs */
};

static const struct vgic_reg *find_row(const struct vgic *g, enum vgic_frame frame, uint64_t offset,
				       unsigned int n)
{
	const struct vgic_reg *r = tables[g->version - 2][frame].rows,
			      *end = r + tables[g->version - 2][frame].n;

	while (r < end && offset - r->offset >= r->bytes)
		r++;
	if (r == end || !(r->sizes & n) || offset & (n - 1) ||
	    (r->bits && (offset - r->offset) * 8 / r->bits >= vgic_nr_irqs(g)))
		return NULL;
	return r;
}

static struct vgic_cpu *cpu_by_id(const struct vgic *g, unsigned int id)
{
	for (unsigned int i = 0; i < g->nr_cpus; i++)
		if (g->cpus[i]->id == id)
			return g->cpus[i];
	return NULL;
}

static struct vgic_cpu *cpu_by_affinity(const struct vgic *g, uint32_t affinity)
{
	for (unsigned int i = 0; i < g->nr_cpus; i++)
		if (g->cpus[i]->affinity == affinity)
			return g->cpus[i];
	return NULL;
}

static uint32_t cpu_mask(const struct vgic *g)
{
	return BIT(min(g->nr_cpus, 8U)) - 1;
}

/* ---- a field each interrupt ---- */

static uint64_t read_field(const struct vgic_op *op, const struct vgic_irq *irq)
{
	const struct vgic *g = op->c->vgic;

	switch (op->reg->kind) {
	case GROUP: return irq->group1;
	case ENABLE_SET:
	case ENABLE_CLEAR: return irq->enabled;
	case PENDING_SET:
		/* A VMM saves the latch and the lines apart (LEVEL_INFO). */
		return op->user && g->version == 3 ? irq->latch : vgic_is_pending(irq);
	case PENDING_CLEAR: return op->user && g->version == 3 ? 0 : vgic_is_pending(irq);
	case ACTIVE_SET:
	case ACTIVE_CLEAR: return irq->active;
	case PRIORITY: return irq->priority;
	case TARGETS:
	case ROUTE: return irq->route;
	case TRIGGER: return irq->edge ? 2 : 0;
	case SENDER_SET:
	case SENDER_CLEAR: return irq->source;
	}
	return 0;
}

static void write_pending(const struct vgic_op *op, struct vgic_irq *irq, bool set, bool bit)
{
	struct vgic *g = op->c->vgic;

	if (op->user && g->version == 3) {
		/* All of it is in the one register. */
		if (set && irq->latch != bit)
			vgic_set_pending(g, irq, bit);
		return;
	}
	if (!bit)
		return;
	if (vgic_is_v2_sgi(g, irq)) {
		if (!op->user) /* the guest has GICD_SPENDSGIR and GICD_CPENDSGIR */
			return;
		irq->source = set ? irq->source | 1U << op->c->id : 0;
	}
	vgic_set_pending(g, irq, set);
}

static void write_senders(struct vgic *g, struct vgic_irq *irq, bool set, uint8_t bits)
{
	irq->source = set ? irq->source | bits : irq->source & ~bits;
	if (!set || bits)
		vgic_set_pending(g, irq, irq->source);
}

static void write_route(struct vgic *g, struct vgic_irq *irq, uint64_t value)
{
	if (g->version == 2) {
		irq->route = value & cpu_mask(g);
		irq->target = irq->route ? cpu_by_id(g, __builtin_ctz(irq->route)) : g->cpus[0];
	} else {
		irq->route = value & 0xffffff;
		irq->target = cpu_by_affinity(g, irq->route);
	}
	vgic_update(g, irq);
}

static void write_field(const struct vgic_op *op, struct vgic_irq *irq, uint64_t value)
{
	struct vgic *g = op->c->vgic;

	switch (op->reg->kind) {
	case GROUP:
		if (op->user && g->version == 2 && !g->groups_writable)
			return;
		irq->group1 = value;
		vgic_update(g, irq);
		return;
	case ENABLE_SET:
	case ENABLE_CLEAR:
		if (!value)
			return;
		irq->enabled = op->reg->kind == ENABLE_SET;
		vgic_update(g, irq);
		return;
	case PENDING_SET:
	case PENDING_CLEAR: write_pending(op, irq, op->reg->kind == PENDING_SET, value); return;
	case ACTIVE_SET:
	case ACTIVE_CLEAR:
		if (value)
			vgic_set_active(g, irq, op->reg->kind == ACTIVE_SET, op->c->id);
		return;
	case PRIORITY:
		irq->priority = value & (0xff << (8 - VGIC_PRIORITY_BITS));
		vgic_update(g, irq);
		return;
	case TARGETS:
	case ROUTE:
		if (irq->id >= VGIC_PRIVATE)
			write_route(g, irq, value);
		return;
	case TRIGGER:
		/* SGIs are edges; a PPI's trigger may be fixed, and the timers' are levels. */
		if (irq->id < VGIC_PRIVATE)
			return;
		irq->edge = value & 2;
		vgic_update(g, irq);
		return;
	case SENDER_SET:
	case SENDER_CLEAR: write_senders(g, irq, op->reg->kind == SENDER_SET, value); return;
	}
}

static uint64_t access_fields(const struct vgic_op *op, uint64_t value, bool write)
{
	struct vgic *g = op->c->vgic;
	unsigned int bits = op->reg->bits, first = op->at * 8 / bits, n = op->n * 8 / bits;
	uint64_t mask = bits == 64 ? UINT64_MAX : BIT(bits) - 1, answer = 0;

	/* Half of an IROUTER: the upper one is Aff3, which no vcpu has. */
	if (bits == 64 && op->n == 4) {
		if (op->at & 4)
			return 0;
		n = 1;
	}
	for (unsigned int i = 0; i < n; i++) {
		struct vgic_irq *irq = vgic_find(g, op->c, first + i);

		/* In a GICv3 a vcpu's own are the redistributor's. */
		if (!irq || (first + i < VGIC_PRIVATE && g->version == 3 && op->frame == VGIC_DIST))
			continue;
		if (write)
			write_field(op, irq, value >> i * bits & mask);
		else
			answer |= read_field(op, irq) << i * bits;
	}
	return answer;
}

/*
 * Before @op looks at what is active: vcpus that have one of those interrupts in a list register
 * come out of the guest once.  They do at once, as the kick interrupts them.
 */
static void settle_active(const struct vgic_op *op)
{
	struct vgic_cpu *wait[32];
	uint32_t folds[32];
	unsigned int n = 0;
	unsigned long flags = spin_lock_irqsave(&op->c->vgic->lock);

	for (unsigned int i = 0; i < 32; i++) {
		struct vgic_irq *irq = vgic_find(op->c->vgic, op->c, op->at * 8 + i);

		if (!irq || irq->lr < 0)
			continue;
		folds[n] = irq->holder->folds;
		wait[n] = irq->holder;
		kvm_kick(wait[n++]->vcpu);
	}
	spin_unlock_irqrestore(&op->c->vgic->lock, flags);
	for (unsigned int i = 0; i < n; i++)
		while (load_acquire(&wait[i]->folds) == folds[i])
			cpu_relax();
}

/* ---- the others ---- */

/* GICD_IIDR, and GICC_IIDR with its version: who has made it (Arm's KVM). */
static uint32_t iidr_of(const struct vgic *g, bool cpuif)
{
	return cpuif ? 0x04b2043b : 0x4b00043b | (uint32_t)g->revision << 12;
}

/* VMCR's fields, where GICC has them: @shift there, @width, @at in ICH_VMCR. */
#define VMCR_FIELDS(X)                                      \
	X(0x00, 0, 5, 0) /* enables, AckCtl, FIQEn, CBPR */ \
	X(0x00, 9, 1, 9) /* EOImode */                      \
	X(0x04, 0, 5, ICH_VMCR_VPMR + 3)                    \
	X(0x08, 0, 3, ICH_VMCR_VBPR0)                       \
	X(0x1c, 0, 3, ICH_VMCR_VBPR1)

static uint64_t access_vmcr(const struct vgic_op *op, uint64_t value, bool write)
{
	uint64_t *vmcr = &op->c->ctx->ich_vmcr, answer = 0, mask;
	uint32_t offset = op->reg->offset + op->at;

#define ACCESS_VMCR(reg, shift, width, at)                                             \
	if (offset == (reg)) {                                                         \
		mask = (BIT(width) - 1) << (at);                                       \
		answer |= (*vmcr & mask) >> (at) << (shift);                           \
		if (write)                                                             \
			*vmcr = (*vmcr & ~mask) | ((value >> (shift) << (at)) & mask); \
	}
	VMCR_FIELDS(ACCESS_VMCR)
	return answer;
}

static uint64_t read_other(const struct vgic_op *op)
{
	const struct vgic_cpu *c = op->c;
	const struct vgic *g = c->vgic;
	uint32_t lines = vgic_nr_irqs(g) / 32 - 1;
	uint64_t typer;

	switch (op->reg->kind) {
	case CTLR: /* affinity routing is on, there is one security state */
		return g->version == 2 ? g->enabled : 0x50 | g->enabled << 1;
	case TYPER: /* the vcpus; or IDbits: numbers of ten bits */
		return g->version == 2 ? lines | (g->nr_cpus - 1) << 5 : lines | 9U << 19;
	case IIDR: return iidr_of(g, op->frame == VGIC_CPUIF);
	case STATUSR: return UINT32_MAX;
	case IDS: return op->reg->offset + op->at == 0xffe8 ? 0x3b : 0; /* PIDR2: GICv3 */
	case GICR_CTLR: /* IR, CES */ return g->revision >= 3 ? 6 : 0;
	case GICR_IIDR: return 0x4b00043b;
	case GICR_TYPER:
		typer = (uint64_t)c->affinity << GICR_TYPER_AFFINITY | (c->id & 0xffff) << 8 |
			(c->redist_last ? GICR_TYPER_Last : 0);
		return typer >> 8 * op->at;
	case VMCR: return access_vmcr(op, 0, false);
	case APR: return op->at ? 0 : c->ctx->ap0r[0];
	}
	return 0;
}

/* GICD_SGIR: to the listed, to all others, or to oneself. */
static void write_sgir(struct vgic_cpu *c, uint32_t value)
{
	struct vgic *g = c->vgic;
	uint32_t to = value >> GICD_SGIR_TARGETS_SHIFT & 0xff, filter = value >> 24 & 3;

	if (filter == 1)
		to = cpu_mask(g) & ~(1U << c->id);
	else if (filter == 2)
		to = 1U << c->id;
	else if (filter == 3)
		return;
	for (unsigned int i = 0; i < g->nr_cpus; i++)
		if (to >> g->cpus[i]->id & 1)
			vgic_send_sgi(g, g->cpus[i], value & 0xf, c->id);
}

static int write_other(const struct vgic_op *op, uint64_t value)
{
	struct vgic *g = op->c->vgic;
	unsigned int revision = value >> 12 & 0xf;

	switch (op->reg->kind) {
	case CTLR:
		g->enabled = value & (g->version == 2 ? 1 : 2);
		break; /* access_reg tells the vcpus */
	case IIDR:
		/*
		 * A VMM that restores it knows that an interrupt may be in either group of a GICv2.
		 */
		if (!op->user || op->frame == VGIC_CPUIF)
			break;
		if ((value ^ iidr_of(g, false)) & ~UINT64_C(0xf000) || revision < 2 ||
		    revision > VGIC_REVISION)
			return -EINVAL;
		g->groups_writable = true;
		g->revision = revision;
		break;
	case SGIR: write_sgir(op->c, value); break;
	case ZERO: /* GICD_TYPER2: a machine that has more cannot be restored here */
		return op->user && op->frame == VGIC_DIST && value ? -EINVAL : 0;
	case VMCR: access_vmcr(op, value, true); break;
	case APR:
		if (!op->at)
			op->c->ctx->ap0r[0] = value;
		break;
	}
	return 0;
}

/* What they have may come now, or no more.  Without the lock: there may be 512. */
static void kick_waiting(struct vgic *g)
{
	for (unsigned int i = 0; i < g->nr_cpus; i++)
		if (READ_ONCE(g->cpus[i]->queued))
			kvm_kick(g->cpus[i]->vcpu);
}

static int access_reg(const struct vgic_op *op, uint64_t *value, bool write)
{
	struct vgic *g = op->c->vgic;
	bool fields = op->reg->bits;
	unsigned long flags;
	int err = 0;

	/* One word each, or settled before the first run. */
	if (!write && !fields) {
		*value = read_other(op);
		return 0;
	}
	if (!write && (op->reg->kind == ACTIVE_SET || op->reg->kind == ACTIVE_CLEAR))
		settle_active(op);
	flags = spin_lock_irqsave(&g->lock);
	if (!write)
		*value = access_fields(op, 0, false);
	else if (fields)
		access_fields(op, *value, true);
	else
		err = write_other(op, *value);
	spin_unlock_irqrestore(&g->lock, flags);
	if (write && op->reg->kind == CTLR)
		kick_waiting(g);
	return err;
}

/* ---- by the guest ---- */

/* GICC_DIR: its page is not GICV's, so that one that is in no list register can be found. */
static void end_active(struct vgic_cpu *c, unsigned int id)
{
	struct vgic *g = c->vgic;
	unsigned long flags = spin_lock_irqsave(&g->lock);
	struct vgic_irq *irq = vgic_find(g, c, id);

	if (irq && irq->active && irq->holder == c && c->ctx->ich_vmcr & ICH_VMCR_VEOIM)
		vgic_set_active(g, irq, false, 0);
	spin_unlock_irqrestore(&g->lock, flags);
}

static struct vgic_cpu *redist_at(const struct vgic *g, struct vgic_cpu *own, uint64_t addr)
{
	if (addr - own->redist < REDIST_BYTES)
		return own;
	for (unsigned int i = 0; i < g->nr_cpus; i++)
		if (addr - g->cpus[i]->redist < REDIST_BYTES)
			return g->cpus[i];
	return NULL;
}

bool kvm_vgic_owns(const struct kvm_vcpu *v, uint64_t ipa)
{
	const struct vgic *g = v->vm->vgic;

	if (!g || !g->ready)
		return false;
	if (g->version == 2)
		return ipa - g->dist < 0x1000;
	return ipa - g->dist < DIST_BYTES || ipa - v->vgic->redist < REDIST_BYTES;
}

int kvm_vgic_mmio(struct kvm_vcpu *v, struct kvm_access *a)
{
	struct vgic_cpu *c = v->vgic, *other;
	struct vgic *g = v->vm->vgic;
	struct vgic_op op = { .c = c, .frame = VGIC_DIST, .n = a->size };
	uint64_t offset;

	if (!g || !g->ready)
		return -ENXIO;
	offset = a->addr - g->dist;
	if (offset >= (g->version == 2 ? 0x1000 : DIST_BYTES)) {
		if (g->version == 2) {
			if (a->addr - g->cpu >= 0x2000)
				return -ENXIO;
			if (a->write && a->size == 4 && a->addr == g->cpu + 0x1000)
				end_active(c, a->value & 0x3ff);
			a->value = 0;
			return 0;
		}
		other = redist_at(g, c, a->addr);
		if (!other)
			return -ENXIO;
		op.c = other;
		offset = a->addr - other->redist;
		op.frame = VGIC_REDIST;
	}
	op.reg = find_row(g, op.frame, offset, a->size);
	if (!op.reg) {
		a->value = 0;
		return 0;
	}
	op.at = offset - op.reg->offset;
	(void)access_reg(&op, &a->value, a->write);
	return 0;
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
	case SYSREG_ENC(3, 0, 12, 11, 5): /* ICC_SGI1R_EL1 */
	case SYSREG_ENC(3, 0, 12, 11, 6): /* ICC_ASGI1R_EL1 */
	case SYSREG_ENC(3, 0, 12, 11, 7): /* ICC_SGI0R_EL1 */
		if (!write)
			return false;
		send_by_affinity(v->vgic, *value, enc == SYSREG_ENC(3, 0, 12, 11, 5));
		return true;
	case SYSREG_ENC(3, 0, 12, 11, 1): /* ICC_DIR_EL1 */
		if (!write)
			return false;
		end_active(v->vgic, *value & 0xffffff);
		return true;
	case SYSREG_ENC(3, 0, 12, 12, 5): /* ICC_SRE_EL1: nothing but system registers */
		if (!write)
			*value = ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB;
		return true;
	}
	return false;
}

/* ---- by the VMM ---- */

int vgic_reg_has(const struct vgic *g, enum vgic_frame frame, uint32_t offset)
{
	return find_row(g, frame, offset, 4) ? 0 : -ENXIO;
}

int vgic_reg_user(struct vgic_cpu *c, enum vgic_frame frame, uint32_t offset, uint32_t *value,
		  bool write)
{
	struct vgic_op op = { .c = c, .frame = frame, .n = 4, .user = true };
	uint64_t wide = *value;
	int err;

	op.reg = find_row(c->vgic, frame, offset, 4);
	if (!op.reg) {
		if (!write)
			*value = 0;
		return 0;
	}
	op.at = offset - op.reg->offset;
	err = access_reg(&op, &wide, write);
	if (!err && !write)
		*value = wide;
	return err;
}

void vgic_line_levels(struct vgic_cpu *c, unsigned int id, uint32_t *value, bool write)
{
	struct vgic *g = c->vgic;
	unsigned long flags = spin_lock_irqsave(&g->lock);
	uint32_t answer = 0;

	for (unsigned int i = 0; i < 32; i++) {
		struct vgic_irq *irq = vgic_find(g, c, id + i);

		if (!irq || irq->id < VGIC_SGIS)
			continue;
		answer |= (uint32_t)irq->line << i;
		if (write) {
			irq->line = *value >> i & 1;
			vgic_update(g, irq);
		}
	}
	spin_unlock_irqrestore(&g->lock, flags);
	if (!write)
		*value = answer;
}

uint64_t vgic_v3_vtr(void)
{
	return el2_gic_vtr();
}

/* A field of ICH_VMCR. */
static int user_vmcr(uint64_t *vmcr, unsigned int at, uint64_t mask, uint64_t *value, bool write)
{
	if (write)
		*vmcr = (*vmcr & ~(mask << at)) | (*value & mask) << at;
	else
		*value = *vmcr >> at & mask;
	return 0;
}

/* ICC_CTLR_EL1: CBPR and EOImode; the rest is what the interface has, and must be no more. */
static int user_ctlr(struct vgic_cpu *c, uint64_t *value, bool write)
{
	uint64_t *vmcr = &c->ctx->ich_vmcr;
	uint64_t vtr = vgic_v3_vtr(), has;

	has = (vtr >> ICH_VTR_PRIbits & 7) << 8 | (vtr >> ICH_VTR_IDbits & 7) << 11 |
	      (vtr & ICH_VTR_SEIS ? BIT(14) : 0) | (vtr & ICH_VTR_A3V ? BIT(15) : 0);
	if (!write) {
		*value = has | (*vmcr & ICH_VMCR_VCBPR ? 1 : 0) | (*vmcr & ICH_VMCR_VEOIM ? 2 : 0);
		return 0;
	}
	if ((*value & 0x700) > (has & 0x700) || (*value & 0x3800) > (has & 0x3800) ||
	    (*value ^ has) & 0xc000)
		return -EINVAL;
	*vmcr = (*vmcr & ~(ICH_VMCR_VCBPR | ICH_VMCR_VEOIM)) | (*value & 1 ? ICH_VMCR_VCBPR : 0) |
		(*value & 2 ? ICH_VMCR_VEOIM : 0);
	return 0;
}

/* ICC_APxR<n>: there are as many as there are bits of preemption. */
static int user_apr(uint64_t *aprs, unsigned int n, uint64_t *value, bool write)
{
	unsigned int prebits = (vgic_v3_vtr() >> ICH_VTR_PREbits & 7) + 1;

	if (n >= (prebits <= 5 ? 1U : 1U << (prebits - 5)))
		return -EINVAL;
	return user_vmcr(&aprs[n], 0, UINT32_MAX, value, write);
}

int vgic_sysreg_user(struct vgic_cpu *c, unsigned int reg, uint64_t *value, bool write)
{
	static const uint16_t known[] = { 0xc230, 0xc643, 0xc663, 0xc664, 0xc665, 0xc666, 0xc667 };
	bool apr = reg >= 0xc644 && reg <= 0xc64b, there = apr;
	uint64_t *vmcr;

	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		there |= reg == known[i];
	if (!there)
		return -ENXIO;
	if (!value)
		return 0;
	vmcr = &c->ctx->ich_vmcr;
	if (apr)
		return user_apr(reg < 0xc648 ? c->ctx->ap0r : c->ctx->ap1r, reg & 3, value, write);
	switch (reg) {
	case 0xc230: /* ICC_PMR_EL1 */ return user_vmcr(vmcr, ICH_VMCR_VPMR, 0xff, value, write);
	case 0xc643: /* ICC_BPR0_EL1 */ return user_vmcr(vmcr, ICH_VMCR_VBPR0, 7, value, write);
	case 0xc663: /* ICC_BPR1_EL1: with CBPR it shows the other, and cannot be written */
		if (!(*vmcr & ICH_VMCR_VCBPR))
			return user_vmcr(vmcr, ICH_VMCR_VBPR1, 7, value, write);
		if (!write)
			*value = min((*vmcr >> ICH_VMCR_VBPR0 & 7) + 1, UINT64_C(7));
		return 0;
	case 0xc664: return user_ctlr(c, value, write);
	case 0xc665: /* ICC_SRE_EL1 */
		if (!write)
			*value = ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB;
		return write && !(*value & ICC_SRE_SRE) ? -EINVAL : 0;
	}
	/* ICC_IGRPEN0_EL1, ICC_IGRPEN1_EL1 */
	return user_vmcr(vmcr, reg & 1, 1, value, write);
}
