/*
 * main.c - levels: which exception levels are there, asked of each one itself.
 *
 *	levels			which there are
 *	levels -w [SECONDS]	how often they are entered, and for how long: refreshed (watch.h)
 *	levels -w -n TIMES	so many tables
 *
 * EL1 read its own CurrentEL, and asked EL2 by hvc and EL3 by smc for theirs: /dev/levels tells
 * (abi/levels.h). EL0 cannot ask: MRS CurrentEL is undefined there, so a child tries and the signal
 * that ends it is the answer.
 */
#include <stdbool.h>

#include "abi/fcntl.h"
#include "abi/levels.h"
#include "abi/signal.h"
#include "el0/levels/watch.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

/* "EL2 0x8 hvc" -> "EL2  CurrentEL 0x8, answered through hvc" */
static void explain(char *line)
{
	char *value = strchr(line, ' '), *how;

	if (!value)
		return;
	*value++ = '\0';
	how = strchr(value, ' ');
	if (strcmp(line, "entry") == 0) {
		printf("entered at %s\n", value);
	} else if (strcmp(line, "path") == 0) {
		printf("came down  %s -> EL0\n", value);
	} else if (strcmp(value, "absent") == 0) {
		printf("%s        absent\n", line);
	} else if (how) {
		*how++ = '\0';
		printf("%s        CurrentEL %s, its own answer to %s\n", line, value, how);
	} else {
		printf("%s        CurrentEL %s, read by the kernel\n", line, value);
	}
}

static void explain_all(char *text)
{
	while (*text) {
		char *end = strchr(text, '\n');

		if (end)
			*end = '\0';
		explain(text);
		if (!end)
			return;
		text = end + 1;
	}
}

/* EL0: 0 if MRS CurrentEL ended the child as it must, by SIGILL */
static int own_level(void)
{
	int status, pid = fork();

	if (pid == 0) {
		uint64_t el;

		__asm__ volatile("mrs %0, CurrentEL" : "=r"(el));
		exit((int)(el >> 2));
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 1;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGILL) {
		printf("EL0        MRS CurrentEL is undefined here: SIGILL\n");
		return 0;
	}
	printf("EL0        MRS CurrentEL was not refused: this is EL%d\n", WEXITSTATUS(status));
	return 1;
}

static int show_levels(void)
{
	static char text[1024];
	int fd = open(LEVELS_DEVICE, O_RDONLY, 0);
	long n = fd < 0 ? fd : svc_read(fd, text, sizeof(text) - 1);

	if (n < 0)
		dprintf(2, "levels: %s: %s (this kernel does not tell)\n", LEVELS_DEVICE,
			strerror(n));
	else
		explain_all(text);
	return own_level() || n < 0;
}

static int usage(void)
{
	dprintf(2, "usage: levels [-w [SECONDS]] [-n TIMES]\n"
		   "  -w  crossings between the levels, every 2 (SECONDS) seconds; q leaves\n"
		   "  -n  so many tables, and the end\n");
	return 2;
}

/* A number from 1 to a million; else 0. */
static unsigned int number_of(const char *s)
{
	char *end;
	long n = s ? strtol(s, &end, 10) : 0;

	return s && *s && !*end && n > 0 && n <= 1000000 ? (unsigned int)n : 0;
}

int main(int argc, char **argv)
{
	unsigned int seconds = 2, times = 0;
	bool watch = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-w") == 0) {
			watch = true;
			if (argv[i + 1] && argv[i + 1][0] != '-')
				seconds = number_of(argv[++i]);
		} else if (strcmp(argv[i], "-n") == 0) {
			times = number_of(argv[++i]);
			if (!times)
				return usage();
		} else {
			return usage();
		}
	}
	if (!seconds || (times && !watch))
		return usage();
	return watch ? levels_watch(seconds, times) : show_levels();
}
