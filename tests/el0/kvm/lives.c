/*
 * lives.c - machines that come and go, two at a time, four vCPUs that run at once: each pair is
 * closed in order, or ends with its process in the middle of it.  Behind it all is as it was: free
 * memory, descriptors, and how many machines there can be.
 *
 * LIVES=1000 on the command line: so many pairs.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include "tests/el0/kvm/guest.h"

#define LIVES	 24
#define FIRST	 4 /* what is kept once made is made in these */
#define MACHINES 2
#define VCPUS	 2
#define AT	 0x40000000ul /* memory that only some of them have */
#define SIZE	 0x400000ul
#define MANY	 300 /* more machines than a VMID of 8 bits has numbers */

/* clang-format off */
/* A page after the other is written, round and round; each time around is told. */
GUEST(writes,
	"1: mov x2, x1\n mov x3, x4\n"
	"2: str x5, [x2]\n add x2, x2, #1, lsl #12\n subs x3, x3, #1\n b.ne 2b\n"
	"str x5, [x20]\n b 1b\n");
/* clang-format on */

static struct guest pair[MACHINES];
static char *memory[MACHINES];

static void *runs(void *arg)
{
	struct guest *g = &pair[(uintptr_t)arg / VCPUS];
	int n = (int)((uintptr_t)arg % VCPUS);

	/* Until its process is no more, or it is told to leave. */
	while (guest_run_cpu(g, n) == AT_MMIO)
		;
	return NULL;
}

static void make_pair(void)
{
	for (int i = 0; i < MACHINES; i++) {
		struct guest *g = &pair[i];

		guest_make(g, VCPUS, 0);
		guest_gic(g);
		guest_put(g, 0, writes, writes_end);
		memory[i] = pages(SIZE);
		check(set_slot(g->vm, 1, KVM_MEM_LOG_DIRTY_PAGES, AT, SIZE, memory[i]), 0, "slot");
		for (int n = 0; n < VCPUS; n++) {
			guest_at(g, n, 0);
			set_reg(g->cpu[n], X_ID(1), AT + (uint64_t)n * SIZE / VCPUS);
			set_reg(g->cpu[n], X_ID(4), SIZE / VCPUS / 4096);
			set_reg(g->cpu[n], X_ID(5), 0x11fe);
		}
	}
}

/* A pair's life, in a process of its own: @way is how it ends. */
static void live(int way)
{
	pthread_t t[MACHINES * VCPUS];

	make_pair();
	for (uintptr_t i = 0; i < MACHINES * VCPUS; i++)
		pthread_create(&t[i], NULL, runs, (void *)i);
	while (!*(volatile uint64_t *)(void *)(memory[0] + SIZE - 4096))
		usleep(500);
	if (way % 4 == 0)
		kill(getpid(), SIGKILL);
	if (way % 4 == 1)
		_exit(tap_failures() != 0);
	/* Files and memory go while its threads run; what still runs ends with the process. */
	if (way % 4 == 2) {
		close(pair[0].vm);
		close(pair[0].cpu[0]);
		munmap(memory[1], SIZE);
		_exit(tap_failures() != 0);
	}
	for (int i = 0; i < MACHINES; i++)
		for (int n = 0; n < VCPUS; n++)
			pair[i].run[n]->immediate_exit = 1;
	for (int i = 0; i < MACHINES * VCPUS; i++)
		pthread_join(t[i], NULL);
	guest_free(&pair[way / 4 % 2]);
	guest_free(&pair[!(way / 4 % 2)]);
	_exit(tap_failures() != 0);
}

static void live_times(int from, int to)
{
	for (int i = from; i < to; i++) {
		int status = -1;
		pid_t pid = fork();

		if (!pid) {
			tap_forget();
			live(i);
		}
		check(waitpid(pid, &status, 0), pid, "waitpid");
		if (!check(status, i % 4 ? 0 : SIGKILL, "life %d", i))
			return;
	}
}

/* ---- the account ---- */

struct account {
	uint64_t free;
	long descriptors, files, machines;
};

static long count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	long n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static uint64_t free_bytes(void)
{
	struct sysinfo si;

	sysinfo(&si);
	return (uint64_t)si.freeram * si.mem_unit;
}

/* Of the whole machine, open. */
static long count_files(void)
{
	char text[128];

	return read_text("/proc/sys/fs/file-nr", text, sizeof(text)) > 0 ? atol(text) : 0;
}

/* How many machines there can be at once, up to MANY. */
static long count_machines(void)
{
	int fds[MANY];
	long n = 0;

	while (n < MANY && (fds[n] = (int)sys(ioctl, dev_kvm, KVM_CREATE_VM, 0)) >= 0)
		n++;
	for (long i = 0; i < n; i++)
		close(fds[i]);
	return n;
}

static struct account take_account(void)
{
	struct account a = { .machines = count_machines(),
			     .descriptors = count_descriptors(),
			     .files = count_files() };

	a.free = free_bytes();
	return a;
}

/* What goes by itself in a while has gone. */
static bool comes_back(uint64_t before, uint64_t slack)
{
	for (int i = 0; i < 300 && free_bytes() + slack < before; i++)
		usleep(10000);
	return free_bytes() + slack >= before;
}

int main(void)
{
	const char *text = getenv("LIVES");
	int lives = text ? atoi(text) : LIVES;
	/* Linux's free memory is not to be counted by the page, and files it counts by the core. */
	uint64_t slack = access("/dev/fail", F_OK) ? 64ul << 20 : 0;
	struct account before, after;
	struct rlimit files;

	open_kvm();
	mount_proc();
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	begin("KVM_CREATE_VM, KVM_RUN, close, kill: two machines with two vCPUs each, %d times",
	      lives);
	live_times(0, FIRST);
	take_account();
	before = take_account();
	live_times(0, lives);
	expect(comes_back(before.free, slack), "%llu bytes free, %llu before",
	       (unsigned long long)free_bytes(), (unsigned long long)before.free);
	after = take_account();
	check(after.descriptors, before.descriptors, "descriptors");
	if (!slack)
		check(after.files, before.files, "open files of the whole machine");
	check(after.machines, before.machines, "machines that there can be");
	expect(comes_back(before.free, slack), "behind %ld machines: %llu bytes free, %llu before",
	       after.machines, (unsigned long long)free_bytes(), (unsigned long long)before.free);
	note("%d lives; %ld machines at once; %llu bytes free before, %llu after", lives,
	     after.machines, (unsigned long long)before.free, (unsigned long long)free_bytes());
	end();
	return tap_done();
}
