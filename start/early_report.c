/*
 * early_report.c - the one line about an exception on the way down, before its level has vectors of
 * its own.
 *
 * Called by early_vectors.S, MMU off, on the boot stack.
 */
#include "start/boot_info.h"
#include "start/early_report.h"

#include "arm/rawreport.h"

/* Of the light where no UART takes the line: an hour, because nothing else is left to do. */
#define REPORT_ROUNDS 1500

void early_report(unsigned int slot, uint64_t esr, uint64_t elr, uint64_t far)
{
	const struct rawreport r = {
		.current_el = (unsigned int)READ_SYSREG(CurrentEL),
		.slot = slot,
		.esr = esr,
		.elr = elr,
		.far = far,
		.mpidr = READ_SYSREG(mpidr_el1),
	};

	bool heard = false;

	for (unsigned int i = 0; i < RAWUARTS; i++) {
		rawreport_print(&boot_info.uarts[i], &r);
		heard |= rawuart_speaks(&boot_info.uarts[i]);
	}
	if (!heard)
		rawled_flutter(&boot_info.led, REPORT_ROUNDS);
}
