/*
 * wait4.c - waiting for a child: its end, its stop, its going on (wait4(2), waitid(2)).
 *
 * What a child has to tell is part of its own state, under proc_lock; taking it and telling it is
 * one step, so two threads that wait never get the same thing.
 */
#include "abi/errno.h"
#include "abi/signal.h"
#include "abi/wait.h"
#include "task/cred.h"
#include "task/internal.h"
#include "task/pid.h"

static bool is_meant(const struct wait_request *rq, const struct process *c)
{
	bool clone = c->exit_signal != SIGCHLD;

	if (rq->type == P_PID && c->pid != rq->id)
		return false;
	if (rq->type == P_PGID && c->pgid != rq->id)
		return false;
	return (rq->options & (int)__WALL) || clone == !!(rq->options & (int)__WCLONE);
}

static void fill(struct wait_result *res, const struct process *c, int status, int code)
{
	*res = (struct wait_result){
		.pid = c->pid, .status = status, .code = code, .uid = ids_of_process(c).uid
	};
	res->time.user_ns = c->gone.user_ns + c->waited.user_ns;
	res->time.kernel_ns = c->gone.kernel_ns + c->waited.kernel_ns;
	res->faults = c->gone_faults + c->waited_faults;
	res->peak_rss = process_peak_rss(c);
}

/* Takes (unless WNOWAIT) a flag that says there is something to tell. */
static bool take(bool *flag, int options)
{
	bool was = *flag;

	if (!(options & WNOWAIT))
		*flag = false;
	return was;
}

/* Whether @c has something to tell that @rq asks for; if so it is in *@res.  proc_lock held. */
static bool look_at(struct process *c, const struct wait_request *rq, struct wait_result *res)
{
	struct signals *s = &c->signals;
	bool told = false;

	if (c->zombie) {
		if (!(rq->options & WEXITED))
			return false;
		fill(res, c, c->exit_code, WIFSIGNALED(c->exit_code) ? CLD_KILLED : CLD_EXITED);
		return true;
	}
	/* most have nothing to tell; whoever sets these wakes the caller afterwards */
	if (likely(!READ_ONCE(s->stop_unreported) && !READ_ONCE(s->cont_unreported)))
		return false;
	spin_lock(&s->lock);
	if ((rq->options & WSTOPPED) && s->stop == STOPPED &&
	    take(&s->stop_unreported, rq->options)) {
		fill(res, c, WAIT_STOPPED(s->stop_signal), CLD_STOPPED);
		told = true;
	} else if ((rq->options & WCONTINUED) && take(&s->cont_unreported, rq->options)) {
		fill(res, c, WAIT_CONTINUED, CLD_CONTINUED);
		told = true;
	}
	spin_unlock(&s->lock);
	return told;
}

/* The child of current's after @c (NULL: the first) that @rq may mean; NULL: no more.  proc_lock held. */
static struct process *next_child(const struct wait_request *rq, struct process *c)
{
	struct process *me = current->process;
	struct list_node *at = c ? c->sibling.next : me->children.next;

	if (rq->type == P_PID) {
		c = c ? NULL : pid_find_process(rq->id);
		return c && c->parent == me ? c : NULL;
	}
	return at == &me->children ? NULL : list_entry(at, struct process, sibling);
}

/* One look at all children.  True when the wait is over: *@res, or *@err.  *@reaped: to be put
 * without the lock. */
static bool scan(const struct wait_request *rq, struct wait_result *res, int *err,
		 struct process **reaped)
{
	struct process *c = NULL;
	bool any = false, found = false;
	unsigned long flags = spin_lock_irqsave(&proc_lock);

	while ((c = next_child(rq, c))) {
		if (!is_meant(rq, c))
			continue;
		any = true;
		found = look_at(c, rq, res);
		if (!found)
			continue;
		if (c->zombie && !(rq->options & WNOWAIT)) {
			process_reap(c);
			*reaped = c;
		}
		break;
	}
	spin_unlock_irqrestore(&proc_lock, flags);
	*err = any ? 0 : -ECHILD;
	return found || !any || (rq->options & WNOHANG);
}

int task_wait(const struct wait_request *rq, struct wait_result *res)
{
	struct process *reaped = NULL;
	int err, stop;

	*res = (struct wait_result){ .pid = 0 };
	stop = wait_event_interruptible(&current->process->child_wait,
					scan(rq, res, &err, &reaped));
	if (reaped)
		process_put(reaped);
	return stop ? stop : err;
}
