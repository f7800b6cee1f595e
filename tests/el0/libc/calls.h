/*
 * calls.h - the system calls themselves, for programs on the GNU C library or musl; and what many
 * of these programs do with them.
 *
 * 	check(sys(dup3, 0, 0, 0), -EINVAL, "dup3 to itself");
 *
 * It includes what nearly every program needs of the C library.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/el0/tap.h"

/* Younger than the C library's headers may be. */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define NOBODY		(1 << 22) /* no pid reaches it */

#define MAY_BE_UNUSED	static __attribute__((unused))

/*
 * sys(name, ...) - the system call itself, as no C library changes or checks it: its result, or
 * -errno.  Arguments are cast to long, so a pointer is as good as a number.  sys_number() - the
 * same, by number: SYS_name.
 */
#define sys(name, ...)	sys_number(SYS_##name, ##__VA_ARGS__)
#define sys_number(...) sys_six_(__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define sys_six_(n, a, b, c, d, e, f, ...) \
	raw_call((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

MAY_BE_UNUSED long raw_call(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

/*
 * read_text - the file @name, terminated, in @buf, as much as @size bytes hold; its length or
 * -errno.  write_text - @what into it, by one write, as a shell does; what that gave, or -errno.
 */
MAY_BE_UNUSED long read_text(const char *name, char *buf, size_t size)
{
	long fd = sys(openat, AT_FDCWD, name, O_RDONLY), n, done = 0;

	buf[0] = '\0';
	if (fd < 0)
		return fd;
	while ((n = sys(read, fd, buf + done, size - 1 - (size_t)done)) > 0)
		done += n;
	buf[done] = '\0';
	close((int)fd);
	return n < 0 ? n : done;
}

MAY_BE_UNUSED long write_text(const char *name, const char *what)
{
	long fd = sys(openat, AT_FDCWD, name, O_WRONLY | O_TRUNC), n;

	if (fd < 0)
		return fd;
	n = sys(write, fd, what, strlen(what));
	close((int)fd);
	return n;
}

/*
 * libc_result - of a function of the C library, as sys() gives it: @result, or -errno if it is -1.
 */
MAY_BE_UNUSED long libc_result(long result)
{
	return result == -1 ? -errno : result;
}

/* sleeper - a child that waits for signals.  bury - it is killed, and waited for. */
MAY_BE_UNUSED pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

MAY_BE_UNUSED void bury(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/*
 * mount_proc - /proc is there from now on, for whoever comes after too: an earlier program may have
 * mounted it.
 */
MAY_BE_UNUSED void mount_proc(void)
{
	syscall(SYS_mkdirat, 0, "/proc", 0755);
	if (syscall(SYS_mount, "proc", "/proc", "proc", 0, NULL) && errno != EBUSY)
		_exit(bail_out("/proc cannot be mounted"));
}
