/*
 * selftest.h - deliberate kernel faults, to see that each ends in its own report.
 */
#pragma once

/*
 * selftest_run - if the command line says newel.test=NAME, commit that fault: nullderef, userptr, overflow, wxwrite, execdata,
 * doublefree, deadlock, undef, brk, unaligned, tables, panic.  Returns if it says nothing, or a name that is not known (and lists them).
 * At the end of bring-up, before the first task.
 */
void selftest_run(const char *cmdline);
