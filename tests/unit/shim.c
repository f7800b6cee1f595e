/*
 * shim.c - what the stand-ins under shim/ declare.
 */
#include <sched.h>
#include "unit.h"
#include "arm/barrier.h"
#include "arm/irqflags.h"
#include "arm/percpu.h"
#include "arm/sysreg.h"
#include "mm/layout.h"
#include "shim.h"

uint64_t shim_cntvct_el0, shim_cntfrq_el0 = 62500000, shim_tpidr_el1, shim_cntv_cval_el0,
			  shim_cntv_ctl_el0;
_Thread_local unsigned int shim_cpu;
_Thread_local unsigned long shim_irqs_masked;
uintptr_t shim_page_array;
jmp_buf shim_stopped;
unsigned int shim_relaxed;

void shim_yield(void)
{
	sched_yield();
}

void shim_wfi(void)
{
	longjmp(shim_stopped, 1);
}

/* Whoever waits for the counter sees it move. */
void shim_relax(void)
{
	shim_relaxed++;
	shim_cntvct_el0 += shim_cntfrq_el0 / 10;
}
