/*
 * psci.c - the calls of a guest that the kernel answers: PSCI, with vCPUs that others switch on
 * and off, and the rest of SMCCC; the events that are the caller's; the filter that says whose a
 * call is.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "tests/el0/kvm/guest.h"
#include "tests/el0/libc/hostile.h"

#define NOT_SUPPORTED  (-1)
#define INVALID	       (-2)
#define ALREADY_ON     (-4)
#define SMCCC_VERSION  0x80000000u
#define ARCH_FEATURES  0x80000001u
#define CPU_OFF	       0x84000002u
#define CPU_ON_32      0x84000003u
#define CPU_ON	       0xc4000003u
#define AFFINITY_INFO  0xc4000004u
#define FEATURES       0x8400000au
#define SYSTEM_SUSPEND 0xc400000eu

/* clang-format off */
GUEST(by_hvc, "hvc #0\n" DONE);
GUEST(by_smc, "smc #0\n" DONE);
GUEST(comes_up, "mrs x1, mpidr_el1\n mrs x2, sctlr_el1\n mrs x3, currentel\n mrs x4, daif\n mov x20, #0x0a000000\n" DONE);
GUEST(goes_off, "mov w0, #2\n movk w0, #0x8400, lsl #16\n hvc #0\n" DONE);
GUEST(stays, "b .\n");
/* clang-format on */

/* A call from vCPU 0: x0 behind it. */
static long call(struct guest *g, uint32_t fn, uint64_t a, uint64_t b, uint64_t c)
{
	guest_load(g, 0, by_hvc);
	SET_X(g, 0, fn);
	SET_X(g, 1, a);
	SET_X(g, 2, b);
	SET_X(g, 3, c);
	check(guest_run(g), AT_DONE, "call %#x", fn);
	return X(g, 0);
}

static void answers(void)
{
	static const struct {
		uint32_t fn;
		uint64_t a;
		long want;
	} calls[] = {
		{ 0x84000000, 0, 0x10001 },	  /* PSCI_VERSION */
		{ 0x84000006, 0, 2 },		  /* MIGRATE_INFO_TYPE: no trusted OS to move */
		{ 0x84000005, 0, NOT_SUPPORTED }, /* MIGRATE */
		{ 0x84000007, 0, NOT_SUPPORTED }, /* MIGRATE_INFO_UP_CPU */
		{ 0x8400000b, 0, NOT_SUPPORTED }, /* CPU_FREEZE */
		{ 0x8400000c, 0, NOT_SUPPORTED }, /* CPU_DEFAULT_SUSPEND */
		{ 0x8400000d, 0, NOT_SUPPORTED }, /* NODE_HW_STATE */
		{ 0x8400000e, 0, NOT_SUPPORTED }, /* SYSTEM_SUSPEND */
		{ 0xc400000e, 0, NOT_SUPPORTED },
		{ 0x8400000f, 0, NOT_SUPPORTED }, /* PSCI_SET_SUSPEND_MODE */
		{ 0x84000010, 0, NOT_SUPPORTED }, /* PSCI_STAT_RESIDENCY */
		{ 0x84000013, 0, NOT_SUPPORTED }, /* MEM_PROTECT */
		{ 0x8400001f, 0, NOT_SUPPORTED },
		{ 0xc4000000, 0, NOT_SUPPORTED }, /* PSCI_VERSION has no form of 64 bits */
		{ FEATURES, 0x84000000, 0 },
		{ FEATURES, 0x84000001, 0 },
		{ FEATURES, 0xc4000001, 0 },
		{ FEATURES, 0x84000002, 0 },
		{ FEATURES, 0x84000003, 0 },
		{ FEATURES, 0xc4000003, 0 },
		{ FEATURES, 0x84000004, 0 },
		{ FEATURES, 0xc4000004, 0 },
		{ FEATURES, 0x84000006, 0 },
		{ FEATURES, 0x84000008, 0 },
		{ FEATURES, 0x84000009, 0 },
		{ FEATURES, 0x8400000a, 0 },
		{ FEATURES, 0x84000012, 0 },
		{ FEATURES, 0xc4000012, 0 },
		{ FEATURES, 0x80000000, 0 },
		{ FEATURES, 0x80000001, NOT_SUPPORTED },
		{ FEATURES, 0xc400000e, NOT_SUPPORTED },
		{ FEATURES, 0x84000005, NOT_SUPPORTED },
		{ FEATURES, 0xffffffff, NOT_SUPPORTED },
		{ SMCCC_VERSION, 0, 0x10001 },
		{ ARCH_FEATURES, 0x80000000, NOT_SUPPORTED },
		{ ARCH_FEATURES, 0x80000001, NOT_SUPPORTED },
		{ ARCH_FEATURES, 0x80000002, NOT_SUPPORTED },
		{ ARCH_FEATURES, 0x84000000, NOT_SUPPORTED },
		{ ARCH_FEATURES, 0xc5000020, 0 },	   /* stolen time can be asked for */
		{ 0xc5000020, 0xc5000021, NOT_SUPPORTED }, /* and this vCPU has none */
		{ 0xc5000021, 0, NOT_SUPPORTED },
		{ 0x80000002, 0, NOT_SUPPORTED }, /* SMCCC_ARCH_SOC_ID */
		{ 0x84000050, 0, 0x10000 },	  /* TRNG_VERSION */
		{ 0x84000051, 0x84000050, 0 },	  /* TRNG_FEATURES */
		{ 0x84000051, 0x84000051, 0 },
		{ 0x84000051, 0x84000052, 0 },
		{ 0x84000051, 0x84000053, 0 },
		{ 0x84000051, 0xc4000053, 0 },
		{ 0x84000051, 0x84000054, NOT_SUPPORTED },
		{ 0x84000054, 0, NOT_SUPPORTED },
		{ 0x86000000, 0, 3 }, /* KVM's own: features, and the time for PTP */
		{ 0x86000002, 0, NOT_SUPPORTED },
		{ 0x8600ff00, 0, NOT_SUPPORTED },
		{ 0x8600ff01, 0, 0xb66fb428 },	  /* and its UID */
		{ 0x81000000, 0, NOT_SUPPORTED }, /* the processor's */
		{ 0x82000000, 0, NOT_SUPPORTED }, /* the SoC's */
		{ 0x83000000, 0, NOT_SUPPORTED }, /* the vendor's */
		{ 0xb2000000, 0, NOT_SUPPORTED }, /* of a trusted application */
		{ 0xbf00ff01, 0, NOT_SUPPORTED }, /* of a trusted OS */
		{ 0x00000000, 0, NOT_SUPPORTED },
		{ 0xffffffff, 0, NOT_SUPPORTED },
		{ 0x95c1ba5e, 0, NOT_SUPPORTED }, /* PSCI 0.1 as KVM numbers it */
	};
	struct guest g;

	begin("ioctl: KVM_RUN: what PSCI and SMCCC answer");
	guest_make(&g, 1, 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		check(call(&g, calls[i].fn, calls[i].a, 0, 0), calls[i].want, "call %#x of %#llx",
		      calls[i].fn, (unsigned long long)calls[i].a);
	check(call(&g, 0x8600ff01, 0, 0, 0), 0xb66fb428, "KVM's UID");
	check(X(&g, 1), 0xe911c52e, "its second word");
	check(X(&g, 2), 0x564bcaa9, "its third word");
	check(X(&g, 3), 0x743a004d, "its fourth word");
	guest_load(&g, 0, by_smc);
	SET_X(&g, 0, 0x84000000);
	check(guest_run(&g), AT_DONE, "by smc");
	check(X(&g, 0), 0x10001, "is answered, too");
	/* The number is in w0: what is above it does not count. */
	guest_load(&g, 0, by_hvc);
	SET_X(&g, 0, 0xffffffff84000000);
	check(guest_run(&g), AT_DONE, "with a high half");
	check(X(&g, 0), 0x10001, "the same");
	static const uint32_t workarounds[] = { 0x80008000, 0x80007fff, 0x80003fff };

	for (size_t i = 0; i < 3; i++) {
		uint64_t state = reg(g.cpu[0], KVM_REG_ARM_FW_REG(1 + i));
		long want = call(&g, ARCH_FEATURES, workarounds[i], 0, 0);

		/* Workaround 2's numbers are others: 0 not available, 2 at work, 3 not needed. */
		if (i == 1)
			check(want,
			      state == 2   ? 0
			      : state == 3 ? 1
					   : NOT_SUPPORTED,
			      "workaround 2");
		else
			check(want,
			      state == 1   ? 0
			      : state == 2 ? 1
					   : NOT_SUPPORTED,
			      "workaround %zu", i + 1);
		/* To call it is answered on the way, whatever the core needs. */
		check(call(&g, workarounds[i], 0, 0, 0), 0, "workaround %zu is called", i + 1);
	}
	guest_free(&g);
	end();
}

static void random_numbers(void)
{
	struct guest g;

	begin("ioctl: KVM_RUN: the true random numbers of SMCCC");
	guest_make(&g, 1, 0);
	check(call(&g, 0x84000053, 96, 0, 0), 0, "96 bits in three words");
	check((X(&g, 1) | X(&g, 2) | X(&g, 3)) >> 32, 0, "of 32 bits");
	check(call(&g, 0xc4000053, 192, 0, 0), 0, "192 bits");
	expect(X(&g, 1) != X(&g, 2) && X(&g, 2) != X(&g, 3), "they differ");
	check(call(&g, 0xc4000053, 1, 0, 0), 0, "1 bit");
	check(X(&g, 1), 0, "in the last word");
	check(X(&g, 2), 0, "in the last word");
	check(X(&g, 3) & ~1, 0, "in its last bit");
	check(call(&g, 0x84000053, 97, 0, 0), INVALID, "97 bits");
	check(call(&g, 0xc4000053, 193, 0, 0), INVALID, "193 bits");
	check(call(&g, 0xc4000053, ~0ul, 0, 0), INVALID, "many bits");
	check(call(&g, 0x84000052, 0, 0, 0) > 0, 1, "the UUID");
	guest_free(&g);
	end();
}

static void version_of(uint64_t version)
{
	struct guest g;

	guest_make(&g, 1, 0);
	check(set_reg(g.cpu[0], KVM_REG_ARM_PSCI_VERSION, version), 0, "the version");
	check(call(&g, 0x84000000, 0, 0, 0), (long)version, "PSCI_VERSION");
	check(call(&g, FEATURES, 0x84000000, 0, 0), version == 2 ? NOT_SUPPORTED : 0,
	      "PSCI_FEATURES");
	check(call(&g, FEATURES, 0x84000012, 0, 0), version == 0x10001 ? 0 : NOT_SUPPORTED,
	      "of SYSTEM_RESET2");
	if (version != 0x10001)
		check(call(&g, 0x84000012, 0, 0, 0), NOT_SUPPORTED, "SYSTEM_RESET2");
	guest_free(&g);
}

static void versions(void)
{
	struct guest g;

	begin("ioctl: KVM_SET_ONE_REG of the PSCI version, and of what else is answered");
	version_of(2);
	version_of(0x10000);
	version_of(0x10001);
	guest_make(&g, 1, 0);
	for (int i = 0; i < 3; i++)
		check(set_reg(g.cpu[0], 0x6030000000160000 + (unsigned int)i, 0), 0, "bitmap %d",
		      i);
	check(call(&g, 0x84000050, 0, 0, 0), NOT_SUPPORTED, "TRNG_VERSION");
	check(call(&g, ARCH_FEATURES, 0xc5000020, 0, 0), NOT_SUPPORTED, "stolen time");
	check(call(&g, 0x86000000, 0, 0, 0), NOT_SUPPORTED, "KVM's own features");
	check(call(&g, 0x8600ff01, 0, 0, 0), NOT_SUPPORTED, "its UID");
	check(set_reg(g.cpu[0], 0x6030000000160000, 1), -EBUSY,
	      "a bitmap of a machine that has run");
	check(set_reg(g.cpu[0], 0x6030000000160000, 0), 0, "the same bitmap");
	guest_free(&g);
	end();
}

/* ---- events ---- */

static void event(uint32_t fn, uint64_t a, uint32_t type, uint64_t flags)
{
	struct guest g;

	guest_make(&g, 2, 0);
	guest_load(&g, 0, by_hvc);
	SET_X(&g, 0, fn);
	SET_X(&g, 1, a);
	memset(&g.run[0]->system_event, 0x55, sizeof(g.run[0]->system_event));
	check(guest_run(&g), AT_EXIT, "call %#x", fn);
	check(g.run[0]->exit_reason, KVM_EXIT_SYSTEM_EVENT, "the reason");
	check(g.run[0]->system_event.type, type, "its type");
	check(g.run[0]->system_event.ndata, 1, "its data");
	check((long)g.run[0]->system_event.data[0], (long)flags, "its flags");
	check((long)reg(g.cpu[0], PC_ID), RAM + 4, "the PC is past the call");
	/* It should not come back; if it does, that is a failure. */
	check(X(&g, 0), -6, "x0 says an internal failure");
	struct kvm_mp_state s;

	for (int i = 0; i < 2; i++) {
		check(sys(ioctl, g.cpu[i], KVM_GET_MP_STATE, &s), 0, "KVM_GET_MP_STATE");
		check(s.mp_state,
		      type == KVM_SYSTEM_EVENT_SHUTDOWN || type == KVM_SYSTEM_EVENT_RESET
			      ? KVM_MP_STATE_STOPPED
			      : KVM_MP_STATE_RUNNABLE,
		      "vCPU %d's state", i);
	}
	guest_free(&g);
}

#ifndef KVM_SYSTEM_EVENT_SUSPEND
#define KVM_SYSTEM_EVENT_SUSPEND   4
#define KVM_CAP_ARM_SYSTEM_SUSPEND 216
#endif

static void events(void)
{
	begin("ioctl: KVM_RUN: KVM_EXIT_SYSTEM_EVENT");
	event(0x84000008, 0, KVM_SYSTEM_EVENT_SHUTDOWN, 0);
	event(0x84000009, 0, KVM_SYSTEM_EVENT_RESET, 0);
	event(0x84000012, 0, KVM_SYSTEM_EVENT_RESET, KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2);
	event(0xc4000012, 0x80000000, KVM_SYSTEM_EVENT_RESET,
	      KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2);
	struct guest g;

	guest_make(&g, 1, 0);
	check(call(&g, 0x84000012, 1, 0, 0), INVALID, "SYSTEM_RESET2 of an unknown kind");
	check(call(&g, 0xc4000012, 0x7fffffff, 0, 0), INVALID, "of another");
	guest_free(&g);
	end();
	begin("ioctl: KVM_ENABLE_CAP: KVM_CAP_ARM_SYSTEM_SUSPEND");
	guest_make(&g, 2, 0);
	if (sys(ioctl, g.vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SYSTEM_SUSPEND) == 1) {
		struct kvm_enable_cap c = { .cap = KVM_CAP_ARM_SYSTEM_SUSPEND };

		check(sys(ioctl, g.vm, KVM_ENABLE_CAP, &c), 0, "enables it");
		check(call(&g, FEATURES, SYSTEM_SUSPEND, 0, 0), 0, "PSCI_FEATURES says so");
		guest_load(&g, 0, by_hvc);
		SET_X(&g, 0, SYSTEM_SUSPEND);
		SET_X(&g, 1, RAM);
		check(guest_run(&g), AT_EXIT, "SYSTEM_SUSPEND");
		check(g.run[0]->system_event.type, KVM_SYSTEM_EVENT_SUSPEND, "its type");
		check((long)reg(g.cpu[0], PC_ID), RAM + 4, "the PC is past the call");
		c.flags = 1;
		check(sys(ioctl, g.vm, KVM_ENABLE_CAP, &c), -EINVAL, "with a flag");
	}
	guest_free(&g);
	end();
}

/* ---- vCPUs on and off ---- */

static void on_signal(int signo)
{
	(void)signo;
}

static void *runs(void *arg)
{
	struct guest *g = arg;

	return (void *)guest_run_cpu(g, 1);
}

static long mp_state(struct guest *g, int n)
{
	struct kvm_mp_state s = { 99 };

	check(sys(ioctl, g->cpu[n], KVM_GET_MP_STATE, &s), 0, "KVM_GET_MP_STATE");
	return s.mp_state;
}

static void make_two(struct guest *g)
{
	guest_make(g, 1, 0);
	g->cpus = 2;
	guest_cpu(g, 1, 1u << KVM_ARM_VCPU_POWER_OFF | 1u << KVM_ARM_VCPU_PSCI_0_2);
}

static void on_and_off(void)
{
	struct guest g;
	pthread_t t;
	void *r;

	begin("ioctl: KVM_RUN: CPU_ON, CPU_OFF, AFFINITY_INFO");
	struct sigaction a = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &a, NULL);
	make_two(&g);
	guest_put(&g, 0x1000, comes_up, comes_up_end);
	guest_put(&g, 0x2000, goes_off, goes_off_end);
	check(mp_state(&g, 0), KVM_MP_STATE_RUNNABLE, "the first is on");
	check(mp_state(&g, 1), KVM_MP_STATE_STOPPED, "the second is off");
	check(call(&g, AFFINITY_INFO, 0, 0, 0), 0, "the first is on");
	check(call(&g, AFFINITY_INFO, 1, 0, 0), 1, "the second is off");
	check(call(&g, AFFINITY_INFO, 0, 1, 0), 0, "one of the cluster is on");
	check(call(&g, AFFINITY_INFO, 2, 0, 0), INVALID, "there is no third");
	check(call(&g, AFFINITY_INFO, 0x100, 1, 0), INVALID, "no other cluster");
	check(call(&g, AFFINITY_INFO, 0, 3, 0), 0, "level 3");
	check(call(&g, AFFINITY_INFO, 0, 4, 0), INVALID, "level 4");
	check(call(&g, 0x84000004, 1, 0, 0), 1, "in 32 bits");
	check(call(&g, CPU_ON, 2, RAM, 0), INVALID, "CPU_ON of a third");
	check(call(&g, CPU_ON, 0, RAM, 0), ALREADY_ON, "of itself");
	check(call(&g, CPU_ON, ~0ul, RAM, 0), INVALID, "of what is none");
	set_reg(g.cpu[1], X_ID(5), 0x5555);
	set_reg(g.cpu[1], ARM64_SYS_REG(3, 0, 1, 0, 0), 0x30d00800);
	pthread_create(&t, NULL, runs, &g);
	usleep(10000);
	/* Bit 31 of MPIDR_EL1 is none of its affinity. */
	check(call(&g, CPU_ON, 1 | 1ul << 31, RAM + 0x1000, 0), INVALID, "CPU_ON by MPIDR_EL1");
	check(call(&g, CPU_ON, 1, RAM + 0x1000, 0x123456789abcdef0), 0, "CPU_ON of the second");
	pthread_join(t, &r);
	check((long)r, AT_DONE, "it runs");
	check(mp_state(&g, 1), KVM_MP_STATE_RUNNABLE, "and is on");
	check((long)reg(g.cpu[1], X_ID(0)), 0x123456789abcdef0, "x0 is the context");
	check((long)reg(g.cpu[1], X_ID(1)), 0x80000001, "its MPIDR_EL1");
	check((long)reg(g.cpu[1], X_ID(2)), 0xc50078, "its SCTLR_EL1 as after a reset");
	check((long)reg(g.cpu[1], X_ID(3)), 4, "EL1");
	check((long)reg(g.cpu[1], X_ID(4)), 0x3c0, "all masked");
	check((long)reg(g.cpu[1], X_ID(5)), 0, "other registers are clean");
	check(call(&g, CPU_ON, 1, RAM, 0), ALREADY_ON, "once more");
	check(call(&g, AFFINITY_INFO, 1, 0, 0), 0, "it is on");
	/* It goes off by itself: its thread waits in KVM_RUN. */
	guest_at(&g, 1, 0x2000);
	pthread_create(&t, NULL, runs, &g);
	for (int i = 0; i < 1000 && call(&g, AFFINITY_INFO, 1, 0, 0) != 1; i++)
		usleep(1000);
	check(call(&g, AFFINITY_INFO, 1, 0, 0), 1, "it is off");
	g.run[1]->immediate_exit = 1;
	pthread_kill(t, SIGUSR1);
	pthread_join(t, &r);
	g.run[1]->immediate_exit = 0;
	check((long)r, -EINTR, "its thread waited");
	check(mp_state(&g, 1), KVM_MP_STATE_STOPPED, "the second is off");
	/* And on again, in 32 bits. */
	pthread_create(&t, NULL, runs, &g);
	check(call(&g, CPU_ON_32, 1, RAM + 0x1000, 0x77), 0, "CPU_ON in 32 bits");
	pthread_join(t, &r);
	check((long)r, AT_DONE, "it runs");
	check((long)reg(g.cpu[1], X_ID(0)), 0x77, "x0 is the context");
	guest_free(&g);
	end();
}

/* A VMM reads the registers of one that has been turned on, and has not run since. */
static void on_is_seen(void)
{
	struct guest g;

	begin("ioctl: KVM_GET_ONE_REG, KVM_SET_ONE_REG after CPU_ON");
	make_two(&g);
	set_reg(g.cpu[1], X_ID(5), 0x5555);
	check(call(&g, CPU_ON, 1, RAM + 0x1000, 0x77), 0, "CPU_ON of the second");
	check((long)reg(g.cpu[1], PC_ID), RAM + 0x1000, "its PC");
	check((long)reg(g.cpu[1], X_ID(0)), 0x77, "x0 is the context");
	check((long)reg(g.cpu[1], X_ID(5)), 0, "other registers are clean");
	check(set_reg(g.cpu[1], X_ID(5), 0x6666), 0, "x5 is the VMM's to set");
	guest_put(&g, 0x1000, comes_up, comes_up_end);
	check(guest_run_cpu(&g, 1), AT_DONE, "it runs");
	check((long)reg(g.cpu[1], X_ID(5)), 0x6666, "with that");
	guest_free(&g);
	end();
}

static void suspends(void)
{
	struct guest g;
	long r = -EINTR;

	begin("ioctl: KVM_RUN: CPU_SUSPEND waits for an interrupt, KVM_MP_STATE_SUSPENDED too");
	guest_make(&g, 1, 0);
	guest_load(&g, 0, by_hvc);
	SET_X(&g, 0, 0xc4000001);
	/* Again, if the signal came before the call. */
	for (int i = 0; i < 1000 && r == -EINTR && reg(g.cpu[0], PC_ID) == RAM; i++)
		r = guest_run_for(&g, 30);
	check(r, -EINTR, "it waits until a signal comes");
	check((long)reg(g.cpu[0], PC_ID), RAM + 4, "the PC is past the call");
	check(X(&g, 0), 0, "which has succeeded");
	check(guest_run(&g), AT_DONE, "goes on");
	guest_free(&g);
	end();
}

/* ---- states ---- */

static void states(void)
{
	struct guest g;
	struct kvm_mp_state s;

	begin("ioctl: KVM_GET_MP_STATE, KVM_SET_MP_STATE");
	guest_make(&g, 1, 0);
	guest_load(&g, 0, stays);
	for (unsigned int i = 0; i < 20; i++) {
		bool good = i == KVM_MP_STATE_RUNNABLE || i == KVM_MP_STATE_STOPPED || i == 10;

		s.mp_state = i;
		check(sys(ioctl, g.cpu[0], KVM_SET_MP_STATE, &s), good ? 0 : -EINVAL, "state %u",
		      i);
		if (good)
			check(mp_state(&g, 0), i, "is it");
	}
	s.mp_state = KVM_MP_STATE_STOPPED;
	check(sys(ioctl, g.cpu[0], KVM_SET_MP_STATE, &s), 0, "off");
	check(guest_run_for(&g, 30), -EINTR, "off, it waits until a signal comes");
	FAULTS(OUT, sizeof(s), ioctl, g.cpu[0], KVM_GET_MP_STATE, bad);
	FAULTS(IN, sizeof(s), ioctl, g.cpu[0], KVM_SET_MP_STATE, bad);
	guest_free(&g);
	end();
}

/* ---- the filter ---- */

static long filter(int vm, uint32_t base, uint32_t n, uint8_t action)
{
	struct kvm_smccc_filter f = { base, n, action, { 0 } };

	return set_attr(vm, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER, &f);
}

static void filters(void)
{
	struct guest g;

	begin("ioctl: KVM_SET_DEVICE_ATTR: KVM_ARM_VM_SMCCC_FILTER, KVM_EXIT_HYPERCALL");
	guest_make(&g, 1, 0);
	check(has_attr(g.vm, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER), 0, "it is there");
	check(has_attr(g.vm, KVM_ARM_VM_SMCCC_CTRL, 1), -ENXIO, "another is not");
	check(has_attr(g.vm, 1, 0), -ENXIO, "nor another group");
	check(filter(g.vm, 0xc3000000, 4, KVM_SMCCC_FILTER_FWD_TO_USER), 0,
	      "four calls to the caller");
	check(filter(g.vm, 0x84000050, 4, KVM_SMCCC_FILTER_DENY), 0, "four to nobody");
	check(filter(g.vm, 0xc3000002, 4, KVM_SMCCC_FILTER_DENY), -EEXIST,
	      "some of them once more");
	check(filter(g.vm, 0xc4000000, 0, KVM_SMCCC_FILTER_DENY), -EINVAL, "none");
	check(filter(g.vm, 0xffffffff, 2, KVM_SMCCC_FILTER_DENY), -EINVAL, "past the end");
	check(filter(g.vm, 0x82000000, 1, 3), -EINVAL, "an unknown action");
	check(filter(g.vm, 0x80000000, 1, KVM_SMCCC_FILTER_DENY), -EEXIST,
	      "SMCCC_VERSION is the kernel's");
	struct kvm_smccc_filter padded = { 0x82000000, 1, KVM_SMCCC_FILTER_DENY, { 1 } };

	check(set_attr(g.vm, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER, &padded), -EINVAL,
	      "padding");
	for (int at = 0; hostile_pointer(&at, sizeof(padded), IN);)
		check(set_attr(g.vm, KVM_ARM_VM_SMCCC_CTRL, KVM_ARM_VM_SMCCC_FILTER, bad), -EFAULT,
		      "from %s", bad_name);
	check(call(&g, 0x84000050, 0, 0, 0), NOT_SUPPORTED, "a call that is nobody's");
	guest_load(&g, 0, by_hvc);
	SET_X(&g, 0, 0xc3000001);
	SET_X(&g, 1, 11);
	check(guest_run(&g), AT_EXIT, "a call that is the caller's");
	check(g.run[0]->exit_reason, KVM_EXIT_HYPERCALL, "the reason");
	check((long)g.run[0]->hypercall.nr, 0xc3000001, "its number");
	check(g.run[0]->hypercall.longmode, 0, "its flags: hvc");
	check((long)reg(g.cpu[0], PC_ID), RAM + 4, "the PC is past hvc");
	check(X(&g, 1), 11, "its arguments are in the registers");
	SET_X(&g, 0, 0x99);
	check(guest_run(&g), AT_DONE, "goes on");
	check(X(&g, 0), 0x99, "with the answer");
	guest_load(&g, 0, by_smc);
	SET_X(&g, 0, 0xc3000002);
	check(guest_run(&g), AT_EXIT, "by smc");
	check(g.run[0]->hypercall.longmode, KVM_HYPERCALL_EXIT_SMC, "its flags: smc");
	check((long)reg(g.cpu[0], PC_ID), RAM + 4, "the PC is past smc, too");
	check(filter(g.vm, 0x82000000, 1, KVM_SMCCC_FILTER_DENY), -EBUSY,
	      "of a machine that has run");
	guest_free(&g);
	end();
}

/* PSCI 0.1: a vCPU without KVM_ARM_VCPU_PSCI_0_2. */
static void old_psci(void)
{
	struct guest g;

	begin("ioctl: KVM_RUN: PSCI 0.1 of a vCPU without KVM_ARM_VCPU_PSCI_0_2");
	guest_make(&g, 0, 0);
	g.cpus = 1;
	guest_cpu(&g, 0, 0);
	check(call(&g, 0x84000000, 0, 0, 0), NOT_SUPPORTED, "PSCI_VERSION");
	check(call(&g, 0x95c1ba60, 0, RAM, 0), INVALID, "CPU_ON of itself");
	check(call(&g, 0x95c1ba60, 1, RAM, 0), INVALID, "CPU_ON of none");
	check(call(&g, 0x95c1ba5e, 0, 0, 0), NOT_SUPPORTED, "CPU_SUSPEND");
	check(call(&g, 0x95c1ba61, 0, 0, 0), NOT_SUPPORTED, "MIGRATE");
	check(call(&g, SMCCC_VERSION, 0, 0, 0), 0x10001, "SMCCC_VERSION");
	guest_free(&g);
	end();
}

/* KVM's own call: what ptp_kvm in the guest sets its clock by. */
static void wall_clock(void)
{
	struct timespec before, after;
	struct guest g;

	begin("ioctl: KVM_RUN: the wall clock and a counter, for PTP");
	guest_make(&g, 1, 0);
	for (uint64_t which = 0; which < 2; which++) {
		clock_gettime(CLOCK_REALTIME, &before);
		int64_t ns = call(&g, 0x86000001, which, 0, 0) << 32 | X(&g, 1);
		int64_t count = X(&g, 2) << 32 | X(&g, 3);

		clock_gettime(CLOCK_REALTIME, &after);
		expect(ns >= before.tv_sec * 1000000000l + before.tv_nsec &&
			       ns <= after.tv_sec * 1000000000l + after.tv_nsec,
		       "%lld ns is not the time between", (long long)ns);
		expect(count > 0, "counter %u stands at %lld", (unsigned int)which,
		       (long long)count);
	}
	check(call(&g, 0x86000001, 2, 0, 0), NOT_SUPPORTED, "another counter");
	guest_free(&g);
	end();
}

int main(void)
{
	open_kvm();
	answers();
	random_numbers();
	versions();
	events();
	on_and_off();
	on_is_seen();
	suspends();
	states();
	filters();
	old_psci();
	wall_clock();
	return tap_done();
}
