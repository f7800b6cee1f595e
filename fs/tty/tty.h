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
#include "arm/atomic.h"
#include "arm/spinlock.h"
#include "fs/async.h"
#include "fs/file.h"
#include "lib/list.h"
#include "task/wait.h"

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
	 * written - something has gone through write(), and t->lock has been let go of.  NULL:
	 * nobody wants to hear of it.
	 */
	void (*written)(struct tty *t);
	/* pending - bytes taken and not yet sent (TIOCOUTQ, tcdrain). */
	size_t (*pending)(struct tty *t);
	/*
	 * input_taken - a program has read: tty_input_room() may have grown.  NULL: nobody waits
	 * for that.
	 */
	void (*input_taken)(struct tty *t);
	/* limit - make of what is to be set what the device can have; t->lock held.  NULL: all. */
	void (*limit)(struct termios2 *m);
	/*
	 * changed - the one at the other end may want to know: TIOCPKT_*.  t->lock held.  NULL:
	 * there is nobody.
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
	/* Counted: a file that was opened before the last one is dead.  Written under lock. */
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

	/* a writer is at it: the others wait, so that what is written at once stays together */
	bool writing;
	uint32_t room_events; /* atomic: tty_writable() calls */
	struct wait_queue read_wait, write_wait;
	struct async_list async; /* who wants a signal */
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

/* tty_is - is @f a terminal, or the master of one? */
bool tty_is(const struct file *f);

/*
 * tty_hangup - the line is dead: what is open of it reads an end of file and fails to write, its
 * session's leader gets SIGHUP and SIGCONT, and the session has no terminal any more.
 */
void tty_hangup(struct tty *t);

/* tty_leave_session - @t is nobody's controlling terminal any more; whose it was, or 0. */
int32_t tty_leave_session(struct tty *t);

/* tty_unregister - no session's any more: before it is freed. */
void tty_unregister(struct tty *t);

/* tty_input - bytes came in.  Task context; does not sleep but for spinlocks. */
void tty_input(struct tty *t, const char *buf, size_t n);

/* tty_break - a BREAK came in. */
void tty_break(struct tty *t);

/* tty_input_room - how many bytes tty_input() can take without losing one. */
size_t tty_input_room(struct tty *t);

/* tty_writable - the back end has room again.  Any context. */
void tty_writable(struct tty *t);

/*
 * tty_push_echo - try again to put out what is owed.  From the back end's task, after
 * tty_writable().
 */
void tty_push_echo(struct tty *t);

/*
 * tty_take_control - @t becomes the controlling terminal of current's session, if current leads one
 * that has none and @t is free.
 */
void tty_take_control(struct tty *t);

/* The operations of an open terminal; file->private is its struct tty. */
long tty_read(struct file *f, struct iter *to, uint64_t *pos);
long tty_write(struct file *f, struct iter *from, uint64_t *pos);
long tty_ioctl(struct file *f, uint32_t cmd, void *arg);
size_t tty_async(struct file *f, struct async_list **lists);
uint32_t tty_poll(struct file *f, struct poll_wait *w);

/* tty_control - the ioctls that do the same for a master as for its terminal. */
long tty_control(struct tty *t, const struct file *f, uint32_t cmd, void *arg);

/* tty_signal - @signo to every process of the job @pgrp (0: there is none).  No lock held. */
void tty_signal(int32_t pgrp, int signo);

/* tty_of_session - the controlling terminal of session @sid, with a reference, or NULL. */
struct tty *tty_of_session(int32_t sid);

/*
 * tty_of - the terminal of session @sid: its number and the job in front into *@rdev and *@pgrp;
 * left as they are if it has none.
 */
void tty_of(int32_t sid, uint32_t *rdev, int32_t *pgrp);

/*
 * tty_register_part - from here on the end of a session's leader frees its terminal, and the job in
 * front is told by SIGHUP.  Once, after files_register(): it looks before the files are closed.
 */
void tty_register_part(void);

/*
 * console_init - the serial console's terminal and its devices: console, tty, and its own name.
 * Boot core, after uart_init().
 */
void console_init(void);
