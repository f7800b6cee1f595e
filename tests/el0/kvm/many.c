/*
 * many.c - more machines than a VMID of 8 bits has numbers: each runs in its turn, on two cores at
 * once, and finds what it has left.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include "tests/el0/kvm/guest.h"

#define MACHINES 300
#define ROUNDS	 3
#define THREADS	 2
#define LEFT	 0x8000 /* in RAM: what a machine has left */

/*
 * Through its own tables, as a kernel: what a TLB keeps is by the VMID and both stages.  x1: where,
 * x2: how much more, x3: its tables.  Each KVM_RUN adds once.
 */
/* clang-format off */
GUEST(adds,
	"1: movz x9, #0x4ff\n msr mair_el1, x9\n"
	"movz x9, #0x3520\n movk x9, #0x80, lsl #16\n movk x9, #0x2, lsl #32\n msr tcr_el1, x9\n"
	"msr ttbr0_el1, x3\n isb\n mrs x9, sctlr_el1\n orr x9, x9, #1\n msr sctlr_el1, x9\n isb\n"
	"ldr x4, [x1]\n add x4, x4, x2\n str x4, [x1]\n"
	"bic x9, x9, #1\n msr sctlr_el1, x9\n isb\n" DONE_ONCE "b 1b\n");
/* clang-format on */

#define TABLE	 0x10000 /* in RAM: its root, of 4 GiB by blocks of 1 GiB */

static struct guest machine[MACHINES];

static void make_machine(struct guest *g, uint64_t adds_each)
{
	volatile uint64_t *root;

	guest_make(g, 1, 0);
	root = (volatile uint64_t *)(void *)(g->mem + TABLE);
	/* AF, inner shareable, normal memory where RAM is; a device elsewhere (MAIR above). */
	for (uint64_t i = 0; i < 4; i++)
		root[i] = i << 30 | (i == RAM >> 30 ? 0x701 : 0x405);
	guest_load(g, 0, adds);
	SET_X(g, 1, RAM + LEFT);
	SET_X(g, 2, adds_each);
	SET_X(g, 3, RAM + TABLE);
}

/* Half of them, in turn: the first that does not come to its end, or NULL. */
static void *run_half(void *arg)
{
	uintptr_t first = (uintptr_t)arg;

	for (int round = 0; round < ROUNDS; round++)
		for (uintptr_t i = first; i < MACHINES; i += THREADS)
			if (guest_run(&machine[i]) != AT_DONE)
				return &machine[i];
	return NULL;
}

static uint64_t free_bytes(void)
{
	struct sysinfo si;

	sysinfo(&si);
	return (uint64_t)si.freeram * si.mem_unit;
}

/* How much less is free while a child that is @uid has a machine. */
static uint64_t taken_by(uid_t uid)
{
	uint64_t before = free_bytes(), taken;
	int made[2], end[2];
	char c = 0;
	pid_t pid;

	check(pipe(made) | pipe(end), 0, "pipes");
	pid = fork();
	if (!pid) {
		c = !setresuid(uid, uid, uid) && ioctl(dev_kvm, KVM_CREATE_VM, 0) >= 0;
		(void)!write(made[1], &c, 1);
		close(end[1]);
		_exit((int)read(end[0], &c, 1));
	}
	check(read(made[0], &c, 1), 1, "its answer");
	check(c, 1, "uid %d has a machine", (int)uid);
	taken = before - free_bytes();
	for (int i = 0; i < 2; i++) {
		close(made[i]);
		close(end[i]);
	}
	waitpid(pid, NULL, 0);
	return taken;
}

/* What lies at EL2 for a machine is its own user's memory. */
static void users(void)
{
	bool counts = !access("/dev/fail", F_OK); /* Linux's is not to be counted by the page */
	struct guest g;
	uint64_t taken;

	begin("KVM_CREATE_VM of two users: each pays for his own");
	guest_make(&g, 1, 0);
	taken = taken_by(0);
	expect(!counts || taken < 1ul << 20, "the same user: %lu bytes", (unsigned long)taken);
	taken = taken_by(1000);
	expect(!counts || taken >= 2ul << 20, "another: %lu bytes", (unsigned long)taken);
	guest_free(&g);
	end();
}

int main(void)
{
	pthread_t t[THREADS];
	struct rlimit files;
	void *bad;

	open_kvm();
	users();
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	begin("KVM_RUN of %d machines in turn", MACHINES);
	for (int i = 0; i < MACHINES; i++)
		make_machine(&machine[i], (uint64_t)i + 1);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, run_half, (void *)i);
	/* Checks are counted by one thread alone. */
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &bad);
		expect(!bad, "machine %d ends", bad ? (int)((struct guest *)bad - machine) : 0);
	}
	for (int i = 0; i < MACHINES; i++)
		check((long)*(volatile uint64_t *)(void *)(machine[i].mem + LEFT),
		      (long)ROUNDS * (i + 1), "what machine %d has left", i);
	for (int i = 0; i < MACHINES; i++)
		guest_free(&machine[i]);
	end();
	return tap_done();
}
