/*
 * memory.h - from the device tree to an allocator that works.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/fdt_bindings.h"

struct boot_info;

/* Where the initrd lies in physical memory; size 0: there is none. */
struct initrd {
	uint64_t pa, size;
};

/*
 * memory_init - what RAM there is, what of it is taken (image, device tree, initrd, what the tree
 * reserves), and with that the linear map, the page allocator and kmalloc.  Panics with one line
 * when that can't be.
 * @cmdline: initrd=ADDR,SIZE wins over /chosen's.  Boot core, once.
 */
struct initrd memory_init(const struct boot_info *boot, const struct fdt *fdt, const char *cmdline);
