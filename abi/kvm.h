/*
 * kvm.h - /dev/kvm for arm64: the requests of ioctl(2) on it, on a VM and on a vCPU, and what they
 * pass.
 *
 * A VMM opens /dev/kvm, makes a VM, gives it memory and an interrupt controller, makes vCPUs, maps
 * the struct kvm_run of each, and lets them run: KVM_RUN returns when the VMM is needed.  Linux's
 * Documentation/virt/kvm/api.rst is the reference.
 */
#pragma once

#include <stdint.h>

#define KVM_API_VERSION			    12

/* How a request is made: its direction, the size of what the argument points to, its number. */
#define KVM_IO(nr)			    (0xAE00u | (nr))
/* clang-format off */
#define KVM_IOC(dir, nr, type) \
	((dir) << 30 | (unsigned int)sizeof(type) << 16 | KVM_IO(nr))
/* clang-format on */
#define KVM_IOW(nr, type)		    KVM_IOC(1u, nr, type)
#define KVM_IOR(nr, type)		    KVM_IOC(2u, nr, type)
#define KVM_IOWR(nr, type)		    KVM_IOC(3u, nr, type)

/*
 * On /dev/kvm itself; KVM_CHECK_EXTENSION on a VM, too.  A VM is made with the size of its guest's
 * physical addresses, 0: 40 bits.
 */
#define KVM_GET_API_VERSION		    KVM_IO(0x00)
#define KVM_CREATE_VM			    KVM_IO(0x01) /* KVM_VM_TYPE_* */
#define KVM_CHECK_EXTENSION		    KVM_IO(0x03) /* KVM_CAP_* */
#define KVM_GET_VCPU_MMAP_SIZE		    KVM_IO(0x04)

#define KVM_VM_TYPE_ARM_IPA_SIZE_MASK	    0xffULL
#define KVM_VM_TYPE_ARM_IPA_SIZE(bits)	    ((bits)&KVM_VM_TYPE_ARM_IPA_SIZE_MASK)

/* On a VM; KVM_ENABLE_CAP and KVM_GET_STATS_FD on a vCPU, too. */
#define KVM_CREATE_VCPU			    KVM_IO(0x41)
#define KVM_GET_DIRTY_LOG		    KVM_IOW(0x42, struct kvm_dirty_log)
#define KVM_SET_USER_MEMORY_REGION	    KVM_IOW(0x46, struct kvm_userspace_memory_region)
#define KVM_SET_USER_MEMORY_REGION2	    KVM_IOW(0x49, struct kvm_userspace_memory_region2)
#define KVM_CREATE_IRQCHIP		    KVM_IO(0x60)
#define KVM_IRQ_LINE			    KVM_IOW(0x61, struct kvm_irq_level)
#define KVM_REGISTER_COALESCED_MMIO	    KVM_IOW(0x67, struct kvm_coalesced_mmio_zone)
#define KVM_UNREGISTER_COALESCED_MMIO	    KVM_IOW(0x68, struct kvm_coalesced_mmio_zone)
#define KVM_SET_GSI_ROUTING		    KVM_IOW(0x6a, struct kvm_irq_routing)
#define KVM_IRQFD			    KVM_IOW(0x76, struct kvm_irqfd)
#define KVM_IOEVENTFD			    KVM_IOW(0x79, struct kvm_ioeventfd)
#define KVM_ENABLE_CAP			    KVM_IOW(0xa3, struct kvm_enable_cap)
#define KVM_SIGNAL_MSI			    KVM_IOW(0xa5, struct kvm_msi)
#define KVM_ARM_SET_DEVICE_ADDR		    KVM_IOW(0xab, struct kvm_arm_device_addr)
#define KVM_ARM_PREFERRED_TARGET	    KVM_IOR(0xaf, struct kvm_vcpu_init)
#define KVM_CLEAR_DIRTY_LOG		    KVM_IOWR(0xc0, struct kvm_clear_dirty_log)
#define KVM_GET_STATS_FD		    KVM_IO(0xce)

/* On a VM: a device in the kernel; on the device, a VM or a vCPU: its attributes. */
#define KVM_CREATE_DEVICE		    KVM_IOWR(0xe0, struct kvm_create_device)
#define KVM_SET_DEVICE_ATTR		    KVM_IOW(0xe1, struct kvm_device_attr)
#define KVM_GET_DEVICE_ATTR		    KVM_IOW(0xe2, struct kvm_device_attr)
#define KVM_HAS_DEVICE_ATTR		    KVM_IOW(0xe3, struct kvm_device_attr)

/* On a vCPU. */
#define KVM_RUN				    KVM_IO(0x80)
#define KVM_SET_SIGNAL_MASK		    KVM_IOW(0x8b, struct kvm_signal_mask)
#define KVM_GET_MP_STATE		    KVM_IOR(0x98, struct kvm_mp_state)
#define KVM_SET_MP_STATE		    KVM_IOW(0x99, struct kvm_mp_state)
#define KVM_SET_GUEST_DEBUG		    KVM_IOW(0x9b, struct kvm_guest_debug)
#define KVM_GET_VCPU_EVENTS		    KVM_IOR(0x9f, struct kvm_vcpu_events)
#define KVM_SET_VCPU_EVENTS		    KVM_IOW(0xa0, struct kvm_vcpu_events)
#define KVM_GET_ONE_REG			    KVM_IOW(0xab, struct kvm_one_reg)
#define KVM_SET_ONE_REG			    KVM_IOW(0xac, struct kvm_one_reg)
#define KVM_ARM_VCPU_INIT		    KVM_IOW(0xae, struct kvm_vcpu_init)
#define KVM_GET_REG_LIST		    KVM_IOWR(0xb0, struct kvm_reg_list)
#define KVM_ARM_VCPU_FINALIZE		    KVM_IOW(0xc2, int)

/* What KVM_CHECK_EXTENSION is asked. */
#define KVM_CAP_IRQCHIP			    0
#define KVM_CAP_USER_MEMORY		    3
#define KVM_CAP_NR_VCPUS		    9
#define KVM_CAP_NR_MEMSLOTS		    10
#define KVM_CAP_MP_STATE		    14
#define KVM_CAP_COALESCED_MMIO		    15
#define KVM_CAP_SYNC_MMU		    16
#define KVM_CAP_DESTROY_MEMORY_REGION_WORKS 21
#define KVM_CAP_SET_GUEST_DEBUG		    23
#define KVM_CAP_IRQ_ROUTING		    25
#define KVM_CAP_JOIN_MEMORY_REGIONS_WORKS   30
#define KVM_CAP_IRQFD			    32
#define KVM_CAP_IOEVENTFD		    36
#define KVM_CAP_INTERNAL_ERROR_DATA	    40
#define KVM_CAP_VCPU_EVENTS		    41
#define KVM_CAP_MAX_VCPUS		    66
#define KVM_CAP_ONE_REG			    70
#define KVM_CAP_SIGNAL_MSI		    77
#define KVM_CAP_READONLY_MEM		    81
#define KVM_CAP_IRQFD_RESAMPLE		    82
#define KVM_CAP_ARM_PSCI		    87
#define KVM_CAP_ARM_SET_DEVICE_ADDR	    88
#define KVM_CAP_DEVICE_CTRL		    89
#define KVM_CAP_ARM_EL1_32BIT		    93
#define KVM_CAP_ENABLE_CAP_VM		    98
#define KVM_CAP_IOEVENTFD_NO_LENGTH	    100
#define KVM_CAP_ARM_PSCI_0_2		    102
#define KVM_CAP_CHECK_EXTENSION_VM	    105
#define KVM_CAP_MULTI_ADDRESS_SPACE	    118
#define KVM_CAP_GUEST_DEBUG_HW_BPS	    119
#define KVM_CAP_GUEST_DEBUG_HW_WPS	    120
#define KVM_CAP_IOEVENTFD_ANY_LENGTH	    122
#define KVM_CAP_ARM_PMU_V3		    126
#define KVM_CAP_VCPU_ATTRIBUTES		    127
#define KVM_CAP_MAX_VCPU_ID		    128
#define KVM_CAP_MSI_DEVID		    131
#define KVM_CAP_IMMEDIATE_EXIT		    136
#define KVM_CAP_ARM_USER_IRQ		    144
#define KVM_CAP_ARM_INJECT_SERROR_ESR	    158
#define KVM_CAP_COALESCED_PIO		    162
#define KVM_CAP_ARM_VM_IPA_SIZE		    165
#define KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2   168
#define KVM_CAP_ARM_SVE			    170
#define KVM_CAP_ARM_PTRAUTH_ADDRESS	    171
#define KVM_CAP_ARM_PTRAUTH_GENERIC	    172
#define KVM_CAP_ARM_IRQ_LINE_LAYOUT_2	    174
#define KVM_CAP_ARM_NISV_TO_USER	    177
#define KVM_CAP_ARM_INJECT_EXT_DABT	    178
#define KVM_CAP_HALT_POLL		    182
#define KVM_CAP_STEAL_TIME		    187
#define KVM_CAP_SET_GUEST_DEBUG2	    195
#define KVM_CAP_PTP_KVM			    198
#define KVM_CAP_BINARY_STATS_FD		    203
#define KVM_CAP_ARM_MTE			    205
#define KVM_CAP_SYSTEM_EVENT_DATA	    215
#define KVM_CAP_ARM_SYSTEM_SUSPEND	    216
#define KVM_CAP_USER_MEMORY2		    231

/* kvm_userspace_memory_region.flags */
#define KVM_MEM_LOG_DIRTY_PAGES		    0x1u
#define KVM_MEM_READONLY		    0x2u

struct kvm_userspace_memory_region {
	uint32_t slot, flags;
	uint64_t guest_phys_addr;
	uint64_t memory_size;	 /* bytes; 0: the slot goes */
	uint64_t userspace_addr; /* where the memory is in the VMM */
};

/* The same, with room for memory that is a file's alone, which arm64 does not have. */
struct kvm_userspace_memory_region2 {
	struct kvm_userspace_memory_region region;
	uint64_t guest_memfd_offset;
	uint32_t guest_memfd, pad1;
	uint64_t pad2[14];
};

/* A bit for each page of a slot; KVM_CLEAR_DIRTY_LOG after KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2. */
#define KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE 0x1u
#define KVM_DIRTY_LOG_INITIALLY_SET	    0x2u

struct kvm_dirty_log {
	uint32_t slot, padding1;
	uint64_t dirty_bitmap; /* user address */
};

struct kvm_clear_dirty_log {
	uint32_t slot, num_pages;
	uint64_t first_page;
	uint64_t dirty_bitmap; /* user address */
};

/* KVM_IRQ_LINE: which line, made of KVM_ARM_IRQ_*, and its level. */
#define KVM_ARM_IRQ_VCPU2_SHIFT 28
#define KVM_ARM_IRQ_VCPU2_MASK	0xf
#define KVM_ARM_IRQ_TYPE_SHIFT	24
#define KVM_ARM_IRQ_TYPE_MASK	0xf
#define KVM_ARM_IRQ_VCPU_SHIFT	16
#define KVM_ARM_IRQ_VCPU_MASK	0xff
#define KVM_ARM_IRQ_NUM_SHIFT	0
#define KVM_ARM_IRQ_NUM_MASK	0xffff
#define KVM_ARM_IRQ_TYPE_CPU	0 /* a VM without an interrupt controller in the kernel */
#define KVM_ARM_IRQ_TYPE_SPI	1
#define KVM_ARM_IRQ_TYPE_PPI	2
#define KVM_ARM_IRQ_CPU_IRQ	0
#define KVM_ARM_IRQ_CPU_FIQ	1

struct kvm_irq_level {
	uint32_t irq, level;
};

/* The number of an interrupt as eventfds and routes know it: SPI 32 is 0. */
#define KVM_IRQ_ROUTING_IRQCHIP 1
#define KVM_IRQ_ROUTING_MSI	2
#define KVM_NR_IRQCHIPS		1

struct kvm_irq_routing_irqchip {
	uint32_t irqchip, pin;
};

struct kvm_irq_routing_msi {
	uint32_t address_lo, address_hi, data, devid;
};

struct kvm_irq_routing_entry {
	uint32_t gsi, type, flags, pad;
	union {
		struct kvm_irq_routing_irqchip irqchip;
		struct kvm_irq_routing_msi msi;
		uint32_t pad[8];
	} u;
};

struct kvm_irq_routing {
	uint32_t nr, flags;
	struct kvm_irq_routing_entry entries[];
};

struct kvm_msi {
	uint32_t address_lo, address_hi, data, flags, devid;
	uint8_t pad[12];
};

#define KVM_IRQFD_FLAG_DEASSIGN 0x1u
#define KVM_IRQFD_FLAG_RESAMPLE 0x2u

struct kvm_irqfd {
	uint32_t fd, gsi, flags, resamplefd;
	uint8_t pad[16];
};

#define KVM_IOEVENTFD_FLAG_DATAMATCH	     0x1u
#define KVM_IOEVENTFD_FLAG_PIO		     0x2u
#define KVM_IOEVENTFD_FLAG_DEASSIGN	     0x4u
#define KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY 0x8u
#define KVM_IOEVENTFD_VALID_FLAG_MASK	     0x1f

struct kvm_ioeventfd {
	uint64_t datamatch;
	uint64_t addr;
	uint32_t len; /* 1, 2, 4, 8; 0: any */
	int32_t fd;
	uint32_t flags;
	uint8_t pad[36];
};

struct kvm_coalesced_mmio_zone {
	uint64_t addr;
	uint32_t size;
	uint32_t pio;
};

/*
 * The ring of what was stored there, a page behind a vCPU's struct kvm_run: KVM_CAP_COALESCED_MMIO
 * says which.  The kernel adds at last, the VMM takes at first; they are equal when it is empty.
 */
struct kvm_coalesced_mmio {
	uint64_t phys_addr;
	uint32_t len, pio;
	uint8_t data[8];
};

struct kvm_coalesced_mmio_ring {
	uint32_t first, last;
	struct kvm_coalesced_mmio coalesced_mmio[];
};
#define KVM_COALESCED_MMIO_PAGE_OFFSET 1

/*
 * What KVM_GET_STATS_FD's file begins with, and how it describes its values, which have 64 bits:
 * size of them at offset in the values, in units of 10 (or 2) to the power of exponent.
 */
struct kvm_stats_header {
	uint32_t flags, name_size, num_desc, id_offset, desc_offset, data_offset;
};

struct kvm_stats_desc {
	uint32_t flags; /* KVM_STATS_TYPE_*, _UNIT_*, _BASE_* */
	int16_t exponent;
	uint16_t size;
	uint32_t offset, bucket_size;
	char name[]; /* name_size bytes */
};

#define KVM_STATS_TYPE_CUMULATIVE 0x000u
#define KVM_STATS_TYPE_INSTANT	  0x001u
#define KVM_STATS_TYPE_LOG_HIST	  0x004u
#define KVM_STATS_UNIT_NONE	  0x000u
#define KVM_STATS_UNIT_SECONDS	  0x020u
#define KVM_STATS_UNIT_BOOLEAN	  0x040u
#define KVM_STATS_BASE_POW10	  0x000u

struct kvm_enable_cap {
	uint32_t cap, flags;
	uint64_t args[4];
	uint8_t pad[64];
};

/* Devices in the kernel: struct kvm_create_device's type and flags. */
#define KVM_DEV_TYPE_VFIO	  4
#define KVM_DEV_TYPE_ARM_VGIC_V2  5
#define KVM_DEV_TYPE_ARM_VGIC_V3  7
#define KVM_DEV_TYPE_ARM_VGIC_ITS 8
#define KVM_DEV_TYPE_ARM_PV_TIME  10
#define KVM_CREATE_DEVICE_TEST	  1

struct kvm_create_device {
	uint32_t type, fd /* out */, flags;
};

struct kvm_device_attr {
	uint32_t flags, group;
	uint64_t attr;
	uint64_t addr; /* user address */
};

/* Groups of a vGIC's attributes, and what attr is in them. */
#define KVM_DEV_ARM_VGIC_GRP_ADDR	       0 /* KVM_VGIC_*_ADDR_TYPE_* */
#define KVM_DEV_ARM_VGIC_GRP_DIST_REGS	       1
#define KVM_DEV_ARM_VGIC_GRP_CPU_REGS	       2
#define KVM_DEV_ARM_VGIC_GRP_NR_IRQS	       3
#define KVM_DEV_ARM_VGIC_GRP_CTRL	       4
#define KVM_DEV_ARM_VGIC_GRP_REDIST_REGS       5
#define KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS       6
#define KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO	       7
#define KVM_DEV_ARM_VGIC_GRP_ITS_REGS	       8

#define KVM_DEV_ARM_VGIC_CPUID_SHIFT	       32
#define KVM_DEV_ARM_VGIC_CPUID_MASK	       (0xffULL << KVM_DEV_ARM_VGIC_CPUID_SHIFT)
#define KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT	       32
#define KVM_DEV_ARM_VGIC_V3_MPIDR_MASK	       (0xffffffffULL << KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT)
#define KVM_DEV_ARM_VGIC_OFFSET_SHIFT	       0
#define KVM_DEV_ARM_VGIC_OFFSET_MASK	       (0xffffffffULL << KVM_DEV_ARM_VGIC_OFFSET_SHIFT)
#define KVM_DEV_ARM_VGIC_SYSREG_INSTR_MASK     0xffff
#define KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT 10
#define KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_MASK \
	(0x3fffffULL << KVM_DEV_ARM_VGIC_LINE_LEVEL_INFO_SHIFT)
#define KVM_DEV_ARM_VGIC_LINE_LEVEL_INTID_MASK 0x3ff
#define VGIC_LEVEL_INFO_LINE_LEVEL	       0

#define KVM_DEV_ARM_VGIC_CTRL_INIT	       0
#define KVM_DEV_ARM_VGIC_SAVE_PENDING_TABLES   3

#define KVM_VGIC_V2_ADDR_TYPE_DIST	       0
#define KVM_VGIC_V2_ADDR_TYPE_CPU	       1
#define KVM_VGIC_V3_ADDR_TYPE_DIST	       2
#define KVM_VGIC_V3_ADDR_TYPE_REDIST	       3
#define KVM_VGIC_ITS_ADDR_TYPE		       4
#define KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION    5 /* count << 52 | base | index */
#define KVM_VGIC_V2_DIST_SIZE		       0x1000
#define KVM_VGIC_V2_CPU_SIZE		       0x2000

/* KVM_ARM_SET_DEVICE_ADDR, the older way: id is the vGICv2 and KVM_VGIC_V2_ADDR_TYPE_*. */
#define KVM_ARM_DEVICE_TYPE_SHIFT	       0
#define KVM_ARM_DEVICE_ID_SHIFT		       16
#define KVM_ARM_DEVICE_VGIC_V2		       0

struct kvm_arm_device_addr {
	uint64_t id, addr;
};

/* Groups of a vCPU's attributes. */
#define KVM_ARM_VCPU_PMU_V3_CTRL      0
#define KVM_ARM_VCPU_TIMER_CTRL	      1
#define KVM_ARM_VCPU_TIMER_IRQ_VTIMER 0
#define KVM_ARM_VCPU_TIMER_IRQ_PTIMER 1
#define KVM_ARM_VCPU_PVTIME_CTRL      2
#define KVM_ARM_VCPU_PVTIME_IPA	      0

/* KVM_ARM_VCPU_INIT: features are bits, by these numbers. */
#define KVM_ARM_TARGET_GENERIC_V8     5
#define KVM_ARM_VCPU_POWER_OFF	      0
#define KVM_ARM_VCPU_EL1_32BIT	      1
#define KVM_ARM_VCPU_PSCI_0_2	      2
#define KVM_ARM_VCPU_PMU_V3	      3
#define KVM_ARM_VCPU_SVE	      4
#define KVM_ARM_VCPU_PTRAUTH_ADDRESS  5
#define KVM_ARM_VCPU_PTRAUTH_GENERIC  6

struct kvm_vcpu_init {
	uint32_t target, features[7];
};

#define KVM_MP_STATE_RUNNABLE  0
#define KVM_MP_STATE_STOPPED   5
#define KVM_MP_STATE_SUSPENDED 10

struct kvm_mp_state {
	uint32_t mp_state;
};

struct kvm_signal_mask {
	uint32_t len;
	uint8_t sigset[];
};

struct kvm_vcpu_events {
	struct {
		uint8_t serror_pending, serror_has_esr, ext_dabt_pending, pad[5];
		uint64_t serror_esr;
	} exception;
	uint32_t reserved[12];
};

#define KVM_GUESTDBG_ENABLE	      0x00000001u
#define KVM_GUESTDBG_SINGLESTEP	      0x00000002u
#define KVM_GUESTDBG_USE_SW_BP	      0x00010000u
#define KVM_GUESTDBG_USE_HW	      0x00020000u
#define KVM_ARM_MAX_DBG_REGS	      16
#define KVM_DEBUG_ARCH_HSR_HIGH_VALID 0x1u /* kvm_run.flags */

struct kvm_guest_debug_arch {
	uint64_t dbg_bcr[KVM_ARM_MAX_DBG_REGS], dbg_bvr[KVM_ARM_MAX_DBG_REGS];
	uint64_t dbg_wcr[KVM_ARM_MAX_DBG_REGS], dbg_wvr[KVM_ARM_MAX_DBG_REGS];
};

struct kvm_guest_debug {
	uint32_t control, pad;
	struct kvm_guest_debug_arch arch;
};

/*
 * Registers: KVM_REG_ARM64, a size, what kind it is, and which.  A core register's number is its
 * offset in struct kvm_regs by four.
 */
#define KVM_REG_ARM64		    0x6000000000000000ULL
#define KVM_REG_SIZE_SHIFT	    52
#define KVM_REG_SIZE_MASK	    0x00f0000000000000ULL
#define KVM_REG_SIZE_U32	    0x0020000000000000ULL
#define KVM_REG_SIZE_U64	    0x0030000000000000ULL
#define KVM_REG_SIZE_U128	    0x0040000000000000ULL
#define KVM_REG_ARM_COPROC_MASK	    0x000000000FFF0000
#define KVM_REG_ARM_CORE	    0x00100000
#define KVM_REG_ARM_DEMUX	    0x00110000
#define KVM_REG_ARM_DEMUX_ID_MASK   0x000000000000FF00
#define KVM_REG_ARM_DEMUX_ID_CCSIDR 0
#define KVM_REG_ARM_DEMUX_VAL_MASK  0x00000000000000FF
#define KVM_REG_ARM64_SYSREG	    0x00130000
#define KVM_REG_ARM_FW		    0x00140000
#define KVM_REG_ARM64_SVE	    0x00150000
#define KVM_REG_ARM_FW_FEAT_BMAP    0x00160000

#define KVM_ARM64_SYS_REG(op0, op1, crn, crm, op2)                                         \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG | (uint64_t)(op0) << 14 | \
	 (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define KVM_REG_CORE(size, field) \
	(KVM_REG_ARM64 | (size) | KVM_REG_ARM_CORE | __builtin_offsetof(struct kvm_regs, field) / 4)

/* Not the encodings of the instructions: CVAL and CNT are swapped, for good. */
#define KVM_REG_ARM_TIMER_CTL				 KVM_ARM64_SYS_REG(3, 3, 14, 3, 1)
#define KVM_REG_ARM_TIMER_CVAL				 KVM_ARM64_SYS_REG(3, 3, 14, 0, 2)
#define KVM_REG_ARM_TIMER_CNT				 KVM_ARM64_SYS_REG(3, 3, 14, 3, 2)
#define KVM_REG_ARM_PTIMER_CTL				 KVM_ARM64_SYS_REG(3, 3, 14, 2, 1)
#define KVM_REG_ARM_PTIMER_CVAL				 KVM_ARM64_SYS_REG(3, 3, 14, 2, 2)
#define KVM_REG_ARM_PTIMER_CNT				 KVM_ARM64_SYS_REG(3, 3, 14, 0, 1)

/* clang-format off */
#define KVM_REG_FW(kind, n) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | (kind) | (n))
/* clang-format on */

/* The firmware that KVM is for its guest: versions, workarounds, which calls there are. */
#define KVM_REG_ARM_FW_REG(n)				 KVM_REG_FW(KVM_REG_ARM_FW, n)
#define KVM_REG_ARM_PSCI_VERSION			 KVM_REG_ARM_FW_REG(0)
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1		 KVM_REG_ARM_FW_REG(1)
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1_NOT_AVAIL	 0
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1_AVAIL	 1
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_1_NOT_REQUIRED 2
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2		 KVM_REG_ARM_FW_REG(2)
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_NOT_AVAIL	 0
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_UNKNOWN	 1
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_AVAIL	 2
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_NOT_REQUIRED 3
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_ENABLED	 0x10u
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3		 KVM_REG_ARM_FW_REG(3)
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3_NOT_AVAIL	 0
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3_AVAIL	 1
#define KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_3_NOT_REQUIRED 2
#define KVM_REG_ARM_FW_FEAT_BMAP_REG(n)			 KVM_REG_FW(KVM_REG_ARM_FW_FEAT_BMAP, n)
#define KVM_REG_ARM_STD_BMAP				 KVM_REG_ARM_FW_FEAT_BMAP_REG(0)
#define KVM_REG_ARM_STD_HYP_BMAP			 KVM_REG_ARM_FW_FEAT_BMAP_REG(1)
#define KVM_REG_ARM_VENDOR_HYP_BMAP			 KVM_REG_ARM_FW_FEAT_BMAP_REG(2)

#define KVM_NR_SPSR					 5

struct kvm_regs {
	uint64_t regs[31], sp /* SP_EL0 */, pc, pstate;
	uint64_t sp_el1, elr_el1, spsr[KVM_NR_SPSR];
	struct {
		__uint128_t vregs[32];
		uint32_t fpsr, fpcr, reserved[2];
	} fp_regs;
};

struct kvm_one_reg {
	uint64_t id;
	uint64_t addr; /* user address */
};

struct kvm_reg_list {
	uint64_t n; /* room in, how many there are out */
	uint64_t reg[];
};

/* Why KVM_RUN returned: kvm_run.exit_reason. */
#define KVM_EXIT_UNKNOWN			  0
#define KVM_EXIT_EXCEPTION			  1
#define KVM_EXIT_HYPERCALL			  3
#define KVM_EXIT_DEBUG				  4
#define KVM_EXIT_MMIO				  6
#define KVM_EXIT_SHUTDOWN			  8
#define KVM_EXIT_FAIL_ENTRY			  9
#define KVM_EXIT_INTR				  10
#define KVM_EXIT_INTERNAL_ERROR			  17
#define KVM_EXIT_SYSTEM_EVENT			  24
#define KVM_EXIT_ARM_NISV			  28
#define KVM_INTERNAL_ERROR_EMULATION		  1
#define KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON 4
#define KVM_SYSTEM_EVENT_SHUTDOWN		  1
#define KVM_SYSTEM_EVENT_RESET			  2
#define KVM_SYSTEM_EVENT_CRASH			  3
#define KVM_SYSTEM_EVENT_WAKEUP			  4
#define KVM_SYSTEM_EVENT_SUSPEND		  5
#define KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2	  0x1u
#define KVM_EXIT_FAIL_ENTRY_CPU_UNSUPPORTED	  0x1u

struct kvm_debug_exit_arch {
	uint32_t hsr, hsr_high;
	uint64_t far;
};

/* The lines of the timers, for a VMM whose interrupt controller is its own. */
#define KVM_ARM_DEV_EL1_VTIMER 0x1u
#define KVM_ARM_DEV_EL1_PTIMER 0x2u

struct kvm_sync_regs {
	uint64_t device_irq_level;
};

/* What a vCPU and its VMM share: the start of what is mapped at the vCPU's descriptor. */
struct kvm_run {
	uint8_t request_interrupt_window;
	uint8_t immediate_exit; /* by the VMM: KVM_RUN returns -EINTR at once */
	uint8_t padding1[6];

	uint32_t exit_reason;
	uint8_t ready_for_interrupt_injection, if_flag;
	uint16_t flags;
	uint64_t cr8, apic_base;
	union {
		struct {
			uint64_t hardware_exit_reason;
		} hw;
		struct {
			uint64_t hardware_entry_failure_reason;
			uint32_t cpu;
		} fail_entry;
		struct {
			struct kvm_debug_exit_arch arch;
		} debug;
		struct {
			uint64_t phys_addr;
			uint8_t data[8]; /* out for a write, in for a read */
			uint32_t len;
			uint8_t is_write;
		} mmio;
		struct {
			uint64_t nr, args[6], ret, flags;
		} hypercall;
		struct {
			uint32_t suberror, ndata;
			uint64_t data[16];
		} internal;
		struct {
			uint32_t type, ndata;
			uint64_t data[16];
		} system_event;
		struct {
			uint64_t esr_iss, fault_ipa;
		} arm_nisv;
		uint8_t padding[256];
	};
	uint64_t kvm_valid_regs, kvm_dirty_regs;
	union {
		struct kvm_sync_regs regs;
		uint8_t padding[2048];
	} s;
};

/* What a guest's hypercalls may do: KVM_ARM_VM_SMCCC_CTRL's attribute KVM_ARM_VM_SMCCC_FILTER. */
#define KVM_ARM_VM_SMCCC_CTRL	     0
#define KVM_ARM_VM_SMCCC_FILTER	     0
#define KVM_SMCCC_FILTER_HANDLE	     0
#define KVM_SMCCC_FILTER_DENY	     1
#define KVM_SMCCC_FILTER_FWD_TO_USER 2
#define KVM_HYPERCALL_EXIT_SMC	     0x1u
#define KVM_HYPERCALL_EXIT_16BIT     0x2u
#define KVM_CAP_COUNTER_OFFSET	     227
#define KVM_ARM_SET_COUNTER_OFFSET   KVM_IOW(0xb5, struct kvm_arm_counter_offset)

struct kvm_smccc_filter {
	uint32_t base, nr_functions;
	uint8_t action, pad[15];
};

struct kvm_arm_counter_offset {
	uint64_t counter_offset, reserved;
};

/* Which bits of ID registers KVM_SET_ONE_REG may change: 192 masks, written at addr. */
#define KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES 230
#define KVM_ARM_GET_REG_WRITABLE_MASKS	      KVM_IOR(0xb6, struct reg_mask_range)
#define KVM_ARM_FEATURE_ID_RANGE	      0
#define KVM_ARM_FEATURE_ID_RANGE_SIZE	      (3 * 8 * 8)

struct reg_mask_range {
	uint64_t addr;
	uint32_t range, reserved[13];
};
