/*
 * kvm.h - a virtual machine and its vcpus, as the files of kvm/ share them.
 *
 * The way of an exit: run makes the guest run (el2's call to el2/) and sorts what ends a run:
 * an access to memory goes to memory, and where there is none to mmio; an access to the
 * interrupt controller to vgic; a system register to sysreg; HVC and SMC to hypercall, psci.
 * What none of them can serve leaves KVM_RUN to the VMM, told in struct kvm_run.
 *
 * Locks, in the order in which they are taken:
 *   vcpu->lock	mutex: one task runs it, or reads and writes its registers
 *   vm->lock	mutex: vcpus, slots, devices, eventfds are added and removed
 *   mm->lock	mutex: what the host's tables show; the guest's tables at EL2 follow it (memory)
 *   vgic's spinlocks (irqsave): vgic
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "arm/el2call.h"
#include "lib/util.h"
#include "mm/object.h"
#include "task/fp.h"
#include "task/wait.h"

struct charge;
struct file;
struct kvm_debug;
struct kvm_memory;
struct kvm_run;
struct kvm_timers;
struct mm;
struct page;
struct task;
struct vgic;
struct vgic_cpu;

#define KVM_MAX_VCPUS 512 /* with a GICv3, as Linux; with a GICv2 eight */

/* A virtual machine: what KVM_CREATE_VM's descriptor stands for. */
struct kvm_vm {
	struct ref refs; /* its descriptor, vcpus, devices */
	struct mutex lock;
	struct mm *mm;	       /* whose memory the slots are, pinned (mm_pin); others get -EIO */
	struct charge *charge; /* who pays */
	int el2;	       /* its number at EL2 */
	unsigned int ipa_bits; /* of its physical addresses */
	unsigned int nr_vcpus;
	struct kvm_vcpu *vcpus[KVM_MAX_VCPUS]; /* by number; set once each, under lock */
	struct kvm_memory *memory;	       /* memory's: slots */
	struct vgic *vgic;		       /* vgic's; NULL: there is none */
	void *eventfds;			       /* eventfd's */
	void *filter;			       /* hypercall's: KVM_ARM_VM_SMCCC_FILTER */
	uint64_t counter_offset;	       /* all vcpus' CNTVOFF */
	uint64_t id_regs[3 * 8 * 8]; /* sysreg: op0 3, op1 0, CRn 0, CRm 0-7 (and others) */
	bool has_run;		     /* a vcpu has: features and ID registers are settled */
	bool nisv_to_user;	     /* KVM_CAP_ARM_NISV_TO_USER */
	bool dead;		     /* a call failed half way: KVM_RUN is -EIO */
};

/* A vcpu: what KVM_CREATE_VCPU's descriptor stands for. */
struct kvm_vcpu {
	struct kvm_vm *vm;
	struct mutex lock;
	struct el2_vcpu *ctx;	  /* its registers: a page that el2/ reads and writes too */
	int el2;		  /* its number at EL2 */
	unsigned int id;	  /* KVM_CREATE_VCPU's argument, the index in vm->vcpus */
	struct kvm_run *run;	  /* what the VMM maps: one page, kernel address */
	struct task *task;	  /* that is in KVM_RUN, or NULL; run's spinlock */
	int cpu;		  /* the core on which it is in the guest, or -1; atomic */
	uint32_t requests;	  /* KVM_REQ_*; atomic */
	struct wait_queue parked; /* it waits for an interrupt, or to be turned on */
	bool initialized;	  /* KVM_ARM_VCPU_INIT has been called */
	uint32_t features;	  /* its KVM_ARM_VCPU_* bits */
	uint32_t mp_state;	  /* KVM_MP_STATE_*; atomic */
	uint32_t psci;		  /* version: psci's */
	bool has_sigmask;	  /* KVM_SET_SIGNAL_MASK */
	uint64_t sigmask;
	struct {
		uint64_t pc, x0; /* where CPU_ON lets it in */
		bool wanted;
	} reset;
	struct {
		bool pending; /* an access that the VMM has to serve: mmio's */
		bool write, sign, sixty_four;
		uint8_t size, reg;
	} mmio;
	struct fp_state fp;	   /* its FP/SIMD registers while they are not in a core */
	bool fp_live;		   /* they are in this core's: run's */
	struct kvm_debug *debug;   /* debug's */
	struct kvm_timers *timers; /* timer's */
	struct vgic_cpu *vgic;	   /* vgic's */
};

/*
 * What serving an exit came to.  A function that serves one returns one of these, or -errno, which
 * ends KVM_RUN with it.
 */
enum kvm_served {
	KVM_RESUME, /* the guest goes on */
	KVM_LEAVE,  /* KVM_RUN returns 0: vcpu->run says why */
};

/* dev: /dev/kvm is there if el2/ is.  Once, at boot, after the devices. */
void kvm_init(void);

/*
 * vm, vcpu.  A vcpu holds its VM; a VM lives until its last descriptor, its vcpus' and its
 * devices' are closed.
 */
void kvm_vm_put(struct kvm_vm *vm);

/* run */

/* kvm_run_vcpu - KVM_RUN: 0 or -errno.  vcpu->lock is held.  May sleep. */
long kvm_run_vcpu(struct kvm_vcpu *v) __must_check;
/*
 * kvm_kick - @v looks at what is pending for it, soon: it leaves the guest, or wakes up if it is
 * parked.  Any context.
 */
void kvm_kick(struct kvm_vcpu *v);
/*
 * kvm_request - besides: it does one of KVM_REQ_* first.
 */
#define KVM_REQ_STOP  BIT(0) /* PSCI: it is off from now on */
#define KVM_REQ_RESET BIT(1) /* PSCI: CPU_ON has set vcpu->reset */
void kvm_request(struct kvm_vcpu *v, uint32_t requests);

/* kvm_skip - the instruction that trapped is done: PC and PSTATE.IT/BTYPE/SS go past it. */
void kvm_skip(struct kvm_vcpu *v);

/* Exceptions that the guest takes at its own EL1 (inject). */
void kvm_inject_undef(struct kvm_vcpu *v);
void kvm_inject_data_abort(struct kvm_vcpu *v, uint64_t addr);
void kvm_inject_prefetch_abort(struct kvm_vcpu *v, uint64_t addr);
void kvm_inject_serror(struct kvm_vcpu *v, uint64_t esr);

/* el2: the calls to el2/; donates memory where it is short.  0, -ENOMEM, -EINVAL, -ENOSPC. */
int el2_vm_create(unsigned int ipa_bits) __must_check; /* or the VM's number */
void el2_vm_destroy(int vm);
int el2_vcpu_create(int vm, struct el2_vcpu *page) __must_check; /* or its number */
void el2_vcpu_destroy(int vcpu);
/* Interrupts masked. */
enum el2_exit el2_run(int vcpu);
/* @flags: EL2_MAP_*; @size: EL2_PAGE or EL2_BLOCK.  May sleep. */
int el2_map(int vm, uint64_t ipa, uint64_t pa, uint64_t size, uint64_t flags) __must_check;
/* Any length; gives way. */
void el2_unmap(int vm, uint64_t ipa, uint64_t size);
void el2_protect(int vm, uint64_t ipa, uint64_t size);

/* memory */

/*
 * kvm_memory_fault - the guest has touched @ipa, which is not mapped for it, or not for this:
 * KVM_RESUME after it is; 1 + KVM_LEAVE is not used; -ENXIO: there is no memory (MMIO, or an abort:
 * mmio decides); -EFAULT: the host's address has none; -ENOMEM, -EINTR.  May sleep.
 */
int kvm_memory_fault(struct kvm_vcpu *v, uint64_t ipa, bool write, bool exec) __must_check;
/* kvm_read_guest, kvm_write_guest - @n bytes of the guest's memory; 0 or -EFAULT.  May sleep. */
int kvm_read_guest(struct kvm_vm *vm, uint64_t ipa, void *dst, size_t n) __must_check;
int kvm_write_guest(struct kvm_vm *vm, uint64_t ipa, const void *src, size_t n) __must_check;

/* mmio: an access to what is no memory, by vcpu->ctx's esr, far, hpfar. */
int kvm_mmio(struct kvm_vcpu *v) __must_check;
/* kvm_mmio_complete - KVM_RUN again, after the VMM has served an access. */
void kvm_mmio_complete(struct kvm_vcpu *v);

/* sysreg: EC 0x18, and those of cp15 that EL0 in AArch32 can reach. */
int kvm_sysreg_trap(struct kvm_vcpu *v) __must_check;
/* hypercall: HVC and SMC: PSCI, the convention's own, and what the VMM's filter takes. */
int kvm_hypercall(struct kvm_vcpu *v) __must_check;
/* debug: an exception for KVM_GUESTDBG_*. */
int kvm_debug_exit(struct kvm_vcpu *v) __must_check;
/* reset: KVM_ARM_VCPU_INIT's and CPU_ON's state of the registers. */
void kvm_reset_vcpu(struct kvm_vcpu *v);

/*
 * vgic: kvm_vgic_flush before a run, kvm_vgic_sync after it (interrupts masked); whether @v has
 * one to take; an access to its registers: see there.
 * timer: the same for the guest's timers.
 */
