/*
 * printk.c - the kernel log: from a message to the ring, and from the ring to the consoles.
 *
 * Invariant: everything static here but time_base and console_level is read and written under
 * log_lock, which is a leaf: nothing is locked inside it but what a sink locks for its device.  A
 * line goes to a sink in one call under the lock, so lines of several cores never mix.
 */
#include "abi/errno.h"
#include "abi/nanoseconds.h"
#include "arm/percpu.h"
#include "arm/spinlock.h"
#include "lib/export.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/printk.h"

#define RING_SIZE     (128u << 10)
#define LEVEL_DEFAULT 7
#define LEVEL_QUIET   4
#define LEVEL_DEBUG   10
#define LEVEL_ALL     15
#define NO_CPU	      (~0u)

static struct spinlock log_lock = SPINLOCK_INIT;
static unsigned int log_owner = NO_CPU;
static unsigned int lost; /* atomic: messages from inside the log itself */

/*
 * The ring.  Positions count bytes since boot and only grow; a position's place is its remainder.
 * A record is a header and the text, rounded up to 8, and never wraps: a gap at the end is filled
 * by a header with the level PAD.
 */
static _Alignas(8) uint8_t ring[RING_SIZE];
static uint64_t ring_first, ring_next; /* positions of the oldest record, and behind the newest */
static uint64_t next_seq;

#define PAD 0xff

static log_sink_fn *sinks[LOG_SINKS_MAX];
static int console_level = LEVEL_DEFAULT;
bool log_restricted = true;

static char message[LOG_TEXT_MAX];
static char line[LOG_TEXT_MAX + 32]; /* with the time stamp and the newline */

/* Seconds and the rest apart: ticks * 10^9 would wrap after minutes. */
static uint64_t ticks_to_ns(uint64_t ticks)
{
	uint64_t hz = READ_SYSREG(cntfrq_el0);

	if (!hz)
		return 0;
	return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

static uint64_t time_base;

uint64_t log_time_base(void)
{
	/* Without the lock: time_base is written once, by the first message. */
	return READ_ONCE(time_base);
}

uint64_t log_time_of(uint64_t ticks)
{
	return ticks_to_ns(ticks - log_time_base());
}

uint64_t log_time_ns(void)
{
	return log_time_of(READ_SYSREG(cntvct_el0));
}
EXPORT(log_time_ns);

/* ---- the ring ---- */

static struct log_record *record_at(uint64_t pos)
{
	return (struct log_record *)(ring + pos % RING_SIZE);
}

static size_t record_size(const struct log_record *r)
{
	return ALIGN_UP(sizeof(*r) + r->len, 8);
}

/* Is this the unused end of a round, marked or too short for a mark? */
static bool is_gap(uint64_t pos)
{
	return RING_SIZE - pos % RING_SIZE < sizeof(struct log_record) ||
	       record_at(pos)->level == PAD;
}

static uint64_t position_after(uint64_t pos)
{
	return is_gap(pos) ? pos + RING_SIZE - pos % RING_SIZE : pos + record_size(record_at(pos));
}

/* Drop the oldest records until @size bytes from @pos on are free. */
static void make_room_in_ring(uint64_t pos, size_t size)
{
	/*
	 * A reader that is behind ring_first goes on at the oldest record that is left
	 * (find_record).
	 */
	while (pos + size - ring_first > RING_SIZE)
		ring_first = position_after(ring_first);
}

static void store(enum log_level level, uint64_t time_ns, const char *text, size_t len)
{
	size_t size = ALIGN_UP(sizeof(struct log_record) + len, 8);
	uint64_t left = RING_SIZE - ring_next % RING_SIZE;
	struct log_record *r;

	if (left < size) {
		make_room_in_ring(ring_next, left);
		if (left >= sizeof(*r))
			record_at(ring_next)->level = PAD;
		ring_next += left;
	}
	make_room_in_ring(ring_next, size);
	r = record_at(ring_next);
	/* The numbers have no gap, so a reader sees by them how much it has missed. */
	r->seq = next_seq++;
	r->time_ns = time_ns;
	r->len = len;
	r->level = level;
	memcpy(r + 1, text, len);
	ring_next += size;
}

/* The first position from @pos on that holds a record, ring_next if none does. */
static uint64_t find_record(uint64_t pos)
{
	pos = max(pos, ring_first);
	while (pos < ring_next && is_gap(pos))
		pos = position_after(pos);
	return min(pos, ring_next);
}

/* ---- the consoles ---- */

/* As Linux prints it: [seconds.microseconds], the seconds in a field of 5. */
static size_t format_line(uint64_t time_ns, const char *text, size_t len)
{
	size_t n = scnprintf(line, sizeof(line), "[%5llu.%06llu] %.*s",
			     (unsigned long long)(time_ns / NS_PER_S),
			     (unsigned long long)(time_ns / NS_PER_US % US_PER_S), (int)len, text);

	line[n++] = '\n'; /* in the place of the NUL */
	return n;
}

static void show(enum log_level level, uint64_t time_ns, const char *text, size_t len)
{
	size_t n;

	if ((int)level >= console_level)
		return;
	/* `line` is shared by all: log_lock is held until the last sink has it. */
	n = format_line(time_ns, text, len);
	for (int i = 0; i < LOG_SINKS_MAX; i++)
		if (sinks[i])
			sinks[i](line, n);
}

static void replay_to(log_sink_fn *write)
{
	uint64_t pos;

	for (pos = find_record(0); pos < ring_next; pos = find_record(position_after(pos))) {
		struct log_record *r = record_at(pos);

		if (r->level < console_level)
			write(line, format_line(r->time_ns, (char *)(r + 1), r->len));
	}
}

/* ---- writing ---- */

bool log_uses(const struct spinlock *l)
{
	return l == &log_lock;
}

void log_lost(void)
{
	atomic_add(&lost, 1);
}

/*
 * A sink that prints, or a fault inside the log, would wait here for itself: the owner is noted,
 * and such a message is counted instead.  Only this core writes its own number, so the unlocked
 * read cannot be wrong.
 */
static bool log_acquire(unsigned long *flags)
{
	*flags = irq_save();
	if (READ_ONCE(log_owner) == cpu_id()) {
		log_lost();
		irq_restore(*flags);
		return false;
	}
	spin_lock(&log_lock);
	WRITE_ONCE(log_owner, cpu_id());
	return true;
}

static void log_release(unsigned long flags)
{
	/* Before the lock: the next owner writes its own number after it has taken it. */
	WRITE_ONCE(log_owner, NO_CPU);
	spin_unlock_irqrestore(&log_lock, flags);
}

static void write_line(enum log_level level, uint64_t time_ns, char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			text[i] = '?';
	store(level, time_ns, text, len);
	show(level, time_ns, text, len);
}

/* message[0..n): each of its lines is a record.  A newline at the very end opens no further one. */
static void write_message(enum log_level level, uint64_t time_ns, size_t n)
{
	char *start = message, *end = message + n, *nl;

	do {
		nl = memchr(start, '\n', end - start);
		write_line(level, time_ns, start, (nl ? nl : end) - start);
		start = nl + 1;
	} while (nl && start < end);
}

static void report_lost(uint64_t time_ns)
{
	unsigned int n = atomic_xchg(&lost, 0);

	write_message(LOG_WARNING, time_ns,
		      scnprintf(message, sizeof(message),
				"log: %u messages from inside the log were lost", n));
}

static void vprintk(enum log_level level, const char *fmt, va_list ap)
{
	uint64_t now;
	int n;

	if (!time_base)
		WRITE_ONCE(time_base, READ_SYSREG(cntvct_el0));
	now = log_time_ns(); /* under the lock: the stamps of the log never go back */
	n = vsnprintf(message, sizeof(message), fmt, ap);
	if (n < 0 || n >= (int)sizeof(message))
		n = sizeof(message) - 1;
	write_message(level, now, n);
	if (READ_ONCE(lost))
		report_lost(now);
}

void printk(enum log_level level, const char *fmt, ...)
{
	unsigned long flags;
	va_list ap;

	if (!log_acquire(&flags))
		return;
	va_start(ap, fmt);
	vprintk(level, fmt, ap);
	va_end(ap);
	log_release(flags);
}
EXPORT(printk);

/* ---- configuring ---- */

int log_add_sink(log_sink_fn *write, bool replay)
{
	unsigned long flags;
	int i, free = -1, err = 0;

	if (!log_acquire(&flags))
		return -EBUSY;
	for (i = LOG_SINKS_MAX - 1; i >= 0; i--) {
		if (!sinks[i])
			free = i;
		if (sinks[i] == write)
			err = -EEXIST;
	}
	if (!err && free < 0)
		err = -ENOSPC;
	if (!err) {
		/* The replay under the same hold: the console has each line once, in order. */
		sinks[free] = write;
		if (replay)
			replay_to(write);
	}
	log_release(flags);
	return err;
}

void log_remove_sink(log_sink_fn *write)
{
	unsigned long flags;

	if (!log_acquire(&flags))
		return;
	for (int i = 0; i < LOG_SINKS_MAX; i++)
		if (sinks[i] == write)
			sinks[i] = NULL;
	log_release(flags);
}

void log_set_console_level(int level)
{
	WRITE_ONCE(console_level, min(max(level, 0), LEVEL_ALL));
}

int log_console_level(void)
{
	return READ_ONCE(console_level);
}

void log_configure(const char *cmdline)
{
	struct cmdline_word w;
	uint64_t n;

	while (cmdline_next(&cmdline, &w)) {
		if (w.key_len == 2 && !w.val && !memcmp(w.key, "--", 2))
			break;
		if (cmdline_is(&w, "quiet"))
			log_set_console_level(LEVEL_QUIET);
		else if (cmdline_is(&w, "debug"))
			log_set_console_level(LEVEL_DEBUG);
		else if (cmdline_is(&w, "ignore_loglevel"))
			log_set_console_level(LEVEL_ALL);
		else if (cmdline_is(&w, "loglevel") && w.val &&
			 !parse_whole_u64(w.val, w.val_len, 0, &n))
			log_set_console_level((int)min(n, (uint64_t)LEVEL_ALL));
	}
}

/* ---- reading ---- */

bool log_read(uint64_t *pos, struct log_record *rec, char *text, size_t size)
{
	unsigned long flags;
	bool found;
	size_t n;

	if (!log_acquire(&flags))
		return false;
	*pos = find_record(*pos);
	found = *pos < ring_next;
	if (found) {
		struct log_record *r = record_at(*pos);

		/*
		 * Copied under the lock: the record may be overwritten as soon as it is released.
		 */
		*rec = *r;
		n = min((size_t)r->len, size - 1);
		memcpy(text, r + 1, n);
		text[n] = 0;
		*pos = position_after(*pos);
	}
	log_release(flags);
	return found;
}

uint64_t log_end(void)
{
	unsigned long flags;
	uint64_t pos = 0;

	if (log_acquire(&flags)) {
		pos = ring_next;
		log_release(flags);
	}
	return pos;
}

/* ---- panic ---- */

void log_bust_locks(void)
{
	/* Its holder is stopped, or is this core itself: it will never be given back. */
	spin_init(&log_lock);
	log_owner = NO_CPU;
	console_level = LEVEL_ALL;
}

void log_write_raw(const char *s, size_t n)
{
	for (int i = 0; i < LOG_SINKS_MAX; i++)
		/* Without the lock, in a panic only: the other cores stand. */
		if (sinks[i])
			sinks[i](s, n);
}
