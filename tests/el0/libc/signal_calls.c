/*
 * signal_calls.c - signals sent, blocked, queued and waited for; handlers that processes share;
 * sleeping, and timers.  What signal_effects.c does not try: every argument that is wrong.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "tests/el0/libc/hostile.h"
#include "tests/el0/thread.h"

typedef uint64_t mask_t;
#define MASK(signo) (1ull << ((signo)-1))

static volatile int came;

static void on_signal(int signo)
{
	came = signo;
}

static void handle(int signo, int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(signo, &sa, NULL);
}

static void test_send(void)
{
	pid_t me = getpid(), pid = sleeper();
	siginfo_t info;
	mask_t usr1 = MASK(SIGUSR1), was;
	int status;

	begin("kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo: targets, errors, "
	      "addresses");
	CALL(-EINVAL, kill, me, 65);
	CALL(-EINVAL, kill, me, -1);
	CALL(-ESRCH, kill, NOBODY, 0);
	CALL(-ESRCH, kill, -NOBODY, 0);
	CALL(-ESRCH, kill, (int)0x80000000, 0);
	CALL(0, kill, pid, 0);
	CALL(0, kill, 0, 0);
	CALL(0, kill, -1, 0);
	CALL(-EINVAL, tkill, 0, 0);
	CALL(-EINVAL, tkill, -1, 0);
	CALL(-EINVAL, tkill, me, 65);
	CALL(-ESRCH, tkill, NOBODY, 0);
	CALL(0, tkill, me, 0);
	CALL(-EINVAL, tgkill, 0, me, 0);
	CALL(-EINVAL, tgkill, me, 0, 0);
	CALL(-EINVAL, tgkill, -1, me, 0);
	CALL(-EINVAL, tgkill, me, me, 65);
	CALL(-ESRCH, tgkill, pid, me, 0);
	CALL(-ESRCH, tgkill, me, NOBODY, 0);
	CALL(0, tgkill, me, me, 0);

	memset(&info, 0, sizeof(info));
	info.si_code = SI_QUEUE;
	info.si_value.sival_int = 77;
	info.si_signo = 12345; /* the call puts its own there */
	CALL(0, rt_sigprocmask, SIG_BLOCK, &usr1, &was, 8);
	CALL(0, rt_sigqueueinfo, me, SIGUSR1, &info);
	CALL(SIGUSR1, rt_sigtimedwait, &usr1, &info, NULL, 8);
	check(info.si_code, SI_QUEUE, "si_code");
	check(info.si_value.sival_int, 77, "si_value");
	check(info.si_signo, SIGUSR1, "si_signo");
	CALL(0, rt_tgsigqueueinfo, me, me, SIGUSR1, &info);
	CALL(SIGUSR1, rt_sigtimedwait, &usr1, &info, NULL, 8);
	CALL(-EINVAL, rt_sigqueueinfo, me, 65, &info);
	CALL(-ESRCH, rt_sigqueueinfo, NOBODY, 0, &info);
	CALL(-EINVAL, rt_tgsigqueueinfo, 0, me, SIGUSR1, &info);
	CALL(-EINVAL, rt_tgsigqueueinfo, me, -1, SIGUSR1, &info);
	CALL(-ESRCH, rt_tgsigqueueinfo, me, NOBODY, 0, &info);
	CALL(-ESRCH, rt_tgsigqueueinfo, me, pid, 0, &info);
	info.si_code = SI_USER; /* only the kernel says so to others */
	CALL(-EPERM, rt_sigqueueinfo, pid, SIGUSR1, &info);
	CALL(-EPERM, rt_tgsigqueueinfo, pid, pid, SIGUSR1, &info);
	CALL(0, rt_sigqueueinfo, me, SIGUSR1, &info);
	CALL(SIGUSR1, rt_sigtimedwait, &usr1, NULL, NULL, 8);
	FAULTS(IN, 48, rt_sigqueueinfo, me, SIGUSR1, bad);
	FAULTS(IN, 48, rt_tgsigqueueinfo, me, me, SIGUSR1, bad);
	CALL(0, rt_sigprocmask, SIG_SETMASK, &was, NULL, 8);
	CALL(0, kill, pid, SIGKILL);
	waitpid(pid, &status, 0);
	CALL(-ESRCH, kill, pid, 0);
	end();
}

static void test_masks(void)
{
	mask_t all = ~0ull, was = 0, now = 0, both = MASK(SIGUSR1) | MASK(SIGUSR2);

	begin("rt_sigprocmask, rt_sigpending, rt_sigsuspend: masks, sizes, addresses");
	CALL(0, rt_sigprocmask, SIG_BLOCK, &all, &was, 8);
	CALL(0, rt_sigprocmask, SIG_BLOCK, NULL, &now, 8);
	check((long)(now & (MASK(SIGKILL) | MASK(SIGSTOP))), 0, "two cannot be blocked");
	CALL(-EINVAL, rt_sigprocmask, 99, &all, NULL, 8);
	CALL(0, rt_sigprocmask, 99, NULL, NULL, 8);
	CALL(-EINVAL, rt_sigprocmask, SIG_BLOCK, &all, NULL, 4);
	CALL(-EINVAL, rt_sigprocmask, SIG_BLOCK, &all, NULL, 16);
	FAULTS(OPT_IN, 8, rt_sigprocmask, SIG_BLOCK, bad, NULL, 8);
	FAULTS(OPT_OUT, 8, rt_sigprocmask, SIG_BLOCK, NULL, bad, 8);
	CALL(0, kill, getpid(), SIGUSR1);
	CALL(0, tkill, getpid(), SIGUSR2);
	CALL(0, rt_sigpending, &now, 8);
	check((long)(now & both), (long)both, "both wait");
	now = ~0ull;
	CALL(0, rt_sigpending, &now, 4);
	check((long)now, (long)(0xffffffff00000000 | both), "half a mask is told");
	CALL(-EINVAL, rt_sigpending, &now, 9);
	FAULTS(OUT, 8, rt_sigpending, bad, 8);
	handle(SIGUSR1, 0);
	handle(SIGUSR2, 0);
	CALL(-EINVAL, rt_sigsuspend, &was, 4);
	FAULTS(IN, 8, rt_sigsuspend, bad, 8);
	now = ~MASK(SIGUSR2);
	CALL(-EINTR, rt_sigsuspend, &now, 8);
	check(came, SIGUSR2, "the one that was let through");
	CALL(0, rt_sigpending, &now, 8);
	check((long)(now & both), MASK(SIGUSR1), "the other one waits");
	CALL(0, rt_sigprocmask, SIG_SETMASK, &was, NULL, 8);
	check(came, SIGUSR1, "and comes when the mask lets it");
	end();
}

static void test_timedwait(void)
{
	mask_t rt = MASK(40) | MASK(41), was;
	struct timespec none = { 0, 0 }, soon = { 0, 5000000 }, wrong = { 0, 1000000000 };
	siginfo_t info;

	begin("rt_sigtimedwait: order, time-outs, errors, addresses");
	CALL(0, rt_sigprocmask, SIG_BLOCK, &rt, &was, 8);
	CALL(-EAGAIN, rt_sigtimedwait, &rt, &info, &none, 8);
	CALL(-EAGAIN, rt_sigtimedwait, &rt, &info, &soon, 8);
	CALL(-EINVAL, rt_sigtimedwait, &rt, &info, &wrong, 8);
	CALL(-EINVAL, rt_sigtimedwait, &rt, &info, ((struct timespec[]){ { -1, 0 } }), 8);
	CALL(-EINVAL, rt_sigtimedwait, &rt, &info, &none, 4);
	for (int i = 0; i < 3; i++)
		for (int s = 41; s >= 40; s--)
			sigqueue(getpid(), s, (union sigval){ i });
	for (int s = 40; s <= 41; s++)
		for (int i = 0; i < 3; i++) {
			CALL(s, rt_sigtimedwait, &rt, &info, &none, 8);
			check(info.si_value.sival_int, i, "first in, first out");
		}
	FAULTS(IN, 8, rt_sigtimedwait, bad, &info, &none, 8);
	FAULTS(OPT_IN, 16, rt_sigtimedwait, &rt, &info, bad, 8);
	for (int i = 0; hostile_pointer(&i, sizeof(info), OPT_OUT);) {
		kill(getpid(), 40);
		CALL(-EFAULT, rt_sigtimedwait, &rt, bad, &none, 8); /* and it is lost */
		CALL(-EAGAIN, rt_sigtimedwait, &rt, NULL, &none, 8);
	}
	CALL(0, rt_sigprocmask, SIG_SETMASK, &was, NULL, 8);
	end();
}

static void test_stack(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) }, now;
	/* In this order: the kernel's struct, without libc's words. */

	begin("sigaltstack: sizes, flags, addresses");
	CALL(0, sigaltstack, NULL, &now);
	check(now.ss_flags, SS_DISABLE, "none at first");
	CALL(0, sigaltstack, &ss, NULL);
	CALL(0, sigaltstack, NULL, &now);
	expect(now.ss_sp == stack && now.ss_size == sizeof(stack) && !now.ss_flags,
	       "as it was set");
	ss.ss_size = 100;
	CALL(-ENOMEM, sigaltstack, &ss, NULL);
	ss.ss_flags = 99;
	CALL(-EINVAL, sigaltstack, &ss, NULL);
	ss.ss_flags = SS_DISABLE;
	CALL(0, sigaltstack, &ss, &now);
	FAULTS(OPT_IN, sizeof(ss), sigaltstack, bad, NULL);
	FAULTS(OPT_OUT, sizeof(ss), sigaltstack, NULL, bad);
	end();
}

/*
 * SIGALRM each @ms: the first may come before the call that it is to interrupt.  0: no more of
 * them.
 */
static void alarm_each(int ms)
{
	struct itimerval it = { { 0, ms * 1000 }, { 0, ms * 1000 } };

	setitimer(ITIMER_REAL, &it, NULL);
}

static void test_sleep(void)
{
	struct timespec ts = { 0, 2000000 }, left = { 0, 0 }, wrong = { 0, 1000000000 };
	struct timespec longer = { 100, 0 };

	begin("nanosleep, restart_syscall: time, a signal, errors, addresses");
	CALL(0, nanosleep, &ts, NULL);
	CALL(-EINVAL, nanosleep, &wrong, NULL);
	CALL(-EINVAL, nanosleep, ((struct timespec[]){ { -1, 0 } }), NULL);
	CALL(-EINVAL, nanosleep, ((struct timespec[]){ { 0, -1 } }), NULL);
	FAULTS(IN, sizeof(ts), nanosleep, bad, NULL);
	handle(SIGALRM, SA_RESTART); /* a sleep is not begun anew by that */
	alarm_each(20);
	CALL(-EINTR, nanosleep, &longer, &left);
	expect(left.tv_sec >= 90 && left.tv_sec < 100, "the rest: %ld s", (long)left.tv_sec);
	for (int i = 0; hostile_pointer(&i, sizeof(left), OPT_OUT);)
		CALL(-EFAULT, nanosleep, &longer, bad);
	alarm_each(0);
	CALL(-EINTR, restart_syscall); /* there is nothing that could go on */
	end();
}

static void test_itimers(void)
{
	struct itimerval it = { { 0, 0 }, { 1000, 0 } }, was, wrong = { { 0, 0 }, { 0, 1000000 } };

	begin("setitimer, getitimer: values, errors, addresses");
	for (int which = 0; which < 3; which++) {
		CALL(0, setitimer, which, &it, NULL);
		CALL(0, getitimer, which, &was);
		expect(was.it_value.tv_sec >= 900 && was.it_value.tv_sec <= 1000,
		       "what is left of timer %d: %ld s", which, (long)was.it_value.tv_sec);
		CALL(-EINVAL, setitimer, which, &wrong, NULL);
		it.it_value.tv_sec = 0;
		CALL(0, setitimer, which, &it, &was);
		expect(was.it_value.tv_sec >= 900, "what was");
		CALL(0, getitimer, which, &was);
		check((long)was.it_value.tv_sec, 0, "off");
		it.it_value.tv_sec = 1000;
	}
	CALL(-EINVAL, setitimer, 3, &it, NULL);
	CALL(-EINVAL, getitimer, 3, &was);
	CALL(-EINVAL, getitimer, -1, &was);
	FAULTS(OUT, sizeof(was), getitimer, 0, bad);
	FAULTS(OPT_IN, sizeof(it), setitimer, 0, bad, NULL);
	it.it_value.tv_sec = 0;
	FAULTS(OPT_OUT, sizeof(it), setitimer, 0, &it, bad);
	came = 0;
	handle(SIGVTALRM, 0);
	it.it_value.tv_usec = 2000;
	CALL(0, setitimer, ITIMER_VIRTUAL, &it, NULL);
	while (!came)
		;
	check(came, SIGVTALRM, "ITIMER_VIRTUAL");
	end();
}

/* ---- signals that are waited for ---- */

static void send_soon(int sig)
{
	pid_t to = getpid();

	if (fork() == 0) {
		usleep(50000);
		kill(to, sig);
		_exit(0);
	}
}

static void not_blocked(void)
{
	struct timespec limit = { 0, 300000000 };
	uint64_t set = 1ull << (SIGUSR1 - 1);

	signal(SIGUSR1, SIG_IGN);
	send_soon(SIGUSR1);
	check(sys(rt_sigtimedwait, &set, NULL, &limit, sizeof(set)), -EAGAIN, "it is dropped");
}

static void not_blocked_deadly(void)
{
	struct timespec limit = { 20, 0 };
	uint64_t set = 1ull << (SIGUSR1 - 1);

	signal(SIGUSR1, SIG_DFL);
	send_soon(SIGUSR1);
	sys(rt_sigtimedwait, &set, NULL, &limit, sizeof(set));
}

static void test_not_blocked(void)
{
	begin("rt_sigtimedwait: a signal that is not blocked does what it would do without");
	check_child(not_blocked, 0, "an ignored one");
	check(in_child(not_blocked_deadly), SIGUSR1, "a deadly one");
	end();
}

/* ---- handlers of two processes ---- */

static void caught(int sig)
{
	came = sig;
}

struct kernel_action {
	void (*handler)(int);
	unsigned long flags, restorer, mask;
};

static int catch_it(void)
{
	struct kernel_action a = { .handler = caught };

	return (int)sys(rt_sigaction, SIGUSR1, &a, NULL, 8);
}

static void catch_in_child(void *arg)
{
	(void)arg;
	_exit(catch_it());
}

static void run_another(void *arg)
{
	char *argv[] = { (char *)"/proc/self/exe", (char *)"none", NULL };

	(void)arg;
	sys(execve, "/proc/self/exe", argv, NULL);
	_exit(9);
}

static void test_shared_handlers(void)
{
	static const struct {
		unsigned long flags;
		bool shared;
	} tries[] = { { CLONE_VM, false },
		      { CLONE_VM | CLONE_SIGHAND, true },
		      { CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND, true } };
	static char stack[65536] __attribute__((aligned(16)));
	struct kernel_action a, none = { .handler = SIG_DFL };
	void *stack_end = stack + sizeof(stack);
	int status;

	begin("clone, rt_sigaction: processes that share their handlers, until execve");
	check(sys(clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), -EINVAL, "not without CLONE_VM");
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		long pid;

		sys(rt_sigaction, SIGUSR1, &none, NULL, 8);
		pid = spawn(tries[i].flags | SIGCHLD, stack_end, catch_in_child, NULL, NULL);
		check(sys(wait4, pid, &status, 0, NULL), pid, "%#lx: wait4", tries[i].flags);
		check(status, 0, "%#lx: the child's status", tries[i].flags);
		sys(rt_sigaction, SIGUSR1, NULL, &a, 8);
		expect((a.handler == caught) == tries[i].shared, "%#lx: the handler",
		       tries[i].flags);
	}
	if (catch_it() == 0) {
		long pid = spawn(CLONE_VM | CLONE_SIGHAND | SIGCHLD, stack_end, run_another, NULL,
				 NULL);

		check(sys(wait4, pid, &status, 0, NULL), pid, "wait4");
		check(status, 0, "what it ran");
		sys(rt_sigaction, SIGUSR1, NULL, &a, 8);
		expect(a.handler == caught, "the handler has outlived the other's execve");
	}
	end();
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "none"))
		return 0;
	mount_proc();
	test_send();
	test_masks();
	test_timedwait();
	test_stack();
	test_sleep();
	test_itimers();
	test_not_blocked();
	test_shared_handlers();
	return tap_done();
}
