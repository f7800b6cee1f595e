/*
 * watch.c - see watch.h.
 *
 * Invariant: however it ends, but for SIGKILL, the terminal is as it was, and the counting off if
 * it was: signals only set a flag, which the loop looks at.
 */
#include "el0/levels/watch.h"

#include "abi/fcntl.h"
#include "abi/termios.h"
#include "el0/levels/counts.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

#define ON_FILE	   COUNTERS_DIR "/on"
#define ROWS_MAX   120
#define COLS_MAX   200
#define CTRL_C	   3
#define LABEL	   15 /* columns of a row's name */
#define NUMBER	   9
#define NS_PER_SEC UINT64_C(1000000000)

static volatile int stopped; /* by a signal */

/* The table as it grows. */
static struct {
	char text[ROWS_MAX * (COLS_MAX + 8)];
	size_t len;
	int rows, cols, used;
	bool terminal;
} screen;

/* ---- the screen ---- */

/* A serial line does not know its size. */
static void screen_start(bool terminal)
{
	struct winsize size = { 0, 0, 0, 0 };

	screen.len = 0;
	screen.used = 0;
	screen.terminal = terminal;
	screen.rows = ROWS_MAX;
	screen.cols = COLS_MAX;
	if (!terminal)
		return;
	svc_ioctl(1, TIOCGWINSZ, &size);
	screen.rows = size.ws_row ? size.ws_row : 24;
	screen.cols = size.ws_col ? size.ws_col : 80;
	screen.rows = screen.rows < ROWS_MAX ? screen.rows : ROWS_MAX;
	screen.cols = screen.cols < COLS_MAX ? screen.cols : COLS_MAX;
	screen.len = (size_t)snprintf(screen.text, sizeof(screen.text), "\033[?25l\033[H");
}

static int rows_left(void)
{
	/* One fewer than there are: behind the last one the terminal would scroll. */
	return screen.rows - 1 - screen.used;
}

/* One row, cut to the screen's width, if there is one left. */
static void put_row(const char *row)
{
	size_t room = sizeof(screen.text) - screen.len;

	if (rows_left() <= 0)
		return;
	screen.used++;
	screen.len += (size_t)snprintf(screen.text + screen.len, room, "%.*s%s", screen.cols - 1,
				       row, screen.terminal ? "\033[K\r\n" : "\n");
}

static int screen_show(void)
{
	if (screen.terminal)
		screen.len += (size_t)snprintf(screen.text + screen.len,
					       sizeof(screen.text) - screen.len, "\033[J");
	return write_all(1, screen.text, screen.len);
}

/* ---- numbers ---- */

/* " 812ns", " 12.3us", "  4.5ms", "  1.2s"; " -" for none. */
static void format_ns(char *buf, size_t n, uint64_t ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	uint64_t tenths = ns * 10;
	int unit = 0;

	while (tenths >= 10000 && unit < 3) {
		tenths /= 1000;
		unit++;
	}
	if (!ns)
		snprintf(buf, n, "-");
	else if (!unit)
		snprintf(buf, n, "%luns", ns);
	else
		snprintf(buf, n, "%lu.%lu%s", tenths / 10, tenths % 10, units[unit]);
}

/* As often a second as @count is in @ns; rounded up, so that what has occurred is seen. */
static void format_rate(char *buf, size_t n, uint64_t count, uint64_t ns)
{
	uint64_t ms = ns / 1000000 ? ns / 1000000 : 1, rate = (count * 1000 + ms - 1) / ms;

	if (rate < 10000000)
		snprintf(buf, n, "%lu", rate);
	else
		snprintf(buf, n, "%luk", rate / 1000);
}

/* Behind a row at @len; the new length. */
static int add_column(char *row, int len, const char *text)
{
	return len + snprintf(row + len, COLS_MAX - (size_t)len, "%*s", NUMBER, text);
}

static int add_rate(char *row, int len, uint64_t count, uint64_t ns)
{
	char text[24];

	format_rate(text, sizeof(text), count, ns);
	return add_column(row, len, text);
}

static int add_times(char *row, int len, const struct times *t)
{
	const uint64_t ns[] = {
		counters_quantile(t->in_bucket, 50, t->max_ns),
		counters_quantile(t->in_bucket, 99, t->max_ns),
		t->max_ns,
	};
	char text[24];

	for (int i = 0; i < 3; i++) {
		format_ns(text, sizeof(text), ns[i]);
		len = add_column(row, len, text);
	}
	return len;
}

/* ---- columns of cores ---- */

/* How many cores have a column, beside @others; then "all" has one too if they are not all. */
static int cores_shown(const struct counts *c, int others, bool *all)
{
	int there = __builtin_popcountl(c->cores), room = (screen.cols - LABEL) / NUMBER - others;

	*all = there > room;
	if (*all)
		there = room - 1;
	return there > 0 ? there : 0;
}

static int add_cores(char *row, int len, const struct counts *c, const uint64_t *on, uint64_t ns,
		     int others)
{
	uint64_t sum = 0;
	bool all;
	int left = cores_shown(c, others, &all);

	for (int core = 0; core < CORES_MAX; core++)
		sum += on[core];
	if (all)
		len = add_rate(row, len, sum, ns);
	for (int core = 0; core < CORES_MAX && left; core++)
		if (c->cores >> core & 1) {
			len = add_rate(row, len, on[core], ns);
			left--;
		}
	return len;
}

static int add_core_names(char *row, int len, const struct counts *c, int others)
{
	char name[8];
	bool all;
	int left = cores_shown(c, others, &all);

	if (all)
		len = add_column(row, len, "all");
	for (int core = 0; core < CORES_MAX && left; core++)
		if (c->cores >> core & 1) {
			snprintf(name, sizeof(name), "cpu%d", core);
			len = add_column(row, len, name);
			left--;
		}
	return len;
}

/* ---- the table ---- */

#define TIMES_COLUMNS 3

static int add_times_names(char *row, int len)
{
	len = add_column(row, len, "p50");
	len = add_column(row, len, "p99");
	return add_column(row, len, "max");
}

static int start_row(char *row, const char *label)
{
	return snprintf(row, COLS_MAX, "%-*.*s", LABEL, LABEL, label);
}

/* Those that have ever been: what never occurs needs no row. */
static void put_kinds(const struct counts *c, const struct counts *ever, uint64_t ns)
{
	char row[COLS_MAX];

	add_times_names(row, add_core_names(row, start_row(row, "crossings/s"), c, TIMES_COLUMNS));
	put_row(row);
	for (int i = 0; i < c->kinds; i++) {
		if (!ever->kind[i].times.entries)
			continue;
		add_times(row,
			  add_cores(row, start_row(row, c->kind[i].label), c, c->kind[i].on, ns,
				    TIMES_COLUMNS),
			  &c->kind[i].times);
		put_row(row);
	}
}

/* The call made most often of those that @shown does not name yet; -1: no other was made. */
static int most_often(const struct counts *c, const bool *shown)
{
	int best = -1;

	for (int i = 0; i < CALLS_MAX; i++)
		if (!shown[i] && c->call[i].times.entries &&
		    (best < 0 || c->call[i].times.entries > c->call[best].times.entries))
			best = i;
	return best;
}

static void put_calls(const struct counts *c, uint64_t ns, int most)
{
	bool shown[CALLS_MAX] = { false };
	char row[COLS_MAX];
	int nr;

	if (most < 2)
		return;
	add_times_names(row, add_column(row, start_row(row, "calls"), "/s"));
	put_row(row);
	while (--most > 0 && (nr = most_often(c, shown)) >= 0) {
		shown[nr] = true;
		add_times(row,
			  add_rate(row, start_row(row, c->call[nr].name), c->call[nr].times.entries,
				   ns),
			  &c->call[nr].times);
		put_row(row);
	}
}

static int irqs_seen(const struct counts *ever)
{
	int n = 0;

	for (int i = 0; i < IRQS_MAX; i++)
		n += ever->irq[i].all != 0;
	return n;
}

static void put_irqs(const struct counts *c, const struct counts *ever, uint64_t ns)
{
	char row[COLS_MAX], label[32];

	if (!irqs_seen(ever))
		return;
	add_core_names(row, start_row(row, "interrupts/s"), c, 0);
	put_row(row);
	for (int i = 0; i < IRQS_MAX; i++) {
		if (!ever->irq[i].all)
			continue;
		snprintf(label, sizeof(label), "%d %s", i, ever->irq[i].name);
		add_cores(row, start_row(row, label), c, c->irq[i].on, ns, 0);
		put_row(row);
	}
}

/* @c: of the last @ns; @ever: since counting began. */
static int show_table(const struct counts *c, const struct counts *ever, uint64_t ns, bool terminal)
{
	uint64_t since = (ever->time_ns - ever->since_ns) / NS_PER_SEC;
	char row[COLS_MAX];
	int irqs = irqs_seen(ever);

	screen_start(terminal);
	snprintf(row, sizeof(row), "levels: over %lu.%lu s; max: since %lu s%s", ns / NS_PER_SEC,
		 ns / (NS_PER_SEC / 10) % 10, since, terminal ? "; q leaves" : "");
	put_row(row);
	put_kinds(c, ever, ns);
	/* Interrupts have a third of what is left, if they need it. */
	if (irqs + 1 > rows_left() / 3)
		irqs = rows_left() / 3 - 1;
	put_calls(c, ns, rows_left() - irqs - 1);
	put_irqs(c, ever, ns);
	return screen_show();
}

/* ---- the terminal ---- */

static struct termios found_as; /* as it was */

/* Keys come one by one and are not shown, ^C as any other.  False: standard input has no keys. */
static bool take_keys(void)
{
	struct termios t;

	if (svc_ioctl(0, TCGETS, &found_as) < 0)
		return false;
	t = found_as;
	t.c_lflag &= ~(uint32_t)(ICANON | ECHO | ISIG);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return svc_ioctl(0, TCSETSW, &t) >= 0;
}

static void give_back(bool terminal, bool keys)
{
	/* Below the table. */
	if (terminal)
		dprintf(1, "\033[%d;1H\033[?25h\r\n", screen.rows);
	if (keys)
		svc_ioctl(0, TCSETSW, &found_as);
}

/* Until @seconds are over; true: q or ^C, the end of the keys, or a signal came first. */
static bool wait_for_end(unsigned int seconds, bool keys)
{
	struct timespec now, end;
	struct pollfd in = { .fd = keys ? 0 : -1, .events = POLLIN };
	char key;

	svc_clock_gettime(1, &end);
	end.tv_sec += seconds;
	while (!stopped) {
		struct timespec left;

		svc_clock_gettime(1, &now);
		left.tv_sec = end.tv_sec - now.tv_sec;
		left.tv_nsec = end.tv_nsec - now.tv_nsec;
		if (left.tv_nsec < 0) {
			left.tv_nsec += (int64_t)NS_PER_SEC;
			left.tv_sec--;
		}
		if (left.tv_sec < 0)
			return false;
		if (svc_ppoll(&in, 1, &left, NULL, 8) <= 0)
			continue;
		if (svc_read(0, &key, 1) != 1 || key == 'q' || key == 'Q' || key == CTRL_C)
			return true;
	}
	return true;
}

static void note_signal(int sig, struct siginfo *info, struct ucontext *uc)
{
	(void)sig;
	(void)info;
	(void)uc;
	stopped = 1;
}

/* ---- the counting ---- */

static int explain(const char *file, long err)
{
	const char *why = "";

	if (err == -EACCES || err == -EPERM)
		why = ": crossings tell of all programs, so only root (CAP_SYS_ADMIN) may count "
		      "them";
	else if (err == -ENOENT)
		why = ": this kernel does not count, or /sys or /proc is not mounted";
	dprintf(2, "levels: %s: %s%s\n", file, strerror(err), why);
	return 1;
}

/* Writes @what; 0 or -errno. */
static long write_switch(const char *what)
{
	int fd = open(ON_FILE, O_WRONLY, 0);
	long n = fd < 0 ? fd : svc_write(fd, what, 1);

	if (fd >= 0)
		svc_close(fd);
	return n < 0 ? n : 0;
}

/* It counts from here on; *@was: it did before.  0 or -errno. */
static long switch_on(bool *was)
{
	char now = '0';
	int fd = open(ON_FILE, O_RDONLY, 0);
	long n = fd < 0 ? fd : svc_read(fd, &now, 1);

	if (fd >= 0)
		svc_close(fd);
	*was = now == '1';
	if (n < 0)
		return n;
	return *was ? 0 : write_switch("1");
}

/* Tables until the end.  0 or -errno. */
static int watch(unsigned int seconds, unsigned int times, bool terminal, bool keys)
{
	static struct counts before, now, ever;
	int err = counts_read(&before);

	for (unsigned int i = 0; !err && !wait_for_end(seconds, keys); i++) {
		uint64_t ns;

		err = counts_read(&ever);
		if (err)
			break;
		now = ever;
		ns = counts_subtract(&now, &before);
		if (terminal && !i)
			write_all(1, "\033[2J", 4);
		err = show_table(&now, &ever, ns, terminal);
		before = ever;
		if (times && i + 1 == times)
			break;
	}
	return err;
}

int levels_watch(unsigned int seconds, unsigned int times)
{
	struct termios t;
	bool terminal = svc_ioctl(1, TCGETS, &t) >= 0, keys, was;
	long err;

	catch_signal(SIGINT, note_signal, 0);
	catch_signal(SIGTERM, note_signal, 0);
	catch_signal(SIGHUP, note_signal, 0);
	catch_signal(SIGQUIT, note_signal, 0);
	/* A reader that went is a write that fails: then the counting is switched off too. */
	ignore_signal(SIGPIPE);
	err = switch_on(&was);
	if (err)
		return explain(ON_FILE, err);
	keys = terminal && take_keys();
	err = watch(seconds, times ? times : terminal ? 0 : 1, terminal, keys);
	give_back(terminal, keys);
	if (!was)
		write_switch("0");
	return err && err != -EPIPE ? explain(COUNTERS_FILE, err) : 0;
}
