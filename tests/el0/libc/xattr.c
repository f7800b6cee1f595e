/*
 * xattr.c - extended attributes: a file that has none, on a file system that may know them (Linux's
 * tmpfs) or not.
 */
#define _GNU_SOURCE
#include "tests/el0/libc/calls.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define BAD    ((void *)8)
#define KERNEL ((void *)0xffff000000001000)

static bool none(long ret)
{
	return ret == -ENODATA || ret == -EOPNOTSUPP;
}

int main(void)
{
	int fd = open("x", O_CREAT | O_RDWR, 0600), path = open("x", O_PATH);
	char long_name[300], buf[16];

	memset(long_name, 'n', sizeof(long_name));
	long_name[299] = '\0';
	symlink("nothing", "broken");

	begin("listxattr, llistxattr, flistxattr: nothing");
	check(sys(listxattr, "x", buf, sizeof(buf)), 0, "of a file");
	check(sys(listxattr, "x", NULL, 0), 0, "the size");
	check(sys(flistxattr, fd, buf, sizeof(buf)), 0, "by descriptor");
	check(sys(llistxattr, "broken", buf, sizeof(buf)), 0, "of a link");
	check(sys(listxattr, "broken", buf, sizeof(buf)), -ENOENT, "through it");
	check(sys(listxattr, "none", buf, sizeof(buf)), -ENOENT, "none");
	check(sys(listxattr, BAD, buf, sizeof(buf)), -EFAULT, "bad name");
	check(sys(flistxattr, -1, buf, sizeof(buf)), -EBADF, "no file");
	check(sys(flistxattr, path, buf, sizeof(buf)), -EBADF, "O_PATH");
	end();

	begin("getxattr, lgetxattr, fgetxattr, removexattr, lremovexattr, fremovexattr: of none");
	expect(none(sys(getxattr, "x", "user.a", buf, sizeof(buf))), "getxattr");
	expect(none(sys(fgetxattr, fd, "user.a", buf, sizeof(buf))), "fgetxattr");
	expect(none(sys(lgetxattr, "x", "user.a", buf, sizeof(buf))), "lgetxattr");
	expect(none(sys(removexattr, "x", "user.a")), "removexattr");
	expect(none(sys(fremovexattr, fd, "user.a")), "fremovexattr");
	expect(none(sys(lremovexattr, "x", "user.a")), "lremovexattr");
	check(sys(getxattr, "x", "no-such-family.a", buf, sizeof(buf)), -EOPNOTSUPP,
	      "a family unknown");
	check(sys(getxattr, "x", "", buf, sizeof(buf)), -ERANGE, "no name");
	check(sys(getxattr, "x", long_name, buf, sizeof(buf)), -ERANGE, "a long name");
	check(sys(getxattr, "x", KERNEL, buf, sizeof(buf)), -EFAULT, "the kernel's");
	check(sys(getxattr, "none", "user.a", buf, sizeof(buf)), -ENOENT, "no file");
	check(sys(removexattr, "x", BAD), -EFAULT, "bad name");
	check(sys(lremovexattr, KERNEL, "user.a"), -EFAULT, "bad path");
	check(sys(fgetxattr, path, "user.a", buf, sizeof(buf)), -EBADF, "O_PATH");
	check(sys(fremovexattr, -1, "user.a"), -EBADF, "no file");
	end();

	begin("setxattr, lsetxattr, fsetxattr: what they refuse");
	check(sys(setxattr, "x", "no-such-family.a", "v", 1, 0), -EOPNOTSUPP, "a family unknown");
	check(sys(fsetxattr, fd, "no-such-family.a", "v", 1, 0), -EOPNOTSUPP, "by descriptor");
	check(sys(lsetxattr, "x", "no-such-family.a", "v", 1, 0), -EOPNOTSUPP, "lsetxattr");
	check(sys(setxattr, "x", "user.a", "v", 1, 4), -EINVAL, "a flag unknown");
	check(sys(setxattr, "x", "", "v", 1, 0), -ERANGE, "no name");
	check(sys(setxattr, "x", long_name, "v", 1, 0), -ERANGE, "a long name");
	check(sys(setxattr, "x", "user.a", "v", 65537, 0), -E2BIG, "a long value");
	check(sys(setxattr, "none", "user.a", "v", 1, 0), -ENOENT, "no file");
	check(sys(setxattr, "x", BAD, "v", 1, 0), -EFAULT, "bad name");
	check(sys(setxattr, "x", "user.a", BAD, 1, 0), -EFAULT, "bad value");
	check(sys(fsetxattr, fd, "user.a", KERNEL, 65536, 0), -EFAULT, "the kernel's");
	check(sys(fsetxattr, -1, "user.a", "v", 1, 0), -EBADF, "no file");
	end();
	unlink("x");
	unlink("broken");
	return tap_done();
}
