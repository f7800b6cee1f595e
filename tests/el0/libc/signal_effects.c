/*
 * signal_effects.c - signals as a program meets them: what a fault says,
 * masks and queues, interrupted calls, stops, the frame, and what a forged frame brings.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/el0/libc/calls.h"

#define FPSIMD_MAGIC_ 0x46508001
#define ESR_MAGIC_    0x45535201

typedef void (*info_handler)(int, siginfo_t *, void *);

static void handle(int signo, info_handler fn, int flags)
{
	struct sigaction a = { .sa_flags = flags };

	a.sa_sigaction = fn;
	sigaction(signo, &a, NULL);
}

static uint32_t word_at(const void *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* ---- faults ---- */

static sigjmp_buf back;
static siginfo_t seen;
static uint64_t seen_pc, seen_address, seen_esr;
static uint32_t fp_size;
static void *volatile fault_pc; /* where the faulting instruction is, if the test says so */

/* Walks the records of the frame. */
static void read_records(const void *records)
{
	const uint8_t *p = records;

	uint32_t magic;

	seen_esr = 0;
	fp_size = 0;
	for (; (magic = word_at(p)); p += word_at(p + 4)) {
		if (magic == FPSIMD_MAGIC_)
			fp_size = word_at(p + 4);
		if (magic == ESR_MAGIC_)
			memcpy(&seen_esr, p + 8, sizeof(seen_esr));
	}
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	seen = *info;
	seen_pc = uc->uc_mcontext.pc;
	seen_address = uc->uc_mcontext.fault_address;
	read_records(uc->uc_mcontext.__reserved);
	siglongjmp(back, signo);
}

static void catch_faults(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		handle(faults[i], on_fault, SA_SIGINFO);
}

/* What a fault must say.  @esr: whether a record with the syndrome comes with it. */
static void check_fault(const char *what, int got, int signo, int code, uint64_t addr, bool esr)
{
	if (addr == 1) /* at the instruction itself */
		addr = (uint64_t)(uintptr_t)fault_pc;
	ok(got == signo && seen.si_code == code && (uint64_t)(uintptr_t)seen.si_addr == addr &&
		   !!seen_esr == esr && fp_size == 528,
	   "%s: signal %d code %d addr %#lx esr %#lx", what, got, seen.si_code,
	   (unsigned long)(uintptr_t)seen.si_addr, (unsigned long)seen_esr);
}

#define FAULT(what, signo, code, addr, esr, statement)                               \
	do {                                                                         \
		int got_ = sigsetjmp(back, 1);                                       \
		if (!got_) {                                                         \
			statement;                                                   \
			ok(false, "%s: no fault", what);                             \
		} else {                                                             \
			check_fault(what, got_, signo, code, (uint64_t)(addr), esr); \
		}                                                                    \
	} while (0)

/* An instruction word that EL0 must not execute. */
#define UNDEFINED(word)                         \
	__asm__ volatile("	adr	x9, 1f\n"        \
			 "	str	x9, [%0]\n"      \
			 "1:	.inst	" #word \
			 :                      \
			 : "r"(&fault_pc)       \
			 : "x9", "memory")

/* What the compiler would see through, and warn of, goes through here. */
static uint64_t hidden(uint64_t va)
{
	__asm__("" : "+r"(va));
	return va;
}

static void read_at(uint64_t va)
{
	(void)*(volatile int *)hidden(va);
}

static void write_at(uint64_t va)
{
	*(volatile char *)hidden(va) = 1;
}

static void jump_to(uint64_t va)
{
	((void (*)(void))hidden(va))();
}

static void faults(void)
{
	static const char constant[64] = "read-only";
	static uint32_t not_code[2] = { 0xd65f03c0, 0 };
	char *one = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int f = open("/tmp/signal-bus", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *file;

	munmap(one + 4096, 4096);
	if (f < 0 || ftruncate(f, 100))
		ok(false, "a file in /tmp");
	file = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	catch_faults();
	FAULT("read at 16", SIGSEGV, SEGV_MAPERR, 16, true, read_at(16));
	FAULT("write to a constant", SIGSEGV, SEGV_ACCERR, constant, true,
	      write_at((uintptr_t)constant));
	FAULT("read of the kernel", SIGSEGV, SEGV_MAPERR, 0xffff000000000000, true,
	      read_at(0xffff000000000000));
	FAULT("write to the kernel", SIGSEGV, SEGV_MAPERR, 0xffffffff80000000, true,
	      write_at(0xffffffff80000000));
	FAULT("jump to the kernel", SIGSEGV, SEGV_MAPERR, 0xffffffff80000000, true,
	      jump_to(0xffffffff80000000));
	FAULT("read at 2^48", SIGSEGV, SEGV_MAPERR, 0x1000000000000, true,
	      read_at(0x1000000000000));
	FAULT("data executed", SIGSEGV, SEGV_ACCERR, not_code, true, jump_to((uintptr_t)not_code));
	FAULT("read over a page's end", SIGSEGV, SEGV_MAPERR, one + 4096, true,
	      (void)*(volatile uint64_t *)(one + 4092));
	/* over a 16-byte line: with FEAT_LSE2 an exclusive inside of one may be unaligned */
	FAULT("unaligned exclusive", SIGBUS, BUS_ADRALN, one + 14, true,
	      __asm__ volatile("ldxr w9, [%0]"
			       :
			       : "r"(one + 14)
			       : "x9"));
	FAULT("beyond the file", SIGBUS, BUS_ADRERR, file + 4096, true,
	      read_at((uintptr_t)file + 4096));
	FAULT("unaligned PC", SIGBUS, BUS_ADRALN, 0x400001, true, jump_to(0x400001));
	FAULT("UDF", SIGILL, ILL_ILLOPC, 1, false, UNDEFINED(0x00000000));
	FAULT("HVC", SIGILL, ILL_ILLOPC, 1, false, UNDEFINED(0xd4000002));
	FAULT("SMC", SIGILL, ILL_ILLOPC, 1, false, UNDEFINED(0xd4000003));
	FAULT("MSR VBAR_EL1", SIGILL, ILL_ILLOPC, 1, false, UNDEFINED(0xd518c000));
	FAULT("ERET", SIGILL, ILL_ILLOPC, 1, false, UNDEFINED(0xd69f03e0));
	munmap(one, 4096);
	munmap(file, 8192);
	close(f);
	unlink("/tmp/signal-bus");
}

static void on_brk(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)signo;
	seen = *info;
	uc->uc_mcontext.pc += 4;
	uc->uc_mcontext.regs[0] = 77;
}

/* A handler changes what the program goes on with. */
static void changed_context(void)
{
	register long x0 __asm__("x0") = 1;

	handle(SIGTRAP, on_brk, SA_SIGINFO);
	__asm__ volatile("brk #1" : "+r"(x0));
	is(x0, 77, "a handler sets x0 and PC");
	is(seen.si_code, TRAP_BRKPT, "BRK is TRAP_BRKPT");
}

/* ---- sending, masks, queues ---- */

static volatile int count;
static volatile int order[64], values[64];

static void on_signal(int signo, siginfo_t *info, void *context)
{
	(void)context;
	seen = *info;
	values[count % 64] = info->si_value.sival_int;
	order[count++ % 64] = signo;
}

static void sources(void)
{
	union sigval v = { .sival_int = 4711 };

	handle(SIGUSR1, on_signal, SA_SIGINFO);
	kill(getpid(), SIGUSR1);
	ok(seen.si_code == SI_USER && seen.si_pid == getpid() && seen.si_uid == getuid(),
	   "kill: SI_USER");
	raise(SIGUSR1);
	ok(seen.si_code == SI_TKILL && seen.si_pid == getpid(), "raise: SI_TKILL");
	sigqueue(getpid(), SIGUSR1, v);
	ok(seen.si_code == SI_QUEUE && seen.si_value.sival_int == 4711,
	   "sigqueue: SI_QUEUE and a value");
}

static void queues(void)
{
	struct timespec none = { 0, 0 };
	sigset_t set, old, pending;
	siginfo_t info;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	sigaddset(&set, SIGRTMIN + 1);
	handle(SIGRTMIN, on_signal, SA_SIGINFO);
	handle(SIGRTMIN + 1, on_signal, SA_SIGINFO);
	sigprocmask(SIG_BLOCK, &set, &old);
	count = 0;
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	for (int i = 0; i < 3; i++) {
		sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = 10 + i });
		sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = i });
	}
	sigpending(&pending);
	ok(count == 0 && sigismember(&pending, SIGUSR1) == 1, "blocked signals are pending");
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	is(sigtimedwait(&set, &info, &none), SIGRTMIN + 1, "sigtimedwait takes one of the set");
	is(info.si_value.sival_int, 10, "the oldest");
	sigprocmask(SIG_SETMASK, &old, NULL);
	is(count, 6, "the standard one came once, the others as often as sent");
	is(libc_result(sigtimedwait(&set, &info, &none)), -EAGAIN, "sigtimedwait: nothing there");
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, &old);
	sigprocmask(SIG_BLOCK, NULL, &set);
	ok(!sigismember(&set, SIGKILL) && !sigismember(&set, SIGSTOP),
	   "SIGKILL and SIGSTOP are not blocked");
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static volatile int inside, deepest;

static void on_nested(int signo, siginfo_t *info, void *context)
{
	(void)info, (void)context;
	if (++inside > deepest)
		deepest = inside;
	if (count++ < 3)
		raise(signo);
	inside--;
}

static void nesting(void)
{
	struct sigaction now;

	handle(SIGUSR1, on_nested, SA_SIGINFO);
	count = deepest = 0;
	raise(SIGUSR1);
	ok(deepest == 1 && count == 4, "a handler's own signal waits until it returns");
	handle(SIGUSR1, on_nested, SA_SIGINFO | SA_NODEFER);
	count = deepest = 0;
	raise(SIGUSR1);
	is(deepest, 4, "SA_NODEFER: it does not");
	handle(SIGUSR1, on_signal, SA_SIGINFO | SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &now);
	ok(now.sa_handler == SIG_DFL, "SA_RESETHAND");
}

static char other_stack[65536];
static volatile bool on_other;
static volatile int stack_flags;

static void on_stack(int signo, siginfo_t *info, void *context)
{
	char here;
	stack_t st;

	(void)signo, (void)info, (void)context;
	on_other = &here >= other_stack && &here < other_stack + sizeof(other_stack);
	sigaltstack(NULL, &st);
	stack_flags = st.ss_flags;
}

static void stacks(void)
{
	stack_t st = { .ss_sp = other_stack, .ss_size = sizeof(other_stack) };

	is(sigaltstack(&st, NULL), 0, "sigaltstack");
	handle(SIGUSR1, on_stack, SA_SIGINFO | SA_ONSTACK);
	raise(SIGUSR1);
	ok(on_other && stack_flags == SS_ONSTACK, "SA_ONSTACK");
	handle(SIGUSR1, on_stack, SA_SIGINFO);
	raise(SIGUSR1);
	ok(!on_other && stack_flags == 0, "without it");
	st.ss_size = 100;
	is(libc_result(sigaltstack(&st, NULL)), -ENOMEM, "an alternate stack of 100 bytes");
	st.ss_flags = 99;
	is(libc_result(sigaltstack(&st, NULL)), -EINVAL, "unknown flags");
	st.ss_flags = SS_DISABLE;
	is(sigaltstack(&st, NULL), 0, "SS_DISABLE");
}

/* ---- interrupted calls ---- */

static int told[2]; /* a byte for each SIGALRM, from its handler */

static void on_alarm(int signo, siginfo_t *info, void *context)
{
	on_signal(signo, info, context);
	if (write(told[1], "a", 1) != 1)
		_exit(1);
}

/* A child that does @fn when its parent has had three more SIGALRM (0: after 30 ms), and ends. */
static pid_t later(bool alarms, void (*fn)(int), int arg)
{
	char three[3];
	size_t got = 0;
	pid_t p = fork();

	if (p)
		return p;
	if (!alarms)
		usleep(30000);
	while (alarms && got < sizeof(three))
		got += (size_t)read(told[0], three, sizeof(three) - got);
	fn(arg);
	_exit(5);
}

static void signal_parent(int signo)
{
	kill(getppid(), signo);
}

static void nothing(int arg)
{
	(void)arg;
}

static void write_byte(int fd)
{
	if (write(fd, "x", 1) != 1)
		_exit(1);
}

/*
 * SIGALRM each @ms from now on: one that came before its time would interrupt nothing.  0: no more
 * of them.
 */
static void alarm_each(int ms)
{
	struct itimerval t = { { 0, ms * 1000 }, { 0, ms * 1000 } };
	struct pollfd p = { .fd = told[0], .events = POLLIN };
	char c;

	setitimer(ITIMER_REAL, &t, NULL);
	while (!ms && poll(&p, 1, 0) == 1 && read(told[0], &c, 1) == 1)
		; /* nobody is to see those that were */
}

static siginfo_t child_seen;

static void on_child(int signo, siginfo_t *info, void *context)
{
	(void)signo, (void)context;
	child_seen = *info;
}

static int64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void interrupted(void)
{
	struct timespec longer = { 100, 0 }, left = { 0, 0 };
	struct pollfd pf;
	struct itimerval t;
	sigset_t set, old, now;
	siginfo_t info;
	int fd[2], status;
	int64_t from, slept;
	pid_t p;
	char c = 0;

	if (pipe(fd) || pipe(told))
		return;
	handle(SIGALRM, on_alarm, SA_SIGINFO);
	count = 0;
	alarm_each(30);
	is(libc_result(read(fd[0], &c, 1)), -EINTR, "read, a handler without SA_RESTART");
	alarm_each(0);
	ok(count > 0, "it ran");
	handle(SIGALRM, on_alarm, SA_SIGINFO | SA_RESTART);
	p = later(true, write_byte, fd[1]);
	count = 0;
	alarm_each(30);
	is(read(fd[0], &c, 1), 1, "read, a handler with SA_RESTART");
	alarm_each(0);
	ok(count >= 3 && c == 'x', "it ran, and then the byte came");
	waitpid(p, NULL, 0);
	from = monotonic();
	alarm_each(30);
	is(libc_result(nanosleep(&longer, &left)), -EINTR, "nanosleep is not restarted");
	slept = (longer.tv_sec - left.tv_sec) * 1000000000L - left.tv_nsec;
	/*
	 * Linux counts from the end of its timer's slack, which may be a little more than was asked
	 * for
	 */
	ok(slept > -1000000 && slept <= monotonic() - from, "and says what is left: %ld.%09ld",
	   (long)left.tv_sec, left.tv_nsec);
	pf = (struct pollfd){ .fd = fd[0], .events = POLLIN };
	is(libc_result(poll(&pf, 1, -1)), -EINTR, "poll is not restarted");
	alarm_each(0);
	handle(SIGCHLD, on_child, SA_SIGINFO | SA_RESTART);
	p = later(true, nothing, 0);
	alarm_each(30);
	is(waitpid(p, &status, 0), p, "waitpid is restarted");
	alarm_each(0);
	ok(child_seen.si_signo == SIGCHLD && child_seen.si_code == CLD_EXITED &&
		   child_seen.si_status == 5 && child_seen.si_pid == p,
	   "SIGCHLD says who, and how");
	count = 0;
	handle(SIGALRM, on_alarm, SA_SIGINFO);
	alarm_each(10);
	while (count < 5)
		pause();
	getitimer(ITIMER_REAL, &t);
	is(t.it_interval.tv_usec, 10000, "an interval timer");
	alarm_each(0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	handle(SIGUSR2, on_signal, SA_SIGINFO);
	p = later(false, signal_parent, SIGUSR2);
	count = 0;
	sigdelset(&old, SIGUSR2);
	signal(SIGCHLD, SIG_DFL);
	is(libc_result(sigsuspend(&old)), -EINTR, "sigsuspend");
	sigprocmask(SIG_BLOCK, NULL, &now);
	ok(count == 1 && sigismember(&now, SIGUSR2), "the handler ran, the mask is back");
	waitpid(p, NULL, 0);
	p = later(false, signal_parent, SIGUSR2);
	is(sigwaitinfo(&set, &info), SIGUSR2, "sigwaitinfo");
	is(info.si_pid, p, "from the child");
	waitpid(p, NULL, 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (int i = 0; i < 2; i++) {
		close(fd[i]);
		close(told[i]);
	}
}

static void on_virtual(int signo, siginfo_t *info, void *context)
{
	(void)info, (void)context;
	order[count++ % 64] = signo;
}

static void cpu_timers(void)
{
	struct itimerval t = { { 0, 20000 }, { 0, 20000 } };

	handle(SIGVTALRM, on_virtual, SA_SIGINFO);
	handle(SIGPROF, on_virtual, SA_SIGINFO);
	count = 0;
	setitimer(ITIMER_VIRTUAL, &t, NULL);
	while (count < 2)
		__asm__ volatile("");
	is(order[0], SIGVTALRM, "ITIMER_VIRTUAL");
	t = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_VIRTUAL, &t, NULL);
	t = (struct itimerval){ { 0, 20000 }, { 0, 20000 } };
	count = 0;
	setitimer(ITIMER_PROF, &t, NULL);
	while (count < 2)
		getppid();
	is(order[0], SIGPROF, "ITIMER_PROF");
	t = (struct itimerval){ { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_PROF, &t, NULL);
}

/* ---- stops ---- */

static void stops(void)
{
	struct timespec tenth = { 0, 100000000 };
	int status, fd[2];
	char c;
	pid_t p;

	if (pipe(fd))
		return;
	p = fork();
	if (!p) {
		close(fd[1]);
		raise(SIGSTOP);
		_exit(read(fd[0], &c, 1) ? 1 : 6);
	}
	ok(waitpid(p, &status, WUNTRACED) == p && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP,
	   "a child that stopped");
	is(waitpid(p, &status, WUNTRACED | WNOHANG), 0, "is told of once");
	kill(p, SIGCONT);
	ok(waitpid(p, &status, WCONTINUED) == p && WIFCONTINUED(status), "that goes on");
	close(fd[1]);
	ok(waitpid(p, &status, 0) == p && WEXITSTATUS(status) == 6, "and ends");
	close(fd[0]);
	p = fork();
	if (!p)
		_exit(nanosleep(&tenth, NULL) ? 1 : 7);
	usleep(10000);
	kill(p, SIGSTOP);
	waitpid(p, &status, WUNTRACED);
	kill(p, SIGCONT);
	waitpid(p, &status, 0);
	is(WEXITSTATUS(status), 7, "nanosleep goes on after a stop");
	p = fork();
	if (!p)
		for (;;)
			pause();
	kill(p, SIGSTOP);
	waitpid(p, &status, WUNTRACED);
	kill(p, SIGKILL);
	ok(waitpid(p, &status, 0) == p && WTERMSIG(status) == SIGKILL,
	   "SIGKILL ends what is stopped");
}

/* ---- frames that lie ---- */

static uint64_t forged;
static unsigned int record_at; /* where in the records it is written */

static void on_forge_pstate(int signo, siginfo_t *info, void *context)
{
	(void)signo, (void)info;
	((ucontext_t *)context)->uc_mcontext.pstate = forged;
}

static void on_forge_record(int signo, siginfo_t *info, void *context)
{
	uint32_t w = (uint32_t)forged;

	(void)signo, (void)info;
	memcpy((char *)((ucontext_t *)context)->uc_mcontext.__reserved + record_at, &w, sizeof(w));
}

/* The wait status of a child that returns from a handler which forges. */
static int forge(info_handler fn, uint64_t value)
{
	int status = -1;
	pid_t p;

	forged = value;
	p = fork();
	if (!p) {
		signal(SIGSEGV, SIG_DFL);
		handle(SIGUSR1, fn, SA_SIGINFO);
		raise(SIGUSR1);
		_exit(0);
	}
	waitpid(p, &status, 0);
	return status;
}

static int sigreturn_at(uint64_t sp)
{
	int status = -1;
	pid_t p = fork();

	if (!p) {
		signal(SIGSEGV, SIG_DFL);
		__asm__ volatile("mov sp, %0\n\tmov x8, #139\n\tsvc #0" : : "r"(sp) : "x8");
		_exit(0);
	}
	waitpid(p, &status, 0);
	return status;
}

static void forgeries(void)
{
	static const uint64_t bad[] = { 0x4,   0x5,   0x8,  0x9,  0xc,	 0xd,  0x10,
					0x1d0, 0x3c0, 0x40, 0x80, 0x100, 0x200 };
	static const uint64_t harmless[] = {
		0,	  0xf0000000, 0x60000000,  0x100000,
		0x200000, 0x400000,   0xf00000000, 0x8000000000000000
	};
	static const uint32_t magics[] = { 0, 1, ESR_MAGIC_, 0x53564501, 0x45585401 };
	static const uint32_t sizes[] = { 0, 8, 16, 512, 520, 544, 4096, 0xfffffff0 };
	static const uint64_t places[] = {
		0, 8, 0x1000, 0xfffffffffff0, 0xffff000000000000, 0xffffffffffffff00
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(WTERMSIG(forge(on_forge_pstate, bad[i])) == SIGSEGV, "PSTATE %#lx is refused",
		   bad[i]);
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		ok(forge(on_forge_pstate, harmless[i]) == 0, "PSTATE %#lx has no effect",
		   harmless[i]);
	record_at = 0;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		ok(WTERMSIG(forge(on_forge_record, magics[i])) == SIGSEGV, "a record %#x",
		   magics[i]);
	record_at = 4;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		ok(WTERMSIG(forge(on_forge_record, sizes[i])) == SIGSEGV, "a record of %#x bytes",
		   sizes[i]);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		ok(WTERMSIG(sigreturn_at(places[i])) == SIGSEGV, "sigreturn with SP %#lx",
		   places[i]);
}

static int dies(void (*fn)(void))
{
	int status = -1;
	pid_t p;

	p = fork();
	if (!p) {
		signal(SIGSEGV, SIG_DFL);
		fn();
		_exit(0);
	}
	waitpid(p, &status, 0);
	return status;
}

static void no_room(void)
{
	stack_t st = { .ss_sp = (void *)0x1000, .ss_size = 65536 };

	sigaltstack(&st, NULL);
	handle(SIGUSR1, on_stack, SA_SIGINFO | SA_ONSTACK);
	raise(SIGUSR1);
}

static void overflow(void)
{
	stack_t st = { .ss_sp = other_stack, .ss_size = sizeof(other_stack) };
	volatile char *p = (volatile char *)&st;

	sigaltstack(&st, NULL);
	handle(SIGSEGV, on_fault, SA_SIGINFO | SA_ONSTACK);
	if (sigsetjmp(back, 1))
		_exit(seen.si_code == SEGV_MAPERR ? 42 : 1);
	for (;;) {
		p -= 4096;
		*p = 1;
	}
}

static void blocked_fault(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGSEGV);
	sigprocmask(SIG_BLOCK, &set, NULL);
	handle(SIGSEGV, on_fault, SA_SIGINFO);
	write_at(8);
}

static void ignored_fault(void)
{
	signal(SIGSEGV, SIG_IGN);
	write_at(8);
}

static void deaths(void)
{
	is(dies(no_room), SIGSEGV, "no room for a frame");
	is(WEXITSTATUS(dies(overflow)), 42, "a stack overflow, caught on the alternate stack");
	is(dies(abort), SIGABRT, "abort, and no core is dumped");
	is(dies(blocked_fault), SIGSEGV, "a blocked SIGSEGV ends the program");
	is(dies(ignored_fault), SIGSEGV, "an ignored one too");
}

static void on_fp(int signo, siginfo_t *info, void *context)
{
	(void)signo, (void)info, (void)context;
	__asm__ volatile("movi v17.16b, #0xff\n\tmovi v8.16b, #0xff" ::: "v17");
}

static void fp_state(void)
{
	uint64_t in = 0x123456789abcdef0, out17, out8;

	handle(SIGUSR1, on_fp, SA_SIGINFO);
	__asm__ volatile("	fmov	d17, %2\n"
			 "	fmov	d8, %2\n"
			 "	mov	x8, #172\n" /* getpid */
			 "	svc	#0\n"
			 "	mov	x1, #10\n"
			 "	mov	x8, #129\n" /* kill */
			 "	svc	#0\n"
			 "	fmov	%0, d17\n"
			 "	fmov	%1, d8\n"
			 : "=&r"(out17), "=&r"(out8)
			 : "r"(in)
			 : "x0", "x1", "x8", "v8", "v17", "memory");
	ok(out17 == in && out8 == in, "FP registers are as they were before the handler");
}

static void errors(void)
{
	siginfo_t fake = { .si_code = SI_USER };
	struct sigaction a;
	sigset_t set;

	sigemptyset(&set);
	is(libc_result(kill(999999, 0)), -ESRCH, "kill: no such process");
	is(libc_result(kill(getpid(), 65)), -EINVAL, "kill: signal 65");
	is(kill(getpid(), 0), 0, "kill: signal 0");
	is(libc_result(syscall(SYS_tgkill, getpid(), 999999, 0)), -ESRCH, "tgkill: no such thread");
	is(libc_result(syscall(SYS_tkill, -1, 0)), -EINVAL, "tkill: -1");
	is(syscall(SYS_rt_sigaction, SIGKILL, NULL, &a, 8), 0,
	   "sigaction: SIGKILL may be looked at");
	is(libc_result(syscall(SYS_rt_sigaction, SIGKILL, &a, NULL, 8)), -EINVAL,
	   "sigaction: but not set");
	is(libc_result(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4)), -EINVAL,
	   "sigaction: size of the mask");
	is(libc_result(syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8)), -EFAULT,
	   "sigaction: bad pointer");
	is(libc_result(syscall(SYS_rt_sigprocmask, 7, &set, NULL, 8)), -EINVAL, "sigprocmask: how");
	is(syscall(SYS_rt_sigprocmask, 7, NULL, &set, 8), 0, "sigprocmask: how is not looked at");
	is(libc_result(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &fake)), -EPERM,
	   "a siginfo that lies");
}

int main(void)
{
	faults();
	changed_context();
	sources();
	queues();
	nesting();
	stacks();
	interrupted();
	cpu_timers();
	stops();
	forgeries();
	deaths();
	fp_state();
	errors();
	return tap_done();
}
