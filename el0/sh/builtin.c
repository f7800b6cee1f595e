/*
 * builtin.c - the commands that only the shell itself can do, and a few that spare a program.
 */
#include "abi/fcntl.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/sh/sh.h"

static int complain(char **argv, const char *what, long err)
{
	dprintf(2, "%s: %s: %s\n", argv[0], what, strerror(err));
	return 1;
}

static int do_true(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static int do_cd(int argc, char **argv)
{
	const char *to = argc > 1 ? argv[1] : var_get("HOME");
	long err = svc_chdir(to ? to : "/");

	return err < 0 ? complain(argv, to ? to : "/", err) : 0;
}

static int do_pwd(int argc, char **argv)
{
	char path[PATH_MAX];
	long err = svc_getcwd(path, sizeof(path));

	(void)argc;
	return err < 0 ? complain(argv, ".", err) : puts(path) < 0;
}

static int do_echo(int argc, char **argv)
{
	bool newline = !(argc > 1 && strcmp(argv[1], "-n") == 0);
	char *text, *p;
	size_t size = 2;
	int err;

	for (int i = newline ? 1 : 2; i < argc; i++)
		size += strlen(argv[i]) + 1;
	p = text = must(malloc(size));
	for (int i = newline ? 1 : 2; i < argc; i++) {
		strcpy(p, argv[i]);
		p += strlen(p);
		if (i + 1 < argc)
			*p++ = ' ';
	}
	if (newline)
		*p++ = '\n';
	err = write_all(1, text, (size_t)(p - text));
	free(text);
	return err < 0;
}

static int do_exit(int argc, char **argv)
{
	shell.exiting = true;
	return argc > 1 ? (int)strtol(argv[1], NULL, 10) & 0xff : shell.status;
}

static int do_export(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t n = assignment_name(argv[i]);

		if (n) {
			argv[i][n] = '\0';
			var_set(argv[i], argv[i] + n + 1);
		}
		var_export(argv[i]);
	}
	return 0;
}

static int do_unset(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		var_unset(argv[i]);
	return 0;
}

static int do_set(int argc, char **argv)
{
	(void)argv;
	if (argc == 1)
		var_print_all();
	return 0;
}

static int do_wait(int argc, char **argv)
{
	int pid = argc > 1 ? (int)strtol(argv[1], NULL, 10) : -1;
	int status = 0, got;

	do
		got = waitpid(pid, &status, 0);
	while (got > 0 && pid == -1);
	if (pid == -1)
		return 0;
	if (got < 0)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int do_kill(int argc, char **argv)
{
	int sig = SIGTERM, i = 1;

	if (argc > 1 && argv[1][0] == '-')
		sig = (int)strtol(argv[i++] + 1, NULL, 10);
	for (; i < argc; i++) {
		long err = svc_kill((int)strtol(argv[i], NULL, 10), sig);

		if (err < 0)
			return complain(argv, argv[i], err);
	}
	return 0;
}

static int do_exec(int argc, char **argv)
{
	int err;

	if (argc == 1)
		return 0;
	vars_to_environ();
	err = execvp(argv + 1);
	complain(argv, argv[1], err);
	svc_exit_group(err == -ENOENT ? 127 : 126);
}

static int do_help(int argc, char **argv);

static const struct {
	char name[8];
	builtin_fn fn;
} builtins[] = {
	{ ":", do_true },    { "cd", do_cd },	      { "echo", do_echo },   { "exec", do_exec },
	{ "exit", do_exit }, { "export", do_export }, { "help", do_help },   { "kill", do_kill },
	{ "pwd", do_pwd },   { "set", do_set },	      { "unset", do_unset }, { "wait", do_wait },
};

static int do_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("builtins:");
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		printf(" %s", builtins[i].name);
	printf("\nprograms: ls /bin\n");
	return 0;
}

builtin_fn builtin_find(const char *name)
{
	for (size_t i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++)
		if (strcmp(name, builtins[i].name) == 0)
			return builtins[i].fn;
	return NULL;
}
