/*
 * process.c - fork, exec, wait: thin wrappers that loop where a caller would have to.
 */
#include <stdint.h>

#include "abi/fcntl.h"
#include "abi/signal.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

int fork(void)
{
	return (int)svc_clone(SIGCHLD, NULL, NULL, NULL, NULL);
}

int waitpid(int pid, int *status, unsigned int options)
{
	long got;

	do
		got = svc_wait4(pid, status, options, NULL);
	while (got == -EINTR);
	return (int)got;
}

int open(const char *path, unsigned int flags, unsigned int mode)
{
	return (int)svc_openat(AT_FDCWD, path, flags, mode);
}

/* execve, and sh for a script without an interpreter line */
static int exec_path(const char *path, char *const argv[])
{
	int err = (int)svc_execve(path, argv, environ);
	char **sh;
	size_t n = 0;

	if (err != -ENOEXEC)
		return err;
	while (argv[n])
		n++;
	sh = malloc((n + 2) * sizeof(*sh));
	if (!sh)
		return -ENOMEM;
	sh[0] = (char *)"sh";
	sh[1] = (char *)path;
	memcpy(sh + 2, argv + 1, n * sizeof(*sh)); /* with the NULL */
	return (int)svc_execve("/bin/sh", sh, environ);
}

int execvp(char *const argv[])
{
	const char *dir = getenv("PATH");
	int err = -ENOENT;
	char path[PATH_MAX];

	if (strchr(argv[0], '/'))
		return exec_path(argv[0], argv);
	for (dir = dir ? dir : "/bin"; dir; dir = strchr(dir, ':') ? strchr(dir, ':') + 1 : NULL) {
		const char *colon = strchr(dir, ':');
		int len = (int)(colon ? (size_t)(colon - dir) : strlen(dir));
		int e;

		snprintf(path, sizeof(path), "%.*s%s%s", len, dir, len ? "/" : "", argv[0]);
		e = exec_path(path, argv);
		if (e != -ENOENT && e != -ENOTDIR)
			err = e;
	}
	return err;
}

void sleep_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, (int64_t)(ms % 1000) * 1000000 };

	while (svc_nanosleep(&t, &t) == -EINTR)
		;
}

static int set_action(int sig, uint64_t handler, unsigned long flags)
{
	struct sigaction sa = {
		.sa_handler = handler,
		.sa_flags = flags | SA_RESTORER,
		/* where a handler returns to */
		.sa_restorer = (uint64_t)svc_rt_sigreturn,
	};

	return (int)svc_rt_sigaction(sig, &sa, NULL, sizeof(sigset_bits));
}

int catch_signal(int sig, signal_handler handler, unsigned long flags)
{
	return set_action(sig, (uint64_t)handler, flags | SA_SIGINFO);
}

int default_signal(int sig)
{
	return set_action(sig, SIG_HANDLER_DFL, 0);
}

int ignore_signal(int sig)
{
	return set_action(sig, SIG_HANDLER_IGN, 0);
}

const char *signal_name(int sig)
{
	static char number[24];

	switch (sig) {
#define NAME(s) \
	case s: return #s
		NAME(SIGHUP);
		NAME(SIGINT);
		NAME(SIGQUIT);
		NAME(SIGILL);
		NAME(SIGTRAP);
		NAME(SIGABRT);
		NAME(SIGBUS);
		NAME(SIGFPE);
		NAME(SIGKILL);
		NAME(SIGUSR1);
		NAME(SIGSEGV);
		NAME(SIGUSR2);
		NAME(SIGPIPE);
		NAME(SIGALRM);
		NAME(SIGTERM);
		NAME(SIGCHLD);
		NAME(SIGSYS);
#undef NAME
	}
	snprintf(number, sizeof(number), "signal %d", sig);
	return number;
}

char *status_text(int status, char *buf, size_t size)
{
	if (WIFEXITED(status))
		snprintf(buf, size, "exited with %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(buf, size, "ended by %s", signal_name(WTERMSIG(status)));
	else
		snprintf(buf, size, "status %#x", (unsigned int)status);
	return buf;
}
