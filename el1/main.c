/*
 * main.c - bring-up is a list: from start/ in the higher half to the first task.
 */
#include "arm/percpu.h"
#include "drivers/device.h"
#include "drivers/irq.h"
#include "drivers/psci/psci.h"
#include "drivers/timer/timer.h"
#include "drivers/uart.h"
#include "el1/emulate.h"
#include "el1/init.h"
#include "el1/levels.h"
#include "el1/memory.h"
#include "el1/panic.h"
#include "el1/selftest.h"
#include "el1/smp.h"
#include "el1/trap.h"
#include "el1/version.h"
#include "fs/vfs.h"
#include "lib/fdt.h"
#include "log/panic.h"
#include "log/printk.h"
#include "mm/page.h"
#include "start/boot_info.h"
#include "task/sched.h"
#include "task/task.h"
#include "task/timer.h"
#include "trace/trace.h"

static struct fdt fdt;
static struct fdt_chosen chosen;

static void say_hello(const struct boot_info *boot)
{
	char line[160];

	boot_line(boot, psci_conduit(), line, sizeof(line));
	pr_info("newel " NEWEL_VERSION "\n");
	pr_info("%s\n", line);
}

/* The device tree, checked: without one nothing is known of the machine, not even where to say so. */
static void read_device_tree(const struct boot_info *boot)
{
	if (!boot->dtb)
		panic("no device tree: x0 did not point to one, nor was one at the start of RAM");
	if (fdt_check(phys_to_virt(boot->dtb), boot->dtb_size, &fdt))
		panic("device tree at %#llx is damaged: %s at offset %#x", (unsigned long long)boot->dtb, fdt.error,
		      fdt.error_at);
	if (fdt_read_chosen(&fdt, &chosen))
		chosen.initrd.size = 0; /* el1/memory.c says so, once there is a console */
}

void kmain(struct boot_info *boot)
{
	struct initrd initrd;

	trap_init_cpu();
	panic_init(boot);
	read_device_tree(boot);
	log_configure(chosen.bootargs);
	panic_configure(chosen.bootargs);
	trace_configure(chosen.bootargs);
	psci_init(&fdt, boot_has_el3(boot));
	say_hello(boot);
	uart_early_init(&fdt, chosen.bootargs);
	initrd = memory_init(boot, &fdt, chosen.bootargs);
	emulate_init();
	task_init();
	device_init(&fdt);
	levels_init(boot);
	vfs_start(&chosen);
	smp_start_others(&fdt);
	selftest_run(chosen.bootargs);
	init_start(chosen.bootargs, &initrd);
	sched_idle();
}
