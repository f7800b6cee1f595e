/*
 * predictor.h - forgetting what a core has learned of branches (CVE-2017-5715, and with it
 * CVE-2022-23960), for a level below that asks: Arm DEN 0028, SMCCC_ARCH_WORKAROUND_1 and _3.
 */
#pragma once

#include <stdbool.h>

/* el3_predictor_init_core - get this core ready for it, if it is one that needs and has the way. */
void el3_predictor_init_core(void);

/* el3_predictor_served - whether this core is ready: TTBR0_EL3 is not 0 (el3/vectors.S). */
bool el3_predictor_served(void);

/* el3_predictor_forget - this core forgets.  Only where it is served. */
void el3_predictor_forget(void);
