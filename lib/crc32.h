/*
 * crc32.h - the CRC-32 of gzip, zlib and the `crc32` command (RFC 1952, section 8).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * crc32_update - the CRC of what @crc stands for (0: nothing yet) and of @n bytes at @p behind it.
 * Bit by bit, without a table: for code that runs once, with the caches off.
 */
uint32_t crc32_update(uint32_t crc, const void *p, size_t n);
