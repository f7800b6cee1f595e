/*
 * early_report.h - what early_vectors.S has to say about an exception that nobody serves.
 */
#pragma once

#include <stdint.h>

/*
 * early_report - one line about an exception before its level had vectors.  @slot: 0..15 of the
 * vector table.
 */
void early_report(unsigned int slot, uint64_t esr, uint64_t elr, uint64_t far);
