/*
 * devtmpfs.h - the nodes of devices: in devtmpfs, which mount(2) knows, and in the /dev of boot.
 */
#pragma once

/* devtmpfs_init - mount(2) knows "devtmpfs".  Boot core. */
void devtmpfs_init(void);

/*
 * dev_populate - /dev and in it a node for every device that is not there yet.  After the initrd
 * was unpacked, once; boot is over for the list of devices.
 */
void dev_populate(void);
