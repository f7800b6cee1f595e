/*
 * armor.c - see armor.h.
 */
#include "el0/trace/armor.h"

#include "el0/lib/stdio.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 1952's CRC-32. */
static uint32_t crc_of(const char *p, size_t n)
{
	uint32_t crc = ~UINT32_C(0);

	while (n--) {
		crc ^= (unsigned char)*p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

size_t armor_line(char line[ARMOR_LINE], unsigned int number, const void *data, size_t n)
{
	const unsigned char *p = data;
	char *to = line + snprintf(line, ARMOR_LINE, "~NT%04x", number & 0xffff);

	for (size_t i = 0; i < n; i += 3) {
		uint32_t three = (uint32_t)p[i] << 16 | (i + 1 < n ? p[i + 1] : 0u) << 8 |
				 (i + 2 < n ? p[i + 2] : 0u);

		for (int shift = 18; shift >= 0; shift -= 6)
			*to++ = digits[three >> shift & 63];
		if (i + 2 >= n)
			to[-1] = '=';
		if (i + 1 >= n)
			to[-2] = '=';
	}
	return (size_t)(to - line) + (size_t)snprintf(to, (size_t)(line + ARMOR_LINE - to),
						      "%08x\n",
						      crc_of(line + 3, (size_t)(to - line) - 3));
}
