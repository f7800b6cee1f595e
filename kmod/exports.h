/*
 * exports.h - what a module links to, and what it exports.
 */
#pragma once

#include "kmod/loading.h"

/* module_find_symbol - image_find_fn, @ctx: struct loading. */
int module_find_symbol(void *ctx, const char *name, uint64_t *value);
/*
 * module_publish - @m, whose code could run, is COMING: it is shown, and what it exports is found
 * by others, if nobody exports the same already.  0, -ENOEXEC, -EINTR.
 */
int module_publish(struct loaded *m) __must_check;
