/*
 * pte.h - translation table descriptors, VMSAv8-64 stage 1, 4 KiB granule (DDI 0487, D8.3), and how
 * Newel uses their fields: AttrIndx as MAIR_VALUE says, nG for the user, AP for EL0 and read-only,
 * PXN and UXN.
 */
#pragma once

#include "arm/sysreg.h"

#define PTE_VALID	   SYSREG_BIT(0)
#define PTE_TABLE	   SYSREG_BIT(1) /* levels 0..2: a table follows; clear: a block */
#define PTE_PAGE	   SYSREG_BIT(1) /* level 3: must be set */
#define PTE_ATTR(i)	   SYSREG_FIELD(i, 2)
#define PTE_USER	   SYSREG_BIT(6)      /* AP[1]: EL0 may access */
#define PTE_RDONLY	   SYSREG_BIT(7)      /* AP[2] */
#define PTE_SHARED	   SYSREG_FIELD(3, 8) /* inner shareable */
#define PTE_AF		   SYSREG_BIT(10)
#define PTE_nG		   SYSREG_BIT(11)
#define PTE_PXN		   SYSREG_BIT(53)
#define PTE_UXN		   SYSREG_BIT(54)
#define PTE_ADDR_MASK	   0x0000fffffffff000

#define PTE_ENTRIES	   512
/* VA bits below what an entry of level n maps. */
#define PTE_LEVEL_SHIFT(n) (39 - 9 * (n))
#define BLOCK_SHIFT	   21
#define BLOCK_SIZE	   SYSREG_BIT(BLOCK_SHIFT)

/*
 * What the kernel maps: normal memory is never both writable and executable, and EL0 never executes
 * it.
 */
#define PTE_KERNEL_BASE	   (PTE_VALID | PTE_AF | PTE_SHARED | PTE_UXN | PTE_ATTR(MAIR_NORMAL))
#define PTE_KERNEL_RX	   (PTE_KERNEL_BASE | PTE_RDONLY)
#define PTE_KERNEL_RO	   (PTE_KERNEL_BASE | PTE_RDONLY | PTE_PXN)
#define PTE_KERNEL_RW	   (PTE_KERNEL_BASE | PTE_PXN)
/* As memory is to a level whose MMU is off. */
#define PTE_DEVICE_AS_MMU_OFF \
	(PTE_VALID | PTE_AF | PTE_UXN | PTE_PXN | PTE_ATTR(MAIR_DEVICE_nGnRnE))
#define PTE_DEVICE (PTE_VALID | PTE_AF | PTE_UXN | PTE_PXN | PTE_ATTR(MAIR_DEVICE_nGnRE))
