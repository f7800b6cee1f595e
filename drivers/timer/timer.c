/*
 * timer.c - the virtual timer's interrupt, on its way to task/time, which programs the deadlines.
 *
 * The virtual timer is the one that EL1 may use under every hypervisor and with none.  To a kernel
 * that stays at EL2 the same registers are EL2's own virtual timer, which has its own line.  Its
 * interrupt is a level: the handler stops the timer first, so that it does not come again before
 * the next deadline is programmed.
 */
#include "drivers/timer/timer.h"

#include "abi/errno.h"
#include "abi/nanoseconds.h"
#include "arm/atomic.h"
#include "drivers/device.h"
#include "drivers/irq.h"
#include "lib/export.h"
#include "log/printk.h"

/* The binding's order: secure physical, non-secure physical, virtual, hypervisor, its virtual. */
#define FDT_VIRTUAL_TIMER     2
#define FDT_EL2_VIRTUAL_TIMER 4
/* Where a tree does not say: Arm's Base System Architecture has it there. */
#define EL2_VIRTUAL_TIMER_PPI 28

#define EVENT_HZ	      10000

static void (*handler)(void);
static unsigned int timer_irq; /* 0: there is no timer */
static enum irq_trigger timer_trigger;

static void arch_timer_interrupt(void *arg)
{
	void (*fn)(void) = READ_ONCE(handler);

	/* First: fn programs the next deadline, which must not be stopped afterwards. */
	counter_alarm_stop();
	if (fn)
		fn();
}

void timer_set_handler(void (*fn)(void))
{
	WRITE_ONCE(handler, fn);
}

/* CNTFRQ_EL0 is what firmware wrote there; a tree that knows better says so. */
static uint64_t find_frequency(const struct fdt *fdt, int node)
{
	uint32_t hz;

	return fdt_u32(fdt, node, "clock-frequency", &hz) ? counter_hz() : hz;
}

/*
 * An event every 100 us or so: it ends each WFE that has waited for nothing (arm/spinlock.c;
 * programs may rely on it, as AT_HWCAP's EVTSTRM says).  An event is a change of bit EVNTI, whose
 * period is 2^(EVNTI + 1) ticks.
 */
static void start_event_stream(void)
{
	unsigned int bit = 0;

	while (bit < CNTKCTL_EVNTI_MAX && UINT64_C(1) << (bit + 1) < counter_hz() / EVENT_HZ)
		bit++;
	WRITE_SYSREG(cntkctl_el1,
		     CNTKCTL_EL0VCTEN | CNTKCTL_EVNTEN | (uint64_t)bit << CNTKCTL_EVNTI_SHIFT);
}

static int find_irq(const struct fdt *fdt, int node)
{
	int irq;

	if (READ_SYSREG(CurrentEL) == CurrentEL_EL1)
		return irq_from_fdt(fdt, node, FDT_VIRTUAL_TIMER, &timer_trigger);
	irq = irq_from_fdt(fdt, node, FDT_EL2_VIRTUAL_TIMER, &timer_trigger);
	if (irq >= 0)
		return irq;
	timer_trigger = IRQ_LEVEL;
	return EL2_VIRTUAL_TIMER_PPI;
}

static int timer_probe(const struct fdt *fdt, int node)
{
	uint64_t hz = find_frequency(fdt, node);
	int irq, err;

	if (counter_init(hz)) {
		pr_err("timer: the counter's frequency can't be %lu Hz\n", hz);
		return -EINVAL;
	}
	counter_alarm_stop();
	irq = find_irq(fdt, node);
	if (irq < 0)
		return irq;
	err = irq_request(irq, timer_trigger, arch_timer_interrupt, NULL, "arch_timer");
	if (err)
		return err;
	/* After the request: 0 means that there is no timer (timer_init). */
	timer_irq = irq;
	start_event_stream();
	pr_info("timer: %lu Hz, irq %d\n", hz, irq);
	return 0;
}

DEVICE_DRIVER(arch_timer, DEVICE_TIMER, "arm,armv8-timer", timer_probe);

int timer_init(const struct fdt *fdt)
{
	device_probe(fdt, DEVICE_TIMER);
	return timer_irq ? 0 : -ENODEV;
}

void timer_init_cpu(void)
{
	counter_alarm_stop();
	start_event_stream();
	irq_enable_ppi(timer_irq, timer_trigger);
}

int timer_guest_irq(unsigned int *number)
{
	const struct fdt *fdt = device_tree();
	enum irq_trigger trigger;
	int irq =
		irq_from_fdt(fdt, device_find(-1, "arm,armv8-timer"), FDT_VIRTUAL_TIMER, &trigger);

	*number = (unsigned int)irq;
	return irq >= IRQ_PPI_BASE && irq < IRQ_SPI_BASE ? 0 : -ENOENT;
}

void timer_udelay(unsigned int us)
{
	/* Not by the scales: a reset may need this before timer_init. */
	uint64_t start = counter_read(), ticks = us * counter_hz() / US_PER_S;

	while (counter_read() - start <= ticks)
		cpu_relax();
}
EXPORT(timer_udelay);
