/*
 * printk.h - the kernel log.
 *
 * A line goes into a ring in memory with its level and time, and from there to the consoles.
 * Callable from any context once the MMU is on (the lock needs exclusives), also with interrupts
 * masked; never sleeps. Levels, the time stamp's look and the command line's words are Linux's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/util.h"

struct spinlock;

enum log_level {
	LOG_EMERG,
	LOG_ALERT,
	LOG_CRIT,
	LOG_ERR,
	LOG_WARNING,
	LOG_NOTICE,
	LOG_INFO,
	LOG_DEBUG,
};

#define LOG_TEXT_MAX  1024 /* a message longer than this, with its NUL, is cut */
#define LOG_SINKS_MAX 2

/*
 * printk - write one message to the log
 * @fmt:  as lib/printf.h; a newline at the end is not needed.  One inside parts the message into
 *        lines, each of which is a record.  Control characters come out as '?', so that no text can
 *        play with the terminal.
 */
void printk(enum log_level level, const char *fmt, ...) __printf(2, 3);

#define pr_emerg(...)  printk(LOG_EMERG, __VA_ARGS__)
#define pr_alert(...)  printk(LOG_ALERT, __VA_ARGS__)
#define pr_err(...)    printk(LOG_ERR, __VA_ARGS__)
#define pr_warn(...)   printk(LOG_WARNING, __VA_ARGS__)
#define pr_notice(...) printk(LOG_NOTICE, __VA_ARGS__)
#define pr_info(...)   printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...)  printk(LOG_DEBUG, __VA_ARGS__)

/* Prints it the first time only. */
#define printk_once(level, ...)                                           \
	do {                                                              \
		static bool said_;                                        \
		if (!__atomic_exchange_n(&said_, true, __ATOMIC_RELAXED)) \
			printk(level, __VA_ARGS__);                       \
	} while (0)
#define pr_warn_once(...) printk_once(LOG_WARNING, __VA_ARGS__)

/*
 * log_time_ns - nanoseconds since the first message, or since the counter's zero if there was
 * none yet
 */
uint64_t log_time_ns(void);
/*
 * log_time_of - the same at the moment @ticks of CNTVCT_EL0.  log_time_base - the ticks at its 0.
 */
uint64_t log_time_of(uint64_t ticks);
uint64_t log_time_base(void);

/* ---- consoles ---- */

/*
 * A sink writes text, with \n as line end, to a device, and returns when the device has taken it.
 * It is called with the log's lock held and interrupts masked: it must not sleep, and what it
 * prints itself is lost (and counted).  From a panic it is called with the lock broken.
 */
typedef void log_sink_fn(const char *s, size_t n);

/*
 * log_add_sink - register a console
 * @replay:  first write to it what the log holds; false when it takes over the device of an
 *           earlier one
 *
 * Returns 0, -EEXIST if it is registered, -ENOSPC if there are LOG_SINKS_MAX.
 */
int log_add_sink(log_sink_fn *write, bool replay);

/* log_remove_sink - after it returns, @write is not called any more */
void log_remove_sink(log_sink_fn *write);

/*
 * log_set_console_level - messages of a level below @level go to the consoles; all go to the ring
 */
void log_set_console_level(int level);
int log_console_level(void);

/*
 * log_configure - take quiet, debug, loglevel=N and ignore_loglevel from a command line; the last
 * one wins
 */
void log_configure(const char *cmdline);

/* ---- reading it back ---- */

struct log_record {
	uint64_t seq; /* 0, 1, 2 ... in the order of writing */
	uint64_t time_ns;
	uint16_t len; /* of the text */
	uint8_t level;
};

/*
 * log_read - the record at a position, and step behind it
 * @pos:   0: the oldest that is left; else as an earlier call left it.  If the ring has overwritten
 *         that record, reading goes on with the oldest (seen by a gap in seq).
 * @text:  gets at most @size bytes, terminated (@size > 0)
 *
 * True if there was a record, false at the end of the log.
 */
bool log_read(uint64_t *pos, struct log_record *rec, char *text, size_t size);

/*
 * log_restricted - kernel.dmesg_restrict: only a task with CAP_SYSLOG reads the log, in which are
 * other users' registers and addresses.  On at first, as Debian's Linux has it.  Atomic; checked
 * where the log is read for a user.
 */
extern bool log_restricted;

/* log_end - the position of the record that will be written next */
uint64_t log_end(void);

/* ---- for log/panic.c, when the other cores have been stopped ---- */

/* log_uses - whether a message needs @l: it cannot be written by a core that waits for that */
bool log_uses(const struct spinlock *l);
/* log_lost - such a message is counted as lost, as those from inside the log are */
void log_lost(void);

/* log_bust_locks - forget who holds the log's lock, and let every level through */
void log_bust_locks(void);

/* log_write_raw - straight to the consoles: no lock, no level, no time, not kept in the ring */
void log_write_raw(const char *s, size_t n);
