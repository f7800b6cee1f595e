/* super.h - the file systems vfat and msdos. */
#pragma once

/* fat_init - they can be mounted from now on.  Boot core. */
void fat_init(void);
