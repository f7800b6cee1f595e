/*
 * tracefiles.c - see tracefiles.h.
 *
 * Invariant: of the two sets of filters one is in use, and never changes; the other is filled,
 * under settings_lock, and takes its place.  Cores look at it with interrupts masked, so what was
 * in use is free when each has been interrupted once (trace_apply).
 */
#include "el1/tracefiles.h"

#include "abi/errno.h"
#include "drivers/uart.h"
#include "el1/tracemark.h"
#include "el1/tracing.h"
#include "fs/sysfs/kernel.h"
#include "fs/sysfs/sysfs.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "task/cap.h"
#include "task/cores.h"
#include "task/wait.h"
#include "trace/filter.h"
#include "trace/list.h"
#include "trace/names.h"
#include "trace/trace.h"

struct setting {
	const char *name;
	long (*show)(const struct setting *s, char *buf);
	int (*store)(const struct setting *s, const char *text, size_t len);
	enum trace_filter_name filter;
	uint64_t (*count)(unsigned int cpu);
};

static struct mutex settings_lock = MUTEX_INIT(settings_lock);
static struct trace_filter filters[2];
static unsigned int used; /* the set that is in use */
static uint32_t generation;

/* The other set, to be changed: as the one in use.  settings_lock held, as for the next. */
static struct trace_filter *next_filters(void)
{
	struct trace_filter *next = &filters[!used];

	*next = filters[used];
	return next;
}

/* The other set is in use from here on, and so are @kinds. */
static void publish_next(uint32_t kinds)
{
	used = !used;
	trace_set(kinds, &filters[used]);
}

/* And when this returns, on every core. */
static void use_next(uint32_t kinds)
{
	publish_next(kinds);
	trace_apply();
}

/* ---- what is recorded ---- */

static long show_kinds(const struct setting *s, char *buf)
{
	return (long)trace_kinds_print(buf, SYSFS_TEXT_MAX, trace_kinds());
}

static int use_kinds(uint32_t kinds)
{
	/* Its lines would make interrupts, and those lines. */
	bool polled = kinds & TRACE_IRQ && !(kinds & TRACE_QUIET);
	int err = kinds & TRACE_ALL ? trace_rings_make() : 0;

	if (err)
		return err;
	if (polled)
		uart_poll_log(true);
	next_filters();
	use_next(kinds);
	if (!polled)
		uart_poll_log(false);
	return 0;
}

static int store_kinds(const struct setting *s, const char *text, size_t len)
{
	uint32_t kinds;

	return trace_kinds_parse(text, len, &kinds) ?: use_kinds(kinds);
}

static long show_output(const struct setting *s, char *buf)
{
	return scnprintf(buf, SYSFS_TEXT_MAX, trace_kinds() & TRACE_QUIET ? "ring" : "log");
}

/* Whether @text is @yes, *@is, or @no. */
static int text_is(const char *text, size_t len, const char *yes, const char *no, bool *is)
{
	if (trace_list_only(text, len, ""))
		return -EINVAL;
	*is = trace_list_only(text, len, yes);
	return *is || trace_list_only(text, len, no) ? 0 : -EINVAL;
}

/* @kinds with what @text says of the output. */
static int output_of(const char *text, size_t len, uint32_t *kinds)
{
	bool quiet;
	int err = text_is(text, len, "ring", "log", &quiet);

	if (!err)
		*kinds = quiet ? *kinds | TRACE_QUIET : *kinds & ~TRACE_QUIET;
	return err;
}

static int store_output(const struct setting *s, const char *text, size_t len)
{
	uint32_t kinds = trace_kinds();

	return output_of(text, len, &kinds) ?: use_kinds(kinds);
}

/* ---- the filters ---- */

static long show_filter(const struct setting *s, char *buf)
{
	return (long)trace_filter_print(&filters[used], s->filter, buf, SYSFS_TEXT_MAX - 1);
}

/* Tasks get the mark of @f, which is to be in use. */
static int mark_tasks(struct trace_filter *f)
{
	int err = tracemark_check(f);

	if (err)
		return err;
	/* Those that bore the last one and are not named now bear one that nobody asks for. */
	generation += generation == UINT32_MAX ? 2 : 1;
	f->generation = generation;
	tracemark_set(f);
	return 0;
}

static int store_filter(const struct setting *s, const char *text, size_t len)
{
	struct trace_filter *f = next_filters();
	int err = trace_filter_parse(f, s->filter, text, len, give_way);

	if (!err && s->filter == TRACE_FILTER_PID) {
		f->generation = 0;
		err = f->pid.n ? mark_tasks(f) : 0;
	}
	if (!err)
		use_next(trace_kinds());
	return err;
}

static long show_children(const struct setting *s, char *buf)
{
	return scnprintf(buf, SYSFS_TEXT_MAX, "%d", filters[used].children);
}

static int store_children(const struct setting *s, const char *text, size_t len)
{
	bool yes;
	int err = text_is(text, len, "1", "0", &yes);

	if (err)
		return err;
	next_filters()->children = yes;
	use_next(trace_kinds());
	return 0;
}

/* ---- the rings ---- */

static long show_size(const struct setting *s, char *buf)
{
	return scnprintf(buf, SYSFS_TEXT_MAX, "%zu", trace_size());
}

static int store_size(const struct setting *s, const char *text, size_t len)
{
	struct trace_list l = trace_list_of(text, len);
	uint64_t size;

	if (trace_list_next(&l) != 1 || parse_size(l.item, l.len, &size) != (int)l.len ||
	    trace_list_next(&l))
		return -EINVAL;
	return trace_resize(size);
}

static long show_count(const struct setting *s, char *buf)
{
	size_t n = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (cores_online() & BIT(cpu))
			n += (size_t)scnprintf(buf + n, SYSFS_TEXT_MAX - n, "%scpu%u %llu",
					       n ? "\n" : "", cpu,
					       (unsigned long long)s->count(cpu));
	return (long)n;
}

static int store_clear(const struct setting *s, const char *text, size_t len)
{
	if (trace_list_only(text, len, "") || !trace_list_only(text, len, "1"))
		return -EINVAL;
	trace_clear();
	return 0;
}

/* ---- as files ---- */

static const struct setting settings[] = {
	{ .name = "kinds", show_kinds, store_kinds },
	{ .name = "pid", show_filter, store_filter, .filter = TRACE_FILTER_PID },
	{ .name = "nr", show_filter, store_filter, .filter = TRACE_FILTER_NR },
	{ .name = "result", show_filter, store_filter, .filter = TRACE_FILTER_RESULT },
	{ .name = "level", show_filter, store_filter, .filter = TRACE_FILTER_LEVEL },
	{ .name = "core", show_filter, store_filter, .filter = TRACE_FILTER_CORE },
	{ .name = "children", show_children, store_children },
	{ .name = "output", show_output, store_output },
	{ .name = "size", show_size, store_size },
	{ .name = "written", show_count, .count = trace_written },
	{ .name = "lost", show_count, .count = trace_lost },
	{ .name = "clear", .store = store_clear },
};

/*
 * Whoever opened the file, and with what rights: the one that reads or writes now must have them.
 */
static int begin_setting(void)
{
	return capable(CAP_SYS_ADMIN) ? mutex_lock_killable(&settings_lock) : -EPERM;
}

static long show_setting(void *arg, char *buf)
{
	const struct setting *s = arg;
	long n = begin_setting();

	if (n)
		return n;
	n = s->show(s, buf);
	mutex_unlock(&settings_lock);
	buf[n] = '\n'; /* each leaves room for it */
	return n + 1;
}

static int store_setting(void *arg, char *text, size_t len)
{
	const struct setting *s = arg;
	int err = begin_setting();

	if (err)
		return err;
	err = s->store(s, text, len);
	mutex_unlock(&settings_lock);
	return err;
}

static int make_trace_files(void)
{
	static const struct sysfs_file_ops both = { .show = show_setting, .store = store_setting };
	static const struct sysfs_file_ops read = { .show = show_setting };
	static const struct sysfs_file_ops write = { .store = store_setting };
	struct sysfs_node *newel = sysfs_newel_dir();
	struct sysfs_node *dir = newel ? sysfs_dir(newel, "trace") : NULL;

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];
		bool r = s->show, w = s->store;
		uint32_t mode = (r ? 0400 : 0) | (w ? 0200 : 0);

		const struct sysfs_file_ops *ops = r && w ? &both : r ? &read : &write;

		if (!dir || !sysfs_file(dir, s->name, mode, ops, (void *)s, NULL))
			goto no_memory;
	}
	return 0;
no_memory:
	sysfs_remove(dir);
	return -ENOMEM;
}

void tracefiles_init(void)
{
	sysfs_on_mount(make_trace_files);
}

/* ---- the command line ---- */

/* newel.trace.@name= of @cmdline, if it is there. */
static bool find_setting(const char *cmdline, const char *name, struct cmdline_word *w)
{
	char key[32];

	scnprintf(key, sizeof(key), "newel.trace.%s", name);
	return cmdline && cmdline_find(cmdline, key, w) && w->val;
}

static void refuse_setting(const char *name, const struct cmdline_word *w, int err)
{
	if (err)
		pr_warn("newel.trace.%s=: %.*s: %s", name, (int)w->val_len, w->val,
			errno_name(-err));
}

void tracefiles_configure(const char *cmdline)
{
	struct trace_filter *f = next_filters();
	uint32_t kinds = trace_kinds();
	struct cmdline_word w;

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *s = &settings[i];

		if (s->store == store_filter && find_setting(cmdline, s->name, &w))
			refuse_setting(s->name, &w,
				       trace_filter_parse(f, s->filter, w.val, w.val_len, NULL));
	}
	if (find_setting(cmdline, "kinds", &w))
		refuse_setting("kinds", &w, trace_kinds_parse(w.val, w.val_len, &kinds));
	/* Nobody has this mark yet: tracefiles_start. */
	f->generation = generation = f->pid.n ? 1 : 0;
	if (find_setting(cmdline, "children", &w))
		refuse_setting("children", &w, text_is(w.val, w.val_len, "1", "0", &f->children));
	if (find_setting(cmdline, "output", &w))
		refuse_setting("output", &w, output_of(w.val, w.val_len, &kinds));
	publish_next(kinds);
}

void tracefiles_size(const char *cmdline)
{
	struct cmdline_word w;

	if (find_setting(cmdline, "size", &w))
		refuse_setting("size", &w, store_size(NULL, w.val, w.val_len));
}

void tracefiles_start(void)
{
	const struct trace_filter *f = &filters[used];

	if (!f->generation)
		return;
	if (tracemark_check(f))
		pr_warn("newel.trace.pid=: when pid 1 begins there is no other process");
	tracemark_set(f);
}
