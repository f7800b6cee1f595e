/*
 * mourn.h - the signal that a thread asked to get when the thread that forked its process ends:
 * prctl(2)'s PR_SET_PDEATHSIG.
 */
#pragma once

#include "lib/list.h"

/* What a thread asked for; proc_lock. */
struct mourning {
	int signo;	       /* 0: none */
	struct list_node link; /* in process->mourners, if there is one */
};

/* task_mourn - current asks for @signo, a valid number or 0: none.  Takes proc_lock. */
void task_mourn(int signo);
