/*
 * selftest.c - the kernel's own faults, committed on purpose.
 *
 * Called by kmain when newel.test= asks for it.  Invariant: every one ends in a panic that names
 * it; one that comes back from its fault says so, in a panic too.
 */
#include "selftest/selftest.h"

#include "abi/mman.h"
#include "arm/id.h"
#include "arm/pte.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "log/ksym.h"
#include "log/panic.h"
#include "mm/asid.h"
#include "mm/fault.h"
#include "mm/giveway.h"
#include "mm/kmap.h"
#include "mm/mmap.h"
#include "mm/wx.h"
#include "mm/zap.h"
#include "selftest/mirrors.h"
#include "selftest/modules.h"
#include "task/cores.h"
#include "task/exit.h"
#include "task/kernel_task.h"
#include "task/pid.h"
#include "task/sched.h"
#include "task/task.h"
#include "task/time/clock.h"
#include "trace/ring.h"

#define USER_ADDRESS UL(0x400000)

static void null_dereference(void)
{
	uint32_t *volatile nowhere = NULL; /* volatile: the compiler must not see it coming */

	nowhere[2] = 1; /* cppcheck-suppress nullPointer */
}

/* A user's page, mapped and there; only PAN, where the core has it, refuses the plain access. */
static void user_pointer(void)
{
	struct mm *mm = mm_create();

	if (!mm || mm_map(mm, USER_ADDRESS, PAGE_SIZE, VM_READ | VM_WRITE, MAP_FIXED, NULL) < 0 ||
	    mm_write(mm, USER_ADDRESS, "claim", 6))
		panic("newel.test: no memory for a user page");
	/* The address space is this core's alone now: a switch would take it away again. */
	irq_disable();
	mm_activate(mm);
	panic("newel.test: the user's byte was read, %#x: this core has no PAN",
	      *(volatile uint8_t *)USER_ADDRESS);
}

/* Not a tail call, and never the same: the compiler must make a frame for each. */
static __attribute__((noinline)) uint64_t recurse(uint64_t n)
{
	volatile uint64_t frame[64];

	frame[n % 64] = n;
	if (!n)
		return 0; /* after 2^64 of them */
	return recurse(n + 1) + frame[(n + 1) % 64];
}

static void endless_recursion(void)
{
	panic("newel.test: the stack has no end, %#lx", recurse(1));
}

static void write_to_text(void)
{
	*(volatile uint32_t *)(uintptr_t)selftest_run = 0;
}

static void execute_data(void)
{
	static uint32_t code[] = { 0xd65f03c0 }; /* ret */

	((void (*)(void))(uintptr_t)code)();
}

static void double_free(void)
{
	struct page *p = page_alloc(0);

	if (!p)
		panic("newel.test: no memory for a page");
	page_free(p, 0);
	page_free(p, 0);
}

/* A page is executable, and then changed by a store of which nobody is told. */
static void stale_code(void)
{
	struct page *p = page_alloc_zero();

	if (!p)
		panic("newel.test: no memory for a page");
	page_sync_icache(p);
	page_write_begin(p);
	*(uint32_t *)page_to_virt(p) = 1;
	page_written(p);
	page_sync_icache(p); /* as it should be: no panic yet */
	*(uint32_t *)page_to_virt(p) = 2;
	page_sync_icache(p);
}

/* These two call what is for callers that hold the lock: the kernel of make CHECKED=1 finds out. */
static void mutex_not_held(void)
{
	struct mm *mm = mm_create();

	if (mm)
		vm_zap(mm, USER_ADDRESS, USER_ADDRESS + PAGE_SIZE);
}

static void spin_not_held(void)
{
	(void)pid_find_task(1);
}

static void deadlock(void)
{
	static struct spinlock lock = SPINLOCK_INIT;

	spin_lock(&lock);
	spin_lock(&lock);
}

/* ---- locks of two cores ---- */

static struct spinlock lock_a, lock_b;
static bool has_b, let_go; /* atomic */

/* Runs @fn on the second core. */
static void on_other_core(void (*fn)(void *))
{
	struct task *t = task_create_kernel("selftest", fn, NULL);

	if (!t || cores_count() < 2 || sched_set_affinity(t, BIT(1)))
		panic("newel.test: no second core");
	task_wake(t);
	/* The other core has its lock by then: the circle closes for certain. */
	while (!load_acquire(&has_b))
		cpu_relax();
}

static void b_then_a(void *arg)
{
	spin_lock(&lock_b);
	/* After the lock was taken. */
	store_release(&has_b, true);
	spin_lock(&lock_a);
}

static void circle_of_two(void)
{
	spin_lock(&lock_a);
	on_other_core(b_then_a);
	spin_lock(&lock_b);
}

/* A sink of the log: the holder's place is printed last. */
static void let_go_when_told(const char *s, size_t n)
{
	for (size_t i = 0; i + 10 < n; i++)
		if (!memcmp(s + i, "holds it, ", 10))
			store_release(&let_go, true);
}

static void hold_b(void *arg)
{
	spin_lock(&lock_b);
	store_release(&has_b, true);
	while (!load_acquire(&let_go))
		cpu_relax();
	spin_unlock(&lock_b);
	task_exit(0);
}

static void hold_b_masked(void *arg)
{
	irq_disable();
	hold_b(arg);
}

/*
 * The holder gives the lock back when the wait has been reported in the log: no panic but the
 * test's own.
 */
static void slow_holder(void (*hold)(void *))
{
	/* Before the wait: the sink gets the warning that it causes. */
	log_add_sink(let_go_when_told, false);
	on_other_core(hold);
	spin_lock(&lock_b);
	panic("newel.test: the wait went on, and ended");
}

static void slow(void)
{
	slow_holder(hold_b);
}

static void slow_masked(void)
{
	slow_holder(hold_b_masked);
}

/* ---- giving way ---- */

static unsigned int times_told; /* atomic */
static bool looped;		/* atomic */

/* A sink of the log: counts what the watch says. */
static void count_told(const char *s, size_t n)
{
	for (size_t i = 0; i + 7 < n; i++)
		if (!memcmp(s + i, "watch: ", 7))
			atomic_add(&times_told, 1);
}

/* Interrupts come in all the while. */
static void stay_busy(uint64_t ns)
{
	for (uint64_t start = clock_read_ns(TIMER_MONOTONIC);
	     clock_read_ns(TIMER_MONOTONIC) - start < ns;)
		cpu_relax();
}

/* Keeps to itself until that is told, and on; and once more, behind a point. */
static void keep_core(void *arg)
{
	for (unsigned int times = 1; times <= 2; times++) {
		while (READ_ONCE(times_told) < times)
			cpu_relax();
		stay_busy(2 * NS_PER_S);
		give_way();
	}
	store_release(&looped, true);
	task_exit(0);
}

/* As busy, but gives way now and then. */
static void share_core(void *arg)
{
	for (unsigned int i = 0; i < 100; i++) {
		stay_busy(NS_PER_S / 20);
		give_way();
	}
	store_release(&looped, true);
	task_exit(0);
}

/* No fault: how often the watch has told of @loop, which runs on the last core. */
static void watch_loop(void (*loop)(void *))
{
	struct task *t = task_create_kernel("selftest", loop, NULL);

	if (!t || sched_set_affinity(t, BIT(cores_count() - 1)))
		panic("newel.test: no task");
	log_add_sink(count_told, false);
	task_wake(t);
	/* This is the idle task: where there is one core the loop has it from here on. */
	while (!load_acquire(&looped))
		schedule();
	panic("newel.test: told %u times, and the loop ended", READ_ONCE(times_told));
}

static void watch_kept(void)
{
	watch_loop(keep_core);
}

static void watch_shared(void)
{
	watch_loop(share_core);
}

static void undefined_instruction(void)
{
	__asm__ volatile("udf #0");
}

static void breakpoint(void)
{
	__asm__ volatile("brk #1");
}

/* An exclusive must be aligned even where other accesses need not. */
static void unaligned_access(void)
{
	static uint64_t words[2];
	uint64_t v;

	__asm__ volatile("ldxr %0, [%1]" : "=r"(v) : "r"((uintptr_t)words + 1) : "memory");
}

/*
 * Where no RAM and no device answers, on any board that we know: on a Raspberry Pi 4 above the
 * largest memory and below the other views of it ("BCM2711 ARM Peripherals", 1.2).  What comes of
 * it is the machine's to say: an abort at the instruction, or an SError.
 */
#define ABSENT_ADDRESS UINT64_C(0x3f0000000)

static void absent_device(void)
{
	volatile uint32_t *reg = ioremap(paddr_of(ABSENT_ADDRESS), PAGE_SIZE);

	if (!reg)
		panic("newel.test: no room to map a device");
	(void)*reg;
	dsb(sy);
}

/*
 * No fault, but a look at every leaf of the kernel's half: none may be written and executed, none
 * is EL0's.
 */
static void walk_tables(void)
{
	struct wx_counts n = wx_walk();

	panic("newel.test: tables: %zu leaves, %zu writable and executable, %zu open to EL0",
	      n.leaves, n.writable_executable, n.open_to_el0);
}

/*
 * No fault either: SCTLR_EL1's bits of extensions, SPAN (23), EPAN (57), IESB (21), ITFSB (37), are
 * what a core with or without these asks for (DDI 0487); no SError is masked.
 */
static void control_register(void)
{
	unsigned int pan = ID_FIELD(id_aa64mmfr1_el1, MMFR1_PAN);
	bool ras = ID_FIELD(id_aa64pfr0_el1, PFR0_RAS) != 0;
	bool mte = ID_FIELD(id_aa64pfr1_el1, PFR1_MTE) >= 2;
	uint64_t mask = BIT(23) | BIT(57) | BIT(21) | BIT(37);
	uint64_t want = (pan ? 0 : BIT(23)) | (pan >= 3 ? BIT(57) : 0) | (ras ? BIT(21) : 0) |
			(mte ? BIT(37) : 0);
	uint64_t wrong = (READ_SYSREG(sctlr_el1) & mask) ^ want;

	panic("newel.test: SCTLR_EL1 %#lx, wrong bits %#lx; SErrors %s", READ_SYSREG(sctlr_el1),
	      wrong, READ_SYSREG(daif) & PSR_A ? "masked" : "come");
}

/* ---- what is done against a core's guesses ---- */

static unsigned int tables_said; /* atomic */

static void say_table(void *arg)
{
	const char *name = ksym_lookup(READ_SYSREG(vbar_el1), NULL, NULL);

	pr_info("newel.test: cpu %u enters by %s\n", cpu_id(), name ? name : "?");
	atomic_add(&tables_said, 1);
	if (arg)
		task_exit(0);
}

/*
 * No fault: each core says which vector table it has, and this one what is done when another
 * address space comes.  The test compares it with the log's spectre: line.
 */
static void against_guesses(void)
{
	static char other_core;
	const char *hook = ksym_lookup((uintptr_t)asid_switch_hook, NULL, NULL);
	unsigned int count = cores_count();

	say_table(NULL);
	for (unsigned int cpu = 1; cpu < count; cpu++) {
		struct task *t = task_create_kernel("selftest", say_table, &other_core);

		if (!t || sched_set_affinity(t, BIT(cpu)))
			panic("newel.test: no task on cpu %u", cpu);
		task_wake(t);
	}
	while (READ_ONCE(tables_said) < count)
		cpu_relax();
	panic("newel.test: %u cores, an address space comes with %s", count,
	      hook ? hook : "nothing");
}

/*
 * What the dump looks at is garbage itself: a descriptor leads where no memory is, and the ring of
 * this core has pages without number, nowhere.
 */
static void follow_garbage(void)
{
	uintptr_t nowhere = DEVICE_END; /* up to the modules nothing is mapped */
	uint64_t *root = phys_to_virt(
		paddr_of(READ_SYSREG(ttbr1_el1) & PTE_ADDR_MASK & ~(uint64_t)PTE_VALID));

	this_cpu(trace_ring).pages = (struct trace_page **)UL(0xdead00000000);
	this_cpu(trace_ring).nr_pages = UINT32_MAX;
	root[nowhere >> PTE_LEVEL_SHIFT(0) & (PTE_ENTRIES - 1)] =
		UL(0x00007ffffffff000) | PTE_TABLE | PTE_VALID;
	dsb(ishst);
	isb();
	*(volatile uint32_t *)nowhere = 0;
}

static void plain_panic(void)
{
	panic("newel.test: asked for");
}

static const struct selftest {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "nullderef", null_dereference },
	{ "userptr", user_pointer },
	{ "overflow", endless_recursion },
	{ "wxwrite", write_to_text },
	{ "execdata", execute_data },
	{ "doublefree", double_free },
	{ "stalecode", stale_code },
	{ "nomutex", mutex_not_held },
	{ "nospin", spin_not_held },
	{ "deadlock", deadlock },
	{ "circle", circle_of_two },
	{ "slow", slow },
	{ "slowmasked", slow_masked },
	{ "watch", watch_kept },
	{ "watchcalm", watch_shared },
	{ "undef", undefined_instruction },
	{ "brk", breakpoint },
	{ "unaligned", unaligned_access },
	{ "absent", absent_device },
	{ "tables", walk_tables },
	{ "modules", selftest_modules },
	{ "mirrors", selftest_mirrors },
	{ "control", control_register },
	{ "guesses", against_guesses },
	{ "levels", selftest_levels },
	{ "peek_el2", selftest_peek_el2 },
	{ "peek_el3", selftest_peek_el3 },
	{ "write_text", selftest_write_text },
	{ "cpu_on_el2", selftest_cpu_on_el2 },
	{ "guest", selftest_guest },
	{ "garbage", follow_garbage },
	{ "panic", plain_panic },
};

void selftest_run(const char *cmdline)
{
	struct cmdline_word w;

	if (!cmdline_find(cmdline, "newel.test", &w) || !w.val_len)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		if (strlen(tests[i].name) == w.val_len &&
		    !memcmp(tests[i].name, w.val, w.val_len)) {
			pr_warn("newel.test=%s: a kernel fault on purpose", tests[i].name);
			tests[i].run();
			panic("newel.test=%s: nothing happened", tests[i].name);
		}
	pr_err("newel.test=%.*s is not known; there are:", (int)w.val_len, w.val);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		pr_err("  %s", tests[i].name);
}
