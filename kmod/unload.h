/*
 * unload.h - a module goes.
 */
#pragma once

#include "kmod/loaded.h"

/*
 * module_unload - delete_module(2)'s work: its exit is run, and it is gone.
 * 0; -ENOENT; -EWOULDBLOCK: it is used, by another module or by who runs its code; -EBUSY: it is on
 * its way in or out, or has an init and no exit; -EINTR.  May sleep; no lock held.
 */
long module_unload(const char *name) __must_check;

/*
 * module_free - all that there is of @m goes, however far it has come; its init and exit are the
 * caller's.  module_free_init - its init memory alone.
 */
void module_free(struct loaded *m);
void module_free_init(struct loaded *m);
