/*
 * syslog.c - see syslog.h.
 *
 * Comes from sys/system.c, goes to log/printk.c a record at a time: log_lock is never held while a
 * line goes to user memory.  Invariant: a reader's place moves under syslog_lock only behind what
 * it was given.
 */
#include "task/syslog.h"

#include "abi/errno.h"
#include "drivers/timer/timer.h"
#include "lib/printf.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "task/cap.h"
#include "task/wait.h"

enum {
	LOG_CLOSE,
	LOG_OPEN,
	LOG_READ,
	LOG_READ_ALL,
	LOG_READ_CLEAR,
	LOG_CLEAR,
	LOG_CONSOLE_OFF,
	LOG_CONSOLE_ON,
	LOG_CONSOLE_LEVEL,
	LOG_SIZE_UNREAD,
	LOG_SIZE_BUFFER,
};

#define LOG_LINE_MAX (LOG_TEXT_MAX + 48)
#define LOG_BUFFER   (128 * 1024) /* what dmesg(1) makes room for */

static struct mutex syslog_lock = MUTEX_INIT(syslog_lock);
static uint64_t cleared; /* READ_ALL begins here */
static uint64_t unread;	 /* READ goes on here */

/* The record at *@pos as dmesg(1) wants it; its length, 0: there is none. */
static size_t format_record(uint64_t *pos, char *text, char *line)
{
	struct log_record r;

	if (!log_read(pos, &r, text, LOG_TEXT_MAX))
		return 0;
	return (size_t)snprintf(line, LOG_LINE_MAX, "<%u>[%5llu.%06llu] %s\n", r.level,
				(unsigned long long)(r.time_ns / NS_PER_S),
				(unsigned long long)(r.time_ns % NS_PER_S / 1000), text);
}

/* How many bytes the records from @pos on take. */
static size_t log_size(uint64_t pos, char *text, char *line)
{
	size_t sum = 0, n;

	while ((n = format_record(&pos, text, line)) && !give_way())
		sum += n;
	return sum;
}

/*
 * Copies records from *@pos on that fit whole into @size bytes; *@pos moves on.  Bytes, or -EFAULT.
 */
static long copy_log(uint64_t *pos, uptr to, size_t size, char *text, char *line)
{
	size_t done = 0, n;
	uint64_t next = *pos;

	while ((n = format_record(&next, text, line)) && n <= size - done) {
		if (copy_to_user(uptr_add(to, done), line, n))
			return -EFAULT;
		done += n;
		/* Behind the copy: a record that could not be copied is read again. */
		*pos = next;
		if (give_way())
			break;
	}
	return (long)done;
}

/* The newest records that fit. */
static long read_newest(uptr to, size_t size, bool clear, char *text, char *line)
{
	/* What comes while we read is behind `end`, and is not cleared with the rest. */
	uint64_t pos = cleared, end = log_end();
	size_t all = log_size(pos, text, line), n;
	long r;

	while (all > size && (n = format_record(&pos, text, line)) && !give_way())
		all -= min(n, all);
	r = copy_log(&pos, to, size, text, line);
	if (r >= 0 && clear)
		cleared = end;
	return r;
}

static long read_log(int type, uptr to, int len)
{
	char *text = kmalloc(LOG_TEXT_MAX), *line = kmalloc(LOG_LINE_MAX);
	long r = -ENOMEM;

	if (text && line)
		/*
		 * A mutex, held over the copy, which may fault: two readers of LOG_READ do not get
		 * the same record.
		 */
		r = mutex_lock_killable(&syslog_lock);
	if (!r) {
		if (type == LOG_SIZE_UNREAD)
			r = (long)log_size(unread, text, line);
		else if (type == LOG_READ)
			r = copy_log(&unread, to, (size_t)len, text, line);
		else
			r = read_newest(to, (size_t)len, type == LOG_READ_CLEAR, text, line);
		mutex_unlock(&syslog_lock);
	}
	kfree(text);
	kfree(line);
	return r;
}

/* SYSLOG_ACTION_READ waits for something to read; no wake-up comes, so it looks now and then. */
static long read_new(uptr to, int len)
{
	for (;;) {
		long r = read_log(LOG_READ, to, len);
		int err;

		if (r)
			return r;
		err = sched_sleep_until(TIMER_MONOTONIC, timer_now_ns() + NS_PER_S / 4);
		if (err)
			return err;
	}
}

static long console_level(int type, int level)
{
	static int saved = -1;

	switch (type) {
	case LOG_CONSOLE_OFF:
		if (saved < 0)
			saved = log_console_level();
		log_set_console_level(1);
		return 0;
	case LOG_CONSOLE_ON:
		if (saved >= 0)
			log_set_console_level(saved);
		saved = -1;
		return 0;
	default:
		if (level < 1 || level > 8)
			return -EINVAL;
		log_set_console_level(level);
		saved = -1;
		return 0;
	}
}

long syslog_action(int type, uptr to, int len)
{
	/* Unless it is restricted, every task may read all of it. */
	if ((READ_ONCE(log_restricted) || (type != LOG_READ_ALL && type != LOG_SIZE_BUFFER)) &&
	    !capable(CAP_SYSLOG))
		return -EPERM;
	switch (type) {
	case LOG_CLOSE:
	case LOG_OPEN: return 0;
	case LOG_READ:
	case LOG_READ_ALL:
	case LOG_READ_CLEAR:
		if (uptr_is_null(to) || len < 0)
			return -EINVAL;
		if (!len)
			return 0;
		if (!uaccess_ok(to, (uint64_t)len))
			return -EFAULT;
		return type == LOG_READ ? read_new(to, len) : read_log(type, to, len);
	case LOG_CLEAR: cleared = log_end(); return 0;
	case LOG_CONSOLE_OFF:
	case LOG_CONSOLE_ON:
	case LOG_CONSOLE_LEVEL: return console_level(type, len);
	case LOG_SIZE_UNREAD: return read_log(type, to, 0);
	case LOG_SIZE_BUFFER: return LOG_BUFFER;
	default: return -EINVAL;
	}
}
