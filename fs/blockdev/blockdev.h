/*
 * blockdev.h - block devices as files: all of this folder is set up here.
 */
#pragma once

/*
 * blockdev_init - block special files can be opened, what there is and what comes has nodes in /dev
 * and shows itself in /sys.  Boot core, after dev_init and sysfs_init.
 * blockdev_start - reads the partition tables of the disks that there are, and from then on looks
 * after those that do not answer.  Once, in the first task.
 */
void blockdev_init(void);
void blockdev_start(void);
