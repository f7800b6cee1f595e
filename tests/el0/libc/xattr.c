/*
 * xattr.c - extended attributes: a file that has none, on a file system that may know them (Linux's
 * tmpfs) or not.
 */
#define _GNU_SOURCE
#include "tests/el0/libc/calls.h"

#include <fcntl.h>
#include <string.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define BAD    ((void *)8)
#define KERNEL ((void *)0xffff000000001000)

static bool none(long ret)
{
	return ret == -ENODATA || ret == -EOPNOTSUPP;
}

/* In a tmpfs, which knows them. */
static void keep_and_list(void)
{
	char buf[64], *all = "security.b\0trusted.c\0user.a";

	begin("setxattr, getxattr, listxattr, removexattr: what is set is there");
	check(sys(setxattr, "x", "user.a", "value", 5, XATTR_REPLACE), -ENODATA, "not there yet");
	check(sys(setxattr, "x", "user.a", "value", 5, XATTR_CREATE), 0, "created");
	check(sys(setxattr, "x", "user.a", "value", 5, XATTR_CREATE), -EEXIST, "it is there");
	check(sys(getxattr, "x", "user.a", buf, sizeof(buf)), 5, "its value");
	expect(!memcmp(buf, "value", 5), "!memcmp(buf, 'value', 5)");
	check(sys(getxattr, "x", "user.a", NULL, 0), 5, "its length");
	check(sys(getxattr, "x", "user.a", buf, 4), -ERANGE, "too little room");
	check(sys(setxattr, "x", "user.a", "", 0, XATTR_REPLACE), 0, "an empty value");
	check(sys(getxattr, "x", "user.a", buf, sizeof(buf)), 0, "is one");
	check(sys(setxattr, "x", "user.", "v", 1, 0), -EINVAL, "no name in its family");
	check(sys(setxattr, "x", "system.a", "v", 1, 0), -EOPNOTSUPP, "system.a");
	check(sys(setxattr, "x", "security.b", "bb", 2, 0), 0, "security.b");
	check(sys(setxattr, "x", "trusted.c", "ccc", 3, 0), 0, "trusted.c");
	check(sys(listxattr, "x", NULL, 0), 28, "the names' length");
	check(sys(listxattr, "x", buf, 27), -ERANGE, "too little room for names");
	check(sys(listxattr, "x", buf, sizeof(buf)), 28, "names");
	for (char *s = all; s < all + 28; s += strlen(s) + 1)
		expect(memmem(buf, 28, s, strlen(s) + 1), "memmem(buf, 28, s, strlen(s) + 1)");
	check(sys(lsetxattr, "broken", "user.a", "v", 1, 0), -EPERM, "user.a of a link");
	check(sys(lgetxattr, "broken", "user.a", buf, 1), -ENODATA, "and none there");
	check(sys(lsetxattr, "broken", "trusted.a", "v", 1, 0), 0, "trusted.a of a link");
	check(sys(removexattr, "x", "security.b"), 0, "removed");
	check(sys(removexattr, "x", "security.b"), -ENODATA, "and once more");
	check(sys(setxattr, "x", "security.capability", "v", 1, 0), -EINVAL, "no capabilities");
	end();
}

#define AS_NOBODY(...)                                         \
	do {                                                   \
		pid_t pid_ = fork();                           \
		int st_ = 1;                                   \
		if (!pid_) {                                   \
			setgid(65534);                         \
			setuid(65534);                         \
			__VA_ARGS__;                           \
			_exit(0);                              \
		}                                              \
		waitpid(pid_, &st_, 0);                        \
		expect(WIFEXITED(st_) && !WEXITSTATUS(st_),    \
		       "WIFEXITED(st_) && !WEXITSTATUS(st_)"); \
	} while (0)
#define IS(call, value)                                     \
	do {                                                \
		long got_ = (call);                         \
		if (got_ != (value)) {                      \
			printf("# %s: %ld\n", #call, got_); \
			fflush(stdout);                     \
			_exit(1);                           \
		}                                           \
	} while (0)

static void rights(void)
{
	char buf[64];

	begin("xattr(7): who may read and set which");
	chmod("x", 0604);
	AS_NOBODY({
		IS(sys(getxattr, "x", "user.a", buf, 64), 0);
		IS(sys(getxattr, "x", "trusted.c", buf, 64), -ENODATA);
		IS(sys(listxattr, "x", buf, 64), 7);
		IS(sys(setxattr, "x", "user.a", "v", 1, 0), -EACCES);
		IS(sys(setxattr, "x", "trusted.c", "v", 1, 0), -EPERM);
		IS(sys(setxattr, "x", "security.b", "v", 1, 0), -EPERM);
		IS(sys(removexattr, "x", "trusted.c"), -EPERM);
		IS(sys(setxattr, "x", "system.posix_acl_access", "", 0, 0), -EPERM);
	});
	chmod("x", 0600);
	AS_NOBODY(IS(sys(getxattr, "x", "user.a", buf, 64), -EACCES));
	end();
}

struct entry {
	uint16_t tag, perm;
	uint32_t id;
};
struct list {
	uint32_t version;
	struct entry e[5];
};
#define ACCESS	"system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"

static void lists(void)
{
	struct list l = {
		2, { { 1, 6, -1 }, { 2, 6, 65534 }, { 4, 4, -1 }, { 16, 4, -1 }, { 32, 0, -1 } }
	};
	struct list got;
	struct stat st;

	begin("access lists: who may, and what chmod makes of them");
	check(sys(getxattr, "x", ACCESS, &got, sizeof(got)), -ENODATA, "none");
	check(sys(setxattr, "x", ACCESS, &l, 4 + 4 * 8, 0), -EINVAL, "nobody for the others");
	l.version = 1;
	check(sys(setxattr, "x", ACCESS, &l, sizeof(l), 0), -EOPNOTSUPP, "another version");
	l.version = 2;
	check(sys(setxattr, "x", DEFAULT, &l, sizeof(l), 0), -EACCES, "a default of a file");
	check(sys(setxattr, "x", ACCESS, &l, sizeof(l), 0), 0, "set");
	check(sys(getxattr, "x", ACCESS, &got, sizeof(got)), sizeof(l), "and read");
	expect(!memcmp(&got, &l, sizeof(l)), "!memcmp(&got, &l, sizeof(l))");
	expect(!stat("x", &st) && (st.st_mode & 0777) == 0640,
	       "!stat('x', &st) && (st.st_mode & 0777) == 0640");
	AS_NOBODY(IS(sys(openat, -100, "x", O_RDONLY) >= 0, 1));
	AS_NOBODY(IS(sys(openat, -100, "x", O_RDWR), -EACCES)); /* the mask */
	expect(!chmod("x", 0660), "!chmod('x', 0660)");
	check(sys(getxattr, "x", ACCESS, &got, sizeof(got)), sizeof(l), "after chmod");
	expect(got.e[3].perm == 6 && got.e[2].perm == 4,
	       "got.e[3].perm == 6 && got.e[2].perm == 4");
	AS_NOBODY(IS(sys(openat, -100, "x", O_RDWR) >= 0, 1));
	expect(!chmod("x", 0604), "!chmod('x', 0604)");
	AS_NOBODY(IS(sys(openat, -100, "x", O_RDONLY) >= 0, 1)); /* no bits: not asked */
	l.e[1] = l.e[2];
	l.e[2] = l.e[4];
	check(sys(setxattr, "x", ACCESS, &l, 4 + 3 * 8, 0), 0, "what the mode says");
	check(sys(getxattr, "x", ACCESS, &got, sizeof(got)), -ENODATA, "is not kept");
	expect(!stat("x", &st) && (st.st_mode & 0777) == 0640,
	       "!stat('x', &st) && (st.st_mode & 0777) == 0640");
	check(sys(removexattr, "x", ACCESS), 0, "removed");
	end();
}

static void default_lists(void)
{
	struct list l = {
		2, { { 1, 7, -1 }, { 2, 5, 65534 }, { 4, 5, -1 }, { 16, 5, -1 }, { 32, 1, -1 } }
	};
	struct list got;
	struct stat st;
	mode_t was = umask(077);

	begin("default lists: what is made there has it");
	expect(!mkdir("d", 0700), "!mkdir('d', 0700)");
	check(sys(setxattr, "d", DEFAULT, &l, sizeof(l), 0), 0, "of a directory");
	expect(!mkdir("d/sub", 0770), "!mkdir('d/sub', 0770)");
	check(sys(getxattr, "d/sub", DEFAULT, &got, sizeof(got)), sizeof(l), "a directory has it");
	expect(!memcmp(&got, &l, sizeof(l)), "!memcmp(&got, &l, sizeof(l))");
	check(sys(getxattr, "d/sub", ACCESS, &got, sizeof(got)), sizeof(l), "and one of its own");
	expect(got.e[3].perm == 5 && got.e[4].perm == 0,
	       "got.e[3].perm == 5 && got.e[4].perm == 0");
	expect(!stat("d/sub", &st) && (st.st_mode & 0777) == 0750,
	       "!stat('d/sub', &st) && (st.st_mode & 0777) == 0750");
	close(open("d/file", O_CREAT | O_WRONLY, 0666));
	check(sys(getxattr, "d/file", DEFAULT, &got, sizeof(got)), -ENODATA, "a file has none");
	check(sys(getxattr, "d/file", ACCESS, &got, sizeof(got)), sizeof(l), "but one of its own");
	expect(got.e[0].perm == 6 && got.e[1].perm == 5 && got.e[3].perm == 4, "as expected");
	expect(!stat("d/file", &st) && (st.st_mode & 0777) == 0640,
	       "!stat('d/file', &st) && (st.st_mode & 0777) == 0640");
	check(sys(removexattr, "d", DEFAULT), 0, "removed");
	close(open("d/other", O_CREAT | O_WRONLY, 0666));
	expect(!stat("d/other", &st) && (st.st_mode & 0777) == 0600,
	       "!stat('d/other', &st) && (st.st_mode & 0777) == 0600");
	umask(was);
	unlink("d/other");
	unlink("d/file");
	rmdir("d/sub");
	rmdir("d");
	end();
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
	keep_and_list();
	rights();
	lists();
	default_lists();
	unlink("x");
	unlink("broken");
	return tap_done();
}
