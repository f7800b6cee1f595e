/*
 * wait4.c - waiting for a child: its end, its stop, its going on (wait4(2), waitid(2)).
 *
 * What a child has to report is part of its own state, under proc_lock; taking it and reporting it
 * is one step, so two threads that wait never get the same event.  There may be thousands of
 * children: they are looked at some at a time, and family.news says whether one that had been
 * looked at has something to report since.
 */
#include "task/wait4.h"

#include "abi/errno.h"
#include "abi/wait.h"
#include "mm/giveway.h"
#include "task/sleep.h"

static bool is_meant(const struct wait_request *rq, const struct process *c)
{
	bool clone = c->end.signal != SIGCHLD;

	if (rq->type == P_PID && c->pid != rq->id)
		return false;
	if (rq->type == P_PGID && c->job.pgid != rq->id)
		return false;
	return (rq->options & __WALL) || clone == !!(rq->options & __WCLONE);
}

static void fill_result(struct wait_result *res, const struct process *c, int status, int code)
{
	*res = (struct wait_result){
		.pid = c->pid,
		.status = status,
		.code = code,
		.uid = cred_ids(&c->cred).uid,
		.usage = c->usage.gone,
	};
	usage_add(&res->usage, &c->usage.waited);
}

/* Takes (unless WNOWAIT) a flag that says there is something to report. */
static bool take_flag(bool *flag, uint32_t options)
{
	bool was = *flag;

	if (!(options & WNOWAIT))
		*flag = false;
	return was;
}

/* Whether @c has something to report that @rq asks for; if so it is in *@res.  proc_lock held. */
static bool look_at_child(struct process *c, const struct wait_request *rq, struct wait_result *res)
{
	struct signals *s = &c->signals;
	bool told = false;

	spin_assert_held(&proc_lock);
	if (c->end.zombie) {
		if (!(rq->options & WEXITED))
			return false;
		fill_result(res, c, c->end.code,
			    WIFSIGNALED(c->end.code) ? CLD_KILLED : CLD_EXITED);
		return true;
	}
	/* most have nothing to report; a task that sets these wakes the caller afterwards */
	if (likely(!READ_ONCE(s->stop.stop_untold) && !READ_ONCE(s->stop.cont_untold)))
		return false;
	/* Flag and stop.signo are of one stop; a SIGCONT under this lock takes both away. */
	spin_lock(&s->lock);
	if ((rq->options & WSTOPPED) && s->stop.state == STOPPED &&
	    take_flag(&s->stop.stop_untold, rq->options)) {
		fill_result(res, c, WAIT_STOPPED(s->stop.signo), CLD_STOPPED);
		told = true;
	} else if ((rq->options & WCONTINUED) && take_flag(&s->stop.cont_untold, rq->options)) {
		fill_result(res, c, WAIT_CONTINUED, CLD_CONTINUED);
		told = true;
	}
	spin_unlock(&s->lock);
	return told;
}

/* So many children are looked at before proc_lock is dropped. */
#define LOOKS_MAX 64

/* A look at all children, from where it is on. */
struct scan {
	const struct wait_request *rq;
	struct wait_result *res;
	struct walk_place here;
	bool any, found;
	struct process *reaped; /* to be put without the lock */
};

/* True when @c is what was waited for. */
static bool scan_child(struct scan *s, struct process *c)
{
	if (!is_meant(s->rq, c))
		return false;
	s->any = true;
	s->found = look_at_child(c, s->rq, s->res);
	if (s->found && c->end.zombie && !(s->rq->options & WNOWAIT)) {
		process_reap(c);
		s->reaped = c;
	}
	return s->found;
}

/* Some more of the children.  False: it is over.  proc_lock held. */
static bool scan_some(struct scan *s)
{
	struct list_node *children = &current->process->family.children;
	struct walk_place *at;

	spin_assert_held(&proc_lock);
	for (int i = 0; i < LOOKS_MAX; i++) {
		at = place_step(children, &s->here);
		if (!at || (at->process && scan_child(s, at->process)))
			return false;
	}
	return true;
}

/* The one child that is meant by its number.  proc_lock held. */
static void scan_one(struct scan *s)
{
	struct process *c = pid_find_process(s->rq->id);

	if (c && c->family.parent == current->process)
		(void)scan_child(s, c);
}

static void scan_all(struct scan *s, unsigned long *flags)
{
	place_init(&s->here, NULL);
	/* The place in the list is ours: children may come and go while proc_lock is free. */
	list_add_head(&current->process->family.children, &s->here.link);
	while (scan_some(s)) {
		spin_unlock_irqrestore(&proc_lock, *flags);
		(void)give_way(); /* a signal is seen before it sleeps */
		*flags = spin_lock_irqsave(&proc_lock);
	}
	list_del(&s->here.link);
}

/* One look.  True when the wait is over: *@res, or *@err.  *@news: what family.news was before. */
static bool scan_children(const struct wait_request *rq, struct wait_result *res, int *err,
			  uint32_t *news)
{
	struct scan s = { .rq = rq, .res = res };
	unsigned long flags = spin_lock_irqsave(&proc_lock);

	/*
	 * Read before the look, under the lock: news that come while we look make the wait below
	 * end at once.
	 */
	*news = current->process->family.news;
	if (rq->type == P_PID)
		scan_one(&s);
	else
		scan_all(&s, &flags);
	spin_unlock_irqrestore(&proc_lock, flags);
	/* Without proc_lock: the last reference frees. */
	if (s.reaped)
		process_put(s.reaped);
	*err = s.any ? 0 : -ECHILD;
	return s.found || !s.any || (rq->options & WNOHANG);
}

int task_wait(const struct wait_request *rq, struct wait_result *res)
{
	struct process *me = current->process;
	uint32_t news;
	int err;

	*res = (struct wait_result){ .pid = 0 };
	while (!scan_children(rq, res, &err, &news)) {
		err = wait_event_interruptible(&me->family.wait,
					       READ_ONCE(me->family.news) != news);
		if (err)
			return err;
	}
	return err;
}
