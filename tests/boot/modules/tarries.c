/*
 * tarries.c - a module whose init goes on for a tenth of a second, with interrupts coming in.
 */
#include "arm/barrier.h"
#include "arm/counter.h"
#include "kmod/module.h"
#include "lib/export.h"

/* Not inlined: the trace shows the name. */
static __attribute__((noinline)) void tarry(void)
{
	uint64_t start = counter_read();

	while (counter_read() - start < counter_hz() / 10)
		cpu_relax();
}

static int tarries_init(void)
{
	tarry();
	return 0;
}

static void tarries_exit(void)
{
}

module_init(tarries_init);
module_exit(tarries_exit);
MODULE_LICENSE("MIT");
