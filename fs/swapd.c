/*
 * swapd.c - the task "kswapd0": when memory is low it takes clean pages from the page cache and
 * sends pages of programs out, until it is not; and tasks that need memory now wait for that.
 *
 * It is woken by the allocator (page_low_hook), by a fault that found pages scarce and by one that
 * got none (oom_reclaim_hook: before any task is killed).  Invariant: it allocates nothing, and
 * takes no lock of a file system: whoever waits for it may hold any.
 */
#include "fs/swapd.h"

#include "fs/reclaim.h"
#include "fs/writeback.h"
#include "fs/dirty.h"
#include "mm/fault.h"
#include "mm/swapout.h"
#include "task/kernel_task.h"

#define SHARE	    128 /* pages that are made free before it looks again */
#define CACHE_LOOKS 32	/* parts of the page cache at a time */
#define PART	    8	/* of an address space at a visit: one of so many */
#define LOOKS_MIN   64
#define DROP_TURN   16 /* pages that fork's copies left behind are looked for so often */
/* Rounds through all processes without a page: each page was found used, and not any more. */
#define ROUNDS_USED (2 * PART)
#define ROUNDS_MAX  (3 * PART)
#define PAUSE_MS    50 /* when all that could go went */

uint32_t swappiness = 60;

static struct wait_queue work = WAIT_QUEUE_INIT(work);	     /* its own */
static struct wait_queue waiters = WAIT_QUEUE_INIT(waiters); /* who waits for it */
static bool awake;					     /* atomic: it works, or is about to */
static uint64_t went_ever, failed_ever; /* pages; times that none could go.  atomic */
static bool (*reclaim_before)(void);	/* oom_reclaim_hook, as it was */
static struct swap_batch batch;		/* the task's own */

static void wake_swapd(void)
{
	if (READ_ONCE(awake) || !swap_has_room())
		return;
	WRITE_ONCE(awake, true);
	wake_up(&work);
}

/*
 * The address space of @p, or NULL: pinned, no reference, so that the last user's end does not fall
 * to this task.
 */
static struct mm *pin_mm(const struct process *p)
{
	unsigned long flags = spin_lock_irqsave(&proc_lock);
	struct mm *mm = process_mm_peek(p);

	if (mm)
		mm_pin(mm);
	spin_unlock_irqrestore(&proc_lock, flags);
	return mm;
}

/* Where the walk through all processes is: swapd's. */
static pid_t next_pid;
static size_t looks_left; /* at that one's leaves, before the next has its turn */

/* The process that is due; up to @n pages of it.  False: there was none from next_pid on. */
static bool visit_process(size_t n, bool force, size_t *went)
{
	struct process *p = process_first(next_pid);
	struct mm *mm = p ? pin_mm(p) : NULL;
	bool more = mm;

	if (!p)
		return false;
	if (p->pid != next_pid || !looks_left)
		looks_left = mm ? max(READ_ONCE(mm->pages) / PART, (size_t)LOOKS_MIN) : 0;
	next_pid = p->pid;
	process_put(p);
	(void)give_way();
	while (more && looks_left && *went < n && swap_has_room()) {
		more = swap_out(mm, &batch, &looks_left, force);
		*went += swap_send(&batch);
	}
	if (!more || !looks_left) {
		looks_left = 0;
		next_pid++;
	}
	if (mm)
		mm_unpin(mm);
	return true;
}

/* Goes on through the processes until @n pages went, or each was visited. */
static size_t send_processes(size_t n, bool force)
{
	const pid_t first = next_pid;
	bool round = false;
	size_t went = 0;

	while (went < n && swap_has_room() && !(round && next_pid >= first)) {
		if (visit_process(n, force, &went))
			continue;
		if (round)
			break;
		round = true;
		next_pid = 0;
		looks_left = 0;
	}
	return went;
}

/* The same for shared memory, and files in RAM. */
static size_t send_objects(size_t n, bool force)
{
	size_t went = 0;

	for (uint64_t i = objects_count(); i && went < n && swap_has_room(); i--) {
		struct vm_object *o = objects_next();
		size_t looks = o ? (size_t)READ_ONCE(o->nr_pages) / PART + LOOKS_MIN : 0;
		bool more = o && READ_ONCE(o->nr_pages) != READ_ONCE(o->nr_out);

		while (more && looks && went < n && swap_has_room()) {
			more = swap_out_object(o, &batch, &looks, force);
			went += swap_send(&batch);
		}
		if (o)
			object_put(o);
		(void)give_way();
	}
	return went;
}

static void count_went(size_t n)
{
	atomic_add(&went_ever, n);
	wake_up(&waiters);
}

static void make_free(void)
{
	unsigned int idle = 0, turn = 0;

	while (page_is_low() && idle < ROUNDS_MAX) {
		uint32_t anon = min(READ_ONCE(swappiness), 200U);
		size_t went = cache_look(SHARE * (200 - anon) / 200, CACHE_LOOKS);

		if (anon || !went)
			went += send_processes(max(SHARE * anon / 200, 1U), idle >= ROUNDS_USED) +
				send_objects(max(SHARE * anon / 400, 1U), idle >= ROUNDS_USED);
		if (!went || !(++turn % DROP_TURN))
			went += swap_drop_cached();
		idle = went ? 0 : idle + 1;
		if (went)
			count_went(went);
		(void)give_way();
	}
	if (idle < ROUNDS_MAX)
		return;
	atomic_add(&failed_ever, 1);
	wake_up(&waiters);
	writeback_kick();
	sleep_ms(PAUSE_MS);
}

static void swapd(void *arg)
{
	for (;;) {
		wait_event(&work, READ_ONCE(awake));
		make_free();
		WRITE_ONCE(awake, false);
		wake_up(&waiters); /* who found it awake, too late, wakes it again */
	}
}

bool swapd_wait(void)
{
	uint64_t went = READ_ONCE(went_ever), failed = READ_ONCE(failed_ever);
	bool more = false;

	/* (For want of a larger block there may be pages enough: that is not ours.) */
	if (current->kernel)
		return false;
	while (!more && page_is_scarce() && swap_has_room() && READ_ONCE(failed_ever) == failed &&
	       !signal_pending_fatal()) {
		wake_swapd();
		(void)wait_event_killable(&waiters, !READ_ONCE(awake) ||
							    READ_ONCE(went_ever) != went ||
							    READ_ONCE(failed_ever) != failed);
		more = READ_ONCE(went_ever) != went || !page_is_scarce();
	}
	return more;
}

static bool wait_before_oom(void)
{
	return swapd_wait() || reclaim_before();
}

int swapd_start(void (*write)(struct swap_batch *b))
{
	struct task *t;

	if (swap_write_hook)
		return 0;
	t = task_create_kernel("kswapd0", swapd, NULL);
	if (!t)
		return -ENOMEM;
	swap_write_hook = write;
	reclaim_before = oom_reclaim_hook;
	task_wake(t);
	WRITE_ONCE(oom_reclaim_hook, wait_before_oom);
	WRITE_ONCE(page_low_hook, wake_swapd);
	WRITE_ONCE(page_throttle_hook, swapd_wait);
	return 0;
}
