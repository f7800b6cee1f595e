/*
 * share.c - two machines on one core, of which one is no good neighbour: it spins, waits for
 * moments, floods itself or another core's vCPU with interrupts, never acknowledges one, or ends
 * one that is there again at once.  The other has its share of the core's time all the same, and
 * comes about as far in it as if it were alone.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "tests/el0/kvm/guest.h"

#define COUNT_AT 0x100000ul /* in RAM: how far it has come */
#define VEC_AT	 0x20000ul
#define INIT_AT	 0x30000ul
#define MS	 250
#define TRIES	 4
#define SHARE	 30 /* of a hundred parts of the core's time: half of it is its own */
#define PACE	 25 /* of a hundred: of what it does alone in the same time of its own */

/* clang-format off */
GUEST(counts, "1: add x0, x0, #1\n str x0, [x1]\n b 1b\n");
GUEST(spins, "1: b 1b\n");
GUEST(sgis_v2, "blr x24\n mov w2, #0x2000000\n 1: str w2, [x22, #0xf00]\n b 1b\n");
GUEST(sgis_v3, "blr x24\n mov x2, #1\n 1: msr icc_sgi1r_el1, x2\n b 1b\n");
/* To the first vCPU, from the second. */
GUEST(kicks_v2, "blr x24\n mov w2, #0x10000\n 1: str w2, [x22, #0xf00]\n b 1b\n");
GUEST(kicks_v3, "blr x24\n mov x2, #1\n 1: msr icc_sgi1r_el1, x2\n b 1b\n");
/* The timer's line stays up: whether it is acknowledged, or not, is the vectors' choice. */
GUEST(timer, "blr x24\n mov x2, #1\n msr cntv_cval_el0, xzr\n msr cntv_ctl_el0, x2\n isb\n msr daifclr, #2\n 1: b 1b\n");
GUEST(naps, "blr x24\n mov x2, #1\n 1: mov x3, #100\n msr cntv_tval_el0, x3\n msr cntv_ctl_el0, x2\n isb\n wfi\n b 1b\n");
GUEST(sleeps, "blr x24\n msr daifclr, #2\n 1: wfi\n b 1b\n");
GUEST(ignores, ".rept 16\n .balign 0x80\n eret\n .endr\n");
GUEST(ends_v2, ".rept 16\n .balign 0x80\n ldr w14, [x23, #0xc]\n str w14, [x23, #0x10]\n eret\n .endr\n");
GUEST(ends_v3, ".rept 16\n .balign 0x80\n mrs x14, icc_iar1_el1\n msr icc_eoir1_el1, x14\n isb\n eret\n .endr\n");
GUEST(init_v2,
	"mov w1, #1\n str w1, [x22]\n mov w1, #-1\n str w1, [x22, #0x100]\n"
	"mov w1, #0xf0\n str w1, [x23, #4]\n mov w1, #1\n str w1, [x23]\n ret\n");
GUEST(init_v3,
	"mov w1, #0x12\n str w1, [x22]\n mov w1, #-1\n add x2, x23, #0x10, lsl #12\n str w1, [x2, #0x80]\n str w1, [x2, #0x100]\n"
	"mov x1, #0xf0\n msr icc_pmr_el1, x1\n mov x1, #1\n msr icc_igrpen1_el1, x1\n isb\n ret\n");
/* clang-format on */

struct code {
	const char *from, *to;
};
#define CODE(id)                 \
	{                        \
		(id), (id##_end) \
	}
#define BOTH(id)                   \
	{                          \
		CODE(id), CODE(id) \
	}
#define BY_GIC(id)                           \
	{                                    \
		CODE(id##_v2), CODE(id##_v3) \
	}
#define OF(codes) ((codes)[g->gic_version - 2])

static const struct neighbour {
	const char *what;
	struct code first[2], vectors[2], second[2]; /* of GICv2 and GICv3; second: another vCPU */
} neighbours[] = {
	{ "spins", BOTH(spins), BOTH(ignores), {} },
	{ "sends itself SGIs", BY_GIC(sgis), BOTH(ignores), {} },
	{ "never acknowledges its timer", BOTH(timer), BOTH(ignores), {} },
	{ "ends its timer's interrupt, which comes again", BOTH(timer), BY_GIC(ends), {} },
	{ "naps", BOTH(naps), BOTH(ignores), {} },
	{ "is woken by another core's SGIs", BOTH(sleeps), BY_GIC(ends), BY_GIC(kicks) },
};

static struct guest good, bad;
static int cores;

static void on_signal(int signo)
{
	(void)signo;
}

static void on_core(int n)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(n % cores, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

struct runner {
	struct guest *g;
	int n;
	pthread_t thread;
	uint64_t ns; /* of the core's time that it had */
};

static uint64_t now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void *runs(void *arg)
{
	struct runner *r = arg;
	long got;

	on_core(r->n);
	do
		got = guest_run_cpu(r->g, r->n);
	while (got != -EINTR);
	r->ns = now(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

static void start(struct runner *r, struct guest *g, int n)
{
	*r = (struct runner){ .g = g, .n = n };
	pthread_create(&r->thread, NULL, runs, r);
}

static void stop(struct runner *r)
{
	r->g->run[r->n]->immediate_exit = 1;
	pthread_kill(r->thread, SIGUSR2);
	pthread_join(r->thread, NULL);
	r->g->run[r->n]->immediate_exit = 0;
}

static void load(struct guest *g, int n, struct code c, struct code vectors)
{
	bool v3 = g->gic_version == 3;

	guest_put(g, 0x1000ul * (unsigned int)n, c.from, c.to);
	guest_put(g, VEC_AT, vectors.from, vectors.to);
	guest_put(g, INIT_AT, v3 ? init_v3 : init_v2, v3 ? init_v3_end : init_v2_end);
	guest_at(g, n, 0x1000ul * (unsigned int)n);
	set_reg(g->cpu[n], ARM64_SYS_REG(3, 0, 12, 0, 0), RAM + VEC_AT);
	set_reg(g->cpu[n], X_ID(24), RAM + INIT_AT);
	if (v3)
		set_reg(g->cpu[n], X_ID(23), GICR + 0x20000ul * (unsigned int)n);
}

struct result {
	uint64_t count, ns, all_ns;
};

/* How far the good one comes, beside so many vCPUs of the bad one. */
static struct result measure(int vcpus)
{
	volatile uint64_t *count = (volatile uint64_t *)(void *)(good.mem + COUNT_AT);
	struct runner mine, others[2];
	struct result r;

	for (int n = vcpus; n--;)
		start(&others[n], &bad, n);
	start(&mine, &good, 0);
	r.count = *count;
	r.all_ns = now(CLOCK_MONOTONIC);
	usleep(MS * 1000);
	r.count = *count - r.count;
	stop(&mine);
	r.all_ns = now(CLOCK_MONOTONIC) - r.all_ns;
	r.ns = mine.ns;
	for (int n = vcpus; n--;)
		stop(&others[n]);
	return r;
}

/* Counts a millisecond of its own time. */
static uint64_t pace_of(const struct result *r)
{
	return r->count / (r->ns / 1000000 + 1);
}

static bool has_share(const struct neighbour *by, uint64_t alone, bool last)
{
	struct guest *g = &bad;
	int vcpus = OF(by->second).from ? 2 : 1;
	struct result r;
	uint64_t share, pace;

	guest_make(&bad, vcpus, 0);
	guest_gic(&bad);
	load(&bad, 0, OF(by->first), OF(by->vectors));
	if (vcpus == 2)
		load(&bad, 1, OF(by->second), OF(by->vectors));
	r = measure(vcpus);
	guest_free(&bad);
	share = r.ns * 100 / r.all_ns;
	pace = pace_of(&r) * 100 / (alone + 1);
	note("%lu hundredths of the time, at a pace of %lu", (unsigned long)share,
	     (unsigned long)pace);
	if (share >= SHARE && pace >= PACE)
		return true;
	if (last)
		expect(false, "beside one that %s: %lu hundredths of the time, at a pace of %lu",
		       by->what, (unsigned long)share, (unsigned long)pace);
	return false;
}

int main(void)
{
	struct sigaction a = { .sa_handler = on_signal };
	struct result alone;

	sigaction(SIGUSR2, &a, NULL);
	cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
	open_kvm();
	guest_make(&good, 1, 0);
	guest_load(&good, 0, counts);
	set_reg(good.cpu[0], X_ID(1), RAM + COUNT_AT);
	on_core(1); /* who measures, where there is another core */
	alone = measure(0);
	for (size_t i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++) {
		begin("KVM_RUN: a share of the core beside a guest that %s", neighbours[i].what);
		for (int n = 1;
		     n <= TRIES && !has_share(&neighbours[i], pace_of(&alone), n == TRIES);
		     n++) /* the machine that QEMU runs on may be busy */
			alone = measure(0);
		end();
	}
	guest_free(&good);
	return tap_done();
}
