/*
 * crc32.c - the CRC-32 of gzip, without a table.
 */
#include "lib/crc32.h"

#define POLYNOMIAL 0xedb88320u /* bit-reversed */

uint32_t crc32_update(uint32_t crc, const void *p, size_t n)
{
	const uint8_t *s = p;

	crc = ~crc;
	for (; n; n--, s++) {
		crc ^= *s;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (POLYNOMIAL & -(crc & 1));
	}
	return ~crc;
}
