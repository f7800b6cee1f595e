/*
 * oom.h - when memory has run out: who pays.
 */
#pragma once

#include <stdbool.h>

/*
 * oom_wait - a page that current cannot do without could not be had.  The process with the most pages
 * is killed, but never pid 1; while one is on its way out, none else is.  Waits a little for its memory.
 * Return: true: try again.  false: current itself is to die (it has been told so by its signal), or pid 1
 * is all that is left.  May sleep; no lock held.
 */
bool oom_wait(void);

#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_SCORE_ADJ_MAX 1000

struct process;
/* oom_score - /proc/PID/oom_score: 667 for one that has nothing, 0 for one that is never killed. */
int oom_score(struct process *p);
