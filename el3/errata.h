/*
 * errata.h - what a core's errata ask of EL3.
 */
#pragma once

/* el3_errata_init_core - on each core, before it first leaves EL3; its caches are off. */
void el3_errata_init_core(void);
