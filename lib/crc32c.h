/*
 * crc32c.h - the CRC-32C (Castagnoli: iSCSI, RFC 3720, appendix B.4), as ext4 uses it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * crc32c_update - the CRC of what @crc stands for and of @n bytes at @p behind it; it is not
 * inverted before or after, so that a CRC begins with UINT32_MAX, and iSCSI's is ~ of what comes.
 */
uint32_t crc32c_update(uint32_t crc, const void *p, size_t n);
