/*
 * registers.c - what must survive in registers: across system calls, preemption, sleep, faults,
 * fork and other tasks' use.
 */
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "abi/sched.h"
#include "abi/signal.h"
#include "el0/lib/process.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

struct regs {
	uint64_t x[31], nzcv, fpcr, fpsr, v[64];
};

void regs_svc(const struct regs *in, struct regs *out);
uint64_t regs_spin(const struct regs *in, struct regs *out, uint64_t loops);

static uint64_t seed = 1;

static uint64_t random64(void)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return seed ^ seed >> 29;
}

static void fill(struct regs *r)
{
	for (int i = 0; i < 31; i++)
		r->x[i] = random64();
	for (int i = 0; i < 64; i++)
		r->v[i] = random64();
	r->nzcv = random64() & 0xf0000000;
	r->fpcr = random64() & 0x07c00000; /* AHP, DN, FZ, RMode: the writable ones of every core */
	r->fpsr = random64() & 0x0800009f;
}

static void compare_fp(const struct regs *in, const struct regs *out, const char *when)
{
	for (int i = 0; i < 64; i++)
		check((long)out->v[i], (long)in->v[i], "v%d %s after %s", i / 2,
		      i % 2 ? "high" : "low", when);
	check((long)out->fpcr, (long)in->fpcr, "fpcr after %s", when);
	check((long)out->fpsr, (long)in->fpsr, "fpsr after %s", when);
	check((long)out->nzcv, (long)in->nzcv, "nzcv after %s", when);
}

static void svc(const char *name, long nr, uint64_t a, uint64_t b, uint64_t c, long want)
{
	struct regs in, out;

	fill(&in);
	in.x[8] = (uint64_t)nr;
	in.x[0] = a;
	in.x[1] = b;
	in.x[2] = c;
	regs_svc(&in, &out);
	check((long)out.x[0], want, "%s", name);
	for (int i = 1; i < 31; i++)
		check((long)out.x[i], (long)in.x[i], "x%d after %s", i, name);
	compare_fp(&in, &out, name);
}

static void across_svc(void)
{
	static const struct timespec ms = { 0, 1000000 };
	static char buf[64];

	begin("every register but x0 survives a system call");
	svc("getpid", NR_getpid, random64(), random64(), random64(), svc_getpid());
	svc("an unknown call", 1000, random64(), random64(), random64(), -ENOSYS);
	svc("call -1", -1, random64(), random64(), random64(), -ENOSYS);
	svc("a failing write", NR_write, 1, 8, 8, -EFAULT);
	svc("close", NR_close, 12345, 0, 0, -EBADF);
	svc("uname", NR_uname, 8, 0, 0, -EFAULT);
	svc("sched_yield", NR_sched_yield, 0, 0, 0, 0);
	svc("nanosleep", NR_nanosleep, (uint64_t)&ms, 0, 0, 0);
	svc("getcwd", NR_getcwd, (uint64_t)buf, sizeof(buf), 0, 5); /* /tmp */
	end();
}

static void across_preemption(void)
{
	struct regs in, out;
	int pids[3], status;

	begin("FP registers and flags survive preemption by others that use them");
	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		seed += 1000 * (uint64_t)(i + 1);
		for (int round = 0; round < 40; round++) {
			fill(&in);
			regs_spin(&in, &out, 1000000);
			compare_fp(&in, &out, "spinning");
		}
		exit(tap_failures() != 0);
	}
	for (int i = 0; i < 3; i++)
		check(waitpid(pids[i], &status, 0) == pids[i] ? status : -1, 0, "child %d", i);
	end();
}

static void across_fork(void)
{
	struct regs in, out;
	int status;

	begin("a forked child has its parent's registers");
	fill(&in);
	in.x[8] = NR_clone;
	in.x[0] = SIGCHLD;
	in.x[1] = in.x[2] = in.x[3] = in.x[4] = 0;
	regs_svc(&in, &out);
	for (int i = 1; i < 31; i++)
		check((long)out.x[i], (long)in.x[i], "x%d after fork", i);
	compare_fp(&in, &out, "fork");
	if (out.x[0] == 0)
		exit(tap_failures() != 0);
	check(waitpid((int)out.x[0], &status, 0) > 0 ? status : -1, 0, "the child");
	end();
}

/* The demand-paged access and the copy-on-write one both go through the kernel and come back. */
static void across_faults(void)
{
	struct regs in, out;
	long p = svc_mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	begin("registers survive page faults");
	fill(&in);
	in.x[0] = (uint64_t)p;
	for (int i = 0; i < 256; i += 2) {
		/* The result goes to a page not yet touched, in the middle of STOREs. */
		struct regs *far_out = (struct regs *)(p + i * 4096 + 4096 - 128);

		regs_spin(&in, far_out, 10);
		memcpy(&out, far_out, sizeof(out));
		compare_fp(&in, &out, "a fault");
	}
	end();
	svc_munmap((uintptr_t)p, 1 << 20);
}

static void tls(void)
{
	uint64_t got;
	int pid, status;

	begin("TPIDR_EL0 is each task's own");
	__asm__ volatile("msr tpidr_el0, %0" : : "r"(0x1234567812345678UL));
	pid = fork();
	if (pid == 0) {
		__asm__ volatile("mrs %0, tpidr_el0" : "=r"(got));
		check((long)got, 0x1234567812345678, "inherited");
		__asm__ volatile("msr tpidr_el0, %0" : : "r"(42UL));
		for (int i = 0; i < 100; i++) {
			svc_sched_yield();
			__asm__ volatile("mrs %0, tpidr_el0" : "=r"(got));
			check((long)got, 42, "the child's");
		}
		exit(tap_failures() != 0);
	}
	for (int i = 0; i < 100; i++) {
		svc_sched_yield();
		__asm__ volatile("mrs %0, tpidr_el0" : "=r"(got));
		check((long)got, 0x1234567812345678, "the parent's");
	}
	check(waitpid(pid, &status, 0) == pid ? status : -1, 0, "the child");
	__asm__ volatile("msr tpidr_el0, xzr");
	end();
}

int main(void)
{
	across_svc();
	across_preemption();
	across_fork();
	across_faults();
	tls();
	return tap_done();
}
