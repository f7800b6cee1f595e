/*
 * isolation.c - a guest that tries all it can reach: every system instruction, every hvc and
 * smc, every address, every register of its controller at every size, random words.  Nothing of
 * another guest and nothing of this program changes, and each exit is one that a VMM knows.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <time.h>

#include "tests/el0/kvm/guest.h"

#define STATE	  0x4000ul /* in RAM: where a row of random words is */
#define ROW	  0x8000ul /* and the words that are tried, one after the other */
#define SKIPS	  0x1e0000ul
#define GOES_ON	  0x1e8000ul
#define CANARY_AT 0x1000000ul
#define CANARY	  0x10000ul
#define WORDS	  40000

/* clang-format off */
/* Whatever happens to the word, it goes on behind it: x27 counts exceptions. */
GUEST(skips,
	".rept 16\n"
	".balign 0x80\n"
	"add x27, x27, #1\n mrs x10, elr_el1\n add x10, x10, #4\n msr elr_el1, x10\n"
	"mov x10, #0x3c5\n msr spsr_el1, x10\n eret\n"
	".endr\n"
	".balign 0x80\n");
/* The calls by number: x26 is the first, x24 how many. */
GUEST(functions, "1: mov w0, w26\n mov x1, #-1\n mov x2, #-1\n mov x3, #-1\n hvc #0\n mov w0, w26\n mov x1, xzr\n mov x2, xzr\n mov x3, xzr\n smc #0\n"
	"add w26, w26, #1\n subs x24, x24, #1\n b.ne 1b\n" DONE);
/* Loads and stores of all sizes from x1 on, x24 times by x2 bytes. */
GUEST(reaches,
	"1: ldr x3, [x1]\n ldr w3, [x1]\n ldrh w3, [x1]\n ldrb w3, [x1]\n str x21, [x1]\n str w21, [x1]\n strh w21, [x1]\n strb w21, [x1]\n"
	"add x1, x1, x2\n subs x24, x24, #1\n b.ne 1b\n" DONE);
/*
 * A row of words from x25 on, each with a branch to the start here behind it.  What is next lies at
 * STATE, the end of the row behind it: no register outlives a word.  Each begins with all of them
 * at where nothing is, FP on, and nothing of the guest's memory in reach.
 */
GUEST(drives,
	"movz x0, #0x8000, lsl #16\n movk x0, #0x4000\n ldp x1, x2, [x0]\n cmp x1, x2\n b.hs 2f\n"
	"add x3, x1, #8\n str x3, [x0]\n msr elr_el1, x1\n mov x1, #0x3c5\n msr spsr_el1, x1\n"
	"mov x1, #0x300000\n msr cpacr_el1, x1\n movz x1, #0x0a00, lsl #16\n mov sp, x1\n"
	".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
	"movz x\\n, #0x0a00, lsl #16\n movk x\\n, #(8 * \\n)\n"
	".endr\n"
	"eret\n"
	"2: movz x20, #0x0a00, lsl #16\n" DONE);
/* All exceptions of a word's end it. */
GUEST(goes_on,
	".rept 16\n"
	".balign 0x80\n"
	"movz x0, #0x8000, lsl #16\n br x0\n"
	".endr\n"
	".balign 0x80\n");
GUEST(holds, "1: str x9, [x20]\n b 1b\n");
/* clang-format on */

static struct guest bad, good, witness;
static uint64_t *canary;
static bool whole; /* WHOLE=1, a minute more: every number */

#define ELR_ID CORE_ID(elr_el1)

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
	guest_put(&bad, GOES_ON, goes_on, goes_on_end);
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

static void start_at(size_t at)
{
	guest_at(&bad, 0, at);
	set_reg(bad.cpu[0], ARM64_SYS_REG(3, 0, 12, 0, 0), RAM + SKIPS);
	set_reg(bad.cpu[0], ARM64_SYS_REG(3, 0, 1, 0, 0), 0xc50078);
	set_reg(bad.cpu[0], X_ID(27), 0);
	set_reg(bad.cpu[0], X_ID(21), 0);
}

static void start(const char *from, const char *to)
{
	guest_put(&bad, 0, from, to);
	start_at(0);
}

/* The row: words that stand in RAM before the guest comes there, as each that is put in its way
 * later costs QEMU all that it knows of the page. */
static uint32_t *row_end;

static void row_begins(void)
{
	row_end = (uint32_t *)(void *)(bad.mem + ROW);
}

static void row_put(uint32_t word)
{
	*(volatile uint32_t *)row_end++ = word;
}

static void row_is_put(void)
{
	__builtin___clear_cache(bad.mem + ROW, (char *)row_end);
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
				      "%s: KVM_RUN gave %ld, exit %u at %#llx, ELR_EL1 %#llx", what,
				      r, why, (unsigned long long)reg(bad.cpu[0], PC_ID),
				      (unsigned long long)reg(bad.cpu[0], ELR_ID));
	}
	return expect(false, "%s: it does not end", what);
}

/* The row runs to its end, with @value in x21. */
static void run_row(const char *what, uint64_t value)
{
	row_put(0xf907fe9f); /* DONE */
	row_put(0x14000000);
	row_is_put();
	start_at(ROW);
	set_reg(bad.cpu[0], X_ID(21), value);
	run_out(what);
}

#define MOV_X0_X21 0xaa1503e0u
#define READS	   0x200000u

/* What takes the sweep itself away: its vectors, translation. */
static bool takes_away(uint32_t word)
{
	uint32_t op = word >> 5 & 0xffff; /* op0's low two bits to op2 */

	return op == 0xc600 /* VBAR_EL1 */ || op == 0xc080 /* SCTLR_EL1 */;
}

/*
 * The @n system instructions from @first on as they stand with L=1, and then with L=0 and what was
 * read, or with @value.
 */
static void sweep(uint32_t first, uint32_t n, bool with_value, uint64_t value)
{
	row_begins();
	for (uint32_t i = 0; i < n; i++) {
		uint32_t w = first + i * 32;

		row_put(MOV_X0_X21);
		row_put(w | READS);
		if (with_value && takes_away(w))
			continue;
		if (with_value)
			row_put(MOV_X0_X21);
		row_put(w);
	}
	run_row("the sweep", value);
}

/* ---- what another guest sees of it in the core's registers ---- */

#define SEEN	  0x100000ul /* in the witness's RAM: what it reads */
#define REGISTERS 0x8000u    /* op0 of 2 and 3 */
#define NOT_THERE 0x5eedul
#define STR_X0_X1 0xf8008420u /* str x0, [x1], #8 */
#define MRS_OF(n) (0xd5300000u | (n) << 5)

static uint64_t seen[3][REGISTERS];

static void make_witness(void)
{
	uint32_t *at;

	guest_make(&witness, 1, 0);
	guest_gic(&witness);
	guest_put(&witness, SKIPS, skips, skips_end);
	at = (uint32_t *)(void *)(witness.mem + ROW);
	for (uint32_t i = 0; i < REGISTERS; i++) {
		*(volatile uint32_t *)at++ = MOV_X0_X21;
		*(volatile uint32_t *)at++ = MRS_OF(i);
		*(volatile uint32_t *)at++ = STR_X0_X1;
	}
	*at++ = 0xf907fe9f; /* DONE */
	__builtin___clear_cache(witness.mem + ROW, (char *)at);
}

/* Every register that can be read, as it is to a guest that has written none. */
static void witness_sees(unsigned int time)
{
	long r;

	guest_at(&witness, 0, ROW);
	set_reg(witness.cpu[0], ARM64_SYS_REG(3, 0, 12, 0, 0), RAM + SKIPS);
	set_reg(witness.cpu[0], X_ID(1), RAM + SEEN);
	set_reg(witness.cpu[0], X_ID(21), NOT_THERE);
	do {
		r = guest_run(&witness);
	} while (r == -EINTR);
	check(r, AT_DONE, "the witness runs, time %u", time);
	memcpy(seen[time], witness.mem + SEEN, sizeof(seen[time]));
}

/* What was the same twice, and changes of itself by nothing, is as it was. */
static void witness_compares(const char *after)
{
	unsigned int there = 0;

	witness_sees(2);
	for (uint32_t i = 0; i < REGISTERS; i++) {
		if (seen[0][i] != seen[1][i])
			continue;
		there += seen[0][i] != NOT_THERE;
		expect(seen[2][i] == seen[0][i],
		       "S%u_%u_C%u_C%u_%u was %#llx to another guest, %#llx after %s",
		       2 + (i >> 14), i >> 11 & 7, i >> 7 & 15, i >> 3 & 15, i & 7,
		       (unsigned long long)seen[0][i], (unsigned long long)seen[2][i], after);
	}
	expect(there > 100, "only %u registers can be read", there);
}

/* On one core: what of its registers is not changed with the guest shows. */
static void on_one_core(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	check(sched_setaffinity(0, sizeof(one), &one), 0, "sched_setaffinity");
}

static void system_instructions(void)
{
	static const uint64_t values[] = { ~0ul, 0x5a5a5a5a5a5a5a5a };

	begin("KVM_RUN: every system instruction, with what was read, with ones, with a pattern");
	make_witness();
	witness_sees(0);
	witness_sees(1);
	/* op0 0 to 3, op1, CRn, CRm, op2: 65,536 words, each with L and without. */
	for (uint32_t op0 = 0; op0 < 4; op0++)
		sweep(0xd5000000 | op0 << 19, 0x4000, false, 0);
	other_is_well("the sweep");
	/* Without a register: barriers, hints, PSTATE's fields. */
	sweep(0xd500001f, 0x4000, false, 0);
	other_is_well("the sweep without a register");
	for (size_t i = 0; i < 2; i++) {
		for (uint32_t op0 = 2; op0 < 4; op0++)
			sweep(0xd5000000 | op0 << 19, 0x4000, true, values[i]);
		other_is_well("the sweep with values");
		witness_compares("the sweep with values");
	}
	end();
}

/* Each is an exit: without WHOLE the low ones, and of the others as many as show each bit. */
static void call_immediates(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		row_begins();
		for (uint32_t imm = 0; imm < 0x10000; imm += whole || imm < 0x100 ? 1 : 31) {
			row_put(MOV_X0_X21);
			row_put(0xd4000002 + i + imm * 32);
		}
		run_row(i ? "smc" : "hvc", 0x7fffffff);
	}
}

static void call_functions(uint32_t first, uint32_t n)
{
	start(functions, functions_end);
	set_reg(bad.cpu[0], X_ID(26), first);
	set_reg(bad.cpu[0], X_ID(24), n);
	run_out("calls");
}

static void all_calls(void)
{
	begin("KVM_RUN: every hvc, every smc, calls of every owner");
	call_immediates();
	other_is_well("hvc and smc");
	for (uint32_t owner = 0; owner < 64; owner++)
		for (uint32_t kind = 0; kind < 4; kind++) {
			bool known = whole || owner < 7 || (owner >= 48 && owner < 51);
			uint32_t id = kind << 30 | owner << 24;

			call_functions(id, known ? 0x60 : 3);
			call_functions(id | 0xff00, whole ? 0x100 : 4);
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
	reach(3ul << 30, 1ul << 30, whole ? 1040 : 8, 0);
	for (int bit = 33; bit < 64; bit++)
		reach(1ul << bit, (1ul << bit) - 8, 3, 0);
	reach(0, 1ul << 21, 64, ~0ul);
	reach(~0ul << 12, 8, 600, 1);
	/* Each byte, then each word, of each frame that there is. */
	reach(GICD, 1, whole ? 0x1100 : 0x110, 0);
	reach(GICD, 4, 0x400, ~0ul);
	if (bad.gic_version == 3) {
		reach(GICD + 0x6000, 4, whole ? 0x2800 : 0x40, ~0ul);
		reach(GICR, 4, whole ? 0x4000 : 0x80, ~0ul);
		reach(GICR + 0xff00, 4, 0x40, ~0ul);
		reach(GICR + 0x10000, 4, whole ? 0x4000 : 0x380, ~0ul);
	} else {
		reach(GICC, 4, whole ? 0x800 : 0x100, ~0ul);
	}
	other_is_well("all addresses");
	end();
}

static void start_words(void)
{
	start_at(0);
	set_reg(bad.cpu[0], ARM64_SYS_REG(3, 0, 12, 0, 0), RAM + GOES_ON);
}

/* Each word has until the second signal: a branch to itself, or wfi. */
static void run_words(uint64_t last)
{
	volatile uint64_t *next = (volatile uint64_t *)(void *)(bad.mem + STATE);
	uint64_t was = 0;

	for (;;) {
		long r = guest_run(&bad);
		struct kvm_mp_state on = { KVM_MP_STATE_RUNNABLE };

		if (r == AT_DONE && *next == last)
			return;
		if (r == -ENOSYS) /* no syndrome: the next one */
			start_words();
		else if (r == -EINTR && *next == was)
			start_words();
		else if (r == -EINTR)
			was = *next;
		else if (r == AT_EXIT && bad.run[0]->exit_reason == KVM_EXIT_SYSTEM_EVENT)
			sys(ioctl, bad.cpu[0], KVM_SET_MP_STATE, &on);
		else if (!expect(r == AT_MMIO || r == AT_DONE || r == FAULTED,
				 "word %#x: %ld, exit %u",
				 *(uint32_t *)(void *)(bad.mem + *next - RAM - 8), r,
				 bad.run[0]->exit_reason))
			return;
	}
}

static void random_words(void)
{
	uint64_t seed = 12345, *state = (uint64_t *)(void *)(bad.mem + STATE);

	begin("KVM_RUN: random words");
	guest_put(&bad, 0, drives, drives_end);
	row_begins();
	for (int i = 0; i < WORDS; i++) {
		seed = seed * 6364136223846793005ul + 1442695040888963407ul;
		row_put((uint32_t)(seed >> 32));
		row_put(0x14000000 | ((uint32_t)((bad.mem - (char *)row_end) / 4) & 0x3ffffff));
	}
	row_is_put();
	state[0] = RAM + ROW;
	state[1] = RAM + (uint64_t)((char *)row_end - bad.mem);
	start_words();
	run_words(state[1]);
	other_is_well("random words");
	end();
}

int main(void)
{
	uint64_t tpidr = 0, now;

	__asm__("mrs %0, tpidr_el0" : "=r"(tpidr));
	whole = getenv("WHOLE") != NULL;
	open_kvm();
	make();
	on_one_core();
	ticks();
	system_instructions();
	all_calls();
	addresses();
	random_words();
	timer_delete(id);
	guest_free(&bad);
	guest_free(&good);
	guest_free(&witness);
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
