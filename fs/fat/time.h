/* time.h - dates of the disk. */
#pragma once

#include "fs/fat/fat.h"

/* fat_time_from - a date and time of the disk, @cs hundredths later. */
struct vfs_time fat_time_from(const struct fat_options *o, uint16_t date, uint16_t time,
			      uint8_t cs);
void fat_time_to(const struct fat_options *o, struct vfs_time t, uint16_t *date, uint16_t *time,
		 uint8_t *cs);
/* fat_round_atime - vfat has the day alone of the last access, a local one. */
struct vfs_time fat_round_atime(const struct fat_fs *fs, struct vfs_time t);
