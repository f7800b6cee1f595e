/*
 * oom.h - when memory has run out: which process is killed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What the rule makes of a process. */
struct oom {
	/* what counts against it beside what it has, in thousandths of RAM: /proc */
	int16_t score_adj;
	int16_t score_adj_min; /* only root sets it lower */
	bool given_up; /* it was killed and does not end: another is killed; task/oom.c's lock */
};

/*
 * oom_wait - a page that current cannot do without could not be had.  Kills the process that holds
 * the most (oom.c says how that is counted): never pid 1, and while one is ending no other, unless
 * that one makes no progress.  Waits a little for memory.
 * Return: true: try again.  false: current itself is to die (SIGKILL is pending), or pid 1 is all
 * that is left.  May sleep, killably; no spinlock held.
 */
bool oom_wait(void);

/*
 * oom_retry - a call of current's has failed with -ENOMEM and has changed nothing: whether to try
 * it again.  Only if that was for want of a page, and then a process that has much is made to give
 * it back.  oom_try - before the first try.
 */
void oom_try(void);
bool oom_retry(void);

/*
 * Before a process is killed: what can be read again, or is not used, is given back.  True: there
 * is more memory than before.  NULL: nothing can.  May sleep; no spinlock held.
 */
extern bool (*oom_reclaim_hook)(void);

#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000

struct process;
/* oom_score - /proc/PID/oom_score: 667 for one that has nothing, 0 for one that is never killed. */
int oom_score(struct process *p);

/*
 * oom_init - from here on a part of memory is kept for tasks that keep the machine going
 * (mm/page.h).  Once, with tasks.
 */
void oom_init(void);
