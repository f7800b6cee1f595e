/*
 * table.c - see table.h.
 *
 * What is accepted, and as which number, is what Linux accepts: who has partitioned a disk there
 * finds the same here.  Invariant: no number that stands on the disk is used before it is checked
 * against the disk's size, and each loop over what stands there has an end of its own.
 */
#include "block/table.h"

#include "abi/errno.h"
#include "lib/crc32.h"
#include "lib/printf.h"
#include "lib/string.h"

struct table {
	const struct table_disk *disk;
	uint8_t *buf;
	struct partition *found;
	unsigned int nr;
};

/* The disk's bytes are little-endian, and lie anywhere. */
static uint32_t le32_at(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t le64_at(const uint8_t *p)
{
	return le32_at(p) | (uint64_t)le32_at(p + 4) << 32;
}

static int read_blocks(struct table *t, uint64_t at, uint32_t n)
{
	if (at >= t->disk->blocks || n > t->disk->blocks - at)
		return -EIO;
	return t->disk->read(t->disk->arg, at, n, t->buf);
}

/*
 * Partition @number of @n blocks from block @start on, as far as the disk has them.  NULL: it has
 * none of them, or there are no numbers left.
 */
static struct partition *add_found(struct table *t, uint32_t number, uint64_t start, uint64_t n)
{
	const struct table_disk *d = t->disk;
	struct partition *p;

	if (!n || start >= d->blocks || number > PARTITIONS_MAX || t->nr == PARTITIONS_MAX)
		return NULL;
	p = &t->found[t->nr++];
	*p = (struct partition){ .number = number, .cut = n > d->blocks - start };
	p->start = start * (d->block / 512);
	p->sectors = (p->cut ? d->blocks - start : n) * (d->block / 512);
	return p;
}

/* ---- MBR ---- */

enum {
	MBR_DISK_ID = 0x1b8, /* 32 bits: the first half of its partitions' UUIDs */
	MBR_ENTRIES = 0x1be,
	MBR_ENTRY_SIZE = 16,
	MBR_SIGNATURE = 0x1fe,
};

#define MBR_TYPE_GPT  0xee

/* Links of extended partitions in a row that lead to no partition: more is a loop. */
#define MBR_LINKS_MAX 100

struct mbr_entry {
	uint8_t status, type;
	uint32_t start, sectors; /* blocks of the disk */
};

static struct mbr_entry mbr_entry(const uint8_t *sector, unsigned int i)
{
	const uint8_t *p = sector + MBR_ENTRIES + i * MBR_ENTRY_SIZE;

	return (struct mbr_entry){ p[0], p[4], le32_at(p + 8), le32_at(p + 12) };
}

static bool mbr_is_signed(const uint8_t *sector)
{
	return sector[MBR_SIGNATURE] == 0x55 && sector[MBR_SIGNATURE + 1] == 0xaa;
}

static bool is_extended(const struct mbr_entry *e)
{
	return e->sectors && (e->type == 0x05 || e->type == 0x0f || e->type == 0x85);
}

static void add_mbr(struct table *t, uint32_t number, uint64_t start, uint32_t n, uint32_t disk_id)
{
	struct partition *p = add_found(t, number, start, n);

	if (p)
		snprintf(p->uuid, sizeof(p->uuid), "%08x-%02x", disk_id, number);
}

/*
 * The partitions of the sector that is in the buffer, block @here, within the extended partition
 * @outer.  @link: its own entry in the sector before it.  Returns the next free number.
 */
static uint32_t add_logical(struct table *t, uint64_t here, const struct mbr_entry *link,
			    const struct mbr_entry *outer, uint32_t number, uint32_t disk_id)
{
	for (unsigned int i = 0; i < 4 && number <= PARTITIONS_MAX; i++) {
		struct mbr_entry e = mbr_entry(t->buf, i);
		uint64_t start = here + e.start;

		if (!e.sectors || is_extended(&e))
			continue;
		/* The last two are used by few, and hold anything with others. */
		if (i >= 2 && ((uint64_t)e.start + e.sectors > link->sectors ||
			       start + e.sectors > (uint64_t)outer->start + outer->sectors))
			continue;
		add_mbr(t, number++, start, e.sectors, disk_id);
	}
	return number;
}

/*
 * The chain of sectors that begins with @outer: each names partitions, relative to itself, and the
 * next of the chain, relative to the first.
 */
static uint32_t read_extended(struct table *t, struct mbr_entry outer, uint32_t number,
			      uint32_t disk_id)
{
	struct mbr_entry link = outer;
	uint64_t here = outer.start;

	for (int links = 1; links <= MBR_LINKS_MAX && number <= PARTITIONS_MAX; links++) {
		uint32_t before = number;
		unsigned int i;

		if (read_blocks(t, here, 1) || !mbr_is_signed(t->buf))
			break;
		number = add_logical(t, here, &link, &outer, number, disk_id);
		if (number != before)
			links = 0;
		for (i = 0; i < 4; i++) {
			link = mbr_entry(t->buf, i);
			if (is_extended(&link))
				break;
		}
		if (i == 4)
			break;
		here = (uint64_t)outer.start + link.start;
	}
	return number;
}

/* Is the sector in the buffer an MBR, not the boot sector of a file system, nor GPT's? */
static bool is_mbr(const uint8_t *sector)
{
	if (!mbr_is_signed(sector))
		return false;
	for (unsigned int i = 0; i < 4; i++) {
		struct mbr_entry e = mbr_entry(sector, i);

		if ((e.status & 0x7f) || e.type == MBR_TYPE_GPT)
			return false;
	}
	return true;
}

/* The first block is in the buffer. */
static void read_mbr(struct table *t)
{
	uint32_t disk_id = le32_at(t->buf + MBR_DISK_ID), number = 5;
	struct mbr_entry e[4];

	if (!is_mbr(t->buf))
		return;
	for (unsigned int i = 0; i < 4; i++)
		e[i] = mbr_entry(t->buf, i);
	for (unsigned int i = 0; i < 4; i++) {
		if (!is_extended(&e[i])) {
			add_mbr(t, i + 1, e[i].start, e[i].sectors, disk_id);
			continue;
		}
		/* Two sectors of it are a device: a boot loader's, and too small for a mistake. */
		(void)add_found(t, i + 1, e[i].start,
				min(e[i].sectors, t->disk->block == 512 ? 2u : 1u));
		number = read_extended(t, e[i], number, disk_id);
	}
}

/* ---- GPT ---- */

enum {
	GPT_HEADER_SIZE = 12, /* offsets in the header */
	GPT_HEADER_CRC = 16,
	GPT_MY_LBA = 24,
	GPT_FIRST_USABLE = 40,
	GPT_LAST_USABLE = 48,
	GPT_ENTRIES_LBA = 72,
	GPT_NR_ENTRIES = 80,
	GPT_ENTRY_SIZE = 84,
	GPT_ENTRIES_CRC = 88,
	GPT_HEADER_MIN = 92,

	GPT_ENTRY_BYTES = 128, /* the only size that Linux takes, too */
	GPT_ENTRY_UUID = 16,   /* offsets in an entry */
	GPT_ENTRY_FIRST = 32,
	GPT_ENTRY_LAST = 40,
	GPT_ENTRY_NAME = 56,
	GPT_NAME_UNITS = 36,
};

#define GPT_ENTRIES_MAX ((4u << 20) / GPT_ENTRY_BYTES)

struct gpt {
	uint64_t entries; /* block */
	uint32_t nr_entries, entries_crc;
};

/* A disk with a GPT has an MBR that says so: else what looks like one is left from earlier. */
static bool is_protective(const uint8_t *sector)
{
	for (unsigned int i = 0; i < 4; i++) {
		struct mbr_entry e = mbr_entry(sector, i);

		if (e.type == MBR_TYPE_GPT && e.start == 1)
			return mbr_is_signed(sector);
	}
	return false;
}

/* The header in the buffer, of block @lba, into *@g. */
static bool check_gpt(struct table *t, uint64_t lba, struct gpt *g)
{
	uint8_t *h = t->buf;
	uint32_t size = le32_at(h + GPT_HEADER_SIZE), crc = le32_at(h + GPT_HEADER_CRC);
	uint64_t first = le64_at(h + GPT_FIRST_USABLE), last = le64_at(h + GPT_LAST_USABLE);

	if (memcmp(h, "EFI PART", 8) || size < GPT_HEADER_MIN || size > t->disk->block)
		return false;
	memset(h + GPT_HEADER_CRC, 0, 4); /* it is made without itself */
	if (crc32_update(0, h, size) != crc || le64_at(h + GPT_MY_LBA) != lba)
		return false;
	if (first > last || last >= t->disk->blocks)
		return false;
	*g = (struct gpt){ le64_at(h + GPT_ENTRIES_LBA), le32_at(h + GPT_NR_ENTRIES),
			   le32_at(h + GPT_ENTRIES_CRC) };
	return le32_at(h + GPT_ENTRY_SIZE) == GPT_ENTRY_BYTES && g->nr_entries &&
	       g->nr_entries <= GPT_ENTRIES_MAX;
}

/* Character @c as UTF-8; where the next belongs. */
static char *put_utf8(char *to, uint32_t c)
{
	static const uint8_t first[] = { 0, 0xc0, 0xe0, 0xf0 };
	unsigned int more = (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);

	*to++ = (char)(first[more] | c >> 6 * more);
	while (more--)
		*to++ = (char)(0x80 | (c >> 6 * more & 0x3f));
	return to;
}

/* @n units of UTF-16 as UTF-8 in @to, up to a NUL; half a pair becomes U+FFFD. */
static void take_name(char *to, const uint8_t *from, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		uint32_t c = from[2 * i] | from[2 * i + 1] << 8;
		uint32_t low = i + 1 < n ? from[2 * i + 2] | from[2 * i + 3] << 8 : 0;

		if (!c)
			break;
		if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i++;
		} else if (c >= 0xd800 && c < 0xe000) {
			c = 0xfffd;
		}
		to = put_utf8(to, c);
	}
	*to = 0;
}

/* Partition @number by its entry @e; an entry without a type is none. */
static void add_gpt(struct table *t, uint32_t number, const uint8_t *e)
{
	static const uint8_t none[16];
	const uint8_t *u = e + GPT_ENTRY_UUID;
	uint64_t first = le64_at(e + GPT_ENTRY_FIRST), last = le64_at(e + GPT_ENTRY_LAST);
	struct partition *p;

	if (!memcmp(e, none, sizeof(none)) || first > last || last >= t->disk->blocks)
		return;
	p = add_found(t, number, first, last - first + 1);
	if (!p)
		return;
	/* The first three groups are little-endian numbers, the others bytes. */
	snprintf(p->uuid, sizeof(p->uuid),
		 "%08x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", le32_at(u), u[5], u[4],
		 u[7], u[6], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
	take_name(p->name, e + GPT_ENTRY_NAME, GPT_NAME_UNITS);
}

/* All entries: what they say holds if the sum over all is right.  False: it is not. */
static bool read_entries(struct table *t, const struct gpt *g)
{
	uint32_t most = TABLE_BUFFER / t->disk->block, crc = 0, number = 1;
	uint64_t left = (uint64_t)g->nr_entries * GPT_ENTRY_BYTES, at = g->entries;

	while (left) {
		uint32_t bytes = (uint32_t)min(left, (uint64_t)TABLE_BUFFER);
		uint32_t n = min(most, DIV_ROUND_UP(bytes, t->disk->block));

		if (read_blocks(t, at, n))
			break;
		crc = crc32_update(crc, t->buf, bytes);
		for (uint32_t i = 0; i < bytes; i += GPT_ENTRY_BYTES)
			add_gpt(t, number++, t->buf + i);
		at += n;
		left -= bytes;
	}
	if (!left && crc == g->entries_crc)
		return true;
	t->nr = 0;
	return false;
}

static bool read_gpt_at(struct table *t, uint64_t lba)
{
	struct gpt g;

	return !read_blocks(t, lba, 1) && check_gpt(t, lba, &g) && read_entries(t, &g);
}

int table_read(const struct table_disk *disk, void *buf, struct partition *found)
{
	struct table t = { .disk = disk, .buf = buf, .found = found };
	int err = read_blocks(&t, 0, 1);

	if (err)
		return err;
	if (!disk->backup && !is_protective(t.buf)) {
		read_mbr(&t);
		return (int)t.nr;
	}
	if (read_gpt_at(&t, 1) || (disk->backup && read_gpt_at(&t, disk->blocks - 1)))
		return (int)t.nr;
	if (!read_blocks(&t, 0, 1))
		read_mbr(&t); /* `gpt` on a disk that has none */
	return (int)t.nr;
}
