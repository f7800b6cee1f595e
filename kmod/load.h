/*
 * load.h - a module comes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mm/uaccess.h"

/*
 * module_load - init_module(2)'s work with @file, @size bytes of kernel memory, a copy that nobody
 * changes: check, place, relocate, seal, and run its init.
 * @args:  a string: parameters, NAME=VALUE, as on a kernel's command line
 * @flags: MODULE_INIT_IGNORE_VERMAGIC counts; the file's compression is the caller's
 *
 * 0; -ENOEXEC: not a module of this kernel's; -EEXIST, -EBUSY: its name is there, or is on its way
 * in or out; -ENOENT: a symbol that nobody exports; -EINVAL, -ERANGE: a parameter's value; -EFAULT,
 * -ENOMEM; -EINTR; or what its init said.  Nothing is left then.  May sleep; no lock held.
 */
long module_load(const void *file, size_t size, uptr args, uint32_t flags) __must_check;
