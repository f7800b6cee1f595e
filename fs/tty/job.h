/*
 * job.h - job control: whose terminal it is, and which job may use it now.
 */
#pragma once

#include "fs/tty/tty.h"

/* tty_register - @t is one of the terminals that a session may have. */
void tty_register(struct tty *t);

/* tty_unregister - the reverse, before @t is freed. */
void tty_unregister(struct tty *t);

/*
 * tty_check_job - current is about to do what a job in the background may not: SIGTTIN (read),
 * SIGTTOU (write, change). 0: go on.  -ERESTARTSYS: its group has been sent the signal.  -EIO: no
 * shell is there to continue it.
 */
long tty_check_job(struct tty *t, int signo);
/* tty_signal - @signo to every process of the job @pgrp (0: there is none).  No lock held. */
void tty_signal(int32_t pgrp, int signo);

/* tty_of_session - the controlling terminal of session @sid, with a reference, or NULL. */
struct tty *tty_of_session(int32_t sid);

/*
 * tty_of - the terminal of session @sid: its number and the foreground job into *@rdev and *@pgrp;
 * left as they are if it has none.
 */
void tty_of(int32_t sid, uint32_t *rdev, int32_t *pgrp);

/*
 * tty_take_control - @f, of @t, has been opened: @t becomes the controlling terminal of current's
 * session, if current leads one that has none, @t is free, and @f reads and is not O_NOCTTY.
 */
void tty_take_control(const struct file *f, struct tty *t);

/* The ioctls of job control: 0 or -errno.  @own: the terminal asked for its own, not its master. */
long tty_set_control(struct tty *t, bool steal);
long tty_give_up_control(struct tty *t);
long tty_get_group(struct tty *t, bool own, int32_t *pgrp);
long tty_set_group(struct tty *t, int32_t pgrp);
long tty_get_session(struct tty *t, bool own, int32_t *sid);

/*
 * tty_leave_session - @t is no session's controlling terminal any more.  Returns the session that
 * had it, or 0.
 */
int32_t tty_leave_session(struct tty *t);

/*
 * tty_end_session - @t's session has no terminal any more, and its leader gets SIGHUP and SIGCONT.
 */
void tty_end_session(struct tty *t);

/*
 * tty_register_part - from here on the end of a session's leader frees its terminal, and the
 * foreground job gets SIGHUP.  Once, after fs_context_register(): it looks before files are closed.
 */
void tty_register_part(void);
