/*
 * counters.c - crossings and how long they take, by kind, call and core: memory, switch and files.
 *
 * An observer of the trace (trace/observe.h), there only while it is on: off, nothing is compared
 * or loaded for it.  Invariants: a core counts in its own tally, with interrupts masked and without
 * a lock; a tally is there from before the first record that is told until no core can be in
 * count_record() any more (trace_unobserve).
 */
#include "el1/counters.h"

#include "abi/errno.h"
#include "arm/counter.h"
#include "drivers/irq.h"
#include "fs/proc/register.h"
#include "fs/sysfs/kernel.h"
#include "fs/sysfs/sysfs.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/page.h"
#include "task/cap.h"
#include "task/cores.h"
#include "task/oncores.h"
#include "task/process.h"
#include "trace/names.h"
#include "trace/observe.h"
#include "trace/tally.h"

static struct mutex counters_lock = MUTEX_INIT(counters_lock); /* on, off, and who reads */
static struct tally *tallies[NR_CPUS];			       /* NULL: off, or no such core */
static bool counting;
static uint64_t since_ns;
static struct charge *charge; /* of who switched it on */

static void count_record(const struct trace_head *r)
{
	tally_count(tallies[cpu_id()], r, counter_to_ns);
}

static const struct trace_observer observer = {
	.what = TRACE_SVC | TRACE_FAULT | TRACE_IRQ | TRACE_EL2 | TRACE_EL3,
	.fn = count_record,
};

/* ---- memory ---- */

static void tally_free(struct tally *t)
{
	for (unsigned int i = 0; i < TALLY_PAGES; i++)
		if (t->pages[i])
			page_free(virt_to_page(t->pages[i]), 0);
	page_free(virt_to_page(t), 0);
}

/* All zeros; NULL: no memory. */
static struct tally *tally_new(void)
{
	struct page *p = page_alloc_zero();
	struct tally *t = p ? page_to_virt(p) : NULL;

	for (unsigned int i = 0; t && i < TALLY_PAGES; i++) {
		p = page_alloc_zero();
		if (!p) {
			tally_free(t);
			return NULL;
		}
		t->pages[i] = page_to_virt(p);
	}
	return t;
}

static size_t memory_size(void)
{
	return (size_t)cores_count() * (1 + TALLY_PAGES) * PAGE_SIZE;
}

/* Of all cores; nobody counts. */
static void free_all(void)
{
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		if (tallies[cpu])
			tally_free(tallies[cpu]);
		tallies[cpu] = NULL;
	}
}

static int alloc_all(void)
{
	for (uint64_t m = cores_online(); m; m &= m - 1) {
		unsigned int cpu = (unsigned int)__builtin_ctzl(m);

		tallies[cpu] = tally_new();
		if (!tallies[cpu]) {
			free_all();
			return -ENOMEM;
		}
	}
	return 0;
}

/* ---- the switch; counters_lock is held ---- */

static int switch_on(void)
{
	int err = alloc_all();

	if (err)
		return err;
	/* Behind the memory: from here on cores count. */
	err = trace_observe(&observer);
	if (err) {
		free_all();
		return err;
	}
	charge = charge_mine(memory_size());
	since_ns = counter_to_ns(counter_read());
	counting = true;
	return 0;
}

static void switch_off(void)
{
	counting = false;
	trace_unobserve(&observer);
	free_all();
	charge_drop(charge, memory_size());
}

/* On each core, interrupts masked: nothing can be counted in between. */
static void clear_mine(void *arg)
{
	struct tally *t = tallies[cpu_id()];

	if (!t)
		return;
	memset(t->entries, 0, sizeof(t->entries));
	memset(t->of, 0, sizeof(t->of));
	for (unsigned int i = 0; i < TALLY_PAGES; i++)
		clear_page(t->pages[i]);
}

/* ---- tables of all cores ---- */

static struct measure sum_of_kind(unsigned int kind)
{
	struct measure m = { .sum_ns = 0 };

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (tallies[cpu])
			measure_add(&m, &tallies[cpu]->of[kind]);
	return m;
}

static uint64_t entries_of_kind(unsigned int kind)
{
	uint64_t n = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (tallies[cpu])
			n += READ_ONCE(tallies[cpu]->entries[kind]);
	return n;
}

static struct measure sum_of_call(unsigned int nr)
{
	struct measure m = { .sum_ns = 0 };

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (tallies[cpu])
			measure_add(&m, tally_call(tallies[cpu], nr));
	return m;
}

/* How often call @nr was made. */
static uint64_t times_called(unsigned int nr)
{
	uint64_t n = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (tallies[cpu])
			n += READ_ONCE(tallies[cpu]->called[nr]);
	return n;
}

static bool irq_came(unsigned int nr)
{
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (tallies[cpu] && READ_ONCE(*tally_irq(tallies[cpu], nr)))
			return true;
	return false;
}

static void name_of_call(char *buf, size_t n, unsigned int nr)
{
	const char *name = syscall_name(nr);

	scnprintf(buf, n, "%s", name ? name : "-");
}

/* ---- the texts in /sys ---- */

/* As much of a text as fits, line by line. */
struct counters_text {
	char *buf;
	size_t len;
	bool full;
};

/* One line; if it does not fit, neither does any behind it. */
static void put_row(struct counters_text *t, const char *fmt, ...) __printf(2, 3);
static void put_row(struct counters_text *t, const char *fmt, ...)
{
	size_t room = SYSFS_TEXT_MAX - t->len, n;
	va_list ap;

	va_start(ap, fmt);
	n = (size_t)vsnprintf(t->buf + t->len, room, fmt, ap);
	va_end(ap);
	t->full |= n >= room;
	if (!t->full)
		t->len += n;
	else
		t->buf[t->len] = '\0';
}

/* The name of a kind, and its levels: "fault EL0->EL1". */
#define KIND_FORMAT  "%-5s EL%u->EL%u"
#define KIND_ARGS(k) tally_kind_name(k), level(tally_kind_from(k)), level(tally_kind_to(k))

/* What is the kernel's in the table of kinds is the level it is at. */
static unsigned int level(unsigned int in_table)
{
	return in_table == 1 ? this_el() : in_table;
}

/* " %12s" of a count for each core, and the end of the line. */
#define CORE_COLUMNS (NR_CPUS * 24)

static void format_cores(char line[CORE_COLUMNS], const uint64_t counts[NR_CPUS])
{
	size_t at = 0;

	*line = '\0';
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (tallies[cpu])
			at += (size_t)scnprintf(line + at, CORE_COLUMNS - at, " %12lu",
						counts[cpu]);
}

static void put_core_names(struct counters_text *t, const char *what, int width)
{
	char line[CORE_COLUMNS] = "";
	size_t at = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (tallies[cpu])
			at += (size_t)scnprintf(line + at, sizeof(line) - at, " %11s%u", "cpu",
						cpu);
	put_row(t, "%-*s%s\n", width, what, line);
}

static void crossings_text(struct counters_text *t)
{
	char line[CORE_COLUMNS];

	put_core_names(t, "kind  levels", 14);
	for (unsigned int k = 0; k < TALLY_KINDS; k++) {
		uint64_t counts[NR_CPUS] = { 0 };

		for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
			if (tallies[cpu])
				counts[cpu] = READ_ONCE(tallies[cpu]->entries[k]);
		format_cores(line, counts);
		put_row(t, KIND_FORMAT "%s\n", KIND_ARGS(k), line);
	}
}

#define TIMES_HEADER "       times      mean ns       p50 ns       p99 ns       max ns\n"

/* The columns of TIMES_HEADER, behind @name: how often, and of those that had an end how long. */
static void put_latency(struct counters_text *t, const char *name, uint64_t entries,
			const struct measure *m)
{
	uint64_t n = measure_count(m);

	put_row(t, "%s %11lu %12lu %12lu %12lu %12lu\n", name, entries, n ? m->sum_ns / n : 0,
		counters_quantile(m->times, 50, m->max_ns),
		counters_quantile(m->times, 99, m->max_ns), m->max_ns);
}

static void latency_text(struct counters_text *t)
{
	char name[32];

	put_row(t, "%-14s" TIMES_HEADER, "kind  levels");
	for (unsigned int k = 0; k < TALLY_KINDS; k++) {
		struct measure m = sum_of_kind(k);

		scnprintf(name, sizeof(name), KIND_FORMAT, KIND_ARGS(k));
		put_latency(t, name, entries_of_kind(k), &m);
	}
}

/*
 * The call that comes behind @nr, which was made *@times times, in the order of how often; -1: that
 * was the last.
 */
static int next_call(int nr, uint64_t *times, const uint64_t counts[TALLY_CALLS])
{
	int best = -1;

	for (int i = 0; i < TALLY_CALLS; i++) {
		bool behind = counts[i] < *times || (counts[i] == *times && i > nr);

		if (counts[i] && behind && (best < 0 || counts[i] > counts[best]))
			best = i;
	}
	if (best >= 0)
		*times = counts[best];
	return best;
}

static void calls_text(struct counters_text *t)
{
	struct page *p = page_alloc_zero();
	uint64_t *counts = p ? page_to_virt(p) : NULL, times = UINT64_MAX;
	char name[48], call[32];

	if (!p)
		return;
	/* Once: the order is by what is counted meanwhile, and must not change under the search. */
	for (unsigned int nr = 0; nr < TALLY_CALLS; nr++)
		counts[nr] = times_called(nr);
	put_row(t, "%3s %-23s" TIMES_HEADER, "nr", "call");
	for (int nr = next_call(-1, &times, counts); nr >= 0 && !t->full;
	     nr = next_call(nr, &times, counts)) {
		struct measure m = sum_of_call((unsigned int)nr);

		name_of_call(call, sizeof(call), (unsigned int)nr);
		scnprintf(name, sizeof(name), "%3d %-23s", nr, call);
		put_latency(t, name, counts[nr], &m);
	}
	page_free(p, 0);
}

static void interrupts_text(struct counters_text *t)
{
	char line[CORE_COLUMNS], name[24];

	put_core_names(t, " nr name", 20);
	for (unsigned int nr = 0; nr < TALLY_IRQS && !t->full; nr++) {
		uint64_t counts[NR_CPUS] = { 0 };

		if (!irq_came(nr))
			continue;
		for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
			if (tallies[cpu])
				counts[cpu] = READ_ONCE(*tally_irq(tallies[cpu], nr));
		irq_word(name, sizeof(name), nr);
		format_cores(line, counts);
		put_row(t, "%3u %-16.16s%s\n", nr, name, line);
	}
}

/* @arg: one of the four above. */
static long show_table(void *arg, char *buf)
{
	void (*text)(struct counters_text * t) = (void (*)(struct counters_text *))arg;
	struct counters_text t = { .buf = buf };

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (mutex_lock_killable(&counters_lock))
		return -EINTR;
	if (counting)
		text(&t);
	else
		put_row(&t, "off: write 1 to " COUNTERS_DIR "/on\n");
	mutex_unlock(&counters_lock);
	return (long)t.len;
}

static long show_on(void *arg, char *buf)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return scnprintf(buf, SYSFS_TEXT_MAX, "%d\n", READ_ONCE(counting));
}

/* Is @text this one character, with or without an end of line? */
static bool is_only(const char *text, size_t len, char c)
{
	len -= len && text[len - 1] == '\n';
	return len == 1 && *text == c;
}

static int store_on(void *arg, char *text, size_t len)
{
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!is_only(text, len, '0') && !is_only(text, len, '1'))
		return -EINVAL;
	err = mutex_lock_killable(&counters_lock);
	if (err)
		return err;
	if (*text == '1' && !counting)
		err = switch_on();
	else if (*text == '0' && counting)
		switch_off();
	mutex_unlock(&counters_lock);
	return err;
}

static int store_reset(void *arg, char *text, size_t len)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	/* As the trace's file clear: what is written there by mistake takes nothing away. */
	if (!is_only(text, len, '1'))
		return -EINVAL;
	if (mutex_lock_killable(&counters_lock))
		return -EINTR;
	if (counting) {
		cores_call(clear_mine, NULL);
		since_ns = counter_to_ns(counter_read());
	}
	mutex_unlock(&counters_lock);
	return 0;
}

/* ---- /proc/crossings: a piece for each thing that is counted ---- */

static void put_measure(struct proc_text *t, uint64_t entries, const struct measure *m)
{
	proc_printf(t, " %lu %lu %lu", entries, READ_ONCE(m->sum_ns), READ_ONCE(m->max_ns));
	for (unsigned int b = 0; b < COUNTERS_BUCKETS; b++)
		if (READ_ONCE(m->times[b]))
			proc_printf(t, " %u:%lu", b, READ_ONCE(m->times[b]));
	proc_puts(t, "\n");
}

static void put_kind(struct proc_text *t, unsigned int kind)
{
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		if (!tallies[cpu])
			continue;
		proc_printf(t, "kind %s EL%u EL%u core %u", KIND_ARGS(kind), cpu);
		put_measure(t, READ_ONCE(tallies[cpu]->entries[kind]), &tallies[cpu]->of[kind]);
	}
}

static void put_called(struct proc_text *t, unsigned int nr)
{
	char name[32];

	name_of_call(name, sizeof(name), nr);
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		const struct measure *m = tallies[cpu] ? tally_call(tallies[cpu], nr) : NULL;
		uint64_t entries = m ? READ_ONCE(tallies[cpu]->called[nr]) : 0;

		/* It may have come in on one core, and returned on another. */
		if (!m || (!entries && !measure_count(m)))
			continue;
		proc_printf(t, "call %u %s core %u", nr, name, cpu);
		put_measure(t, entries, m);
	}
}

static void put_irq(struct proc_text *t, unsigned int nr)
{
	char name[24] = "";

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		uint64_t n = tallies[cpu] ? READ_ONCE(*tally_irq(tallies[cpu], nr)) : 0;

		if (!n)
			continue;
		if (!*name)
			irq_word(name, sizeof(name), nr);
		proc_printf(t, "irq %u %s core %u %lu\n", nr, name, cpu, n);
	}
}

/* The pieces: the first line, the kinds, then the calls, then the interrupts. */
#define FIRST_CALL (1 + TALLY_KINDS)
#define FIRST_IRQ  (FIRST_CALL + TALLY_CALLS)
#define PIECES	   (FIRST_IRQ + TALLY_IRQS)

static void put_piece(struct proc_text *t, unsigned int piece)
{
	if (!piece)
		proc_printf(t, "time %lu since %lu cores 0x%lx\n", counter_to_ns(counter_read()),
			    since_ns, cores_online());
	else if (piece < FIRST_CALL)
		put_kind(t, piece - 1);
	else if (piece < FIRST_IRQ)
		put_called(t, piece - FIRST_CALL);
	else
		put_irq(t, piece - FIRST_IRQ);
}

static int show_crossings(struct proc_text *t, void *arg, uint64_t *at)
{
	/* Who reads now, as in /sys: not who opened it, and handed it on. */
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (mutex_lock_killable(&counters_lock))
		return -EINTR;
	/* Off, or switched off while it was read: that was all. */
	if (!counting)
		*at = PIECES;
	/* What has not occurred says nothing: on to something that has. */
	while (*at < PIECES && !t->len && !t->full)
		put_piece(t, (unsigned int)(*at)++);
	mutex_unlock(&counters_lock);
	return *at < PIECES;
}

/* ---- the files ---- */

static int make_counter_files(void)
{
	static const struct sysfs_file_ops on = { .show = show_on, .store = store_on };
	static const struct sysfs_file_ops reset = { .store = store_reset };
	static const struct sysfs_file_ops table = { .show = show_table };
	struct sysfs_node *newel = sysfs_newel_dir();
	struct sysfs_node *dir = newel ? sysfs_dir(newel, "counters") : NULL;

	if (dir && sysfs_file(dir, "on", 0600, &on, NULL, NULL) &&
	    sysfs_file(dir, "reset", 0200, &reset, NULL, NULL) &&
	    sysfs_file(dir, "crossings", 0400, &table, (void *)crossings_text, NULL) &&
	    sysfs_file(dir, "latency", 0400, &table, (void *)latency_text, NULL) &&
	    sysfs_file(dir, "calls", 0400, &table, (void *)calls_text, NULL) &&
	    sysfs_file(dir, "interrupts", 0400, &table, (void *)interrupts_text, NULL))
		return 0;
	sysfs_remove(dir);
	return -ENOMEM;
}

void counters_init(void)
{
	static struct proc_file crossings = {
		.name = "crossings",
		.mode = 0400,
		.show = show_crossings,
	};

	if (proc_register(&crossings))
		panic("no memory for /proc/crossings");
	sysfs_on_mount(make_counter_files);
}
