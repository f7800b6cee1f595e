/* options.h - what mount(2) may choose. */
#pragma once

#include "fs/fat/fat.h"

int fat_parse_options(struct fat_options *o, bool vfat, char *text) __must_check;
int fat_show_options(struct superblock *sb, char *buf, size_t size);
