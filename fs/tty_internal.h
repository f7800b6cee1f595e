/*
 * tty_internal.h - what tty.c, tty_job.c and tty_ioctl.c share.
 */
#pragma once

#include "fs/tty.h"

/* tty_register - @t is one of the terminals that a session may have. */
void tty_register(struct tty *t);

/* tty_signal - @signo to every process of the job @pgrp (0: there is none).  No lock held. */
void tty_signal(int32_t pgrp, int signo);

/*
 * tty_check_job - current is about to do what a job in the background may not: SIGTTIN (read), SIGTTOU (write, change).
 * 0: go on.  -ERESTARTSYS: its group has been sent the signal.  -EIO: there is nobody to continue it.
 */
long tty_check_job(struct tty *t, int signo);

/* tty_flush_input - what was typed and not read is dropped; t->lock held. */
void tty_flush_input(struct tty *t);

/* The ioctls of job control: 0 or -errno. */
long tty_set_control(struct tty *t, bool steal);
long tty_give_up_control(struct tty *t);
long tty_get_group(struct tty *t, int32_t *pgrp);
long tty_set_group(struct tty *t, int32_t pgrp);
long tty_get_session(struct tty *t, int32_t *sid);
