/*
 * taint.h - what has happened to this kernel that whoever reads its dump should know: the bits and
 * letters are Linux's (Documentation/admin-guide/tainted-kernels).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum taint {
	TAINT_PROPRIETARY_MODULE = 0, /* P, else G */
	TAINT_FORCED_MODULE = 1,      /* F */
	TAINT_FORCED_RMMOD = 3,	      /* R */
	TAINT_USER = 6,		      /* U: root has asked for it */
	TAINT_DIE = 7,		      /* D: an oops */
	TAINT_WARN = 9,		      /* W */
	TAINT_OOT_MODULE = 12,	      /* O: a module from outside the tree */
	TAINT_UNSIGNED_MODULE = 13,   /* E */
	TAINT_SOFTLOCKUP = 14,	      /* L */
	NR_TAINTS = 19
};

/* taint_add - for good.  Any context. */
void taint_add(enum taint bit);
/* taint_mask - the bits, as /proc/sys/kernel/tainted shows them. */
uint64_t taint_mask(void);
/*
 * taint_words - "Not tainted", or "Tainted: G           O      " as Linux prints it, into @buf,
 * for @mask.  Returns as snprintf.
 */
#define TAINT_WORDS_MAX 40
int taint_words(char *buf, size_t size, uint64_t mask);
/*
 * taint_names - "Tainted: [O]=OOT_MODULE, [L]=SOFTLOCKUP", Linux's line behind the other; empty
 * for 0.
 */
#define TAINT_NAMES_MAX 512
void taint_names(char *buf, size_t size, uint64_t mask);
/* taint_module_letters - of @mask those that a module brings, "OE"; may be empty. */
#define TAINT_LETTERS_MAX 16
void taint_module_letters(char *buf, size_t size, uint64_t mask);
