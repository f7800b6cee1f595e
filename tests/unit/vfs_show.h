/*
 * vfs_show.h - what test_vfs.c and vfs_oracle.c say of a file, in the same words: each with its own
 * struct stat, the kernel's or the C library's, which the includer has brought.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "vfs_oracle.h"

/* Without st_blocks: a write that faults may leave a page in a hole, in some versions of Linux. */
static void show_stat(const struct stat *st, struct vfs_answer *a)
{
	snprintf(a->text, sizeof(a->text), "mode %o nlink %lu uid %u gid %u size %ld rdev %lx",
		 st->st_mode, (unsigned long)st->st_nlink, st->st_uid, st->st_gid,
		 (long)st->st_size, (unsigned long)st->st_rdev);
}

static void show_bytes(const char *from, int64_t n, struct vfs_answer *a)
{
	for (int64_t i = 0; i < n && 2 * i + 2 < VFS_TEXT; i++)
		snprintf(a->text + 2 * i, 3, "%02x", (unsigned char)from[i]);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}
