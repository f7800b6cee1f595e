/*
 * levels.c - which exception levels are there, asked of each one itself.
 *
 * EL1 read its own CurrentEL, and asked EL2 by hvc and EL3 by smc for theirs: /dev/levels tells
 * (abi/levels.h). EL0 cannot ask: MRS CurrentEL is undefined there, so a child tries and the signal
 * that ends it is the answer.
 */
#include "abi/fcntl.h"
#include "abi/levels.h"
#include "abi/signal.h"
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

int main(void)
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
