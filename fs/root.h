/*
 * root.h - the root file system on a disk: root=.
 */
#pragma once

#include <stdbool.h>

/* root_is_wanted - does the command line say root=? */
bool root_is_wanted(const char *cmdline);
/*
 * root_mount_disk - what the command line says (root= rootfstype= rootflags= ro rw rootwait[=S]
 * rootdelay=), a disk or what a file system without one calls its source, becomes current's root,
 * with devtmpfs on its /dev: Linux's prepare_namespace.  Panics, as Linux does, if that is not to
 * be.  The first task, which has a root already; may sleep.
 */
void root_mount_disk(const char *cmdline);
