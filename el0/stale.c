/*
 * stale.c - stale [ROUNDS]: does a core run code that is no longer there?
 *
 * Each round writes one instruction into a file by pwrite(2), in place of the one before, maps the
 * file anew, calls it, and unmaps it.  The kernel stored into a page that has been executed, so it
 * must make the instruction cache see that (docs/hardware-rules.md); QEMU has no such cache and
 * always passes, a board that prints anything but 0 has shown a fault of the kernel.
 */
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/syscall.h"

#define ROUNDS	    1000
#define VALUES	    1000 /* below 65536: MOVZ takes 16 bits */
#define MOVZ_W0(n)  (0x52800000u | (uint32_t)(n) << 5)
#define RET	    0xd65f03c0u
#define CODE	    "/tmp/stale"
#define MAPPED	    4096
#define HOW_TO_CALL "usage: stale [ROUNDS]\n"

/* What the code in @fd returns, or -errno; it is mapped for this one call. */
static long run_code(int fd)
{
	long at = svc_mmap(0, MAPPED, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0), value;

	if (at < 0)
		return at;
	value = ((int (*)(void))at)();
	(void)svc_munmap((uintptr_t)at, MAPPED);
	return value;
}

/* One round: 0, 1 if the core ran older code, or -errno. */
static long try_once(int fd, uint32_t value)
{
	const uint32_t code[] = { MOVZ_W0(value), RET };
	long n = svc_pwrite64(fd, code, sizeof(code), 0);

	if (n < 0)
		return n;
	n = run_code(fd);
	return n < 0 ? n : n != (long)value;
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS, stale = 0, n = 0;
	int fd;

	if (argc > 2 || rounds <= 0) {
		dprintf(2, HOW_TO_CALL);
		return 2;
	}
	fd = open(CODE, O_RDWR | O_CREAT | O_TRUNC, 0700);
	if (fd < 0)
		n = fd;
	for (long i = 0; i < rounds && n >= 0; i++) {
		n = try_once(fd, (uint32_t)(i % VALUES));
		stale += n > 0;
	}
	(void)svc_unlinkat(AT_FDCWD, CODE, 0);
	if (n < 0) {
		dprintf(2, "stale: error %ld\n", -n);
		return 2;
	}
	printf("%ld of %ld rounds ran older code\n", stale, rounds);
	return stale != 0;
}
