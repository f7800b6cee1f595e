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
	shim_cntv_ctl_el0, shim_ctr_el0;
/* Those that the inline functions of headers look at. */
extern uint64_t shim_id_aa64isar1_el1, shim_S3_0_C0_C6_2, shim_id_aa64pfr0_el1,
	shim_id_aa64pfr1_el1, shim_id_aa64dfr0_el1;
