/*
 * ioctl.h - ioctl(2) on a terminal.
 */
#pragma once

#include "fs/tty/input.h"
#include "fs/tty/output.h"

/* tty_ioctl - file_ops.ioctl of an open terminal. */
long tty_ioctl(struct file *f, uint32_t cmd, void *arg);

/* tty_is - is @f a terminal, and not the master of one? */
bool tty_is(const struct file *f);

/* tty_control - the ioctls that do the same for a master as for its terminal. */
long tty_control(struct tty *t, const struct file *f, uint32_t cmd, void *arg);

/*
 * tty_hangup - the line is dead: what is open of it reads an end of file and fails to write, its
 * session's leader gets SIGHUP and SIGCONT, and the session has no terminal any more.
 */
void tty_hangup(struct tty *t);

/* The operations of a terminal whose file is opened by @how. */
#define TTY_FILE_OPS(how)                                                                    \
	{                                                                                    \
		.read = tty_read, .write = tty_write, .ioctl = tty_ioctl, .poll = tty_poll,  \
		.async = tty_async, .async_own = true, .open = (how), .release = tty_release \
	}
