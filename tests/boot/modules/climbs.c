/*
 * climbs.c - goes up to EL2 and EL3 by instructions of its own, which nobody at EL1 sees: `hvc=1`,
 * `smc=N`, so often.  With `kept=1` it reads TPIDR2_EL0 then, which EL2 keeps on a core that has
 * it: that is undefined at EL1, and the kernel's end.
 */
#include "kmod/module.h"

#include "arm/sysreg.h"
#include "log/printk.h"

static bool hvc, kept;
static int smc;
module_param(hvc, bool, 0);
module_param(smc, int, 0);
module_param(kept, bool, 0);

/* A function that nobody has. */
#define UNKNOWN 0x83000042

#define CLIMB(insn)                                                                             \
	({                                                                                      \
		register uint64_t x0_ __asm__("x0") = UNKNOWN;                                  \
                                                                                                \
		__asm__ volatile(insn                                                           \
				 : "+r"(x0_)                                                    \
				 :                                                              \
				 : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", \
				   "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory");  \
		(long long)x0_;                                                                 \
	})

static int __init climbs_init(void)
{
	long long answer = 0;

	if (hvc)
		pr_info("climbs: hvc %lld\n", CLIMB("hvc #7"));
	for (int i = 0; i < smc; i++)
		answer = CLIMB("smc #9");
	if (smc)
		pr_info("climbs: smc %lld\n", answer);
	if (kept)
		pr_info("climbs: TPIDR2_EL0 %#llx\n",
			(unsigned long long)READ_SYSREG_S(S3_3_C13_C0_5));
	return 0;
}

static void __exit climbs_exit(void)
{
}

module_init(climbs_init);
module_exit(climbs_exit);
MODULE_LICENSE("GPL");
