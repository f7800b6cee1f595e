/*
 * sysreg.h - the host's stand-in: the kernel's own fields and encodings, but a register that is
 * read is a variable shim_REGISTER, which the test sets.
 */
#pragma once

#include_next "arm/sysreg.h"

#undef READ_SYSREG
#undef WRITE_SYSREG
#define READ_SYSREG(reg)     (shim_##reg)
#define WRITE_SYSREG(reg, v) (shim_##reg = (v))

extern uint64_t shim_cntvct_el0, shim_cntfrq_el0, shim_tpidr_el1, shim_cntv_cval_el0,
	shim_cntv_ctl_el0;
