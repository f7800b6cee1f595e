/*
 * hello.c - a module that says where it is: at which level it runs, with which PSTATE, and what the
 * MMU says of the addresses that are its own.
 *
 *	insmod hello.ko whom=you times=2
 *
 * Nothing is taken from what the loader meant to do: the registers are read, and each address is
 * translated by the instruction that asks the MMU itself (AT), for the kernel's and for EL0's
 * reads and writes.  Whether it may be executed no instruction tells; the descriptor does.
 */
#include "kmod/module.h"

#include "abi/errno.h"
#include "arm/barrier.h"
#include "arm/id.h"
#include "arm/irqflags.h"
#include "arm/pte.h"
#include "arm/sysreg.h"
#include "log/printk.h"
#include "mm/kmap.h"
#include "mm/slab.h"

#define TIMES_MAX 100
#define PAR_F	  SYSREG_BIT(0) /* PAR_EL1: the translation failed */
#define PAR_PA	  0x000ffffffffff000

static const char *whom = "world";
module_param(whom, charp, 0444);
MODULE_PARM_DESC(whom, "who is greeted");
static int times = 1;
module_param(times, int, 0444);
MODULE_PARM_DESC(times, "how often, up to 100");

static const char constant[] = "of hello's .rodata";
static int variable = 1;
static int __initdata only_at_first = 1;

/* Interrupts masked: whoever else uses AT leaves another answer in PAR_EL1. */
#define ASK_MMU(operation, va)                                                    \
	({                                                                        \
		unsigned long flags_ = irq_save();                                \
		uint64_t par_;                                                    \
		__asm__ volatile("at " operation ", %1\n\tisb\n\tmrs %0, par_el1" \
				 : "=r"(par_)                                     \
				 : "r"(va)                                        \
				 : "memory");                                     \
		irq_restore(flags_);                                              \
		par_;                                                             \
	})

static void say_address(const char *what, const void *at)
{
	uint64_t par = ASK_MMU("s1e1r", at), leaf = kmap_lookup((uintptr_t)at);
	bool writes = !(ASK_MMU("s1e1w", at) & PAR_F);
	bool el0 = !(ASK_MMU("s1e0r", at) & PAR_F) || !(ASK_MMU("s1e0w", at) & PAR_F);

	pr_info("hello: %-15s %016lx, pa %09llx: EL%u %c%c%c, EL0 %s\n", what, (unsigned long)at,
		(unsigned long long)((par & PAR_PA) | ((uintptr_t)at & 0xfff)), this_el(),
		par & PAR_F ? '-' : 'r', writes ? 'w' : '-', leaf & PTE_PXN ? '-' : 'x',
		el0 || !(leaf & PTE_UXN) ? "yes" : "no");
}

/* What PSTATE is made of has a register each; PAN has one where the core knows PAN. */
static void say_state(void)
{
	uint64_t nzcv = READ_SYSREG(nzcv) >> 28, daif = READ_SYSREG(daif) >> 6;
	const char *pan = "not there";

	if (ID_FIELD(id_aa64mmfr1_el1, MMFR1_PAN)) {
		uint64_t value = READ_SYSREG(S3_0_C4_C2_3);

		pan = value & PSR_PAN ? "1" : "0";
	}
	pr_info("hello: CurrentEL %#llx (EL%llu), PSTATE: N%llu Z%llu C%llu V%llu, D%llu A%llu "
		"I%llu F%llu, "
		"PAN %s, SPSel %llu\n",
		(unsigned long long)READ_SYSREG(CurrentEL),
		(unsigned long long)READ_SYSREG(CurrentEL) >> 2, (unsigned long long)nzcv >> 3 & 1,
		(unsigned long long)nzcv >> 2 & 1, (unsigned long long)nzcv >> 1 & 1,
		(unsigned long long)nzcv & 1, (unsigned long long)daif >> 3 & 1,
		(unsigned long long)daif >> 2 & 1, (unsigned long long)daif >> 1 & 1,
		(unsigned long long)daif & 1, pan, (unsigned long long)READ_SYSREG(spsel));
}

static int __init hello_init(void)
{
	int on_the_stack = 0;
	void *allocated = kmalloc(64);

	if (!allocated)
		return -ENOMEM;
	if (times < 0 || times > TIMES_MAX) {
		kfree(allocated);
		return -EINVAL;
	}
	for (int i = 0; i < times; i++)
		pr_info("hello: hello, %s\n", whom);
	say_state();
	say_address("text", say_address);
	say_address("rodata", constant);
	say_address("data", &variable);
	say_address("init text", hello_init);
	say_address("init data", &only_at_first);
	say_address("stack", &on_the_stack);
	say_address("kmalloc", allocated);
	say_address("kernel's printk", printk);
	kfree(allocated);
	return 0;
}

static void __exit hello_exit(void)
{
	pr_info("hello: goodbye, %s\n", whom);
}

module_init(hello_init);
module_exit(hello_exit);
MODULE_LICENSE("MIT");
MODULE_DESCRIPTION("says where it is: its level, PSTATE, and what the MMU says of its addresses");
