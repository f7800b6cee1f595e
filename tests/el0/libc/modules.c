/*
 * modules.c - init_module(2), finit_module(2), delete_module(2): what they refuse, and in which
 * order.  What a module does is tests/boot/test_modules_load.py's.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests/el0/libc/hostile.h"

#define NAME_MAX_MODULE 56
#define IGNORE_VERMAGIC 2
#define COMPRESSED	4
#define CAP_SYS_MODULE	16

static char image[8192] __attribute__((aligned(8)));

/* An ELF header that goes wrong behind its first bytes: whoever looks finds out. */
static void make_header(void)
{
	memset(image, 0, sizeof(image));
	memcpy(image, "\177ELF\2\1\1", 7);
	image[16] = 1;	       /* ET_REL */
	image[18] = (char)183; /* EM_AARCH64 */
	image[20] = 1;
	image[52] = 64;
	image[58] = 64; /* sections of the right size, and none of them */
}

static int file_of(const char *name, const void *bytes, size_t n, int flags)
{
	int fd = (int)sys(openat, AT_FDCWD, name, O_CREAT | O_RDWR | O_TRUNC, 0600);
	bool good = fd >= 0 && sys(write, fd, bytes, n) == (long)n;

	sys(close, fd);
	return good ? (int)sys(openat, AT_FDCWD, name, flags) : -1;
}

static void test_init_module(void)
{
	begin("init_module: sizes, addresses, what is no module");
	CALL(-ENOEXEC, init_module, image, 0, "");
	CALL(-ENOEXEC, init_module, NULL, 0, NULL);
	CALL(-ENOEXEC, init_module, image, 63, "");
	CALL(-ENOMEM, init_module, image, -1l, "");
	CALL(-ENOMEM, init_module, image, INT64_MIN, "");
	CALL(-ENOMEM, init_module, image, 1l << 40, "");
	FAULTS(IN, 128, init_module, bad, 128, "");
	/* the arguments are looked at only when the file is a module's */
	FAULTS(IN, 128, init_module, bad, 128, NULL);
	CALL(-ENOEXEC, init_module, image, 128, NULL);
	memset(image, 'x', sizeof(image));
	CALL(-ENOEXEC, init_module, image, sizeof(image), "");
	make_header();
	CALL(-ENOEXEC, init_module, image, 64, "");
	CALL(-ENOEXEC, init_module, image, sizeof(image), "");
	for (int at = 0; at < 64; at++) { /* each byte of it, wrong */
		image[at] ^= 0x5a;
		check(sys(init_module, image, sizeof(image), ""), -ENOEXEC, "byte %d", at);
		image[at] ^= 0x5a;
	}
	end();
}

static void test_files(void)
{
	int fd, p[2];

	begin("finit_module: flags, and files that are none of a module");
	CALL(-EINVAL, finit_module, -1, NULL, 8);
	CALL(-EINVAL, finit_module, -1, "", -1);
	CALL(-EBADF, finit_module, -1, NULL, 0);
	CALL(-EBADF, finit_module, 999, "", COMPRESSED);
	fd = file_of("image", image, sizeof(image), O_RDONLY);
	CALL(-ENOEXEC, finit_module, fd, "", 0);
	CALL(-ENOEXEC, finit_module, fd, NULL, 3);
	CALL(-EINVAL, finit_module, fd, "", COMPRESSED);
	check(sys(lseek, fd, 0, SEEK_CUR), 0, "its position has not moved");
	p[0] = (int)sys(openat, AT_FDCWD, "image", O_WRONLY);
	CALL(-ETXTBSY, finit_module, fd, "", 0);
	CALL(-EBADF, finit_module, p[0], "", 0);
	sys(close, p[0]);
	sys(close, fd);
	fd = (int)sys(openat, AT_FDCWD, "image", O_RDWR);
	CALL(-ETXTBSY, finit_module, fd, "", 0);
	sys(close, fd);
	fd = (int)sys(openat, AT_FDCWD, "image", O_PATH);
	CALL(-EBADF, finit_module, fd, "", 0);
	sys(close, fd);
	fd = file_of("image", "", 0, O_RDONLY);
	CALL(-EINVAL, finit_module, fd, "", 0);
	CALL(-EINVAL, finit_module, fd, NULL, COMPRESSED);
	sys(close, fd);
	fd = file_of("image", "x", 1, O_RDONLY);
	CALL(-ENOEXEC, finit_module, fd, "", 0);
	sys(close, fd);
	fd = (int)sys(openat, AT_FDCWD, ".", O_RDONLY);
	CALL(-EINVAL, finit_module, fd, "", 0);
	sys(close, fd);
	fd = (int)sys(openat, AT_FDCWD, "/dev/zero", O_RDWR);
	CALL(-EINVAL, finit_module, fd, "", 0);
	sys(close, fd);
	check(pipe(p), 0, "pipe");
	CALL(-EINVAL, finit_module, p[0], "", 0);
	CALL(-EBADF, finit_module, p[1], "", 0);
	sys(close, p[0]);
	sys(close, p[1]);
	sys(unlinkat, AT_FDCWD, "image", 0);
	end();
}

static void test_packed(void)
{
	/* the beginning of a gzip file, and one that is whole and empty */
	static const char cut[] = "\037\213\010\0\0\0\0\0\0\003abcdef";
	static const char empty[] = "\037\213\010\0\0\0\0\0\0\003\003\0\0\0\0\0\0\0\0\0";
	int fd;

	begin("finit_module: compressed files that cannot be unpacked");
	fd = file_of("packed", cut, sizeof(cut), O_RDONLY);
	CALL(-EINVAL, finit_module, fd, "", COMPRESSED);
	CALL(-ENOEXEC, finit_module, fd, "", 0);
	sys(close, fd);
	fd = file_of("packed", empty, sizeof(empty) - 1, O_RDONLY);
	CALL(-EINVAL, finit_module, fd, "", COMPRESSED);
	sys(close, fd);
	sys(unlinkat, AT_FDCWD, "packed", 0);
	end();
}

static void test_delete(void)
{
	char name[NAME_MAX_MODULE + 16];

	begin("delete_module: names that no module has");
	CALL(-ENOENT, delete_module, "", 0);
	CALL(-ENOENT, delete_module, "nosuch", 0);
	CALL(-ENOENT, delete_module, "nosuch", -1);
	CALL(-ENOENT, delete_module, "nosuch", O_NONBLOCK | O_TRUNC);
	FAULTS(IN, 0, delete_module, bad, 0);
	memset(name, 'x', sizeof(name));
	for (int n = NAME_MAX_MODULE - 2; n < NAME_MAX_MODULE + 2; n++) {
		name[n] = '\0';
		check(sys(delete_module, name, 0), -ENOENT, "%d bytes", n);
		name[n] = 'x';
	}
	check(sys(delete_module, strcpy((char *)hostile_edge(8), "nosuch\0"), 0), -ENOENT,
	      "at the edge");
	end();
}

/* ---- who may ---- */

static void refused(void)
{
	CALL(-EPERM, init_module, image, sizeof(image), "");
	CALL(-EPERM, init_module, NULL, 0, NULL);
	CALL(-EPERM, init_module, (void *)16, 128, NULL);
	CALL(-EPERM, finit_module, -1, NULL, -1);
	CALL(-EPERM, delete_module, NULL, -1);
	CALL(-EPERM, delete_module, "nosuch", 0);
}

static void as_user(void)
{
	check(sys(setuid, 1000), 0, "setuid");
	refused();
}

/* capset(2)'s, version 3 */
static struct {
	uint32_t version, pid;
} header = { 0x20080522, 0 };
static struct {
	uint32_t effective, permitted, inheritable;
} caps[2];

static void without_capability(void)
{
	check(sys(capget, &header, caps), 0, "capget");
	caps[0].effective &= ~(1u << CAP_SYS_MODULE);
	check(sys(capset, &header, caps), 0, "capset");
	refused();
}

static void with_nothing_else(void)
{
	check(sys(capget, &header, caps), 0, "capget");
	caps[0].effective = 1u << CAP_SYS_MODULE;
	caps[1].effective = 0;
	check(sys(capset, &header, caps), 0, "capset");
	CALL(-ENOEXEC, init_module, NULL, 0, NULL);
	CALL(-ENOENT, delete_module, "nosuch", 0);
}

static void test_permission(void)
{
	begin("init_module, finit_module, delete_module: who may, before anything is looked at");
	check_child(as_user, 0, "a user");
	check_child(without_capability, 0, "root without CAP_SYS_MODULE");
	check_child(with_nothing_else, 0, "CAP_SYS_MODULE alone");
	end();
}

int main(void)
{
	make_header();
	test_init_module();
	test_files();
	test_packed();
	test_delete();
	test_permission();
	return tap_done();
}
