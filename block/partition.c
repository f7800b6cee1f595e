/*
 * partition.c - see partition.h.
 *
 * From an ioctl, a driver, or the task that looks at all disks at boot.  Invariant: a disk's
 * partitions change under its scan_lock alone, and are in the list behind it by number.
 */
#include "block/partition.h"

#include "abi/errno.h"
#include "block/device.h"
#include "block/io.h"
#include "block/table.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/slab.h"

_Static_assert(PARTITION_UUID_LEN == sizeof(((struct block_device *)0)->uuid),
	       "struct block_device");
_Static_assert(PARTITION_NAME_LEN == sizeof(((struct block_device *)0)->label),
	       "struct block_device");

static bool use_backup_gpt;

void partitions_configure(const char *cmdline)
{
	struct cmdline_word w;

	use_backup_gpt = cmdline_find(cmdline, "gpt", &w);
}

/* ---- the list; blocks_lock is held ---- */

/* What stands, or is to stand, behind partition @part of @d, which is there, in the list of all. */
static struct block_device *next_device(struct block_disk *d, uint32_t part)
{
	struct block_device *dev = READ_ONCE(d->whole->gone) ? NULL : blocks_next(d->whole);

	while (dev && dev->disk == d && dev->part <= part)
		dev = blocks_next(dev);
	return dev;
}

/* The partition of @d that comes first at or behind number @part; NULL: none. */
static struct block_device *partition_from(struct block_disk *d, uint32_t part)
{
	struct block_device *dev = next_device(d, part - 1);

	return dev && dev->disk == d ? dev : NULL;
}

static struct block_device *partition_numbered(struct block_disk *d, uint32_t part)
{
	struct block_device *dev = partition_from(d, part);

	return dev && dev->part == part ? dev : NULL;
}

static bool partition_in_use(const struct block_device *dev)
{
	return dev->openers || dev->holder;
}

static bool any_partition_in_use(struct block_disk *d)
{
	struct block_device *dev = partition_from(d, 1);

	while (dev && !partition_in_use(dev))
		dev = partition_from(d, dev->part + 1);
	return dev;
}

static int list_partition(struct block_disk *d, const struct partition *p)
{
	struct block_device *dev = kzalloc(sizeof(*dev));
	const char *end = d->name + strlen(d->name) - 1;
	int err;

	if (!dev)
		return -ENOMEM;
	dev->disk = d;
	dev->read_only = d->read_only;
	dev->part = p->number;
	dev->start = p->start;
	dev->sectors = p->sectors;
	snprintf(dev->name, sizeof(dev->name), "%s%s%u", d->name,
		 *end >= '0' && *end <= '9' ? "p" : "", p->number);
	memcpy(dev->uuid, p->uuid, sizeof(dev->uuid));
	memcpy(dev->label, p->name, sizeof(dev->label));
	err = device_list(dev, next_device(d, p->number));
	if (err)
		kfree(dev);
	else
		block_get(d->whole);
	return err;
}

/* ---- by the table ---- */

struct scan {
	char buf[TABLE_BUFFER];
	struct partition found[PARTITIONS_MAX];
};

static int scan_read(void *arg, uint64_t at, uint32_t n, void *buf)
{
	struct block_disk *d = arg;
	uint32_t block = d->limits.logical;

	return block_io(d->whole, BLOCK_READ, at * block, buf, (uint64_t)n * block, 0);
}

static bool is_as_before(const struct block_device *dev, const struct partition *p)
{
	return dev->part == p->number && dev->start == p->start && dev->sectors == p->sectors &&
	       !strcmp(dev->uuid, p->uuid) && !strcmp(dev->label, p->name);
}

/* Of what was there before, only what is as it was stays. */
static void drop_changed(struct block_disk *d, const struct partition *found, int n)
{
	struct block_device *dev = partition_from(d, 1), *next;
	int i;

	for (; dev; dev = next) {
		next = partition_from(d, dev->part + 1);
		for (i = 0; i < n && !is_as_before(dev, &found[i]); i++)
			;
		if (i == n)
			device_unlist(dev);
	}
}

static int list_found(struct block_disk *d, const struct partition *found, int n)
{
	int err = 0;

	blocks_hold();
	if (READ_ONCE(d->whole->gone))
		err = -ENXIO;
	else if (any_partition_in_use(d))
		err = -EBUSY;
	else
		drop_changed(d, found, n);
	for (int i = 0; i < n && !err; i++) {
		const struct partition *p = &found[i];

		if (partition_numbered(d, p->number))
			continue;
		if (p->cut)
			pr_warn("%s: partition %u ends behind the disk: it is cut\n", d->name,
				p->number);
		err = list_partition(d, p);
	}
	blocks_release();
	return err;
}

int block_scan(struct block_disk *d)
{
	struct table_disk disk = { .block = d->limits.logical,
				   .blocks = (READ_ONCE(d->whole->sectors) << SECTOR_SHIFT) /
					     d->limits.logical,
				   .read = scan_read,
				   .arg = d,
				   .backup = use_backup_gpt };
	struct scan *s = kmalloc(sizeof(*s));
	int n = 0;

	if (!s)
		return -ENOMEM;
	mutex_lock(&d->scan_lock);
	if (disk.blocks)
		n = table_read(&disk, s->buf, s->found);
	if (n < 0)
		pr_warn("%s: unable to read partition table\n", d->name);
	else
		n = list_found(d, s->found, n);
	mutex_unlock(&d->scan_lock);
	kfree(s);
	return n;
}

/* ---- by name: BLKPG ---- */

/* Does another partition of @d than number @but have any of the sectors?  blocks_lock held. */
static bool overlaps_another(struct block_disk *d, uint32_t but, uint64_t start, uint64_t sectors)
{
	struct block_device *dev = partition_from(d, 1);

	for (; dev; dev = partition_from(d, dev->part + 1))
		if (dev->part != but && start < dev->start + dev->sectors &&
		    dev->start < start + sectors)
			return true;
	return false;
}

static bool lies_within(const struct block_disk *d, uint64_t start, uint64_t sectors)
{
	uint64_t size = READ_ONCE(d->whole->sectors),
		 mask = (d->limits.logical >> SECTOR_SHIFT) - 1;

	return sectors && !((start | sectors) & mask) && start < size && sectors <= size - start;
}

/* Partition @part of @d, or NULL; none changes until release_partitions, which returns @err. */
static struct block_device *hold_partitions(struct block_disk *d, uint32_t part)
{
	mutex_lock(&d->scan_lock);
	blocks_hold();
	return part ? partition_numbered(d, part) : NULL;
}

static int release_partitions(struct block_disk *d, int err)
{
	blocks_release();
	mutex_unlock(&d->scan_lock);
	return err;
}

int partition_add(struct block_disk *d, uint32_t part, uint64_t start, uint64_t sectors)
{
	struct partition p = { .number = part, .start = start, .sectors = sectors };
	int err = 0;

	if (!part || part > PARTITIONS_MAX || !lies_within(d, start, sectors))
		return -EINVAL;
	if (hold_partitions(d, part) || overlaps_another(d, 0, start, sectors))
		err = -EBUSY;
	if (READ_ONCE(d->dead) || READ_ONCE(d->whole->gone))
		err = -ENXIO;
	return release_partitions(d, err ?: list_partition(d, &p));
}

int partition_del(struct block_disk *d, uint32_t part)
{
	struct block_device *dev = hold_partitions(d, part);
	int err = !dev ? -ENXIO : partition_in_use(dev) ? -EBUSY : 0;

	if (!err)
		device_unlist(dev);
	return release_partitions(d, err);
}

int partition_resize(struct block_disk *d, uint32_t part, uint64_t start, uint64_t sectors)
{
	struct block_device *dev = hold_partitions(d, part);
	int err = 0;

	if (!dev)
		err = -ENXIO;
	else if (start != dev->start || !lies_within(d, start, sectors))
		err = -EINVAL;
	else if (overlaps_another(d, part, start, sectors))
		err = -EBUSY;
	else
		WRITE_ONCE(dev->sectors, sectors);
	blocks_release();
	/* scan_lock keeps it in the list. */
	if (!err)
		device_resized(dev);
	mutex_unlock(&d->scan_lock);
	return err;
}
