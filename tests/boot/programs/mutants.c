/*
 * mutants.c - process 1 of a machine with nothing but /mutants: each of its files is given to
 * init_module(2), and a line tells what came of it.  What was loaded goes again.
 *
 * START=N in the environment (the command line) begins with file N; ROUNDS=N does all that often.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static char file[1 << 20], modules[1 << 16];

static long from_environment(const char *name, long otherwise)
{
	const char *value = getenv(name);

	return value ? atol(value) : otherwise;
}

/* Like read(2) of all of it; -1: no such file. */
static ssize_t read_whole(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = 0, got = 1;

	if (fd < 0)
		return -1;
	while (got > 0 && (size_t)n < size) {
		got = read(fd, to + n, size - n);
		n += got > 0 ? got : 0;
	}
	close(fd);
	return n;
}

/* The first name in /proc/modules; there was nothing before. */
static void unload(void)
{
	ssize_t n = read_whole("/proc/modules", modules, sizeof(modules) - 1);

	modules[n > 0 ? n : 0] = 0;
	if (strchr(modules, ' '))
		*strchr(modules, ' ') = 0;
	if (syscall(SYS_delete_module, modules, O_NONBLOCK))
		printf("cannot unload %s: %d\n", modules, errno);
}

static void free_memory(const char *when)
{
	struct sysinfo s;

	sysinfo(&s);
	printf("%s: %lu KiB free\n", when, s.freeram * s.mem_unit / 1024);
}

static void try_all(void)
{
	char path[32];

	for (int i = (int)from_environment("START", 0);; i++) {
		ssize_t n;
		long err;

		snprintf(path, sizeof(path), "/mutants/%d", i);
		n = read_whole(path, file, sizeof(file));
		if (n < 0)
			return;
		printf("%d: ", i);
		fflush(stdout);
		err = syscall(SYS_init_module, file, n, "") ? errno : 0;
		printf("%ld\n", err);
		if (!err)
			unload();
	}
}

int main(void)
{
	long rounds = from_environment("ROUNDS", 1);

	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	for (long round = 0; round < rounds; round++) {
		try_all();
		free_memory("after a round");
	}
	printf("all of them\n");
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
