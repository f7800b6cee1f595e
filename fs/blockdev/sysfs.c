/*
 * sysfs.c - disks in /sys: /sys/block, /sys/class/block, /sys/dev/block, and the directories of
 * /sys/devices that these lead to.
 *
 * Comes from node.c when a device comes or goes (blocks_lock held), and from the first mount of
 * sysfs, which makes what there is: until then nobody can look.  Invariant: a file's function
 * takes no lock that is held where its directory is removed: not blocks_lock, nor loop.c's.
 * Names, texts and units are Linux's (Documentation/ABI/stable/sysfs-block).
 */
#include "fs/sysfs/sysfs.h"

#include "abi/stat.h"
#include "block/device.h"
#include "fs/bdev.h"
#include "fs/blockdev/sysfs.h"
#include "fs/blockdev/loop.h"
#include "fs/blockdev/node.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"

#define NS_IN_MS 1000000u

/* Where a file belongs. */
enum where { DISK = 1, PART = 2, BOTH = DISK | PART, QUEUE = 4, LOOP = 8 };

/* One kind of file: of the four ways to say something one is there. */
struct fact_kind {
	const char *name;
	uint8_t where;
	uint8_t loop; /* enum loop_fact, where it is LOOP */
	uint64_t (*number)(const struct block_device *dev);
	const char *text;
	long (*show)(const struct block_device *dev, char *buf);
	int (*store)(struct block_device *dev, uint64_t n);
};

/* One file: what its functions get. */
struct bdev_fact {
	struct block_device *dev; /* its node keeps it until the file is gone */
	const struct fact_kind *kind;
};

static struct {
	struct sysfs_node *block, *class_block, *dev_block; /* NULL: sysfs was never mounted */
} top;							    /* blocks_lock */

/* ---- numbers ---- */

#define NUMBER(name, expr)                                                         \
	static uint64_t name(const struct block_device *dev)                       \
	{                                                                          \
		const struct block_disk *d __attribute__((unused)) = dev->disk;    \
		const struct block_limits *l __attribute__((unused)) = &d->limits; \
		return expr;                                                       \
	}

NUMBER(zero, 0)
NUMBER(one, 1)
NUMBER(get_size, READ_ONCE(dev->sectors))
NUMBER(get_ro, READ_ONCE(dev->read_only))
NUMBER(get_start, dev->start)
NUMBER(get_part, dev->part)
NUMBER(get_range, d->minors)
NUMBER(get_ext_range, 256)
NUMBER(get_sequence, READ_ONCE(d->whole->sequence))
NUMBER(get_logical, l->logical)
NUMBER(get_physical, l->physical)
NUMBER(get_max_kb, l->max_bytes >> 10)
NUMBER(get_segments, l->max_segments)
NUMBER(get_segment, l->max_segment)
NUMBER(get_discard, (uint64_t)l->max_discard << SECTOR_SHIFT)
NUMBER(get_granularity, l->max_discard ? l->logical : 0)
NUMBER(get_zeroes, (uint64_t)l->max_zero << SECTOR_SHIFT)
NUMBER(get_fua, l->fua)
NUMBER(get_rotational, l->rotational)
NUMBER(get_read_ahead, READ_ONCE(d->read_ahead) / 2)
NUMBER(get_timeout, READ_ONCE(d->timeout_ms) ?: BLOCK_TIMEOUT_MS)
NUMBER(get_requests, 256)

static int set_read_ahead(struct block_device *dev, uint64_t kib)
{
	WRITE_ONCE(dev->disk->read_ahead, (uint32_t)min(kib, (uint64_t)INT32_MAX / 2) * 2);
	return 0;
}

static int set_io_timeout(struct block_device *dev, uint64_t ms)
{
	if (!ms || ms > UINT32_MAX)
		return -EINVAL;
	WRITE_ONCE(dev->disk->timeout_ms, (unsigned int)ms);
	return 0;
}

/* ---- texts ---- */

static long show_dev(const struct block_device *dev, char *buf)
{
	return scnprintf(buf, SYSFS_TEXT_MAX, "%u:%u\n", dev_major(dev->number),
			 dev_minor(dev->number));
}

static long show_uevent(const struct block_device *dev, char *buf)
{
	size_t n = scnprintf(buf, SYSFS_TEXT_MAX,
			     "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\nDEVTYPE=%s\nDISKSEQ=%lu\n",
			     dev_major(dev->number), dev_minor(dev->number), dev->name,
			     dev->part ? "partition" : "disk", get_sequence(dev));

	if (dev->part)
		n += scnprintf(buf + n, SYSFS_TEXT_MAX - n, "PARTN=%u\n", dev->part);
	if (dev->part && dev->label[0])
		n += scnprintf(buf + n, SYSFS_TEXT_MAX - n, "PARTNAME=%s\n", dev->label);
	return (long)n;
}

/* As /proc/diskstats, but for the names. */
static long show_stat(const struct block_device *dev, char *buf)
{
	const struct block_stats *s = &dev->stats;
	uint64_t queue_ns = 0;
	size_t n = 0;

	for (int i = 0; i < 4; i++)
		queue_ns += READ_ONCE(s->ns[i]);
	for (int i = 0; i < 3; i++) {
		n += scnprintf(buf + n, SYSFS_TEXT_MAX - n, "%s%8lu %8lu %8lu %8lu", n ? " " : "",
			       READ_ONCE(s->ios[i]), READ_ONCE(s->merges[i]),
			       READ_ONCE(s->sectors[i]), READ_ONCE(s->ns[i]) / NS_IN_MS);
		if (i == 1)
			n += scnprintf(buf + n, SYSFS_TEXT_MAX - n, " %8u %8lu %8lu",
				       READ_ONCE(s->in_flight[0]) + READ_ONCE(s->in_flight[1]),
				       READ_ONCE(s->busy_ns) / NS_IN_MS, queue_ns / NS_IN_MS);
	}
	n += scnprintf(buf + n, SYSFS_TEXT_MAX - n, " %8lu %8lu\n", READ_ONCE(s->ios[3]),
		       READ_ONCE(s->ns[3]) / NS_IN_MS);
	return (long)n;
}

static long show_inflight(const struct block_device *dev, char *buf)
{
	return scnprintf(buf, SYSFS_TEXT_MAX, "%8u %8u\n", READ_ONCE(dev->stats.in_flight[0]),
			 READ_ONCE(dev->stats.in_flight[1]));
}

static long show_serial(const struct block_device *dev, char *buf)
{
	return scnprintf(buf, SYSFS_TEXT_MAX, "%s", dev->disk->serial);
}

static long show_cache(const struct block_device *dev, char *buf)
{
	return scnprintf(buf, SYSFS_TEXT_MAX, "write %s\n",
			 dev->disk->limits.cache ? "back" : "through");
}

static const struct fact_kind kinds[] = {
	{ "alignment_offset", BOTH, .number = zero },
	{ "capability", DISK, .number = zero },
	{ "dev", BOTH, .show = show_dev },
	{ "discard_alignment", BOTH, .number = zero },
	{ "diskseq", DISK, .number = get_sequence },
	{ "events", DISK, .text = "" },
	{ "events_async", DISK, .text = "" },
	{ "events_poll_msecs", DISK, .text = "-1\n" },
	{ "ext_range", DISK, .number = get_ext_range },
	{ "hidden", DISK, .number = zero },
	{ "inflight", BOTH, .show = show_inflight },
	{ "partition", PART, .number = get_part },
	{ "range", DISK, .number = get_range },
	{ "removable", DISK, .number = zero },
	{ "ro", BOTH, .number = get_ro },
	{ "serial", DISK, .show = show_serial },
	{ "size", BOTH, .number = get_size },
	{ "start", PART, .number = get_start },
	{ "stat", BOTH, .show = show_stat },
	{ "uevent", BOTH, .show = show_uevent },
	{ "add_random", QUEUE, .number = zero },
	{ "chunk_sectors", QUEUE, .number = zero },
	{ "dax", QUEUE, .number = zero },
	{ "discard_granularity", QUEUE, .number = get_granularity },
	{ "discard_max_bytes", QUEUE, .number = get_discard },
	{ "discard_max_hw_bytes", QUEUE, .number = get_discard },
	{ "discard_zeroes_data", QUEUE, .number = zero },
	{ "fua", QUEUE, .number = get_fua },
	{ "hw_sector_size", QUEUE, .number = get_logical },
	{ "io_timeout", QUEUE, .number = get_timeout, .store = set_io_timeout },
	{ "iostats", QUEUE, .number = one },
	{ "logical_block_size", QUEUE, .number = get_logical },
	{ "max_hw_sectors_kb", QUEUE, .number = get_max_kb },
	{ "max_sectors_kb", QUEUE, .number = get_max_kb },
	{ "max_segment_size", QUEUE, .number = get_segment },
	{ "max_segments", QUEUE, .number = get_segments },
	{ "minimum_io_size", QUEUE, .number = get_physical },
	{ "nr_requests", QUEUE, .number = get_requests },
	{ "optimal_io_size", QUEUE, .number = zero },
	{ "physical_block_size", QUEUE, .number = get_physical },
	{ "read_ahead_kb", QUEUE, .number = get_read_ahead, .store = set_read_ahead },
	{ "rotational", QUEUE, .number = get_rotational },
	{ "scheduler", QUEUE, .text = "[none]\n" },
	{ "write_cache", QUEUE, .show = show_cache },
	{ "write_same_max_bytes", QUEUE, .number = zero },
	{ "write_zeroes_max_bytes", QUEUE, .number = get_zeroes },
	{ "zoned", QUEUE, .text = "none\n" },
	{ "autoclear", LOOP, .loop = LOOP_AUTOCLEAR },
	{ "backing_file", LOOP, .loop = LOOP_FILE },
	{ "dio", LOOP, .loop = LOOP_DIRECT },
	{ "offset", LOOP, .loop = LOOP_OFFSET },
	{ "partscan", LOOP, .loop = LOOP_PARTSCAN },
	{ "sizelimit", LOOP, .loop = LOOP_LIMIT },
};

static long show_fact(void *arg, char *buf)
{
	const struct bdev_fact *f = arg;
	const struct fact_kind *k = f->kind;

	if (k->where == LOOP)
		return loop_show(f->dev->disk, k->loop, buf, SYSFS_TEXT_MAX);
	if (k->show)
		return k->show(f->dev, buf);
	return k->text ? scnprintf(buf, SYSFS_TEXT_MAX, "%s", k->text)
		       : scnprintf(buf, SYSFS_TEXT_MAX, "%lu\n", k->number(f->dev));
}

static int store_fact(void *arg, char *text, size_t len)
{
	const struct bdev_fact *f = arg;
	uint64_t n;

	len -= len && text[len - 1] == '\n';
	return parse_whole_u64(text, len, 10, &n) ?: f->kind->store(f->dev, n);
}

/* ---- directories ---- */

/* The files that belong to any of @where, into @dir. */
static bool add_facts(struct bdev_node *n, struct sysfs_node *dir, unsigned int where)
{
	static const struct sysfs_file_ops ro = { .show = show_fact };
	static const struct sysfs_file_ops rw = { .show = show_fact, .store = store_fact };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct fact_kind *k = &kinds[i];

		if (!(k->where & where) || (k->show == show_serial && !n->dev->disk->serial[0]))
			continue;
		give_way(); /* a disk has dozens of them */
		n->facts[i] = (struct bdev_fact){ n->dev, k };
		if (!sysfs_file(dir, k->name, k->store ? 0644 : 0444, k->store ? &rw : &ro,
				&n->facts[i], NULL))
			return false;
	}
	return true;
}

/* Where @dev's own directory belongs; NULL: no memory. */
static struct sysfs_node *parent_of(const struct block_device *dev)
{
	const struct block_disk *d = dev->disk;
	struct sysfs_node *devices, *place;

	if (dev->part)
		return bdev_node(d->whole) ? bdev_node(d->whole)->dir : NULL;
	devices = sysfs_dirs(sysfs_root(), "devices");
	place = devices ? sysfs_dirs(devices, d->place ?: "virtual") : NULL;
	return place ? sysfs_dirs(place, "block") : NULL;
}

static bool add_links(struct bdev_node *n)
{
	const struct block_device *dev = n->dev;
	struct sysfs_node *place;
	char number[16];

	snprintf(number, sizeof(number), "%u:%u", dev_major(dev->number), dev_minor(dev->number));
	n->links[0] = sysfs_link(top.class_block, dev->name, n->dir);
	n->links[1] = sysfs_link(top.dev_block, number, n->dir);
	n->links[2] = dev->part ? NULL : sysfs_link(top.block, dev->name, n->dir);
	if (!sysfs_link(n->dir, "subsystem", top.class_block))
		return false;
	place = dev->part || !dev->disk->place ? NULL : sysfs_dirs(sysfs_root(), "devices");
	place = place ? sysfs_dirs(place, dev->disk->place) : NULL;
	return n->links[0] && n->links[1] && (dev->part || n->links[2]) &&
	       (!place || sysfs_link(n->dir, "device", place));
}

static bool fill_dir(struct bdev_node *n)
{
	struct sysfs_node *queue;

	if (!sysfs_dir(n->dir, "holders") || !add_facts(n, n->dir, n->dev->part ? PART : DISK))
		return false;
	if (n->dev->part)
		return true;
	queue = sysfs_dir(n->dir, "queue");
	return queue && add_facts(n, queue, QUEUE) && sysfs_dir(n->dir, "slaves");
}

void bdev_sysfs_remove(struct bdev_node *n)
{
	for (size_t i = 0; i < ARRAY_SIZE(n->links); i++)
		sysfs_remove(n->links[i]);
	sysfs_remove(n->dir);
	kfree(n->facts);
	n->facts = NULL;
	n->dir = n->loop_dir = n->links[0] = n->links[1] = n->links[2] = NULL;
}

static void add_loop_dir(struct bdev_node *n)
{
	n->loop_dir = sysfs_dir(n->dir, "loop");
	if (n->loop_dir && !add_facts(n, n->loop_dir, LOOP)) {
		sysfs_remove(n->loop_dir);
		n->loop_dir = NULL;
	}
}

void bdev_sysfs_add(struct bdev_node *n)
{
	struct sysfs_node *parent;

	if (!top.block)
		return; /* the first mount makes it */
	parent = parent_of(n->dev);
	n->facts = parent ? kzalloc(ARRAY_SIZE(kinds) * sizeof(*n->facts)) : NULL;
	n->dir = n->facts ? sysfs_dir(parent, n->dev->name) : NULL;
	if (!n->dir || !fill_dir(n) || !add_links(n)) {
		pr_warn("%s: no memory for its files in /sys\n", n->dev->name);
		bdev_sysfs_remove(n);
		return;
	}
	if (loop_is(n->dev->disk) && !n->dev->part && loop_is_bound(n->dev->disk))
		add_loop_dir(n);
}

void bdev_sysfs_bind(struct block_device *dev, bool bound)
{
	struct bdev_node *n;

	blocks_hold();
	n = bdev_node(dev);
	if (n && n->dir && bound)
		add_loop_dir(n);
	if (n && !bound) {
		sysfs_remove(n->loop_dir);
		n->loop_dir = NULL;
	}
	blocks_release();
}

/* sysfs_on_mount's: all that there are. */
static int show_disks(void)
{
	struct block_device *dev;

	blocks_hold();
	top.class_block = sysfs_dirs(sysfs_root(), "class/block");
	top.dev_block = sysfs_dirs(sysfs_root(), "dev/block");
	top.block = top.class_block && top.dev_block ? sysfs_dirs(sysfs_root(), "block") : NULL;
	for (dev = blocks_first(); dev; dev = blocks_next(dev))
		if (bdev_node(dev))
			bdev_sysfs_add(bdev_node(dev));
	blocks_release();
	/* What is missing is missing; those who look find the rest. */
	return 0;
}

void bdev_sysfs_init(void)
{
	sysfs_on_mount(show_disks);
}
