/*
 * test_table.c - partition tables made here, good and spoiled.  What is expected of them is what
 * Debian's Linux makes of the same disks (tests/boot/test_disk_partitions.py asks it).
 */
#include "unit.h"
#include "abi/errno.h"
#include "block/table.h"
#include "lib/crc32.h"
#include "lib/string.h"

#define BYTES (1u << 20)

static uint8_t image[BYTES];
static struct table_disk disk;
static struct partition found[PARTITIONS_MAX];
static uint64_t bad_block; /* cannot be read */
static unsigned int reads;

static int read_image(void *arg, uint64_t at, uint32_t n, void *buf)
{
	assert_true(n && n * disk.block <= TABLE_BUFFER && at + n <= disk.blocks);
	reads++;
	if (at <= bad_block && bad_block < at + n)
		return -EIO;
	memcpy(buf, image + at * disk.block, n * disk.block);
	return 0;
}

static void begin(uint32_t block)
{
	memset(image, 0, sizeof(image));
	disk = (struct table_disk){ .block = block, .blocks = BYTES / block, .read = read_image };
	bad_block = UINT64_MAX;
	reads = 0;
}

static int read_table(void)
{
	static uint8_t buf[TABLE_BUFFER];

	memset(buf, 0xa5, sizeof(buf));
	return table_read(&disk, buf, found);
}

static void put(uint64_t at, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		image[at + i] = (uint8_t)(value >> 8 * i);
}

static void mbr(uint64_t block, unsigned int i, uint8_t type, uint32_t start, uint32_t n)
{
	uint64_t at = block * disk.block;

	put(at + 510, 0xaa55, 2);
	put(at + 446 + 16 * i + 4, type, 1);
	put(at + 446 + 16 * i + 8, start, 4);
	put(at + 446 + 16 * i + 12, n, 4);
}

/* @i of what was found, in sectors. */
static void expect(unsigned int i, uint32_t number, uint64_t start, uint64_t n, const char *uuid)
{
	assert_int_equal(found[i].number, number);
	assert_int_equal(found[i].start, start);
	assert_int_equal(found[i].sectors, n);
	assert_string_equal(found[i].uuid, uuid);
}

/* ---- MBR ---- */

static void test_primary(void **state)
{
	begin(512);
	put(440, 0xdeadbeef, 4);
	mbr(0, 0, 0x83, 8, 100);
	mbr(0, 2, 0x0c, 200, 50);
	mbr(0, 3, 0x83, 2000, 1000); /* the disk ends at 2048 */
	assert_int_equal(read_table(), 3);
	expect(0, 1, 8, 100, "deadbeef-01");
	expect(1, 3, 200, 50, "deadbeef-03");
	expect(2, 4, 2000, 48, "deadbeef-04");
	assert_true(found[2].cut && !found[1].cut);
	mbr(0, 3, 0x83, 2048, 1); /* behind the disk: none */
	assert_int_equal(read_table(), 2);
	mbr(0, 3, 0x83, UINT32_MAX, UINT32_MAX);
	assert_int_equal(read_table(), 2);
	put(511, 0, 1);
	assert_int_equal(read_table(), 0);
}

static void test_boot_sector(void **state)
{
	begin(512);
	mbr(0, 0, 0x83, 8, 100);
	put(446, 0x80, 1);
	assert_int_equal(read_table(), 1);
	put(446 + 16, 0x61, 1); /* text of a file system's boot sector, say */
	assert_int_equal(read_table(), 0);
}

static void test_extended(void **state)
{
	begin(512);
	put(440, 0x4e57454c, 4);
	mbr(0, 0, 0x83, 8, 8);
	mbr(0, 1, 0x05, 100, 1000);
	mbr(100, 0, 0x83, 2, 10);
	mbr(100, 1, 0x05, 50, 100); /* from the beginning of the extended one */
	mbr(150, 0, 0x82, 3, 20);
	mbr(150, 2, 0x83, 30, 20);
	mbr(150, 3, 0x83, 90, 20); /* ends behind its link: no partition */
	assert_int_equal(read_table(), 5);
	expect(0, 1, 8, 8, "4e57454c-01");
	expect(1, 2, 100, 2, "");
	expect(2, 5, 102, 10, "4e57454c-05");
	expect(3, 6, 153, 20, "4e57454c-06");
	expect(4, 7, 180, 20, "4e57454c-07");
	/* A sector of the chain that is none, or cannot be read, ends it. */
	put(150 * 512 + 510, 0, 2);
	assert_int_equal(read_table(), 3);
	bad_block = 100;
	assert_int_equal(read_table(), 2);
}

static void test_two_extended(void **state)
{
	begin(512);
	mbr(0, 0, 0x0f, 100, 100);
	mbr(0, 1, 0x85, 300, 1);
	mbr(100, 0, 0x83, 1, 1);
	mbr(300, 0, 0x83, 1, 1);
	assert_int_equal(read_table(), 4);
	expect(0, 1, 100, 2, "");
	expect(1, 5, 101, 1, "00000000-05");
	expect(2, 2, 300, 1, "");
	expect(3, 6, 301, 1, "00000000-06");
}

static void test_loops(void **state)
{
	begin(512);
	mbr(0, 0, 0x05, 100, 1000);
	mbr(100, 1, 0x05, 0, 100); /* the link is to itself */
	assert_int_equal(read_table(), 1);
	assert_in_range(reads, 2, 200);
	/* With a partition each time round there are no numbers left some day. */
	mbr(100, 0, 0x83, 1, 1);
	assert_int_equal(read_table(), 1 + PARTITIONS_MAX - 4);
	expect(PARTITIONS_MAX - 4, PARTITIONS_MAX, 101, 1, "00000000-ff");
	mbr(100, 1, 0x05, UINT32_MAX, 100);
	assert_int_equal(read_table(), 2);
}

static void test_large_blocks(void **state)
{
	begin(4096);
	mbr(0, 0, 0x83, 2, 10);
	mbr(0, 1, 0x05, 20, 10);
	mbr(20, 0, 0x83, 1, 5);
	assert_int_equal(read_table(), 3);
	expect(0, 1, 16, 80, "00000000-01");
	expect(1, 2, 160, 8, "");
	expect(2, 5, 168, 40, "00000000-05");
}

static void test_unreadable(void **state)
{
	begin(512);
	bad_block = 0;
	assert_int_equal(read_table(), -EIO);
	disk.blocks = 0;
	assert_int_equal(read_table(), -EIO);
}

/* ---- GPT ---- */

#define LAST (disk.blocks - 1)

static uint64_t entries; /* block */

static void gpt_header(uint64_t lba, uint64_t other, uint32_t nr)
{
	uint64_t at = lba * disk.block;

	memcpy(image + at, "EFI PART", 8);
	put(at + 8, 0x10000, 4);
	put(at + 12, 92, 4);
	put(at + 24, lba, 8);
	put(at + 32, other, 8);
	put(at + 40, 40, 8);
	put(at + 48, LAST - 40, 8);
	put(at + 72, entries, 8);
	put(at + 80, nr, 4);
	put(at + 84, 128, 4);
}

/* The sums, once all else is there. */
static void gpt_seal(uint64_t lba)
{
	uint64_t at = lba * disk.block;
	uint32_t nr = image[at + 80] | image[at + 81] << 8;

	put(at + 88, crc32_update(0, image + entries * disk.block, nr * 128), 4);
	put(at + 16, 0, 4);
	put(at + 16, crc32_update(0, image + at, 92), 4);
}

static void gpt_entry(unsigned int i, uint64_t first, uint64_t last, const char *name)
{
	uint64_t at = entries * disk.block + i * 128;

	for (unsigned int k = 0; k < 32; k++)
		put(at + k, 0xe0 + k, 1);
	put(at + 32, first, 8);
	put(at + 40, last, 8);
	for (unsigned int k = 0; name[k]; k++)
		put(at + 56 + 2 * k, name[k], 1);
}

static const char uuid[] = "f3f2f1f0-f5f4-f7f6-f8f9-fafbfcfdfeff";

static void gpt(uint32_t block)
{
	begin(block);
	entries = 2;
	mbr(0, 0, 0xee, 1, UINT32_MAX);
	gpt_header(1, LAST, 128);
	gpt_entry(0, 50, 59, "root");
	gpt_entry(127, 60, 60, "");
	gpt_seal(1);
}

static void test_gpt(void **state)
{
	static const uint32_t blocks[] = { 512, 1024, 2048, 4096 };

	for (unsigned int i = 0; i < 4; i++) {
		uint32_t k = blocks[i] / 512;

		gpt(blocks[i]);
		assert_int_equal(read_table(), 2);
		expect(0, 1, 50 * k, 10 * k, uuid);
		assert_string_equal(found[0].name, "root");
		expect(1, 128, 60 * k, k, uuid);
		assert_string_equal(found[1].name, "");
	}
}

static void test_gpt_entries(void **state)
{
	gpt(512);
	gpt_entry(1, 70, 69, "ends before it begins");
	gpt_entry(2, LAST, LAST + 1, "ends behind the disk");
	gpt_entry(3, 0, UINT64_MAX, "all there is");
	gpt_entry(4, UINT64_MAX - 1, UINT64_MAX, "nowhere");
	gpt_seal(1);
	assert_int_equal(read_table(), 2);
	memset(image + 2 * 512, 0, 16); /* no type: not in use */
	gpt_seal(1);
	assert_int_equal(read_table(), 1);
	bad_block = 20;
	assert_int_equal(read_table(), 0);
}

static void test_gpt_sums(void **state)
{
	gpt(512);
	put(2 * 512 + 32, 51, 1);
	assert_int_equal(read_table(), 0);
	gpt(512);
	put(512 + 40, 41, 1);
	assert_int_equal(read_table(), 0);
	gpt(512);
	image[512]++;
	assert_int_equal(read_table(), 0);
}

/* Right sums, wrong numbers. */
static void test_gpt_header(void **state)
{
	static const struct {
		unsigned int at, bytes;
		uint64_t value;
	} wrong[] = {
		{ 12, 4, 91 },	       { 12, 4, 513 },	{ 12, 4, UINT32_MAX }, { 24, 8, 2 },
		{ 40, 8, 2047 },       { 48, 8, 2048 }, { 48, 8, UINT64_MAX }, { 72, 8, 2040 },
		{ 72, 8, UINT64_MAX }, { 80, 4, 0 },	{ 80, 4, UINT32_MAX }, { 80, 4, 32769 },
		{ 84, 4, 0 },	       { 84, 4, 127 },	{ 84, 4, 256 },
	};

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		gpt(512);
		put(512 + wrong[i].at, wrong[i].value, wrong[i].bytes);
		put(512 + 16, 0, 4);
		put(512 + 16, crc32_update(0, image + 512, 92), 4);
		assert_int_equal(read_table(), 0);
		assert_true(reads < 100);
	}
}

static void test_gpt_mbr(void **state)
{
	gpt(512);
	mbr(0, 1, 0x83, 8, 100); /* a hybrid: GPT counts */
	assert_int_equal(read_table(), 2);
	mbr(0, 0, 0xee, 2, 100); /* not from block 1 on: no GPT, and no MBR either */
	assert_int_equal(read_table(), 0);
	mbr(0, 0, 0x83, 1, 100); /* a new MBR over an old GPT */
	assert_int_equal(read_table(), 2);
	expect(1, 2, 8, 100, "00000000-02");
}

static void test_gpt_backup(void **state)
{
	gpt(512);
	put(512 + 16, 0, 4);
	gpt_header(LAST, 1, 128);
	gpt_seal(LAST);
	assert_int_equal(read_table(), 0);
	disk.backup = true;
	assert_int_equal(read_table(), 2);
	put(512 * LAST, 0, 4);
	assert_int_equal(read_table(), 0);
	begin(512);
	disk.backup = true;
	mbr(0, 1, 0x83, 8, 100);
	assert_int_equal(read_table(), 1);
}

static void test_gpt_names(void **state)
{
	static const uint16_t units[] = { 'a', 0xe9, 0x20ac, 0xd83d, 0xde00, 0xd83d, 'z', 0xde00 };

	gpt(512);
	for (unsigned int i = 0; i < 8; i++)
		put(2 * 512 + 56 + 2 * i, units[i], 2);
	for (unsigned int i = 0; i < 36; i++)
		put(2 * 512 + 127 * 128 + 56 + 2 * i, 0xffff, 2);
	gpt_seal(1);
	assert_int_equal(read_table(), 2);
	assert_string_equal(found[0].name, "a\u00e9\u20ac\U0001f600\ufffdz\ufffd");
	assert_int_equal(strlen(found[1].name), 108);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_primary),	    cmocka_unit_test(test_boot_sector),
		cmocka_unit_test(test_extended),    cmocka_unit_test(test_two_extended),
		cmocka_unit_test(test_loops),	    cmocka_unit_test(test_large_blocks),
		cmocka_unit_test(test_unreadable),  cmocka_unit_test(test_gpt),
		cmocka_unit_test(test_gpt_entries), cmocka_unit_test(test_gpt_sums),
		cmocka_unit_test(test_gpt_header),  cmocka_unit_test(test_gpt_mbr),
		cmocka_unit_test(test_gpt_backup),  cmocka_unit_test(test_gpt_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
