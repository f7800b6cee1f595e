/*
 * attack_programs.c - what programs do that mean no harm: those of tests/el0, where they are in the
 * archive.
 *
 * Process 1 runs them, as their own archive's does: some of them send signals to everybody.
 */
#include "tests/stretch/adversary.h"

#include <dirent.h>

static void become(const char *name)
{
	char path[300];
	int null = open("/dev/null", O_RDWR);

	snprintf(path, sizeof(path), "/tests/%s", name);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	alarm(LIMIT_S);
	if (!chdir("/tmp"))
		execl(path, path, NULL);
	_exit(127);
}

static void run_one(const char *name)
{
	int status = -1;
	pid_t pid;

	attack_begin(name);
	pid = fork();
	if (pid == 0)
		become(name);
	while (waitpid(-1, &status, 0) != pid) /* orphans too: the programs see what they leave */
		;
	attack_end(name, status);
}

static void programs(int size)
{
	DIR *d = opendir("/tests");
	struct dirent *e;

	(void)size;
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			run_one(e->d_name);
}

const struct attack attacks_programs[] = {
	{ "programs", programs, AS_INIT },
	{ NULL, NULL },
};
