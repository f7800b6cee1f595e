/*
 * words.h - the words of the kernel's command line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/parse.h"

/* word_is_ours - is @w the kernel's own, or a module's?  If not, it is for init. */
bool word_is_ours(const struct cmdline_word *w);

/*
 * words_cores - how many cores are to run at the most, the one that asks among them: maxcpus=,
 * nr_cpus=, nosmp; at least 1.
 */
unsigned int words_cores(const char *cmdline);

/*
 * words_memory - *@bytes of RAM are to be used, from the lowest on: mem=; UINT64_MAX: all.  False:
 * the word is there, but is no size, and is ignored.
 */
bool words_memory(const char *cmdline, uint64_t *bytes) __must_check;
