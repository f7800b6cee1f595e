/*
 * vgic_mmio.c - the registers of a guest's interrupt controller that lie in memory: distributor,
 * redistributors, and the CPU interface of a GICv2 as far as a VMM saves it.
 *
 * One table says which there are; what is in none of its rows, of another size than a row allows,
 * or beyond the last interrupt, reads as zero and ignores writes.  The values are those that Linux
 * answers.  Registers with a field for each interrupt are served field by field, by the same two
 * functions for all.
 */
#include "abi/errno.h"
#include "abi/kvm.h"
#include "arm/atomic.h"
#include "kvm/kvm.h"
#include "kvm/vgic.h"

/* What is behind a register. */
enum vgic_kind {
	/* a field each interrupt; of some there are two registers, whose ones set and clear it */
	GROUP,
	ENABLE,
	PENDING,
	ACTIVE,
	PRIORITY,
	ROUTE,
	TRIGGER,
	SENDERS,
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
	bool set;      /* of two registers the one that sets */
	uint32_t offset, bytes;
};

#define SGI_BASE     0x10000 /* a redistributor's second frame */
#define REDIST_BYTES 0x20000
#define DIST_BYTES   0x10000

/* Distributor and redistributor have these alike; the latter for the vcpu's own. */
/* clang-format off */
#define IRQ_REGS(base, n)                                         \
	{ GROUP, 1, 4, false, (base) + 0x080, (n) / 8 },          \
	{ ENABLE, 1, 4, true, (base) + 0x100, (n) / 8 },          \
	{ ENABLE, 1, 4, false, (base) + 0x180, (n) / 8 },         \
	{ PENDING, 1, 4, true, (base) + 0x200, (n) / 8 },         \
	{ PENDING, 1, 4, false, (base) + 0x280, (n) / 8 },        \
	{ ACTIVE, 1, 4, true, (base) + 0x300, (n) / 8 },          \
	{ ACTIVE, 1, 4, false, (base) + 0x380, (n) / 8 },         \
	{ PRIORITY, 8, 1 | 4, false, (base) + 0x400, (n) },       \
	{ TRIGGER, 2, 4, false, (base) + 0xc00, (n) / 4 }
#define REG(kind, sizes, offset, bytes) { kind, 0, sizes, false, offset, bytes }

/* What a guest uses most stands first: they are looked through in this order. */
static const struct vgic_reg v2_dist[] = {
	REG(SGIR, 4, 0xf00, 4),
	REG(CTLR, 4, 0x000, 4),
	REG(TYPER, 4, 0x004, 4),
	REG(IIDR, 4, 0x008, 4),
	IRQ_REGS(0, 1024),
	{ ROUTE, 8, 1 | 4, false, 0x800, 1024 },  /* GICD_ITARGETSR */
	{ SENDERS, 8, 1 | 4, false, 0xf10, 16 },  /* GICD_CPENDSGIR */
	{ SENDERS, 8, 1 | 4, true, 0xf20, 16 },   /* GICD_SPENDSGIR */
};
static const struct vgic_reg v2_cpuif[] = {
	REG(VMCR, 4, 0x00, 12), /* GICC_CTLR, _PMR, _BPR */
	REG(VMCR, 4, 0x1c, 4),  /* GICC_ABPR */
	REG(APR, 4, 0xd0, 16),
	REG(IIDR, 4, 0xfc, 4),
};
static const struct vgic_reg v3_dist[] = {
	REG(CTLR, 4, 0x000, 4),
	REG(TYPER, 4, 0x004, 4),
	REG(IIDR, 4, 0x008, 4),
	REG(ZERO, 4, 0x00c, 4), /* GICD_TYPER2 */
	REG(STATUSR, 4, 0x010, 4),
	IRQ_REGS(0, 1024),
	{ ZERO, 8, 1 | 4, false, 0x800, 1024 }, /* GICD_ITARGETSR */
	{ ZERO, 1, 4, false, 0xd00, 128 },      /* GICD_IGRPMODR */
	{ ROUTE, 64, 4 | 8, false, 0x6000, 8192 },
	REG(IDS, 4, 0xffd0, 48),
};
static const struct vgic_reg v3_redist[] = {
	REG(GICR_CTLR, 4, 0x000, 4),
	REG(GICR_IIDR, 4, 0x004, 4),
	REG(GICR_TYPER, 4 | 8, 0x008, 8),
	REG(ZERO, 4, 0x014, 4),      /* GICR_WAKER */
	REG(ZERO, 4 | 8, 0x070, 16), /* GICR_PROPBASER, _PENDBASER: there are no LPIs */
	REG(ZERO, 4 | 8, 0x0a0, 8),
	REG(ZERO, 4 | 8, 0x0b0, 8),
	REG(ZERO, 4, 0x0c0, 4),
	REG(IDS, 4, 0xffd0, 48),
	IRQ_REGS(SGI_BASE, 32),
	REG(ZERO, 4, SGI_BASE + 0xd00, 4),
	REG(ZERO, 4, SGI_BASE + 0xe00, 4),
};
/* clang-format on */

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
	case ENABLE: return irq->enabled;
	case PENDING:
		/* A VMM saves the latch and the lines apart (LEVEL_INFO), in the one register. */
		if (op->user && g->version == 3)
			return op->reg->set && irq->latch;
		return vgic_is_pending(irq);
	case ACTIVE: return irq->active;
	case PRIORITY: return irq->priority;
	case ROUTE: return irq->route;
	case TRIGGER: return irq->edge ? 2 : 0;
	case SENDERS: return irq->source;
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
}

static void write_field(const struct vgic_op *op, struct vgic_irq *irq, uint64_t value)
{
	struct vgic *g = op->c->vgic;
	bool set = op->reg->set;

	switch (op->reg->kind) {
	case GROUP:
		if (op->user && g->version == 2 && !g->groups_writable)
			return;
		irq->group1 = value;
		break;
	case ENABLE:
		if (!value)
			return;
		irq->enabled = set;
		break;
	case PENDING: write_pending(op, irq, set, value); return;
	case ACTIVE:
		if (value)
			vgic_set_active(g, irq, set, op->c->id);
		return;
	case PRIORITY: irq->priority = value & (0xff << (8 - VGIC_PRIORITY_BITS)); break;
	case ROUTE:
		if (irq->id < VGIC_PRIVATE)
			return;
		write_route(g, irq, value);
		break;
	case TRIGGER:
		/* SGIs are edges; a PPI's trigger may be fixed, and the timers' are levels. */
		if (irq->id < VGIC_PRIVATE)
			return;
		irq->edge = value & 2;
		break;
	case SENDERS: write_senders(g, irq, set, value); return;
	default: return;
	}
	vgic_update(g, irq);
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
	case VMCR: return vgic_vmcr_read(op->c, op->reg->offset + op->at);
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
	case VMCR: vgic_vmcr_write(op->c, op->reg->offset + op->at, value); break;
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

/* What needs the lock.  Not inline: a read of a plain register is not to pay for it. */
static __attribute__((noinline)) int access_locked(const struct vgic_op *op, uint64_t *value,
						   bool write)
{
	struct vgic *g = op->c->vgic;
	bool fields = op->reg->bits;
	unsigned long flags;
	int err = 0;

	if (!write && op->reg->kind == ACTIVE)
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

static int access_reg(const struct vgic_op *op, uint64_t *value, bool write)
{
	if (write || op->reg->bits)
		return access_locked(op, value, write);
	/* One word each, or settled before the first run. */
	*value = read_other(op);
	return 0;
}

/* ---- by the guest ---- */

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
			/* GICC_DIR: its page is not GICV's. */
			if (a->write && a->size == 4 && a->addr == g->cpu + 0x1000)
				vgic_end_active(c, a->value & 0x3ff);
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

/* ---- by the VMM ---- */

/* The levels of 32 lines from interrupt @id on. */
static uint64_t access_lines(struct vgic_cpu *c, unsigned int id, uint64_t value, bool write)
{
	struct vgic *g = c->vgic;
	unsigned long flags = spin_lock_irqsave(&g->lock);
	uint64_t answer = 0;

	for (unsigned int i = 0; i < 32; i++) {
		struct vgic_irq *irq = vgic_find(g, c, id + i);

		if (!irq || irq->id < VGIC_SGIS)
			continue;
		answer |= (uint64_t)irq->line << i;
		if (write) {
			irq->line = value >> i & 1;
			vgic_update(g, irq);
		}
	}
	spin_unlock_irqrestore(&g->lock, flags);
	return answer;
}

int vgic_reg_has(const struct vgic *g, enum vgic_frame frame, uint32_t reg)
{
	bool has;

	if (frame == VGIC_SYSREGS)
		has = vgic_sysreg_has(reg & KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK);
	else if (frame == VGIC_LINES)
		has = !(reg & KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_MASK);
	else
		has = find_row(g, frame, reg, 4);
	return has ? 0 : -ENXIO;
}

int vgic_reg_user(struct vgic_cpu *c, enum vgic_frame frame, uint32_t reg, uint64_t *value,
		  bool write)
{
	struct vgic_op op = { .c = c, .frame = frame, .n = 4, .user = true };

	if (frame == VGIC_SYSREGS)
		return vgic_sysreg_user(c, reg & KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK, value, write);
	if (frame == VGIC_LINES) {
		if (reg & KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_MASK || reg % 32)
			return -EINVAL;
		*value = access_lines(c, reg, *value, write);
		return 0;
	}
	op.reg = find_row(c->vgic, frame, reg, 4);
	if (!op.reg) {
		*value = 0;
		return 0;
	}
	op.at = reg - op.reg->offset;
	return access_reg(&op, value, write);
}
