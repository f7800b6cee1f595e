/*
 * output.h - what is written to a terminal, on its way to the line.
 */
#pragma once

#include "fs/tty/job.h"

/*
 * tty_check_file_job - tty_check_job() for a read or write by @f.  Linux too lets every job read
 * and write /dev/console: it is for messages, and a program that wants a terminal opens the line
 * itself.
 */
static inline long tty_check_file_job(const struct file *f, struct tty *t, int signo)
{
	return f->ops == tty_console_fops ? 0 : tty_check_job(t, signo);
}

/* tty_owe - adds to the echo; what does not fit is lost.  t->lock held. */
void tty_owe(struct tty *t, const char *s, size_t n);

/*
 * tty_push_echo - try again to put out what is owed.  From the back end's task, after
 * tty_writable().  tty_push_echo_locked - with t->lock held; after it the caller drops it and calls
 * tty_tell_written().
 */
void tty_push_echo(struct tty *t);
void tty_push_echo_locked(struct tty *t);

/* tty_tell - tells a pty's master @what has happened (TIOCPKT_*); t->lock held. */
void tty_tell(struct tty *t, uint32_t what);
/*
 * tty_tell_written - calls ops->written, without t->lock, after something went to the back end
 * under it.
 */
void tty_tell_written(struct tty *t);

/* tty_stop - output stops or goes on; t->lock held. */
void tty_stop(struct tty *t, bool stopped);

/* tty_writable - the back end has room again.  Any context. */
void tty_writable(struct tty *t);

/* tty_drain - waits until all that was written is out.  0 or -ERESTARTSYS. */
long tty_drain(struct tty *t);

/* tty_pending - bytes on their way to the line. */
static inline size_t tty_pending(struct tty *t)
{
	return t->ops->pending ? t->ops->pending(t) : 0;
}

/* tty_can_write - would a write not wait? */
bool tty_can_write(struct tty *t);

/* tty_write - file_ops.write of an open terminal. */
long tty_write(struct file *f, struct iter *from, uint64_t *pos);
