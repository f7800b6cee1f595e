/*
 * init.c - process 1 of the archive of tests: runs every program of /tests in order, then powers
 * off.
 *
 * Prints `TAP NAME begin` before and `TAP NAME end STATUS` behind what NAME prints; STATUS is its
 * exit status, or the signal's name, or `timeout`.  TESTS=a,b on the kernel's command line runs
 * only those, TESTS=-a,b all others; a* stands for every name that begins with a.
 */
#include <stdbool.h>

#include "abi/dirent.h"
#include "abi/fcntl.h"
#include "abi/reboot.h"
#include "abi/signal.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

#define NAMES_MAX  256
#define TIMEOUT_MS 600000u /* times SLOW, of the kernel's command line: how slow the machine is */

static char names[NAMES_MAX][32];
static size_t count;

static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR, 0);

	for (int i = 0; fd >= 0 && i < 3; i++)
		if (fd != i)
			svc_dup3(fd, i, 0);
	if (fd > 2)
		svc_close(fd);
}

static void insert(const char *name)
{
	size_t i = count++;

	for (; i && strcmp(names[i - 1], name) > 0; i--)
		strcpy(names[i], names[i - 1]);
	strcpy(names[i], name);
}

static void find_tests(void)
{
	static char buf[4096] __attribute__((aligned(8)));
	int fd = open("/tests", O_RDONLY | O_DIRECTORY, 0);
	long n;

	while (fd >= 0 && (n = svc_getdents64(fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			const struct dirent64 *d = (const void *)(buf + at);

			if (d->d_name[0] != '.' && count < NAMES_MAX &&
			    strlen(d->d_name) < sizeof(names[0]))
				insert(d->d_name);
			at += d->d_reclen;
		}
	}
	svc_close(fd);
}

/* Is @name in the comma-separated @list? */
static bool listed(const char *name, const char *list)
{
	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL) {
		size_t n = 0;

		while (name[n] && name[n] == list[n])
			n++;
		if (list[n] == '*' || (!name[n] && (list[n] == ',' || list[n] == '\0')))
			return true;
	}
	return false;
}

static bool wanted(const char *name, const char *tests)
{
	if (!tests)
		return true;
	return tests[0] == '-' ? !listed(name, tests + 1) : listed(name, tests);
}

/* Wait for @pid, and for orphans; false after TIMEOUT_MS. */
static bool wait_for(int pid, int *status)
{
	const char *slow = getenv("SLOW");
	uint64_t limit = (uint64_t)TIMEOUT_MS * (slow ? (uint64_t)strtol(slow, NULL, 10) : 1),
		 waited = 0;

	for (;;) {
		int got = waitpid(-1, status, WNOHANG);

		if (got == pid)
			return true;
		if (got > 0)
			continue;
		if (got < 0 || waited >= limit)
			return false;
		sleep_ms(10);
		waited += 10;
	}
}

/* What it left running is ended, so that it does not disturb the next one. */
static void end_all(void)
{
	int status;

	svc_kill(-1, SIGKILL);
	while (waitpid(-1, &status, 0) > 0)
		;
}

static void run(const char *name)
{
	char path[48], end[64] = "timeout";
	char *argv[] = { path, NULL };
	int status, pid;

	snprintf(path, sizeof(path), "/tests/%s", name);
	printf("TAP %s begin\n", name);
	pid = fork();
	if (pid == 0) {
		int err;

		svc_chdir("/tmp");
		err = execvp(argv);
		dprintf(2, "%s: %s\n", path, strerror(err));
		exit(127);
	}
	if (pid > 0 && wait_for(pid, &status)) {
		if (WIFEXITED(status))
			snprintf(end, sizeof(end), "%d", WEXITSTATUS(status));
		else
			snprintf(end, sizeof(end), "%s", signal_name(WTERMSIG(status)));
	}
	end_all();
	printf("TAP %s end %s\n", name, end);
}

int main(void)
{
	const char *only;

	open_console();
	only = getenv("TESTS");
	find_tests();
	for (size_t i = 0; i < count; i++)
		if (wanted(names[i], only))
			run(names[i]);
	printf("TAP all end\n");
	svc_sync();
	svc_reboot(LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF, NULL);
	return 1;
}
