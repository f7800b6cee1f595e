/*
 * psci.h - the firmware that powers cores and the machine: Power State Coordination Interface (Arm
 * DEN 0022).
 *
 * The device tree says by which instruction it is called; or our own monitor (el3/) answers, by
 * SMC.  With neither, every call returns -ENODEV and touches nothing: an SMC would be undefined, or
 * hang.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

struct fdt;

/*
 * psci_init - boot core, before any other call.
 * @own_el3: el3/ is resident; it answers, whatever the tree says.
 */
void psci_init(const struct fdt *fdt, bool own_el3);

/*
 * psci_smc_version - the version of the SMC Calling Convention (SMCCC_VERSION_1_1 ...) that the
 * level above follows, if SMC is the way to it; 0: it is not, or it does not say.  From 1.1 on an
 * unknown call is answered with SMCCC_NOT_SUPPORTED.
 */
uint32_t psci_smc_version(void);

/* psci_conduit - for the boot line: "hvc", "smc", "own" or "none". */
const char *psci_conduit(void);

/*
 * psci_cpu_on - start the core @mpidr at physical address @entry with @context in x0, MMU off.
 * Return 0, or -EINVAL (no such core, bad entry), -EALREADY (it is on), -EINPROGRESS, -EPERM, -EIO,
 * -ENODEV, -EOPNOTSUPP.
 */
int psci_cpu_on(uint64_t mpidr, uint64_t entry, uint64_t context) __must_check;

/* psci_system_off, psci_system_reset - they return only when that could not be done: -errno. */
int psci_system_off(void);
int psci_system_reset(void);

/*
 * psci_arch_feature - what SMCCC_ARCH_FEATURES answers about @fn (Arm DEN 0028, 7.3) on this core;
 * below 0 where nobody is asked, or who is does not know of it (SMCCC 1.0).
 * psci_arch_call - the function @fn of the Arm architecture's calls, without arguments; one that
 * psci_arch_feature has found to be served.  Any context; the trace does not show it.
 */
int64_t psci_arch_feature(uint32_t fn);
void psci_arch_call(uint32_t fn);
