/*
 * board.c - what the Raspberry Pi's firmware knows of the board, in words.
 *
 * Comes from el1/main.c, once; later read by fs/proc.  Invariant: everything here is for people to
 * read.  Nothing is decided by it, so nothing depends on the firmware telling the truth; what is
 * printed is printable.
 */
#include "drivers/bcm2711/board.h"

#include "drivers/bcm2711/mailbox.h"
#include "lib/fdt.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/printk.h"

#define LINE		      200

/* A revision code's fields: NOQuuuWu FMMMCCCC PPPPTTTT TTTTRRRR. */
#define REVISION_NEW_STYLE    (1u << 23)
#define REVISION_MEMORY(c)    ((c) >> 20 & 0x7)
#define REVISION_MAKER(c)     ((c) >> 16 & 0xf)
#define REVISION_PROCESSOR(c) ((c) >> 12 & 0xf)
#define REVISION_TYPE(c)      ((c) >> 4 & 0xff)
#define REVISION_REVISION(c)  ((c)&0xf)

#define MEMORY_MAX_MIB	      16384 /* what no code has had a meaning above */

static struct board board;
static bool known;

/* Behind what is in @text already, as far as there is room. */
static void __printf(3, 4) append(char *text, size_t size, const char *fmt, ...)
{
	size_t at = strnlen(text, size);
	va_list args;

	if (at >= size)
		return;
	va_start(args, fmt);
	vsnprintf(text + at, size - at, fmt, args);
	va_end(args);
}

/* ---- a revision code ---- */

static const char *const types[256] = {
	[0x00] = "A",	 [0x01] = "B",	   [0x02] = "A+",	 [0x03] = "B+",
	[0x04] = "2B",	 [0x05] = "Alpha", [0x06] = "CM1",	 [0x08] = "3B",
	[0x09] = "Zero", [0x0a] = "CM3",   [0x0c] = "Zero W",	 [0x0d] = "3B+",
	[0x0e] = "3A+",	 [0x10] = "CM3+",  [0x11] = "4 Model B", [0x12] = "Zero 2 W",
	[0x13] = "400",	 [0x14] = "CM4",   [0x15] = "CM4S",	 [0x17] = "5",
	[0x18] = "CM5",	 [0x19] = "500",   [0x1a] = "CM5 Lite",
};

static const char *const processors[16] = { "BCM2835", "BCM2836", "BCM2837", "BCM2711", "BCM2712" };

static const char *const makers[16] = { "Sony UK",    "Egoman", "Embest",
					"Sony Japan", "Embest", "Stadium" };

void board_describe_revision(uint32_t code, char *text, size_t size)
{
	const char *type = types[REVISION_TYPE(code)];
	const char *processor = processors[REVISION_PROCESSOR(code)];
	const char *maker = makers[REVISION_MAKER(code)];
	unsigned int mib = 256u << REVISION_MEMORY(code);

	text[0] = 0;
	if (!(code & REVISION_NEW_STYLE)) {
		append(text, size, "old style");
		return;
	}
	if (type)
		append(text, size, "%s 1.%u, ", type, REVISION_REVISION(code));
	if (mib < 1024)
		append(text, size, "%u MiB", mib);
	else if (mib <= MEMORY_MAX_MIB)
		append(text, size, "%u GiB", mib / 1024);
	if (processor)
		append(text, size, ", %s", processor);
	if (maker)
		append(text, size, ", %s", maker);
}

/* ---- power and heat ---- */

void board_describe_throttled(uint32_t bits, char *text, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *words;
	} conditions[] = {
		{ MAILBOX_UNDER_VOLTAGE, "under-voltage" },
		{ MAILBOX_FREQUENCY_CAP, "ARM frequency capped" },
		{ MAILBOX_THROTTLED, "throttled" },
		{ MAILBOX_SOFT_TEMP_LIMIT, "soft temperature limit" },
	};

	text[0] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		bool now = bits & conditions[i].bit;

		/* What holds now has happened, too. */
		if (now || bits & conditions[i].bit << MAILBOX_HAPPENED)
			append(text, size, "%s%s %s", text[0] ? ", " : "", conditions[i].words,
			       now ? "now" : "since power on");
	}
}

static void warn_of_throttling(void)
{
	char words[LINE];
	uint32_t bits;

	if (mailbox_throttled(&bits))
		return;
	board_describe_throttled(bits, words, sizeof(words));
	if (words[0])
		pr_warn("board: %s (%#x)%s\n", words, bits,
			bits & (MAILBOX_UNDER_VOLTAGE | MAILBOX_UNDER_VOLTAGE << MAILBOX_HAPPENED)
				? ": the power supply or its cable is too weak"
				: "");
}

/* ---- the log ---- */

static void append_clock(char *line, const char *name, enum mailbox_clock id)
{
	uint32_t hz;

	if (!mailbox_clock_rate(id, &hz) && hz)
		append(line, LINE, "%s%s %u MHz", line[0] ? ", " : "", name, hz / 1000000);
}

static void append_temperature(char *line)
{
	uint32_t now, max;

	if (mailbox_temperature(&now))
		return;
	append(line, LINE, "%s%u.%u C", line[0] ? ", " : "", now / 1000, now % 1000 / 100);
	if (!mailbox_max_temperature(&max))
		append(line, LINE, " of %u.%u", max / 1000, max % 1000 / 100);
}

static void append_memory(char *line)
{
	struct mailbox_memory arm, vc;

	if (!mailbox_arm_memory(&arm) && arm.size)
		append(line, LINE, "%s%u MiB of the first GiB are the ARM's", line[0] ? ", " : "",
		       (unsigned int)(arm.size >> 20));
	if (!mailbox_vc_memory(&vc) && vc.size)
		append(line, LINE, "%s%u MiB at %#x the VideoCore's", line[0] ? ", " : "",
		       (unsigned int)(vc.size >> 20), (unsigned int)vc.base);
}

static bool is_leap(uint32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The day of a time in seconds since 1970. */
static void append_day(char *line, uint32_t seconds)
{
	static const uint8_t lengths[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint32_t days = seconds / 86400, year = 1970, month = 0, n;

	for (; days >= (n = 365u + is_leap(year)); year++)
		days -= n;
	for (; days >= (n = lengths[month] + (month == 1 && is_leap(year) ? 1u : 0u)); month++)
		days -= n;
	append(line, LINE, "%u-%02u-%02u", year, month + 1, days + 1);
}

static void append_firmware(char *line)
{
	uint32_t when;

	if (mailbox_firmware_revision(&when))
		return;
	append(line, LINE, "%sfirmware of ", line[0] ? ", " : "");
	append_day(line, when);
}

static void say_which(void)
{
	char line[LINE] = "", words[LINE];

	append(line, LINE, "%s", board.model);
	if (board.revision) {
		board_describe_revision(board.revision, words, sizeof(words));
		append(line, LINE, "%srevision %x (%s)", line[0] ? ", " : "", board.revision,
		       words);
	}
	if (board.serial[0])
		append(line, LINE, "%sserial %s", line[0] ? ", " : "", board.serial);
	pr_info("board: %s\n", line);
}

static void say_how_it_is(void)
{
	char line[LINE] = "";

	append_clock(line, "ARM", MAILBOX_CLOCK_ARM);
	append_clock(line, "core", MAILBOX_CLOCK_CORE);
	append_clock(line, "UART", MAILBOX_CLOCK_UART);
	append_temperature(line);
	append_memory(line);
	append_firmware(line);
	if (line[0])
		pr_info("board: %s\n", line);
	warn_of_throttling();
}

/* ---- finding out ---- */

/* A string of the tree's into @buf, printable and cut to fit. */
static void copy_printable(char *buf, size_t size, const char *s)
{
	size_t n = 0;

	for (; s && *s && n < size - 1; s++)
		buf[n++] = *s >= ' ' && *s <= '~' ? *s : '?';
	buf[n] = 0;
}

static void find_revision(const struct fdt *fdt)
{
	if (mailbox_board_revision(&board.revision) &&
	    fdt_u32(fdt, fdt_find_path(fdt, "/system"), "linux,revision", &board.revision))
		board.revision = 0;
}

static void find_serial(const struct fdt *fdt)
{
	uint64_t serial;

	if (!mailbox_board_serial(&serial) && serial)
		snprintf(board.serial, sizeof(board.serial), "%016llx", (unsigned long long)serial);
	else
		copy_printable(board.serial, sizeof(board.serial),
			       fdt_string(fdt, fdt_root(fdt), "serial-number", 0));
}

void board_init(const struct fdt *fdt)
{
	find_revision(fdt);
	find_serial(fdt);
	if (!board.revision && !board.serial[0])
		return;
	copy_printable(board.model, sizeof(board.model),
		       fdt_string(fdt, fdt_root(fdt), "model", 0));
	known = true;
	say_which();
	say_how_it_is();
}

const struct board *board_known(void)
{
	return known ? &board : NULL;
}
