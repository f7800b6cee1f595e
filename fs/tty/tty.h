/*
 * tty.h - terminals: line editing, echo, signals from keys, and job control, over whatever carries
 * the bytes.
 *
 * A byte that comes in goes through tty_input() in a task's context: it is edited into the line,
 * echoed, or becomes a signal.  A byte that a program writes is processed (\n to \r\n) and given to
 * the back end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/termios.h"
#include "fs/async.h"
#include "fs/file.h"

#define TTY_INPUT_MAX 4096 /* bytes that wait to be read: Linux's N_TTY_BUF_SIZE */
#define TTY_ECHO_MAX  512

struct tty;

struct tty_ops {
	/*
	 * write - take the first bytes of @buf; how many.  After fewer than @n, tty_writable() is
	 * called when there is room again.
	 */
	size_t (*write)(struct tty *t, const char *buf, size_t n);
	/*
	 * room - how many bytes write() takes now; it and write() are then called under t->lock
	 * only.  NULL: room comes by itself, with time, and a writer waits for it whatever happens.
	 */
	size_t (*room)(struct tty *t);
	/*
	 * written - called without t->lock after something has gone through write().  NULL: not
	 * needed.
	 */
	void (*written)(struct tty *t);
	/*
	 * pending - bytes taken and not yet sent (TIOCOUTQ, tcdrain).  NULL: there never are any.
	 */
	size_t (*pending)(struct tty *t);
	/* input_taken - a program has read: tty_input_room() may have grown.  NULL: not needed. */
	void (*input_taken)(struct tty *t);
	/*
	 * limit - change settings that the device cannot have into such that it can; t->lock held.
	 * NULL: it can have all.
	 */
	void (*limit)(struct termios2 *m);
	/*
	 * changed - something of TIOCPKT_* has happened, which a master in packet mode is told.
	 * t->lock held.  NULL: there is no master.
	 */
	void (*changed)(struct tty *t, uint32_t what);
	/* closed - the last open file of the terminal has gone. */
	void (*closed)(struct tty *t);
	/* free - the last reference has gone.  NULL: it stays for good. */
	void (*free)(struct tty *t);
};

struct tty {
	const struct tty_ops *ops;
	struct list_node link; /* of all terminals; ttys_lock */
	struct ref refs;       /* of open files, and of the back end */
	uint32_t opens;	       /* atomic: open files */
	/*
	 * How many there have been: a file that was opened before the last one is dead.  Written
	 * under lock.
	 */
	uint32_t hangups;
	bool exclusive; /* TIOCEXCL: only root opens it once more */

	struct spinlock lock; /* of all below; taken in task context only; leaf */
	struct termios2 termios;
	struct termios termios_locked; /* TIOCSLCKTRMIOS: bits of it that stay */
	struct winsize winsize;
	/* Whose controlling terminal it is, and which job is in the foreground; 0: none. */
	int32_t session, pgrp;
	uint32_t rdev;	      /* DEV(major, minor) by which /proc names it; set once */
	bool stopped;	      /* output: ^S */
	bool erasing;	      /* ECHOPRT: behind a backslash */
	bool literal;	      /* ^V: the next character is not special */
	uint32_t column;      /* of the cursor, for tabs */
	uint32_t line_column; /* where the line that is edited began */

	/*
	 * Input: [tail, line) is complete (canonical mode), [line, head) is being edited.  Counts,
	 * taken modulo the buffer.
	 */
	uint32_t head, line, tail;
	uint64_t ends[TTY_INPUT_MAX / 64]; /* bit: this byte ends a line */
	char input[TTY_INPUT_MAX];

	char echo[TTY_ECHO_MAX]; /* output that the line discipline owes */
	uint32_t nr_echo;

	/* a task writes: other writers wait, so that the bytes of two writes do not mix */
	bool writing;
	uint32_t room_events; /* atomic: tty_writable() calls */
	struct wait_queue read_wait, write_wait;
	struct async_list async; /* files that want a signal */
};

/*
 * tty_init - a terminal in its usual state (cooked, echo).  @cflag: speed and frame, as its device
 * has them.
 */
void tty_init(struct tty *t, const struct tty_ops *ops, uint32_t cflag);

/*
 * tty_open - @f becomes an open file of @t, whose reference passes over.
 * 0, or -EBUSY (TIOCEXCL; then the reference has been put).  tty_release - it is closed.
 */
int tty_open(struct file *f, struct tty *t) __must_check;
void tty_release(struct file *f);

/* tty_get, tty_put - a reference. */
static inline void tty_get(struct tty *t)
{
	ref_get(&t->refs);
}
void tty_put(struct tty *t);

/* tty_async - file_ops.async of an open terminal. */
size_t tty_async(struct file *f, struct async_list **lists);

/* The operations of /dev/console, which is there whatever happens to its line; set once. */
extern const struct file_ops *tty_console_fops;

/* tty_hung_up - was @f opened before the last hang-up of @t? */
static inline bool tty_hung_up(const struct file *f, const struct tty *t)
{
	return (uint32_t)f->pos != READ_ONCE(t->hangups) && f->ops != tty_console_fops;
}
