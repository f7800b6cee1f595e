/*
 * exec.c - execve(2) apart from ELF itself: arguments, limits, scripts, permissions, what is kept
 * and what is not.
 *
 * Run with arguments it is its own test program: exec MODE....
 */
#include "abi/fcntl.h"
#include "abi/mman.h"
#include "abi/prctl.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

static char *no_env[] = { NULL };

/* The exit status of @path run with @argv, or -errno of execve. */
static long run(const char *path, char *const argv[], char *const envp[])
{
	int status, pid = fork();

	if (pid == 0)
		svc_exit_group(128 + (int)-svc_execve(path, argv, envp));
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status))
		return WTERMSIG(status) << 8;
	return WEXITSTATUS(status) > 128 ? 128 - WEXITSTATUS(status) : WEXITSTATUS(status);
}

static void make_file(const char *path, const char *text, size_t len, uint32_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	write_all(fd, text, len);
	svc_close(fd);
}

static void errors(void)
{
	static char long_path[PATH_MAX + 10];
	char *argv[] = { (char *)"x", NULL };

	begin("errors of the path");
	make_file("not-executable", "#!/bin/hello\n", 13, 0600);
	make_file("empty", "", 0, 0700);
	make_file("text", "hello\n", 6, 0700);
	svc_symlinkat("loop", AT_FDCWD, "loop");
	memset(long_path, 'x', sizeof(long_path) - 1);
	check(run("/nonexistent", argv, no_env), -ENOENT, "no such file");
	check(run("", argv, no_env), -ENOENT, "empty path");
	check(run("/bin/hello/x", argv, no_env), -ENOTDIR, "a file as directory");
	check(run("/bin", argv, no_env), -EACCES, "a directory");
	check(run("not-executable", argv, no_env), -EACCES, "mode 600");
	check(run("/dev/null", argv, no_env), -EACCES, "a device");
	check(run("empty", argv, no_env), -ENOEXEC, "an empty file");
	check(run("text", argv, no_env), -ENOEXEC, "a text");
	check(run("loop", argv, no_env), -ELOOP, "a link to itself");
	check(run(long_path, argv, no_env), -ENAMETOOLONG, "PATH_MAX + 9");
	long_path[300] = '\0';
	check(run(long_path, argv, no_env), -ENAMETOOLONG, "a name of 300");
	end();
}

static void arguments(const char *self)
{
	char *argv[] = { (char *)"name", (char *)"args", (char *)"", (char *)"two words", NULL };
	char *envp[] = { (char *)"A=1", (char *)"B", NULL };

	begin("argv and envp arrive");
	check(run(self, argv, envp), 0, "argv, envp");
	check(run(self, NULL, no_env), 77, "no argv: Linux gives one empty word");
	end();
}

static void sizes(const char *self)
{
	static char word[140000];
	static char *argv[40] = { (char *)"x", (char *)"count" };

	begin("sizes: one word up to 128 KiB, all up to a quarter of the stack's limit");
	memset(word, 'w', sizeof(word) - 1);
	argv[2] = word + sizeof(word) - 131072; /* 131071 and the NUL */
	check(run(self, argv, no_env), 3, "a word of 131071");
	argv[2] = word + sizeof(word) - 131073;
	check(run(self, argv, no_env), -E2BIG, "a word of 131072");
	for (int i = 2; i < 16; i++)
		argv[i] = word + sizeof(word) - 131072;
	check(run(self, argv, no_env), 16, "14 words of 128 KiB");
	for (int i = 2; i < 18; i++)
		argv[i] = word + sizeof(word) - 131072;
	check(run(self, argv, no_env), -E2BIG, "16 words of 128 KiB");
	argv[3] = NULL;
	argv[2] = word + sizeof(word) - 131073;
	check(run(self, argv + 3, argv), -E2BIG, "in envp");
	end();
}

static void many_words(const char *self)
{
	enum { WORDS = 100000 };
	char **argv = malloc((WORDS + 1) * sizeof(*argv));

	begin("many words");
	for (int i = 0; i < WORDS; i++)
		argv[i] = (char *)"a";
	argv[1] = (char *)"count";
	argv[WORDS] = NULL;
	check(run(self, argv, no_env), WORDS & 0x7f, "100000 words");
	free(argv);
	end();
}

static void scripts(const char *self)
{
	char line[4200];
	char *argv[] = { (char *)"ignored", (char *)"last", NULL };

	begin("#! lines");
	snprintf(line, sizeof(line), "#!%s script one two\nrest", self);
	make_file("script", line, strlen(line), 0700);
	check(run("./script", argv, no_env), 0, "interpreter, its argument, path, arguments");
	snprintf(line, sizeof(line), "#! \t %s\tscript one two  \t\n", self);
	make_file("script", line, strlen(line), 0700);
	check(run("./script", argv, no_env), 0, "with blanks");
	snprintf(line, sizeof(line), "#!%s script one two", self);
	make_file("script", line, strlen(line), 0700);
	check(run("./script", argv, no_env), 0, "without a newline");
	make_file("script", "#!/nonexistent\n", 15, 0700);
	check(run("./script", argv, no_env), -ENOENT, "no interpreter");
	make_file("script", "#!\n", 3, 0700);
	check(run("./script", argv, no_env), -ENOEXEC, "#! alone");
	make_file("script", "#!   \n", 6, 0700);
	check(run("./script", argv, no_env), -ENOEXEC, "#! and blanks");
	make_file("script", "#!", 2, 0700);
	check_one_of(run("./script", argv, no_env), -ENOEXEC, -EACCES, "#! and nothing");
	make_file("script", "#!./script\n", 11, 0700);
	check(run("./script", argv, no_env), -ELOOP, "its own interpreter");
	make_file("script", "#!/tmp\n", 7, 0700);
	check(run("./script", argv, no_env), -EACCES, "a directory as interpreter");
	memset(line, 'x', sizeof(line));
	memcpy(line, "#!/", 3);
	make_file("script", line, sizeof(line), 0700);
	check(run("./script", argv, no_env), -ENOEXEC, "an interpreter without an end");
	end();
}

/* a5 -> a4 -> … -> a0 -> self */
static void nested_scripts(const char *self)
{
	char *argv[] = { (char *)"x", NULL };
	char line[80], name[8] = "./a0";

	begin("#! that leads to #!: five levels are too many");
	snprintf(line, sizeof(line), "#!%s nested\n", self);
	make_file(name, line, strlen(line), 0700);
	for (int i = 1; i < 7; i++) {
		snprintf(line, sizeof(line), "#!./a%d\n", i - 1);
		name[3] = (char)('0' + i);
		make_file(name, line, strlen(line), 0700);
	}
	for (int i = 0; i < 7; i++) {
		name[3] = (char)('0' + i);
		check(run(name, argv, no_env), i < 5 ? 0 : -ELOOP, "%d in between", i);
	}
	end();
}

static void inheritance(const char *self)
{
	char *argv[] = { (char *)"x", (char *)"inherit", NULL };
	sigset_bits mask = 1UL << (SIGUSR2 - 1);
	int fd, pid, status;

	begin("kept: pid, ignored signals, mask, descriptors; not kept: handlers, close-on-exec, "
	      "memory");
	pid = fork();
	if (pid == 0) {
		fd = open("/dev/null", O_RDONLY, 0);
		svc_dup3(fd, 20, 0);
		svc_dup3(fd, 21, O_CLOEXEC);
		ignore_signal(SIGUSR1);
		catch_signal(SIGTERM, (signal_handler)abort, SA_ONSTACK);
		svc_rt_sigprocmask(SIG_SETMASK, &mask, NULL, 8);
		svc_kill((int)svc_getpid(), SIGUSR2); /* pending */
		svc_mmap(0x10000000, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			 0);
		snprintf(argv[0] = (char[16]){ 0 }, 16, "%ld", svc_getpid());
		svc_execve(self, argv, no_env);
		exit(99);
	}
	waitpid(pid, &status, 0);
	check(status, 0, "status");
	end();
}

static void after_failure(void)
{
	char *argv[] = { (char *)"x", NULL };
	volatile int here = 42;

	begin("after a failed execve all is as it was");
	catch_signal(SIGUSR1, (signal_handler)abort, 0);
	for (int i = 0; i < 100; i++)
		check(svc_execve("text", argv, no_env), -ENOEXEC, "try %d", i);
	check(here, 42, "memory");
	default_signal(SIGUSR1);
	end();
}

/* ---- what is run ---- */

static int mode_args(int argc, char **argv)
{
	check(argc, 4, "argc");
	check(strcmp(argv[0], "name") | strcmp(argv[2], "") | strcmp(argv[3], "two words"), 0,
	      "argv");
	check(strcmp(environ[0], "A=1") | strcmp(environ[1], "B"), 0, "envp");
	check((long)environ[2], 0, "envp's end");
	return tap_failures();
}

static int mode_script(int argc, char **argv)
{
	check(argc, 4, "argc");
	check(strcmp(argv[1], "script one two"), 0, "argv[1] is the rest of the line");
	check(strcmp(argv[2], "./script"), 0, "argv[2] is the path");
	check(strcmp(argv[3], "last"), 0, "argv[3] is the first argument");
	return tap_failures();
}

static int mode_inherit(char **argv)
{
	struct sigaction sa;
	sigset_bits set;
	char name[16];

	check(strtol(argv[0], NULL, 10), svc_getpid(), "pid");
	check(svc_fcntl(20, F_GETFD, 0), 0, "descriptor 20");
	check(svc_fcntl(21, F_GETFD, 0), -EBADF, "descriptor 21");
	svc_rt_sigaction(SIGUSR1, NULL, &sa, 8);
	check((long)sa.sa_handler, SIG_HANDLER_IGN, "SIGUSR1");
	svc_rt_sigaction(SIGTERM, NULL, &sa, 8);
	check((long)sa.sa_handler, SIG_HANDLER_DFL, "SIGTERM");
	svc_rt_sigprocmask(SIG_BLOCK, NULL, &set, 8);
	check((long)set, 1L << (SIGUSR2 - 1), "mask");
	svc_rt_sigpending(&set, 8);
	check((long)set, 1L << (SIGUSR2 - 1), "pending");
	check(svc_mprotect(0x10000000, 4096, PROT_READ), -ENOMEM, "the old mapping");
	svc_prctl(PR_GET_NAME, (uint64_t)name, 0, 0, 0);
	check(strcmp(name, "exec"), 0, "the task's name");
	return tap_failures();
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "args") == 0)
		return mode_args(argc, argv);
	if (argc > 1 && strcmp(argv[1], "count") == 0)
		return argc & 0x7f;
	if (argc > 1 && strncmp(argv[1], "script", 6) == 0)
		return mode_script(argc, argv);
	if (argc > 1 && strcmp(argv[1], "inherit") == 0)
		return mode_inherit(argv);
	if (argc > 1)
		return 0;
	if (argv[0][0] == '\0')
		return 77;
	errors();
	arguments(argv[0]);
	sizes(argv[0]);
	many_words(argv[0]);
	scripts(argv[0]);
	nested_scripts(argv[0]);
	inheritance(argv[0]);
	after_failure();
	return tap_done();
}
