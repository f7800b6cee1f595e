/*
 * futex.h - sleeping on a word of user memory until another thread says that it changed (futex(2)).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mm/uaccess.h"
#include "task/time/timer.h"

/* futex_init - once, before there is a program: @random is the kernel's secret. */
void futex_init(const uint64_t random[2]);

/* futex_wake_address - wake up to @n tasks that wait at @at, shared or private: the kernel's own
 * FUTEX_WAKE.  Number woken. */
int futex_wake_address(uptr at, int n);

/* futex_exit_robust - current ends: the locks on its robust list are marked FUTEX_OWNER_DIED
 * (set_robust_list(2)). */
void futex_exit_robust(void);

/* A futex(2) call with its arguments typed; deadline_ns UINT64_MAX: none; it is of @clock. */
struct futex_request {
	uptr at, at2;
	bool shared;
	uint32_t val, val2, val3, bitset;
	uint64_t deadline_ns;
	enum timer_clock clock;
};

/*
 * futex_wait - 0 when woken; -EAGAIN: *at was not val; -ETIMEDOUT, -EFAULT, -EINVAL, -ERESTARTSYS.
 */
int futex_wait(const struct futex_request *rq) __must_check;
/*
 * futex_wake - up to @rq->val waiters whose bits meet @rq->bitset.  Number woken, -EFAULT, -EINVAL.
 */
int futex_wake(const struct futex_request *rq) __must_check;
/*
 * futex_requeue - wake val waiters of at and move up to val2 others to at2; with @cmp only if *at
 * is val3. Number woken and moved, -EAGAIN, -EFAULT, -EINVAL.
 */
int futex_requeue(const struct futex_request *rq, bool cmp) __must_check;
/*
 * futex_wake_op - FUTEX_WAKE_OP, its operation in val3.  Number woken, -EFAULT, -EINVAL, -ENOSYS.
 */
int futex_wake_op(const struct futex_request *rq) __must_check;
