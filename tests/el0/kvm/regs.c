/*
 * regs.c - a vCPU's registers by KVM_GET_REG_LIST, KVM_GET_ONE_REG and KVM_SET_ONE_REG: which
 * there are, what they hold at first, what may be written; and the errors.
 */
#define _GNU_SOURCE
#include <sys/auxv.h>

#include "tests/el0/kvm/guest.h"
#include "tests/el0/libc/hostile.h"

#define PTRAUTH	  (1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS | 1u << KVM_ARM_VCPU_PTRAUTH_GENERIC)
#define LIST_MAX  600
#define SYSREG(n) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG | (uint64_t)(n))
#define FW(n)	  KVM_REG_ARM_FW_REG(n)
#define BITMAP(n) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | 0x160000ull | (uint64_t)(n))
#define UNKNOWN_AT_RESET \
	0x1de7ec7edbadc0dell /* what Linux puts where the architecture says UNKNOWN */
#define CCSIDR(n) (KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX | (uint64_t)(n))
#define V(n)	  (KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE | (0x54ull + 4ull * (n)))

static struct {
	struct kvm_reg_list head;
	uint64_t id[LIST_MAX];
} list;

/*
 * Those system registers that are not in rows, by op0 to op2; and what they hold at first where
 * that is known.
 */
#define ANY 1
static const struct {
	unsigned int id;
	uint64_t first;
} others[] = {
	{ 0x8010, 0 },		      /* MDCCINT_EL1 */
	{ 0x8012, 0 },		      /* MDSCR_EL1 */
	{ 0x808c, 8 },		      /* OSLSR_EL1 */
	{ 0xa038, 0 },		      /* DBGVCR32_EL2 */
	{ 0xc000, ANY },	      /* MIDR_EL1 */
	{ 0xc005, 1ul << 31 },	      /* MPIDR_EL1 */
	{ 0xc006, ANY },	      /* REVIDR_EL1 */
	{ 0xc080, 0xc50078 },	      /* SCTLR_EL1 */
	{ 0xc081, ANY },	      /* ACTLR_EL1 */
	{ 0xc082, 0 },		      /* CPACR_EL1 */
	{ 0xc100, UNKNOWN_AT_RESET }, /* TTBR0_EL1 */
	{ 0xc101, UNKNOWN_AT_RESET }, /* TTBR1_EL1 */
	{ 0xc102, 0 },		      /* TCR_EL1 */
	{ 0xc103, 0 },		      /* TCR2_EL1 */
	{ 0xc288, UNKNOWN_AT_RESET }, /* AFSR0_EL1 */
	{ 0xc289, UNKNOWN_AT_RESET }, /* AFSR1_EL1 */
	{ 0xc290, UNKNOWN_AT_RESET }, /* ESR_EL1 */
	{ 0xc300, UNKNOWN_AT_RESET }, /* FAR_EL1 */
	{ 0xc3a0, UNKNOWN_AT_RESET }, /* PAR_EL1 */
	{ 0xc510, UNKNOWN_AT_RESET }, /* MAIR_EL1 */
	{ 0xc512, UNKNOWN_AT_RESET }, /* PIRE0_EL1 */
	{ 0xc513, UNKNOWN_AT_RESET }, /* PIR_EL1 */
	{ 0xc518, ANY },	      /* AMAIR_EL1 */
	{ 0xc600, 0 },		      /* VBAR_EL1 */
	{ 0xc609, 0 },		      /* DISR_EL1 */
	{ 0xc681, 0 },		      /* CONTEXTIDR_EL1 */
	{ 0xc684, UNKNOWN_AT_RESET }, /* TPIDR_EL1 */
	{ 0xc708, 0 },		      /* CNTKCTL_EL1 */
	{ 0xc801, ANY },	      /* CLIDR_EL1 */
	{ 0xc807, ANY },	      /* AIDR_EL1 */
	{ 0xd000, UNKNOWN_AT_RESET }, /* CSSELR_EL1 */
	{ 0xd801, ANY },	      /* CTR_EL0 */
	{ 0xde82, UNKNOWN_AT_RESET }, /* TPIDR_EL0 */
	{ 0xde83, UNKNOWN_AT_RESET }, /* TPIDRRO_EL0 */
	{ 0xdf01, ANY },	      /* CNTPCT_EL0 */
	{ 0xdf02,
	  0 }, /* the virtual timer's compare value, under CNTFRQ_EL0's neighbour's number */
	{ 0xdf11, 4 },		      /* CNTP_CTL_EL0 */
	{ 0xdf12, 0 },		      /* CNTP_CVAL_EL0 */
	{ 0xdf19, 4 },		      /* CNTV_CTL_EL0 */
	{ 0xdf1a, ANY },	      /* CNTVCT_EL0, under CNTV_CVAL_EL0's number */
	{ 0xe180, UNKNOWN_AT_RESET }, /* DACR32_EL2 */
	{ 0xe281, UNKNOWN_AT_RESET }, /* IFSR32_EL2 */
	{ 0xe298, 0x700 },	      /* FPEXC32_EL2 */
};

/* ---- the list ---- */

static bool on_list(uint64_t id)
{
	for (unsigned int i = 0; i < list.head.n; i++)
		if (list.id[i] == id)
			return true;
	return false;
}

static void get_list(int cpu)
{
	list.head.n = LIST_MAX;
	check(sys(ioctl, cpu, KVM_GET_REG_LIST, &list), 0, "KVM_GET_REG_LIST");
}

static unsigned int wanted;

static void want(uint64_t id)
{
	wanted++;
	expect(on_list(id), "%#llx is on the list", (unsigned long long)id);
}

/* Which registers there must be: more of them with pointer authentication. */
static void whole_list(unsigned int features)
{
	wanted = 0;
	for (unsigned int i = 0; i < 31; i++)
		want(X_ID(i));
	want(CORE_ID(regs.sp));
	want(PC_ID);
	want(PSTATE_ID);
	want(CORE_ID(sp_el1));
	want(CORE_ID(elr_el1));
	for (unsigned int i = 0; i < KVM_NR_SPSR; i++)
		want(CORE_ID(spsr[0]) + 2 * i);
	for (unsigned int i = 0; i < 32; i++)
		want(V(i));
	want(0x60200000001000d4); /* FPSR */
	want(0x60200000001000d5); /* FPCR */
	for (unsigned int i = 0; i < 4; i++)
		want(FW(i));
	for (unsigned int i = 0; i < 3; i++)
		want(BITMAP(i));
	for (unsigned int i = 0; i < 14; i++)
		want(CCSIDR(i));
	for (unsigned int n = 0; n < 16; n++)
		for (unsigned int op2 = 4; op2 < 8; op2++)
			want(SYSREG(0x8000 | n << 3 | op2)); /* DBGB[VC]R, DBGW[VC]R */
	for (unsigned int n = 0xc008; n < 0xc040; n++)
		want(SYSREG(n)); /* the ID registers */
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		want(SYSREG(others[i].id));
	if (features & PTRAUTH)
		for (unsigned int key = 0; key < 10; key++)
			want(SYSREG(0xc108 + (key & 4) * 2 + (key & 8) * 2 + (key & 3)));
	for (unsigned int i = 0; i < list.head.n; i++)
		for (unsigned int j = 0; j < i; j++)
			expect(list.id[i] != list.id[j], "%#llx is there twice",
			       (unsigned long long)list.id[i]);
	if (!check(list.head.n, wanted, "so many registers, and no others"))
		for (unsigned int i = 0; i < list.head.n; i++)
			note("%#llx", (unsigned long long)list.id[i]);
}

static bool has_ptrauth(void)
{
	return sys(ioctl, dev_kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PTRAUTH_ADDRESS) > 0;
}

static void lists(void)
{
	struct guest g;
	struct kvm_reg_list *none = (void *)&list;

	begin("ioctl: KVM_GET_REG_LIST: Linux's list; errors");
	guest_make(&g, 1, 0);
	none->n = 0;
	check(sys(ioctl, g.cpu[0], KVM_GET_REG_LIST, &list), -E2BIG, "room for none");
	unsigned int n = (unsigned int)none->n;

	list.id[n - 1] = 0x5a;
	list.head.n = n - 1;
	check(sys(ioctl, g.cpu[0], KVM_GET_REG_LIST, &list), -E2BIG, "room for one too few");
	check(list.head.n, n, "says how many there are");
	check((long)list.id[n - 1], 0x5a, "and nothing more");
	list.head.n = n;
	check(sys(ioctl, g.cpu[0], KVM_GET_REG_LIST, &list), 0, "room for all");
	get_list(g.cpu[0]);
	check(list.head.n, n, "room for more");
	whole_list(0);
	/* Only the count, at the edge of memory. */
	struct kvm_reg_list *edge = hostile_edge(sizeof(*edge));

	edge->n = LIST_MAX;
	check(sys(ioctl, g.cpu[0], KVM_GET_REG_LIST, edge), -EFAULT, "no room in memory");
	check(edge->n, n, "the count is there before");
	FAULTS(OUT, 8, ioctl, g.cpu[0], KVM_GET_REG_LIST, bad);
	guest_free(&g);
	end();
	if (!has_ptrauth())
		return;
	begin("ioctl: KVM_GET_REG_LIST with pointer authentication");
	guest_make(&g, 1, PTRAUTH);
	get_list(g.cpu[0]);
	whole_list(PTRAUTH);
	guest_free(&g);
	end();
}

/* ---- values ---- */

static void first_values(void)
{
	struct guest g;
	uint64_t v[2];

	begin("ioctl: KVM_GET_ONE_REG of every register at first, and KVM_SET_ONE_REG of the same");
	guest_make(&g, 1, 0);
	/* guest_make() set none of these; a vCPU of its own is as KVM_ARM_VCPU_INIT leaves it. */
	for (unsigned int i = 0; i < 31; i++)
		check((long)reg(g.cpu[0], X_ID(i)), 0, "x%u", i);
	check((long)reg(g.cpu[0], PC_ID), 0, "pc");
	check((long)reg(g.cpu[0], PSTATE_ID), PSTATE_EL1H, "pstate");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].first != ANY)
			check((long)reg(g.cpu[0], SYSREG(others[i].id)), (long)others[i].first,
			      "system register %#x", others[i].id);
	get_list(g.cpu[0]);
	for (unsigned int i = 0; i < list.head.n; i++) {
		struct kvm_one_reg r = { list.id[i], (uintptr_t)v };
		unsigned long long id = list.id[i];

		v[0] = v[1] = 0;
		check(sys(ioctl, g.cpu[0], KVM_GET_ONE_REG, &r), 0, "reads %#llx", id);
		check(sys(ioctl, g.cpu[0], KVM_SET_ONE_REG, &r), 0, "writes it to %#llx", id);
	}
	check((long)reg(g.cpu[0], FW(0)), 0x10001, "PSCI 1.1");
	check((long)reg(g.cpu[0], BITMAP(0)), 1, "the TRNG");
	check((long)reg(g.cpu[0], BITMAP(1)), 1, "stolen time");
	check((long)reg(g.cpu[0], BITMAP(2)), 3, "KVM's own calls");
	guest_free(&g);
	end();
}

/* Every bit of a register that takes anything. */
static void takes_all(int cpu, uint64_t id)
{
	static const uint64_t values[] = { ~0ul, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa, 0 };
	uint64_t old = reg(cpu, id);

	for (size_t i = 0; i < 4; i++) {
		check(set_reg(cpu, id, values[i]), 0, "%#llx takes %#llx", (unsigned long long)id,
		      (unsigned long long)values[i]);
		check((long)reg(cpu, id), (long)values[i], "%#llx holds it",
		      (unsigned long long)id);
	}
	set_reg(cpu, id, old);
}

static void plain_registers(void)
{
	static const unsigned int plain[] = { 0x8010, 0x8012, 0xa038, 0xc005, 0xc080, 0xc081,
					      0xc082, 0xc100, 0xc101, 0xc102, 0xc288, 0xc289,
					      0xc290, 0xc300, 0xc3a0, 0xc510, 0xc518, 0xc600,
					      0xc609, 0xc681, 0xc684, 0xc708, 0xd000, 0xde82,
					      0xde83, 0xdf02, 0xdf12, 0xe180, 0xe281, 0xe298 };
	struct guest g;
	uint64_t v[2] = { 0x0123456789abcdef, 0xfedcba9876543210 }, w[2];

	begin("ioctl: KVM_SET_ONE_REG: registers that take all that is written");
	guest_make(&g, 1, 0);
	for (unsigned int i = 0; i < 31; i++)
		takes_all(g.cpu[0], X_ID(i));
	takes_all(g.cpu[0], PC_ID);
	takes_all(g.cpu[0], CORE_ID(regs.sp));
	takes_all(g.cpu[0], CORE_ID(sp_el1));
	takes_all(g.cpu[0], CORE_ID(elr_el1));
	for (unsigned int i = 0; i < KVM_NR_SPSR; i++)
		takes_all(g.cpu[0], CORE_ID(spsr[0]) + 2 * i);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		takes_all(g.cpu[0], SYSREG(plain[i]));
	for (unsigned int n = 0; n < 16; n++)
		for (unsigned int op2 = 4; op2 < 8; op2++)
			takes_all(g.cpu[0], SYSREG(0x8000 | n << 3 | op2));
	for (unsigned int i = 0; i < 32; i++) {
		struct kvm_one_reg r = { V(i), (uintptr_t)v };

		v[0] += i;
		check(sys(ioctl, g.cpu[0], KVM_SET_ONE_REG, &r), 0, "v%u is set", i);
		r.addr = (uintptr_t)w;
		check(sys(ioctl, g.cpu[0], KVM_GET_ONE_REG, &r), 0, "v%u", i);
		check((long)w[0], (long)v[0], "v%u's low half", i);
		check((long)w[1], (long)v[1], "v%u's high half", i);
	}
	guest_free(&g);
	end();
}

static void modes(void)
{
	static const struct {
		uint64_t pstate;
		long want;
	} tries[] = {
		{ 0x3c5, 0 },	    { 0x3c4, 0 },	{ 0x0, 0 },	    { 0xf0000000, 0 },
		{ 0x20, 0 },	    { 1, -EINVAL },	{ 2, -EINVAL },	    { 3, -EINVAL },
		{ 6, -EINVAL },	    { 7, -EINVAL },	{ 0x3c8, -EINVAL }, { 0x3c9, -EINVAL },
		{ 0x3cc, -EINVAL }, { 0x3cd, -EINVAL }, { 0xf, -EINVAL },   { 0x13, -EINVAL },
		{ 0x1d3, -EINVAL }, { 0x16, -EINVAL },	{ 0x1a, -EINVAL },  { 0x1f, -EINVAL },
		{ 0x1d, -EINVAL },
	};
	struct guest g;

	begin("ioctl: KVM_SET_ONE_REG of PSTATE: the modes a guest may be in");
	guest_make(&g, 1, 0);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		check(set_reg(g.cpu[0], PSTATE_ID, tries[i].pstate), tries[i].want, "PSTATE %#llx",
		      (unsigned long long)tries[i].pstate);
	guest_free(&g);
	end();
}

/* ---- what may not be written ---- */

/*
 * An ID register of a guest may say less than the core has, where Linux lets it, and never more.
 */
static void id_registers(void)
{
	struct guest g;

	begin("ioctl: KVM_SET_ONE_REG of the ID registers: never more than there is");
	guest_make(&g, 1, 0);
	for (unsigned int n = 0xc008; n < 0xc040; n++) {
		uint64_t id = SYSREG(n), v = reg(g.cpu[0], id);

		check(set_reg(g.cpu[0], id, v), 0, "%#x as it is", n);
		check((long)reg(g.cpu[0], id), (long)v, "%#x stays", n);
		if (~v)
			check(set_reg(g.cpu[0], id, ~0ul), -EINVAL, "%#x with every bit", n);
		/*
		 * The fields of the old registers of 32 bits may be anything only where there is
		 * AArch32.
		 */
		check((long)reg(g.cpu[0], id), (long)v, "%#x is as it was", n);
	}
	static const unsigned int fixed[] = { 0xc000, 0xc006, 0xc807 };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		uint64_t v = reg(g.cpu[0], SYSREG(fixed[i]));

		check(set_reg(g.cpu[0], SYSREG(fixed[i]), v), 0, "%#x as it is", fixed[i]);
		check(set_reg(g.cpu[0], SYSREG(fixed[i]), v + 1), -EINVAL, "another %#x", fixed[i]);
	}
	/* ID_AA64MMFR0_EL1.PARange may be less. */
	uint64_t mmfr0 = reg(g.cpu[0], SYSREG(0xc038));

	check(set_reg(g.cpu[0], SYSREG(0xc038), mmfr0 & ~15ul), 0, "PARange 0");
	check((long)reg(g.cpu[0], SYSREG(0xc038)), (long)(mmfr0 & ~15ul), "is kept");
	check(set_reg(g.cpu[0], SYSREG(0xc038), mmfr0), 0, "and back");
	check(set_reg(g.cpu[0], SYSREG(0x808c), 0x8), 0, "OSLSR_EL1: not locked, as it is");
	check(set_reg(g.cpu[0], SYSREG(0x808c), 0xa), 0, "OSLSR_EL1: locked");
	check((long)reg(g.cpu[0], SYSREG(0x808c)), 0xa, "is kept");
	check(set_reg(g.cpu[0], SYSREG(0x808c), 0), -EINVAL, "OSLSR_EL1: no lock");
	check(set_reg(g.cpu[0], SYSREG(0x808c), 0xc), -EINVAL, "OSLSR_EL1: 64 bits");
	guest_free(&g);
	end();
}

static void timers(void)
{
	struct guest g;

	begin("ioctl: KVM_SET_ONE_REG of the timers");
	guest_make(&g, 1, 0);
	for (unsigned int n = 0xdf11; n <= 0xdf19; n += 8) {
		check(set_reg(g.cpu[0], SYSREG(n), ~0ul), 0, "control %#x", n);
		check((long)(reg(g.cpu[0], SYSREG(n)) & ~4ul), 0xfffffffb,
		      "takes 32 bits but ISTATUS");
		check(set_reg(g.cpu[0], SYSREG(n), 0), 0, "control off");
		check((long)(reg(g.cpu[0], SYSREG(n)) & ~4ul), 0, "is off");
	}
	uint64_t first = reg(g.cpu[0], SYSREG(0xdf1a)), later;

	for (int i = 0; i < 1000; i++)
		later = reg(g.cpu[0], SYSREG(0xdf1a));
	expect(later >= first, "the virtual counter runs");
	check(set_reg(g.cpu[0], SYSREG(0xdf1a), 1ul << 40), 0, "the virtual counter is set");
	later = reg(g.cpu[0], SYSREG(0xdf1a));
	expect(later >= 1ul << 40 && later < (1ul << 40) + (1ul << 36),
	       "and runs on from there: %#llx", (unsigned long long)later);
	check(set_reg(g.cpu[0], SYSREG(0xdf01), 1ul << 41), 0, "the physical counter");
	later = reg(g.cpu[0], SYSREG(0xdf01));
	expect(later >= 1ul << 41 && later < (1ul << 41) + (1ul << 36), "runs on from there: %#llx",
	       (unsigned long long)later);
	guest_free(&g);
	end();
}

static void firmware(void)
{
	struct guest g;

	begin("ioctl: KVM_SET_ONE_REG of the firmware's registers");
	guest_make(&g, 1, 0);
	static const uint64_t versions[] = { 0x2, 0x10000, 0x10001 };

	for (size_t i = 0; i < 3; i++) {
		check(set_reg(g.cpu[0], FW(0), versions[i]), 0, "PSCI %#llx",
		      (unsigned long long)versions[i]);
		check((long)reg(g.cpu[0], FW(0)), (long)versions[i], "is it");
	}
	check(set_reg(g.cpu[0], FW(0), 0x10002), -EINVAL, "PSCI 1.2");
	check(set_reg(g.cpu[0], FW(0), 0x1), -EINVAL, "PSCI 0.1");
	check(set_reg(g.cpu[0], FW(0), 0x20000), -EINVAL, "PSCI 2.0");
	for (unsigned int i = 1; i < 4; i++) {
		uint64_t v = reg(g.cpu[0], FW(i)), w;

		check(set_reg(g.cpu[0], FW(i), v), 0, "workaround %u as it is", i);
		check(set_reg(g.cpu[0], FW(i), v | 0x100), -EINVAL,
		      "workaround %u with an unknown bit", i);
		check(get_reg(g.cpu[0], FW(4), &w), -ENOENT, "firmware register 4");
	}
	check(set_reg(g.cpu[0], FW(9), 0), -ENOENT, "firmware register 9");
	for (unsigned int i = 0; i < 3; i++) {
		uint64_t v = reg(g.cpu[0], BITMAP(i));

		check(set_reg(g.cpu[0], BITMAP(i), 0), 0, "bitmap %u: none", i);
		check((long)reg(g.cpu[0], BITMAP(i)), 0, "is none");
		check(set_reg(g.cpu[0], BITMAP(i), v + 1), -EINVAL, "bitmap %u: an unknown bit", i);
		check(set_reg(g.cpu[0], BITMAP(i), v), 0, "bitmap %u: all", i);
	}
	check(set_reg(g.cpu[0], BITMAP(3), 0), -ENOENT, "bitmap 3");
	guest_free(&g);
	end();
	begin("ioctl: KVM_SET_ONE_REG of the firmware's registers of a vCPU without PSCI 0.2");
	int vm = (int)sys(ioctl, dev_kvm, KVM_CREATE_VM, 0),
	    cpu = (int)sys(ioctl, vm, KVM_CREATE_VCPU, 0);

	check(vcpu_init(vm, cpu, 0), 0, "KVM_ARM_VCPU_INIT");
	check((long)reg(cpu, FW(0)), 1, "PSCI 0.1");
	check(set_reg(cpu, FW(0), 1), 0, "PSCI 0.1 again");
	check(set_reg(cpu, FW(0), 0x10001), -EINVAL, "PSCI 1.1");
	close(cpu);
	close(vm);
	end();
}

/* ---- errors ---- */

static void no_such(int cpu, uint64_t id, long want_get, long want_set)
{
	uint64_t v[32] = { 0 };
	struct kvm_one_reg r = { id, (uintptr_t)v };

	check(sys(ioctl, cpu, KVM_GET_ONE_REG, &r), want_get, "KVM_GET_ONE_REG of %#llx",
	      (unsigned long long)id);
	check(sys(ioctl, cpu, KVM_SET_ONE_REG, &r), want_set, "KVM_SET_ONE_REG of %#llx",
	      (unsigned long long)id);
}

/*
 * Of a core register: what lies beyond struct kvm_regs does not exist, what is in it and not so
 * is wrong.
 */
static void no_core(int cpu, uint64_t id)
{
	uint64_t end = (id & 0xffff) + (1u << (id >> KVM_REG_SIZE_SHIFT & 15)) / 4;
	long want = end >= sizeof(struct kvm_regs) / 4 ? -ENOENT : -EINVAL;

	no_such(cpu, id, want, want);
}

static void errors(void)
{
	struct guest g;
	uint64_t v;

	begin("ioctl: KVM_GET_ONE_REG, KVM_SET_ONE_REG: sizes, numbers and pointers that are "
	      "wrong");
	guest_make(&g, 1, 0);
	int cpu = g.cpu[0];

	no_such(cpu, 0, -EINVAL, -EINVAL);
	no_such(cpu, ~0ull, -EINVAL, -EINVAL);
	no_such(cpu, X_ID(0) & ~KVM_REG_ARCH_MASK, -EINVAL, -EINVAL);
	no_such(cpu, (X_ID(0) & ~KVM_REG_ARCH_MASK) | KVM_REG_X86, -EINVAL, -EINVAL);
	no_such(cpu, (X_ID(0) & ~KVM_REG_ARCH_MASK) | KVM_REG_ARM, -EINVAL, -EINVAL);
	for (uint64_t size = 0; size < 16; size++) {
		uint64_t wrong = (X_ID(3) & ~KVM_REG_SIZE_MASK) | size << KVM_REG_SIZE_SHIFT;

		if (wrong != X_ID(3))
			no_core(cpu, wrong);
		wrong = (SYSREG(0xc080) & ~KVM_REG_SIZE_MASK) | size << KVM_REG_SIZE_SHIFT;
		if (wrong != SYSREG(0xc080))
			no_such(cpu, wrong, -ENOENT, -ENOENT);
		wrong = (CCSIDR(0) & ~KVM_REG_SIZE_MASK) | size << KVM_REG_SIZE_SHIFT;
		if (wrong != CCSIDR(0))
			no_such(cpu, wrong, -ENOENT, -ENOENT);
		wrong = (FW(0) & ~KVM_REG_SIZE_MASK) | size << KVM_REG_SIZE_SHIFT;
		if (wrong != FW(0))
			no_such(cpu, wrong, -ENOENT, -ENOENT);
	}
	for (unsigned int at = 1; at < 0x54; at += 2)
		no_core(cpu, X_ID(0) + at);
	for (uint64_t at = 0xd6; at < 0x10000; at = at * 2 + 1)
		no_core(cpu, X_ID(0) + at);
	no_core(cpu, V(0) + 2);
	no_core(cpu, V(32));
	no_such(cpu, CCSIDR(14), -ENOENT, -ENOENT);
	no_such(cpu, CCSIDR(0x100), -ENOENT, -ENOENT);
	no_such(cpu, SYSREG(0xffff), -ENOENT, -ENOENT);
	no_such(cpu, SYSREG(0xc083), -ENOENT, -ENOENT);
	no_such(cpu, SYSREG(0xc080) | 1ull << 28, -ENOENT, -ENOENT);
	no_such(cpu, SYSREG(0xc080) | 1ull << 32, -EINVAL, -EINVAL);
	for (uint64_t kind = 0; kind < 32; kind++)
		if (kind != 0x10 && kind != 0x11 && !(kind >= 0x13 && kind <= 0x16))
			no_such(cpu, KVM_REG_ARM64 | KVM_REG_SIZE_U64 | kind << 16, -ENOENT,
				-ENOENT);
	no_such(cpu, KVM_REG_ARM64 | KVM_REG_SIZE_U256 | KVM_REG_ARM64_SVE, -EINVAL, -EINVAL);
	no_such(cpu, SYSREG(0xdce0), -ENOENT, -ENOENT); /* PMCR_EL0 of a vCPU without a PMU */
	no_such(cpu, SYSREG(0xc090), -ENOENT, -ENOENT); /* ZCR_EL1 of one without SVE */
	no_such(cpu, SYSREG(0xc108), -ENOENT,
		-ENOENT); /* a key of one without pointer authentication */
	no_such(cpu, SYSREG(0xe088), -ENOENT, -ENOENT); /* HCR_EL2 */
	struct kvm_one_reg r = { PC_ID, 0 };

	FAULTS(IN, sizeof(r), ioctl, cpu, KVM_GET_ONE_REG, bad);
	FAULTS(IN, sizeof(r), ioctl, cpu, KVM_SET_ONE_REG, bad);
	static const uint64_t each[] = {
		PC_ID,		V(3),		FW(0),		BITMAP(0),
		SYSREG(0xc080), SYSREG(0xc038), SYSREG(0xdf1a), CCSIDR(0)
	};

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		size_t size = 1u << (each[i] >> KVM_REG_SIZE_SHIFT & 15);

		r.id = each[i];
		for (int at = 0; hostile_pointer(&at, size, OUT);) {
			r.addr = (uintptr_t)bad;
			check(sys(ioctl, cpu, KVM_GET_ONE_REG, &r), -EFAULT, "%#llx to %s",
			      (unsigned long long)r.id, bad_name);
		}
		for (int at = 0; hostile_pointer(&at, size, IN);) {
			r.addr = (uintptr_t)bad;
			check(sys(ioctl, cpu, KVM_SET_ONE_REG, &r), -EFAULT, "%#llx from %s",
			      (unsigned long long)r.id, bad_name);
		}
	}
	/* A register of 32 bits at the edge of memory. */
	r = (struct kvm_one_reg){ CCSIDR(0), (uintptr_t)hostile_edge(4) };
	check(sys(ioctl, cpu, KVM_GET_ONE_REG, &r), 0, "four bytes are four bytes");
	check(get_reg(cpu, PC_ID, &v), 0, "the vCPU is as before");
	guest_free(&g);
	end();
}

/* To each register, as the VMM is told; x1: they all say the same; x2: behind it, too. */
GUEST(reads_ctr,
      "mov sp, x20\n"
      "mrs x0, ctr_el0\n"
      ".irp n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
      "mrs x\\n, ctr_el0\n"
      "cmp x\\n, x0\n"
      "b.ne 1f\n"
      ".endr\n"
      "mov x2, #5\n"
      "mrs xzr, ctr_el0\n"
      "cmp x3, x0\n"
      "b.eq 2f\n"
      "1: mov x0, #0\n"
      "2: mov x20, sp\n" DONE);

static void cache_type(void)
{
	struct guest g;
	uint64_t ctr = 0;

	begin("KVM_RUN: CTR_EL0 read to every register");
	guest_make(&g, 1, 0);
	guest_load(&g, 0, reads_ctr);
	check(guest_run(&g), AT_DONE, "the guest's end");
	check(get_reg(g.cpu[0], SYSREG(0xd801), &ctr), 0, "CTR_EL0");
	check(X(&g, 0), ctr, "x0 to x30");
	check(X(&g, 2), 5, "no register but that");
	guest_free(&g);
	end();
}

int main(void)
{
	open_kvm();
	cache_type();
	lists();
	first_values();
	plain_registers();
	modes();
	id_registers();
	timers();
	firmware();
	errors();
	return tap_done();
}
