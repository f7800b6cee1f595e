/*
 * barrier.h - the host's stand-in: fences, and hints that come back to the test.
 */
#pragma once

void shim_wfi(void);
void shim_relax(void);

#define isb()		   __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define dsb(domain)	   __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define dmb(domain)	   __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define wfi()		   shim_wfi() /* where a panic stops for ever */
#define wfe()		   shim_relax()
#define sev()		   ((void)0)
#define cpu_relax()	   shim_relax()
#define compiler_barrier() __asm__ volatile("" ::: "memory")
