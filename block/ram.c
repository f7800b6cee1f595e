/*
 * ram.c - see ram.h.  A disk that is memory: for tests and for what needs a block device for a
 * while.  It has no queue: what is asked is done where it is asked.
 */
#include "block/ram.h"

#include "abi/errno.h"
#include "block/device.h"
#include "block/request.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/page.h"
#include "mm/slab.h"

#define RAM_MAJOR	1
#define RAM_DISKS_MAX	256
#define RAM_KIB_DEFAULT 16384
/* A request is copied in one go, maybe with interrupts masked: no more than that. */
#define RAM_BYTES_MAX	(128u << 10)
#define CHUNK_SHIFT	(PAGE_SHIFT + PAGE_MAX_ORDER)

struct ram_disk {
	struct block_disk disk;
	size_t nr_chunks;
	char *chunks[]; /* of PAGE_CHUNK_SIZE each, but the last */
};

/* @n bytes at @at to @buf, or with @write from there; NULL: they become zeros. */
static void ram_move(struct ram_disk *r, uint64_t at, char *buf, size_t n, bool write)
{
	while (n) {
		uint64_t within = at & (PAGE_CHUNK_SIZE - 1);
		size_t run = min(n, (size_t)(PAGE_CHUNK_SIZE - within));
		char *p = r->chunks[at >> CHUNK_SHIFT] + within;

		if (buf) {
			memcpy(write ? p : buf, write ? buf : p, run);
			buf += run;
		} else {
			memset(p, 0, run);
		}
		at += run;
		n -= run;
	}
}

static void ram_serve(struct block_disk *d, struct block_request *rq)
{
	struct ram_disk *r = container_of(d, struct ram_disk, disk);
	uint64_t at = rq->disk_sector << SECTOR_SHIFT;

	if (rq->op == BLOCK_DISCARD || rq->op == BLOCK_ZERO)
		ram_move(r, at, NULL, rq->bytes, true);
	else
		for (unsigned int i = 0; i < rq->nr_segments; i++) {
			const struct block_segment *s = &rq->segments[i];

			ram_move(r, at, phys_to_virt(s->at), s->len, rq->op == BLOCK_WRITE);
			at += s->len;
		}
	block_end(rq, 0);
}

static const struct block_ops ram_ops = { .serve = ram_serve };

static const struct block_limits ram_limits = {
	.logical = SECTOR_SIZE,
	.physical = PAGE_SIZE,
	.max_bytes = RAM_BYTES_MAX,
	.max_segments = RAM_BYTES_MAX / SECTOR_SIZE,
	.max_segment = RAM_BYTES_MAX,
	.max_discard = RAM_BYTES_MAX >> SECTOR_SHIFT,
	.max_zero = RAM_BYTES_MAX >> SECTOR_SHIFT,
};

static void ram_free(struct ram_disk *r, uint64_t bytes);

/* The order of the pages that hold chunk @i of @bytes in all. */
static unsigned int chunk_order(uint64_t bytes, size_t i)
{
	uint64_t rest = bytes - ((uint64_t)i << CHUNK_SHIFT);
	unsigned int order = 0;

	while (order < PAGE_MAX_ORDER && rest > PAGE_SIZE << order)
		order++;
	return order;
}

static struct ram_disk *ram_alloc(uint64_t bytes)
{
	size_t n = (size_t)((bytes + PAGE_CHUNK_SIZE - 1) >> CHUNK_SHIFT);
	struct ram_disk *r = kzalloc(sizeof(*r) + n * sizeof(r->chunks[0]));

	if (!r)
		return NULL;
	for (; r->nr_chunks < n; r->nr_chunks++) {
		unsigned int order = chunk_order(bytes, r->nr_chunks);
		struct page *p = page_alloc(order);

		if (!p) {
			ram_free(r, bytes);
			return NULL;
		}
		r->chunks[r->nr_chunks] = page_to_virt(p);
		clear_pages(page_to_virt(p), (size_t)1 << order);
	}
	return r;
}

static void ram_free(struct ram_disk *r, uint64_t bytes)
{
	while (r->nr_chunks) {
		r->nr_chunks--;
		page_free(virt_to_page(r->chunks[r->nr_chunks]), chunk_order(bytes, r->nr_chunks));
	}
	kfree(r);
}

static int ram_add(unsigned int n, uint64_t kib)
{
	struct ram_disk *r = ram_alloc(kib << 10);
	int err;

	if (!r)
		return -ENOMEM;
	snprintf(r->disk.name, sizeof(r->disk.name), "ram%u", n);
	r->disk.major = RAM_MAJOR;
	r->disk.minor = n;
	r->disk.minors = 1;
	r->disk.sectors = kib << 1;
	r->disk.limits = ram_limits;
	r->disk.ops = &ram_ops;
	err = block_add(&r->disk);
	if (err)
		ram_free(r, kib << 10);
	return err;
}

/* The number that @key has on the command line, if it has one. */
static bool ram_word(const char *cmdline, const char *key, uint64_t *value)
{
	struct cmdline_word w;

	return cmdline_find(cmdline, key, &w) && w.val &&
	       parse_whole_u64(w.val, w.val_len, 0, value) == 0;
}

void ram_disks_init(const char *cmdline)
{
	uint64_t n, kib;
	int err = 0;

	if (!ram_word(cmdline, "brd.rd_nr", &n))
		return;
	if (!ram_word(cmdline, "brd.rd_size", &kib) && !ram_word(cmdline, "ramdisk_size", &kib))
		kib = RAM_KIB_DEFAULT;
	if (!kib || kib > page_total_count() << (PAGE_SHIFT - 10) || n > RAM_DISKS_MAX)
		err = -EINVAL;
	for (unsigned int i = 0; i < n && !err; i++)
		err = ram_add(i, kib);
	if (err)
		pr_err("ram disks: %llu of %llu KiB: error %d\n", (unsigned long long)n,
		       (unsigned long long)kib, err);
}
