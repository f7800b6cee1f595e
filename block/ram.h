/*
 * ram.h - RAM disks, /dev/ram0 and so on.
 */
#pragma once

/*
 * ram_disks_init - as many as the command line asks for, as Linux's brd takes it: brd.rd_nr=N (none
 * without it), brd.rd_size=KiB or ramdisk_size=KiB each (16384).  All their memory is taken now.
 * Boot core, once there is memory.
 */
void ram_disks_init(const char *cmdline);
