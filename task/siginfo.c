/*
 * siginfo.c - what the kernel knows of a signal, as a program sees it: for a handler's frame
 * (el1/signal.c), rt_sigtimedwait(2) and signalfd(2).
 */
#include "task/siginfo.h"

#include "task/signal.h"

void siginfo_fill(struct siginfo *to, const struct signal_info *from)
{
	to->si_signo = from->signo;
	to->si_errno = from->error;
	to->si_code = from->code;
	to->pad = 0;
	/* A few instructions, where memset() is a call. */
	__builtin_memset(to->bytes, 0, sizeof(to->bytes));
	if (from->code == SI_KERNEL)
		return;
	if (from->code > 0 && from->signo == SIGCHLD) {
		to->child.pid = from->pid;
		to->child.uid = from->uid;
		to->child.status = from->status;
		to->child.utime = (int64_t)from->utime;
		to->child.stime = (int64_t)from->stime;
	} else if (from->code > 0 && siginfo_is_fault(from->signo)) {
		to->fault.addr = from->addr;
	} else {
		to->kill.pid = from->pid;
		to->kill.uid = from->uid;
		to->kill.value = from->value;
	}
}
