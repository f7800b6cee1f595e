/*
 * syscall.h - from the number in w8 to the handler (sys/syscall.h).
 */
#pragma once

#include <stdint.h>

/*
 * syscall_dispatch - the SVC's registers as it found them, w8 last (Linux looks at no more of x8);
 * what x0 will be.  Interrupts on; may sleep.
 */
long syscall_dispatch(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
		      uint32_t nr);
