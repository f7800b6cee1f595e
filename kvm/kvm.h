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
 *   kvm_memory.lock	mutex: one change of the slots, or look at a log, at a time (memory)
 *   mm->lock	mutex: what the host's tables show; the guest's tables at EL2 follow it (memory)
 *   vgic's spinlocks (irqsave): vgic
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/kvm.h"
#include "arm/atomic.h"
#include "kvm/el2.h"
#include "kvm/vcpus.h"
#include "lib/list.h"
#include "lib/util.h"
#include "mm/charge.h"
#include "mm/object.h"
#include "mm/slab.h"
#include "mm/uaccess.h"
#include "task/fp.h"
#include "task/wait.h"

struct file;
struct kvm_debug;
struct kvm_eventfds;
struct kvm_filter;
struct kvm_memory;
struct kvm_timers;
struct mm;
struct page;
struct task;
struct vgic;
struct vgic_cpu;

#define KVM_MAX_VCPUS  512  /* with a GICv3, as Linux; with a GICv2 eight */
#define KVM_IOCTLS     0xAE /* the type of its commands: file_ops.own_ioctls */
#define KVM_MAX_SLOTS  32767
#define KVM_MAX_ROUTES 4096
#define KVM_VCPU_PAGES 2 /* of its descriptor: struct kvm_run, the VM's ring */

/* A virtual machine: what KVM_CREATE_VM's descriptor stands for. */
struct kvm_vm {
	struct ref refs; /* its descriptor, vcpus, devices */
	struct mutex lock;
	struct mm *mm;	       /* whose memory the slots are, pinned (mm_pin); others get -EIO */
	struct charge *charge; /* who pays */
	int el2;	       /* its number at EL2 */
	uint32_t user;	       /* who made it: in that one's chunks of EL2's it lies (kvm_payer) */
	unsigned int ipa_bits; /* of its physical addresses */
	unsigned int nr_vcpus;
	bool serves_stores; /* there is, or was, an ioeventfd or a zone of coalesced's */
	struct kvm_vcpu
		*vcpus[KVM_MAX_VCPUS]; /* by id; set once each, under lock; they go with it */
	struct kvm_memory *memory;     /* memory's: slots */
	struct vgic *vgic;	       /* vgic's; NULL: there is none */
	struct kvm_eventfds *eventfds; /* eventfd's; made with the first */
	struct kvm_coalesced_mmio_ring *ring; /* coalesced's: a page, the VMM's to change */
	struct spinlock zones_lock;	      /* of zones and ring; leaf */
	struct list_node zones;		      /* who changes it has vm->lock besides */
	unsigned int nr_zones;
	struct kvm_filter *filter; /* filter's: KVM_ARM_VM_SMCCC_FILTER; made with the first */
	bool counter_set;	   /* KVM_ARM_SET_COUNTER_OFFSET: they stay as they are */
	uint64_t pcounter_offset;  /* the physical counter's */
	uint64_t counter_offset;   /* all vcpus' CNTVOFF */
	uint64_t id_regs[8 * 8];   /* idreg's: op0 3, op1 0, CRn 0, by CRm and op2 */
	uint64_t id_limits[8 * 8]; /* what they are at most */
	uint64_t ctr;		   /* CTR_EL0 */
	uint32_t features;	   /* all its vcpus': KVM_ARM_VCPU_*; 0: none is initialized */
	uint32_t psci;		   /* the version, if it has been chosen */
	uint64_t fw_bmap[3];	   /* KVM_REG_ARM_STD_BMAP and on: what the firmware offers */
	bool has_run;		   /* a vcpu has: features and ID registers are settled */
	uint32_t dirty_caps;	   /* KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: KVM_DIRTY_LOG_* */
	bool nisv_to_user;	   /* KVM_CAP_ARM_NISV_TO_USER */
	bool suspend_to_user;	   /* KVM_CAP_ARM_SYSTEM_SUSPEND */
	bool dead;		   /* a call failed half way: KVM_RUN is -EIO */
	struct list_node all;	   /* seen's */
	uint64_t number;	   /* of all that there were: its name to who looks; seen's */
	int pid, tid;		   /* whose it is, which thread has made it: to be shown */
};

/* What a vcpu has of registers besides struct el2_vcpu: sysreg's; clean to the guest otherwise. */
struct kvm_kept {
	uint64_t spsr[4]; /* of AArch32's abt, und, irq, fiq: the VMM's to keep */
	uint64_t actlr, clidr, oslsr, tcr2, pire0, pir, dbgvcr32, csselr, dacr32, ifsr32, fpexc32;
	uint64_t mdscr_hidden; /* debug's: bits of MDSCR_EL1 that are off while it runs */
	uint32_t ccsidr[14];   /* by CSSELR_EL1; 0: as the machine's lines are */
};

#define KVM_NO_STOLEN	    UINT64_MAX /* kvm_vcpu.stolen.at */

/* Where an exit is counted: a synchronous one by its EC, the others behind the 64 of these. */
#define KVM_COUNT(exit, ec) ((exit) == EL2_EXIT_SYNC ? (ec) : 63 + (exit))
#define KVM_COUNTS	    (64 + EL2_EXIT_ILLEGAL)

/* How often it slept for an interrupt, how long, and how often how long: hist[1 + log2(ns)]. */
#define KVM_WAITS	    32
struct kvm_waits {
	uint64_t n, ticks, hist[KVM_WAITS];
};

/* Indexes of kvm_vcpu.left. */
enum { KVM_LEFT_OTHERS, KVM_LEFT_MMIO };

/* A vcpu: what KVM_CREATE_VCPU's descriptor stands for. */
struct kvm_vcpu {
	struct kvm_vm *vm;
	struct mutex lock;
	struct el2_vcpu *ctx; /* its registers: a page that el2/ reads and writes too */
	int el2;	      /* its number at EL2 */
	unsigned int id;      /* KVM_CREATE_VCPU's argument, the index in vm->vcpus */
	struct kvm_run *run;  /* what the VMM maps: one page, kernel address; VMM's to change */
	struct vm_object *run_object; /* that page and the ring, as mmap(2) shows them */
	struct task *task;	      /* that is in KVM_RUN, or NULL; run's spinlock */
	int cpu;		      /* the core on which it is in the guest, or -1; atomic */
	int ran_on;		      /* the core of its last run, or -1 */
	uint32_t requests;	      /* KVM_REQ_*, KVM_SEEN, KVM_STOLEN; atomic */
	int tid;		      /* which thread has made it, to be shown */
	struct wait_queue parked;     /* it waits for an interrupt, or to be turned on */
	bool initialized;	      /* KVM_ARM_VCPU_INIT has been called */
	bool has_run;		      /* KVM_RUN has */
	uint32_t features;	      /* its KVM_ARM_VCPU_* bits */
	uint32_t mp_state;	      /* KVM_MP_STATE_*; atomic */
	bool has_sigmask;	      /* KVM_SET_SIGNAL_MASK */
	uint64_t sigmask;
	struct {
		uint64_t pc, x0; /* where CPU_ON lets it in; vm->lock */
		bool big_endian, wanted;
	} reset;
	struct {
		bool pending; /* an access that the VMM has to serve: mmio's */
		uint32_t esr; /* its syndrome */
	} mmio;
	struct fp_state fp;	   /* its FP/SIMD registers while they are not in a core */
	struct kvm_kept kept;	   /* the registers that no run loads */
	struct kvm_debug *debug;   /* debug's: the VMM debugs it */
	bool debug_dirty;	   /* the guest has written its debug registers: load them */
	struct kvm_timers *timers; /* timer's */
	struct vgic_cpu *vgic;	   /* vgic's */
	/* How often a run ended, by KVM_COUNT; written by who runs it, read by any. */
	uint64_t exits[KVM_COUNTS];
	uint64_t left[2]; /* KVM_RUN returned, for an access that the VMM serves, and for others */
	uint64_t elsewhere;    /* data aborts that were not in the vGIC's frames */
	uint64_t stores;       /* accesses that were an ioeventfd's, or a zone's */
	uint64_t wfe, signals; /* WFE trapped; signals ended KVM_RUN */
	struct kvm_waits waits;
	struct kvm_stolen {
		uint64_t at;		  /* where the guest is told, or KVM_NO_STOLEN; set once */
		uint64_t untold_ns;	  /* has been stolen, and not been told */
		uint64_t waited_ns, runs; /* of the thread tid, when that was counted */
		int tid;
	} stolen; /* pvtime's */
};

/*
 * What serving an exit came to.  A function that serves one returns one of these, or -errno, which
 * ends KVM_RUN with it.
 */
enum kvm_served {
	KVM_RESUME, /* the guest goes on */
	KVM_LEAVE,  /* KVM_RUN returns 0: vcpu->run says why */
};

/*
 * An access to memory that is none: @size is 1, 2, 4 or 8 bytes.
 */
struct kvm_access {
	uint64_t addr;	/* of the guest's physical address space */
	uint64_t value; /* what is stored; or, set by who serves it, what is loaded */
	uint8_t size;
	bool write;
};

/* What is asked about an attribute of a VM, vcpu or device: KVM_SET_, GET_, HAS_DEVICE_ATTR. */
enum kvm_attr_op { KVM_ATTR_SET, KVM_ATTR_GET, KVM_ATTR_HAS };

/* ---- dev: /dev/kvm is there if el2/ is.  Once, at boot, after the devices. ---- */
void kvm_init(const char *cmdline);

/* ---- vm, vcpu ---- */

/*
 * A VM lives until its last descriptor, its vcpus' and its devices' are closed, and the mappings of
 * its vcpus' pages, which hold the descriptors, are gone.  kvm_vm_get - one more that holds it.
 * May sleep.
 */
static inline void kvm_vm_get(struct kvm_vm *vm)
{
	ref_get(&vm->refs);
}
void kvm_vm_put(struct kvm_vm *vm);
/* kvm_payer - for the calls to EL2 that may need memory. */
static inline struct el2_payer kvm_payer(const struct kvm_vm *vm)
{
	return (struct el2_payer){ vm->user, vm->charge };
}
/*
 * kvm_with_arg - for an ioctl, whose argument is arg: what @call says of @name, the struct @type
 * there; or -EFAULT.
 */
#define kvm_with_arg(type, name, call)                                       \
	({                                                                   \
		struct type name;                                            \
		copy_from_user(&name, arg, sizeof(name)) ? -EFAULT : (call); \
	})
/*
 * kvm_locked - what @call says, made with the mutex @vm->lock held; @vm: a kvm_vm, or a kvm_memory,
 * which has one of its own.  kvm_stopped - with no vcpu of a kvm_vm running (kvm_lock_all).  Or why
 * that cannot be: -EINTR, -EBUSY.
 */
#define kvm_locked(vm, call)                                 \
	({                                                   \
		int err_ = mutex_lock_killable(&(vm)->lock); \
		if (!err_) {                                 \
			err_ = (call);                       \
			mutex_unlock(&(vm)->lock);           \
		}                                            \
		err_;                                        \
	})
#define kvm_stopped(vm, call)                \
	({                                   \
		int err_ = kvm_lock_all(vm); \
		if (!err_) {                 \
			err_ = (call);       \
			kvm_unlock_all(vm);  \
		}                            \
		err_;                        \
	})
/*
 * kvm_alloc - @n bytes, zeros, which @vm pays for; NULL: there are none.  kvm_free - they go back;
 * @p may be NULL.  Not from an interrupt.
 */
static inline void *kvm_alloc(struct kvm_vm *vm, size_t n)
{
	void *p = kzalloc(n);

	if (p)
		charge_add(vm->charge, n + CHARGE_SMALL);
	return p;
}
static inline void kvm_free(struct kvm_vm *vm, void *p, size_t n)
{
	if (p)
		charge_drop(vm->charge, n + CHARGE_SMALL);
	kfree(p);
}
/* kvm_attr_op - of KVM_SET_DEVICE_ATTR and so on. */
static inline enum kvm_attr_op kvm_attr_op(uint32_t cmd)
{
	return cmd == KVM_SET_DEVICE_ATTR   ? KVM_ATTR_SET
	       : cmd == KVM_GET_DEVICE_ATTR ? KVM_ATTR_GET
					    : KVM_ATTR_HAS;
}
/* kvm_vm_create - KVM_CREATE_VM: its descriptor, or -EINVAL, -ENOMEM, -EMFILE. */
int kvm_vm_create(uint64_t type) __must_check;
/* kvm_extension - KVM_CHECK_EXTENSION; @vm may be NULL. */
int kvm_extension(const struct kvm_vm *vm, uint64_t cap);
/* kvm_vcpu_create - KVM_CREATE_VCPU: its descriptor or -errno; vm->lock is taken. */
int kvm_vcpu_create(struct kvm_vm *vm, uint64_t id) __must_check;
/* kvm_is_vm - is @f a VM's descriptor? */
bool kvm_is_vm(const struct file *f);
/* kvm_vcpu_free - with its VM. */
void kvm_vcpu_free(struct kvm_vcpu *v);
/* kvm_vcpu_find - by id, or NULL.  Any context. */
static inline struct kvm_vcpu *kvm_vcpu_find(const struct kvm_vm *vm, uint64_t id)
{
	return id < KVM_MAX_VCPUS ? load_acquire(&vm->vcpus[id]) : NULL;
}

/* ---- run ---- */

/* kvm_run_vcpu - KVM_RUN: 0 or -errno.  vcpu->lock is held.  May sleep. */
long kvm_run_vcpu(struct kvm_vcpu *v) __must_check;
/*
 * kvm_park (park.c) - current, which runs @v, sleeps until it has an interrupt, a request or a
 * signal, or until @deadline_ns (UINT64_MAX: none).
 */
void kvm_park(struct kvm_vcpu *v, uint64_t deadline_ns);
/* kvm_is_asked - is there a request that it has not served? */
static inline bool kvm_is_asked(const struct kvm_vcpu *v)
{
	return READ_ONCE(v->requests) & ~KVM_LASTING;
}
/* kvm_skip - the instruction that trapped is done: PC goes past it. */
void kvm_skip(struct kvm_vcpu *v);
/* kvm_get_x, kvm_set_x - general register @n as an instruction names it: 31 is zero. */
static inline uint64_t kvm_get_x(const struct kvm_vcpu *v, unsigned int n)
{
	return n < 31 ? v->ctx->x[n] : 0;
}
static inline void kvm_set_x(struct kvm_vcpu *v, unsigned int n, uint64_t value)
{
	if (n < 31)
		v->ctx->x[n] = value;
}

/* kvm_has_ras - the cores have the RAS extension: an SError says what it is. */
static inline bool kvm_has_ras(void)
{
	return ID_FIELD(id_aa64pfr0_el1, PFR0_RAS) != 0;
}

/* ---- inject: exceptions that the guest takes at its own EL1, before its next instruction ---- */
void kvm_inject_undef(struct kvm_vcpu *v);
void kvm_inject_data_abort(struct kvm_vcpu *v, uint64_t addr);
void kvm_inject_prefetch_abort(struct kvm_vcpu *v, uint64_t addr);
/* kvm_inject_serror - pending until it unmasks it; @esr: ISS, where there is RAS. */
#define KVM_SERROR_UNKNOWN BIT(24) /* IDS: what it means nobody says */
void kvm_inject_serror(struct kvm_vcpu *v, uint64_t esr);
/* kvm_inject_size_abort - the same for an address that is larger than the machine has. */
void kvm_inject_size_abort(struct kvm_vcpu *v, bool prefetch, uint64_t addr);

/* ---- memory ---- */

/* kvm_memory_new - @vm's vm->mm is set; kvm_memory_free - nothing of it is mapped any more. */
int kvm_memory_new(struct kvm_vm *vm) __must_check;
void kvm_memory_free(struct kvm_vm *vm);
/* KVM_SET_USER_MEMORY_REGION, KVM_GET_DIRTY_LOG, KVM_CLEAR_DIRTY_LOG.  May sleep. */
int kvm_memory_set(struct kvm_vm *vm, const struct kvm_userspace_memory_region *r) __must_check;
int kvm_memory_get_dirty(struct kvm_vm *vm, const struct kvm_dirty_log *log) __must_check;
int kvm_memory_clear_dirty(struct kvm_vm *vm, const struct kvm_clear_dirty_log *log) __must_check;
/*
 * kvm_memory_fault - the guest has touched @ipa, which is not mapped for it, or not for this: 0
 * after it is; -ENXIO: there is no memory, or (@write) it is read-only: run asks mmio; -EFAULT: the
 * VMM has none there; -EHWPOISON, -ENOMEM, -EINTR.  May sleep.
 */
int kvm_memory_fault(struct kvm_vcpu *v, uint64_t ipa, bool write, bool exec) __must_check;
/*
 * kvm_memory_flush - for a guest whose caches go on or off: what they hold of its memory is in
 * memory.  kvm_memory_reset - nothing is mapped, as before its first run.  Both may sleep.
 */
void kvm_memory_flush(struct kvm_vm *vm);
void kvm_memory_reset(struct kvm_vm *vm);
/* kvm_memory_has - is there a slot at @ipa that the guest may write?  May sleep. */
bool kvm_memory_has(struct kvm_vm *vm, uint64_t ipa);
/* kvm_read_guest, kvm_write_guest - @n bytes of the guest's memory; 0 or -EFAULT.  May sleep. */
int kvm_read_guest(struct kvm_vm *vm, uint64_t ipa, void *dst, size_t n) __must_check;
int kvm_write_guest(struct kvm_vm *vm, uint64_t ipa, const void *src, size_t n) __must_check;

/* ---- mmio, eventfd, coalesced ---- */

/* KVM_IRQFD, KVM_IOEVENTFD.  May sleep. */
int kvm_irqfd(struct kvm_vm *vm, const struct kvm_irqfd *i) __must_check;
int kvm_ioeventfd(struct kvm_vm *vm, const struct kvm_ioeventfd *i) __must_check;

/*
 * kvm_mmio - an access to what is no memory, at @ipa, by vcpu->ctx's esr.  enum kvm_served or
 * -errno.
 */
int kvm_mmio(struct kvm_vcpu *v, uint64_t ipa) __must_check;
/* kvm_mmio_complete - KVM_RUN again, after the VMM has served an access. */
void kvm_mmio_complete(struct kvm_vcpu *v);
/* kvm_ioeventfd_signal - is @a a store to an ioeventfd's address?  Then it has been told. */
bool kvm_ioeventfd_signal(struct kvm_vm *vm, const struct kvm_access *a);
/*
 * kvm_eventfds_want_ack - is there a resamplefd?  Any context.  Then kvm_eventfds_ack - the guest
 * has ended the SPI @irq, a level: the resamplefds of all numbers that lead to it are told.  May
 * sleep.
 */
bool kvm_eventfds_want_ack(const struct kvm_vm *vm);
void kvm_eventfds_ack(struct kvm_vm *vm, unsigned int irq);
/* kvm_eventfds_close - there are none any more; kvm_eventfds_free - with the VM. */
void kvm_eventfds_close(struct kvm_vm *vm);
void kvm_eventfds_free(struct kvm_vm *vm);
/*
 * kvm_coalesced_new, kvm_coalesced_free - with the VM.  kvm_coalesced_zone - a zone comes (@add:
 * KVM_REGISTER_COALESCED_MMIO), or goes: 0, -EINVAL, -ENOMEM, -ENOSPC, -EINTR.  May sleep.
 * kvm_coalesce - is the store @a to a zone, and has the ring room?  Then that is all.
 */
int kvm_coalesced_new(struct kvm_vm *vm) __must_check;
void kvm_coalesced_free(struct kvm_vm *vm);
int kvm_coalesced_zone(struct kvm_vm *vm, const struct kvm_coalesced_mmio_zone *at,
		       bool add) __must_check;
bool kvm_coalesce(struct kvm_vm *vm, const struct kvm_access *a);

/* ---- stats: KVM_GET_STATS_FD: a descriptor or -errno; of @v, or (NULL) of @vm. ---- */
int kvm_stats_fd(struct kvm_vm *vm, struct kvm_vcpu *v) __must_check;

/* ---- onereg, reset, sysreg, hypercall, debug ---- */

/* KVM_GET_ONE_REG, KVM_SET_ONE_REG, KVM_GET_REG_LIST.  vcpu->lock is held.  May sleep. */
int kvm_get_reg(struct kvm_vcpu *v, uint64_t id, uptr to) __must_check;
int kvm_set_reg(struct kvm_vcpu *v, uint64_t id, uptr from) __must_check;
int kvm_get_reg_list(struct kvm_vcpu *v, uptr list) __must_check;
/* kvm_vcpu_init - KVM_ARM_VCPU_INIT: v->features, initialized, mp_state, registers. */
int kvm_vcpu_init(struct kvm_vcpu *v, const struct kvm_vcpu_init *init) __must_check;
/*
 * kvm_vm_regs_new - the VM's ID registers, as the machine's are masked; kvm_vm_regs_settle - a vcpu
 * is about to run for the first time, vm->lock held: what they say of the vGIC.
 */
void kvm_vm_regs_new(struct kvm_vm *vm);
void kvm_vm_regs_settle(struct kvm_vm *vm);
/* KVM_ARM_GET_REG_WRITABLE_MASKS.  0, -EINVAL, -EFAULT. */
int kvm_reg_masks(const struct reg_mask_range *range) __must_check;
/* reset: KVM_ARM_VCPU_INIT's and CPU_ON's state of the registers. */
void kvm_reset_vcpu(struct kvm_vcpu *v);
/* sysreg: EC 0x18. */
int kvm_sysreg_trap(struct kvm_vcpu *v) __must_check;

/* ---- aarch32: of what the guest's EL0 executes in AArch32 ---- */
int kvm_a32_trap(struct kvm_vcpu *v) __must_check;
/* kvm_a32_executes - the condition of the instruction that trapped holds. */
bool kvm_a32_executes(const struct kvm_vcpu *v);
/* hypercall: HVC and SMC: PSCI, the convention's own, and what the VMM's filter takes. */
int kvm_hypercall(struct kvm_vcpu *v) __must_check;
/*
 * pvtime: kvm_pvtime_attr - KVM_ARM_VCPU_PVTIME_CTRL: where the guest is told of stolen time: 0,
 * -ENXIO, -EINVAL, -EEXIST, -EFAULT.  kvm_pvtime_tell - it is told what has come up since;
 * vcpu->lock is held, KVM_STOLEN is set.  May sleep.
 */
int kvm_pvtime_attr(struct kvm_vcpu *v, enum kvm_attr_op op,
		    const struct kvm_device_attr *a) __must_check;
void kvm_pvtime_tell(struct kvm_vcpu *v);
/* kvm_filter_attr - KVM_ARM_VM_SMCCC_CTRL; kvm_filter_free - with the VM. */
int kvm_filter_attr(struct kvm_vm *vm, enum kvm_attr_op op,
		    const struct kvm_device_attr *a) __must_check;
void kvm_filter_free(struct kvm_vm *vm);
/* debug: an exception for KVM_GUESTDBG_*; KVM_SET_GUEST_DEBUG. */
int kvm_debug_exit(struct kvm_vcpu *v) __must_check;
int kvm_debug_set(struct kvm_vcpu *v, const struct kvm_guest_debug *d) __must_check;
void kvm_debug_free(struct kvm_vcpu *v);
/*
 * Around a run with kvm_debug_wanted, interrupts masked: kvm_debug_flush chooses the traps
 * (ctx->mdcr, which is 0 otherwise, EL2_RUN_DEBUG) and puts the VMM's breakpoints in place of the
 * guest's; kvm_debug_sync takes them out.  @c is @v->ctx, which the caller has at hand.
 */
#define KVM_MDSCR_MDE BIT(15)
#define KVM_MDSCR_ON  (BIT(13) | KVM_MDSCR_MDE) /* KDE, MDE: breakpoints and watchpoints are on */
static inline bool kvm_debug_wanted(const struct kvm_vcpu *v, const struct el2_vcpu *c)
{
	return v->debug || v->debug_dirty || c->sys[EL2_MDSCR] & KVM_MDSCR_ON;
}
void kvm_debug_flush(struct kvm_vcpu *v);
void kvm_debug_sync(struct kvm_vcpu *v);

/* ---- vgic, timer ---- */

/* kvm_create_device - KVM_CREATE_DEVICE: d->fd is set. */
int kvm_create_device(struct kvm_vm *vm, struct kvm_create_device *d) __must_check;
/* KVM_CREATE_IRQCHIP, KVM_IRQ_LINE, KVM_SET_GSI_ROUTING, KVM_ARM_SET_DEVICE_ADDR. */
int kvm_create_irqchip(struct kvm_vm *vm) __must_check;
int kvm_irq_line(struct kvm_vm *vm, const struct kvm_irq_level *l) __must_check;
int kvm_set_routing(struct kvm_vm *vm, const struct kvm_irq_routing *head,
		    uptr entries) __must_check;
int kvm_set_device_addr(struct kvm_vm *vm, const struct kvm_arm_device_addr *a) __must_check;
/* kvm_set_gsi - an irqfd's line: by the routes.  Any context.  -EINVAL: it leads nowhere. */
int kvm_set_gsi(struct kvm_vm *vm, uint32_t gsi, bool level);
/* kvm_gsi_is - does the number lead to SPI @irq, of a vGIC that is initialised?  Any context. */
bool kvm_gsi_is(struct kvm_vm *vm, uint32_t gsi, unsigned int irq);
/* kvm_max_vcpus - how many @vm may have, or (NULL) a new VM. */
unsigned int kvm_max_vcpus(const struct kvm_vm *vm);
/* kvm_has_vgic - the VM has one, made and ready: irqfds may be added. */
bool kvm_has_vgic(const struct kvm_vm *vm);
/*
 * kvm_vgic_vcpu_new - a vcpu is made, vm->lock held: 0, -EBUSY (the vGIC is ready already), -E2BIG,
 * -ENOMEM; also its timers.  kvm_vgic_vcpu_free, kvm_vgic_free - with its VM.
 */
int kvm_vgic_vcpu_new(struct kvm_vcpu *v) __must_check;
void kvm_vgic_vcpu_free(struct kvm_vcpu *v);
void kvm_vgic_free(struct kvm_vm *vm);
/* kvm_vgic_first_run - before the first run of @v: 0, -ENXIO, -ENODEV, -EINVAL.  May sleep. */
int kvm_vgic_first_run(struct kvm_vcpu *v) __must_check;
/*
 * Around each run of a vcpu that has a vGIC, interrupts masked: kvm_vgic_flush fills ctx's list
 * registers, kvm_vgic_sync reads them back; if it asks for KVM_REQ_ACKED, kvm_vgic_tell_acked is
 * called before the next run, and before KVM_RUN returns: it may sleep.  kvm_vgic_pending - does @v
 * have an interrupt to take, of its timers too?  For WFI; any context.
 */
void kvm_vgic_flush(struct kvm_vcpu *v);
void kvm_vgic_sync(struct kvm_vcpu *v);
void kvm_vgic_tell_acked(struct kvm_vcpu *v);
bool kvm_vgic_pending(struct kvm_vcpu *v);
/*
 * kvm_timer_park - @v's task is about to sleep: kvm_kick when a timer of the guest's is due.
 * kvm_timer_unpark - it sleeps no more.
 */
void kvm_timer_park(struct kvm_vcpu *v);
void kvm_timer_unpark(struct kvm_vcpu *v);
/*
 * kvm_vgic_owns - is @ipa in what a guest uses most of the vGIC's registers?  Then it is nothing
 * else, and need not be looked for in memory.
 */
bool kvm_vgic_owns(const struct kvm_vcpu *v, uint64_t ipa);
/* kvm_vgic_mmio - an access to the vGIC's registers: 0; -ENXIO: @a is elsewhere.  May sleep. */
int kvm_vgic_mmio(struct kvm_vcpu *v, struct kvm_access *a) __must_check;
/*
 * kvm_timer_get, kvm_timer_set - a register of the guest's virtual or @physical timer, as the guest
 * sees it.  To set the counter moves the VM's offset.  kvm_timer_reset - VCPU_INIT, CPU_ON.
 */
enum kvm_timer_reg { KVM_TIMER_CTL, KVM_TIMER_CVAL, KVM_TIMER_TVAL, KVM_TIMER_CNT };
uint64_t kvm_timer_get(struct kvm_vcpu *v, bool physical, enum kvm_timer_reg reg);
void kvm_timer_set(struct kvm_vcpu *v, bool physical, enum kvm_timer_reg reg, uint64_t value);
void kvm_timer_reset(struct kvm_vcpu *v);
/*
 * kvm_vgic_sysreg - a trapped access to ICC_*_EL1, by its SYSREG_ENC: false: the guest has none.
 * kvm_has_vgic_v3 - the VM has such a vGIC, ready or not.
 */
bool kvm_vgic_sysreg(struct kvm_vcpu *v, uint32_t enc, bool write, uint64_t *value) __must_check;
bool kvm_has_vgic_v3(const struct kvm_vm *vm);
/* kvm_timer_attr - KVM_ARM_VCPU_TIMER_CTRL; kvm_set_counter - KVM_ARM_SET_COUNTER_OFFSET. */
int kvm_timer_attr(struct kvm_vcpu *v, enum kvm_attr_op op,
		   const struct kvm_device_attr *a) __must_check;
int kvm_set_counter(struct kvm_vm *vm, const struct kvm_arm_counter_offset *o) __must_check;
