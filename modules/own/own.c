/*
 * own.c - a vector table of one's own: each core's VBAR_EL1 points into this module, which counts
 * what comes through each slot, and goes on in the kernel's table.  /proc/own shows the counts.
 *
 * The kernel keeps knowing which of its tables each core should use (el1/vbar.h), and says so when
 * that changes.  Unloaded, each core first has the kernel's table in VBAR_EL1 again, and nobody is
 * in a slot of this module any more.
 */
#include "modules/own/own.h"

#include "arm/sysreg.h"
#include "el1/vbar.h"
#include "fs/proc/register.h"
#include "kmod/module.h"
#include "log/ksym.h"
#include "log/printk.h"
#include "task/cores.h"
#include "task/oncores.h"
#include "task/wait.h"

_Static_assert(NR_CPUS == 8, "vectors.S has a table for each core");

struct own_core own_cores[NR_CPUS];

static struct mutex lock = MUTEX_INIT(lock); /* vbars */
static uint64_t vbars[NR_CPUS];

/* The slot's branches: Z, a table that shows each SVC; C, one that fills the branch history. */
static void behind(unsigned int cpu, unsigned int table)
{
	uint64_t flags = (table & VECTORS_TRACED ? PSR_Z : 0) | (table & VECTORS_BHB ? PSR_C : 0);

	WRITE_ONCE(own_cores[cpu].behind, flags);
}

static const struct vectors_front front = { .tables = own_tables, .behind = behind };

static void read_vbar(void *arg)
{
	vbars[cpu_id()] = READ_SYSREG(vbar_el1);
}

static bool is_online(unsigned int cpu)
{
	return cores_online() & BIT(cpu);
}

static void show_vbars(struct proc_text *t)
{
	static const char *const kernels[] = { "vectors_el1", "vectors_el1_traced", "vectors_bhb",
					       "vectors_bhb_traced" };

	mutex_lock(&lock);
	cores_call(read_vbar, NULL);
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		uint64_t flags = READ_ONCE(own_cores[cpu].behind);
		char name[KSYM_TEXT_MAX];

		if (!is_online(cpu))
			continue;
		ksym_describe(name, sizeof(name), (uintptr_t)vbars[cpu], 0);
		proc_printf(t, "cpu%u VBAR_EL1 %#llx %s, in front of %s\n", cpu,
			    (unsigned long long)vbars[cpu], name,
			    kernels[(flags & PSR_Z ? VECTORS_TRACED : 0) |
				    (flags & PSR_C ? VECTORS_BHB : 0)]);
	}
	mutex_unlock(&lock);
}

static int own_show(struct proc_text *t, void *arg, uint64_t *at)
{
	static const char *const source[2][4] = {
		{ "EL1t", "EL1h", "EL0 AArch64", "EL0 AArch32" },
		{ "EL2t", "EL2h", "EL0 AArch64", "EL0 AArch32" }, /* newel.el2=vhe */
	};
	static const char *const kind[] = { "Synchronous", "IRQ", "FIQ", "SError" };

	show_vbars(t);
	for (unsigned int slot = 0; slot < SLOTS; slot++) {
		proc_printf(t, "0x%03x %-12s%-12s", slot * SLOT_SIZE,
			    source[this_el() == 2][SLOT_FROM(slot)], kind[SLOT_KIND(slot)]);
		for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
			if (is_online(cpu))
				proc_printf(
					t, " %12llu",
					(unsigned long long)READ_ONCE(own_cores[cpu].count[slot]));
		proc_puts(t, "\n");
	}
	return 0;
}

static struct proc_file own_file = {
	.name = "own",
	.mode = 0400, /* kernel addresses are in it */
	.show = own_show,
	.owner = THIS_OWNER,
};

static int __init own_init(void)
{
	int err = proc_register(&own_file);

	if (err)
		return err;
	err = vectors_front_add(&front);
	if (err)
		proc_unregister(&own_file);
	return err;
}

static void __exit own_exit(void)
{
	proc_unregister(&own_file);
	vectors_front_remove(&front);
	cores_call(read_vbar, NULL);
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		char name[KSYM_TEXT_MAX];

		if (!is_online(cpu))
			continue;
		ksym_describe(name, sizeof(name), (uintptr_t)vbars[cpu], 0);
		pr_info("own: cpu%u VBAR_EL1 %#llx %s\n", cpu, (unsigned long long)vbars[cpu],
			name);
	}
}

module_init(own_init);
module_exit(own_exit);
MODULE_LICENSE("MIT");
MODULE_DESCRIPTION("its own vectors in VBAR_EL1, which count, in front of the kernel's");
