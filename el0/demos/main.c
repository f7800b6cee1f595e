/*
 * main.c - demos [-n TIMES] [-j AT-ONCE] [NAME...]: run the demonstrations, each in a process of
 * its own, and hold what became of it against what Linux would make of it.  Prints TAP: a line says
 * what was tried and what happened.
 *
 * After all of them the kernel must have as many free pages as before.
 */
#include <stdarg.h>
#include <stdbool.h>

#include "abi/fcntl.h"
#include "abi/signal.h"
#include "el0/demos/demos.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

#define NOTHING_HAPPENED 100 /* exit status: it did what must not be possible */

#define POINTER(name)	 &demo_##name,
static const struct demo *const demos[] = { DEMOS(POINTER) };
#define DEMO_COUNT (sizeof(demos) / sizeof(demos[0]))

static long times = 1, at_once = 1;

void demo_passes(void)
{
	exit(0);
}

void demo_fails(const char *why)
{
	dprintf(2, "# %s\n", why);
	exit(1);
}

void demo_detail(const char *fmt, ...)
{
	char line[200];
	va_list ap;

	if (times > 1)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	printf("#   %s\n", line);
}

static bool passed(const struct demo *d, int status)
{
	if (WIFEXITED(status))
		return d->signal == 0 && WEXITSTATUS(status) == 0;
	return WTERMSIG(status) == d->signal || (d->or_signal && WTERMSIG(status) == d->or_signal);
}

static int start(const struct demo *d)
{
	int pid = fork();

	if (pid == 0) {
		d->run();
		exit(NOTHING_HAPPENED);
	}
	return pid;
}

struct result {
	long ran, failed;
	int status; /* of the last one, or of the first that failed */
};

static void account(const struct demo *d, struct result *r, int status)
{
	bool ok = passed(d, status);

	if (r->failed == 0)
		r->status = status;
	r->ran++;
	r->failed += !ok;
}

static struct result run(const struct demo *d)
{
	struct result r = { 0 };
	long started = 0;
	int status;

	while (r.ran < times && r.failed == 0) {
		for (; started < times && started - r.ran < at_once; started++) {
			int pid = start(d);

			if (pid < 0) {
				dprintf(2, "# fork: %s\n", strerror(pid));
				r.failed++;
				break;
			}
		}
		if (started == r.ran || waitpid(-1, &status, 0) < 0)
			break;
		account(d, &r, status);
		if (r.ran % 200 == 0 && r.ran < times)
			printf("# %s: %ld times so far\n", d->name, r.ran);
	}
	while (waitpid(-1, &status, 0) > 0)
		r.ran++;
	return r;
}

/* One TAP line; true if all went as it must. */
static bool show(int n, const struct demo *d)
{
	struct result r = run(d);
	char text[64], count[32] = "";

	if (times > 1)
		snprintf(count, sizeof(count), ", %ld times", r.ran);
	printf("%sok %d - %s: %s: %s%s\n", r.failed ? "not " : "", n, d->name, d->what,
	       WIFEXITED(r.status) && WEXITSTATUS(r.status) == NOTHING_HAPPENED
		       ? "nothing stopped it"
		       : status_text(r.status, text, sizeof(text)),
	       count);
	return r.failed == 0;
}

static int64_t free_bytes(void)
{
	struct sysinfo s;

	return svc_sysinfo(&s) < 0 ? -1 : (int64_t)(s.freeram * s.mem_unit);
}

/*
 * A kernel keeps some freed memory at hand on every core, and how much differs from moment to
 * moment: so a few pages are no leak.  One page lost in a hundred runs is more than this.  (Linux
 * has caches that are larger, and other users of memory.)
 */
#define SLACK_NEWEL (256L << 10)
#define SLACK_LINUX (8L << 20)

static bool memory_is_back(int n, int64_t before)
{
	struct new_utsname u;
	bool newel = svc_uname(&u) == 0 && strstr(u.release, "newel");
	int64_t slack = newel ? SLACK_NEWEL : SLACK_LINUX;
	int64_t after = free_bytes();

	for (int tries = 0; after < before - slack && tries < 50; tries++) {
		sleep_ms(20);
		after = free_bytes();
	}
	printf("%sok %d - memory: %ld KiB free before, %ld after\n",
	       after < before - slack ? "not " : "", n, before / 1024, after / 1024);
	return after >= before - slack;
}

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc == 0;
}

/* -n and -j with their numbers; how many of argv they took, or -1 */
static int options(int argc, char **argv)
{
	int i = 1;

	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		long v = strtol(argv[i + 1], NULL, 10);

		if (v < 1)
			return -1;
		if (strcmp(argv[i], "-n") == 0)
			times = v;
		else if (strcmp(argv[i], "-j") == 0)
			at_once = v;
		else
			return -1;
	}
	return i < argc && argv[i][0] == '-' ? -1 : i;
}

/* Once, unseen and uncounted: what a kernel allocates once and keeps is no leak. */
static void warm_up(void)
{
	long n = times;
	int null = open("/dev/null", O_WRONLY, 0), out = (int)svc_dup(1);

	times = 2 * at_once;
	svc_dup3(null, 1, 0);
	for (size_t i = 0; i < DEMO_COUNT; i++)
		run(demos[i]);
	svc_dup3(out, 1, 0);
	svc_close(null);
	svc_close(out);
	times = n;
}

int main(int argc, char **argv)
{
	int first = options(argc, argv), n = 0, failed = 0;
	int64_t before;

	if (first < 0) {
		dprintf(2, "usage: demos [-n TIMES] [-j AT-ONCE] [NAME...]\n");
		return 2;
	}
	if (times > 1)
		warm_up();
	before = free_bytes();
	for (size_t i = 0; i < DEMO_COUNT; i++)
		if (wanted(demos[i]->name, argc - first, argv + first))
			failed += !show(++n, demos[i]);
	if (times > 1)
		failed += !memory_is_back(++n, before);
	printf("1..%d\n", n);
	return failed != 0;
}
