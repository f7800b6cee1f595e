/*
 * futex.c - futex(2): types its arguments, which mean something else for each operation;
 * task/futex.c does the work.
 */
#include "abi/futex.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"
#include "task/access.h"
#include "task/futex.h"
#include "task/pid.h"
#include "task/signal.h"

/* FUTEX_WAIT's time is from now; the others' a point in time, of the monotonic clock or the wall
 * clock. */
static int get_deadline(uptr at, int op, uint64_t *deadline_ns)
{
	return op == FUTEX_WAIT || uptr_is_null(at) ? deadline_from_user(at, deadline_ns)
						    : get_timespec(at, deadline_ns);
}

static long wait_again(void)
{
	/*
	 * a wait with a time limit is not taken up again: the caller looks at the word and the
	 * clock
	 */
	return -EINTR;
}

static long wait(struct futex_request *rq, int op, uptr timeout)
{
	int err = get_deadline(timeout, op, &rq->deadline_ns);
	if (err)
		return err;
	err = futex_wait(rq);
	if (err == -ERESTARTSYS && rq->deadline_ns != UINT64_MAX) {
		current->restart = (struct restart){ .again = wait_again };
		return -ERESTART_RESTARTBLOCK;
	}
	return err;
}

long sys_futex(uptr word, uint32_t futex_op, uint32_t value, uptr timeout, uptr word2,
	       uint32_t value3)
{
	int op = (int)futex_op & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
	bool wall = futex_op & FUTEX_CLOCK_REALTIME;
	struct futex_request rq = { .at = word,
				    .at2 = word2,
				    .shared = !(futex_op & FUTEX_PRIVATE_FLAG),
				    .val = value,
				    .val2 = (uint32_t)timeout.va,
				    .val3 = value3,
				    .bitset = FUTEX_BITSET_MATCH_ANY,
				    .clock = wall ? TIMER_WALL : TIMER_MONOTONIC };

	/*
	 * A word is shared unless the program says that it is private: then its address alone is
	 * its name, and no mapping is looked up.
	 */
	if (wall && op != FUTEX_WAIT_BITSET)
		return -ENOSYS;
	switch (op) {
	case FUTEX_WAIT_BITSET: rq.bitset = rq.val3; return wait(&rq, op, timeout);
	case FUTEX_WAIT: return wait(&rq, op, timeout);
	case FUTEX_WAKE_BITSET: rq.bitset = rq.val3; return futex_wake(&rq);
	case FUTEX_WAKE: return futex_wake(&rq);
	case FUTEX_REQUEUE: return futex_requeue(&rq, false);
	case FUTEX_CMP_REQUEUE: return futex_requeue(&rq, true);
	case FUTEX_WAKE_OP: return futex_wake_op(&rq);
	default: return -ENOSYS;
	}
}

long sys_set_robust_list(uptr head, uint64_t size)
{
	if (size != sizeof(struct robust_list_head))
		return -EINVAL;
	current->robust_list = head.va;
	return 0;
}

long sys_get_robust_list(int tid, uptr head_at, uptr size_at)
{
	struct task *t = task_find_or_self(tid);
	uint64_t head = 0;
	long err = 0;

	if (!t)
		return -ESRCH;
	if (!t->process || !may_look(t->process, t, ACCESS_REAL))
		err = -EPERM;
	else
		/* One word, read at once: the thread may be setting another. */
		head = t->robust_list;
	task_put(t);
	if (err)
		return err;
	if (put_user((uint64_t)sizeof(struct robust_list_head), size_at) || put_user(head, head_at))
		return -EFAULT;
	return 0;
}
