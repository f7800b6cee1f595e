/*
 * system.c - the files of /proc about the machine as a whole.  Numbers are counted, or zero where
 * there is nothing to count (no huge pages): the lines are those that programs
 * look for.
 *
 * Invariant: no lock is held from one number to the next, so numbers in one text may be of
 * different moments; where one is said to be a part of another it is cut to fit.
 */
#include "fs/proc/system.h"

#include "arm/idreg.h"
#include "drivers/bcm2711/board.h"
#include "drivers/irq.h"
#include "drivers/timer/timer.h"
#include "fs/dev.h"
#include "fs/mount_ops.h"
#include "fs/cache_state.h"
#include "fs/proc/disks.h"
#include "fs/proc/sys.h"
#include "fs/swap.h"
#include "fs/tmpfs_file.h"
#include "lib/string.h"
#include "lib/time.h"
#include "log/version.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/vmstat.h"
#include "task/cores.h"
#include "task/time/clock.h"

const char *proc_kernel_cmdline = "";

/* ---- self ---- */

static int self_link(struct proc_text *t, const struct proc_node *n)
{
	/* The reader's number, at each look anew: the link's text is kept nowhere. */
	proc_printf(t, "%d", current->process->pid);
	return 0;
}

static int thread_self_link(struct proc_text *t, const struct proc_node *n)
{
	proc_printf(t, "%d/task/%d", current->process->pid, current->tid);
	return 0;
}

static int mounts_link(struct proc_text *t, const struct proc_node *n)
{
	proc_puts(t, "self/mounts");
	return 0;
}

/* ---- memory ---- */

/* What all processes have; a page that several share counts once for each. */
struct usage {
	size_t anon, file, tables, total, locked;
};

static struct usage count_usage(void)
{
	struct usage u = { .anon = 0 };
	struct process *p;

	for (pid_t pid = 0; (p = process_first(pid)); pid = p->pid + 1, process_put(p)) {
		/* Held while it is counted: the process may end meanwhile. */
		struct mm *mm = process_mm(p, NULL);
		struct mm_stat st;

		if (!mm)
			continue;
		mm_stat(mm, &st);
		mm_put(mm);
		u.anon += st.anon;
		u.file += st.file;
		u.tables += st.tables;
		u.total += st.data + st.stack;
		u.locked += st.locked;
		give_way();
	}
	return u;
}

static void put_zeros(struct proc_text *t, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		proc_put_kib(t, names[i], 0);
}

static int show_meminfo(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	static const char *const none[] = { "SecPageTables:", "NFS_Unstable:", "Bounce:",
					    "WritebackTmp:" };
	static const char *const others[] = {
		"VmallocTotal:",      "VmallocUsed:",	"VmallocChunk:",   "Percpu:",
		"HardwareCorrupted:", "AnonHugePages:", "ShmemHugePages:", "ShmemPmdMapped:",
		"FileHugePages:",     "FilePmdMapped:", "CmaTotal:",	   "CmaFree:"
	};
	/*
	 * Each number is read once, before the first line: the lines that are sums fit their parts.
	 */
	unsigned long total = KIB(page_total_count()),
		      shmem = KIB(tmpfs_pages() - min(tmpfs_pages(), objects_out()));
	unsigned long stacks = READ_ONCE(pid_counts.tasks) * (STACK_SIZE >> 10UL);
	unsigned long available = memory_free_bytes() >> 10;
	unsigned long free = min(KIB(page_free_count()), total);
	unsigned long used = total - min(available, total);
	struct usage u = count_usage();
	struct swap_counts swap;
	unsigned long tables = KIB(u.tables), locked = KIB(u.locked), anon = min(KIB(u.anon), used);
	/* What is left of the used memory: kmalloc's blocks are not counted one by one. */
	unsigned long buffers = KIB(cache_buffers()), pages = KIB(cache_pages());
	unsigned long cached = pages - min(pages, buffers), dirty = KIB(cache_dirty_pages());
	unsigned long slab = used - min(used, anon + shmem + stacks + tables + pages) +
			     (slab_free_bytes() >> 10);

	swap_count(&swap);
	proc_put_kib(t, "MemTotal:", total);
	proc_put_kib(t, "MemFree:", free);
	proc_put_kib(t, "MemAvailable:", available + pages - min(pages, dirty));
	proc_put_kib(t, "Buffers:", buffers);
	proc_put_kib(t, "Cached:", cached + shmem);
	proc_put_kib(t, "SwapCached:", KIB(swap.cached));
	proc_put_kib(t, "Active:", anon + shmem);
	proc_put_kib(t, "Inactive:", pages);
	proc_put_kib(t, "Active(anon):", anon + shmem);
	proc_put_kib(t, "Inactive(anon):", 0);
	proc_put_kib(t, "Active(file):", 0);
	proc_put_kib(t, "Inactive(file):", pages);
	proc_put_kib(t, "Unevictable:", locked);
	proc_put_kib(t, "Mlocked:", locked);
	proc_put_kib(t, "SwapTotal:", KIB(swap.total));
	proc_put_kib(t, "SwapFree:", KIB(swap.free));
	proc_put_kib(t, "Dirty:", dirty);
	proc_put_kib(t, "Writeback:", KIB(cache_writeback_pages()));
	proc_put_kib(t, "AnonPages:", anon);
	proc_put_kib(t, "Mapped:", KIB(u.file));
	proc_put_kib(t, "Shmem:", shmem);
	proc_put_kib(t, "KReclaimable:", 0);
	proc_put_kib(t, "Slab:", slab);
	proc_put_kib(t, "SReclaimable:", 0);
	proc_put_kib(t, "SUnreclaim:", slab);
	proc_put_kib(t, "KernelStack:", stacks);
	proc_put_kib(t, "PageTables:", tables);
	put_zeros(t, none, ARRAY_SIZE(none));
	/*
	 * Linux's formula without huge pages and with overcommit_ratio at its 50 %; nothing here is
	 * held to it.
	 */
	proc_put_kib(t, "CommitLimit:", total / 2);
	proc_put_kib(t, "Committed_AS:", KIB(u.total) + shmem);
	put_zeros(t, others, ARRAY_SIZE(others));
	proc_puts(t, "HugePages_Total:       0\nHugePages_Free:        0\n");
	proc_puts(t, "HugePages_Rsvd:        0\nHugePages_Surp:        0\n");
	proc_puts(t, "Hugepagesize:       2048 kB\nHugetlb:               0 kB\n");
	return 0;
}

/* ---- cores ---- */

static void put_features(struct proc_text *t)
{
	static const char *const names[2][64] = {
		{ "fp",	     "asimd", "evtstrm", "aes",	  "pmull",    "sha1",	"sha2", "crc32",
		  "atomics", "fphp",  "asimdhp", "cpuid", "asimdrdm", "jscvt",	"fcma", "lrcpc",
		  "dcpop",   "sha3",  "sm3",	 "sm4",	  "asimddp",  "sha512", "sve",	"asimdfhm",
		  "dit",     "uscat", "ilrcpc",	 "flagm", "ssbs",     "sb",	"paca", "pacg" },
		{ [0] = "dcpodp",
		  [7] = "flagm2",
		  [8] = "frint",
		  [13] = "i8mm",
		  [14] = "bf16",
		  [15] = "dgh",
		  [16] = "rng",
		  [19] = "ecv",
		  [20] = "afp",
		  [21] = "rpres",
		  [31] = "wfxt",
		  [32] = "ebf16" },
	};
	const uint64_t caps[2] = { cpu_hwcap(), cpu_hwcap2() };

	proc_puts(t, "Features\t:");
	for (int i = 0; i < 2; i++)
		for (int bit = 0; bit < 64; bit++)
			if (caps[i] & BIT(bit) && names[i][bit])
				proc_printf(t, " %s", names[i][bit]);
	proc_puts(t, "\n");
}

/*
 * Behind the cores, on a Raspberry Pi alone: the lines that its own Linux has there (Linux as
 * kernel.org has it prints none), by which programs find out on which board they run.
 */
static void put_board(struct proc_text *t)
{
	const struct board *b = board_known();

	if (!b)
		return;
	if (b->revision)
		proc_printf(t, "Revision\t: %04x\n", b->revision);
	if (b->serial[0])
		proc_printf(t, "Serial\t\t: %s\n", b->serial);
	if (b->model[0])
		proc_printf(t, "Model\t\t: %s\n", b->model);
}

/* A core at a time.  They are taken to be alike, as arm/idreg.h does. */
static int show_cpuinfo(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	uint64_t midr = READ_SYSREG(midr_el1), more = cores_online() & ~(BIT(*at) - 1);
	unsigned int cpu, bogo = (unsigned int)(counter_hz() * 2 / 10000);

	/* *@at is the first core that is not in the text yet. */
	if (*at >= 64 || !more) {
		put_board(t);
		return 0;
	}
	cpu = (unsigned int)__builtin_ctzl(more);
	proc_printf(t, "processor\t: %u\nBogoMIPS\t: %u.%02u\n", cpu, bogo / 100, bogo % 100);
	put_features(t);
	proc_printf(t, "CPU implementer\t: 0x%02x\nCPU architecture: 8\nCPU variant\t: 0x%x\n",
		    (unsigned int)(midr >> 24 & 0xff), (unsigned int)(midr >> 20 & 0xf));
	proc_printf(t, "CPU part\t: 0x%03x\nCPU revision\t: %u\n\n",
		    (unsigned int)(midr >> 4 & 0xfff), (unsigned int)(midr & 0xf));
	*at = cpu + 1;
	return 1;
}

static void put_times(struct proc_text *t, const struct core_times *s)
{
	proc_printf(t, " %lu %lu %lu %lu 0 0 0 0 %lu %lu\n", (s->user_ns / NS_PER_TICK),
		    (s->nice_ns / NS_PER_TICK), (s->kernel_ns / NS_PER_TICK),
		    (s->idle_ns / NS_PER_TICK), (s->guest_ns / NS_PER_TICK),
		    (s->guest_nice_ns / NS_PER_TICK));
}

static uint64_t irq_sum(unsigned int irq)
{
	uint64_t sum = 0;

	/* Each core counts its own, without a lock; the sum may lack the last ones. */
	for (uint64_t m = cores_online(); m; m &= m - 1)
		sum += irq_count(irq, (unsigned int)__builtin_ctzl(m));
	return sum;
}

static void put_interrupts(struct proc_text *t)
{
	unsigned int last = 0;
	uint64_t sum = 0;

	for (unsigned int irq = 0; irq < irq_lines(); irq++) {
		uint64_t count = irq_sum(irq);

		sum += count;
		if (count)
			last = irq;
	}
	/*
	 * The sum comes first in the line, so the counters are read twice: the sum may be less than
	 * what follows adds up to.
	 */
	proc_printf(t, "intr %lu", sum);
	for (unsigned int irq = 0; irq <= last; irq++)
		proc_printf(t, " %lu", irq_sum(irq));
	proc_puts(t, "\n");
}

static int show_system_stat(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct core_times all = { .user_ns = 0 }, one;
	uint64_t m;

	/*
	 * The line of all cores is the first; the cores' own are read later and may be a little
	 * more.
	 */
	for (m = cores_online(); m; m &= m - 1) {
		one = core_times((unsigned int)__builtin_ctzl(m));
		all.user_ns += one.user_ns;
		all.nice_ns += one.nice_ns;
		all.kernel_ns += one.kernel_ns;
		all.idle_ns += one.idle_ns;
		all.guest_ns += one.guest_ns;
		all.guest_nice_ns += one.guest_nice_ns;
	}
	proc_puts(t, "cpu ");
	put_times(t, &all);
	for (m = cores_online(); m; m &= m - 1) {
		one = core_times((unsigned int)__builtin_ctzl(m));
		proc_printf(t, "cpu%d", __builtin_ctzl(m));
		put_times(t, &one);
	}
	put_interrupts(t);
	proc_printf(t, "ctxt %lu\nbtime %lu\nprocesses %lu\nprocs_running %u\nprocs_blocked 0\n",
		    cores_switches(), ((clock_wall_ns() - timer_now_ns()) / NS_PER_S),
		    READ_ONCE(pid_counts.forks), cores_running());
	proc_puts(t, "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
	return 0;
}

static int show_uptime(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	uint64_t up = timer_now_ns() / NS_PER_TICK, idle = 0;

	/* Idle time of all cores together: on several it may be more than the time since boot. */
	for (uint64_t m = cores_online(); m; m &= m - 1)
		idle += core_times((unsigned int)__builtin_ctzl(m)).idle_ns / NS_PER_TICK;
	proc_printf(t, "%lu.%02lu %lu.%02lu\n", (up / 100), (up % 100), (idle / 100), (idle % 100));
	return 0;
}

static int show_loadavg(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	uint64_t loads[3];

	cores_loads(loads);
	for (int i = 0; i < 3; i++) {
		uint64_t v = loads[i] + 2048 / 200; /* rounded to a hundredth */

		proc_printf(t, "%lu.%02lu ", (v >> 11), ((v & 2047) * 100 >> 11));
	}
	proc_printf(t, "%u/%u %d\n", cores_running(), READ_ONCE(pid_counts.tasks),
		    READ_ONCE(pid_counts.last));
	return 0;
}

static int show_irqs(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	static const char *const ipis[NR_IPIS] = { [IPI_RESCHED] = "Rescheduling interrupts",
						   [IPI_STOP] = "CPU stop interrupts",
						   [IPI_TIMER] = "Timer interrupts of other cores",
						   [IPI_CALL] = "Function call interrupts",
						   [IPI_WHERE] = "Lock holder interrupts" };
	uint64_t online = cores_online(), m;
	enum irq_trigger trigger;
	char name[32];

	proc_puts(t, "           ");
	for (m = online; m; m &= m - 1)
		proc_printf(t, "CPU%-8d", __builtin_ctzl(m));
	proc_puts(t, "\n");
	for (unsigned int irq = IRQ_PPI_BASE; irq < irq_lines(); irq++) {
		/* An interrupt that no driver has requested is disabled. */
		if (!irq_describe(irq, name, sizeof(name), &trigger))
			continue;
		proc_printf(t, "%3u:", irq);
		for (m = online; m; m &= m - 1)
			proc_printf(t, " %10lu", irq_count(irq, (unsigned int)__builtin_ctzl(m)));
		proc_printf(t, " %s %3u %-5s     %s\n", irq_chip_name(), irq,
			    trigger == IRQ_EDGE ? "Edge" : "Level", name);
	}
	for (unsigned int i = 0; i < NR_IPIS; i++) {
		proc_printf(t, "IPI%u:", i);
		for (m = online; m; m &= m - 1)
			proc_printf(t, "%10lu ", irq_count(i, (unsigned int)__builtin_ctzl(m)));
		proc_printf(t, "      %s\n", ipis[i]);
	}
	proc_printf(t, "Err: %10u\n", 0U);
	return 0;
}

/* What is done later than its interrupt, of which there is nothing: all is done in the handler. */
static int show_softirqs(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	static const char *const names[] = { "HI",	 "TIMER",   "NET_TX", "NET_RX",	 "BLOCK",
					     "IRQ_POLL", "TASKLET", "SCHED",  "HRTIMER", "RCU" };
	uint64_t online = cores_online(), m;

	proc_puts(t, "                    ");
	for (m = online; m; m &= m - 1)
		proc_printf(t, "CPU%-8d", __builtin_ctzl(m));
	proc_puts(t, "\n");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		proc_printf(t, "%12s:", names[i]);
		for (m = online; m; m &= m - 1)
			proc_printf(t, " %10u", 0u);
		proc_puts(t, "\n");
	}
	return 0;
}

/* ---- names ---- */

#if defined(__clang__)
#define COMPILER __VERSION__
#elif defined(__GNUC__) && !defined(__CHECKER__)
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown"
#endif

PROC_SHOW(show_version, "%s version %s (newel) (" COMPILER ") %s\n", UTS_SYSNAME, UTS_RELEASE,
	  UTS_VERSION)

PROC_SHOW(show_cmdline, "%s\n", proc_kernel_cmdline)

static int show_filesystems(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	for (const struct fs_type *f = fs_types(); f; f = f->next)
		proc_printf(t, "%s\t%s\n", f->disk ? "" : "nodev", f->name);
	/* Pipes have a file system's type by statfs(2), but it cannot be mounted. */
	proc_puts(t, "nodev\tpipefs\n");
	return 0;
}

/* Linux's name for the driver that @d belongs to. */
static const char *driver_of(const struct device *d)
{
	switch (dev_major(d->number)) {
	case 1: return "mem";
	case 4: return "ttyS";
	case 5:
		return d->number == DEV(5, 0)	? "/dev/tty"
		       : d->number == DEV(5, 1) ? "/dev/console"
						: "/dev/ptmx";
	case 10: return "misc";
	case 128: return "ptm";
	case 136: return "pts";
	case 204: return "ttyAMA";
	default: return d->driver ? d->driver : d->name;
	}
}

/* A major number at a time: each driver's name once, in the order of the minors. */
static int show_devices(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	const struct device *best = NULL, *d;
	const char *last = "";

	proc_puts(t, "Character devices:\n");
	/* Names may be a module's: they are copied before it can go. */
	devs_hold();
	for (uint32_t from = 0;; from = best->number + 1) {
		/*
		 * The list has the order of registration: each round finds the next number, which
		 * is how the minors come in order.
		 */
		best = NULL;
		for (d = dev_first(); d; d = d->next)
			if (!d->block && d->number >= from && (!best || d->number < best->number))
				best = d;
		if (!best)
			break;
		if (strcmp(last, driver_of(best)) != 0)
			proc_printf(t, "%3u %s\n", dev_major(best->number), driver_of(best));
		last = driver_of(best);
	}
	devs_release();
	proc_puts(t, "\nBlock devices:\n");
	put_block_devices(t);
	return 0;
}

static int show_misc(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	devs_hold();
	for (const struct device *d = dev_first(); d; d = d->next)
		if (dev_major(d->number) == 10 && !d->block)
			proc_printf(t, "%3u %s\n", dev_minor(d->number), d->name);
	devs_release();
	return 0;
}

/* ---- swap ---- */

#define SWAP_COLUMN 40

static int show_swap(struct proc_text *t, const struct swap_info *info)
{
	size_t start = t->len, name;
	unsigned long size = KIB(info->pages), used = KIB(info->used);
	int err = proc_put_path(t, &info->file->path, " \t\n\\");

	name = t->len - start;
	proc_printf(t, "%*s%s\t%lu\t%s%lu\t%s%d\n",
		    name < SWAP_COLUMN ? (int)(SWAP_COLUMN - name) : 1, " ",
		    S_ISBLK(info->file->inode->mode) ? "partition" : "file\t", size,
		    size < 10000000 ? "\t" : "", used, used < 10000000 ? "\t" : "", info->prio);
	return err;
}

static int show_swaps(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct swap_info info;
	unsigned int i = 0;
	int err = 0;

	proc_puts(t, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	while (!err && swap_next(&i, &info)) {
		err = show_swap(t, &info);
		file_put(info.file);
	}
	return err;
}

/* Of Linux's lines those whose number is known, in its order. */
static int show_vmstat(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct swap_counts swap;

	swap_count(&swap);
	proc_printf(t, "nr_free_pages %zu\n", page_free_count());
	proc_printf(t, "nr_file_pages %lu\n", (unsigned long)(cache_pages() + tmpfs_pages()));
	proc_printf(t, "nr_dirty %lu\n", (unsigned long)cache_dirty_pages());
	proc_printf(t, "nr_writeback %lu\n", (unsigned long)cache_writeback_pages());
	proc_printf(t, "nr_shmem %lu\n", (unsigned long)tmpfs_pages());
	proc_printf(t, "nr_swapcached %lu\n", (unsigned long)swap.cached);
	proc_printf(t, "pswpin %lu\n", (unsigned long)swap.in);
	proc_printf(t, "pswpout %lu\n", (unsigned long)swap.out);
	return 0;
}

/* ---- the table ---- */

struct proc_entry proc_system_entries[] = {
	PROC_FILE("cmdline", 0444, show_cmdline),
	PROC_FILE("cpuinfo", 0444, show_cpuinfo),
	PROC_FILE("devices", 0444, show_devices),
	PROC_FILE("diskstats", 0444, show_diskstats),
	PROC_FILE("filesystems", 0444, show_filesystems),
	PROC_FILE("interrupts", 0444, show_irqs),
	PROC_FILE("loadavg", 0444, show_loadavg),
	PROC_FILE("meminfo", 0444, show_meminfo),
	PROC_FILE("misc", 0444, show_misc),
	PROC_LINK("mounts", mounts_link),
	PROC_FILE("partitions", 0444, show_partitions),
	PROC_LINK("self", self_link),
	PROC_FILE("softirqs", 0444, show_softirqs),
	PROC_FILE("stat", 0444, show_system_stat),
	PROC_FILE("swaps", 0444, show_swaps),
	PROC_DIR("sys", proc_sys_entries),
	PROC_LINK("thread-self", thread_self_link),
	PROC_FILE("uptime", 0444, show_uptime),
	PROC_FILE("version", 0444, show_version),
	PROC_FILE("vmstat", 0444, show_vmstat),
	{ .name = NULL },
};
