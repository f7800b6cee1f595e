/*
 * call_numbers.c - every system call number: what abi/syscall.def does not have answers -ENOSYS and
 * changes nothing.
 *
 * Run on Linux, which serves more numbers, the sweep leaves out what Linux serves (below 463 that
 * is nearly all).
 */
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

static const bool served[NR_SYSCALLS] = {
#define SYSCALL(nr, name, ...) [nr] = true,
#include "abi/syscall.def"
#undef SYSCALL
};

static bool on_newel(void)
{
	struct new_utsname u;

	return svc_uname(&u) == 0 && strstr(u.release, "newel");
}

static void sweep(long from, long to)
{
	begin("numbers %ld to %ld that are not served: ENOSYS", from, to);
	for (long nr = from; nr <= to; nr++) {
		if (nr >= 0 && nr < NR_SYSCALLS && served[nr])
			continue;
		check(svc_call(nr, 0, 0, 0, 0, 0, 0), -ENOSYS, "call %ld", nr);
		check(svc_call(nr, -1UL, -1UL, -1UL, -1UL, -1UL, -1UL), -ENOSYS, "call %ld", nr);
	}
	end();
}

static void random_numbers(void)
{
	uint64_t v = 42;

	begin("10000 random 32-bit numbers: ENOSYS");
	for (int i = 0; i < 10000; i++) {
		v = v * 6364136223846793005UL + 1442695040888963407UL;
		if ((uint32_t)(v >> 32) >= 1024)
			check(svc_call((long)(v >> 32), v, v, v, v, v, v), -ENOSYS, "call %#lx",
			      v >> 32);
	}
	end();
}

/* As Linux: the number is w8.  Arguments that are ints are w0… too. */
static void high_halves(void)
{
	long high = 0x5a5a5a5aL << 32;
	static const char dev_null[] = "/dev/null";
	int fd = (int)svc_openat(-100, dev_null, 1, 0);

	begin("high halves of the number and of int arguments are ignored");
	check(svc_call(high | NR_getpid, 0, 0, 0, 0, 0, 0), svc_getpid(), "getpid");
	check(svc_call(high | 0xffffffff, 0, 0, 0, 0, 0, 0), -ENOSYS, "call -1");
	check(svc_call(NR_write, (uint64_t)(high | fd), (uint64_t)dev_null, 4, 0, 0, 0), 4,
	      "write's descriptor");
	check(svc_call(NR_getpgid, (uint64_t)high, 0, 0, 0, 0, 0), svc_getpgid(0), "getpgid's pid");
	check(svc_call(NR_umask, (uint64_t)(high | 022), 0, 0, 0, 0, 0) & ~0777L, 0,
	      "umask's mask");
	check(svc_call(NR_close, (uint64_t)(high | fd), 0, 0, 0, 0, 0), 0, "close");
	end();
}

int main(void)
{
	sweep(-1, -1);
	sweep(on_newel() ? 0 : 500, 1024);
	random_numbers();
	high_halves();
	return tap_done();
}
