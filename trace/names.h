/*
 * names.h - numbers of the ABI by name.  Pure tables: any context, host too.
 */
#pragma once

#include <stdint.h>

/*
 * syscall_name - "write", or NULL for a number that is not served.  syscall_args - its letters
 * (abi/syscall.def).
 */
const char *syscall_name(uint64_t nr);
const char *syscall_args(uint64_t nr);

/* errno_name - "ENOENT" for 2, or NULL.  @err is positive. */
const char *errno_name(long err);

/*
 * signal_name - "SIGSEGV" for 11, or NULL.  signal_code_name - "SEGV_MAPERR" for a fault's si_code,
 * or NULL.
 */
const char *signal_name(int sig);
const char *signal_code_name(int sig, int code);

/*
 * function_name - "PSCI_CPU_ON" for the function of an hvc or smc that has this number, in either
 * of its forms, or NULL.
 */
const char *function_name(uint32_t fn);
