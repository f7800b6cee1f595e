/*
 * kernel.h - what is in /sys from boot on: /sys/kernel, and /sys/module, where modules show
 * themselves.
 */
#pragma once

struct sysfs_node;

/* sysfs_kernel_init - both, and the kernel's own files in them.  After sysfs_init, boot core. */
void sysfs_kernel_init(void);

/*
 * sysfs_kernel_dir, sysfs_module_dir - /sys/kernel and /sys/module.
 * sysfs_newel_dir - /sys/kernel/newel: what no other kernel has.  For functions of sysfs_on_mount;
 * NULL: no memory.
 */
struct sysfs_node *sysfs_kernel_dir(void);
struct sysfs_node *sysfs_module_dir(void);
struct sysfs_node *sysfs_newel_dir(void);
