/*
 * tracestorm.c - the trace, recorded on each core at full speed, while root reads, filters,
 * resizes, clears and runs out of memory, a module is told of it, and another user tries to look.
 *
 * PID 1 of tests/boot/test_trace_storm.py and test_trace_stream.py: STORM=SECONDS on the kernel's
 * command line, or CROSSINGS=N: so many are made, and the trace of them goes to /dev/hostfile.
 * What is read is checked to the last byte: frames by their CRC, records by what a worker had put
 * into its arguments, numbers against what the end of each round says was written and lost.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi/trace_stream.h"

#define DIR   "/sys/kernel/newel/trace/"
#define CORES 8
#define MAGIC UINT64_C(0x6e6577656c)

/* What all processes of the storm see. */
static struct shared {
	bool stop;
	uint32_t failures;
	pid_t worker[CORES];
	uint64_t calls[CORES];
	uint64_t frames, records, tagged, written, ends, opens, clears, settings, refused,
		no_memory, tries;
} * all;

static void __attribute__((format(printf, 1, 2))) fail(const char *fmt, ...)
{
	char line[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (__atomic_fetch_add(&all->failures, 1, __ATOMIC_SEQ_CST) < 20)
		printf("storm: FAILED: %s\n", line);
	fflush(stdout);
}

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * UINT64_C(0x2545f4914f6cdd1d) >> 32) * n >> 32);
}

/* ---- what is recorded ---- */

static void tagged_call(uint64_t n, uint64_t worker)
{
	syscall(SYS_getppid, n, ~n, n * 3, n ^ MAGIC, worker, n + worker);
}

/* The kernel asks EL2 and EL3 themselves, where they are its own. */
static void look_at_levels(void)
{
	char text[256];
	int fd = open("/dev/levels", O_RDONLY);

	if (read(fd, text, sizeof(text)) <= 0)
		fail("/dev/levels: %s", strerror(errno));
	close(fd);
}

/* The @n-th of worker @me: mostly calls, and faults, errors, forks, ends, switches. */
static void busy_call(uint64_t n, unsigned int me)
{
	pid_t pid;
	char *p;

	tagged_call(n, me);
	if (n % 1024 == 0) {
		look_at_levels();
		p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p != MAP_FAILED) {
			p[0] = p[4096] = 1;
			munmap(p, 8192);
		}
		close(-1);
	}
	if (n % 8192 == 0) {
		pid = fork();
		if (pid == 0)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

static void stay_on(unsigned int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void work(unsigned int me)
{
	stay_on(me);
	for (uint64_t n = 0; !all->stop; n++) {
		busy_call(n, me);
		all->calls[me] = n;
	}
}

/* ---- what is read ---- */

static uint32_t crc_table[256];

static void crc_init(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
		crc_table[i] = c;
	}
}

static uint32_t crc32(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint32_t c = ~0u;

	while (n--)
		c = crc_table[(c ^ *p++) & 255] ^ c >> 8;
	return ~c;
}

/* One open /dev/trace, and what came of each core by it. */
struct reader {
	int fd;
	struct {
		uint64_t next, records, ticks;
	} core[CORES];
};

static size_t size_of_kind(unsigned int kind)
{
	switch (kind) {
#define TRACE_RECORD(number, NAME, name) \
	case number:                     \
		return sizeof(struct trace_##name);
#define TRACE_FIELD(type, field, show)
#define TRACE_ARRAY(type, field, count, show)
#define TRACE_END(name)
#include "abi/trace.def"
	default: return 0;
	}
}

static void check_svc(const struct trace_svc *r)
{
	uint64_t n = r->arg[3] ^ MAGIC;

	if (r->nr != SYS_getppid || r->arg[4] >= CORES || r->head.pid != all->worker[r->arg[4]])
		return;
	if (r->arg[1] != ~n || r->arg[2] != n * 3 || r->arg[5] != n + r->arg[4] ||
	    (!(r->head.slot & TRACE_LATE) && r->arg[0] != n))
		fail("a torn record: %llx %llx %llx %llx", (long long)r->arg[0],
		     (long long)r->arg[1], (long long)r->arg[2], (long long)r->arg[3]);
	all->tagged++;
}

static bool check_record(struct reader *rd, unsigned int cpu, const struct trace_head *r,
			 size_t left)
{
	size_t size = size_of_kind(r->kind);

	if (!size || 8u * r->words < size || 8u * r->words > left) {
		fail("cpu%u: kind %u has %u words of %zu bytes", cpu, r->kind, r->words, left);
		return false;
	}
	/* What a level above notes is recorded later, be it behind an interrupt. */
	if (!(r->slot & TRACE_LATE) && r->kind != TRACE_KIND_LEVEL) {
		if (r->ticks < rd->core[cpu].ticks)
			fail("cpu%u: time goes back by %llu at kind %u", cpu,
			     (long long)(rd->core[cpu].ticks - r->ticks), r->kind);
		rd->core[cpu].ticks = r->ticks;
	}
	if (r->kind == TRACE_KIND_SVC)
		check_svc((const struct trace_svc *)r);
	return true;
}

static void check_records(struct reader *rd, const struct trace_frame *f, const char *data)
{
	uint32_t n = 0;

	if (f->cpu >= CORES || f->seq < rd->core[f->cpu].next) {
		fail("cpu%u: number %llu behind %llu", f->cpu, (long long)f->seq,
		     (long long)rd->core[f->cpu].next);
		return;
	}
	for (size_t at = 0; at < f->bytes; n++) {
		const struct trace_head *r = (const void *)(data + at);

		if (f->bytes - at < sizeof(*r) || !check_record(rd, f->cpu, r, f->bytes - at))
			return;
		at += 8u * r->words;
	}
	if (n != f->records)
		fail("cpu%u: %u records, not %u", f->cpu, n, f->records);
	rd->core[f->cpu].next = f->seq + n;
	rd->core[f->cpu].records += n;
	all->records += n;
}

/* Each core's line: what was written is what was read, lost and cleared away, to the last one. */
static void check_end(struct reader *rd, const char *text)
{
	unsigned long long written, lost, cleared, total = 0;
	unsigned int cpu;

	for (; text && sscanf(text, "cpu %u written %llu lost %llu cleared %llu", &cpu, &written,
			      &lost, &cleared) == 4;
	     text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL) {
		if (cpu >= CORES || rd->core[cpu].records + lost + cleared != written)
			fail("cpu%u: %llu written, %llu read, %llu lost, %llu cleared", cpu,
			     written, (long long)rd->core[cpu % CORES].records, lost, cleared);
		total += written;
	}
	if (!total)
		fail("an end without a core");
	all->ends++;
	all->written = total;
}

static bool read_all(int fd, void *buf, size_t n)
{
	char *p = buf;

	while (n) {
		ssize_t got =
			read(fd, p, n < 1 + random_state % 5000 ? n : 1 + random_state % 5000);

		random_below(2);
		if (got <= 0) {
			if (got < 0 && errno != ENOMEM)
				fail("read of /dev/trace: %s", strerror(errno));
			if (p != buf)
				fail("a frame ends early");
			return false;
		}
		p += got;
		n -= (size_t)got;
	}
	return true;
}

/* One frame; false: the round is over. */
static bool read_frame(struct reader *rd)
{
	static struct {
		struct trace_frame f;
		char data[TRACE_FRAME_MAX + 8];
	} b;

	if (!read_all(rd->fd, &b.f, sizeof(b.f)))
		return false;
	if (b.f.magic != TRACE_FRAME_MAGIC || b.f.bytes > TRACE_FRAME_MAX) {
		fail("no frame: %x, %u bytes", b.f.magic, b.f.bytes);
		return false;
	}
	if (!read_all(rd->fd, b.data, b.f.bytes)) {
		if (b.f.bytes)
			fail("a frame without its end");
		return false;
	}
	b.data[b.f.bytes] = 0;
	if (crc32(&b.f.kind, sizeof(b.f) - offsetof(struct trace_frame, kind) + b.f.bytes) !=
	    b.f.crc)
		fail("a frame's CRC is wrong");
	all->frames++;
	if (b.f.kind == TRACE_FRAME_RECORDS)
		check_records(rd, &b.f, b.data);
	else if (b.f.kind == TRACE_FRAME_END)
		check_end(rd, b.data);
	return true;
}

static void read_trace(void)
{
	while (!all->stop) {
		struct reader rd = { 0 };

		rd.fd = open("/dev/trace", O_RDONLY);
		if (rd.fd < 0) {
			fail("/dev/trace: %s", strerror(errno));
			return;
		}
		all->opens++;
		for (unsigned int rounds = 1 + random_below(8); rounds && !all->stop; rounds--)
			while (read_frame(&rd) && !all->stop)
				;
		close(rd.fd);
	}
}

/* ---- what is set ---- */

static long put(const char *name, const char *text)
{
	char path[64];
	long ret = 0;
	int fd;

	snprintf(path, sizeof(path), DIR "%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static void look(const char *name)
{
	char path[64], text[4200];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), DIR "%s", name);
	fd = open(path, O_RDONLY);
	if (fd >= 0)
		n = read(fd, text, sizeof(text));
	if (n <= 0 && errno != ENOMEM)
		fail("%s: %s", name, strerror(errno));
	close(fd);
}

static const struct {
	const char *name, *texts[14];
} choices[] = {
	{ "kinds",
	  { "svc,ring", "all,ring", "svc,fault,irq,ring", "sched,wake,task,ring", "irq,ring",
	    "all,args,ring", "svc,args,ring", "ring", "none\n", "svc,what", ",",
	    "fault,signal,copy,ring", "el2,el3,ring" } },
	{ "pid", { "all", "1", "!1", "0", "1,0\n", "!0", "x", "1 32767", "-1", "1,,2", "all" } },
	{ "nr",
	  { "all", "getppid", "!getppid", "mmap,munmap", "173", "write 1000", "nothing", "all" } },
	{ "result", { "all", "ok", "error", "!ok", "EBADF,0", "ENOTHING", "1-2", "all" } },
	{ "level", { "all", "0", "1", "2-3", "!0", "4", "", "all" } },
	{ "core", { "all", "0", "0-1", "!0", "3", "8", "0-", "all" } },
	{ "children", { "0", "1", "2", "\n" } },
	{ "size", { "8K", "8K", "16384", "8K", "128K", "4M", "12345", "0", "1T", "-1" } },
};
#define CHOICES (sizeof(choices) / sizeof(choices[0]))

static void set_something(void)
{
	unsigned int i = random_below(CHOICES), n = 0;
	const char *text;
	long err;

	while (n < 14 && choices[i].texts[n])
		n++;
	text = choices[i].texts[random_below(n)];
	if (!*text)
		return;
	err = put(choices[i].name, text);
	__atomic_add_fetch(&all->settings, 1, __ATOMIC_RELAXED);
	if (err == -EINVAL || err == -ESRCH)
		__atomic_add_fetch(&all->refused, 1, __ATOMIC_RELAXED);
	else if (err == -ENOMEM)
		__atomic_add_fetch(&all->no_memory, 1, __ATOMIC_RELAXED);
	else if (err)
		fail("%s > %s: %s", text, choices[i].name, strerror((int)-err));
	look(choices[random_below(CHOICES)].name);
}

static void clear_rings(void)
{
	__atomic_add_fetch(&all->clears, 1, __ATOMIC_RELAXED);
	if (put("clear", "1"))
		fail("clear");
}

static void set_things(void)
{
	while (!all->stop) {
		set_something();
		look("written");
		look("lost");
		if (!random_below(20))
			clear_rings();
		/* For most of the time everything is recorded. */
		if (!random_below(4)) {
			put("pid", "all");
			put("nr", "all");
			put("result", "all");
			put("level", "all");
			put("core", "all");
			put("kinds", "all,ring");
			usleep(50000);
		}
	}
}

/* The n-th allocation of this process fails, n going up: /dev/fail. */
static void set_without_memory(void)
{
	char text[16];
	int fd = open("/dev/fail", O_WRONLY);

	for (unsigned int n = 1; !all->stop; n = n % 600 + 1) {
		snprintf(text, sizeof(text), "%u", n);
		if (write(fd, text, strlen(text)) < 0)
			break;
		/* Mostly so small that a reader's page is written again while it is copied. */
		put("size", n % 4 ? "8K" : "128K");
		set_something();
		usleep(20000);
	}
	close(fd);
}

static void load_module(void)
{
	int fd = open("/counters.ko", O_RDONLY);

	while (fd >= 0 && !all->stop) {
		if (syscall(SYS_finit_module, fd, "", 0)) {
			fail("counters.ko: %s", strerror(errno));
			return;
		}
		usleep(300000);
		if (syscall(SYS_delete_module, "counters", 0))
			fail("rmmod counters: %s", strerror(errno));
		usleep(300000);
	}
}

/* ---- who must not ---- */

static void try_as_user(int file)
{
	static const char *const names[] = { "kinds", "pid",  "size",	"lost",
					     "clear", "core", "written" };
	char buf[64], path[64];

	if (setgid(1000) || setuid(1000))
		fail("setuid");
	while (!all->stop) {
		all->tries++;
		if (open("/dev/trace", O_RDONLY) >= 0 || errno != EACCES)
			fail("a user has opened /dev/trace");
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			snprintf(path, sizeof(path), DIR "%s", names[i]);
			if (open(path, O_RDONLY) >= 0 || errno != EACCES ||
			    open(path, O_WRONLY) >= 0 || errno != EACCES)
				fail("a user has opened %s", names[i]);
		}
		if (pread(file, buf, sizeof(buf), 0) >= 0 || errno != EPERM)
			fail("a user has read a file that root had opened");
		if (write(file, "none", 4) >= 0 || errno != EPERM)
			fail("a user has written a file that root had opened");
		usleep(20000);
	}
}

/* ---- all of it ---- */

static pid_t children[32];
static unsigned int nr_children;

#define START(what)                                                                      \
	do {                                                                             \
		pid_t pid_ = fork();                                                     \
		if (pid_ == 0) {                                                         \
			random_state = UINT64_C(0x9e3779b97f4a7c15) * (nr_children + 2); \
			what;                                                            \
			_exit(0);                                                        \
		}                                                                        \
		children[nr_children++] = pid_;                                          \
	} while (0)

static void report(void)
{
	uint64_t calls = 0;

	for (unsigned int i = 0; i < CORES; i++)
		calls += all->calls[i];
	printf("storm: %llu calls, %llu records read (%llu of them tagged) in %llu frames, %llu "
	       "written, %llu ends, %llu opens, "
	       "%llu clears, %llu settings, %llu refused, %llu without memory, %llu tries by a "
	       "user\n",
	       (long long)calls, (long long)all->records, (long long)all->tagged,
	       (long long)all->frames, (long long)all->written, (long long)all->ends,
	       (long long)all->opens, (long long)all->clears, (long long)all->settings,
	       (long long)all->refused, (long long)all->no_memory, (long long)all->tries);
	fflush(stdout);
}

static void storm(unsigned int seconds)
{
	unsigned int cores = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	int file = open(DIR "kinds", O_RDWR), status;

	if (put("kinds", "all,ring"))
		fail("kinds: %s", strerror(errno));
	for (unsigned int i = 0; i < cores && i < CORES; i++) {
		START(all->worker[i] = getpid(); work(i));
	}
	for (unsigned int i = 0; i < 4; i++)
		START(set_things());
	START(read_trace());
	START(set_without_memory());
	START(load_module());
	START(try_as_user(file));
	for (unsigned int s = 0; s < seconds; s++) {
		sleep(1);
		if (s % 60 == 59)
			report();
	}
	all->stop = true;
	for (unsigned int i = 0; i < nr_children; i++)
		if (waitpid(children[i], &status, 0) < 0 || status)
			fail("child %u ended with %x", i, status);
	if (put("kinds", "none"))
		fail("kinds");
}

/* ---- so many crossings, for another's record of them ---- */

static void cross(unsigned int me, uint64_t calls)
{
	stay_on(me);
	for (uint64_t n = 0; n < calls; n++)
		busy_call(n, me);
	_exit(0);
}

static void export_trace(void)
{
	static char buf[1 << 16];
	int from = open("/dev/trace", O_RDONLY), to = open("/dev/hostfile", O_WRONLY);
	ssize_t n;

	if (from < 0 || to < 0)
		fail("/dev/trace or /dev/hostfile: %s", strerror(errno));
	while ((n = read(from, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0, did; at < n; at += did) {
			did = write(to, buf + at, (size_t)(n - at));
			if (did <= 0) {
				fail("/dev/hostfile: %s", strerror(errno));
				return;
			}
		}
	close(to);
}

static void crossings(uint64_t n)
{
	unsigned int cores = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);

	for (unsigned int i = 0; i < cores; i++)
		START(cross(i, n / 2 / cores));
	while (wait(NULL) > 0)
		;
	export_trace();
}

int main(void)
{
	const char *many = getenv("CROSSINGS"), *seconds = getenv("STORM");

	mkdir("/sys", 0755);
	mkdir("/proc", 0755);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	crc_init();
	all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	random_state = 1;
	if (many)
		crossings(strtoull(many, NULL, 10));
	else
		storm(seconds ? (unsigned int)atoi(seconds) : 10);
	report();
	printf("storm: %s\n", all->failures ? "BAD" : "all is well");
	fflush(stdout);
	reboot(RB_POWER_OFF);
	return 0;
}
