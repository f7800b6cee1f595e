/*
 * psci.c - calls to the firmware that powers cores and the machine.
 * Invariant: no SMC or HVC is made before psci_init has found that it is answered.
 */
#include "drivers/psci/psci.h"

#include "abi/errno.h"
#include "arm/psci.h"
#include "drivers/device.h"
#include "lib/string.h"

static enum conduit { CONDUIT_NONE, CONDUIT_HVC, CONDUIT_SMC, CONDUIT_OWN } conduit;
/*
 * PSCI 0.1 has no fixed numbers: the tree names those that are served, and the machine's end is
 * none.
 */
static bool has_standard_numbers;
static uint32_t fn_cpu_on;

static int to_errno(int32_t answer)
{
	static const uint8_t errnos[] = {
		[-PSCI_NOT_SUPPORTED] = EOPNOTSUPP,
		[-PSCI_INVALID_PARAMETERS] = EINVAL,
		[-PSCI_DENIED] = EPERM,
		[-PSCI_ALREADY_ON] = EALREADY,
		[-PSCI_ON_PENDING] = EINPROGRESS,
		[-PSCI_INTERNAL_FAILURE] = EIO,
		[-PSCI_NOT_PRESENT] = ENODEV,
		[-PSCI_DISABLED] = EACCES,
		[-PSCI_INVALID_ADDRESS] = EINVAL,
	};

	if (answer >= 0)
		return answer;
	/* What a later version may answer. */
	if (answer < -(int)(ARRAY_SIZE(errnos) - 1))
		return -EIO;
	return -errnos[-answer];
}

/* There is a conduit.  Of the answer the low word alone: a 32-bit function need not fill x0. */
static int32_t ask_firmware(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	if (conduit == CONDUIT_HVC)
		return (int32_t)smccc_hvc(fn, a1, a2, a3).x0;
	return (int32_t)smccc_smc(fn, a1, a2, a3).x0;
}

static int call(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3)
{
	return conduit == CONDUIT_NONE ? -ENODEV : to_errno(ask_firmware(fn, a1, a2, a3));
}

static enum conduit find_conduit(const struct fdt *fdt, int node)
{
	const char *method = fdt_string(fdt, node, "method", 0);

	if (method && !strcmp(method, "hvc"))
		return CONDUIT_HVC;
	if (method && !strcmp(method, "smc"))
		return CONDUIT_SMC;
	return CONDUIT_NONE;
}

static void use_standard_numbers(enum conduit c)
{
	conduit = c;
	fn_cpu_on = PSCI_CPU_ON | SMCCC_64;
	has_standard_numbers = true;
}

/* PSCI 0.2 and later, with fixed function numbers. */
static int psci_probe(const struct fdt *fdt, int node)
{
	enum conduit c = find_conduit(fdt, node);

	if (c == CONDUIT_NONE)
		return -EINVAL;
	use_standard_numbers(c);
	return 0;
}

/* PSCI 0.1: the tree gives the numbers. */
static int psci_0_1_probe(const struct fdt *fdt, int node)
{
	conduit = find_conduit(fdt, node);
	if (conduit == CONDUIT_NONE)
		return -EINVAL;
	/* Optional: without it the machine runs on its boot core. */
	if (fdt_u32(fdt, node, "cpu_on", &fn_cpu_on))
		fn_cpu_on = 0;
	return 0;
}

DEVICE_DRIVER(psci_1_0, DEVICE_FIRMWARE, "arm,psci-1.0", psci_probe);
DEVICE_DRIVER(psci_0_2, DEVICE_FIRMWARE, "arm,psci-0.2", psci_probe);
DEVICE_DRIVER(psci_0_1, DEVICE_FIRMWARE, "arm,psci", psci_0_1_probe);

void psci_init(const struct fdt *fdt, bool own_el3)
{
	if (own_el3)
		/* Whatever the tree says: it describes a firmware that is not there. */
		use_standard_numbers(CONDUIT_OWN);
	else
		device_probe(fdt, DEVICE_FIRMWARE);
}

/* PSCI 1.0 says what it serves: a firmware that names SMCCC_VERSION can be asked for it. */
uint32_t psci_smc_version(void)
{
	int version;

	if (!has_standard_numbers || (conduit != CONDUIT_SMC && conduit != CONDUIT_OWN))
		return 0;
	version = call(PSCI_VERSION, 0, 0, 0);
	if (version < PSCI_VERSION_1_0 || call(PSCI_FEATURES, SMCCC_VERSION, 0, 0) < 0)
		return 0;
	version = call(SMCCC_VERSION, 0, 0, 0);
	return version > 0 ? (uint32_t)version : 0;
}

const char *psci_conduit(void)
{
	static const char *const names[] = { "none", "hvc", "smc", "own" };

	return names[conduit];
}

int psci_cpu_on(uint64_t mpidr, uint64_t entry, uint64_t context)
{
	return fn_cpu_on ? call(fn_cpu_on, mpidr, entry, context) : -ENODEV;
}

/* A machine that is still running after this has a firmware that does not do it. */
static int system_call(uint32_t fn)
{
	int err;

	/* An SMC with a number that nobody serves may be undefined. */
	if (!has_standard_numbers)
		return -ENODEV;
	err = call(fn, 0, 0, 0);
	/* It came back: also an answer of success is a failure. */
	return err < 0 ? err : -EIO;
}

int psci_system_off(void)
{
	return system_call(PSCI_SYSTEM_OFF);
}

int psci_system_reset(void)
{
	return system_call(PSCI_SYSTEM_RESET);
}

int64_t psci_arch_feature(uint32_t fn)
{
	/* Each question is one that the answer before it allows (DEN 0028, 2.8 and annex A). */
	if (!has_standard_numbers || call(PSCI_FEATURES, SMCCC_VERSION, 0, 0) < 0 ||
	    call(SMCCC_VERSION, 0, 0, 0) < SMCCC_VERSION_1_1)
		return SMCCC_NOT_SUPPORTED;
	return ask_firmware(SMCCC_ARCH_FEATURES, fn, 0, 0);
}

void psci_arch_call(uint32_t fn)
{
	if (conduit != CONDUIT_NONE)
		smccc_unseen(conduit == CONDUIT_HVC ? 2 : 3, fn);
}
