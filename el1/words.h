/*
 * words.h - what the kernel's command line says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/parse.h"

/* word_is_ours - is @w the kernel's own, or a module's?  If not, it is for init. */
bool word_is_ours(const struct cmdline_word *w);

/*
 * words_cores - how many cores are to run, this one among them: maxcpus=, nr_cpus=, nosmp; at most
 * NR_CPUS.
 */
unsigned int words_cores(const char *cmdline);

/*
 * words_memory - how many bytes of RAM are to be used, from the lowest on: mem=; UINT64_MAX: all.
 */
uint64_t words_memory(const char *cmdline);
