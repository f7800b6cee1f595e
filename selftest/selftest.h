/*
 * selftest.h - deliberate kernel faults, to see that each ends in its own report.
 */
#pragma once

/*
 * selftest_run - if the command line says newel.test=NAME, commit that fault: nullderef, userptr,
 * overflow, wxwrite, execdata, doublefree, nomutex, nospin, deadlock, circle, slow, slowmasked,
 * watch, watchcalm, undef, brk, unaligned, tables, modules, mirrors, guesses, levels, peek_el2,
 * peek_el3, write_text, cpu_on_el2, guest, panic.
 * Returns if it says nothing, or a name that is not known (and lists them). At the end of bring-up,
 * before the first task.
 */
void selftest_run(const char *cmdline);

/*
 * selftest_levels - what EL2 and EL3 answer to good and bad calls (levels.c); ends in a
 * panic that counts.
 */
void selftest_levels(void);

/* What a hostile EL1 would try of EL2 (stair.c). */
void selftest_peek_el2(void);
void selftest_peek_el3(void);
void selftest_write_text(void);
void selftest_cpu_on_el2(void);

/* selftest_guest - guests under EL2 (guest.c); ends in a panic that counts. */
void selftest_guest(void);
