/*
 * came.S - what newel.test=cpu_on_el2 has another core do: MMU off, at whatever level.
 */
#include "arm/asm.h"

/* clang-format off */

	.text

/* x0 = physical address of a word, which becomes CurrentEL. */
FUNC selftest_core_came
	mrs	x1, CurrentEL
	str	x1, [x0]
	dsb	sy
1:	wfi
	b	1b
ENDFUNC selftest_core_came
