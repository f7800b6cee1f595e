/*
 * many.c - more machines than a VMID of 8 bits has numbers: each runs in its turn, on two cores at
 * once, and finds what it has left.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/resource.h>

#include "tests/el0/kvm/guest.h"

#define MACHINES 300
#define ROUNDS	 3
#define THREADS	 2
#define LEFT	 0x8000 /* in RAM: what a machine has left */

/*
 * Through its own tables, as a kernel: what a TLB keeps is by the VMID and both stages.  x1: where,
 * x2: how much more.
 */
/* clang-format off */
GUEST(adds,
	"movz x9, #0x4ff\n msr mair_el1, x9\n"
	"movz x9, #0x3520\n movk x9, #0x80, lsl #16\n movk x9, #0x2, lsl #32\n msr tcr_el1, x9\n"
	"msr ttbr0_el1, x3\n isb\n mrs x9, sctlr_el1\n orr x9, x9, #1\n msr sctlr_el1, x9\n isb\n"
	"ldr x4, [x1]\n add x4, x4, x2\n str x4, [x1]\n"
	"bic x9, x9, #1\n msr sctlr_el1, x9\n isb\n" DONE);
/* clang-format on */

#define TABLE	 0x10000 /* in RAM: its root, of 4 GiB by blocks of 1 GiB */

static struct guest machine[MACHINES];

static void make_machine(struct guest *g)
{
	volatile uint64_t *root;

	guest_make(g, 1, 0);
	root = (volatile uint64_t *)(void *)(g->mem + TABLE);
	/* AF, inner shareable, normal memory where RAM is; a device elsewhere (MAIR above). */
	for (uint64_t i = 0; i < 4; i++)
		root[i] = i << 30 | (i == RAM >> 30 ? 0x701 : 0x405);
	guest_put(g, 0, adds, adds_end);
}

/* Half of them, in turn. */
static void *run_half(void *arg)
{
	uintptr_t first = (uintptr_t)arg;

	for (int round = 0; round < ROUNDS; round++)
		for (uintptr_t i = first; i < MACHINES; i += THREADS) {
			struct guest *g = &machine[i];

			guest_at(g, 0, 0);
			SET_X(g, 1, RAM + LEFT);
			SET_X(g, 2, i + 1);
			SET_X(g, 3, RAM + TABLE);
			if (!check(guest_run(g), AT_DONE, "machine %d, round %d", (int)i, round))
				return NULL;
		}
	return NULL;
}

int main(void)
{
	pthread_t t[THREADS];
	struct rlimit files;

	open_kvm();
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	begin("KVM_RUN of %d machines in turn", MACHINES);
	for (int i = 0; i < MACHINES; i++)
		make_machine(&machine[i]);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, run_half, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < MACHINES; i++)
		check((long)*(volatile uint64_t *)(void *)(machine[i].mem + LEFT),
		      (long)ROUNDS * (i + 1), "what machine %d has left", i);
	for (int i = 0; i < MACHINES; i++)
		guest_free(&machine[i]);
	end();
	return tap_done();
}
