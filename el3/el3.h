/*
 * el3.h - what the files of the resident monitor share (for start/ see el3/entry.h).
 *
 * el3/ is what stays at EL3 when the image was entered there: a vector table and the answers to
 * SMC.
 *
 * Coherence without a cache: el3/ runs with the MMU off, so each of its data accesses goes to
 * memory as Device-nGnRnE, in program order, seen by every core alike.  No other level has a
 * translation that covers its region (link.ld, .resident; or secure RAM, el3/move.c), so no cache
 * ever holds a line of it.
 * Exclusives need not work there: el3/lock.c does without.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/level_notes.h"
#include "arm/rawuart.h"
#include "lib/util.h"

enum el3_core_state {
	EL3_CORE_ABSENT, /* the device tree does not know it */
	EL3_CORE_OFF,
	EL3_CORE_PENDING, /* CPU_ON was accepted; it has not left el3/ yet */
	EL3_CORE_ON,
};

struct el3_core {
	uint64_t mpidr; /* affinity fields */
	uint64_t entry, context;
	uint32_t state; /* enum el3_core_state */
};

/* How this machine is switched off and reset without firmware; 0: it has no such thing. */
struct el3_power {
	uint64_t gpio; /* a PL061 with two lines for it */
	uint32_t off_line, reset_line;
	uint64_t watchdog; /* BCM2835's power management block */
};

struct el3_gic {
	uint32_t version; /* 2, 3; 0: none found */
	uint64_t distributor;
	uint64_t cpu_interface;	 /* GICv2 */
	uint64_t redistributors; /* GICv3: the first region */
	uint64_t redistributors_size;
};

/*
 * What el3/ knows of the machine: written by the first core while it is alone, the cores' states
 * afterwards too.
 */
struct el3_machine {
	struct rawuart uarts[RAWUARTS];
	struct el3_power power;
	struct el3_gic gic;
	uint32_t timer_hz;   /* what CNTFRQ_EL0 should say where nobody has set it; 0: unknown */
	uint32_t from_reset; /* no firmware ran before: a register holds what a reset leaves */
	uint32_t ready;	     /* the first core has filled it in: the others may read */
	/* Memory that only the secure side can see; a size of 0: none.  How far el3/ has moved. */
	uint64_t secure_ram, secure_size;
	uint64_t moved;
	struct el3_core cores[MPIDR_SLOTS];
};

/* Volatile: other cores write it, and no lock keeps the compiler from caching it. */
extern volatile struct el3_machine el3_machine;

struct boot_info;

/* el3_find_machine - fill el3_machine from the device tree. */
void el3_find_machine(const struct boot_info *boot);

/*
 * el3_move - move into secure RAM, if el3_machine has some: on the first core, as the last that it
 * does in the image.
 * Return: how far (el3_machine.moved); 0: el3/ stays in the image.
 */
uint64_t el3_move(void);

/* el3_park - drop this core's stack and wait until CPU_ON names the core; leave EL3 then. */
__noreturn void el3_park(void);

/* el3_lock, el3_unlock - one core at a time; @slot: this core's (mpidr_slot). */
void el3_lock(unsigned int slot);
void el3_unlock(unsigned int slot);

/*
 * The GIC's registers that only the secure side has: every interrupt goes to the non-secure one. 
 * Once; on each core.
 */
void el3_gic_open(void);
void el3_gic_open_core(void);

/* el3_psci - serve PSCI function @fn.  Return: x0. */
int64_t el3_psci(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3);

/*
 * el3_own_rings - where it notes what it does, a ring for each core (el3/rings.c); NULL: nowhere
 * (armstub/rings.c).
 */
volatile struct level_ring *el3_own_rings(void);

/* They return when the machine has no such thing, or it did not work. */
void el3_power_off(void);
void el3_power_reset(void);

static inline unsigned int el3_this_slot(void)
{
	return (unsigned int)mpidr_slot(READ_SYSREG(mpidr_el1));
}

static inline uint32_t reg_read(uint64_t pa)
{
	return mmio_read32((const volatile uint32_t *)pa);
}

static inline void reg_write(uint64_t pa, uint32_t v)
{
	mmio_write32((volatile uint32_t *)pa, v);
}
