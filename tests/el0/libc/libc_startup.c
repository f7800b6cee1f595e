/*
 * libc_startup.c - a program on a static C library: start-up, stdio, malloc, locale-free
 * formatting, setjmp, signals, threads.  What any program of a distribution does before its own
 * first line.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/el0/libc/calls.h"

static int test_stdio(void)
{
	char line[64] = "";
	FILE *f = fopen("stdio", "w+");

	if (!f || fprintf(f, "%d %s %.3f\n", 42, "words", 1.0 / 3) < 0)
		return 0;
	rewind(f);
	if (!fgets(line, sizeof(line), f))
		return 0;
	fclose(f);
	return strcmp(line, "42 words 0.333\n") == 0 && unlink("stdio") == 0;
}

static int test_malloc(void)
{
	char *p[200];

	for (int i = 0; i < 200; i++) {
		p[i] = malloc((size_t)i * 5000 + 1);
		if (!p[i])
			return 0;
		memset(p[i], i, (size_t)i * 5000 + 1);
	}
	for (int i = 0; i < 200; i++) {
		if (p[i][i * 5000] != (char)i)
			return 0;
		free(p[i]);
	}
	return 1;
}

static sigjmp_buf back;
static volatile int *volatile nowhere; /* so that no compiler knows */

static void on_segv(int sig)
{
	siglongjmp(back, sig);
}

static int test_siglongjmp(void)
{
	signal(SIGSEGV, on_segv);
	for (volatile int i = 0; i < 100; i++) {
		if (sigsetjmp(back, 1) == 0) {
			*nowhere = 1;
			return 0;
		}
	}
	signal(SIGSEGV, SIG_DFL);
	return 1;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static __thread int own;
static int shared;

static void *thread(void *arg)
{
	own = (int)(long)arg;
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&mutex);
		shared++;
		pthread_mutex_unlock(&mutex);
	}
	return (void *)(long)own;
}

static int test_threads(void)
{
	pthread_t t[8];
	void *result;

	for (long i = 0; i < 8; i++)
		if (pthread_create(&t[i], NULL, thread, (void *)i))
			return 0;
	for (long i = 0; i < 8; i++)
		if (pthread_join(t[i], &result) || result != (void *)i)
			return 0;
	return shared == 8000;
}

static int test_popen(void)
{
	int fds[2], status;
	char buf[32] = "";
	pid_t pid;

	if (pipe(fds))
		return 0;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		close(fds[0]);
		execl("/bin/hello", "hello", (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	if (read(fds[0], buf, sizeof(buf)) != 17 || waitpid(pid, &status, 0) != pid)
		return 0;
	return strcmp(buf, "hello syscall v8\n") == 0 && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

static int test_floating_point(void)
{
	volatile double x = 2;

	return fabs(sqrt(x) * sqrt(x) - 2) < 1e-12 && strtod("1e308", NULL) > 9e307;
}

static int test_time(void)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	usleep(2000);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec >= 2000000 &&
	       time(NULL) >= 0;
}

static int test_files(void)
{
	struct stat st;
	struct utsname u;
	char cwd[256];

	return stat("/bin/hello", &st) == 0 && S_ISREG(st.st_mode) && access("/none", F_OK) < 0 &&
	       errno == ENOENT && uname(&u) == 0 && getcwd(cwd, sizeof(cwd)) &&
	       strcmp(cwd, "/tmp") == 0 && isatty(99) == 0;
}

int main(void)
{
	ok(test_stdio(), "stdio writes and reads a file");
	ok(test_malloc(), "malloc, from brk and from mmap");
	ok(test_siglongjmp(), "siglongjmp out of a handler of SIGSEGV, 100 times");
	ok(test_threads(), "eight threads, a mutex, thread-local storage");
	ok(test_popen(), "the assembly program as a child, its output through a pipe");
	ok(test_floating_point(), "floating point");
	ok(test_time(), "time");
	ok(test_files(), "stat, access, uname, getcwd");
	return tap_done();
}
