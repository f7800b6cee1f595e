/*
 * vcpu.c - what is done to a machine and to its vCPUs beside running them: making them,
 * KVM_ARM_VCPU_INIT and its features, events that are put into a guest, debugging it from
 * outside, capabilities that are turned on.
 */
#define _GNU_SOURCE
#include <sys/time.h>

#include "tests/el0/kvm/guest.h"
#include "tests/el0/libc/hostile.h"

#define EC_DABT	  0x25
#define EC_SERROR 0x2f

#ifndef KVM_ARM_SET_COUNTER_OFFSET
struct kvm_arm_counter_offset {
	__u64 counter_offset, reserved;
};
#define KVM_ARM_SET_COUNTER_OFFSET _IOW(KVMIO, 0xb5, struct kvm_arm_counter_offset)
struct reg_mask_range {
	__u64 addr;
	__u32 range, reserved[13];
};
#define KVM_ARM_GET_REG_WRITABLE_MASKS _IOR(KVMIO, 0xb6, struct reg_mask_range)
#endif

/* clang-format off */
GUEST(counts, "add x1, x1, #1\n add x2, x2, #1\n add x3, x3, #1\n add x4, x4, #1\n" DONE);
GUEST(breaks, "add x1, x1, #1\n brk #0x123\n add x2, x2, #1\n" DONE);
GUEST(stores, "str x2, [x1]\n add x3, x3, #1\n" DONE);
GUEST(loads, "ldr x2, [x20]\n" DONE);
GUEST(lets_serror, "msr daifclr, #4\n isb\n" DONE);
GUEST(reads_counter, "isb\n mrs x1, cntvct_el0\n mrs x2, cntpct_el0\n" DONE);
GUEST(own_debug, "msr oslar_el1, xzr\n isb\n mrs x1, mdscr_el1\n mrs x2, oslsr_el1\n mrs x3, dbgbvr0_el1\n mov x4, #0x1000\n msr dbgbvr0_el1, x4\n mrs x5, dbgbvr0_el1\n" DONE);
/* clang-format on */

/* ---- making them ---- */

static void created(void)
{
	struct guest g;
	int fds[600];
	long n = 0, most;

	begin("ioctl: KVM_CREATE_VCPU: numbers; errors");
	guest_make(&g, 0, 0);
	most = sys(ioctl, g.vm, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	ioctl_is(-EINVAL, g.vm, KVM_CREATE_VCPU, most);
	ioctl_is(-EINVAL, g.vm, KVM_CREATE_VCPU, -1L);
	ioctl_is(-EINVAL, g.vm, KVM_CREATE_VCPU, 1L << 32);
	for (long i = most - 1; i >= 0; i--) {
		fds[n] = (int)sys(ioctl, g.vm, KVM_CREATE_VCPU, i);
		if (!expect(fds[n] >= 0, "vCPU %ld: %s", i, strerror(-fds[n])))
			break;
		n++;
	}
	check(n, most, "all that there may be, backwards");
	ioctl_is(-EINVAL, g.vm, KVM_CREATE_VCPU, most);
	for (long i = 0; i < n; i++)
		close(fds[i]);
	ioctl_is(-EINVAL, g.vm, KVM_CREATE_VCPU, 0); /* no more can be, though all are closed */
	guest_free(&g);
	guest_make(&g, 2, 0);
	ioctl_is(-EEXIST, g.vm, KVM_CREATE_VCPU, 1);
	uint64_t v;

	close(g.vm); /* the vCPUs keep the machine */
	check(get_reg(g.cpu[1], PC_ID, &v), 0, "without the machine's descriptor");
	guest_load(&g, 0, counts);
	check(guest_run(&g), AT_DONE, "it runs");
	g.vm = -1;
	guest_free(&g);
	end();
}

static long init(int cpu, unsigned int target, unsigned int features)
{
	struct kvm_vcpu_init i = { target, { features } };

	return sys(ioctl, cpu, KVM_ARM_VCPU_INIT, &i);
}

#define V8   KVM_ARM_TARGET_GENERIC_V8
#define PSCI (1u << KVM_ARM_VCPU_PSCI_0_2)
#define OFF  (1u << KVM_ARM_VCPU_POWER_OFF)

static void inits(void)
{
	struct kvm_vcpu_init i;
	struct guest g;
	int cpu, second;

	begin("ioctl: KVM_ARM_PREFERRED_TARGET, KVM_ARM_VCPU_INIT: targets and features");
	guest_make(&g, 0, 0);
	memset(&i, 0x55, sizeof(i));
	check(sys(ioctl, g.vm, KVM_ARM_PREFERRED_TARGET, &i), 0, "KVM_ARM_PREFERRED_TARGET");
	check(i.target, V8, "the target");
	for (int k = 0; k < 7; k++)
		check(i.features[k], 0, "features %d", k);
	FAULTS(OUT, sizeof(i), ioctl, g.vm, KVM_ARM_PREFERRED_TARGET, bad);
	cpu = (int)sys(ioctl, g.vm, KVM_CREATE_VCPU, 0);
	second = (int)sys(ioctl, g.vm, KVM_CREATE_VCPU, 1);
	FAULTS(IN, sizeof(i), ioctl, cpu, KVM_ARM_VCPU_INIT, bad);
	check(init(cpu, 6, 0), -EINVAL, "a target that is none");
	check(init(cpu, ~0u, 0), -EINVAL, "another");
	for (int bit = 8; bit < 32; bit++)
		check(init(cpu, V8, 1u << bit), -ENOENT, "feature %d", bit);
	for (int k = 1; k < 7; k++) {
		i = (struct kvm_vcpu_init){ V8, { 0 } };
		i.features[k] = 1;
		check(sys(ioctl, cpu, KVM_ARM_VCPU_INIT, &i), -ENOENT, "feature %d", 32 * k);
	}
	check(init(cpu, V8, 1u << KVM_ARM_VCPU_PTRAUTH_ADDRESS), -EINVAL,
	      "one half of pointer authentication");
	check(init(cpu, V8, 1u << KVM_ARM_VCPU_PTRAUTH_GENERIC), -EINVAL, "the other half");
	if (!sys(ioctl, g.vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PTRAUTH_ADDRESS))
		check(init(cpu, V8, 3u << KVM_ARM_VCPU_PTRAUTH_ADDRESS), -EINVAL,
		      "both on a core without it");
	if (!sys(ioctl, g.vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_SVE))
		check(init(cpu, V8, 1u << KVM_ARM_VCPU_SVE), -EINVAL, "SVE where it cannot be had");
	if (!sys(ioctl, g.vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_PMU_V3))
		check(init(cpu, V8, 1u << KVM_ARM_VCPU_PMU_V3), -EINVAL,
		      "a PMU where it cannot be had");
	if (!sys(ioctl, g.vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_EL1_32BIT))
		check(init(cpu, V8, 1u << KVM_ARM_VCPU_EL1_32BIT), -EINVAL,
		      "AArch32 where it cannot be had");
	/* EL2 in the guest: a guest's guest is refused. */
	check_one_of(init(cpu, V8, 1u << 7), -ENOENT, -EINVAL, "EL2 in the guest");
	check(init(cpu, V8, PSCI), 0, "PSCI 0.2");
	check(init(cpu, V8, PSCI), 0, "once more");
	check(init(cpu, V8, PSCI | OFF), 0, "once more, and off");
	check(init(cpu, V8, 0), -EINVAL, "other features");
	check(init(second, V8, 0), -EINVAL, "a second with others");
	check(init(second, V8, PSCI), 0, "a second with the same");
	int feature = KVM_ARM_VCPU_PSCI_0_2;

	ioctl_is(-EINVAL, cpu, KVM_ARM_VCPU_FINALIZE, &feature);
	feature = 99;
	ioctl_is(-EINVAL, cpu, KVM_ARM_VCPU_FINALIZE, &feature);
	close(cpu);
	close(second);
	guest_free(&g);
	end();
}

/* Initialised again, a vCPU is as after a reset. */
static void reset(void)
{
	struct kvm_mp_state s;
	struct guest g;

	begin("ioctl: KVM_ARM_VCPU_INIT of a vCPU that has run");
	guest_make(&g, 1, 0);
	guest_load(&g, 0, counts);
	SET_X(&g, 9, 9);
	check(set_reg(g.cpu[0], ARM64_SYS_REG(3, 0, 13, 0, 4), 0x77), 0, "TPIDR_EL1");
	check(set_reg(g.cpu[0], ARM64_SYS_REG(3, 0, 1, 0, 0), 0x30d00800), 0, "SCTLR_EL1");
	check(guest_run(&g), AT_DONE, "runs");
	check(init(g.cpu[0], V8, PSCI | OFF), 0, "KVM_ARM_VCPU_INIT");
	check(X(&g, 9), 0, "x9");
	check((long)reg(g.cpu[0], PC_ID), 0, "the PC");
	check((long)reg(g.cpu[0], PSTATE_ID), PSTATE_EL1H, "PSTATE");
	check((long)reg(g.cpu[0], ARM64_SYS_REG(3, 0, 1, 0, 0)), 0xc50078, "SCTLR_EL1");
	check((long)reg(g.cpu[0], ARM64_SYS_REG(3, 0, 13, 0, 4)), 0x1de7ec7edbadc0de, "TPIDR_EL1");
	check(sys(ioctl, g.cpu[0], KVM_GET_MP_STATE, &s), 0, "KVM_GET_MP_STATE");
	check(s.mp_state, KVM_MP_STATE_STOPPED, "is off");
	guest_load(&g, 0, counts);
	check(guest_run(&g), AT_DONE, "runs again");
	check(X(&g, 4), 1, "from its beginning");
	guest_free(&g);
	end();
}

/* ---- events ---- */

static void events(void)
{
	struct kvm_vcpu_events e;
	struct guest g;

	begin("ioctl: KVM_GET_VCPU_EVENTS, KVM_SET_VCPU_EVENTS: an SError, an external abort");
	guest_make(&g, 1, 0);
	memset(&e, 0x55, sizeof(e));
	check(sys(ioctl, g.cpu[0], KVM_GET_VCPU_EVENTS, &e), 0, "KVM_GET_VCPU_EVENTS");
	check(e.exception.serror_pending, 0, "no SError");
	check(e.exception.ext_dabt_pending, 0, "no abort");
	for (size_t i = 0; i < sizeof(e.reserved) / 4; i++)
		check(e.reserved[i], 0, "reserved word %zu", i);
	FAULTS(OUT, sizeof(e), ioctl, g.cpu[0], KVM_GET_VCPU_EVENTS, bad);
	FAULTS(IN, sizeof(e), ioctl, g.cpu[0], KVM_SET_VCPU_EVENTS, bad);
	/* Without a handler in memory: the guest runs, and masks it. */
	memset(&e, 0, sizeof(e));
	e.exception.serror_pending = 1;
	check(sys(ioctl, g.cpu[0], KVM_SET_VCPU_EVENTS, &e), 0, "an SError");
	memset(&e, 0, sizeof(e));
	check(sys(ioctl, g.cpu[0], KVM_GET_VCPU_EVENTS, &e), 0, "KVM_GET_VCPU_EVENTS");
	check(e.exception.serror_pending, 1, "is pending");
	guest_load(&g, 0, counts);
	check(guest_run(&g), AT_DONE, "masked, it waits");
	check(sys(ioctl, g.cpu[0], KVM_GET_VCPU_EVENTS, &e), 0, "KVM_GET_VCPU_EVENTS");
	check(e.exception.serror_pending, 1, "is pending");
	guest_load(&g, 0, lets_serror);
	check(guest_run(&g), FAULTED, "let in, it is taken");
	check(X(&g, 13), 7, "SError's vector");
	check(X(&g, 10) >> 26 & 0x3f, EC_SERROR, "its class");
	check(sys(ioctl, g.cpu[0], KVM_GET_VCPU_EVENTS, &e), 0, "KVM_GET_VCPU_EVENTS");
	check(e.exception.serror_pending, 0, "is gone");
	memset(&e, 0, sizeof(e));
	e.exception.serror_pending = 1;
	e.exception.serror_has_esr = 1;
	e.exception.serror_esr = 0x123;
	if (sys(ioctl, g.vm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_INJECT_SERROR_ESR) == 1) {
		e.exception.serror_esr = 1ul << 25;
		check(sys(ioctl, g.cpu[0], KVM_SET_VCPU_EVENTS, &e), -EINVAL,
		      "an SError with more than a syndrome");
		e.exception.serror_esr = 0x123;
		check(sys(ioctl, g.cpu[0], KVM_SET_VCPU_EVENTS, &e), 0,
		      "an SError with a syndrome");
		guest_load(&g, 0, lets_serror);
		check(guest_run(&g), FAULTED, "is taken");
		check(X(&g, 10) & 0x1ffffff, 0x123, "its syndrome");
	} else {
		check(sys(ioctl, g.cpu[0], KVM_SET_VCPU_EVENTS, &e), -EINVAL,
		      "an SError with a syndrome, without RAS");
	}
	/* An access that the caller does not want to serve. */
	guest_load(&g, 0, loads);
	check(guest_run(&g), AT_MMIO, "a load from a device");
	memset(&e, 0, sizeof(e));
	e.exception.ext_dabt_pending = 1;
	check(sys(ioctl, g.cpu[0], KVM_SET_VCPU_EVENTS, &e), 0, "an abort for it");
	check(guest_run(&g), FAULTED, "is an abort in the guest");
	check(FAULT_EC(&g), EC_DABT, "its class");
	check(FAULT_FSC(&g), 0x10, "its status");
	check(X(&g, 11), DEVICE, "its address");
	check(X(&g, 12), RAM, "its instruction");
	guest_free(&g);
	end();
}

/* ---- debugging ---- */

static long set_debug(int cpu, uint32_t control, uint64_t bcr, uint64_t bvr, uint64_t wcr,
		      uint64_t wvr)
{
	struct kvm_guest_debug d = { .control = control };

	d.arch.dbg_bcr[0] = bcr;
	d.arch.dbg_bvr[0] = bvr;
	d.arch.dbg_wcr[0] = wcr;
	d.arch.dbg_wvr[0] = wvr;
	return sys(ioctl, cpu, KVM_SET_GUEST_DEBUG, &d);
}

static void stopped(struct guest *g, unsigned int ec, uint64_t pc, const char *what)
{
	check(guest_run(g), AT_EXIT, "%s", what);
	check(g->run[0]->exit_reason, KVM_EXIT_DEBUG, "%s: the reason", what);
	check(g->run[0]->debug.arch.hsr >> 26, ec, "%s: its class", what);
	check((long)reg(g->cpu[0], PC_ID), (long)pc, "%s: the PC", what);
}

static void debugging(void)
{
	struct guest g;

	begin("ioctl: KVM_SET_GUEST_DEBUG, KVM_EXIT_DEBUG: steps, breakpoints, watchpoints");
	guest_make(&g, 1, 0);
	guest_load(&g, 0, counts);
	check(set_debug(g.cpu[0], 0x10000000, 0, 0, 0, 0), -EINVAL, "an unknown kind");
	check(set_debug(g.cpu[0], 1u << 18, 0, 0, 0, 0), -EINVAL, "another architecture's");
	FAULTS(IN, sizeof(struct kvm_guest_debug), ioctl, g.cpu[0], KVM_SET_GUEST_DEBUG, bad);
	check(set_debug(g.cpu[0], KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP, 0, 0, 0, 0), 0,
	      "by steps");
	stopped(&g, 0x32, RAM + 4, "a step");
	stopped(&g, 0x32, RAM + 8, "another");
	check(X(&g, 1), 1, "x1");
	check(X(&g, 2), 1, "x2");
	check(X(&g, 3), 0, "x3");
	check(set_debug(g.cpu[0], 0, 0, 0, 0, 0), 0, "no more");
	check(guest_run(&g), AT_DONE, "to the end");
	check(X(&g, 3), 1, "x3");
	/* brk is the guest's, until the caller wants it. */
	guest_load(&g, 0, breaks);
	check(guest_run(&g), FAULTED, "brk is the guest's");
	guest_load(&g, 0, breaks);
	check(set_debug(g.cpu[0], KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP, 0, 0, 0, 0), 0,
	      "brk is the caller's");
	stopped(&g, 0x3c, RAM + 4, "brk");
	check((long)(g.run[0]->debug.arch.hsr & 0xffff), 0x123, "its number");
	check(set_reg(g.cpu[0], PC_ID, RAM + 8), 0, "past it");
	check(guest_run(&g), AT_DONE, "to the end");
	/* A breakpoint at the third instruction: BAS all, EL1 and EL0, enabled. */
	guest_load(&g, 0, counts);
	check(set_debug(g.cpu[0], KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW, 0x1e7, RAM + 8, 0, 0),
	      0, "a breakpoint");
	SET_X(&g, 3, 0);
	stopped(&g, 0x30, RAM + 8, "the breakpoint");
	check(X(&g, 3), 0, "before it");
	stopped(&g, 0x30, RAM + 8, "the breakpoint again");
	check(set_debug(g.cpu[0], 0, 0, 0, 0, 0), 0, "no more");
	check(guest_run(&g), AT_DONE, "to the end");
	/* A watchpoint for stores of eight bytes. */
	guest_load(&g, 0, stores);
	SET_X(&g, 1, RAM + 0x8000);
	check(set_debug(g.cpu[0], KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW, 0, 0, 0x1ff7,
			RAM + 0x8000),
	      0, "a watchpoint");
	stopped(&g, 0x34, RAM, "the watchpoint");
	check((long)g.run[0]->debug.arch.far, RAM + 0x8000, "its address");
	check(set_debug(g.cpu[0], 0, 0, 0, 0, 0), 0, "no more");
	check(guest_run(&g), AT_DONE, "to the end");
	/* The guest's own registers for it are its own. */
	check((long)reg(g.cpu[0], ARM64_SYS_REG(2, 0, 0, 0, 4)), 0, "DBGBVR0_EL1");
	guest_load(&g, 0, own_debug);
	check(set_reg(g.cpu[0], ARM64_SYS_REG(2, 0, 0, 0, 4), 0x5550), 0, "DBGBVR0_EL1");
	check(guest_run(&g), AT_DONE, "runs");
	check(X(&g, 2) & 2, 0, "OSLSR_EL1: not locked");
	check(X(&g, 3), 0x5550, "DBGBVR0_EL1");
	check(X(&g, 5), 0x1000, "its own");
	check((long)reg(g.cpu[0], ARM64_SYS_REG(2, 0, 0, 0, 4)), 0x1000, "is seen outside");
	guest_free(&g);
	end();
}

/* ---- capabilities that are turned on, the counter, masks ---- */

static void capabilities(void)
{
	struct guest g;

	begin("ioctl: KVM_ENABLE_CAP: errors");
	guest_make(&g, 1, 0);
	for (unsigned int cap = 0; cap < 300; cap++) {
		struct kvm_enable_cap c = { .cap = cap };
		long r;

		/*
		 * NISV_TO_USER, SYSTEM_SUSPEND, the log, the ring, halt polling, MTE, chunks:
		 * they may be there.
		 */
		if (cap == 168 || cap == 177 || cap == 182 || cap == 192 || cap == 205 ||
		    cap == 216 || cap == 223 || cap == 225 || cap == 228)
			continue;
		r = sys(ioctl, g.vm, KVM_ENABLE_CAP, &c);
		check(r, -EINVAL, "KVM_ENABLE_CAP %u", cap);
		check(sys(ioctl, g.cpu[0], KVM_ENABLE_CAP, &c), -EINVAL, "of a vCPU: %u", cap);
	}
	struct kvm_enable_cap c = { .cap = KVM_CAP_ARM_NISV_TO_USER, .flags = 1 };

	check(sys(ioctl, g.vm, KVM_ENABLE_CAP, &c), -EINVAL, "with a flag");
	FAULTS(IN, sizeof(c), ioctl, g.vm, KVM_ENABLE_CAP, bad);
	c = (struct kvm_enable_cap){ .cap = KVM_CAP_HALT_POLL, .args = { 200000 } };
	check(sys(ioctl, g.vm, KVM_ENABLE_CAP, &c), 0, "KVM_CAP_HALT_POLL");
	c.args[0] = 1ul << 32;
	check(sys(ioctl, g.vm, KVM_ENABLE_CAP, &c), -EINVAL, "more than 32 bits of it");
	guest_free(&g);
	end();
}

static void counter(void)
{
	struct kvm_arm_counter_offset o = { 0, 0 };
	struct guest g;
	uint64_t now;

	begin("ioctl: KVM_ARM_SET_COUNTER_OFFSET");
	guest_make(&g, 1, 0);
	if (sys(ioctl, g.vm, KVM_CHECK_EXTENSION, 227) == 1) {
		__asm__ volatile("isb\n mrs %0, cntvct_el0" : "=r"(now));
		o.counter_offset = now;
		o.reserved = 1;
		check(sys(ioctl, g.vm, KVM_ARM_SET_COUNTER_OFFSET, &o), -EINVAL,
		      "what is reserved");
		o.reserved = 0;
		check(sys(ioctl, g.vm, KVM_ARM_SET_COUNTER_OFFSET, &o), 0, "zero is now");
		guest_load(&g, 0, reads_counter);
		check(guest_run(&g), AT_DONE, "runs");
		expect((uint64_t)X(&g, 1) < 1ul << 36, "CNTVCT_EL0: %#lx", X(&g, 1));
		expect((uint64_t)X(&g, 2) < 1ul << 36, "CNTPCT_EL0: %#lx", X(&g, 2));
		FAULTS(IN, sizeof(o), ioctl, g.vm, KVM_ARM_SET_COUNTER_OFFSET, bad);
	}
	guest_free(&g);
	end();
}

static void masks(void)
{
	static uint64_t mask[3 * 8 * 8];
	struct reg_mask_range r = { .addr = (uintptr_t)mask };
	struct guest g;

	begin("ioctl: KVM_ARM_GET_REG_WRITABLE_MASKS: what of the ID registers may be changed");
	guest_make(&g, 1, 0);
	check(sys(ioctl, g.vm, KVM_ARM_GET_REG_WRITABLE_MASKS, &r), 0, "the masks");
	/* By op1 0, 1, 3, then CRm 0 to 7, then op2. */
	check((long)(mask[7 * 8] & 15), 15, "ID_AA64MMFR0_EL1.PARange");
	check((long)mask[0], 0, "MIDR_EL1");
	for (unsigned int crm = 1; crm < 8; crm++)
		for (unsigned int op2 = 0; op2 < 8; op2++) {
			uint64_t id = ARM64_SYS_REG(3, 0, 0, crm, op2), v = reg(g.cpu[0], id);

			for (int bit = 0; bit < 64; bit++)
				if (!(mask[crm * 8 + op2] >> bit & 1) &&
				    set_reg(g.cpu[0], id, v ^ 1ul << bit) == 0) {
					expect(false, "bit %d of s3_0_c0_c%u_%u is not in the mask",
					       bit, crm, op2);
					set_reg(g.cpu[0], id, v);
				}
			set_reg(g.cpu[0], id, v);
		}
	r.range = 1;
	check(sys(ioctl, g.vm, KVM_ARM_GET_REG_WRITABLE_MASKS, &r), -EINVAL, "another range");
	r.range = 0;
	r.reserved[3] = 1;
	check(sys(ioctl, g.vm, KVM_ARM_GET_REG_WRITABLE_MASKS, &r), -EINVAL, "what is reserved");
	r.reserved[3] = 0;
	for (int at = 0; hostile_pointer(&at, sizeof(mask), OUT);) {
		r.addr = (uintptr_t)bad;
		check(sys(ioctl, g.vm, KVM_ARM_GET_REG_WRITABLE_MASKS, &r), -EFAULT, "to %s",
		      bad_name);
	}
	FAULTS(IN, sizeof(r), ioctl, g.vm, KVM_ARM_GET_REG_WRITABLE_MASKS, bad);
	guest_free(&g);
	end();
}

/* Old ways to say where the GICv2 is, and requests of other architectures. */
static void others(void)
{
	static uint64_t room[512];
	struct kvm_arm_device_addr a = { KVM_ARM_DEVICE_VGIC_V2 << KVM_ARM_DEVICE_ID_SHIFT, GICD };
	struct guest g;

	begin("ioctl: KVM_ARM_SET_DEVICE_ADDR, KVM_GET_REGS and others that arm64 has not");
	guest_make(&g, 1, 0);
	check(sys(ioctl, g.vm, KVM_ARM_SET_DEVICE_ADDR, &a), -ENODEV, "without a controller");
	a.id = 9u << KVM_ARM_DEVICE_ID_SHIFT;
	check(sys(ioctl, g.vm, KVM_ARM_SET_DEVICE_ADDR, &a), -ENODEV, "another device");
	FAULTS(IN, sizeof(a), ioctl, g.vm, KVM_ARM_SET_DEVICE_ADDR, bad);
	ioctl_is(-EINVAL, g.cpu[0], KVM_GET_REGS, room);
	ioctl_is(-EINVAL, g.cpu[0], KVM_SET_REGS, room);
	ioctl_is(-EINVAL, g.cpu[0], KVM_TRANSLATE, room);
	ioctl_is(-EINVAL, g.cpu[0], KVM_GET_FPU, room);
	ioctl_is(-EINVAL, g.cpu[0], KVM_SET_FPU, room);
	ioctl_is(-EINVAL, g.cpu[0], KVM_INTERRUPT, room);
	ioctl_is(-EINVAL, g.vm, KVM_GET_IRQCHIP, room);
	ioctl_is(-EINVAL, g.vm, KVM_SET_TSS_ADDR, room);
	guest_free(&g);
	end();
}

int main(void)
{
	open_kvm();
	created();
	inits();
	reset();
	events();
	debugging();
	capabilities();
	counter();
	masks();
	others();
	return tap_done();
}
