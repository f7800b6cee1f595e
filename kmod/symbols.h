/*
 * symbols.h - the names of a module that are kept, and found in a dump.
 */
#pragma once

#include "kmod/loading.h"

/*
 * module_keep - what is kept of the file: the names of functions and sections.  0, -ENOMEM,
 * -EINTR.
 */
int module_keep(struct loading *l) __must_check;
/*
 * module_join - from now on a fault in @m is named, and its exception table is looked at.
 * module_leave - no longer: on return no core uses what that half brought.  Not joined: nothing.
 */
void module_join(struct loading *l);
void module_leave(struct loaded *m, enum module_half half);
