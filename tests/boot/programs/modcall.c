/*
 * modcall.c - the calls on modules as they are, for test_modules_load.py: one, or very many.
 *
 *	modcall init FILE ARGS		init_module(2)
 *	modcall finit FILE ARGS FLAGS	finit_module(2)
 *	modcall delete NAME FLAGS	delete_module(2)
 *	modcall fail FILE NAME		each allocation fails, in nine rounds; what is lost
 *	modcall cycle N FILE NAME	loads it, N times, and unloads it, whoever else does
 *	modcall read PATH		reads it, until there is /tmp/stop
 *	modcall use PATH		opens it, reads it, closes it, until there is /tmp/stop
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "tests/el0/libc/calls.h"

static char buf[1 << 20];

static long load(const char *file, const char *args, unsigned int flags)
{
	long fd = sys(openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return fd;
	ret = sys(finit_module, fd, args, flags);
	sys(close, fd);
	return ret;
}

static long load_bytes(const char *file, const char *args)
{
	long fd = sys(openat, AT_FDCWD, file, O_RDONLY), n = sys(read, fd, buf, sizeof(buf));

	sys(close, fd);
	return n < 0 ? n : sys(init_module, buf, n, args);
}

static int say(long result)
{
	printf("%ld %s\n", result, result < 0 ? strerrorname_np((int)-result) : "");
	return result < 0;
}

/* ---- memory ---- */

static long free_kib(void)
{
	struct sysinfo s;

	sysinfo(&s);
	return (long)(s.freeram * s.mem_unit / 1024);
}

static int fail_fd; /* /dev/fail, open before: opening takes memory, too */

static void fail_at(int nth)
{
	char text[16];
	int n = sprintf(text, "%d", nth);

	if (write(fail_fd, text, (size_t)n) != n)
		exit(3);
}

static int left(void)
{
	char text[16] = "";

	if (pread(fail_fd, text, sizeof(text) - 1, 0) <= 0)
		exit(3);
	return atoi(text);
}

/* @fd: the module's. */
static long load_failing(int fd, int nth, int *not_yet)
{
	long ret;

	fail_at(nth);
	ret = sys(finit_module, fd, "", 0);
	*not_yet = left();
	fail_at(0);
	return ret;
}

/* The first round is for the caches; what one of the others loses, all of them lose. */
static int fail_each(const char *file, const char *name)
{
	int fd = open(file, O_RDONLY), n = 0, refused = 0, not_yet = 0;
	long before = 0;

	fail_fd = open("/dev/fail", O_RDWR);
	for (int round = 0; round < 9; round++) {
		if (round < 2)
			before = free_kib();
		for (n = 1, refused = 0, not_yet = 0; !not_yet; n++) {
			long ret = load_failing(fd, n, &not_yet);

			if (ret && ret != -ENOMEM)
				return say(ret);
			refused += ret != 0;
			if (!ret && sys(delete_module, name, O_NONBLOCK))
				return 4;
		}
	}
	printf("points %d refused %d lost %ld\n", n - 2, refused, before - free_kib());
	return 0;
}

/* ---- many ---- */

static int cycle(long times, const char *file, const char *name)
{
	long loads = 0, late = 0, ret;

	while (loads < times) {
		ret = load(file, "", 0);
		/* another one was first */
		if (ret && ret != -EEXIST && ret != -EBUSY)
			return say(ret);
		loads += !ret;
		late += ret != 0;
		if (!ret && loads % 50 == 0) /* who waits for the end sees that it goes on */
			printf("%s: %ld\n", name, loads);
		while ((ret = sys(delete_module, name, O_NONBLOCK)) == -EAGAIN)
			sched_yield(); /* it is used */
		if (ret && ret != -ENOENT && ret != -EBUSY)
			return say(ret);
	}
	printf("cycled %s: %ld loads, %ld too late\n", name, loads, late);
	return 0;
}

/* Between two reads a core has time for somebody else: barriers wait for every core. */
static bool is_over(void)
{
	usleep(1000);
	return access("/tmp/stop", F_OK) == 0;
}

static int read_whole(const char *path)
{
	long texts = 0, n = 0, all;

	while (!is_over()) {
		int fd = open(path, O_RDONLY);

		for (all = n = 0; fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0; all += n)
			;
		/* of a module that is not there, or has gone while it was read */
		if ((fd < 0 || n < 0) && errno != ENOENT && errno != ENODEV)
			return say(-errno);
		close(fd);
		texts++;
	}
	printf("read %s %ld times\n", path, texts);
	return 0;
}

static int use_device(const char *path)
{
	long opened = 0, missing = 0;
	char c;

	while (!is_over()) {
		int fd = open(path, O_RDONLY);

		if (fd < 0 && errno != ENOENT && errno != ENXIO && errno != ENODEV)
			return say(-errno);
		if (fd >= 0 && (read(fd, &c, 1) != 1 || c != 'u'))
			return say(-errno);
		opened += fd >= 0;
		missing += fd < 0;
		close(fd);
	}
	printf("used %s: %ld, missed %ld\n", path, opened, missing);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "", *a = argv[2], *b = argc > 3 ? argv[3] : "";
	unsigned int flags = argc > 4 ? (unsigned int)atoi(argv[4]) : 0;

	if (!strcmp(verb, "init"))
		return say(load_bytes(a, b));
	if (!strcmp(verb, "finit"))
		return say(load(a, b, flags));
	if (!strcmp(verb, "delete"))
		return say(sys(delete_module, a, atoi(b)));
	if (!strcmp(verb, "fail"))
		return fail_each(a, b);
	if (!strcmp(verb, "cycle"))
		return cycle(atol(a), b, argv[4]);
	if (!strcmp(verb, "read"))
		return read_whole(a);
	return !strcmp(verb, "use") ? use_device(a) : 2;
}
