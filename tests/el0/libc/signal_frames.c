/*
 * signal_frames.c - what a program is told of a signal frame that cannot be made, or cannot have
 * been made by the kernel.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "tests/el0/libc/calls.h"

#define PAGE 4096

/* What the SIGSEGV said, of a child. */
struct told {
	int code;
	uint64_t addr;
};

static struct told *told;
static void *hole; /* pages that are not there, somewhere between others */
static int which;

static void segv(int signo, siginfo_t *info, void *uc)
{
	(void)signo;
	(void)uc;
	told->code = info->si_code;
	told->addr = (uint64_t)info->si_addr;
	_exit(0);
}

/* rt_sigreturn(2) with this stack pointer. */
static void return_at(uint64_t sp)
{
	__asm__ volatile("mov sp, %0\n\tmov x8, #139\n\tsvc #0" : : "r"(sp) : "x8", "memory");
}

/* The record behind the one at @r. */
static struct _aarch64_ctx *next(struct _aarch64_ctx *r)
{
	return (void *)((char *)r + r->size);
}

enum { PSTATE_EL1, PSTATE_32, MAGIC, SIZE, NO_FP, TWO_FP, ENDLESS, STACK_GONE, FORMS };

/* Breaks the frame that it returns by. */
static void breaks(int signo, siginfo_t *info, void *p)
{
	mcontext_t *m = &((ucontext_t *)p)->uc_mcontext;
	struct _aarch64_ctx *first = (void *)m->__reserved;

	(void)signo;
	(void)info;
	switch (which) {
	case PSTATE_EL1: m->pstate |= 5; break;
	case PSTATE_32: m->pstate |= 0x10; break;
	case MAGIC: first->magic = 0x12345678; break;
	case SIZE: first->size = 8; break;
	case NO_FP:
		first->magic = 0;
		first->size = 0;
		break;
	case TWO_FP:
		memcpy(next(first), first, first->size);
		memset(next(next(first)), 0, 16);
		break;
	case ENDLESS: first->size = 0; break;
	case STACK_GONE:
		m->sp = 16;
		m->pstate |= 5;
		break;
	}
}

static void on(int signo, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction a = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	sigaction(signo, &a, NULL);
}

static void give_altstack(void *at)
{
	stack_t s = { .ss_sp = at, .ss_size = 16 * PAGE };

	sigaltstack(&s, NULL);
}

static void *pages(size_t n, int prot)
{
	return mmap(NULL, n * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static struct told child(void (*f)(uint64_t), uint64_t arg)
{
	int status = -1;
	pid_t pid;

	*told = (struct told){ -99, 0 };
	pid = fork();
	if (!pid) {
		give_altstack(pages(16, PROT_READ | PROT_WRITE));
		on(SIGSEGV, segv, SA_ONSTACK);
		f(arg);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	check(status, 0, "the handler ran");
	return *told;
}

static void break_frame(uint64_t form)
{
	which = (int)form;
	on(SIGUSR1, breaks, 0);
	raise(SIGUSR1);
}

static void broken(void)
{
	begin("rt_sigreturn: a frame that the kernel did not make");
	for (int form = 0; form < FORMS; form++) {
		struct told t = child(break_frame, (uint64_t)form);

		check(t.code, SEGV_ACCERR, "form %d", form);
		expect(form == STACK_GONE ? t.addr == 16 : t.addr != 0, "form %d: address %lx",
		       form, (long)t.addr);
	}
	end();
}

/*
 * @addr: what the SIGSEGV says; 0 where the frame could not be read, and so the stack pointer in it
 * neither.
 */
static void at_address(uint64_t sp, uint64_t addr, int code, const char *what)
{
	struct told t = child(return_at, sp);

	check(t.code, code, "%s", what);
	expect(t.addr == addr, "%s: address %lx", what, (long)t.addr);
}

static void elsewhere(void)
{
	uint64_t kernel = UINT64_C(0xffff800000000000);
	char *none = pages(4, PROT_NONE), *there = pages(4, PROT_READ | PROT_WRITE);

	begin("rt_sigreturn: no frame at all");
	at_address(0, 0, SEGV_ACCERR, "0");
	at_address(16, 0, SEGV_ACCERR, "16");
	at_address((uint64_t)none, 0, SEGV_ACCERR, "PROT_NONE");
	at_address((uint64_t)hole, 0, SEGV_ACCERR, "a hole");
	at_address((uint64_t)there + 8, (uint64_t)there + 8, SEGV_ACCERR, "not aligned");
	at_address((uint64_t)there, 0, SEGV_ACCERR, "zeroes");
	at_address(UINT64_C(0xffffffffd000), 0, SEGV_ACCERR, "above all that is mapped");
	at_address(UINT64_C(0xfffffffffff8), UINT64_C(0xfffffffffff8), SEGV_MAPERR,
		   "neither, and not aligned");
	at_address(kernel, kernel, SEGV_MAPERR, "the kernel's");
	end();
}

static void no_room(uint64_t arg)
{
	on(SIGSEGV, segv, 0);
	on(SIGUSR1, breaks, SA_ONSTACK);
	give_altstack((void *)arg);
	raise(SIGUSR1);
}

static void no_stack(void)
{
	struct told t;

	begin("rt_sigaction, sigaltstack: no stack for the frame");
	t = child(no_room, (uint64_t)pages(16, PROT_NONE));
	check(t.code, SI_KERNEL, "the kernel says no more");
	check(t.addr, 0, "nor where");
	t = child(no_room, (uint64_t)hole);
	check(t.code, SI_KERNEL, "nothing mapped");
	end();
}

/* The SIGSEGV's own frame has no place either: it ends the program, handler or not. */
static void last(void)
{
	int status = 0;
	pid_t pid;

	begin("rt_sigaction, sigaltstack: no stack for SIGSEGV itself");
	pid = fork();
	if (!pid) {
		on(SIGSEGV, segv, SA_ONSTACK);
		give_altstack(pages(16, PROT_NONE));
		raise(SIGSEGV);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %x", status);
	end();
}

int main(void)
{
	told = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	hole = (void *)UINT64_C(0x100000000000);
	broken();
	elsewhere();
	no_stack();
	last();
	return tap_done();
}
