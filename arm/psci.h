/*
 * psci.h - the Power State Coordination Interface 1.1 (Arm DEN 0022): its function numbers and its
 * answers, for its server (el3/psci.c), its caller (drivers/psci) and its test (selftest/).
 *
 * A function that takes an address or an affinity has a 64-bit form, under the same number with
 * SMCCC_64 set.
 */
#pragma once

#include "arm/smccc.h"

#define PSCI_VERSION		  SMCCC_FAST(SMCCC_OWNER_STANDARD, 0) /* 0x84000000 */
#define PSCI_CPU_SUSPEND	  SMCCC_FAST(SMCCC_OWNER_STANDARD, 1)
#define PSCI_CPU_OFF		  SMCCC_FAST(SMCCC_OWNER_STANDARD, 2)
#define PSCI_CPU_ON		  SMCCC_FAST(SMCCC_OWNER_STANDARD, 3)
#define PSCI_AFFINITY_INFO	  SMCCC_FAST(SMCCC_OWNER_STANDARD, 4)
#define PSCI_MIGRATE_INFO_TYPE	  SMCCC_FAST(SMCCC_OWNER_STANDARD, 6)
#define PSCI_SYSTEM_OFF		  SMCCC_FAST(SMCCC_OWNER_STANDARD, 8)
#define PSCI_SYSTEM_RESET	  SMCCC_FAST(SMCCC_OWNER_STANDARD, 9)
#define PSCI_FEATURES		  SMCCC_FAST(SMCCC_OWNER_STANDARD, 10)
#define PSCI_SYSTEM_SUSPEND	  SMCCC_FAST(SMCCC_OWNER_STANDARD, 14)

#define PSCI_SUCCESS		  0
#define PSCI_NOT_SUPPORTED	  (-1)
#define PSCI_INVALID_PARAMETERS	  (-2)
#define PSCI_DENIED		  (-3)
#define PSCI_ALREADY_ON		  (-4)
#define PSCI_ON_PENDING		  (-5)
#define PSCI_INTERNAL_FAILURE	  (-6)
#define PSCI_NOT_PRESENT	  (-7)
#define PSCI_DISABLED		  (-8)
#define PSCI_INVALID_ADDRESS	  (-9)

#define PSCI_VERSION_1_0	  0x10000
#define PSCI_VERSION_1_1	  0x10001
#define PSCI_MIGRATE_NOT_REQUIRED 2 /* no trusted OS that would have to move */
#define PSCI_AFFINITY_ON	  0
#define PSCI_AFFINITY_OFF	  1
#define PSCI_AFFINITY_PENDING	  2
#define PSCI_SUSPEND_POWERDOWN	  0x10000u /* StateType in CPU_SUSPEND's power_state */
