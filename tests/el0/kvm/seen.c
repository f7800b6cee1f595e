/*
 * seen.c - what is seen of guests from outside: their time, and on Newel the counts of their exits,
 * and their entries and exits in the trace.
 *
 * As process 1 it ends while a guest runs: for a test that looks at the panic.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "tests/el0/kvm/guest.h"

#define KVM_FILES   "/sys/kernel/newel/kvm/"
#define TRACE_FILES "/sys/kernel/newel/trace/"
#define CALLS	    100

GUEST(calls, "mov x19, #100\n"
	     "1: mov w0, #0x84000000\n"
	     "hvc #0\n"
	     "subs x19, x19, #1\n"
	     "b.ne 1b\n" DONE);
GUEST(spins, "b .\n");

/* ---- time ---- */

/* Field @n of /proc/self/stat, counted as proc(5) does. */
static long stat_field(int n)
{
	char buf[2048], *at;

	read_text("/proc/self/stat", buf, sizeof(buf));
	at = strrchr(buf, ')');
	for (int i = 2; at && i < n; i++)
		at = strchr(at + 1, ' ');
	return at ? atol(at) : -1;
}

/* Of all cores: user, nice and guest, guest_nice. */
static void core_times(long *user, long *guest)
{
	char buf[4096];
	long v[10] = { 0 };

	read_text("/proc/stat", buf, sizeof(buf));
	sscanf(buf, "cpu %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld", &v[0], &v[1], &v[2], &v[3],
	       &v[4], &v[5], &v[6], &v[7], &v[8], &v[9]);
	*user = v[0] + v[1];
	*guest = v[8] + v[9];
}

static void times(void)
{
	long user[2], guest[2], own, own_guest;
	struct rusage ru;
	struct guest g;

	begin("/proc/stat, /proc/PID/stat, getrusage: a guest's time");
	core_times(&user[0], &guest[0]);
	guest_make(&g, 1, 0);
	guest_load(&g, 0, spins);
	/* Again, if the machine stood still before the guest began. */
	for (int i = 0; i < 20 && stat_field(43) < 30; i++)
		check(guest_run_for(&g, 600), -EINTR, "a signal ends it");
	core_times(&user[1], &guest[1]);
	own = stat_field(14);
	own_guest = stat_field(43);
	getrusage(RUSAGE_SELF, &ru);
	expect(own_guest >= 30, "/proc/self/stat: %ld ticks in the guest", own_guest);
	expect(own >= own_guest, "/proc/self/stat: %ld at EL0, of these %ld", own, own_guest);
	expect(guest[1] - guest[0] >= 30, "/proc/stat: %ld ticks", guest[1] - guest[0]);
	/* Each is a sum in ticks, cut off: two differences of one time may be a tick apart. */
	expect(user[1] - user[0] + 1 >= guest[1] - guest[0],
	       "/proc/stat: %ld at EL0, %ld in guests", user[1] - user[0], guest[1] - guest[0]);
	expect(ru.ru_utime.tv_sec * 1000 + ru.ru_utime.tv_usec / 1000 >= 300, "ru_utime");
	check(stat_field(44), 0, "no child had a guest");
	guest_free(&g);
	end();
}

/* ---- counts ---- */

/* In @file's line of this process, @nth of them, the number in column @name; -1: none. */
static long count(const char *file, int nth, const char *name)
{
	char buf[4096], *line, *next, head[512] = "";

	check(read_text(file, buf, sizeof(buf)) > 0, 1, "%s", file);
	for (line = strtok_r(buf, "\n", &next); line; line = strtok_r(NULL, "\n", &next)) {
		const char *names = strstr(head, name);
		int vm, pid;

		if (!*head) {
			snprintf(head, sizeof(head), "%s", line);
		} else if (sscanf(line, "%d %d", &vm, &pid) == 2 && pid == getpid() && !nth--) {
			/* A column ends where its name does. */
			const char *at = line + (names - head) + strlen(name);

			while (at > line && at[-1] != ' ')
				at--;
			return names ? atol(at) : -1;
		}
	}
	return -1;
}

static void counts(void)
{
	struct guest g;
	int status = -1;
	long number;
	pid_t child;

	begin("/sys/kernel/newel/kvm: exits of each machine");
	guest_make(&g, 2, 0);
	guest_load(&g, 0, calls);
	check(guest_run(&g), AT_DONE, "it ends");
	number = count(KVM_FILES "exits", 0, "vm");
	expect(number >= 1, "its number: %ld", number);
	check(count(KVM_FILES "exits", 0, "hvc"), CALLS, "its calls");
	check(count(KVM_FILES "exits", 0, "vcpus"), 2, "its vCPUs");
	expect(count(KVM_FILES "exits", 0, "fetch") >= 1, "its first instruction's page");
	expect(count(KVM_FILES "exits", 0, "data") >= 1, "its last store");
	check(count(KVM_FILES "exits", 0, "serror"), 0, "nothing else");
	check(count(KVM_FILES "exits", 0, "other"), 0, "nothing else");
	expect(count(KVM_FILES "exits", 0, "exits") > CALLS, "all of them");
	expect(count(KVM_FILES "exits", 0, "to the VMM") >= 1, "KVM_RUN returned");
	check(count(KVM_FILES "vcpus", 0, "hvc"), CALLS, "of vCPU 0");
	check(count(KVM_FILES "vcpus", 1, "hvc"), 0, "of vCPU 1");
	child = fork();
	if (!child) {
		char buf[4096];

		sys(setuid, 1000);
		_exit(read_text(KVM_FILES "exits", buf, sizeof(buf)) != -EACCES);
	}
	waitpid(child, &status, 0);
	check(status, 0, "they are root's");
	guest_free(&g);
	check(count(KVM_FILES "exits", 0, "hvc"), -1, "gone with its machine");
	guest_make(&g, 1, 0);
	expect(count(KVM_FILES "exits", 0, "vm") > number, "the next one has a number of its own");
	check(count(KVM_FILES "vcpus", 0, "vm"), count(KVM_FILES "exits", 0, "vm"), "in both");
	guest_free(&g);
	end();
}

#define MACHINES 60

/*
 * Of @file, read by @part bytes: how many lines are of this process.  Behind the first part
 * @close_at_first is closed.
 */
static long lines_of(const char *file, size_t part, int close_at_first)
{
	static char all[131072];
	size_t n = 0;
	long r, lines = 0;
	int fd = open(file, O_RDONLY);

	while (n < sizeof(all) - part && (r = sys(read, fd, all + n, part)) > 0) {
		if (!n && close_at_first >= 0)
			close(close_at_first);
		n += (size_t)r;
	}
	check(r, 0, "%s ends", file);
	close(fd);
	all[n] = '\0';
	for (char *next, *line = strtok_r(all, "\n", &next); line;
	     line = strtok_r(NULL, "\n", &next)) {
		int vm, pid;

		lines += sscanf(line, "%d %d", &vm, &pid) == 2 && pid == getpid();
	}
	return lines;
}

/* Where @file's text ends nobody knows before it has been read: as with /proc's. */
static void seeks(const char *file)
{
	char a[200] = "", b[100] = "";
	int fd = open(file, O_RDONLY);

	check(sys(lseek, fd, 0, SEEK_END), -EINVAL, "SEEK_END");
	check(sys(lseek, fd, 0, SEEK_DATA), -EINVAL, "SEEK_DATA");
	check(sys(lseek, fd, 0, SEEK_HOLE), -EINVAL, "SEEK_HOLE");
	check(sys(read, fd, a, sizeof(a)), sizeof(a), "its beginning");
	check(sys(lseek, fd, 50, SEEK_SET), 50, "SEEK_SET");
	check(sys(read, fd, b, sizeof(b)), sizeof(b), "the same from within");
	expect(!memcmp(a + 50, b, sizeof(b)), "it is the same");
	check(sys(lseek, fd, -10, SEEK_CUR), 140, "SEEK_CUR");
	close(fd);
}

static void many(void)
{
	static int vm[MACHINES];

	begin("/sys/kernel/newel/kvm: of sixty machines, three vCPUs each");
	for (int i = 0; i < MACHINES; i++) {
		vm[i] = (int)sys(ioctl, dev_kvm, KVM_CREATE_VM, 0);
		for (int n = 0; n < 3; n++)
			close((int)sys(ioctl, vm[i], KVM_CREATE_VCPU, 3 * n));
	}
	check(lines_of(KVM_FILES "exits", 4096, -1), MACHINES, "a line each");
	check(lines_of(KVM_FILES "exits", 100, -1), MACHINES, "by a hundred bytes");
	seeks(KVM_FILES "exits");
	check(lines_of(KVM_FILES "vcpus", 4096, -1), 3 * MACHINES, "a line for each vCPU");
	check(lines_of(KVM_FILES "vcpus", 60000, -1), 3 * MACHINES, "by much");
	check(lines_of(KVM_FILES "exits", 4096, vm[MACHINES - 1]), MACHINES - 1, "the last goes");
	check(lines_of(KVM_FILES "exits", 4096, vm[MACHINES / 2]), MACHINES - 2, "one goes");
	check(lines_of(KVM_FILES "vcpus", 4096, vm[0]), 3 * (MACHINES - 2), "one that was told");
	for (int i = 0; i < MACHINES; i++)
		close(vm[i]);
	check(lines_of(KVM_FILES "vcpus", 4096, -1), 0, "none is left");
	end();
}

/* ---- memory ---- */

#define LEFT_VMS  200
#define LEFT_CPUS 8

static long oom_score(void)
{
	char buf[32] = "";

	read_text("/proc/self/oom_score", buf, sizeof(buf));
	return atol(buf);
}

/* A vCPU lives on as long as its pages are mapped, and its maker pays for it all the time. */
static void left_pages(void)
{
	static void *at[LEFT_VMS][LEFT_CPUS];
	long before, more, pages = LEFT_VMS * LEFT_CPUS * (run_size / 4096);
	/* As Linux's: two thirds of a thousandth of all memory. */
	long points = pages * 2000 / 3 / sysconf(_SC_PHYS_PAGES);

	begin("/proc/self/oom_score: pages of vCPUs that are closed, and mapped");
	before = oom_score();
	for (int i = 0; i < LEFT_VMS; i++) {
		int vm = (int)sys(ioctl, dev_kvm, KVM_CREATE_VM, 0);

		for (int n = 0; n < LEFT_CPUS; n++) {
			int cpu = (int)sys(ioctl, vm, KVM_CREATE_VCPU, n);

			at[i][n] = mmap(NULL, (size_t)run_size, PROT_READ, MAP_SHARED, cpu, 0);
			expect(at[i][n] != MAP_FAILED, "mmap");
			close(cpu);
		}
		close(vm);
	}
	more = oom_score() - before;
	expect(points >= 4 && more >= points - 1, "%ld points more, %ld are theirs", more, points);
	for (int i = 0; i < LEFT_VMS; i++)
		for (int n = 0; n < LEFT_CPUS; n++)
			munmap(at[i][n], (size_t)run_size);
	more = oom_score() - before;
	expect(more < points / 2, "given back: %ld points are left", more);
	end();
}

/* ---- the trace ---- */

/* How many records there are: a line a core, its number last. */
static long written(void)
{
	char buf[4096], *line, *next;
	long n = 0;

	read_text(TRACE_FILES "written", buf, sizeof(buf));
	for (line = strtok_r(buf, "\n", &next); line; line = strtok_r(NULL, "\n", &next))
		n += strrchr(line, ' ') ? atol(strrchr(line, ' ')) : atol(line);
	return n;
}

static void *keep_running(void *g)
{
	guest_run((struct guest *)g);
	return NULL;
}

static void traced(void)
{
	char before[256];
	struct guest g;
	pthread_t t;
	long n;

	begin("/sys/kernel/newel/trace/kinds: guest, while one runs");
	read_text(TRACE_FILES "kinds", before, sizeof(before));
	guest_make(&g, 1, 0);
	guest_load(&g, 0, calls);
	expect(write_text(TRACE_FILES "kinds", "guest,ring") > 0, "on");
	n = written();
	check(guest_run(&g), AT_DONE, "it ends");
	expect(written() - n >= 2 * CALLS, "each entry and each exit: %ld", written() - n);
	guest_load(&g, 0, spins);
	expect(write_text(TRACE_FILES "kinds", "none") > 0, "off");
	n = written();
	pthread_create(&t, NULL, keep_running, &g);
	usleep(100000);
	check(written(), n, "nothing is recorded");
	expect(write_text(TRACE_FILES "kinds", "guest,ring") > 0, "on, within a run");
	for (int i = 0; i < 100 && written() < n + 2; i++)
		usleep(20000);
	expect(written() >= n + 2, "it is seen from then on");
	g.run[0]->immediate_exit = 1;
	pthread_kill(t, SIGALRM);
	pthread_join(t, NULL);
	write_text(TRACE_FILES "kinds", before);
	guest_free(&g);
	end();
}

/* ---- process 1 ---- */

static int end_while_one_runs(void)
{
	struct guest g;

	/* Another process: threads of this one end with it, before the panic. */
	if (fork()) {
		usleep(500000);
		return 0;
	}
	mknod("/dev/kvm", S_IFCHR | 0600, makedev(10, 232));
	open_kvm();
	guest_make(&g, 1, 0);
	guest_load(&g, 0, spins);
	return (int)guest_run(&g);
}

int main(void)
{
	if (getpid() == 1)
		return end_while_one_runs();
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	open_kvm();
	times();
	if (!access("/sys/kernel/newel", F_OK)) {
		counts();
		many();
		left_pages();
		traced();
	}
	return tap_done();
}
