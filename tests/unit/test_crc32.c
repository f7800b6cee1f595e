/*
 * test_crc32.c - the CRC of gzip: its check value, and in pieces as at once.
 */
#include "unit.h"
#include "lib/crc32.h"

static void known(void **state)
{
	static const uint8_t zeros[32];

	/* The check value of every list of CRCs ("CRC-32/ISO-HDLC"). */
	assert_int_equal(crc32_update(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(crc32_update(0, "", 0), 0);
	assert_int_equal(crc32_update(0, "\0", 1), 0xd202ef8d);
	assert_int_equal(crc32_update(0, zeros, 32), 0x190a55ad);
}

static void pieces(void **state)
{
	uint8_t bytes[257];
	uint32_t whole;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)random_u32();
	whole = crc32_update(0, bytes, sizeof(bytes));
	for (size_t cut = 0; cut <= sizeof(bytes); cut++)
		assert_int_equal(
			crc32_update(crc32_update(0, bytes, cut), bytes + cut, sizeof(bytes) - cut),
			whole);
	bytes[100] ^= 0x10;
	assert_int_not_equal(crc32_update(0, bytes, sizeof(bytes)), whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known),
		cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests_name("crc32", tests, NULL, NULL);
}
