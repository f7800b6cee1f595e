/*
 * mourn.h - the signal that a thread has asked for when its process's parent ends, or the thread of
 * that from which it comes: prctl(2)'s PR_SET_PDEATHSIG.
 */
#pragma once

#include "lib/list.h"

/* A thread's; proc_lock. */
struct mourning {
	int signo;	       /* 0: none */
	struct list_node link; /* in process->mourners, if there is one */
};

/* task_mourn - current asks for @signo, a valid number or 0: none.  Takes proc_lock. */
void task_mourn(int signo);
