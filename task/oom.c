/*
 * oom.c - out of memory: which process is killed, and how long a task waits for that.
 *
 * Comes from el1/trap.c, for faults of EL0 and for the kernel's user accesses, and from the calls
 * that make processes.
 *
 * What counts against a process is what ends with it: the pages it shows, its tables and VMAs, and
 * what the kernel holds for it (mm/charge.h: pipes, messages, files in memory, ...).  A user other
 * than root counts as one, with all that the user's processes hold alone: many small ones weigh as
 * much as a large one, and the largest of them is killed.  Root's count each by itself.  Where none
 * holds much, what a user's ended processes have left behind counts too: that is not freed, but the
 * user gets no more. /proc/PID/oom_score_adj shifts what counts against a process.
 *
 * A process that is to die gets help: its private pages are freed at once (mm_reap), whatever its
 * threads wait for, and it may use a part of the reserve; one that still gives nothing back is not
 * waited for any longer.
 */
#include "task/oom.h"

#include "drivers/timer/timer.h"
#include "mm/giveway.h"
#include "mm/vmstat.h"
#include "mm/zap.h"
#include "task/cap.h"
#include "task/fail.h"
#include "task/sleep.h"

/* Time for a killed process to give its memory back, before the next look. */
#define PATIENCE_NS (10 * NS_PER_MS)
/* Without a page more than before. */
#define GIVE_UP_NS  NS_PER_S

/*
 * One task chooses at a time; all that is static here belongs to it.  A mutex: the choice walks
 * through all processes, and gives way.
 */
static struct mutex choosing = MUTEX_INIT(choosing);

/* ---- what a process has ---- */

/* What would be freed with @p, in pages; *@own: what no other process has.  proc_lock held. */
static int64_t weigh_victim(const struct process *p, int64_t *own)
{
	const struct mm *mm = process_mm_peek(p);
	size_t alone = 0, all = mm ? mm_weigh(mm, &alone) : 0, kernel = 0;

	spin_assert_held(&proc_lock);
	if (p->nr_threads)
		kernel = (charge_bytes(p->charge) +
			  p->nr_threads * (STACK_SIZE + sizeof(struct task))) /
			 PAGE_SIZE;
	*own = (int64_t)(alone + kernel);
	return (int64_t)(all + kernel);
}

/*
 * What counts against @p, which has @pages, with /proc/PID/oom_score_adj in thousandths of all
 * memory.  0: it is never killed.
 */
static int64_t badness(const struct process *p, int64_t pages)
{
	int64_t adj = READ_ONCE(p->oom.score_adj);

	if (p == init_process || !pages || adj == OOM_SCORE_ADJ_MIN)
		return 0;
	return max(pages + adj * (int64_t)(page_total_count() / 1000), INT64_C(1));
}

int oom_score(struct process *p)
{
	/* Its first thread, whose address space is weighed, does not leave meanwhile. */
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	int64_t adj = READ_ONCE(p->oom.score_adj), total = (int64_t)page_total_count();
	int64_t own, bad = weigh_victim(p, &own);

	spin_unlock_irqrestore(&proc_lock, flags);
	if (!bad || adj == OOM_SCORE_ADJ_MIN)
		return 0;
	bad += adj * (total / 1000);
	return (int)max((1000 + bad * 1000 / total) * 2 / 3, INT64_C(0));
}

/* ---- the process that holds the most ---- */

/* A user: what the user's processes hold together, and the worst of them. */
struct holder {
	uint32_t uid;
	int64_t weight, left; /* pages: theirs; what ended ones have left */
	int64_t worst;
	pid_t pid; /* of the worst; 0: none that may be killed */
};

/* More users than that share the last one. */
#define HOLDERS 64
static struct holder holders[HOLDERS];
static unsigned int nr_holders;
static pid_t dying; /* one that is on its way out, with something to give back; 0: none */

static struct holder *holder_of_user(uint32_t uid)
{
	struct holder *h = holders;

	while (h < &holders[nr_holders] && h->uid != uid)
		h++;
	if (h < &holders[nr_holders])
		return h;
	if (nr_holders == HOLDERS)
		return &holders[HOLDERS - 1];
	holders[nr_holders] = (struct holder){ .uid = uid };
	return &holders[nr_holders++];
}

/* proc_lock held. */
static void count_process(const struct process *p)
{
	int64_t own, pages = weigh_victim(p, &own), bad = badness(p, pages);
	struct holder *h = holder_of_user(cred_ids(&p->cred).uid);

	spin_assert_held(&proc_lock);
	if (p->end.exiting) {
		if (pages && !p->oom.given_up)
			dying = p->pid;
		return;
	}
	h->weight = h->uid ? h->weight + own : max(h->weight, bad);
	if (bad > h->worst) {
		h->worst = bad;
		h->pid = p->pid;
	}
}

static void count_all(void)
{
	struct pid_walk w;
	struct process *p;

	nr_holders = 0;
	dying = 0;
	pid_walk_begin(&w, PID_ALL);
	w.to_end = true;
	while ((p = pid_walk_next(&w)))
		count_process(p);
	pid_walk_end(&w);
}

/* What the ended processes of each have left behind. */
static void count_left(void)
{
	for (struct holder *h = holders; h < &holders[nr_holders]; h++) {
		struct user *u = user_find(h->uid);

		if (!u)
			continue;
		h->left = h->uid ? (int64_t)(user_count(u, USER_LEFT) / PAGE_SIZE) : 0;
		user_put(u);
	}
}

/* The user or process that holds the most; @left: what was left behind counts. */
static struct holder *heaviest(bool left, int64_t *most)
{
	struct holder *best = NULL;

	*most = 0;
	for (struct holder *h = holders; h < &holders[nr_holders]; h++) {
		int64_t weight = max(h->weight, h->worst) + (left ? h->left : 0);

		if (h->pid && weight > *most) {
			*most = weight;
			best = h;
		}
	}
	return best;
}

/* The holder whose worst process is killed.  NULL: none; or, with @only_much, none has much. */
static const struct holder *choose_victim(bool only_much)
{
	int64_t much = (int64_t)(page_total_count() / 8), most;
	const struct holder *h = heaviest(false, &most);

	if (most < much)
		h = heaviest(true, &most);
	return only_much && most < much ? NULL : h;
}

/* ---- its end ---- */

/* Kills the processes that have @mm.  False: one of them must not be killed. */
static bool kill_users(struct mm *mm)
{
	const struct signal_info kill = { .signo = SIGKILL, .code = SI_KERNEL };
	struct pid_walk w;
	struct process *p;
	bool all = true;

	pid_walk_begin(&w, PID_ALL);
	w.to_end = true;
	while ((p = pid_walk_next(&w))) {
		/* All that share the memory (CLONE_VM, vfork) must die, or it is not given back. */
		if (process_mm_peek(p) != mm)
			continue;
		if (p == init_process)
			all = false;
		else
			(void)signal_send_process(p, &kill); /* SIGKILL is never turned down */
	}
	pid_walk_end(&w);
	return all;
}

/* Frees what can be freed of the process @pid, which is dying or, with it, killed now. */
static void take_apart(pid_t pid)
{
	struct process *p = process_find(pid);
	struct mm *mm = p ? process_mm(p, NULL) : NULL;

	if (mm) {
		if (kill_users(mm) && !READ_ONCE(mm->reaped))
			mm_reap(mm);
		/*
		 * The reference keeps the address space while it is emptied, even if its last task
		 * ends meanwhile.
		 */
		mm_put(mm);
	}
	if (p)
		process_put(p);
}

/* dying is waited for, but not for ever: only as long as memory comes back. */
static void watch_dying(void)
{
	static pid_t whom;
	static uint64_t since;
	static size_t free;
	size_t now_free = page_free_count();
	struct process *p;

	if (whom != dying || now_free > free) {
		whom = dying;
		since = timer_now_ns();
		free = now_free;
		return;
	}
	if (timer_now_ns() - since < GIVE_UP_NS)
		return;
	p = process_find(dying);
	if (!p)
		return;
	pr_err("out of memory: process %d does not end\n", p->pid);
	p->oom.given_up = true;
	process_put(p);
}

/*
 * Makes a process give memory back, now or soon.  False: none can; with @only_much, none has so
 * much that it would help.
 */
static bool free_somebodys_memory(bool only_much)
{
	const struct holder *h;

	count_all();
	count_left();
	if (dying) {
		take_apart(dying);
		watch_dying();
		return true;
	}
	h = choose_victim(only_much);
	if (!h)
		return false;
	pr_err("out of memory: process %d is killed, of user %u: %lld KiB\n", h->pid, h->uid,
	       (long long)h->worst << (PAGE_SHIFT - 10));
	take_apart(h->pid);
	return true;
}

/* Waits a little.  False: current is to die. */
static bool wait_for_room(void)
{
	sched_set_state(TASK_KILLABLE);
	if (signal_pending_fatal())
		sched_set_state(TASK_RUNNING);
	else
		(void)sched_sleep_deadline(TIMER_MONOTONIC, timer_now_ns() + PATIENCE_NS);
	return !signal_pending_fatal();
}

bool (*oom_reclaim_hook)(void);

static bool oom_free(bool only_much)
{
	bool made;

	if (oom_reclaim_hook && oom_reclaim_hook())
		return !signal_pending_fatal();

	/* Killable: current may be the one that another task chooses just now. */
	if (mutex_lock_killable(&choosing))
		return false;
	made = free_somebodys_memory(only_much);
	mutex_unlock(&choosing);
	return made && wait_for_room();
}

bool oom_wait(void)
{
	if (signal_pending_fatal())
		return false;
	return fail_take() || oom_free(false); /* made to fail: there is memory */
}

void oom_try(void)
{
	current->starved = false;
}

bool oom_retry(void)
{
	bool starved = current->starved;

	current->starved = false;
	return starved && !signal_pending_fatal() && oom_free(true);
}

/* ---- the reserve ---- */

static enum page_reserve reserve_of_current(void)
{
	if (current->kernel || capable(CAP_SYS_ADMIN))
		return RESERVE_ALL;
	return signal_pending_fatal() ? RESERVE_PART_OF_IT : RESERVE_NONE;
}

static void starve(void)
{
	current->starved = true;
}

/* Something of an ended process's was given back, or given to it. */
static void left_behind(void *heir, int64_t n, bool last)
{
	struct user *u = heir;

	if (n > 0)
		user_charge_anyway(u, USER_LEFT, (uint64_t)n);
	else if (n)
		user_uncharge(u, USER_LEFT, (uint64_t)-n);
	if (last)
		user_put(u);
}

void oom_init(void)
{
	charge_left_hook = left_behind;
	page_none_hook = starve;
	page_reserve_hook = reserve_of_current;
}
