/*
 * smp.c - from one core to all of them.
 *
 * Comes from el1/main.c; the way in of a secondary core is start/secondary.S, which ends in
 * secondary_main() below. Cores are started one after another, so what is prepared for one is read
 * by that one alone.
 */
#include "el1/smp.h"

#include "abi/errno.h"
#include "drivers/irq.h"
#include "drivers/psci/psci.h"
#include "drivers/timer/timer.h"
#include "el1/spectre.h"
#include "el1/tracing.h"
#include "el1/vbar.h"
#include "kvm/el2.h"
#include "lib/fdt_bindings.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/kmap.h"
#include "mm/memmap.h"
#include "mm/uaccess.h"
#include "start/boot_info.h"
#include "start/secondary.h"
#include "task/cores.h"
#include "task/sched.h"
#include "task/task.h"

extern char __percpu_start[], __percpu_end[];

static DEFINE_PERCPU(bool, online); /* written by the core itself */

#define START_TIMEOUT_NS NS_PER_S
#define PARK_TIMEOUT_NS	 (NS_PER_S / 10)

/*
 * secondary_main - start/secondary.S: this core has the kernel's tables, its stack and its idle
 * task.
 */
void secondary_main(unsigned int cpu)
{
	spectre_init_cpu();
	vbar_init_cpu();
	serror_enable();
	irq_init_cpu();
	timer_init_cpu();
	el2_init_cpu();
	timer_queue_init();
	sched_init_cpu(current);
	/* After all of the core's own: the boot core goes on, and others may send it tasks. */
	store_release(&per_cpu(online, cpu), true);
	sched_idle();
}

/* Core @cpu's copy of .percpu, which begins as zeros. */
static int make_percpu(unsigned int cpu)
{
	size_t size = (size_t)(__percpu_end - __percpu_start);
	unsigned int order = 0;
	struct page *p;

	while (PAGE_SIZE << order < size)
		order++;
	p = page_alloc(order);
	if (!p)
		return -ENOMEM;
	memset(page_to_virt(p), 0, PAGE_SIZE << order);
	/*
	 * Before the core starts: it reads its own offset first of all.  Others see from it that
	 * there is such a core.
	 */
	percpu_offset[cpu] = (uintptr_t)page_to_virt(p) - (uintptr_t)__percpu_start;
	per_cpu(cpu_number, cpu) = cpu;
	tracing_init_cpu(cpu);
	return 0;
}

/*
 * Where a core polls: its cpu-release-addr, in the linear map; or in a page that the tree keeps out
 * of that (no-map), or that is no RAM at all: mapped here alone, as the core reads it (MMU off:
 * Device).  NULL: nothing can be there.
 */
static volatile uint64_t *map_release(uint64_t pa)
{
	volatile uint64_t *slot;

	if (!IS_ALIGNED(pa, sizeof(*slot)))
		return NULL;
	slot = memmap_is_ram(pa) ? phys_to_virt(paddr_of(pa)) : NULL;
	if (slot && kmap_lookup((uintptr_t)slot))
		return slot;
	return ioremap(paddr_of(pa), sizeof(*slot));
}

/* To the point of coherency, and out of the cache: by any mapping's address (DDI 0487, D7.5.9). */
static void clean_line(volatile uint64_t *at)
{
	__asm__ volatile("dsb sy\n\tdc civac, %0\n\tdsb sy" ::"r"(at) : "memory");
}

/* The entry address goes where the core polls, past its caches: it reads with the MMU off. */
static int release_spinning(uint64_t release_addr, uint64_t entry)
{
	volatile uint64_t *slot = map_release(release_addr);

	if (!slot)
		return -EINVAL;
	/* Before: a line that a loader left dirty must not come down on what is written now. */
	clean_line(slot);
	*slot = entry;
	clean_line(slot);
	sev();
	return 0;
}

/* A core that came in together with the first may still be on its way to where it is parked. */
static bool wait_parked(uint64_t mpidr)
{
	uint64_t until = timer_now_ns() + PARK_TIMEOUT_NS;

	while (!secondary_parked(mpidr))
		if (timer_now_ns() > until)
			return false;
	return true;
}

/* A parked core has looked in vain, and waits for an event. */
static int release_parked(uint64_t mpidr, uint64_t context)
{
	int err = secondary_allow(mpidr, context);

	if (!err)
		sev();
	return err;
}

static int start_core(const struct fdt_cpu *c, uint64_t context)
{
	int err;

	/* Our own EL3 holds the cores, whatever the tree was written for. */
	if (boot_has_el3(&boot_info))
		return psci_cpu_on(c->mpidr, secondary_entry_pa(), context);
	if (secondary_parked(c->mpidr))
		return release_parked(c->mpidr, context);
	if (c->enable_method && !strcmp(c->enable_method, "spin-table")) {
		/* EL2 has called it out of its table, and sends it to where cores are parked. */
		if (boot_has_el2(&boot_info))
			return wait_parked(c->mpidr) ? release_parked(c->mpidr, context) : -ENODEV;
		err = secondary_allow(c->mpidr, context);
		return err ? err : release_spinning(c->release_addr, secondary_spin_pa());
	}
	err = psci_cpu_on(c->mpidr, secondary_entry_pa(), context);
	if (err == -ENODEV && wait_parked(c->mpidr))
		err = release_parked(c->mpidr, context);
	return err;
}

static bool wait_online(unsigned int cpu)
{
	uint64_t until = timer_now_ns() + START_TIMEOUT_NS;

	while (!load_acquire(&per_cpu(online, cpu)))
		if (timer_now_ns() > until)
			return false;
	return true;
}

static void bring_up(const struct fdt_cpu *c, unsigned int cpu)
{
	struct task *idle = task_create_idle(cpu);
	struct secondary_boot s = { .cpu = cpu, .task = (uintptr_t)idle };
	int err = idle ? make_percpu(cpu) : -ENOMEM;

	if (!err) {
		s.stack = (uintptr_t)idle->stack;
		s.percpu_offset = percpu_offset[cpu];
		/*
		 * secondary_prepare cleans what the core reads to memory: it comes in with its
		 * caches off.
		 */
		err = start_core(c, secondary_prepare(&s));
	}
	if (err)
		pr_err("cpu%u (MPIDR %#llx): could not be started: error %d\n", cpu,
		       (unsigned long long)c->mpidr, -err);
	else if (!wait_online(cpu))
		pr_err("cpu%u (MPIDR %#llx): was started and did not come\n", cpu,
		       (unsigned long long)c->mpidr);
}

void smp_start_others(const struct fdt *fdt, unsigned int cores)
{
	uint64_t self = READ_SYSREG(mpidr_el1) & MPIDR_AFFINITY_MASK;
	struct fdt_iter it = FDT_ITER_INIT;
	struct fdt_cpu c;
	unsigned int cpu = 0;

	while (fdt_next_cpu(fdt, &it, &c) > 0) {
		if (c.mpidr == self || !c.enabled)
			continue;
		if (cpu + 1 == cores && cores < NR_CPUS)
			break; /* the others stay off, as was asked for */
		if (++cpu == NR_CPUS) {
			pr_warn("smp: more than %u cores: the others stay off\n", NR_CPUS);
			break;
		}
		bring_up(&c, cpu);
	}
	pr_info("smp: %u cores\n", cores_count());
}
