/*
 * rawreport.h - one line about an unexpected exception, printed where a level has no log.
 *
 * No table of pointers: a level below runs this with the MMU off, at an address the linker did not
 * choose.
 */
#pragma once

#include "arm/rawuart.h"
#include "arm/slots.h"

/* The registers that describe the exception, as read at its level. */
struct rawreport {
	unsigned int current_el; /* CurrentEL */
	unsigned int slot;	 /* of the vector table (arm/slots.h) */
	uint64_t esr, elr, far, spsr, mpidr;
};

/* RAWREPORT - about the exception that came to level @el (el2, el3) by @slot_, on this core. */
#define RAWREPORT(el, slot_)                                                         \
	{                                                                            \
		.current_el = (unsigned int)READ_SYSREG(CurrentEL), .slot = (slot_), \
		.esr = READ_SYSREG(esr_##el), .elr = READ_SYSREG(elr_##el),          \
		.far = READ_SYSREG(far_##el), .spsr = READ_SYSREG(spsr_##el),        \
		.mpidr = READ_SYSREG(mpidr_el1),                                     \
	}

/*
 * rawreport_print - "newel: EL3: unexpected synchronous exception from EL1 (AArch64): ESR … ELR …
 * FAR … SPSR … MPIDR …"
 */
static inline void rawreport_print(struct rawuart *u, const struct rawreport *r)
{
	static const char kinds[4][24] = { "synchronous exception", "IRQ", "FIQ", "SError" };
	static const char origins[4][28] = { "itself on SP_EL0", "itself",
					     "a lower level (AArch64)", "a lower level (AArch32)" };

	rawuart_puts(u, "\nnewel: EL");
	rawuart_putc(u, (char)('0' + ((r->current_el >> 2) & 3)));
	rawuart_puts(u, ": unexpected ");
	rawuart_puts(u, kinds[SLOT_KIND(r->slot)]);
	rawuart_puts(u, " from ");
	rawuart_puts(u, origins[SLOT_FROM(r->slot)]);
	rawuart_puts(u, ": ESR ");
	rawuart_hex(u, r->esr);
	rawuart_puts(u, " (EC ");
	rawuart_hex(u, ESR_EC(r->esr));
	rawuart_puts(u, ") ELR ");
	rawuart_hex(u, r->elr);
	rawuart_puts(u, " FAR ");
	rawuart_hex(u, r->far);
	rawuart_puts(u, " SPSR ");
	rawuart_hex(u, r->spsr);
	rawuart_puts(u, " MPIDR ");
	rawuart_hex(u, r->mpidr);
	rawuart_puts(u, "\n");
}
