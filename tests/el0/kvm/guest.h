/*
 * guest.h - virtual machines of a few instructions, for tests of /dev/kvm by its own calls.
 *
 *	GUEST(adds, "add x0, x0, #1\n" DONE);
 *	struct guest g;
 *	guest_make(&g, 1, 0);
 *	guest_load(&g, 0, adds);
 *	check(guest_run(&g, 0), AT_DONE, "it ends");
 *	check(X(&g, 0), 1, "and has added");
 *	guest_free(&g);
 *
 * A guest begins at RAM with its MMU off, at EL1, with all interrupts masked, x20 = DEVICE, where
 * nothing is, and a vector table that ends its run at FAULTED: x10 to x13 are then ESR_EL1,
 * FAR_EL1, ELR_EL1 and the number of the vector.
 */
#pragma once

#include <linux/kvm.h>
#include <linux/psci.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "tests/el0/libc/calls.h"

/* Younger than the C library's headers may be. */
#ifndef KVM_SET_USER_MEMORY_REGION2
struct kvm_userspace_memory_region2 {
	__u32 slot, flags;
	__u64 guest_phys_addr, memory_size, userspace_addr, guest_memfd_offset;
	__u32 guest_memfd, pad1;
	__u64 pad2[14];
};
#define KVM_SET_USER_MEMORY_REGION2 _IOW(KVMIO, 0x49, struct kvm_userspace_memory_region2)
#endif
#ifndef KVM_ARM_VM_SMCCC_CTRL
#define KVM_ARM_VM_SMCCC_CTRL	     0
#define KVM_ARM_VM_SMCCC_FILTER	     0
#define KVM_SMCCC_FILTER_HANDLE	     0
#define KVM_SMCCC_FILTER_DENY	     1
#define KVM_SMCCC_FILTER_FWD_TO_USER 2
struct kvm_smccc_filter {
	__u32 base, nr_functions;
	__u8 action, pad[15];
};
#define KVM_HYPERCALL_EXIT_SMC 1
#endif

#define RAM	    0x80000000ul
#define RAM_SIZE    0x200000ul
#define DEVICE	    0x0a000000ul /* a page where nothing is: what touches it is an exit for MMIO */
#define DONE_AT	    0xff8ul	 /* in it: DONE writes there */
#define FAULT_AT    0xff0ul	 /* in it: the vectors write there */
#define VECTORS	    0x1f0000ul	 /* in RAM */
#define GICD	    0x08000000ul
#define GICC	    0x08010000ul
#define GICR	    0x080a0000ul
#define CPUS_MAX    8
#define PSTATE_EL1H 0x3c5ul

enum run_end { AT_DONE = 1000, FAULTED, AT_MMIO, AT_EXIT };

#define HIDDEN_ __attribute__((visibility("hidden")))
#define GUEST(id, code)                                                                        \
	extern const char id[] HIDDEN_, id##_end[] HIDDEN_;                                    \
	__asm__(".pushsection .rodata\n.balign 128\n.globl " #id ", " #id "_end\n.hidden " #id \
		", " #id "_end\n" #id ":\n" code "\n" #id "_end:\n.popsection\n")
#define DONE_ONCE "str xzr, [x20, #0xff8]\n"
#define DONE	  DONE_ONCE "b .\n"

/* clang-format off */
GUEST(guest_vectors,
	".set slot, 0\n"
	".rept 16\n"
	".balign 0x80\n"
	"mrs x10, esr_el1\n"
	"mrs x11, far_el1\n"
	"mrs x12, elr_el1\n"
	"mov x13, #slot\n"
	"str x13, [x20, #0xff0]\n"
	"eret\n"
	".set slot, slot + 1\n"
	".endr\n"
	".balign 0x80\n");
/* clang-format on */

struct guest {
	int vm, cpus, gic_version, gic;
	int cpu[CPUS_MAX];
	struct kvm_run *run[CPUS_MAX];
	char *mem;
};

MAY_BE_UNUSED int dev_kvm = -1;
MAY_BE_UNUSED long run_size;

/* ioctl_is - the call on @fd gives @want. */
#define ioctl_is(want, fd, request, arg) \
	check(sys(ioctl, fd, request, arg), want, "%s(%s, %s)", #request, #fd, #arg)

#define CORE_ID(field) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(field))
#define X_ID(n)	  (CORE_ID(regs.regs[0]) + 2ul * (unsigned int)(n))
#define PC_ID	  CORE_ID(regs.pc)
#define PSTATE_ID CORE_ID(regs.pstate)

/* open_kvm - /dev/kvm in dev_kvm; without it there is nothing to test. */
MAY_BE_UNUSED void open_kvm(void)
{
	dev_kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (dev_kvm < 0)
		_exit(bail_out("/dev/kvm cannot be opened"));
	run_size = sys(ioctl, dev_kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
}

MAY_BE_UNUSED long set_reg(int cpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg r = { id, (uintptr_t)&value };

	return sys(ioctl, cpu, KVM_SET_ONE_REG, &r);
}

MAY_BE_UNUSED long get_reg(int cpu, uint64_t id, uint64_t *value)
{
	struct kvm_one_reg r = { id, (uintptr_t)value };

	*value = 0;
	return sys(ioctl, cpu, KVM_GET_ONE_REG, &r);
}

/* reg - the value; a failure counts. */
MAY_BE_UNUSED uint64_t reg(int cpu, uint64_t id)
{
	uint64_t v;

	check(get_reg(cpu, id, &v), 0, "KVM_GET_ONE_REG %#llx", (unsigned long long)id);
	return v;
}

#define X(g, n)	       ((long)reg((g)->cpu[0], X_ID(n)))
#define SET_X(g, n, v) check(set_reg((g)->cpu[0], X_ID(n), v), 0, "x%d is set", n)

MAY_BE_UNUSED long set_slot(int vm, unsigned int slot, unsigned int flags, uint64_t gpa,
			    uint64_t size, void *at)
{
	struct kvm_userspace_memory_region r = { slot, flags, gpa, size, (uintptr_t)at };

	return sys(ioctl, vm, KVM_SET_USER_MEMORY_REGION, &r);
}

/* vcpu_init - KVM_ARM_VCPU_INIT for the preferred target with these @features. */
MAY_BE_UNUSED long vcpu_init(int vm, int cpu, unsigned int features)
{
	struct kvm_vcpu_init i;
	long r = sys(ioctl, vm, KVM_ARM_PREFERRED_TARGET, &i);

	if (r)
		return r;
	i.features[0] |= features;
	return sys(ioctl, cpu, KVM_ARM_VCPU_INIT, &i);
}

MAY_BE_UNUSED void *pages(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(bail_out("no memory"));
	return p;
}

/*
 * guest_put - code into the guest's RAM.  Word by word: what copies by greater pieces leaves stale
 * code in some versions of QEMU.
 */
MAY_BE_UNUSED void guest_put(struct guest *g, size_t at, const char *from, const char *to)
{
	volatile uint32_t *out = (volatile uint32_t *)(g->mem + at);

	for (size_t i = 0; i < (size_t)(to - from) / 4; i++)
		out[i] = ((const uint32_t *)(const void *)from)[i];
	__builtin___clear_cache(g->mem + at, g->mem + at + (to - from));
}

/* guest_at - vCPU @n goes on at RAM + @at, as a guest begins. */
MAY_BE_UNUSED void guest_at(struct guest *g, int n, size_t at)
{
	struct kvm_mp_state s = { KVM_MP_STATE_RUNNABLE };

	g->run[n]->immediate_exit = 1; /* completes what an exit left open */
	sys(ioctl, g->cpu[n], KVM_RUN, 0);
	g->run[n]->immediate_exit = 0;
	sys(ioctl, g->cpu[n], KVM_SET_MP_STATE, &s);
	set_reg(g->cpu[n], X_ID(20), DEVICE);
	set_reg(g->cpu[n], X_ID(22), GICD);
	set_reg(g->cpu[n], X_ID(23), g->gic_version == 3 ? GICR : GICC);
	set_reg(g->cpu[n], ARM64_SYS_REG(3, 0, 12, 0, 0), RAM + VECTORS);
	set_reg(g->cpu[n], PSTATE_ID, PSTATE_EL1H);
	check(set_reg(g->cpu[n], PC_ID, RAM + at), 0, "vCPU %d begins", n);
}

#define guest_load(g, n, code) guest_load_at(g, n, 0x1000ul * (n), code)
#define guest_load_at(g, n, at, code)                   \
	do {                                            \
		guest_put(g, at, (code), (code##_end)); \
		guest_at(g, n, at);                     \
	} while (0)

/* guest_cpu - one more vCPU, number @n. */
MAY_BE_UNUSED void guest_cpu(struct guest *g, int n, unsigned int features)
{
	g->cpu[n] = (int)sys(ioctl, g->vm, KVM_CREATE_VCPU, n);
	expect(g->cpu[n] >= 0, "KVM_CREATE_VCPU %d: %s", n, strerror(-g->cpu[n]));
	check(vcpu_init(g->vm, g->cpu[n], features), 0, "KVM_ARM_VCPU_INIT");
	g->run[n] = mmap(NULL, (size_t)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, g->cpu[n], 0);
	if (g->run[n] == MAP_FAILED)
		_exit(bail_out("struct kvm_run cannot be mapped"));
}

/* guest_make - a virtual machine with RAM and @cpus vCPUs; PSCI 0.2 and later, and @features. */
MAY_BE_UNUSED void guest_make(struct guest *g, int cpus, unsigned int features)
{
	*g = (struct guest){ .cpus = cpus, .gic = -1 };
	g->vm = (int)sys(ioctl, dev_kvm, KVM_CREATE_VM, 0);
	expect(g->vm >= 0, "KVM_CREATE_VM: %s", strerror(-g->vm));
	g->mem = pages(RAM_SIZE);
	check(set_slot(g->vm, 0, 0, RAM, RAM_SIZE, g->mem), 0, "RAM");
	guest_put(g, VECTORS, guest_vectors, guest_vectors_end);
	for (int i = 0; i < cpus; i++)
		guest_cpu(g, i, features | 1u << KVM_ARM_VCPU_PSCI_0_2);
}

MAY_BE_UNUSED void guest_free(struct guest *g)
{
	for (int i = 0; i < g->cpus; i++) {
		munmap(g->run[i], (size_t)run_size);
		close(g->cpu[i]);
	}
	if (g->gic >= 0)
		close(g->gic);
	close(g->vm);
	munmap(g->mem, RAM_SIZE);
}

/*
 * guest_run_cpu - KVM_RUN; AT_DONE, FAULTED, AT_MMIO for another place, AT_EXIT for another
 * exit, or -errno.
 */
MAY_BE_UNUSED long guest_run_cpu(struct guest *g, int n)
{
	const struct kvm_run *run = g->run[n];
	long r = sys(ioctl, g->cpu[n], KVM_RUN, 0);

	if (r)
		return r;
	if (run->exit_reason != KVM_EXIT_MMIO)
		return AT_EXIT;
	if (run->mmio.phys_addr == DEVICE + DONE_AT && run->mmio.is_write)
		return AT_DONE;
	if (run->mmio.phys_addr == DEVICE + FAULT_AT && run->mmio.is_write)
		return FAULTED;
	return AT_MMIO;
}

#define guest_run(g) guest_run_cpu(g, 0)

MAY_BE_UNUSED volatile int rang;

MAY_BE_UNUSED void on_alarm(int signo)
{
	(void)signo;
	rang++;
}

/*
 * alarm_each - SIGALRM every @ms milliseconds, counted in rang from now on; 0: no more.  Never a
 * single one: if this machine stands still a while it comes before KVM_RUN, which then has no end.
 */
MAY_BE_UNUSED void alarm_each(int ms)
{
	struct timeval each = { ms / 1000, ms % 1000 * 1000 };
	struct itimerval t = { each, each };
	struct sigaction a = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &a, NULL);
	if (ms)
		rang = 0;
	setitimer(ITIMER_REAL, &t, NULL);
}

/* guest_run_for - guest_run, for @ms milliseconds at most: -EINTR. */
MAY_BE_UNUSED long guest_run_for(struct guest *g, int ms)
{
	long r;

	alarm_each(ms);
	r = guest_run(g);
	alarm_each(0);
	return r;
}

/* The parts of ESR_EL1 in x10, after FAULTED. */
#define FAULT_EC(g)  (X(g, 10) >> 26 & 0x3f)
#define FAULT_FSC(g) (X(g, 10) & 0x3f)

MAY_BE_UNUSED long set_attr(int fd, unsigned int group, uint64_t attr, const void *at)
{
	struct kvm_device_attr a = { 0, group, attr, (uintptr_t)at };

	return sys(ioctl, fd, KVM_SET_DEVICE_ATTR, &a);
}

MAY_BE_UNUSED long get_attr(int fd, unsigned int group, uint64_t attr, void *at)
{
	struct kvm_device_attr a = { 0, group, attr, (uintptr_t)at };

	return sys(ioctl, fd, KVM_GET_DEVICE_ATTR, &a);
}

MAY_BE_UNUSED long has_attr(int fd, unsigned int group, uint64_t attr)
{
	struct kvm_device_attr a = { 0, group, attr, 0 };

	return sys(ioctl, fd, KVM_HAS_DEVICE_ATTR, &a);
}

MAY_BE_UNUSED long new_device(int vm, unsigned int type, unsigned int flags)
{
	struct kvm_create_device d = { type, 0, flags };
	long r = sys(ioctl, vm, KVM_CREATE_DEVICE, &d);

	return r ? r : (long)d.fd;
}

/* host_gic - 2 or 3: the version that guests get on this machine. */
MAY_BE_UNUSED int host_gic(int vm)
{
	return new_device(vm, KVM_DEV_TYPE_ARM_VGIC_V3, KVM_CREATE_DEVICE_TEST) ? 2 : 3;
}

/* guest_gic - an interrupt controller at GICD and GICC or GICR, ready; after all vCPUs. */
MAY_BE_UNUSED void guest_gic(struct guest *g)
{
	uint64_t dist = GICD, other;
	bool v3 = host_gic(g->vm) == 3;

	g->gic_version = v3 ? 3 : 2;
	other = v3 ? GICR : GICC;
	g->gic =
		(int)new_device(g->vm, v3 ? KVM_DEV_TYPE_ARM_VGIC_V3 : KVM_DEV_TYPE_ARM_VGIC_V2, 0);
	expect(g->gic >= 0, "KVM_CREATE_DEVICE: %s", strerror(-g->gic));
	check(set_attr(g->gic, KVM_DEV_ARM_VGIC_GRP_ADDR,
		       v3 ? KVM_VGIC_V3_ADDR_TYPE_DIST : KVM_VGIC_V2_ADDR_TYPE_DIST, &dist),
	      0, "the distributor's address");
	check(set_attr(g->gic, KVM_DEV_ARM_VGIC_GRP_ADDR,
		       v3 ? KVM_VGIC_V3_ADDR_TYPE_REDIST : KVM_VGIC_V2_ADDR_TYPE_CPU, &other),
	      0, "the other address");
	check(set_attr(g->gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL), 0,
	      "KVM_DEV_ARM_VGIC_CTRL_INIT");
}
