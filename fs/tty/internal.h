/*
 * internal.h - what tty.c, fs/tty/job.c, fs/tty/ioctl.c and fs/tty/termios.c share.
 */
#pragma once

#include "fs/tty/tty.h"

/* tty_register - @t is one of the terminals that a session may have. */
void tty_register(struct tty *t);

/*
 * tty_check_job - current is about to do what a job in the background may not: SIGTTIN (read),
 * SIGTTOU (write, change). 0: go on.  -ERESTARTSYS: its group has been sent the signal.  -EIO:
 * there is nobody to continue it.
 */
long tty_check_job(struct tty *t, int signo);

/* console_is - was @f opened as /dev/console, not by the name of the line or as /dev/tty? */
bool console_is(const struct file *f);

/* tty_flush_input - what was typed and not read is dropped; t->lock held. */
void tty_flush_input(struct tty *t);

/* tty_drain - waits until all that was written is out.  0 or -ERESTARTSYS. */
long tty_drain(struct tty *t);

/*
 * tty_termios_ioctl - the requests that get and set the terminal's settings: 0 or -errno, -ENOTTY:
 * it is none of them.
 */
long tty_termios_ioctl(struct tty *t, uint32_t cmd, void *arg);

/* tty_set_speeds - c_ispeed and c_ospeed of @m become what its c_cflag says. */
void tty_set_speeds(struct termios2 *m);

/* The ioctls of job control: 0 or -errno.  @own: the terminal asked for its own, not its master. */
long tty_set_control(struct tty *t, bool steal);
long tty_give_up_control(struct tty *t);
long tty_get_group(struct tty *t, bool own, int32_t *pgrp);
long tty_set_group(struct tty *t, int32_t pgrp);
long tty_get_session(struct tty *t, bool own, int32_t *sid);

/* tty_stop - output stops or goes on; t->lock held. */
void tty_stop(struct tty *t, bool stopped);

/*
 * tty_end_session - @t's session has no terminal any more, and its leader is told: SIGHUP, SIGCONT.
 */
void tty_end_session(struct tty *t);

/*
 * tty_hung_up - was @f opened before the last hang-up?  /dev/console is there whatever happens to
 * its line.
 */
static inline bool tty_hung_up(const struct file *f, const struct tty *t)
{
	return (uint32_t)f->pos != READ_ONCE(t->hangups) && !console_is(f);
}
