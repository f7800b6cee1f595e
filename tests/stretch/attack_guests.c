/*
 * attack_guests.c - a VMM, and its guests, that make the kernel and EL2 do much at once: slots,
 * tables, logs, vCPUs, lines, machines.
 */
#include "tests/stretch/adversary.h"

#include <sys/eventfd.h>

#include "tests/el0/kvm/guest.h"

#define FAR_OFF	   0x100000000ul /* of the guest */
#define BLOCK	   MIB(2)
#define SPIS	   200
#define LINES	   (SPIS + 256) /* more than one lead to the first */
#define VCPUS_MOST 512

/* clang-format off */
/* From x1 on, x24 times by x2 bytes. */
GUEST(touches, "1: str x21, [x1]\n add x1, x1, x2\n subs x24, x24, #1\n b.ne 1b\n" DONE);
GUEST(waits, "1: wfi\n b 1b\n");
/* To all others, x24 times; all is turned off and on, and asked for. */
GUEST(calls_all,
	"movz x2, #0x100, lsl #32\n mov w3, #0x12\n"
	"1: msr icc_sgi1r_el1, x2\n isb\n str w3, [x22]\n ldr w4, [x22, #0x300]\n str wzr, [x22]\n"
	"subs x24, x24, #1\n b.ne 1b\n" DONE);
/* All SPIs are enabled levels; x24 of them are taken, and ended. */
GUEST(takes,
	"mov w1, #0x12\n str w1, [x22]\n mov w1, #-1\n add x2, x22, #0x84\n add x3, x22, #0x104\n mov x4, #30\n"
	"1: str w1, [x2]\n str w1, [x3]\n add x2, x2, #4\n add x3, x3, #4\n subs x4, x4, #1\n b.ne 1b\n"
	"add x2, x22, #0xc08\n mov x4, #60\n 2: str wzr, [x2]\n add x2, x2, #4\n subs x4, x4, #1\n b.ne 2b\n"
	"mov x1, #0xf0\n msr icc_pmr_el1, x1\n mov x1, #1\n msr icc_igrpen1_el1, x1\n isb\n"
	"3: mrs x5, icc_iar1_el1\n cmp x5, #1020\n b.hs 4f\n msr icc_eoir1_el1, x5\n isb\n"
	"subs x24, x24, #1\n b.ne 3b\n" DONE "4: wfi\n b 3b\n");
/* clang-format on */

static void run_touches(struct guest *g, uint64_t from, uint64_t step, uint64_t n)
{
	guest_load(g, 0, touches);
	set_reg(g->cpu[0], X_ID(1), from);
	set_reg(g->cpu[0], X_ID(2), step);
	set_reg(g->cpu[0], X_ID(24), n);
	check(guest_run(g), AT_DONE, "touches");
}

/* One page in many slots, of which each has tables of its own: it goes, then all of them. */
static void slots_of_a_page(int size)
{
	unsigned int n = (unsigned int)min_int(4000 * size, 32000);
	char *page = memory(KIB(4), true);
	struct guest g;

	open_kvm();
	guest_make(&g, 1, 0);
	for (unsigned int i = 0; i < n; i++)
		if (set_slot(g.vm, i + 1, 0, FAR_OFF + i * BLOCK, KIB(4), page))
			_exit(1);
	run_touches(&g, FAR_OFF, BLOCK, n);
	munmap(page, KIB(4));
	guest_free(&g);
	_exit(tap_failures() != 0);
}

/* Memory that the guest has, by pages or by blocks, is taken from it, in each way there is. */
static void memory_goes(int size)
{
	size_t bytes = MIB(32) * (size_t)min_int(size, 8);
	char *p = memory(bytes + BLOCK, false);
	struct guest g;

	p = (char *)(((uintptr_t)p + BLOCK - 1) & ~(BLOCK - 1));
	open_kvm();
	guest_make(&g, 1, 0);
	check(set_slot(g.vm, 1, 0, FAR_OFF, bytes, p), 0, "slot");
	for (int i = 0; i < 2; i++) {
		madvise(p, bytes, i ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		run_touches(&g, FAR_OFF, KIB(4), bytes / KIB(4));
		mprotect(p, bytes, PROT_READ);
		mprotect(p, bytes, PROT_READ | PROT_WRITE);
		run_touches(&g, FAR_OFF, KIB(4), bytes / KIB(4));
		check(set_slot(g.vm, 1, 0, FAR_OFF * 2, bytes, p), 0, "it moves");
		check(set_slot(g.vm, 1, 0, FAR_OFF, bytes, p), 0, "and back");
		run_touches(&g, FAR_OFF, KIB(4), bytes / KIB(4));
		madvise(p, bytes, MADV_DONTNEED);
	}
	guest_free(&g);
	_exit(tap_failures() != 0);
}

static void dirty_logs(int size)
{
	size_t bytes = GIB(8) * (size_t)size, words = bytes / KIB(4) / 64;
	char *p = memory(bytes, false);
	uint64_t *bits = (uint64_t *)(void *)memory(words * 8, true);
	struct kvm_dirty_log log = { .slot = 1, .dirty_bitmap = bits };
	struct kvm_clear_dirty_log clear = { .slot = 1,
					     .num_pages = (__u32)(bytes / KIB(4)),
					     .dirty_bitmap = bits };
	struct guest g;

	open_kvm();
	guest_make(&g, 1, 0);
	check(set_slot(g.vm, 1, KVM_MEM_LOG_DIRTY_PAGES, FAR_OFF, bytes, p), 0, "slot");
	run_touches(&g, FAR_OFF, MIB(8), bytes / MIB(8));
	ioctl_is(0, g.vm, KVM_GET_DIRTY_LOG, &log);
	memset(bits, 0xff, words * 8);
	ioctl_is(0, g.vm, KVM_CLEAR_DIRTY_LOG, &clear);
	run_touches(&g, FAR_OFF, MIB(8), bytes / MIB(8));
	check(set_slot(g.vm, 1, 0, FAR_OFF, bytes, p), 0, "no log");
	check(set_slot(g.vm, 1, KVM_MEM_LOG_DIRTY_PAGES, FAR_OFF, bytes, p), 0, "again");
	check(set_slot(g.vm, 1, 0, FAR_OFF, 0, NULL), 0, "no slot");
	guest_free(&g);
	_exit(tap_failures() != 0);
}

static int sleepers[VCPUS_MOST];

static void *sleeps(void *arg)
{
	sys(ioctl, *(int *)arg, KVM_RUN, 0);
	return arg;
}

/* As many vCPUs as there are sleep, and one calls them all. */
static void all_vcpus(int size)
{
	int n = min_int(64 * size, VCPUS_MOST);
	uint64_t attr = GICR | (uint64_t)n << 52;
	struct guest g;

	open_kvm();
	guest_make(&g, 1, 0);
	guest_put(&g, 0x1000, waits, waits_end);
	for (int i = 1; i < n; i++) {
		sleepers[i] = (int)sys(ioctl, g.vm, KVM_CREATE_VCPU, i);
		if (vcpu_init(g.vm, sleepers[i], 1u << KVM_ARM_VCPU_PSCI_0_2))
			_exit(1);
		set_reg(sleepers[i], PC_ID, RAM + 0x1000);
	}
	g.gic_version = 3;
	g.gic = (int)new_device(g.vm, KVM_DEV_TYPE_ARM_VGIC_V3, 0);
	check(set_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST,
		       &(uint64_t){ GICD }),
	      0, "distributor");
	attr &= ~UINT64_C(0xffff);
	check(set_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION,
		       &attr),
	      0, "redistributors");
	check(set_attr(g.gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL), 0,
	      "init");
	for (int i = 1; i < n; i++)
		threads(1, sleeps, &sleepers[i]);
	pause_ms(100);
	guest_load(&g, 0, calls_all);
	set_reg(g.cpu[0], X_ID(24), 20);
	check(guest_run(&g), AT_DONE, "calls all");
	_exit(tap_failures() != 0);
}

static long add_line(int vm, int n, int *event)
{
	struct kvm_irqfd i = { .gsi = (__u32)n, .flags = KVM_IRQFD_FLAG_RESAMPLE };

	*event = eventfd(0, EFD_NONBLOCK);
	i.fd = (__u32)*event;
	i.resamplefd = (__u32)eventfd(0, EFD_NONBLOCK);
	return sys(ioctl, vm, KVM_IRQFD, &i);
}

/*
 * Lines that are not where they were at first, with resamplefds: all are raised at once, and one
 * interrupt is hundreds of them.
 */
static void all_lines(int size)
{
	static int event[LINES];
	struct kvm_irq_routing *r =
		calloc(1, sizeof(*r) + LINES * sizeof(struct kvm_irq_routing_entry));
	struct guest g;

	open_kvm();
	guest_make(&g, 1, 0);
	guest_gic(&g);
	r->nr = LINES;
	for (unsigned int i = 0; i < LINES; i++)
		r->entries[i] = (struct kvm_irq_routing_entry){ .gsi = 4000 - i,
								.type = KVM_IRQ_ROUTING_IRQCHIP,
								.u.irqchip.pin = i < SPIS ? i : 0 };
	ioctl_is(0, g.vm, KVM_SET_GSI_ROUTING, r);
	for (int i = 0; i < LINES; i++)
		check(add_line(g.vm, 4000 - i, &event[i]), 0, "line %d", i);
	for (int round = 0; round < size; round++) {
		for (int i = 0; i < LINES; i++)
			(void)!write(event[i], &(uint64_t){ 1 }, 8);
		guest_load(&g, 0, takes);
		set_reg(g.cpu[0], X_ID(24), SPIS);
		check(guest_run(&g), AT_DONE, "takes all");
	}
	guest_free(&g);
	_exit(tap_failures() != 0);
}

/* Stores that are looked for among a thousand that are events. */
static void all_stores(int size)
{
	struct kvm_ioeventfd s = { .len = 4, .fd = eventfd(0, 0) };
	struct guest g;

	open_kvm();
	guest_make(&g, 1, 0);
	for (unsigned int i = 0; i < 1000; i++) {
		s.addr = 0x20000000 + 8 * i;
		ioctl_is(0, g.vm, KVM_IOEVENTFD, &s);
	}
	for (int i = 0; i < 20 * size; i++) {
		guest_load(&g, 0, touches);
		set_reg(g.cpu[0], X_ID(1), 0x30000000);
		set_reg(g.cpu[0], X_ID(24), 1);
		check(guest_run(&g), AT_MMIO, "a store");
	}
	guest_free(&g);
	_exit(tap_failures() != 0);
}

/* One page that is many machines' loses its right to be written, and is forked. */
static void many_machines(int size)
{
	int n = min_int(60 * size, 240);
	char *page = memory(KIB(4), true);
	static struct guest g[240];
	pid_t child;

	open_kvm();
	for (int i = 0; i < n; i++) {
		guest_make(&g[i], 1, 0);
		check(set_slot(g[i].vm, 1, 0, FAR_OFF, KIB(4), page), 0, "slot");
		run_touches(&g[i], FAR_OFF, 8, 8);
	}
	mprotect(page, KIB(4), PROT_READ);
	mprotect(page, KIB(4), PROT_READ | PROT_WRITE);
	if (children(1, NULL, NULL, &child) == 1)
		end_children(1, &child);
	munmap(page, KIB(4));
	/* All of them go with the process. */
	_exit(tap_failures() != 0);
}

const struct attack attacks_guests[] = {
	{ "slots_of_a_page", slots_of_a_page },
	{ "memory_goes", memory_goes },
	{ "dirty_logs", dirty_logs },
	{ "all_vcpus", all_vcpus },
	{ "all_lines", all_lines },
	{ "all_stores", all_stores },
	{ "many_machines", many_machines },
	{ NULL, NULL },
};
