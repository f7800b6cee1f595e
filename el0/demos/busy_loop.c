/*
 * busy_loop.c - a program that never calls the kernel must not keep the others from running.
 */
#include "abi/signal.h"
#include "el0/demos/demos.h"
#include "el0/lib/process.h"
#include "el0/lib/syscall.h"

#define LOOPS 4 /* as many as there may be cores, so that none is left for us but by preemption */

static void busy_loop(void)
{
	int pids[LOOPS], status;

	for (int i = 0; i < LOOPS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			for (;;)
				__asm__ volatile("");
	}
	sleep_ms(20);
	for (int i = 0; i < LOOPS; i++) {
		if (pids[i] < 0 || svc_kill(pids[i], SIGKILL) < 0 ||
		    waitpid(pids[i], &status, 0) != pids[i] || status != SIGKILL)
			demo_fails("a loop did not end by SIGKILL");
	}
	demo_passes();
}

const struct demo demo_busy_loop = { "busy_loop", "starts endless loops, sleeps, and ends them", 0,
				     0, busy_loop };
