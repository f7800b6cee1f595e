/*
 * stolen.c - stolen time: where a guest may be told of it (KVM_ARM_VCPU_PVTIME_IPA), its calls, and
 * that what it is told is what /proc says that its thread has waited for a core.
 */
#define _GNU_SOURCE
#include <sched.h>

#include "tests/el0/kvm/guest.h"
#include "tests/el0/libc/hostile.h"

#define NOT_SUPPORTED	 (-1)
#define ARCH_FEATURES	 0x80000001u
#define PV_TIME_FEATURES 0xc5000020u
#define PV_TIME_ST	 0xc5000021u

#define GROUP		 2 /* KVM_ARM_VCPU_PVTIME_CTRL, and its one attribute */
#define IPA		 0
#define FIRMWARE_STD_HYP 0x6030000000160001ul /* KVM_REG_ARM_STD_HYP_BMAP */
#define BY_SLOT		 0x90000000ul	      /* a slot of its own */
#define IN_RAM		 (RAM + 0x100000ul)
#define MS		 1000000ul

/* clang-format off */
GUEST(calls, "hvc #0\n" DONE);
GUEST(ends, DONE);
/* x1: where it is told; x2: for so many ticks it spins; x3: what was stolen meanwhile */
GUEST(spins,
	"ldr x3, [x1, #8]\n"
	"mrs x4, cntvct_el0\n"
	"1: isb\n mrs x5, cntvct_el0\n sub x5, x5, x4\n cmp x5, x2\n b.lo 1b\n"
	"ldr x6, [x1, #8]\n"
	"sub x3, x6, x3\n" DONE);
/* clang-format on */

static long call(struct guest *g, uint32_t fn, uint64_t a)
{
	guest_load(g, 0, calls);
	SET_X(g, 0, fn);
	SET_X(g, 1, a);
	check(guest_run(g), AT_DONE, "call %#x", fn);
	return X(g, 0);
}

static long set_place(struct guest *g, uint64_t at)
{
	return set_attr(g->cpu[0], GROUP, IPA, &at);
}

static void attribute(void)
{
	struct guest g;
	uint64_t at = 0;
	char *rom;

	begin("ioctl: KVM_SET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR, KVM_HAS_DEVICE_ATTR: "
	      "KVM_ARM_VCPU_PVTIME_IPA");
	guest_make(&g, 1, 0);
	rom = pages(0x1000);
	check(set_slot(g.vm, 1, KVM_MEM_READONLY, BY_SLOT, 0x1000, rom), 0, "a read-only slot");
	check(has_attr(g.cpu[0], GROUP, IPA), 0, "there is one");
	check(has_attr(g.cpu[0], GROUP, 1), -ENXIO, "there is no other");
	check(get_attr(g.cpu[0], GROUP, 1, &at), -ENXIO, "to get");
	check(set_attr(g.cpu[0], GROUP, 1, &at), -ENXIO, "to set");
	check(get_attr(g.cpu[0], GROUP, IPA, &at), 0, "at first");
	check((long)at, -1, "it is nowhere");
	for (int i = 0; hostile_pointer(&i, 8, IN);)
		check(set_attr(g.cpu[0], GROUP, IPA, bad), -EFAULT, "from %s", bad_name);
	for (int i = 0; hostile_pointer(&i, 8, OUT);)
		check(get_attr(g.cpu[0], GROUP, IPA, bad), -EFAULT, "to %s", bad_name);
	check(set_place(&g, RAM + 32), -EINVAL, "not aligned");
	check(set_place(&g, DEVICE), -EINVAL, "no memory");
	check(set_place(&g, ~63ul), -EINVAL, "no address");
	check(set_place(&g, BY_SLOT), -EINVAL, "not to be written");
	check(set_place(&g, IN_RAM), 0, "memory");
	check(set_place(&g, IN_RAM), -EEXIST, "again");
	check(set_place(&g, DEVICE), -EEXIST, "elsewhere");
	check(set_place(&g, RAM + 32), -EINVAL, "not aligned");
	check(get_attr(g.cpu[0], GROUP, IPA, &at), 0, "is set");
	check((long)at, (long)IN_RAM, "to what was said");
	guest_free(&g);
	munmap(rom, 0x1000);
	end();
}

static void answers(void)
{
	struct guest g;
	char *told;

	begin("ioctl: KVM_RUN: PV_TIME_FEATURES, PV_TIME_ST");
	guest_make(&g, 1, 0);
	told = g.mem + (IN_RAM - RAM);
	check(call(&g, PV_TIME_FEATURES, PV_TIME_ST), NOT_SUPPORTED, "without a place");
	check(call(&g, PV_TIME_ST, 0), NOT_SUPPORTED, "without a place");
	check(set_place(&g, IN_RAM), 0, "a place");
	check(call(&g, ARCH_FEATURES, PV_TIME_FEATURES), 0, "there are features");
	check(call(&g, PV_TIME_FEATURES, PV_TIME_FEATURES), 0, "this");
	check(call(&g, PV_TIME_FEATURES, PV_TIME_ST), 0, "and stolen time");
	check(call(&g, PV_TIME_FEATURES, 0xffffffff00000000ul | PV_TIME_ST), 0, "by 32 bits");
	check(call(&g, PV_TIME_FEATURES, 0), NOT_SUPPORTED, "no other");
	check(call(&g, PV_TIME_FEATURES, 0xc5000022), NOT_SUPPORTED, "no other");
	check(call(&g, 0x85000020, 0x85000021), NOT_SUPPORTED, "not by its number of 32 bits");
	check(call(&g, 0x85000021, 0), NOT_SUPPORTED, "not by its number of 32 bits");
	memset(told, 0xff, 65);
	check(call(&g, PV_TIME_ST, 0), (long)IN_RAM, "where it is told");
	for (int i = 0; i < 8; i++)
		check(told[i], 0, "revision 0, no attributes");
	for (int i = 16; i < 64; i++)
		check(told[i], 0, "nothing behind");
	check(told[64], 0xff, "no more is written");
	guest_free(&g);
	guest_make(&g, 1, 0);
	check(set_place(&g, IN_RAM), 0, "a place");
	check(set_reg(g.cpu[0], FIRMWARE_STD_HYP, 0), 0, "the VMM takes the service away");
	check(call(&g, ARCH_FEATURES, PV_TIME_FEATURES), NOT_SUPPORTED, "none");
	check(call(&g, PV_TIME_FEATURES, PV_TIME_ST), NOT_SUPPORTED, "none");
	check(call(&g, PV_TIME_ST, 0), NOT_SUPPORTED, "none");
	guest_free(&g);
	end();
}

/* ---- what is stolen ---- */

static void pin(void)
{
	unsigned long mask[16] = { 1 };

	check(sys(sched_setaffinity, 0, sizeof(mask), mask), 0, "core 0");
}

/* What this thread has waited for a core, in ns. */
static uint64_t waited(void)
{
	char text[100];
	unsigned long ran = 0, ns = 0;

	read_text("/proc/thread-self/schedstat", text, sizeof(text));
	expect(sscanf(text, "%lu %lu", &ran, &ns) == 2, "schedstat: %s", text);
	return ns;
}

static pid_t spinner(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			__asm__ volatile("");
	return pid;
}

/* Until this thread has waited for @ns more; beside a spinner. */
static void wait_for_core(uint64_t ns)
{
	uint64_t since = waited();

	while (waited() - since < ns)
		sys(sched_yield);
}

static void is_told(void)
{
	struct guest g;
	uint64_t before, between, after, first, second, hz, seen = 0;
	const volatile uint64_t *told;
	pid_t other;

	begin("ioctl: KVM_RUN: stolen time is what the thread has waited, while it runs and "
	      "before");
	guest_make(&g, 1, 0);
	told = (const volatile uint64_t *)(g.mem + (IN_RAM - RAM) + 8);
	check(set_place(&g, IN_RAM), 0, "a place");
	other = spinner();
	wait_for_core(20 * MS);
	before = waited();
	check(call(&g, PV_TIME_ST, 0), (long)IN_RAM, "begins");
	first = *told;
	between = waited();
	expect(first <= between - before, "of %lu ns only what came since: %lu", before, first);
	wait_for_core(20 * MS);
	after = waited();
	guest_load(&g, 0, ends);
	check(guest_run(&g), AT_DONE, "runs");
	second = *told - first;
	expect(second >= after - between, "%lu ns are told of %lu", second, after - between);
	expect(second <= waited() - before, "and no more: %lu", waited() - before);

	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	/* Again, if those 200 ms went by while the machine stood still, and the other with it. */
	for (int i = 0; i < 20 && seen < MS; i++) {
		guest_load(&g, 0, spins);
		SET_X(&g, 1, IN_RAM);
		SET_X(&g, 2, hz / 5);
		check(guest_run(&g), AT_DONE, "spins for 200 ms");
		seen += (uint64_t)X(&g, 3);
	}
	expect(seen >= MS, "while it spins it sees that %lu ns are stolen", seen);
	/* Of the whole: what it waited since it was last told is told in the next run. */
	expect(*told - first <= waited() - before, "%lu ns of %lu", *told - first,
	       waited() - before);
	bury(other);
	guest_free(&g);
	end();
}

static void without_memory(void)
{
	struct guest g;
	uint64_t bits = 0, was;
	struct kvm_dirty_log log = { .slot = 1, .dirty_bitmap = &bits };
	volatile uint64_t *told;
	char *slot = pages(0x1000);
	pid_t other;

	begin("ioctl: KVM_RUN: stolen time, and the slot that it is told in goes, comes, is "
	      "logged");
	told = (volatile uint64_t *)(slot + 8);
	guest_make(&g, 1, 0);
	check(set_slot(g.vm, 1, 0, BY_SLOT, 0x1000, slot), 0, "a slot");
	check(set_place(&g, BY_SLOT), 0, "a place");
	check(call(&g, PV_TIME_ST, 0), (long)BY_SLOT, "begins");
	was = *told;
	check(set_slot(g.vm, 1, 0, BY_SLOT, 0, slot), 0, "it goes");
	other = spinner();
	wait_for_core(5 * MS);
	guest_load(&g, 0, ends);
	check(guest_run(&g), AT_DONE, "runs without");
	check((long)*told, (long)was, "what was there stays");
	check(set_slot(g.vm, 1, KVM_MEM_LOG_DIRTY_PAGES, BY_SLOT, 0x1000, slot), 0, "it comes");
	wait_for_core(MS);
	guest_load(&g, 0, ends);
	check(guest_run(&g), AT_DONE, "runs with it");
	expect(*told - was >= 5 * MS, "is told all of it later: %lu", *told - was);
	check(sys(ioctl, g.vm, KVM_GET_DIRTY_LOG, &log), 0, "KVM_GET_DIRTY_LOG");
	check((long)bits, 1, "its page was written");
	munmap(slot, 0x1000);
	wait_for_core(5 * MS);
	guest_load(&g, 0, ends);
	check(guest_run(&g), AT_DONE, "runs, the VMM has no memory there");
	bury(other);
	guest_free(&g);
	end();
}

int main(void)
{
	open_kvm();
	mount_proc();
	pin();
	attribute();
	answers();
	is_told();
	without_memory();
	return tap_done();
}
