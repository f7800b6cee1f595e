/*
 * smccc.c - a call to the level above, and the observer of such calls.
 */
#include "arm/smccc.h"

#include <stddef.h>

#include "arm/atomic.h"
#include "arm/irqflags.h"
#include "lib/export.h"

/* arm/smccc_call.S: the instruction alone; the labels are where it returns to. */
struct smccc_result smccc_hvc_call(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3);
struct smccc_result smccc_smc_call(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3);
extern char smccc_hvc_returns[], smccc_smc_returns[];

static smccc_observer observer;

void smccc_observe(smccc_observer fn)
{
	WRITE_ONCE(observer, fn);
}

static void observe(unsigned int level, uint32_t fn, const uint64_t arg[3],
		    const struct smccc_result *result)
{
	smccc_observer o = READ_ONCE(observer);

	if (o)
		o(level, fn, arg, (uint64_t)(level == 3 ? smccc_smc_returns : smccc_hvc_returns),
		  result);
}

static struct smccc_result call_level(unsigned int level, uint32_t fn, uint64_t a1, uint64_t a2,
				      uint64_t a3)
{
	const uint64_t arg[3] = { a1, a2, a3 };
	/* No interrupt comes between the call and what is told of it. */
	unsigned long flags = irq_save();
	struct smccc_result r;

	observe(level, fn, arg, NULL);
	r = level == 3 ? smccc_smc_call(fn, a1, a2, a3) : smccc_hvc_call(fn, a1, a2, a3);
	observe(level, fn, arg, &r);
	irq_restore(flags);
	return r;
}

struct smccc_result smccc_hvc(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return call_level(2, fn, a1, a2, a3);
}
EXPORT(smccc_hvc);

struct smccc_result smccc_smc(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return call_level(3, fn, a1, a2, a3);
}
EXPORT(smccc_smc);

void smccc_unseen(unsigned int level, uint32_t fn)
{
	if (level == 3)
		(void)smccc_smc_call(fn, 0, 0, 0);
	else
		(void)smccc_hvc_call(fn, 0, 0, 0);
}
