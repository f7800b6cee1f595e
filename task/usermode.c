/*
 * usermode.c - programs that the kernel starts for itself.
 *
 * Comes from fs/request.c.  A task of the kernel's own, the starter, makes their processes: so
 * they have root's credentials, charge and group whoever has asked, and belong to no group or
 * session of that one.  Invariant: no more than RUNNING_MAX of them are there at once, also of
 * those whose caller has given up; nothing of a caller's stack is used by another task.
 */
#include "task/usermode.h"

#include "abi/errno.h"
#include "abi/wait.h"
#include "drivers/timer/timer.h"
#include "lib/string.h"
#include "lib/time.h"
#include "mm/slab.h"
#include "task/exec.h"
#include "task/orphan.h"
#include "task/kernel_task.h"
#include "task/sleep.h"

/* Linux lets 50 run.  A user can cause them, and what they cost is root's: so a few at a time. */
#define RUNNING_MAX  8
#define QUEUE_NS     (5 * NS_PER_S) /* as long as Linux waits for one of them to end */
#define STRINGS_MAX  16		    /* of a vector */
#define TEXT_MAX     1024	    /* bytes of all strings */
#define EXIT_NO_EXEC WAIT_EXITED(127)

/* One request: of the caller, the starter, and the new task until it is the program. */
struct usermode {
	struct ref refs;
	struct list_node link; /* in waiting, or linked with nothing; waiting_lock */
	struct wait_queue wait;
	struct process *process; /* with a reference, set once; NULL: not started yet */
	int error;		 /* why it could not be started or executed */
	struct charge *charge;	 /* of who asked */
	const char *path;
	const char *argv[STRINGS_MAX + 1], *envp[STRINGS_MAX + 1];
	size_t used;
	char text[TEXT_MAX];
};

static struct spinlock waiting_lock = SPINLOCK_INIT; /* irqsave; a leaf */
static struct list_node waiting = LIST_INIT(waiting);
static struct wait_queue work = WAIT_QUEUE_INIT(work); /* where the starter sleeps */
static uint32_t nr_running;			       /* atomic; the starter alone makes it more */

/* ---- a request ---- */

static void usermode_put(struct usermode *u)
{
	if (!ref_put(&u->refs))
		return;
	if (u->process)
		process_put(u->process);
	charge_drop(u->charge, sizeof(*u) + CHARGE_SMALL);
	kfree(u);
}

/* A copy of @s, or NULL: no room. */
static const char *keep_string(struct usermode *u, const char *s)
{
	char *to = u->text + u->used;
	size_t size = strlen(s) + 1;

	if (size > sizeof(u->text) - u->used)
		return NULL;
	memcpy(to, s, size);
	u->used += size;
	return to;
}

static int keep_strings(struct usermode *u, const char **to, const char *const from[])
{
	for (size_t i = 0; from[i]; i++) {
		to[i] = i < STRINGS_MAX ? keep_string(u, from[i]) : NULL;
		if (!to[i])
			return -E2BIG;
	}
	return 0;
}

static struct usermode *usermode_new(const char *path, const char *const argv[],
				     const char *const envp[])
{
	struct usermode *u = kzalloc(sizeof(*u));
	int err;

	if (!u)
		return err_ptr(-ENOMEM);
	ref_init(&u->refs);
	list_init(&u->link);
	wait_init(&u->wait);
	u->path = keep_string(u, path);
	err = u->path ? 0 : -E2BIG;
	if (!err)
		err = keep_strings(u, u->argv, argv);
	if (!err)
		err = keep_strings(u, u->envp, envp);
	if (err) {
		kfree(u);
		return err_ptr(err);
	}
	u->charge = charge_mine(sizeof(*u) + CHARGE_SMALL);
	return u;
}

/* ---- the starter ---- */

/* The new task, until it is the program or has failed to become it. */
static void run_to_program(void *arg)
{
	struct usermode *u = arg;
	int err = exec_kernel_begin() ?: exec_kernel(u->path, u->argv, u->envp);

	u->error = err; /* before the end of the process, which is what the caller waits for */
	usermode_put(u);
	if (err)
		task_exit(EXIT_NO_EXEC);
}

/* Under waiting_lock: a caller that gives up takes its request out, or finds it taken. */
static struct usermode *next_request(void)
{
	struct usermode *u = NULL;
	unsigned long flags;

	if (READ_ONCE(nr_running) >= RUNNING_MAX)
		return NULL;
	flags = spin_lock_irqsave(&waiting_lock);
	u = list_pop(&waiting, struct usermode, link);
	spin_unlock_irqrestore(&waiting_lock, flags);
	return u;
}

static void start_request(struct usermode *u)
{
	struct task *t;

	ref_get(&u->refs); /* the task's */
	t = task_create_orphan("modprobe", run_to_program, u);
	if (is_err(t)) {
		WRITE_ONCE(u->error, (int)ptr_err(t));
		wake_up(&u->wait);
		usermode_put(u);
		return;
	}
	atomic_add(&nr_running, 1);
	process_get(t->process);
	/* Published before the task runs, so that its end is never looked for too late. */
	store_release(&u->process, t->process);
	wake_up(&u->wait);
	task_wake(t);
}

static __noreturn void usermode_starter(void *unused)
{
	struct usermode *u;

	for (;;) {
		wait_event(&work, (u = next_request()));
		start_request(u);
		usermode_put(u);
	}
}

/* Of a process without a parent: under proc_lock. */
static void usermode_ended(void)
{
	atomic_sub(&nr_running, 1);
	wake_up(&work);
}

struct task *usermode_init(void)
{
	orphan_ended_hook = usermode_ended;
	return task_create_kernel("usermode", usermode_starter, NULL);
}

/* ---- the caller ---- */

static bool is_started(const struct usermode *u)
{
	return load_acquire(&u->process) || READ_ONCE(u->error);
}

/* Sleeps until @u has been started, or could not be.  0, -EINTR, -ETIME. */
static int wait_for_start(struct usermode *u)
{
	uint64_t deadline = timer_now_ns() + QUEUE_NS;
	struct waiter w;
	int err = 0;

	while (!err && !is_started(u)) {
		wait_prepare(&u->wait, &w, TASK_KILLABLE);
		if (is_started(u))
			;
		else if (signal_pending_fatal())
			err = -EINTR;
		else if (sched_sleep_deadline(TIMER_MONOTONIC, deadline) && !is_started(u))
			err = -ETIME;
		wait_finish(&u->wait, &w);
	}
	return err;
}

/* The caller waits no longer: @u is not started any more, if it has not been. */
static void give_up(struct usermode *u)
{
	unsigned long flags = spin_lock_irqsave(&waiting_lock);
	bool was_waiting = list_is_linked(&u->link);

	if (was_waiting)
		list_del(&u->link);
	spin_unlock_irqrestore(&waiting_lock, flags);
	if (was_waiting)
		usermode_put(u); /* the starter's */
}

/* Sleeps until the program has ended; its status or -errno. */
static int wait_for_end(struct usermode *u)
{
	struct process *p = u->process;

	if (!p)
		return u->error;
	if (wait_event_killable(&p->end.wait, load_acquire(&p->end.zombie)))
		return -EINTR;
	/* What was stored before it was a zombie is seen, also without a sleep in between. */
	return u->error ?: p->end.code;
}

int usermode_run(const char *path, const char *const argv[], const char *const envp[])
{
	struct usermode *u;
	unsigned long flags;
	int ret;

	if (exec_kernel_misses(path)) /* most systems have no such program: at no cost */
		return -ENOENT;
	u = usermode_new(path, argv, envp);
	if (is_err(u))
		return (int)ptr_err(u);
	ref_get(&u->refs); /* the starter's */
	flags = spin_lock_irqsave(&waiting_lock);
	list_add_tail(&waiting, &u->link);
	spin_unlock_irqrestore(&waiting_lock, flags);
	wake_up(&work);
	ret = wait_for_start(u);
	if (ret)
		give_up(u);
	else
		ret = wait_for_end(u);
	usermode_put(u);
	return ret;
}
