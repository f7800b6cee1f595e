/*
 * head.S - reset to the top of EL1: the first instruction, the one core that goes on, the
 * staircase.
 *
 * The path:  primary_entry -> (this core's MMU off, caches clean) -> one core is chosen
 * 	-> early_collect (C: what the loader left) -> staircase -> primary_el1 (C: the first tables)
 * 	-> mmu_on -> higher half -> kmain
 *
 * Invariant: up to mmu_on everything is PC-relative and nothing is read through a pointer that the
 * linker wrote, so the image runs at any 2 MiB base, and the data caches are off: what is written
 * here lies in memory, not in a cache line.
 *
 * Registers with one meaning from the first instruction to the last: x19-x22 = x0-x3 as found, x27
 * = the boot_info (0 on a core that is not the first), x28 = where the staircase ends.  C keeps
 * these; the routines here leave x19-x28 alone but as said.
 */
#include "arm/asm.h"
#include "arm/mpidr.h"
#include "arm/sysreg.h"
#include "mm/layout.h"
#include "start/boot_info.h"
#include "start/macros.h"
#include "start/start.h"

/* clang-format off */

/*
 * The first core has come to @stage (x27: its boot_info): said, or shown, by earlycon_stage.
 * Clobbers what C may.
 */
.macro	STAGE	stage
	cbz	x27, .Lsilent\@
	mov	x0, x27
	mov	x1, #\stage
	bl	earlycon_stage
.Lsilent\@:
.endm

	.section .head.image, "ax"

/* The Linux/arm64 boot Image header (Documentation/arch/arm64/booting.rst). */
FUNC image_head
	b	primary_entry
	.long	0
	.quad	0			/* text_offset: at a 2 MiB boundary itself */
	.quad	__image_size		/* with .bss, which is not in the file */
	.quad	0xa			/* little endian, 4K pages, any 2 MiB base */
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.long	0
ENDFUNC image_head

	.section .head.text, "ax"

FUNC primary_entry
	msr	daifset, #0xf
	msr	spsel, #1
	mov	x19, x0
	mov	x20, x1
	mov	x21, x2
	mov	x22, x3
	bl	caches_off
	bl	elect
	cbz	x0, bystander

	/* From here on there is one core. */
	ADR_L	x0, __resident_start
	ADR_L	x1, __data_start
	mrs	x9, CurrentEL
	cmp	x9, #CurrentEL_EL1
	csel	x0, x1, x0, eq		/* entered there, nothing of the levels above is used */
	ADR_L	x1, __resident_el2_pages
	bl	dcache_clean_range	/* none is left to hide, or to undo, what is written now */
	ADR_L	x0, __early_start
	ADR_L	x1, __early_end
	bl	dcache_clean_range
	bl	early_vectors_set
	ADR_L	x0, boot_stack_top
	mov	sp, x0
	mov	x29, #0
	ADR_L	x27, boot_info
	stp	x19, x20, [x27, #BOOT_X]
	stp	x21, x22, [x27, #BOOT_X + 16]
	mov	x0, x27
	bl	early_collect
	STAGE	STAGE_ENTERED
	adr	x28, primary_el1
	b	staircase
ENDFUNC primary_entry

/*
 * staircase - where every level is entered: note it, prepare the one below, go down.
 * In: x27, x28 as above; SP of the level above's making or none.  Returns at EL1, to x28.
 */
FUNC staircase
	mrs	x9, CurrentEL
	cbz	x27, 1f
	ldr	w10, [x27, #BOOT_NR_LEVELS]
	add	x11, x27, #BOOT_LEVELS
	strb	w9, [x11, x10]
	add	w10, w10, #1
	str	w10, [x27, #BOOT_NR_LEVELS]
1:	cmp	x9, #CurrentEL_EL3
	b.eq	from_el3
	cmp	x9, #CurrentEL_EL2
	b.eq	from_el2
	br	x28

from_el3:
	bl	el3_stack		/* this core's own; who has none does not come back */
	mov	sp, x0
	mov	x0, x27
	adr	x1, staircase
	bl	el3_start		/* sets ELR_EL3 and SPSR_EL3 */
	mov	x25, x0
	bl	el3_stack		/* the one of where el3/ is now */
	add	x0, x0, x25
	mov	sp, x0
	STAGE	STAGE_EL3
	eret

from_el2:				/* the first core; others only where the kernel stays */
	bl	el2_stack
	mov	sp, x0
	bl	early_vectors_set
	mov	x0, x27
	bl	early_errata
	ADR_L	x0, boot_info		/* also on a core whose x27 is 0 */
	ldrb	w25, [x0, #BOOT_STAYS_AT_EL2]
	cbnz	w25, 1f
	ADR_L	x0, __resident_el2_pages
	ADR_L	x1, __resident_el2_pages_end
	bl	dcache_clean_range	/* as primary_entry did with the rest */
	mov	x0, x27
	adr	x1, park
	bl	el2_start
	STAGE	STAGE_EL2
	adr	x0, staircase
	b	el2_leave		/* MMU on there, and down */

1:	adr	x0, park
	bl	el2_start_kernel	/* it stays here: no step down */
	STAGE	STAGE_EL2
	br	x28
ENDFUNC staircase

/* primary_el1 - EL1 at last, MMU off. */
LOCAL_FUNC primary_el1
	bl	early_vectors_set
	ADR_L	x0, boot_stack_top
	mov	sp, x0
	STAGE	STAGE_EL1
	mov	x0, x27
	bl	early_map		/* x0 = the kernel's root table */
	mov	x26, x0
	STAGE	STAGE_TABLES
	ADR_L	x0, __early_start
	ADR_L	x1, __early_end
	bl	dcache_clean_range	/* what an instruction fetch may have pulled in meanwhile */
	mov	x0, x26
	VIRT_L	x1, primary_high, x2
	b	mmu_on
ENDFUNC primary_el1

	.text

/* primary_high - the higher half: x27 is still physical, all the rest is virtual now. */
LOCAL_FUNC primary_high
	bl	idmap_drop
	ADR_L	x0, vectors_el1
	msr	vbar_el1, x0
	msr	tpidr_el1, xzr		/* the per-CPU template serves this core */
	isb
	ADR_L	x18, boot_task
	ADR_L	x0, boot_stack_top
	mov	sp, x0
	stp	x18, xzr, [sp, #-16]!	/* where el1/vectors.S looks for the task */
	ADR_L	x0, __bss_start
	ADR_L	x1, __bss_end
	bl	bss_clear
	ADR_L	x0, boot_info
	mov	x29, #0
	mov	x30, #0
	bl	kmain
	b	.			/* kmain does not return */
ENDFUNC primary_high

/*
 * bss_clear - void bss_clear(void *start, void *end): whole pages, by DC ZVA where the core lets
 * us.
 */
LOCAL_FUNC bss_clear
	mrs	x2, dczid_el0
	tbnz	x2, #4, 2f
	mov	x3, #4
	lsl	x3, x3, x2		/* bytes a block; DZP is 0 */
1:	cmp	x0, x1
	b.hs	3f
	dc	zva, x0
	add	x0, x0, x3
	b	1b
2:	cmp	x0, x1
	b.hs	3f
	stp	xzr, xzr, [x0], #16
	b	2b
3:	ret
ENDFUNC bss_clear

	.section .head.text, "ax"

/*
 * bystander - a core that came in together with the first: at EL3 it is el3's, at EL2 it is el2's,
 * which sends it on to where it is parked, at EL1.
 */
LOCAL_FUNC bystander
	mov	x27, #0
	mrs	x9, CurrentEL
	cmp	x9, #CurrentEL_EL2
	b.lo	park
	b.ne	1f
	b	el2_bystander
1:	bl	el3_stack
	mov	sp, x0
	b	el3_bystander
ENDFUNC bystander

/*
 * park - wait, at the kernel's level, in this core's slot of park_slots until the kernel names a
 * struct secondary_boot there.  The slot is read with the cache off: the kernel cleans what it
 * wrote to memory before it sends the event.
 *
 * Look first, then wait (DDI 0487, D1.6.1 "Wait for Event"): a core that a spin table released
 * comes here when its slot is written, and the event that woke it is used up; no other is sent.  An
 * event between the look and the WFE stays in the core's event register, and ends the WFE at once.
 */
FUNC park
	mrs	x9, mpidr_el1
	MPIDR_SLOT x10, x9, x11, never
	ADR_L	x11, park_slots
	add	x10, x11, x10, lsl #PARK_SLOT_SHIFT
	str	x9, [x10, #PARK_MPIDR]	/* bit 31 is RES1: never 0 */
	dsb	sy
1:	ldr	x0, [x10, #PARK_CONTEXT]
	cbnz	x0, secondary_entry
	wfe
	b	1b
never:	wfi
	b	never
ENDFUNC park

