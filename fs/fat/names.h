/* names.h - names as programs say them, and as the disk has them.  Pure: no lock, no disk. */
#pragma once

#include "fs/fat/fat.h"

/* A long name. */
struct fat_units {
	uint32_t n;
	uint16_t u[FAT_SLOTS * FAT_SLOT];
};

#define FAT_TEXT (FAT_UNITS * 3 + 1) /* bytes of a name that is shown */

/* fat_text - @u as programs see it: its length; @text is not terminated. */
uint32_t fat_text(const struct fat_options *o, const struct fat_units *u, char text[FAT_TEXT]);
/* fat_same - does a program that says @name mean @u? */
bool fat_same(const struct fat_options *o, const struct fat_units *u, const struct name *name);
/*
 * fat_units_from - the name that is to be stored: 0, -ENOENT (only dots), -EINVAL, -ENAMETOOLONG.
 */
int fat_units_from(const struct fat_options *o, const struct name *name,
		   struct fat_units *u) __must_check;
/* fat_short_units - @e's short name, as vfat shows it. */
void fat_short_units(const struct fat_options *o, const struct fat_entry *e, struct fat_units *u);

/* How a long name becomes a short one. */
struct fat_short {
	uint8_t name[FAT_NAME];
	bool whole;		   /* it says all: no tail, no long name but for lower case */
	bool lone;		   /* and needs no long name at all */
	uint8_t lower;		   /* FAT_LOWER_*, if lone */
	uint8_t base, base_random; /* bytes that stay before ~1, and before 1234~1 */
};
/* fat_shorten - 0, -EINVAL: nothing of it can be in one. */
int fat_shorten(const struct fat_options *o, const struct fat_units *u,
		struct fat_short *s) __must_check;
/* fat_short_tail - ~@tail for 1 .. 9; else with a number made of @tail. */
void fat_short_tail(const struct fat_short *s, uint32_t tail, uint8_t name[FAT_NAME]);
uint8_t fat_checksum(const uint8_t name[FAT_NAME]);
/* fat_msdos_name - msdos' way from a name to the disk: 0, -EINVAL.  fat_msdos_text - and back. */
int fat_msdos_name(const struct fat_options *o, const struct name *name,
		   uint8_t out[FAT_NAME]) __must_check;
uint32_t fat_msdos_text(const struct fat_options *o, const struct fat_entry *e, char text[14]);
/* Two names for one entry: superblock.name_hash and name_same. */
uint32_t fat_vfat_hash(const struct name *name);
bool fat_vfat_same(const struct name *a, const struct name *b);
uint32_t fat_msdos_hash(const struct name *name);
bool fat_msdos_same(const struct name *a, const struct name *b);
