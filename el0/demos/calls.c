/*
 * calls.c - system calls with arguments that a program has no right to: -errno, and nothing else
 * happens.
 */
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "abi/signal.h"
#include "el0/demos/demos.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

static const uintptr_t bad[] = {
	0,		    /* null */
	0x1000,		    /* not mapped */
	0x0000fffffffffff8, /* the last word of the lower half */
	0x0001000000000000, /* the first byte that no table reaches */
	KERNEL_ADDRESS,
	0xffffffff80000000, /* where kernels like to live */
	0xfffffffffffffff8, /* wraps around */
};

static void expect(const char *call, uintptr_t p, long got, long want)
{
	demo_detail("%s at %#lx: %s", call, p, strerror(got));
	if (got != want)
		demo_fails("another answer was due");
}

static void bad_pointers(void)
{
	int fds[2], zero = (int)svc_openat(AT_FDCWD, "/dev/zero", O_RDONLY, 0);

	if (zero < 0 || svc_pipe2(fds, 0) < 0)
		demo_fails("no /dev/zero or no pipe");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		expect("write", bad[i], svc_write(fds[1], (void *)bad[i], 16), -EFAULT);
		expect("read", bad[i], svc_read(zero, (void *)bad[i], 16), -EFAULT);
		expect("openat", bad[i], svc_openat(AT_FDCWD, (char *)bad[i], O_RDONLY, 0),
		       -EFAULT);
		expect("uname", bad[i], svc_uname((void *)bad[i]), -EFAULT);
	}
	demo_passes();
}

const struct demo demo_bad_pointers = { "bad_pointers",
					"gives bad pointers to write, read, openat and uname", 0, 0,
					bad_pointers };

static void bad_numbers(void)
{
	static const long numbers[] = { -1, 1024, 0x7fffffff, INT64_MAX };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		long got = svc_call(numbers[i], 0, 0, 0, 0, 0, 0);

		demo_detail("system call %ld: %s", numbers[i], strerror(got));
		if (got != -ENOSYS)
			demo_fails("ENOSYS was due");
	}
	demo_passes();
}

const struct demo demo_bad_numbers = { "bad_numbers", "asks for system calls that do not exist", 0,
				       0, bad_numbers };

/*
 * A signal frame says what registers to go on with, PSTATE too.  This one says EL1h with interrupts
 * masked: a kernel that copied it would make this program a part of itself.
 */
static void forged_sigreturn(void)
{
	static struct rt_sigframe frame __attribute__((aligned(16)));

	frame.uc.uc_mcontext.pc = (uintptr_t)demo_passes;
	frame.uc.uc_mcontext.sp = (uintptr_t)__builtin_frame_address(0);
	frame.uc.uc_mcontext.pstate = 0x3c5; /* EL1h, DAIF */
	__asm__ volatile("mov sp, %0\n\tmov x8, %1\n\tsvc #0"
			 :
			 : "r"(&frame), "i"(NR_rt_sigreturn)
			 : "x0", "x8", "memory");
}

const struct demo demo_forged_sigreturn = { "forged_sigreturn", "returns from a signal into EL1",
					    SIGSEGV, 0, forged_sigreturn };
