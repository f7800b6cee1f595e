/*
 * irq.c - from the controller's number to the handler.
 *
 * el1/trap.c comes here with an IRQ exception; the controller (gic/) says which interrupt, this
 * table has its handler.
 * Invariant: an interrupt that is enabled has a handler.  One that comes all the same is switched
 * off and named.
 */
#include "abi/errno.h"
#include "arm/spinlock.h"
#include "drivers/device.h"
#include "drivers/irq.h"
#include "drivers/irq_chip.h"
#include "lib/export.h"
#include "lib/fdt_bindings.h"
#include "lib/printf.h"
#include "log/panic.h"

/* A specifier in the binding arm,gic: <type number flags>, and cells that do not matter here. */
#define GIC_FDT_CELLS	  3
#define GIC_FDT_SPI	  0
#define GIC_FDT_PPI	  1
#define GIC_FDT_EDGES	  0x3 /* rising, falling */
#define GIC_FDT_CELLS_MAX 8

struct irq_line {
	irq_handler fn; /* written last, with release: a core that sees it sees arg */
	void *arg;
	const char *name;
	enum irq_trigger trigger;
	uint8_t cpu;  /* to which it goes when that core is ready */
	bool serving; /* of an SPI: a core is between its look at fn and the handler's return */
};

static const struct irq_chip *chip;
static int chip_node;
static struct irq_line lines[IRQ_MAX];
/* For writing lines[] and calling chip->enable; inside it no other lock. */
static struct spinlock lines_lock;
static uint64_t ready;	       /* a bit a core: its part is set up; lines_lock */
static unsigned int nr_routed; /* lines that go, or will, to another than the boot core; the same */

/* Each core counts its own: no line of cache moves between cores for it. */
static DEFINE_PERCPU(uint64_t[IRQ_MAX], counts);

void irq_chip_register(const struct irq_chip *c, int node)
{
	chip = c;
	chip_node = node;
}

int irq_init(const struct fdt *fdt)
{
	device_probe(fdt, DEVICE_IRQ);
	if (!chip)
		return -ENODEV;
	irq_init_cpu();
	pr_info("irq: %s, %u interrupts\n", chip->name, chip->nr_irqs);
	return 0;
}

void irq_init_cpu(void)
{
	unsigned int cpu = cpu_id();
	unsigned long flags;

	chip->init_cpu();
	flags = spin_lock_irqsave(&lines_lock);
	ready |= BIT(cpu);
	for (unsigned int irq = IRQ_SPI_BASE; nr_routed && irq < chip->nr_irqs; irq++)
		if (lines[irq].fn && lines[irq].cpu == cpu && cpu)
			chip->route(irq, cpu);
	spin_unlock_irqrestore(&lines_lock, flags);
}

void irq_route(unsigned int irq, unsigned int cpu)
{
	unsigned long flags;

	CHECK(irq >= IRQ_SPI_BASE && irq < chip->nr_irqs && cpu < NR_CPUS);
	flags = spin_lock_irqsave(&lines_lock);
	nr_routed += cpu && !lines[irq].cpu;
	lines[irq].cpu = (uint8_t)cpu;
	if (ready & BIT(cpu))
		chip->route(irq, cpu);
	spin_unlock_irqrestore(&lines_lock, flags);
}

int irq_request(unsigned int irq, enum irq_trigger trigger, irq_handler fn, void *arg,
		const char *name)
{
	unsigned long flags;

	if (!chip || irq < IRQ_PPI_BASE || irq >= chip->nr_irqs)
		return -EINVAL;
	flags = spin_lock_irqsave(&lines_lock);
	if (lines[irq].fn) {
		spin_unlock_irqrestore(&lines_lock, flags);
		return -EBUSY;
	}
	lines[irq].arg = arg;
	lines[irq].name = name;
	lines[irq].trigger = trigger;
	lines[irq].cpu = 0; /* where enable lets it go */
	/*
	 * Before the controller lets the interrupt in, and after arg: serve_irq on another core
	 * reads fn without the lock.
	 */
	store_release(&lines[irq].fn, fn);
	chip->enable(irq, trigger);
	spin_unlock_irqrestore(&lines_lock, flags);
	return 0;
}
EXPORT(irq_request);

/* Takes the place of a handler that goes: what was pending comes once more, and is nobody's. */
static void handle_nothing(void *arg)
{
}

void irq_free(unsigned int irq)
{
	struct irq_line *line = &lines[irq];
	unsigned long flags;

	CHECK(irq >= IRQ_SPI_BASE && irq < IRQ_MAX && line->fn);
	flags = spin_lock_irqsave(&lines_lock);
	chip->disable(irq);
	WRITE_ONCE(line->fn, handle_nothing);
	spin_unlock_irqrestore(&lines_lock, flags);
	/*
	 * Either serve_spi sees the new fn, or we see that it is serving: each writes its own word
	 * before it reads the other's.  Without the lock, and for no longer than a handler runs.
	 */
	dmb(ish);
	while (load_acquire(&line->serving))
		cpu_relax();
	flags = spin_lock_irqsave(&lines_lock);
	line->name = NULL;
	store_release(&line->fn, NULL);
	spin_unlock_irqrestore(&lines_lock, flags);
}
EXPORT(irq_free);

void irq_enable_ppi(unsigned int irq, enum irq_trigger trigger)
{
	unsigned long flags;

	CHECK(irq >= IRQ_PPI_BASE && irq < IRQ_SPI_BASE);
	flags = spin_lock_irqsave(&lines_lock);
	chip->enable(irq, trigger);
	spin_unlock_irqrestore(&lines_lock, flags);
}

void irq_set_active(unsigned int irq, bool active)
{
	chip->set_active(irq, active);
}

static struct irq_virt virt;

void irq_virt_register(const struct irq_virt *v)
{
	virt = *v;
}

const struct irq_virt *irq_virt(void)
{
	return virt.version ? &virt : NULL;
}

void irq_register_ipi(enum ipi what, irq_handler fn)
{
	/* No lock: each IPI has one owner, at boot; SGIs are enabled on each core already. */
	store_release(&lines[what].fn, fn);
}

void irq_send_ipi(unsigned int cpu, enum ipi what)
{
	chip->send_sgi(cpu, what);
}

/*
 * A level that nobody serves would come again for ever.  Under the lock: somebody may have asked
 * for it since it was taken.
 */
static void silence_irq(unsigned int irq)
{
	bool nobody;

	spin_lock(&lines_lock);
	nobody = !lines[irq].fn;
	if (nobody)
		chip->disable(irq);
	spin_unlock(&lines_lock);
	if (nobody)
		pr_warn("irq %u: nobody asked for it; disabled\n", irq);
}

static void serve_irq(unsigned int irq)
{
	irq_handler fn = load_acquire(&lines[irq].fn);

	/* This core's own, with interrupts masked: no atomic is needed. */
	this_cpu(counts)[irq]++;
	if (likely(fn)) {
		stretch_irq_of((uintptr_t)fn);
		fn(lines[irq].arg);
	} else {
		silence_irq(irq);
	}
}

/* A device's: its handler may be taken away (irq_free), so it is said that it runs. */
static void serve_spi(unsigned int irq)
{
	struct irq_line *line = &lines[irq];

	WRITE_ONCE(line->serving, true);
	dmb(ish);
	serve_irq(irq);
	store_release(&line->serving, false);
	/*
	 * What the handler has written to the device to make it stop arrives before the controller
	 * looks at the line again, or it would come a second time for nothing.
	 */
	dsb(sy);
}

/* @acked, which the controller has given, and all that is pending behind it. */
static void serve_all(uint32_t acked)
{
	for (;; acked = chip->ack()) {
		unsigned int irq = acked & IRQ_ID_MASK;

		if (irq >= IRQ_MAX)
			return;
		MARK_IRQ(true);
		/* The cores' own (IPIs, timer) have no registers in memory, and stay for good. */
		if (irq >= IRQ_SPI_BASE)
			serve_spi(irq);
		else
			serve_irq(irq);
		MARK_IRQ(false);
		/*
		 * After the handler: the same interrupt cannot come on another core while it is
		 * served.
		 */
		chip->eoi(acked);
	}
}

void irq_dispatch(void)
{
	serve_all(chip->ack());
}

void irq_dispatch_told(void (*tell)(void *arg, int irq), void *arg)
{
	uint32_t acked = chip->ack();
	unsigned int irq = acked & IRQ_ID_MASK;

	tell(arg, irq < IRQ_MAX ? (int)irq : -1);
	serve_all(acked);
}

uint64_t irq_count(unsigned int irq, unsigned int cpu)
{
	if (irq >= IRQ_MAX || cpu >= NR_CPUS)
		return 0;
	return READ_ONCE(per_cpu(counts, cpu)[irq]);
}

unsigned int irq_lines(void)
{
	return chip ? chip->nr_irqs : 0;
}
EXPORT(irq_lines);

bool irq_describe(unsigned int irq, char *name, size_t size, enum irq_trigger *trigger)
{
	bool used = false;
	unsigned long flags;

	if (irq >= IRQ_MAX)
		return false;
	/* The name may be a module's, which frees the interrupt under this lock before it goes. */
	flags = spin_lock_irqsave(&lines_lock);
	if (lines[irq].fn && lines[irq].name) {
		used = true;
		*trigger = lines[irq].trigger;
		snprintf(name, size, "%s", lines[irq].name);
	}
	spin_unlock_irqrestore(&lines_lock, flags);
	return used;
}
EXPORT(irq_describe);

void irq_word(char *buf, size_t n, unsigned int irq)
{
	static const char *const ipis[NR_IPIS] = { [IPI_RESCHED] = "ipi_resched",
						   [IPI_STOP] = "ipi_stop",
						   [IPI_TIMER] = "ipi_timer",
						   [IPI_CALL] = "ipi_call",
						   [IPI_WHERE] = "ipi_where" };
	enum irq_trigger trigger;

	if (irq < NR_IPIS)
		snprintf(buf, n, "%s", ipis[irq]);
	else if (!irq_describe(irq, buf, n, &trigger) || !*buf)
		snprintf(buf, n, "-");
	for (; *buf; buf++)
		if (*buf <= ' ')
			*buf = '_';
}

const char *irq_chip_name(void)
{
	return chip ? chip->name : "";
}

int irq_from_cells(int controller, const uint32_t *cells, int n, enum irq_trigger *trigger)
{
	uint32_t number;

	if (!chip || controller != chip_node || n < GIC_FDT_CELLS || cells[0] > GIC_FDT_PPI ||
	    cells[1] >= IRQ_MAX)
		return -EINVAL;
	*trigger = cells[2] & GIC_FDT_EDGES ? IRQ_EDGE : IRQ_LEVEL;
	number = cells[1] + (cells[0] == GIC_FDT_SPI ? IRQ_SPI_BASE : IRQ_PPI_BASE);
	return number < IRQ_MAX ? (int)number : -EINVAL;
}

int irq_from_fdt(const struct fdt *fdt, int node, unsigned int index, enum irq_trigger *trigger)
{
	uint32_t cells[GIC_FDT_CELLS_MAX];
	int n = fdt_interrupt(fdt, node, index, cells, GIC_FDT_CELLS_MAX);

	if (n < 0)
		return n;
	return irq_from_cells(fdt_interrupt_parent(fdt, node), cells, n, trigger);
}
EXPORT(irq_from_fdt);
