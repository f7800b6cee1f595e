/*
 * names.c - system calls, errors and signals by name, as strace prints them; functions of hvc and
 * smc by the names that their headers give them.
 *
 * Used by format.c, by the dump and by host tools.  Invariant: any number at all gives a name or
 * NULL; the calls' names come from the list that the dispatcher itself has (abi/syscall.def).
 */
#include "trace/names.h"

#include <stddef.h>

#include "abi/errno.h"
#include "abi/syscall.h"
#include "arm/level_calls.h"
#include "arm/psci.h"
#include "lib/export.h"
#include "lib/util.h"

static const struct {
	const char *name, *args;
} calls[NR_SYSCALLS] = {
#define SYSCALL(nr, name, ...) [nr] = { #name, SYSCALL_LETTERS(__VA_ARGS__) },
#include "abi/syscall.def"
#undef SYSCALL
};

const char *syscall_name(uint64_t nr)
{
	return nr < ARRAY_SIZE(calls) ? calls[nr].name : NULL;
}
EXPORT(syscall_name);

const char *syscall_args(uint64_t nr)
{
	return nr < ARRAY_SIZE(calls) ? calls[nr].args : NULL;
}

const char *errno_name(long err)
{
	static const char *const names[] = {
#define E(name) [name] = #name,
#include "trace/errno.def"
#undef E
		/* the kernel's own: a call that a signal interrupted, before it is restarted */
		[512] = "ERESTARTSYS",
		[513] = "ERESTARTNOINTR",
		[514] = "ERESTARTNOHAND",
		[516] = "ERESTART_RESTARTBLOCK",
	};

	/* A hole in the list is NULL, too. */
	return err > 0 && err < (long)ARRAY_SIZE(names) ? names[err] : NULL;
}
EXPORT(errno_name);

const char *signal_name(int sig)
{
	static const char *const names[] = {
		NULL,	    "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",  "SIGTRAP",   "SIGABRT",
		"SIGBUS",   "SIGFPE",  "SIGKILL",   "SIGUSR1", "SIGSEGV", "SIGUSR2",   "SIGPIPE",
		"SIGALRM",  "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP",   "SIGTSTP",
		"SIGTTIN",  "SIGTTOU", "SIGURG",    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF",
		"SIGWINCH", "SIGIO",   "SIGPWR",    "SIGSYS",
	};

	return sig > 0 && sig < (int)ARRAY_SIZE(names) ? names[sig] : NULL;
}
EXPORT(signal_name);

/* The codes of the signals that a fault sends; they count from 1 for each signal. */
#define CODES_MAX 10
static const struct {
	int sig;
	const char *code[CODES_MAX + 1];
} codes[] = {
	{ 4,
	  { NULL, "ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP", "ILL_PRVOPC",
	    "ILL_PRVREG", "ILL_COPROC", "ILL_BADSTK" } },
	{ 5, { NULL, "TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT" } },
	{ 7, { NULL, "BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR" } },
	{ 8,
	  { NULL, "FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF", "FPE_FLTUND",
	    "FPE_FLTRES", "FPE_FLTINV", "FPE_FLTSUB" } },
	{ 11,
	  { NULL, "SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR", "SEGV_ACCADI",
	    "SEGV_ADIDERR", "SEGV_ADIPERR", "SEGV_MTEAERR", "SEGV_MTESERR", "SEGV_CPERR" } },
};

const char *signal_code_name(int sig, int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].sig == sig)
			return code > 0 && code <= CODES_MAX ? codes[i].code[code] : NULL;
	return NULL;
}

/*
 * Their numbers are the headers' own.  tests/boot/test_trace_tools.py knows when one of these is
 * missing.
 */
/* clang-format off */
#define FUNCTION(name) { name, #name },
static const struct {
	uint32_t fn;
	const char *name;
} functions[] = {
	FUNCTION(PSCI_VERSION)
	FUNCTION(PSCI_CPU_SUSPEND)
	FUNCTION(PSCI_CPU_OFF)
	FUNCTION(PSCI_CPU_ON)
	FUNCTION(PSCI_AFFINITY_INFO)
	FUNCTION(PSCI_MIGRATE_INFO_TYPE)
	FUNCTION(PSCI_SYSTEM_OFF)
	FUNCTION(PSCI_SYSTEM_RESET)
	FUNCTION(PSCI_FEATURES)
	FUNCTION(PSCI_SYSTEM_SUSPEND)
	FUNCTION(SMCCC_VERSION)
	FUNCTION(SMCCC_ARCH_FEATURES)
	FUNCTION(SMCCC_WORKAROUND_1)
	FUNCTION(SMCCC_WORKAROUND_2)
	FUNCTION(SMCCC_WORKAROUND_3)
	FUNCTION(NEWEL_HVC_VERSION)
	FUNCTION(NEWEL_HVC_CURRENTEL)
	FUNCTION(NEWEL_HVC_NOTE)
	FUNCTION(NEWEL_HVC_ARENA)
	FUNCTION(NEWEL_HVC_SEAL_KERNEL)
	FUNCTION(NEWEL_HVC_SEAL)
	FUNCTION(NEWEL_HVC_UNSEAL)
	FUNCTION(NEWEL_SMC_VERSION)
	FUNCTION(NEWEL_SMC_CURRENTEL)
	FUNCTION(NEWEL_SMC_NOTE)
	FUNCTION(NEWEL_SMC_UID)
};
#undef FUNCTION
/* clang-format on */

const char *function_name(uint32_t fn)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (functions[i].fn == fn || (functions[i].fn | SMCCC_64) == fn)
			return functions[i].name;
	return NULL;
}
