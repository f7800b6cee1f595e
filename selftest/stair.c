/*
 * stair.c - newel.test=peek_el2, peek_el3, write_text, cpu_on_el2: a hostile EL1, and what it gets.
 *
 * The first three end in an external abort, which the kernel reports as any other; EL2 has said
 * before whose the memory is.  Where there is no EL2 of ours nobody refuses, and they say so.
 */
#include "selftest/selftest.h"

#include "arm/cache.h"
#include "arm/counter.h"
#include "arm/level_calls.h"
#include "arm/psci.h"
#include "log/panic.h"
#include "mm/kmap.h"
#include "start/boot_info.h"

#define WAIT_SECONDS 2

extern char __resident_start[], __resident_el2_text[], __text_start[];

/* came.S: stores CurrentEL where x0 says, and waits for ever; MMU off. */
extern char selftest_core_came[];

static uint64_t image_address(const void *p)
{
	return (uintptr_t)p - KERNEL_VA + boot_info.image;
}

static void need_el2(void)
{
	if (!boot_has_el2(&boot_info))
		panic("newel.test: there is no EL2 of ours");
}

/* A mapping of our own making, as any code at EL1 could make it. */
static volatile uint32_t *map_anything(uint64_t pa)
{
	volatile uint32_t *p = ioremap(paddr_of(pa), sizeof(*p));

	if (!p)
		panic("newel.test: no room to map anything");
	return p;
}

void selftest_peek_el2(void)
{
	need_el2();
	(void)*map_anything(image_address(__resident_el2_text));
	dsb(sy);
}

void selftest_peek_el3(void)
{
	uint64_t at = image_address(__resident_start) + boot_info.el3_moved;

	if (!boot_has_el3(&boot_info))
		panic("newel.test: there is no EL3 of ours");
	panic("newel.test: EL3's %#llx was read: %#x", (unsigned long long)at, *map_anything(at));
}

void selftest_write_text(void)
{
	need_el2();
	*map_anything(image_address(__text_start)) = 0;
	dsb(sy);
}

/* What core 1 said at @at within WAIT_SECONDS; it writes past our caches.  0: nothing. */
static uint64_t wait_for_word(volatile uint64_t *at)
{
	uint64_t until = counter_read() + WAIT_SECONDS * counter_hz();

	while (!*at && counter_read() < until)
		dcache_clean_invalidate(at, sizeof(*at));
	return *at;
}

/*
 * A core is started with an entry of EL1's choice: at EL2's own code, which is refused, and at
 * ours, which finds out at which level it runs.  Core 1 is off: maxcpus=1.
 */
void selftest_cpu_on_el2(void)
{
	static __attribute__((aligned(256))) uint64_t came[32];
	const uint32_t fn = PSCI_CPU_ON | SMCCC_64;
	int64_t refused, taken;

	need_el2();
	dcache_clean_invalidate(came, sizeof(came));
	refused = (int64_t)smccc_smc(fn, 1, image_address(__resident_el2_text), 0).x0;
	taken = (int64_t)smccc_smc(fn, 1, image_address(selftest_core_came), image_address(came))
			.x0;
	panic("newel.test: cpu_on: into EL2 %lld, into our own code %lld, which runs at CurrentEL "
	      "%#llx",
	      (long long)refused, (long long)taken, (unsigned long long)wait_for_word(came));
}
