/*
 * isolation.c - a guest that tries all it can reach: every system instruction, every hvc and
 * smc, every address, every register of its controller at every size, random words.  Nothing of
 * another guest and nothing of this program changes, and each exit is one that a VMM knows.
 */
#define _GNU_SOURCE
#include <time.h>

#include "tests/el0/kvm/guest.h"

#define TRY	  0x4000ul /* in RAM: the word that is tried, and a return */
#define SKIPS	  0x1e0000ul
#define CANARY_AT 0x1000000ul
#define CANARY	  0x10000ul

/* clang-format off */
/* Whatever happens to the word, it goes on behind it: x27 counts exceptions. */
GUEST(skips,
	".rept 16\n"
	".balign 0x80\n"
	"add x27, x27, #1\n mrs x10, elr_el1\n add x10, x10, #4\n msr elr_el1, x10\n"
	"mov x10, #0x3c5\n msr spsr_el1, x10\n eret\n"
	".endr\n"
	".balign 0x80\n");
/*
 * Each system instruction from x26 on, x24 of them, as it stands with L=1 and then with L=0 and
 * what was read (or x21). x25 = TRY.  Those that would take the sweep itself away are left out
 * by the caller.
 */
GUEST(sweep,
	"1: mov x0, x21\n"
	"orr w1, w26, #(1 << 21)\n"
	"str w1, [x25]\n dc civac, x25\n dsb sy\n ic ivau, x25\n dsb sy\n isb\n"
	"blr x25\n"
	"cbz x19, 2f\n mov x0, x21\n 2:\n"
	"str w26, [x25]\n dc civac, x25\n dsb sy\n ic ivau, x25\n dsb sy\n isb\n"
	"blr x25\n"
	"add w26, w26, #32\n subs x24, x24, #1\n b.ne 1b\n" DONE);
/* hvc and smc with every immediate, x0 as it comes. */
GUEST(calls,
	"1: str w26, [x25]\n dc civac, x25\n dsb sy\n ic ivau, x25\n dsb sy\n isb\n"
	"mov w0, #0x7fffffff\n blr x25\n add w26, w26, #32\n subs x24, x24, #1\n b.ne 1b\n" DONE);
/* The calls by number: x26 is the first, x24 how many. */
GUEST(functions, "1: mov w0, w26\n mov x1, #-1\n mov x2, #-1\n mov x3, #-1\n hvc #0\n mov w0, w26\n mov x1, xzr\n mov x2, xzr\n mov x3, xzr\n smc #0\n"
	"add w26, w26, #1\n subs x24, x24, #1\n b.ne 1b\n" DONE);
/* Loads and stores of all sizes from x1 on, x24 times by x2 bytes. */
GUEST(reaches,
	"1: ldr x3, [x1]\n ldr w3, [x1]\n ldrh w3, [x1]\n ldrb w3, [x1]\n str x21, [x1]\n str w21, [x1]\n strh w21, [x1]\n strb w21, [x1]\n"
	"add x1, x1, x2\n subs x24, x24, #1\n b.ne 1b\n" DONE);
GUEST(word, "1: blr x25\n" DONE);
GUEST(holds, "1: str x9, [x20]\n b 1b\n");
/* clang-format on */

static struct guest bad, good;
static uint64_t *canary;

static timer_t id;

static void on_signal(int signo)
{
	(void)signo;
}

/* Every few milliseconds a signal ends a run that waits. */
static void ticks(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	struct itimerspec t = { { 0, 20000000 }, { 0, 20000000 } };
	struct sigaction a = { .sa_handler = on_signal };

	sigaction(SIGUSR2, &a, NULL);
	if (timer_create(CLOCK_MONOTONIC, &e, &id) || timer_settime(id, 0, &t, NULL))
		_exit(bail_out("no timer"));
}

static void make(void)
{
	guest_make(&bad, 1, 0);
	guest_gic(&bad);
	guest_put(&bad, SKIPS, skips, skips_end);
	((volatile uint32_t *)(void *)(bad.mem + TRY))[1] = 0xd65f03c0; /* ret */
	canary = pages(CANARY);
	guest_make(&good, 1, 0);
	guest_gic(&good);
	check(set_slot(good.vm, 1, 0, CANARY_AT, CANARY, canary), 0, "the other's memory");
	for (size_t i = 0; i < CANARY / 8; i++)
		canary[i] = 0xc0ffee0000000000 + i;
	guest_load(&good, 0, holds);
	for (int i = 0; i < 31; i++)
		if (i != 20)
			set_reg(good.cpu[0], X_ID(i), 0x900d00 + (uint64_t)i);
	set_reg(good.cpu[0], ARM64_SYS_REG(3, 0, 13, 0, 4), 0x900d);
	check(guest_run(&good), AT_MMIO, "the other runs");
}

/* The other guest is as it was, and goes on. */
static void other_is_well(const char *after)
{
	check((long)reg(good.cpu[0], ARM64_SYS_REG(3, 0, 13, 0, 4)), 0x900d,
	      "the other's TPIDR_EL1 after %s", after);
	for (int i = 0; i < 31; i++)
		if (i != 20)
			check((long)reg(good.cpu[0], X_ID(i)), 0x900d00 + i,
			      "the other's x%d after %s", i, after);
	for (size_t i = 0; i < CANARY / 8; i++)
		if (canary[i] != 0xc0ffee0000000000 + i) {
			expect(false, "the other's memory at %#zx after %s: %#llx", i * 8, after,
			       (unsigned long long)canary[i]);
			break;
		}
	long r;

	do {
		r = guest_run(&good);
	} while (r == -EINTR);
	check(r, AT_MMIO, "the other runs after %s", after);
	check((long)good.run[0]->mmio.phys_addr, DEVICE, "its store after %s", after);
}

static void start(const char *from, const char *to)
{
	guest_put(&bad, 0, from, to);
	guest_at(&bad, 0, 0);
	set_reg(bad.cpu[0], ARM64_SYS_REG(3, 0, 12, 0, 0), RAM + SKIPS);
	set_reg(bad.cpu[0], ARM64_SYS_REG(3, 0, 1, 0, 0), 0xc50078);
	set_reg(bad.cpu[0], X_ID(25), RAM + TRY);
	set_reg(bad.cpu[0], X_ID(27), 0);
	set_reg(bad.cpu[0], X_ID(19), 0);
	set_reg(bad.cpu[0], X_ID(21), 0);
}

/* Runs it to its end: what it does on the way are exits that a VMM knows. */
static bool run_out(const char *what)
{
	for (long n = 0; n < 20000000; n++) {
		long r = guest_run(&bad);
		struct kvm_mp_state on = { KVM_MP_STATE_RUNNABLE };
		unsigned int why = bad.run[0]->exit_reason;

		if (r == AT_DONE)
			return true;
		if (r == -ENOSYS) /* no syndrome: past it */
			set_reg(bad.cpu[0], PC_ID, reg(bad.cpu[0], PC_ID) + 4);
		else if (r == AT_EXIT && why == KVM_EXIT_SYSTEM_EVENT)
			sys(ioctl, bad.cpu[0], KVM_SET_MP_STATE, &on);
		else if (r == -EINTR)
			sys(ioctl, bad.cpu[0], KVM_SET_MP_STATE, &on); /* it may have gone off */
		else if (r != AT_MMIO && r != FAULTED)
			return expect(false,
				      "%s: KVM_RUN gave %ld, exit %u at %#llx, word %#x, x26 %#llx",
				      what, r, why, (unsigned long long)reg(bad.cpu[0], PC_ID),
				      ((uint32_t *)(void *)bad.mem)[TRY / 4],
				      (unsigned long long)reg(bad.cpu[0], X_ID(26)));
	}
	return expect(false, "%s: it does not end", what);
}

/*
 * What takes the sweep itself away: its stack pointer's choice, masks, vectors, translation,
 * PSTATE of others.
 */
static bool left_out(uint32_t word, bool random)
{
	uint32_t op = word >> 5 & 0xffff; /* op0's low two bits to op2 */

	static const uint16_t never[] = {
		0xc600, /* VBAR_EL1 */
		0xc080, /* SCTLR_EL1 */
		0xc210, /* SPSel */
	};

	for (size_t i = 0; random && i < sizeof(never) / sizeof(never[0]); i++)
		if (op == never[i])
			return true;
	return false;
}

static void sweep_from(uint32_t first, uint32_t n, bool random, uint64_t value)
{
	while (n) {
		uint32_t k = 0;

		while (k < n && !left_out(first + k * 32, random))
			k++;
		if (k) {
			start(sweep, sweep_end);
			set_reg(bad.cpu[0], X_ID(26), first);
			set_reg(bad.cpu[0], X_ID(24), k);
			set_reg(bad.cpu[0], X_ID(19), random);
			set_reg(bad.cpu[0], X_ID(21), value);
			if (!run_out("the sweep"))
				return;
		}
		k += k < n;
		first += k * 32;
		n -= k;
	}
}

static void system_instructions(void)
{
	static const uint64_t values[] = { ~0ul, 0x5a5a5a5a5a5a5a5a };

	begin("KVM_RUN: every system instruction, with what was read, with ones, with a pattern");
	/* op0 0 to 3, op1, CRn, CRm, op2: 65,536 words, each with L and without. */
	sweep_from(0xd5000000, 0x10000, false, 0);
	other_is_well("the sweep");
	for (size_t i = 0; i < 2; i++) {
		sweep_from(0xd5100000, 0x8000, true, values[i]);
		other_is_well("the sweep with values");
	}
	end();
}

static void all_calls(void)
{
	begin("KVM_RUN: every hvc, every smc, calls of every owner");
	for (int i = 0; i < 2; i++) {
		start(calls, calls_end);
		set_reg(bad.cpu[0], X_ID(26), i ? 0xd4000003 : 0xd4000002);
		set_reg(bad.cpu[0], X_ID(24), 0x10000);
		run_out(i ? "smc" : "hvc");
	}
	other_is_well("hvc and smc");
	for (uint32_t owner = 0; owner < 64; owner++)
		for (uint32_t kind = 0; kind < 4; kind++) {
			start(functions, functions_end);
			set_reg(bad.cpu[0], X_ID(26), kind << 30 | owner << 24);
			set_reg(bad.cpu[0], X_ID(24), 0x60);
			run_out("calls");
			start(functions, functions_end);
			set_reg(bad.cpu[0], X_ID(26), kind << 30 | owner << 24 | 0xff00);
			set_reg(bad.cpu[0], X_ID(24), 0x100);
			run_out("calls");
		}
	other_is_well("all calls");
	end();
}

static void reach(uint64_t from, uint64_t step, uint64_t n, uint64_t value)
{
	start(reaches, reaches_end);
	set_reg(bad.cpu[0], X_ID(1), from);
	set_reg(bad.cpu[0], X_ID(2), step);
	set_reg(bad.cpu[0], X_ID(24), n);
	set_reg(bad.cpu[0], X_ID(21), value);
	run_out("addresses");
}

static void addresses(void)
{
	begin("KVM_RUN: every GiB, the first GiB by 2 MiB, the controller by bytes");
	reach(0, 1ul << 30, 2, 0);
	reach(3ul << 30, 1ul << 30, 1040, 0);
	reach(0, 1ul << 21, 64, ~0ul);
	reach(~0ul << 12, 8, 600, 1);
	reach(GICD, 1, 0x1100, 0);
	reach(GICD, 4, bad.gic_version == 3 ? 0x4000 : 0x400, ~0ul);
	if (bad.gic_version == 3)
		reach(GICR, 4, 0x8000, ~0ul);
	else
		reach(GICC, 4, 0x800, ~0ul);
	other_is_well("all addresses");
	end();
}

static void random_words(void)
{
	uint64_t seed = 12345;

	begin("KVM_RUN: random words");
	for (int i = 0; i < 3000; i++) {
		uint32_t w;
		long r;

		seed = seed * 6364136223846793005ul + 1442695040888963407ul;
		w = (uint32_t)(seed >> 32);
		start(word, word_end);
		/* No branch goes far, no store hits the code, if registers are small. */
		for (int k = 0; k < 20; k++)
			set_reg(bad.cpu[0], X_ID(k), DEVICE + 8ul * (unsigned int)k);
		((volatile uint32_t *)(void *)bad.mem)[TRY / 4] = w;
		__builtin___clear_cache(bad.mem + TRY, bad.mem + TRY + 8);
		/* A few exits, whatever they are; a signal ends it at last. */
		for (int k = 0; k < 4; k++) {
			r = guest_run(&bad);
			if (r == AT_DONE || r == -EINTR)
				break;
			if (!expect(r > 0 || r == -ENOSYS || r == -EFAULT, "word %#x: %ld", w, r))
				break;
		}
	}
	other_is_well("random words");
	end();
}

int main(void)
{
	uint64_t tpidr = 0, now;

	__asm__("mrs %0, tpidr_el0" : "=r"(tpidr));
	open_kvm();
	make();
	ticks();
	system_instructions();
	all_calls();
	addresses();
	random_words();
	timer_delete(id);
	guest_free(&bad);
	guest_free(&good);
	begin("this program is as it was");
	__asm__("mrs %0, tpidr_el0" : "=r"(now));
	check((long)now, (long)tpidr, "TPIDR_EL0");
	guest_make(&good, 1, 0);
	guest_load(&good, 0, holds);
	check(guest_run(&good), AT_MMIO, "a new guest runs");
	guest_free(&good);
	end();
	return tap_done();
}
