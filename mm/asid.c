/*
 * asid.c - address space identifiers.
 *
 * mm->asid is generation | number.  A number is used by one address space during a generation; when
 * all are used up a new generation begins: what is running on the cores keeps its number, all else
 * gets a new one when it next runs, and every core drops its whole TLB before it first uses the new
 * generation.
 *
 * Invariant: an ASID in some core's TTBR0 belongs to one address space in the current generation,
 * or is that core's `kept`.
 */
#include "mm/asid.h"

#include "arm/id.h"
#include "arm/pte.h"
#include "lib/string.h"
#include "mm/kmap.h"

#define GENERATION (1UL << ASID_MAX_BITS)

/* Of all that follows; generation and active are also read without it. */
static struct spinlock asid_lock;
static uint64_t generation = GENERATION;
static unsigned int nr_asids = 256, next = 1; /* 0 belongs to the empty table */
static uint64_t used[(ASID_MASK + 1) / 64];

/* What this core runs with; 0: a new generation took it away. */
static DEFINE_PERCPU(uint64_t, active);
static DEFINE_PERCPU(uint64_t, kept);  /* what it ran with when the generation changed */
static DEFINE_PERCPU(bool, flush_due); /* its TLB is of the generation before */

/* TTBR0's table when no user address space is active: nothing translates. */
static uint64_t empty_table[PTE_ENTRIES] __attribute__((aligned(4096)));

static void set_ttbr0(paddr table, uint64_t asid)
{
	/* Table and ASID in one write (TCR_EL1.A1 is 0): no walk sees the one without the other. */
	WRITE_SYSREG(ttbr0_el1, paddr_value(table) | (asid & ASID_MASK) << 48);
	isb();
}

/* Everything leaves the TLB of this core: an ASID generation ends. */
static void flush_own_tlb(void)
{
	dsb(nshst);
	__asm__ volatile("tlbi vmalle1" ::: "memory");
	dsb(nsh);
}

static bool core_exists(unsigned int cpu)
{
	return !cpu || percpu_offset[cpu];
}

static void new_generation(void)
{
	generation += GENERATION;
	memset(used, 0, sizeof(used));
	used[0] = 1;
	next = 1;
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		uint64_t asid;

		if (!core_exists(cpu))
			continue;
		/*
		 * One exchange, ordered both ways: a core in asid_activate() has either put its
		 * ASID there before, and we see it, or finds 0 after, and comes to renew().
		 */
		asid = atomic_xchg(&per_cpu(active, cpu), 0);
		if (asid) /* 0: it has not run since the generation before: still the same one */
			per_cpu(kept, cpu) = asid;
		asid = per_cpu(kept, cpu) & ASID_MASK;
		used[asid / 64] |= BIT(asid % 64);
		/*
		 * Under asid_lock, which that core takes in renew() before it uses a number of the
		 * new generation.
		 */
		per_cpu(flush_due, cpu) = true;
	}
}

/* True when some core still runs @asid from the generation before; they all learn its new name. */
static bool is_kept(uint64_t asid, uint64_t renamed)
{
	bool hit = false;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		if (core_exists(cpu) && per_cpu(kept, cpu) == asid) {
			per_cpu(kept, cpu) = renamed;
			hit = true;
		}
	return hit;
}

/* A word of `used` at a time: all 65,536 may have kept their numbers. */
static bool take_number(uint64_t *number)
{
	while (next < nr_asids) {
		uint64_t free = ~used[next / 64] >> next % 64;

		if (free) {
			*number = next + (unsigned int)__builtin_ctzl(free);
			next = (unsigned int)*number + 1;
			used[*number / 64] |= BIT(*number % 64);
			return true;
		}
		next = ALIGN_DOWN(next, 64) + 64;
	}
	return false;
}

static uint64_t new_asid(uint64_t old)
{
	uint64_t number = old & ASID_MASK;

	if (old) {
		if (is_kept(old, generation | number))
			return generation | number;
		if (!(used[number / 64] & BIT(number % 64))) {
			/* Nobody took it in this generation. */
			used[number / 64] |= BIT(number % 64);
			return generation | number;
		}
	}
	if (!take_number(&number)) {
		new_generation();
		(void)take_number(&number); /* there are more numbers than cores */
	}
	return generation | number;
}

void (*asid_switch_hook)(void);

static bool current_generation(uint64_t asid)
{
	return !((asid ^ READ_ONCE(generation)) >> ASID_MAX_BITS);
}

/* Takes, under the lock, an ASID of this generation; returns it. */
static __attribute__((noinline)) uint64_t renew(struct mm *mm)
{
	uint64_t asid;

	spin_lock(&asid_lock);
	/* Anew under the lock: another core may have renewed the same address space meanwhile. */
	asid = mm->asid;
	if (!current_generation(asid)) {
		asid = new_asid(asid);
		WRITE_ONCE(mm->asid, asid);
		dsb(ishst); /* before anything is walked under the new name: see mm/tlb.h */
	}
	/* Before TTBR0 gets the new name: an entry of the last generation may have its number. */
	if (this_cpu(flush_due)) {
		this_cpu(flush_due) = false;
		flush_own_tlb();
	}
	/* After the flush: from here on a new generation counts the number as in use. */
	WRITE_ONCE(this_cpu(active), asid);
	spin_unlock(&asid_lock);
	return asid;
}

void asid_activate(struct mm *mm)
{
	uint64_t asid = READ_ONCE(mm->asid), *active_here = &this_cpu(active),
		 seen = READ_ONCE(*active_here);

	/*
	 * If a new generation begins between the look and the exchange, it took `active` away and
	 * the exchange fails.
	 */
	if (unlikely(!seen || !current_generation(asid) ||
		     !atomic_cmpxchg(active_here, &seen, asid)))
		asid = renew(mm);
	set_ttbr0(virt_to_phys(mm->pgd), asid);
	if (unlikely(asid_switch_hook != NULL))
		asid_switch_hook();
}

void asid_none(void)
{
	static paddr empty; /* every core computes the same value */

	if (!paddr_value(empty))
		empty = kmap_to_phys(empty_table);
	set_ttbr0(empty, 0);
}

void asid_init(void)
{
	/* TCR_EL1.AS is set by start/ to match. */
	if (ID_FIELD(id_aa64mmfr0_el1, MMFR0_ASIDBits) == 2)
		nr_asids = 1U << 16;
	used[0] = 1;
}
