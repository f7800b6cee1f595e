/*
 * crc32c.c - the CRC-32C, four bits at a time.
 */
#include "lib/crc32c.h"

uint32_t crc32c_update(uint32_t crc, const void *p, size_t n)
{
	/* What the 16 values of the low four bits become: polynomial 0x82f63b78, bit-reversed. */
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
		0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const uint8_t *s = p;

	for (; n; n--, s++) {
		crc ^= *s;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}
