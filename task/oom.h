/*
 * oom.h - when memory has run out: who pays.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What the rule makes of a process. */
struct oom {
	/* what counts against it beside what it has, in thousandths of RAM: /proc */
	int16_t score_adj;
	int16_t score_adj_min; /* who is not root does not set it lower */
	bool given_up; /* it is to die and does not: others have to; under task/oom.c's lock */
};

/*
 * oom_wait - a page that current cannot do without could not be had.  Who holds the most pays
 * (oom.c says how that is counted): never pid 1, and while one is on its way out none else, unless
 * it does not get on.  Waits a little for memory.
 * Return: true: try again.  false: current itself is to die (it has been told so by its signal), or
 * pid 1 is all that is left.  May sleep, killably; no spinlock held.
 */
bool oom_wait(void);

/*
 * oom_retry - a call of current's has failed with -ENOMEM and has changed nothing: whether to try
 * it again.  So it is only where there was no memory, and somebody who has much of it is made to
 * give it back.  oom_try - before the first try.
 */
void oom_try(void);
bool oom_retry(void);

#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000

struct process;
/* oom_score - /proc/PID/oom_score: 667 for one that has nothing, 0 for one that is never killed. */
int oom_score(struct process *p);

/*
 * oom_init - from here on a part of memory is kept for those who keep the machine going
 * (mm/page.h).  Once, with tasks.
 */
void oom_init(void);
