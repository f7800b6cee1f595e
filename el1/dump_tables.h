/*
 * dump_tables.h - the walk of the translation tables to an address that faulted.
 */
#pragma once

#include <stdint.h>

#include "log/printk.h"

/*
 * dump_tables - how the hardware translates @va now: Linux's lines with the raw descriptors, then a
 * line in words for each (trace/pte.h).  By TTBR0_EL1 for an address of the user's half: if other
 * tasks may run, its mm->lock is held.  Survives any state of the tables; takes no lock but the
 * log's.
 */
void dump_tables(enum log_level level, uintptr_t va);
