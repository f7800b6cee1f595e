/*
 * table.h - translation tables as EL2 builds them: its own stage 1, the host's stage 2, each
 * guest's.
 *
 * VMSAv8-64, 4 KiB granule (DDI 0487, D8.3): leaves of 4 KiB, 2 MiB and 1 GiB, the largest that
 * fits; one that is only in part concerned is split.  A table is known by its physical address,
 * which at EL2 is its virtual one (el2/vhe.h).  Pure C: tests/unit/test_el2_table.c runs it on the
 * host.
 *
 * Nothing here locks: the caller holds the lock of the tables.  Nothing here may wait.  The work of
 * a call grows with its range, so who takes ranges from a lower level bounds them.
 *
 * Break before make is kept: a valid leaf becomes another, or a table, by way of an invalid entry
 * and a flush.  Another core that uses the tables meanwhile takes a translation fault there: its
 * handler takes the lock, finds the entry (el2_table_find) and tries again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/pte.h"
#include "lib/util.h"

/* Attributes of a leaf at stage 1 of EL2: with AP[1] as it must be where there is no EL0. */
#define S1_XN		 SYSREG_BIT(54)
#define S1_BASE		 (PTE_AF | PTE_SHARED | PTE_USER | PTE_ATTR(MAIR_NORMAL))
#define S1_RX		 (S1_BASE | PTE_RDONLY)
#define S1_RO		 (S1_BASE | PTE_RDONLY | S1_XN)
#define S1_RW		 (S1_BASE | S1_XN)
#define S1_DEVICE(i)	 (PTE_AF | PTE_USER | S1_XN | PTE_ATTR(i)) /* MAIR_DEVICE_… */

/* Attributes of a leaf at stage 2; a leaf with neither READ nor WRITE is an access that faults. */
#define S2_DEVICE_nGnRE	 SYSREG_FIELD(1, 2)
#define S2_NORMAL	 SYSREG_FIELD(15, 2) /* write-back, if stage 1 says so too */
#define S2_FORCED_NORMAL SYSREG_FIELD(6, 2)  /* whatever stage 1 says, with HCR_EL2.FWB */
#define S2_READ		 SYSREG_BIT(6)
#define S2_WRITE	 SYSREG_BIT(7)
#define S2_XN		 SYSREG_BIT(54)
#define S2_BASE		 (PTE_AF | PTE_SHARED | S2_NORMAL)
#define S2_RWX		 (S2_BASE | S2_READ | S2_WRITE)
#define S2_RX		 (S2_BASE | S2_READ)
#define S2_DEVICE_RW	 (PTE_AF | S2_DEVICE_nGnRE | S2_READ | S2_WRITE | S2_XN)

/* What a caller may give as attributes: all of a leaf but its address and its kind. */
#define TABLE_ATTRIBUTES (~(uint64_t)(PTE_ADDR_MASK | PTE_VALID | PTE_PAGE))

/* The largest leaf that a call may make. */
#define TABLE_LEVEL_1G	 1
#define TABLE_LEVEL_2M	 2
#define TABLE_LEVEL_4K	 3

struct el2_table {
	/*
	 * 1 << (input_bits - PTE_LEVEL_SHIFT(start)) entries, aligned to their size and zeroed by
	 * the owner: at stage 2 up to 16 pages that follow one another (DDI 0487, "Concatenated
	 * translation tables").
	 */
	uint64_t root;
	unsigned int input_bits; /* of input addresses: VA, or IPA; at most 48 */
	unsigned int start;	 /* level of the root: 0, 1 or 2 */
	unsigned int tables;	 /* below the root */
	/* A zeroed page for a table: its physical address; 0: none is left. */
	uint64_t (*page_new)(struct el2_table *t);
	/* A page that no walk can find any more, in no TLB either. */
	void (*page_free)(struct el2_table *t, uint64_t page);
	/*
	 * [@ia, @ia + @size) leaves all TLBs that may have it, and it is done on return: a DSB that
	 * shows the entries to the walkers, TLBI, DSB.  May be called several times in a call.
	 */
	void (*flush)(struct el2_table *t, uint64_t ia, uint64_t size);
	void *arg; /* the owner's */
};

/*
 * Addresses and sizes are multiples of 4 KiB; -EINVAL: one is not, or the range is empty or not in
 * the table's input addresses; nothing was changed then.
 */

/*
 * el2_table_map - [@ia, @ia + @size) becomes @pa and what follows it, with @attributes, by leaves
 * no larger than those of level @largest (TABLE_LEVEL_…).  What is mapped just so already stays as
 * it is; what is mapped otherwise is replaced.
 * Return: 0; -EINVAL; -ENOMEM: no page for a table: a part from @ia on may be mapped, and the same
 * call can be made again.
 */
int el2_table_map(struct el2_table *t, uint64_t ia, uint64_t pa, uint64_t size, uint64_t attributes,
		  unsigned int largest) __must_check;

/*
 * el2_table_unmap - nothing is mapped in [@ia, @ia + @size) any more, in no TLB either.  A table
 * goes when all that it may map lies in the range.
 * Return: 0; -EINVAL; -ENOMEM: a leaf had to be split; the range is unmapped up to there.
 */
int el2_table_unmap(struct el2_table *t, uint64_t ia, uint64_t size) __must_check;

/*
 * el2_table_protect - of what is mapped in [@ia, @ia + @size) the attributes @clear go and @set
 * come; in every TLB on return.  For permissions alone: memory type and address need
 * break-before-make, which el2_table_map does.
 * Return: as el2_table_unmap.
 */
int el2_table_protect(struct el2_table *t, uint64_t ia, uint64_t size, uint64_t set,
		      uint64_t clear) __must_check;

/*
 * el2_table_trim - the table of pages that has @ia goes, if it maps nothing any more.  After an
 * unmap of single pages, where others are mapped elsewhere.
 */
void el2_table_trim(struct el2_table *t, uint64_t ia);

/*
 * el2_table_find - the leaf that maps @ia, whole, and its level in *@level; 0: none does, and
 * *@level is where that was found.
 */
uint64_t el2_table_find(const struct el2_table *t, uint64_t ia, unsigned int *level);

/* el2_leaf_pa - what @leaf of @level makes of @ia. */
static inline uint64_t el2_leaf_pa(uint64_t leaf, unsigned int level, uint64_t ia)
{
	return (leaf & PTE_ADDR_MASK) | (ia & (SYSREG_BIT(PTE_LEVEL_SHIFT(level)) - 1));
}

/*
 * el2_table_walk - @fn for each leaf in [@ia, @ia + @size), in order: its input address, which for
 * the first may be before @ia, its level and where it is.  @fn may change the leaf's permissions,
 * and flush then; false ends the walk.
 * Return: false: @fn ended it, or the range makes no sense.
 */
bool el2_table_walk(const struct el2_table *t, uint64_t ia, uint64_t size,
		    bool (*fn)(void *arg, uint64_t ia, unsigned int level, uint64_t *leaf),
		    void *arg);

/*
 * el2_table_clear - all tables are freed, but the root, whose own leaves stay.  For tables that no
 * core uses any more, and that are in no TLB: nothing is flushed.
 * Return: true; false: @most have been freed, and there are more.
 */
bool el2_table_clear(struct el2_table *t, unsigned int most);
