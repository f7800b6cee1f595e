/*
 * fuzz_table.c - a disk of anything has partitions that lie within it, each number once, and what
 * is read of it is bounded.
 */
#include "fuzz.h"
#include "abi/errno.h"
#include "block/table.h"
#include "lib/crc32.h"
#include "lib/string.h"

struct image {
	const uint8_t *bytes;
	size_t size;
	uint32_t block;
	unsigned int reads;
};

static int read_image(void *arg, uint64_t at, uint32_t n, void *buf)
{
	struct image *i = arg;
	uint64_t from = at * i->block, bytes = n * i->block;
	uint64_t there = from < i->size ? i->size - from : 0;

	MUST(n && bytes <= TABLE_BUFFER);
	i->reads++;
	if (there > bytes)
		there = bytes;
	memset(buf, 0, bytes);
	if (there)
		memcpy(buf, i->bytes + from, there);
	return 0;
}

/* A sum is not found by chance: the input says that it is right. */
static void mend_header(uint8_t *copy, size_t size, uint32_t block)
{
	uint8_t *h = copy + block;
	uint32_t n, crc, entries;

	if (size < block + 512 || memcmp(h, "EFI PART", 8))
		return;
	entries = h[72] * block;
	n = h[80] * 128;
	if (entries <= size && n <= size - entries) {
		crc = crc32_update(0, copy + entries, n);
		memcpy(h + 88, &crc, 4);
	}
	n = h[12] | h[13] << 8;
	memset(h + 16, 0, 4);
	if (n <= size - block) {
		crc = crc32_update(0, h, n);
		memcpy(h + 16, &crc, 4);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	static struct partition found[PARTITIONS_MAX];
	uint32_t block = 512u << (size ? p[0] & 3 : 0);
	uint8_t *buf = malloc(TABLE_BUFFER), *copy;
	struct image image = { .size = size ? size - 1 : 0, .block = block };
	struct table_disk disk = { .block = block, .read = read_image, .arg = &image };
	bool seen[PARTITIONS_MAX + 1] = { false };
	int n;

	image.bytes = copy = fuzz_copy(size ? p + 1 : p, image.size);
	if (size) {
		disk.blocks = p[0] & 4 ? UINT64_MAX / block : image.size / block + (p[0] >> 4);
		disk.backup = p[0] & 8;
		mend_header(copy, image.size, block);
	}
	n = table_read(&disk, buf, found);
	MUST(n <= PARTITIONS_MAX && (n >= 0 || n == -EIO));
	/* 4 MiB of entries twice, and the chains. */
	MUST(image.reads <= 2 * 1024 + 4 * 101 * 256);
	for (int i = 0; i < n; i++) {
		const struct partition *f = &found[i];
		uint64_t sectors = disk.blocks * (block / 512);

		MUST(f->number && f->number <= PARTITIONS_MAX && !seen[f->number]);
		seen[f->number] = true;
		MUST(f->sectors && f->start < sectors && f->sectors <= sectors - f->start);
		MUST(!((f->start | f->sectors) & (block / 512 - 1)));
		MUST(strnlen(f->uuid, sizeof(f->uuid)) < sizeof(f->uuid));
		MUST(strnlen(f->name, sizeof(f->name)) < sizeof(f->name));
	}
	free(buf);
	free(copy);
	return 0;
}
