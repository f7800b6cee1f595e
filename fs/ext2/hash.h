/*
 * hash.h - the hash of a name by which an index of a directory (dir_index) is ordered.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* s_def_hash_version, and an index's own; three more: of names as unsigned bytes. */
enum { DX_HASH_LEGACY, DX_HASH_HALF_MD4, DX_HASH_TEA, DX_HASH_UNSIGNED, NR_DX_HASHES = 6 };

/*
 * ext2_hash - of the @len bytes at @name, by @version (below NR_DX_HASHES) and @seed; bit 0 is
 * clear.  Pure.
 */
uint32_t ext2_hash(const char *name, uint32_t len, uint32_t version, const uint32_t seed[4]);
