/*
 * itimer.c - a process's alarm clocks (setitimer(2)), and its limit of CPU time.
 *
 * ITIMER_REAL is a timer like others; it is part of the process, so process_put() takes it back
 * (itimer_end) before it frees both.  With an interval it goes on when its SIGALRM is taken from
 * the queue, as Linux's does: however short that is, no more than one comes for one that is acted
 * on, and none while it is ignored.  The two that CPU time runs down, and RLIMIT_CPU, go by the
 * scheduler's ticks: the thread that a tick finds running is charged for all the time since the
 * last one, so they are as fine as the ticks are.
 */
#include "task/time/itimer.h"

#include "abi/errno.h"
#include "abi/itimer.h"
#include "abi/resource.h"
#include "abi/signal.h"
#include "drivers/timer/timer.h"
#include "task/task.h"
#include "task/time/cpu_clock.h"
#include "task/time/timer.h"

#define NS_PER_S UINT64_C(1000000000)

static struct mutex lock = MUTEX_INIT(lock); /* of all ITIMER_REALs: setting one */

/* ---- by the clock on the wall ---- */

static void ring(struct timer *t)
{
	struct process *p = container_of(t, struct process, itimers.real);
	struct signal_info info = signal_kernel(SIGALRM);

	spin_lock(&p->signals.lock);
	p->itimers.real_runs = false;
	signal_send_process_locked(p, &info);
	spin_unlock(&p->signals.lock);
}

/* signals.lock held. */
static void alarm_start(struct process *p, uint64_t deadline_ns)
{
	p->itimers.real_runs = true;
	timer_start(&p->itimers.real, deadline_ns, ring);
}

void itimer_taken(struct process *p)
{
	uint64_t deadline = p->itimers.real.deadline_ns;

	if (p->itimers.real_runs || !p->itimers.real_interval_ns)
		return;
	timer_forward(&deadline, p->itimers.real_interval_ns,
		      timer_now_ns()); /* what was missed is missed */
	alarm_start(p, deadline);
}

static void real_get(struct process *p, uint64_t *left_ns, uint64_t *interval_ns)
{
	uint64_t now = timer_now_ns();

	mutex_lock(&lock);
	*left_ns = 0;
	if (READ_ONCE(p->itimers.real.queued))
		*left_ns =
			p->itimers.real.deadline_ns > now ? p->itimers.real.deadline_ns - now : 1;
	*interval_ns = p->itimers.real_interval_ns;
	mutex_unlock(&lock);
}

/* Nothing of it is to come, and no signal starts it again. */
static void alarm_stop(struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&p->signals.lock);

	p->itimers.real_interval_ns = 0;
	spin_unlock_irqrestore(&p->signals.lock, flags);
	timer_cancel(&p->itimers.real);
}

static void real_set(struct process *p, uint64_t value_ns, uint64_t interval_ns)
{
	unsigned long flags;

	mutex_lock(&lock);
	alarm_stop(p);
	flags = spin_lock_irqsave(&p->signals.lock);
	p->itimers.real_runs = false;
	p->itimers.real_interval_ns = value_ns ? interval_ns : 0;
	if (value_ns)
		alarm_start(p, timer_now_ns() + value_ns);
	spin_unlock_irqrestore(&p->signals.lock, flags);
	mutex_unlock(&lock);
}

void itimer_end(struct process *p)
{
	alarm_stop(p);
}

/* ---- by CPU time ---- */

/* Runs @t down by @ns; true when it is through.  signals.lock held. */
static bool run_down(struct cpu_timer *t, uint64_t ns)
{
	if (!t->left_ns)
		return false;
	t->left_ns -= (int64_t)ns;
	if (t->left_ns > 0)
		return false;
	t->left_ns = (int64_t)t->interval_ns;
	return true;
}

static void send(struct process *p, int signo)
{
	struct signal_info info = signal_kernel(signo);

	signal_send_process(p, &info);
}

/* SIGXCPU each second from the soft limit on, SIGKILL at the hard one. */
static void check_limit(struct process *p, uint64_t ns)
{
	uint64_t before = p->itimers.ticked_ns / NS_PER_S, after;
	const struct rlimit *l = &p->rlimit[RLIMIT_CPU];

	after = atomic_add(&p->itimers.ticked_ns, ns) / NS_PER_S;
	if (after == before || after < l->cur)
		return;
	send(p, after >= l->max ? SIGKILL : SIGXCPU);
}

void process_tick(struct task *t, uint64_t ns, bool in_kernel)
{
	struct process *p = t->process;
	bool virt = false, prof = false;

	check_limit(p, ns);
	cpu_alarm_tick(t);
	if (!READ_ONCE(p->itimers.virt.left_ns) && !READ_ONCE(p->itimers.prof.left_ns))
		return;
	spin_lock(&p->signals.lock);
	if (!in_kernel)
		virt = run_down(&p->itimers.virt, ns);
	prof = run_down(&p->itimers.prof, ns);
	spin_unlock(&p->signals.lock);
	if (virt)
		send(p, SIGVTALRM);
	if (prof)
		send(p, SIGPROF);
}

/* ---- all three ---- */

static struct cpu_timer *cpu_timer(struct process *p, int which)
{
	return which == ITIMER_VIRTUAL ? &p->itimers.virt : &p->itimers.prof;
}

int itimer_get(int which, uint64_t *left_ns, uint64_t *interval_ns)
{
	struct process *p = current->process;
	struct cpu_timer *t = cpu_timer(p, which);
	unsigned long flags;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL) {
		real_get(p, left_ns, interval_ns);
		return 0;
	}
	flags = spin_lock_irqsave(&p->signals.lock);
	*left_ns = (uint64_t)t->left_ns;
	*interval_ns = t->interval_ns;
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return 0;
}

int itimer_set(int which, uint64_t value_ns, uint64_t interval_ns)
{
	struct process *p = current->process;
	struct cpu_timer *t = cpu_timer(p, which);
	unsigned long flags;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL) {
		real_set(p, value_ns, interval_ns);
		return 0;
	}
	flags = spin_lock_irqsave(&p->signals.lock);
	t->left_ns = (int64_t)value_ns;
	t->interval_ns = interval_ns;
	spin_unlock_irqrestore(&p->signals.lock, flags);
	return 0;
}
