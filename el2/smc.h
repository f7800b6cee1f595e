/*
 * smc.h - the SMCs of EL1, and where EL1 wants cores to begin.
 */
#pragma once

#include <stdint.h>

struct resident_frame;

/* el2_smc - an SMC of EL1's is answered, or made in its name; @f becomes the answer. */
void el2_smc(struct resident_frame *f);
/* el2_take_cpu_on, el2_take_resume - where EL1 wants this core, and its x0 there. */
uint64_t el2_take_cpu_on(uint64_t *context);
uint64_t el2_take_resume(uint64_t *context);
