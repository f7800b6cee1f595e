/*
 * interrupts.c - an interrupt that is requested and freed while it comes: the distributor's own
 * register makes it pend.  Of what is written to /proc/interrupts_test, "pend" does that until
 * "cycle", which requests and frees it, was written CYCLES times and is done.  Reading it says
 * whether the handler ran, and how often it did after irq_free, or for another request.
 */
#include "kmod/module.h"

#include "abi/errno.h"
#include "arm/barrier.h"
#include "arm/mmio.h"
#include "drivers/device.h"
#include "drivers/gic/gicd.h"
#include "drivers/irq.h"
#include "fs/proc/register.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "task/wait.h"

#define CYCLES 2u
#define ENOUGH 300u /* so often it has come */
#define ROUNDS 5000u

static volatile struct gicd *gicd;
static unsigned int irq; /* one that no device has */
static uint64_t came, wrong;
static uint32_t cycles;	 /* that have ended: with the last of CYCLES it is over */
static uint32_t request; /* the one that holds now; 0: none */
static struct mutex lock = MUTEX_INIT(lock);

static void handle(void *arg)
{
	came++;
	if ((uint32_t)(uintptr_t)arg != READ_ONCE(request))
		wrong++;
}

static void make_pending(void)
{
	for (uint32_t i = 0; READ_ONCE(cycles) < CYCLES; i++) {
		mmio_write32(&gicd->ispendr[irq / 32], 1u << irq % 32);
		if (i % 64 == 0 && give_way())
			return;
	}
}

static int cycle(void)
{
	int err = 0;

	for (uint32_t i = 1; !err && (i <= ROUNDS || READ_ONCE(came) < ENOUGH); i++) {
		WRITE_ONCE(request, i);
		err = irq_request(irq, IRQ_EDGE, handle, (void *)(uintptr_t)i, "test");
		if (err)
			break;
		/* A moment, not always the same. */
		for (uint32_t spin = i % 97; spin; spin--)
			cpu_relax();
		irq_free(irq);
		WRITE_ONCE(request, 0);
		if (i % 16 == 0 && give_way())
			err = -EINTR;
	}
	return err;
}

static int test_write(void *arg, char *text, size_t len)
{
	int err;

	if (!strcmp(text, "pend\n")) {
		make_pending();
		return 0;
	}
	if (mutex_lock_killable(&lock))
		return -EINTR;
	err = cycle();
	WRITE_ONCE(cycles, cycles + 1);
	mutex_unlock(&lock);
	return err;
}

static int test_show(struct proc_text *t, void *arg, uint64_t *at)
{
	proc_printf(t, "%s, wrong %llu\n", READ_ONCE(came) < ENOUGH ? "too few" : "came",
		    (unsigned long long)READ_ONCE(wrong));
	return 0;
}

static struct proc_file file = { .name = "interrupts_test",
				 .mode = 0600,
				 .show = test_show,
				 .write = test_write,
				 .owner = THIS_OWNER };

static int __init interrupts_init(void)
{
	int node = device_find(-1, "arm,cortex-a15-gic");

	if (node < 0)
		node = device_find(-1, "arm,gic-v3");
	if (node < 0)
		return -ENODEV;
	gicd = device_ioremap(device_tree(), node, 0, NULL);
	if (!gicd)
		return -ENOMEM;
	/* The last that QEMU's distributor has; behind it are messages (LPIs). */
	irq = (irq_lines() < 288 ? irq_lines() : 288) - 1;
	return proc_register(&file);
}

static void __exit interrupts_exit(void)
{
	proc_unregister(&file);
}

module_init(interrupts_init);
module_exit(interrupts_exit);
MODULE_LICENSE("MIT");
