/*
 * job.c - job control: to which session a terminal belongs, and which job may use it now.
 *
 * Comes from reads and writes (fs/tty/input.c, fs/tty/output.c) and from ioctl(2); goes to the
 * signals of process groups. Invariant: a session has at most one terminal, and a terminal at most
 * one session (ttys_lock); so a process's controlling terminal is found by its session, and needs
 * no field of its own.
 */
#include "fs/tty/job.h"

#include "task/cap.h"
#include "task/jobs.h"
#include "task/parts.h"
#include "task/signal_take.h"

/* Of the list, session and pgrp; outside tty->lock, inside proc_lock. */
static struct spinlock ttys_lock;
static struct list_node ttys = LIST_INIT(ttys);

void tty_register(struct tty *t)
{
	spin_lock(&ttys_lock);
	list_add_tail(&ttys, &t->link);
	spin_unlock(&ttys_lock);
}

void tty_unregister(struct tty *t)
{
	spin_lock(&ttys_lock);
	list_del(&t->link);
	spin_unlock(&ttys_lock);
}

void tty_signal(int32_t pgrp, int signo)
{
	if (pgrp > 0)
		signal_send_group(pgrp, signo);
}

/* Session 0 is that of the tasks of which no ancestor has called setsid(2): it has no terminal. */
static struct tty *find_by_session(int32_t sid)
{
	struct tty *t;

	if (!sid)
		return NULL;
	list_for_each(t, &ttys, link)
		if (t->session == sid)
			return t;
	return NULL;
}

struct tty *tty_of_session(int32_t sid)
{
	struct tty *t;

	spin_lock(&ttys_lock);
	t = find_by_session(sid);
	/*
	 * It may be going: tty_unregister, which takes this lock, comes after its last reference.
	 */
	if (t && !ref_get_unless_zero(&t->refs))
		t = NULL;
	spin_unlock(&ttys_lock);
	return t;
}

void tty_of(int32_t sid, uint32_t *rdev, int32_t *pgrp)
{
	const struct tty *t;

	spin_lock(&ttys_lock);
	/* No reference: what is copied under the lock is enough. */
	t = find_by_session(sid);
	if (t) {
		*rdev = t->rdev;
		*pgrp = READ_ONCE(t->pgrp);
	}
	spin_unlock(&ttys_lock);
}

long tty_check_job(struct tty *t, int signo)
{
	const struct process *p = current->process;
	/*
	 * Without ttys_lock: a job that becomes the foreground job at this moment, or no longer is,
	 * is stopped or not, as if it had come a moment later.
	 */
	int32_t front = READ_ONCE(t->pgrp);

	if (READ_ONCE(t->session) != p->job.sid || !front || front == p->job.pgid)
		return 0;
	if (signal_blocked_or_ignored(signo))
		return signo == SIGTTIN ? -EIO : 0;
	if (job_is_orphaned(p->job.pgid))
		return -EIO;
	signal_walk_group(p->job.pgid, signo);
	return -ERESTARTSYS;
}

static void set_session(struct tty *t, int32_t sid, int32_t pgrp)
{
	WRITE_ONCE(t->session, sid);
	WRITE_ONCE(t->pgrp, pgrp);
}

void tty_take_control(const struct file *f, struct tty *t)
{
	const struct process *p = current->process;

	if (f->flags & O_NOCTTY || !(f->mode & FILE_READ))
		return;
	/*
	 * Test and change in one step: of two opens by the leader, or two leaders, one alone gets
	 * it.
	 */
	spin_lock(&ttys_lock);
	if (p->pid == p->job.sid && !t->session && !find_by_session(p->job.sid))
		set_session(t, p->job.sid, p->job.pgid);
	spin_unlock(&ttys_lock);
}

long tty_set_control(struct tty *t, bool steal)
{
	const struct process *p = current->process;
	long err = 0;

	spin_lock(&ttys_lock);
	if (t->session == p->job.sid)
		err = p->pid == p->job.sid ? 0 : -EPERM;
	else if (p->pid != p->job.sid || find_by_session(p->job.sid))
		err = -EPERM;
	else if (t->session && !(steal && capable(CAP_SYS_ADMIN)))
		err = -EPERM;
	else
		set_session(t, p->job.sid, p->job.pgid);
	spin_unlock(&ttys_lock);
	return err;
}

/* Session @sid has no terminal any more; the foreground group that it had, or 0. */
static int32_t release_session(int32_t sid)
{
	int32_t front = 0;
	struct tty *t;

	spin_lock(&ttys_lock);
	t = find_by_session(sid);
	if (t) {
		front = t->pgrp;
		set_session(t, 0, 0);
	}
	spin_unlock(&ttys_lock);
	return front;
}

/* A session's leader ends: the foreground job gets SIGHUP, and the terminal is free. */
static void tty_leader_exit(int32_t sid)
{
	int32_t front = release_session(sid);

	if (front <= 0)
		return;
	/* Without ttys_lock: the walk takes proc_lock, which is the outer one, and gives way. */
	signal_walk_group(front, SIGHUP);
	signal_walk_group(front, SIGCONT);
}

/* Whether @t's end is that of its process: the last thread, or one of many that all go. */
static bool process_ends(const struct task *t)
{
	return READ_ONCE(t->process->end.exiting) || READ_ONCE(t->process->nr_threads) == 1;
}

static void leader_part_exit(struct task *t)
{
	/* Not for a child whose fork failed, which comes this way too. */
	if (t == current && t->process && t->process->pid == t->process->job.sid && process_ends(t))
		tty_leader_exit(t->process->job.sid);
}

void tty_register_part(void)
{
	static const struct task_part part = { .exit = leader_part_exit };

	task_register_part(&part);
}

int32_t tty_leave_session(struct tty *t)
{
	int32_t sid;

	spin_lock(&ttys_lock);
	sid = t->session;
	set_session(t, 0, 0);
	spin_unlock(&ttys_lock);
	return sid;
}

void tty_end_session(struct tty *t)
{
	int32_t sid = tty_leave_session(t);
	struct process *leader;

	/* After ttys_lock: proc_lock is outside it. */
	leader = sid ? process_find(sid) : NULL;
	if (leader) {
		const struct signal_info hup = signal_kernel(SIGHUP), cont = signal_kernel(SIGCONT);

		signal_send_process(leader, &hup);
		signal_send_process(leader, &cont);
		process_put(leader);
	}
}

long tty_give_up_control(struct tty *t)
{
	const struct process *p = current->process;

	/*
	 * Only the leader can: a session's members share its terminal, and one of them cannot leave
	 * it alone.
	 */
	if (READ_ONCE(t->session) != p->job.sid || p->pid != p->job.sid)
		return -ENOTTY;
	tty_leader_exit(p->job.sid);
	return 0;
}

static bool is_ours(const struct tty *t)
{
	return READ_ONCE(t->session) && READ_ONCE(t->session) == current->process->job.sid;
}

long tty_get_group(struct tty *t, bool own, int32_t *pgrp)
{
	*pgrp = READ_ONCE(t->pgrp);
	return !own || is_ours(t) ? 0 : -ENOTTY;
}

long tty_get_session(struct tty *t, bool own, int32_t *sid)
{
	*sid = READ_ONCE(t->session);
	return (own ? is_ours(t) : *sid != 0) ? 0 : -ENOTTY;
}

/* The session in which group @pgid is, 0 if there is no such group. */
static int32_t session_of_group(int32_t pgid)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	const struct pid_group *g = pid_find_group(pgid);
	int32_t sid = g ? g->session->sid : 0;

	spin_unlock_irqrestore(&proc_lock, flags);
	return sid;
}

/* Is @pid some task's? */
static bool is_task_number(int32_t pid)
{
	struct task *t = task_find(pid);

	if (t)
		task_put(t);
	return t;
}

long tty_set_group(struct tty *t, int32_t pgrp)
{
	int32_t sid;
	long err;

	if (!is_ours(t))
		return -ENOTTY;
	if (pgrp < 0)
		return -EINVAL;
	err = tty_check_job(t, SIGTTOU);
	if (err)
		return err == -EIO ? -ENOTTY : err; /* the error that Linux gives here */
	/*
	 * The group may end before the store: then pgrp names no group, and the next tcsetpgrp(3)
	 * sets it right.
	 */
	sid = session_of_group(pgrp);
	if (!sid && !is_task_number(pgrp))
		return -ESRCH;
	if (sid != current->process->job.sid)
		return -EPERM;
	WRITE_ONCE(t->pgrp, pgrp);
	return 0;
}
