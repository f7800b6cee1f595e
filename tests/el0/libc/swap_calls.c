/*
 * swap_calls.c - what swapon(2) and swapoff(2) refuse.  That pages go out and come back is
 * tests/boot/test_disk_swap.py's, which has disks.
 */
#define _GNU_SOURCE
#include "tests/el0/libc/calls.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_NAME "/tmp/no-swap"

static char long_name[PATH_MAX + 2];

/* The same of both calls: @nr with these names. */
static void names(long nr)
{
	check(sys_number(nr, NULL, 0), -EFAULT, "no name");
	check(sys_number(nr, 1L, 0), -EFAULT, "a name at an address that is none");
	check(sys_number(nr, -4096L, 0), -EFAULT, "a name in the kernel");
	check(sys_number(nr, -1L, 0), -EFAULT, "a name that wraps");
	check(sys_number(nr, "", 0), -ENOENT, "an empty name");
	check(sys_number(nr, long_name, 0), -ENAMETOOLONG, "a name that is too long");
	check(sys_number(nr, "/tmp/none", 0), -ENOENT, "what is not there");
	check(sys_number(nr, "/tmp", 0), -EISDIR, "a directory");
	check(sys_number(nr, FILE_NAME "/x", 0), -ENOTDIR, "below a file");
	check(sys_number(nr, FILE_NAME, 0), -EINVAL, "a file that is none");
	check(sys_number(nr, "/dev/null", 0), -EINVAL, "a character device");
}

/* By one who may not: nothing is told, not even whether the name is there. */
static void rights(long nr)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		bool same = !setuid(65534) && sys_number(nr, FILE_NAME, 0) == -EPERM &&
			    sys_number(nr, "/tmp/none", 0) == -EPERM &&
			    sys_number(nr, NULL, 0) == -EPERM;

		_exit(same ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	check(status, 0, "without CAP_SYS_ADMIN: EPERM before all else");
}

int main(void)
{
	int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);

	memset(long_name, 'x', sizeof(long_name) - 1);
	check(ftruncate(fd, 1L << 20), 0, "a file of zeros");
	close(fd);
	begin("swapon: what is refused");
	check(sys(swapon, NULL, 0x80000), -EINVAL, "an unknown flag, before the name is looked at");
	names(SYS_swapon);
	rights(SYS_swapon);
	end();
	begin("swapoff: what is refused");
	names(SYS_swapoff);
	rights(SYS_swapoff);
	end();
	unlink(FILE_NAME);
	return tap_done();
}
