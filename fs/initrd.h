/*
 * initrd.h - the archive that fills the root file system at boot.
 */
#pragma once

#include <stddef.h>

/*
 * initrd_unpack - newc archives, one behind another, each plain or gzip'd, zeros between them, into
 * the root. What is wrong is said in one line that begins "newel: initramfs: "; what was unpacked
 * until then stays, as on Linux. @data may be released afterwards.  Boot core, after tmpfs_init().
 */
void initrd_unpack(const void *data, size_t size);

/* The archive linked into the kernel, for a boot without an initrd (fs/embedded_initrd.S). */
extern const char embedded_initrd_start[], embedded_initrd_end[];
