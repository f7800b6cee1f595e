/*
 * host.c - what the host may not do, and what it has given up for good: accesses that its stage 2
 * refuses, the kernel's sealed text, modules'.
 *
 * A refused access is an external abort to who made it, as if nothing answered there, and a line in
 * words on the UART.  EL2 goes on.
 */
#include "el2/host.h"
#include "el2/board.h"
#include "el2/memory.h"
#include "el2/pool.h"

#include "arm/levels.h"
#include "arm/smccc.h"
#include "arm/undef.h"

#define PAGE	  UINT64_C(0x1000)
#define LINES_MAX 16		       /* a program could make them scroll for ever */
#define ONE_CALL  (64 * PAGE)	       /* that much of a module is sealed, or cleared, by a call */
#define ARENA_MAX (UINT64_C(32) << 20) /* as MODULES_BASE and MODULES_END leave room for */

extern char __text_start[], __text_end[], __rodata_start[], __rodata_end[];
extern char __resident_start[], __resident_el2_text[], __resident_el2_end[], __resident_end[];
extern char __resident_el2_pages[], __resident_el2_pages_end[];

/* Given once, before the kernel is sealed: what modules are loaded into. */
static struct el2_range arena;
static bool kernel_is_sealed;

bool el2_is_kept(uint64_t pa)
{
	return !el2_host_lets(pa, S2_READ, S2_XN);
}

/* ---- an access that was refused ---- */

static bool lies_in(uint64_t pa, const char *start, const char *end)
{
	return pa >= (uint64_t)start && pa < (uint64_t)end;
}

static const char *whose_is(uint64_t pa)
{
	if (lies_in(pa, __resident_el2_text, __resident_el2_end) ||
	    lies_in(pa, __resident_el2_pages, __resident_el2_pages_end))
		return "EL2's";
	if (lies_in(pa, __resident_start, __resident_end) ||
	    pa - el2_board.el3.base < el2_board.el3.size)
		return "EL3's";
	if (lies_in(pa, __text_start, __text_end) || lies_in(pa, __rodata_start, __rodata_end))
		return "the kernel's, sealed";
	if (pa - arena.base < arena.size)
		return "a module's, sealed";
	return el2_is_ram(pa, PAGE) ? "the hypervisor's" : "no memory's";
}

static void say_refused(uint64_t esr, uint64_t pa, uint64_t pc, uint64_t pstate)
{
	const char *verb = ESR_EC(esr) == ESR_EC_IABT_LOW ? "execute "
			   : esr & ESR_DABT_WnR		  ? "write "
							  : "read ";

	for (unsigned int i = 0; i < RAWUARTS; i++) {
		struct rawuart *u = &el2_uarts[i];

		rawuart_puts(u, "\nnewel: EL2: refused: ");
		rawuart_puts(u, (pstate & PSR_MODE_MASK) == PSR_MODE_EL0t ? "EL0" : "EL1");
		rawuart_puts(u, " at ");
		rawuart_hex(u, pc);
		rawuart_puts(u, " may not ");
		rawuart_puts(u, verb);
		rawuart_hex(u, pa);
		rawuart_puts(u, ", which is ");
		rawuart_puts(u, whose_is(pa));
		rawuart_puts(u, "\n");
	}
}

/*
 * The intermediate physical address.  HPFAR_EL2 has it but for a permission fault that no table
 * walk took (DDI 0487, HPFAR_EL2); there stage 1 is asked.  False: stage 1 has changed meanwhile.
 */
static bool find_host_ipa(uint64_t esr, uint64_t far, uint64_t *ipa)
{
	uint64_t par = READ_SYSREG(par_el1), is;

	*ipa = HPFAR_IPA(READ_SYSREG(hpfar_el2)) | (far & (PAGE - 1));
	if (esr & ESR_ABT_S1PTW || ESR_FSC_TYPE(esr) != ESR_FSC_PERMISSION)
		return true;
	__asm__ volatile("at s1e1r, %0\n\tisb" ::"r"(far) : "memory");
	is = READ_SYSREG(par_el1);
	WRITE_SYSREG(par_el1, par);
	*ipa = (is & PTE_ADDR_MASK) | (far & (PAGE - 1));
	return !(is & PAR_F);
}

/* Does the host's stage 2 let it, by now?  Another core may just have split a leaf. */
static bool may_do(uint64_t esr, uint64_t ipa)
{
	bool fetch = ESR_EC(esr) == ESR_EC_IABT_LOW && !(esr & ESR_ABT_S1PTW);
	bool write = ESR_EC(esr) == ESR_EC_DABT_LOW && esr & ESR_DABT_WnR && !(esr & ESR_DABT_CM);
	bool may;

	el2_lock(&el2_memory_lock);
	may = el2_host_lets(ipa, S2_READ | (write ? S2_WRITE : 0), fetch ? S2_XN : 0);
	el2_unlock(&el2_memory_lock);
	return may;
}

/* What EL1 reads in ESR_EL1: an external abort, by the access or by its table walk. */
static uint64_t abort_esr(uint64_t esr, uint64_t pstate)
{
	bool fetch = ESR_EC(esr) == ESR_EC_IABT_LOW,
	     el0 = (pstate & PSR_MODE_MASK) == PSR_MODE_EL0t;
	uint64_t ec = fetch ? ESR_EC_IABT_CUR : ESR_EC_DABT_CUR;
	uint64_t iss = ESR_FSC_EXT_ACCESS;

	if (el0)
		ec--; /* from a lower level: the even one of the two */
	if (esr & ESR_ABT_S1PTW)
		iss = ESR_FSC_EXT_WALK(3);
	if (!fetch)
		iss |= esr & (ESR_DABT_WnR | ESR_DABT_CM);
	return ec << ESR_EC_SHIFT | (esr & ESR_IL) | iss;
}

bool el2_host_abort(struct resident_frame *f)
{
	static unsigned int lines;
	uint64_t esr = READ_SYSREG(esr_el2), far = READ_SYSREG(far_el2), pc = READ_SYSREG(elr_el2);
	uint64_t pstate = READ_SYSREG(spsr_el2), ipa;
	struct undef_target t;

	if (!find_host_ipa(esr, far, &ipa) || may_do(esr, ipa))
		return true;
	if (lines < LINES_MAX) {
		lines++;
		say_refused(esr, ipa, pc, pstate);
	}
	if (!exception_to_el1(&t, pc, pstate, abort_esr(esr, pstate)))
		return false;
	WRITE_SYSREG(far_el1, far);
	WRITE_SYSREG(elr_el2, t.pc);
	WRITE_SYSREG(spsr_el2, t.pstate);
	return true;
}

/* ---- what is sealed ---- */

/* Whole pages of the arena, no more than one call may ask for. */
static bool is_of_arena(uint64_t pa, uint64_t size)
{
	return size && size <= ONE_CALL && IS_ALIGNED(pa | size, PAGE) && pa >= arena.base &&
	       size <= arena.size && pa - arena.base <= arena.size - size;
}

static int64_t answer(int err)
{
	return err ? SMCCC_INVALID_PARAMETER : SMCCC_SUCCESS;
}

/* A guest that can write there would go on to. */
static bool is_lent(uint64_t pa, uint64_t size)
{
	for (uint64_t at = ALIGN_DOWN(pa, BLOCK_SIZE); at < pa + size; at += BLOCK_SIZE)
		if (el2_block_in_use(at))
			return true;
	return false;
}

static int64_t set_arena(uint64_t pa, uint64_t size)
{
	if (arena.size || kernel_is_sealed || !size || size > ARENA_MAX ||
	    !IS_ALIGNED(pa | size, PAGE) || !el2_host_has(pa, size, true) || is_lent(pa, size))
		return SMCCC_INVALID_PARAMETER;
	/* To clear what is unsealed. */
	if (el2_own_map(pa, size))
		return SMCCC_INVALID_PARAMETER;
	arena = (struct el2_range){ .base = pa, .size = size };
	return SMCCC_SUCCESS;
}

int64_t el2_set_arena(uint64_t pa, uint64_t size)
{
	int64_t r;

	el2_lock(&el2_memory_lock);
	r = set_arena(pa, size);
	el2_unlock(&el2_memory_lock);
	return r;
}

int64_t el2_seal_kernel(void)
{
	const uint64_t start = (uint64_t)__text_start;
	int err;

	el2_lock(&el2_memory_lock);
	err = is_lent(start, (uint64_t)__rodata_end - start) ||
	      el2_host_protect((uint64_t)__text_start, (uint64_t)(__text_end - __text_start), 0,
			       S2_WRITE) ||
	      el2_host_protect((uint64_t)__rodata_start, (uint64_t)(__rodata_end - __rodata_start),
			       S2_XN, S2_WRITE);
	kernel_is_sealed = true;
	el2_unlock(&el2_memory_lock);
	return answer(err);
}

int64_t el2_seal_module(uint64_t pa, uint64_t size, uint64_t executable)
{
	int64_t r = SMCCC_INVALID_PARAMETER;

	el2_lock(&el2_memory_lock);
	if (executable <= 1 && is_of_arena(pa, size) && !is_lent(pa, size))
		r = answer(el2_host_protect(pa, size, executable ? 0 : S2_XN, S2_WRITE));
	el2_unlock(&el2_memory_lock);
	return r;
}

int64_t el2_unseal_module(uint64_t pa, uint64_t size)
{
	int64_t r = SMCCC_INVALID_PARAMETER;

	el2_lock(&el2_memory_lock);
	if (is_of_arena(pa, size)) {
		/* Nobody can put anything of his own into what was sealed, not for a moment. */
		el2_clear((void *)pa, size);
		dsb(ish);
		r = answer(el2_host_protect(pa, size, S2_WRITE, S2_XN));
	}
	el2_unlock(&el2_memory_lock);
	return r;
}
