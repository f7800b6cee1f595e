/*
 * test_board.c - drivers/bcm2711/board.c: codes in words, and the board as its firmware or its tree
 * tells of it.
 */
#include "unit.h"
#include "abi/errno.h"
#include "log/printk.h"
#include "drivers/bcm2711/board.c"

#ifndef DATA
#define DATA "build/unit/data/"
#endif

/* What the firmware answers; 0: nothing. */
static uint32_t fw_revision, fw_rate, fw_now, fw_max, fw_bits, fw_when;
static uint64_t fw_serial;
static struct mailbox_memory fw_arm, fw_vc;
static bool fw_dead;

#define ANSWER(name, type, value)       \
	int name(type *v)               \
	{                               \
		if (fw_dead)            \
			return -ENODEV; \
		*v = (value);           \
		return 0;               \
	}

ANSWER(mailbox_board_revision, uint32_t, fw_revision)
ANSWER(mailbox_board_serial, uint64_t, fw_serial)
ANSWER(mailbox_temperature, uint32_t, fw_now)
ANSWER(mailbox_max_temperature, uint32_t, fw_max)
ANSWER(mailbox_throttled, uint32_t, fw_bits)
ANSWER(mailbox_firmware_revision, uint32_t, fw_when)
ANSWER(mailbox_vc_memory, struct mailbox_memory, fw_vc)
ANSWER(mailbox_arm_memory, struct mailbox_memory, fw_arm)

int mailbox_clock_rate(enum mailbox_clock id, uint32_t *hz)
{
	if (fw_dead)
		return -ENODEV;
	*hz = fw_rate * id;
	return 0;
}

static char said[2048];

static void hear(const char *s, size_t n)
{
	size_t at = strlen(said);

	assert_true(at + n < sizeof(said));
	memcpy(said + at, s, n);
	said[at + n] = 0;
}

static void revisions(void **state)
{
	/* Codes that exist, from the documentation's table. */
	static const struct {
		uint32_t code;
		const char *words;
	} codes[] = {
		{ 0xa03111, "4 Model B 1.1, 1 GiB, BCM2711, Sony UK" },
		{ 0xc03112, "4 Model B 1.2, 4 GiB, BCM2711, Sony UK" },
		{ 0xd03115, "4 Model B 1.5, 8 GiB, BCM2711, Sony UK" },
		{ 0xc03130, "400 1.0, 4 GiB, BCM2711, Sony UK" },
		{ 0x902120, "Zero 2 W 1.0, 512 MiB, BCM2837, Sony UK" },
		{ 0xa52082, "3B 1.2, 1 GiB, BCM2837, Stadium" },
		{ 0xd04170, "5 1.0, 8 GiB, BCM2712, Sony UK" },
		/* Flags above: overclocked, warranty. */
		{ 0x82d03114, "4 Model B 1.4, 8 GiB, BCM2711, Sony UK" },
		{ 0x000010, "old style" },
		{ 0xffffffff, "" },
		{ 0, "old style" },
	};
	char text[80];

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		board_describe_revision(codes[i].code, text, sizeof(text));
		assert_string_equal(text, codes[i].words);
	}
	for (int i = 0; i < 100000; i++)
		board_describe_revision(random_u32(), text, 1 + random_below(sizeof(text)));
}

static void throttling(void **state)
{
	char text[200], small[10];

	board_describe_throttled(0, text, sizeof(text));
	assert_string_equal(text, "");
	board_describe_throttled(0x50005, text, sizeof(text));
	assert_string_equal(text, "under-voltage now, throttled now");
	board_describe_throttled(0x50000, text, sizeof(text));
	assert_string_equal(text, "under-voltage since power on, throttled since power on");
	board_describe_throttled(0xfffffff2, text, sizeof(text));
	assert_string_equal(text,
			    "under-voltage since power on, ARM frequency capped now, "
			    "throttled since power on, soft temperature limit since power on");
	board_describe_throttled(0xf, small, sizeof(small));
	assert_string_equal(small, "under-vol");
}

static void days(void **state)
{
	static const struct {
		uint32_t when;
		const char *day;
	} cases[] = {
		{ 0, "1970-01-01" },	      { 951782400, "2000-02-29" },
		{ 951868800, "2000-03-01" },  { 1735603200, "2024-12-31" },
		{ 1735689600, "2025-01-01" }, { 4294967295, "2106-02-07" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[LINE] = "";

		append_day(line, cases[i].when);
		assert_string_equal(line, cases[i].day);
	}
}

/* A board anew: what was said and found out before is forgotten. */
static void boot(const char *tree, char break_model)
{
	static struct fdt fdt;
	char path[256];
	size_t n;
	char *blob;
	const char *model;

	sprintf(path, DATA "%s", tree);
	blob = read_file(path, &n);
	assert_int_equal(fdt_check(blob, n, &fdt), 0);
	model = fdt_string(&fdt, fdt_root(&fdt), "model", 0);
	if (model && break_model)
		((char *)model)[3] = break_model;
	memset(&board, 0, sizeof(board));
	known = false;
	said[0] = 0;
	board_init(&fdt);
	free(blob);
}

static void a_board(void **state)
{
	fw_dead = false;
	fw_revision = 0xd03114;
	fw_serial = 0x10000000abcdef01;
	fw_rate = 100000000;
	fw_now = 54321;
	fw_max = 85000;
	fw_bits = 0;
	fw_when = 1735689600;
	fw_arm = (struct mailbox_memory){ 0, 0x3b400000 };
	fw_vc = (struct mailbox_memory){ 0x3b400000, 0x4c00000 };
	boot("pi4.dtb", 0);
	assert_non_null(__builtin_strstr(
		said, "board: Raspberry Pi 4 Model B Rev 1.4, revision d03114 (4 Model B 1.4, "
		      "8 GiB, BCM2711, Sony UK), serial 10000000abcdef01\n"));
	assert_non_null(__builtin_strstr(
		said,
		"board: ARM 300 MHz, core 400 MHz, UART 200 MHz, 54.3 C of 85.0, 948 MiB of "
		"the first GiB are the ARM's, 76 MiB at 0x3b400000 the VideoCore's, firmware of "
		"2025-01-01\n"));
	assert_null(__builtin_strstr(said, "power supply"));
	assert_string_equal(board_known()->serial, "10000000abcdef01");
	assert_int_equal(board_known()->revision, 0xd03114);
	fw_bits = 0x50000;
	boot("pi4.dtb", 0);
	assert_non_null(__builtin_strstr(
		said,
		"board: under-voltage since power on, throttled since power on (0x50000): the "
		"power supply or its cable is too weak\n"));
	fw_bits = 0x4;
	boot("pi4.dtb", 0);
	assert_non_null(__builtin_strstr(said, "board: throttled now (0x4)\n"));
}

/* The firmware says nothing: the tree that it has written counts. */
static void by_the_tree(void **state)
{
	fw_dead = true;
	boot("pi4.dtb", 0);
	assert_string_equal(board_known()->model, "Raspberry Pi 4 Model B Rev 1.4");
	assert_string_equal(board_known()->serial, "10000000abcdef01");
	assert_int_equal(board_known()->revision, 0xd03114);
	assert_null(__builtin_strstr(said, "MHz"));
	/* What is not printable must not reach a terminal. */
	boot("pi4.dtb", '\033');
	assert_string_equal(board_known()->model, "Ras?berry Pi 4 Model B Rev 1.4");
	boot("pi4.dtb", '\377');
	assert_string_equal(board_known()->model, "Ras?berry Pi 4 Model B Rev 1.4");
	/* Another board. */
	boot("board.dtb", 0);
	assert_null(board_known());
	assert_string_equal(said, "");
}

/* Answers that cannot be true are still a line that ends. */
static void nonsense(void **state)
{
	fw_dead = false;
	fw_revision = 0xffffffff;
	fw_serial = UINT64_MAX;
	fw_rate = fw_now = fw_max = fw_bits = fw_when = UINT32_MAX;
	fw_arm = fw_vc = (struct mailbox_memory){ UINT32_MAX, UINT32_MAX };
	boot("pi4.dtb", 0);
	assert_string_equal(board_known()->serial, "ffffffffffffffff");
	assert_non_null(__builtin_strstr(said, "firmware of 2106-02-07\n"));
}

static int listen(void **state)
{
	return log_add_sink(hear, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(revisions),   cmocka_unit_test(throttling),
		cmocka_unit_test(days),	       cmocka_unit_test(a_board),
		cmocka_unit_test(by_the_tree), cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests_name("board", tests, listen, NULL);
}
