/*
 * switch.S - the steps between host and guest that C cannot take: the registers of EL1 that the two
 * take turns in, the general ones, and the vector table that a guest's exceptions come to.
 *
 * The way: host's hvc -> el2/vectors.S -> el2/run.c (what the guest may do, timers, the GIC)
 *	-> el2_regs_to_guest -> el2_enter -> ERET ... the guest ... -> a slot below -> el2_enter
 *	returns -> el2/run.c -> el2_regs_to_host -> ERET
 *
 * SP_EL2 is the same at a guest's exception as it was at the ERET: nothing below EL2 can change it.
 *
 * With VHE (el2/vhe.h) the kernel calls el2/run.c itself, and EL1's registers are nobody's but the
 * guest's.
 */
#include "arm/asm.h"
#include "arm/el2call.h"
#include "arm/slots.h"
#include "arm/sysreg.h"
#include "el2/vhe.h"

/* clang-format off */

#ifdef EL2_VHE
	.arch	armv8.1-a
#endif

	.text

/* What lies on the stack while a guest runs: its page, two registers, the host's x18-x30. */
#define ENTER_PAGE	0
#define ENTER_X0	16
#define ENTER_X18	32
#define ENTER_SIZE	144

/* x2 to x30 of the guest, from or to page->x[]: they come first in it. */
.macro	LOWER_REGS pair, one, page
	\pair	x2, x3, [\page, #16]
	\pair	x4, x5, [\page, #32]
	\pair	x6, x7, [\page, #48]
	\pair	x8, x9, [\page, #64]
	\pair	x10, x11, [\page, #80]
	\pair	x12, x13, [\page, #96]
	\pair	x14, x15, [\page, #112]
	\pair	x16, x17, [\page, #128]
	\pair	x18, x19, [\page, #144]
	\pair	x20, x21, [\page, #160]
	\pair	x22, x23, [\page, #176]
	\pair	x24, x25, [\page, #192]
	\pair	x26, x27, [\page, #208]
	\pair	x28, x29, [\page, #224]
	\one	x30, [\page, #240]
.endm

/* unsigned int el2_enter(struct el2_vcpu *page) */
FUNC el2_enter
	sub	sp, sp, #ENTER_SIZE
	str	x0, [sp, #ENTER_PAGE]
	stp	x18, x19, [sp, #ENTER_X18]
	stp	x20, x21, [sp, #ENTER_X18 + 16]
	stp	x22, x23, [sp, #ENTER_X18 + 32]
	stp	x24, x25, [sp, #ENTER_X18 + 48]
	stp	x26, x27, [sp, #ENTER_X18 + 64]
	stp	x28, x29, [sp, #ENTER_X18 + 80]
	str	x30, [sp, #ENTER_X18 + 96]
go_in:	LOWER_REGS ldp, ldr, x0
	ldp	x0, x1, [x0]
	eret
	dsb	nsh			/* nothing is speculated beyond the ERET */
	isb
ENDFUNC el2_enter

/*
 * What a guest has taught the core of branches is not to be the host's guesses (EL2_GUESSES of
 * arm/el2call.h): before the first indirect branch, when the host's x18-x30 are back and the others
 * free.  x0 is kept.
 */
.macro	LEAVE_ALONE
.endm

/* As el1/vectors.S does for a program that comes in. */
.macro	FILL_BRANCH_HISTORY
	adrp	x2, el2_branches
	ldr	w2, [x2, :lo12:el2_branches]
1:	b	2f
2:	subs	w2, w2, #1
	b.ne	1b
	dsb	nsh
	isb
.endm

	.data
	.balign	4
	.globl	el2_branches
el2_branches:
	.word	1
	.text

.macro	FORGET_BRANCHES
	mov	x4, x0
	mov	w0, #0x80008000		/* SMCCC_WORKAROUND_1; x4-x30 are kept */
	smc	#0
	mov	x0, x4
.endm

/* x0 = enum el2_exit; the guest's own x0, x1 are on the stack: back into el2_enter's caller. */
.macro LEAVE_GUEST name, guesses
LOCAL_FUNC \name
#ifdef EL2_VHE
	msr	pan, #1			/* with TGE clear no exception to EL2 sets it */
#endif
	ldr	x1, [sp, #ENTER_PAGE]
	LOWER_REGS stp, str, x1
	ldp	x2, x3, [sp, #ENTER_X0]
	stp	x2, x3, [x1]
	ldp	x18, x19, [sp, #ENTER_X18]
	ldp	x20, x21, [sp, #ENTER_X18 + 16]
	ldp	x22, x23, [sp, #ENTER_X18 + 32]
	ldp	x24, x25, [sp, #ENTER_X18 + 48]
	ldp	x26, x27, [sp, #ENTER_X18 + 64]
	ldp	x28, x29, [sp, #ENTER_X18 + 80]
	ldr	x30, [sp, #ENTER_X18 + 96]
	add	sp, sp, #ENTER_SIZE
	\guesses
	ret
ENDFUNC \name
.endm

LEAVE_GUEST leave_guest, LEAVE_ALONE
LEAVE_GUEST leave_guest_filling, FILL_BRANCH_HISTORY
LEAVE_GUEST leave_guest_forgetting, FORGET_BRANCHES

/*
 * A guest reads CTR_EL0: Linux does whenever it changes an instruction of its own, 90,000 times as
 * it boots.  That is answered here, the guest's registers of EL1 being where they are.  x0 =
 * ESR_EL2; the guest's own x0, x1 are on the stack.
 */
LOCAL_FUNC read_ctr
	ldr	x1, [sp, #ENTER_PAGE]
	LOWER_REGS stp, str, x1
	ldp	x2, x3, [sp, #ENTER_X0]
	stp	x2, x3, [x1]
	ubfx	x2, x0, #ESR_SYS64_RT_SHIFT, #5
	cmp	x2, #31			/* XZR */
	b.eq	1f
	ldr	x3, [x1, #EL2_VCPU_CTR]
	str	x3, [x1, x2, lsl #3]
1:	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	add	x2, x2, #4
	/* As after any instruction; of a single step it was the one. */
	bic	x3, x3, #PSR_BTYPE
	bic	x3, x3, #PSR_SS
	msr	elr_el2, x2
	msr	spsr_el2, x3
	mov	x0, x1
	b	go_in
ENDFUNC read_ctr

/* A slot as enum el2_exit (el2/run.c asserts it); an FIQ is an interrupt of the host's, too. */
#define EXIT_OF(slot)	((slot) % 4 - ((slot) % 4 / 2))

/*
 * While a guest is in.  Its exceptions leave it.  An SError that was pending when it left is let in
 * by el2/run.c, at EL2 then: it is masked again, and ESR_EL2 says what it was.
 */
.macro GUEST_VECTORS name, leave
FUNC \name
	.set	slot, 0
	.rept	SLOTS
	.org	\name + slot * SLOT_SIZE
	.if	slot >= SLOT_LOWER64
	stp	x0, x1, [sp, #ENTER_X0]
	.if	slot == SLOT_LOWER64 + SLOT_SYNC
	mrs	x0, esr_el2
	mov	w1, #ESR_READS_CTR & 0xffff
	movk	w1, #ESR_READS_CTR >> 16, lsl #16
	eor	w1, w0, w1
	tst	w1, #~(31 << ESR_SYS64_RT_SHIFT)
	b.eq	read_ctr
	.endif
	mov	x0, #EXIT_OF(slot)
	b	\leave
	.elseif	slot == SLOT_SPX + SLOT_SERROR
	stp	x0, x1, [sp, #-16]!
	mrs	x0, spsr_el2
	orr	x0, x0, #PSR_A
	msr	spsr_el2, x0
	ldp	x0, x1, [sp], #16
	eret
	dsb	nsh
	isb
	.else
#ifdef EL2_VHE
	msr	tpidrro_el0, x0		/* a dump of the kernel's shall have it */
#endif
	mov	x0, #slot
	/* __noreturn void el2_unexpected(unsigned int slot) */
	b	el2_unexpected
	.endif
	.set	slot, slot + 1
	.endr
	.org	\name + SLOTS * SLOT_SIZE
ENDFUNC \name
.endm

/* One behind the other, in enum el2_guesses's order (el2/machine.c). */
	.balign	SLOTS * SLOT_SIZE
GUEST_VECTORS el2_guest_vectors, leave_guest
GUEST_VECTORS el2_guest_vectors_filling, leave_guest_filling
GUEST_VECTORS el2_guest_vectors_forgetting, leave_guest_forgetting

/* ---- the registers that a list of arm/el2call.h names, two by two, from x0 or x1 on ---- */

	.set	second, 0
.macro	SAVE_REG reg
	.if	second
	mrs	x10, \reg
	stp	x9, x10, [x0], #16
	.else
	mrs	x9, \reg
	.endif
	.set	second, 1 - second
.endm

.macro	LOAD_REG reg
	.if	second
	msr	\reg, x10
	.else
	ldp	x9, x10, [x1], #16
	msr	\reg, x9
	.endif
	.set	second, 1 - second
.endm

/* Behind lists that may have named an odd number. */
.macro	SAVE_END
	.if	second
	str	x9, [x0]
	.set	second, 0
	.endif
.endm

.macro	LOAD_END
	.set	second, 0
.endm

#define SAVE(name, reg)	  SAVE_REG reg;
#define LOAD(name, reg)	  LOAD_REG reg;
#define SAVE12(name, reg) SAVE_REG EL12(reg);
#define LOAD12(name, reg) LOAD_REG EL12(reg);

#ifdef EL2_VHE
/*
 * VHE: EL1's registers hold what the last guest left, which no walk uses as long as HCR_EL2.TGE is
 * set.  So the guest's stage 1 and stage 2 are both in before TGE goes, and TGE is back before one
 * of them is another's (erratum 1165522 of Cortex-A76: AT by speculation).
 */
#define ONE(name, reg)	+ 8
#define PLAIN_OFFSET	(0 EL2_WALK_REGS(ONE) EL2_EL12_REGS(ONE))

/* void el2_regs_to_guest(uint64_t *host, const uint64_t *guest, const struct el2_regime *to,
			  uint64_t hcr) */
FUNC el2_regs_to_guest
	add	x0, x0, #PLAIN_OFFSET
	EL2_PLAIN_REGS(SAVE)
	SAVE_END
	EL2_WALK_REGS(LOAD12)
	EL2_EL12_REGS(LOAD12)
	EL2_PLAIN_REGS(LOAD)
	EL2_EL12_GUEST_REGS(LOAD12)
	EL2_PLAIN_GUEST_REGS(LOAD)
	LOAD_END
	ldp	x6, x7, [x2]
	msr	vttbr_el2, x6
	msr	vtcr_el2, x7
	isb
	msr	hcr_el2, x3
	ret
ENDFUNC el2_regs_to_guest

/* void el2_regs_to_host(uint64_t *guest, const uint64_t *host, const struct el2_regime *to,
			 uint64_t hcr) */
FUNC el2_regs_to_host
	msr	hcr_el2, x3
	isb
	EL2_WALK_REGS(SAVE12)
	EL2_EL12_REGS(SAVE12)
	EL2_PLAIN_REGS(SAVE)
	EL2_EL12_GUEST_REGS(SAVE12)
	EL2_PLAIN_GUEST_REGS(SAVE)
	SAVE_END
	add	x1, x1, #PLAIN_OFFSET
	EL2_PLAIN_REGS(LOAD)
	LOAD_END
	ret
ENDFUNC el2_regs_to_host
#else
/* No more walks by TTBR0 and TTBR1, whatever x5, which TCR_EL1 would have been, says. */
.macro	NO_WALKS
	orr	x5, x5, #TCR_EPD0
	orr	x5, x5, #TCR_EPD1
	msr	tcr_el1, x5
	isb
.endm

/* SCTLR_EL1 = x11, TCR_EL1 = x12: of whom they are, all other registers are already. */
.macro	WALKS_AGAIN
	isb
	msr	sctlr_el1, x11
	isb
	msr	tcr_el1, x12
.endm

/* struct el2_regime at x2, HCR_EL2 = x3 */
.macro	CHANGE_REGIME
	ldp	x6, x7, [x2]
	msr	vttbr_el2, x6
	msr	vtcr_el2, x7
	msr	hcr_el2, x3
.endm

FUNC el2_regs_to_guest
	EL2_WALK_REGS(SAVE12)
	EL2_EL12_REGS(SAVE12)
	EL2_PLAIN_REGS(SAVE)
	ldp	x11, x12, [x1], #16
	mov	x5, x12
	NO_WALKS
	EL2_EL12_REGS(LOAD12)
	EL2_PLAIN_REGS(LOAD)
	EL2_EL12_GUEST_REGS(LOAD12)
	EL2_PLAIN_GUEST_REGS(LOAD)
	LOAD_END
	CHANGE_REGIME
	WALKS_AGAIN
	ret
ENDFUNC el2_regs_to_guest

FUNC el2_regs_to_host
	EL2_WALK_REGS(SAVE12)
	mov	x5, x10			/* TCR_EL1, the list's second */
	NO_WALKS
	orr	x9, x9, #SCTLR_M	/* with the MMU off a walk of stage 2 alone might begin */
	msr	sctlr_el1, x9
	isb
	EL2_EL12_REGS(SAVE12)
	EL2_PLAIN_REGS(SAVE)
	EL2_EL12_GUEST_REGS(SAVE12)
	EL2_PLAIN_GUEST_REGS(SAVE)
	SAVE_END
	CHANGE_REGIME
	ldp	x11, x12, [x1], #16
	EL2_EL12_REGS(LOAD12)
	EL2_PLAIN_REGS(LOAD)
	WALKS_AGAIN
	ret
ENDFUNC el2_regs_to_host
#endif

/* void el2_keys_swap(uint64_t *save, const uint64_t *load) */
FUNC el2_keys_swap
	EL2_KEY_REGS(SAVE)
	EL2_KEY_REGS(LOAD)
	ret
ENDFUNC el2_keys_swap
