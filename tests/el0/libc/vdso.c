/*
 * vdso.c - the vDSO as a program finds it: an ELF in memory, its four functions, and its frames for
 * unwinders.
 */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#ifdef __GLIBC__
#include <unwind.h>
#endif

#include "tests/el0/libc/calls.h"

typedef int clock_fn(clockid_t, struct timespec *);
typedef int day_fn(struct timeval *, struct timezone *);

static const char *image; /* AT_SYSINFO_EHDR */
static clock_fn *vdso_gettime, *vdso_getres;
static day_fn *vdso_gettimeofday;
static uintptr_t vdso_sigreturn;

/* ---- reading the ELF, as a C library does ---- */

struct dynamic {
	const char *strings;
	const Elf64_Sym *symbols;
	const Elf64_Versym *versions;
	const Elf64_Verdef *definitions;
	const Elf32_Word *hash;
};

static const Elf64_Phdr *find_header(uint32_t type)
{
	const Elf64_Ehdr *e = (const void *)image;
	const Elf64_Phdr *p = (const void *)(image + e->e_phoff);

	for (int i = 0; i < e->e_phnum; i++)
		if (p[i].p_type == type)
			return &p[i];
	return NULL;
}

static void read_dynamic(struct dynamic *d)
{
	const Elf64_Phdr *p = find_header(PT_DYNAMIC);
	const Elf64_Dyn *dyn = (const void *)(image + p->p_vaddr);

	for (; dyn->d_tag != DT_NULL; dyn++) {
		const void *at = image + dyn->d_un.d_ptr;

		switch (dyn->d_tag) {
		case DT_STRTAB: d->strings = at; break;
		case DT_SYMTAB: d->symbols = at; break;
		case DT_VERSYM: d->versions = at; break;
		case DT_VERDEF: d->definitions = at; break;
		case DT_HASH: d->hash = at; break;
		default: break;
		}
	}
}

static const char *version_name(const struct dynamic *d, unsigned int index)
{
	const Elf64_Verdef *v = d->definitions;

	for (;; v = (const void *)((const char *)v + v->vd_next)) {
		const Elf64_Verdaux *aux = (const void *)((const char *)v + v->vd_aux);

		if ((v->vd_ndx & 0x7fff) == (index & 0x7fff))
			return d->strings + aux->vda_name;
		if (!v->vd_next)
			return "?";
	}
}

static uintptr_t find_symbol(const struct dynamic *d, const char *name)
{
	for (unsigned int i = 1; d->hash && i < d->hash[1]; i++) {
		const Elf64_Sym *s = &d->symbols[i];

		if (strcmp(d->strings + s->st_name, name) != 0 || s->st_shndx == SHN_UNDEF)
			continue;
		expect(strcmp(version_name(d, d->versions[i]), "LINUX_2.6.39") == 0,
		       "%s is of version %s", name, version_name(d, d->versions[i]));
		return (uintptr_t)image + s->st_value;
	}
	return 0;
}

static void parse(void)
{
	struct dynamic d = { NULL, NULL, NULL, NULL, NULL };
	const Elf64_Phdr *load;

	begin("vDSO: an ELF with four functions of version LINUX_2.6.39");
	image = (const char *)getauxval(AT_SYSINFO_EHDR);
	if (expect(image && memcmp(image, ELFMAG, SELFMAG) == 0, "AT_SYSINFO_EHDR")) {
		load = find_header(PT_LOAD);
		expect(load->p_vaddr == 0 && load->p_flags == (PF_R | PF_X), "one segment, r-x");
		read_dynamic(&d);
		vdso_gettime = (clock_fn *)find_symbol(&d, "__kernel_clock_gettime");
		vdso_getres = (clock_fn *)find_symbol(&d, "__kernel_clock_getres");
		vdso_gettimeofday = (day_fn *)find_symbol(&d, "__kernel_gettimeofday");
		vdso_sigreturn = find_symbol(&d, "__kernel_rt_sigreturn");
	}
	expect(vdso_gettime && vdso_getres && vdso_gettimeofday && vdso_sigreturn, "all four");
	end();
}

/* ---- the time ---- */

static int64_t ns(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

static void clocks(void)
{
	static const clockid_t fine[] = {
		CLOCK_REALTIME,		CLOCK_MONOTONIC, CLOCK_BOOTTIME,
		CLOCK_MONOTONIC_RAW,	CLOCK_TAI,	 CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_THREAD_CPUTIME_ID
	};
	struct timespec a, b, c;

	begin("clock_gettime: the vDSO's answers lie between the kernel's");
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		for (int n = 0; n < 500; n++) {
			check(sys(clock_gettime, fine[i], &a), 0, "clock %d", fine[i]);
			check(vdso_gettime(fine[i], &b), 0, "clock %d, vDSO", fine[i]);
			check(sys(clock_gettime, fine[i], &c), 0, "clock %d", fine[i]);
			expect(ns(&a) <= ns(&b) && ns(&b) <= ns(&c), "clock %d: %ld, %ld, %ld",
			       fine[i], (long)ns(&a), (long)ns(&b), (long)ns(&c));
			expect(b.tv_nsec >= 0 && b.tv_nsec < 1000000000, "clock %d: tv_nsec %ld",
			       fine[i], (long)b.tv_nsec);
		}
	check(vdso_gettime(CLOCK_REALTIME_COARSE, &a), 0, "CLOCK_REALTIME_COARSE");
	check(vdso_gettime(CLOCK_REALTIME, &b), 0, "CLOCK_REALTIME");
	expect(ns(&a) <= ns(&b), "coarse is not ahead: %ld, %ld", (long)ns(&a), (long)ns(&b));
	check(vdso_gettime(CLOCK_MONOTONIC_COARSE, &a), 0, "CLOCK_MONOTONIC_COARSE");
	check(vdso_gettime(CLOCK_MONOTONIC, &b), 0, "CLOCK_MONOTONIC");
	expect(ns(&a) <= ns(&b), "coarse is not ahead: %ld, %ld", (long)ns(&a), (long)ns(&b));
	check(vdso_gettime(99, &a), -EINVAL, "clock 99");
	check(vdso_gettime(12, &a), -EINVAL, "clock 12");
	check(vdso_gettime(32, &a), -EINVAL, "clock 32");
	check(vdso_gettime(CLOCK_PROCESS_CPUTIME_ID, NULL), -EFAULT, "NULL, by the kernel");
	end();
}

static void resolutions(void)
{
	struct timespec a, b;

	begin("clock_getres: the vDSO says what the kernel says");
	for (int id = -1; id < 34; id++) {
		long kernel = sys(clock_getres, id, &a), vdso = vdso_getres(id, &b);

		check(vdso, kernel, "clock %d", id);
		if (kernel == 0 && vdso == 0)
			check(ns(&b), ns(&a), "clock %d: the resolution", id);
	}
	check(vdso_getres(CLOCK_MONOTONIC, NULL), 0, "without a place for it");
	end();
}

static void time_of_day(void)
{
	struct timeval a, b, c;
	struct timezone za = { 1, 1 }, zb = { 2, 2 };

	begin("gettimeofday: the vDSO's answers lie between the kernel's");
	for (int n = 0; n < 500; n++) {
		check(sys(gettimeofday, &a, &za), 0, "the kernel's");
		check(vdso_gettimeofday(&b, &zb), 0, "the vDSO's");
		check(sys(gettimeofday, &c, NULL), 0, "the kernel's");
		expect(!timercmp(&a, &b, >) && !timercmp(&b, &c, >), "in order");
		expect(za.tz_minuteswest == zb.tz_minuteswest && za.tz_dsttime == zb.tz_dsttime,
		       "one zone");
	}
	check(vdso_gettimeofday(NULL, NULL), 0, "without buffers");
	end();
}

/* ---- its pages ---- */

static sigjmp_buf back;

static void jump_back(int sig)
{
	siglongjmp(back, sig);
}

/* Writing to @at raises SIGSEGV. */
static bool write_faults(volatile char *at)
{
	if (sigsetjmp(back, 1))
		return true;
	*at = 0;
	return false;
}

/* The bytes of the code's mapping: Linux does not let it be parted. */
static size_t code_size(void)
{
	size_t page = sysconf(_SC_PAGESIZE), size = page;
	int all = PROT_READ | PROT_WRITE | PROT_EXEC;

	while (size < 16 * page && sys(mprotect, image, size, all) == -EINVAL)
		size += page;
	sys(mprotect, image, size, PROT_READ | PROT_EXEC);
	return size;
}

/* Neither the code nor the figures below it can be changed. */
static void protection(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *figures = (char *)image - page;
	size_t size = code_size();

	begin("pages: the vDSO's cannot be written");
	signal(SIGSEGV, jump_back);
	signal(SIGBUS, jump_back);
	expect(write_faults((char *)image), "a write to the code faults");
	expect(write_faults(figures), "a write to the figures faults");
	check(sys(mprotect, figures, page, PROT_READ | PROT_WRITE), -EACCES, "writable figures");
	check(sys(mprotect, figures, page, PROT_READ | PROT_EXEC), -EACCES, "executable figures");
	/* A debugger may change the code: that is a copy of the program's own. */
	check(sys(mprotect, image, size, PROT_READ | PROT_WRITE | PROT_EXEC), 0, "writable code");
	expect(!write_faults((char *)image + 7), "which is a copy"); /* e_ident's padding */
	check(sys(mprotect, image, size, PROT_READ | PROT_EXEC), 0, "and back");
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	end();
}

/* Without it a program does as well as it can. */
static void unmapped(void)
{
	struct timespec t;

	check(sys(munmap, image, code_size()), 0, "munmap of the code");
	check(sys(clock_gettime, CLOCK_MONOTONIC, &t), 0, "the kernel's clock");
}

static void without(void)
{
	begin("a program may let go of its vDSO");
	check_child(unmapped, 0, "without");
	end();
}

/* ---- frames ---- */

static void *return_to;

static void handler(int sig, siginfo_t *info, void *uc)
{
	return_to = __builtin_return_address(0);
	(void)sig;
	(void)info;
	(void)uc;
}

/* What the kernel takes: libc's own has a sa_restorer, or not, as the libc likes. */
struct kernel_action {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
	void *restorer;
	unsigned long mask;
};

static void trampoline(void)
{
	struct kernel_action a = { handler, SA_SIGINFO, NULL, 0 }, old;
	const uint32_t *code = (const void *)vdso_sigreturn;
	long tid = sys(gettid);

	begin("rt_sigaction, rt_sigreturn: a handler without SA_RESTORER returns to the vDSO");
	check(sys(rt_sigaction, SIGUSR1, &a, &old, 8), 0, "rt_sigaction");
	check(sys(tgkill, getpid(), tid, SIGUSR1), 0, "tgkill");
	expect((uintptr_t)return_to == vdso_sigreturn, "to %p, not %#lx", return_to,
	       (unsigned long)vdso_sigreturn);
	expect(code[0] == 0xd2801168 && code[1] == 0xd4000001, "the two instructions");
	check(sys(rt_sigaction, SIGUSR1, &old, NULL, 8), 0, "rt_sigaction");
	end();
}

#ifdef __GLIBC__
#define FRAMES_MAX 32

static struct {
	uintptr_t ip;
	int exact; /* the interrupted instruction itself, not one behind a call */
} frames[FRAMES_MAX];
static int nr_frames;

static _Unwind_Reason_Code note_frame(struct _Unwind_Context *c, void *arg)
{
	(void)arg;
	if (nr_frames == FRAMES_MAX)
		return _URC_NORMAL_STOP;
	frames[nr_frames].ip = _Unwind_GetIPInfo(c, &frames[nr_frames].exact);
	nr_frames++;
	return _URC_NO_REASON;
}

static void backtracing(int sig, siginfo_t *info, void *uc)
{
	nr_frames = 0;
	_Unwind_Backtrace(note_frame, NULL);
	/* past the instruction that faulted */
	((ucontext_t *)uc)->uc_mcontext.pc += 4;
	(void)sig;
	(void)info;
}

extern char faulting[] __attribute__((visibility("hidden")));

/* A leaf: its x30 is not where it was interrupted, and it has pushed nothing. */
__attribute__((noinline)) static void leaf(void)
{
	__asm__ volatile(".globl faulting\nfaulting: .inst 0x00000000");
}

__attribute__((noinline)) static int caller(void)
{
	leaf();
	return nr_frames; /* so that it is no tail call */
}

static bool seen(uintptr_t from, size_t size)
{
	for (int i = 0; i < nr_frames; i++)
		if (frames[i].ip >= from && frames[i].ip < from + size)
			return true;
	return false;
}

static void backtrace(void)
{
	struct kernel_action a = { backtracing, SA_SIGINFO, NULL, 0 }, old;
	bool exact = false;

	begin("rt_sigreturn: a backtrace goes through the signal's frame");
	check(sys(rt_sigaction, SIGILL, &a, &old, 8), 0, "rt_sigaction");
	caller();
	check(sys(rt_sigaction, SIGILL, &old, NULL, 8), 0, "rt_sigaction");
	expect(seen(vdso_sigreturn, 1), "the trampoline is a frame");
	for (int i = 0; i < nr_frames; i++)
		exact |= frames[i].ip == (uintptr_t)faulting && frames[i].exact;
	expect(exact, "the instruction that was interrupted");
	expect(seen((uintptr_t)caller, 64), "its caller");
	expect(seen((uintptr_t)backtrace, 4096), "and the caller's caller");
	end();
}
#else
/* musl has no unwinder of its own: there is nothing to try. */
static void backtrace(void)
{
}
#endif

int main(void)
{
	parse();
	if (!vdso_gettime || !vdso_getres || !vdso_gettimeofday)
		return tap_done();
	clocks();
	resolutions();
	time_of_day();
	protection();
	trampoline();
	backtrace();
	without();
	return tap_done();
}
