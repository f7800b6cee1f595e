/*
 * super.c - mounting a FAT: the boot sector is read and checked, the volume is marked as in use
 * until it is unmounted, FAT32's figures are kept.
 *
 * Comes from fs/super.c.  Invariant: after fill, each block that a cluster or a number of the FAT
 * lies in is computed from figures that fit into each other; what lies behind the device's end is
 * an -EIO when it is read.
 */
#include "fs/fat/super.h"

#include "fs/fat/inode.h"
#include "fs/fat/options.h"
#include "fs/fat/table.h"
#include "fs/fat/time.h"
#include "fs/fat/names.h"

#include "block/block.h"
#include "fs/context.h"
#include "fs/mount_ops.h"
#include "lib/string.h"
#include "mm/slab.h"

#define FAT_MAGIC     0x4d44
#define BOOT_STATE_32 0x41
#define BOOT_STATE_16 0x25
#define STATE_DIRTY   0x01

/* The boot sector, as it lies on the disk; what is behind it differs between FAT16 and FAT32. */
struct boot_sector {
	uint8_t jump[3], oem[8];
	uint16_t sector_size;
	uint8_t cluster_sectors;
	uint16_t reserved;
	uint8_t fats;
	uint16_t root_entries, sectors16;
	uint8_t media;
	uint16_t fat_sectors16, track_sectors, heads;
	uint32_t hidden, sectors32;
	union {
		struct {
			uint8_t drive, state, signature;
		} __attribute__((packed)) f16;
		struct {
			uint32_t fat_sectors;
			uint16_t flags, version;
			uint32_t root_cluster;
			uint16_t info, backup;
			uint8_t reserved[12], drive, state, signature;
		} __attribute__((packed)) f32;
	};
} __attribute__((packed));
_Static_assert(offsetof(struct boot_sector, f16.state) == BOOT_STATE_16, "FAT16's state");
_Static_assert(offsetof(struct boot_sector, f32.state) == BOOT_STATE_32, "FAT32's state");

/* FAT32's block with figures. */
struct fat_info {
	uint32_t lead; /* INFO_LEAD */
	uint8_t unused[480];
	uint32_t signature; /* INFO_SIGNATURE */
	uint32_t free, next_free;
};
#define INFO_LEAD      0x41615252u
#define INFO_SIGNATURE 0x61417272u

static bool is_power_of_2(uint32_t n)
{
	return n && !(n & (n - 1));
}

/* Why the boot sector is none of a FAT; NULL: it may be one. */
static const char *check_boot(const struct superblock *sb, const struct boot_sector *b)
{
	if (!b->reserved)
		return "bogus number of reserved sectors";
	if (!b->fats)
		return "bogus number of FAT structure";
	if (b->media < 0xf8 && b->media != 0xf0)
		return "invalid media value";
	if (!is_power_of_2(b->sector_size) || b->sector_size < 512 || b->sector_size > 4096)
		return "bogus logical sector size";
	if (!is_power_of_2(b->cluster_sectors))
		return "bogus sectors per cluster";
	if (!b->fat_sectors16 && !b->f32.fat_sectors)
		return "bogus number of FAT sectors";
	if (b->sector_size < sb->dev_block->disk->limits.logical)
		return "logical sector size too small for device";
	return NULL;
}

/*
 * Where everything lies, or why that cannot be.  All sums are of 64 bits, and what is kept fits
 * into 32.
 */
static const char *lay_out(struct fat_fs *fs, const struct boot_sector *b)
{
	static const uint32_t most[] = { [12] = 0xff4, [16] = 0xfff4, [32] = 0x0ffffff6 };
	bool is32 = !b->fat_sectors16;
	uint64_t fat_sectors = is32 ? b->f32.fat_sectors : b->fat_sectors16;
	uint64_t sectors = b->sectors16 ? b->sectors16 : b->sectors32, clusters, data;

	fs->fats = b->fats;
	fs->fat_at = b->reserved;
	fs->fat_blocks = (uint32_t)fat_sectors;
	fs->root_at = (uint32_t)(b->reserved + fs->fats * fat_sectors);
	fs->root_size = b->root_entries * 32u;
	if (fs->root_size % b->sector_size)
		return "bogus number of directory entries";
	data = b->reserved + fs->fats * fat_sectors + fs->root_size / b->sector_size;
	if (data >= sectors)
		return "no room for clusters";
	fs->data_at = (uint32_t)data;
	fs->cluster_bits = (uint8_t)__builtin_ctz(b->sector_size * (uint32_t)b->cluster_sectors);
	clusters = (sectors - data) / b->cluster_sectors;
	fs->bits = is32 ? 32 : clusters > 0xff4 ? 16 : 12;
	/* A FAT that is too short for them all bounds them. */
	clusters = min(clusters, fat_sectors * b->sector_size * 8 / fs->bits - FAT_FIRST);
	if (clusters > most[fs->bits])
		return "count of clusters too big";
	fs->end = FAT_FIRST + (uint32_t)clusters;
	fs->next_free = FAT_FIRST;
	fs->free = FAT_NOT_SAID;
	fs->root_cluster = is32 ? b->f32.root_cluster : 0;
	fs->info_at = is32 ? b->f32.info ?: 1 : 0;
	if (is32 && (fs->root_cluster < FAT_FIRST || fs->root_cluster >= fs->end))
		return "bogus root cluster";
	return NULL;
}

static int read_boot(struct fat_fs *fs, bool silent)
{
	struct superblock *sb = fs->sb;
	struct boot_sector b;
	const char *why;
	struct meta m;
	int err;

	sb->block_size = 512;
	err = meta_read(sb, 0, &m);
	if (err)
		return err;
	memcpy(&b, m.data, sizeof(b));
	meta_put(&m);
	why = check_boot(sb, &b) ?: lay_out(fs, &b);
	if (why) {
		if (!silent)
			pr_err("FAT-fs (%s): %s", sb->dev_block->name, why);
		return -EINVAL;
	}
	sb->block_size = b.sector_size;
	fs->was_dirty = (b.fat_sectors16 ? b.f16.state : b.f32.state) & STATE_DIRTY;
	return 0;
}

static bool is_info(const struct fat_info *i)
{
	return i->lead == INFO_LEAD && i->signature == INFO_SIGNATURE;
}

/* Free clusters, as they were counted last: believed if usefree says so, else counted anew. */
static int read_info(struct fat_fs *fs)
{
	const struct fat_info *i;
	struct meta m;
	int err;

	if (!fs->info_at)
		return 0;
	err = meta_read(fs->sb, fs->info_at, &m);
	if (err)
		return err;
	i = m.data;
	if (is_info(i)) {
		if (i->free <= fs->end - FAT_FIRST)
			fs->free = i->free;
		fs->free_known = fs->o.usefree && fs->free != FAT_NOT_SAID;
		if (i->next_free >= FAT_FIRST && i->next_free < fs->end)
			fs->next_free = i->next_free;
	} else {
		pr_warn("FAT-fs (%s): Invalid FSINFO signature", fs->sb->dev_block->name);
		fs->info_at = 0;
	}
	meta_put(&m);
	return 0;
}

static int write_info(struct fat_fs *fs)
{
	struct fat_info *i;
	struct meta m;
	int err;

	if (!fs->info_at)
		return 0;
	err = meta_read(fs->sb, fs->info_at, &m);
	if (err)
		return err;
	i = m.data;
	if (is_info(i) && (i->free != fs->free || i->next_free != fs->next_free)) {
		i->free = fs->free;
		i->next_free = fs->next_free;
		meta_dirty(&m);
	}
	meta_put(&m);
	return 0;
}

/* The volume is in use, or is no longer. */
static int mark_volume(struct fat_fs *fs, bool in_use)
{
	struct meta m;
	uint8_t *state;
	int err;

	fs->marked = in_use;
	if (fs->was_dirty) {
		if (in_use)
			pr_warn("FAT-fs (%s): Volume was not properly unmounted. Some data may be "
				"corrupt. Please run fsck.",
				fs->sb->dev_block->name);
		return 0;
	}
	err = meta_read(fs->sb, 0, &m);
	if (err)
		return err;
	state = (uint8_t *)m.data + (fs->bits == 32 ? BOOT_STATE_32 : BOOT_STATE_16);
	*state = in_use ? *state | STATE_DIRTY : *state & (uint8_t)~STATE_DIRTY;
	meta_dirty(&m);
	err = meta_sync(&m);
	meta_put(&m);
	return err;
}

static int fat_statfs(struct superblock *sb, struct vfs_statfs *st)
{
	struct fat_fs *fs = sb->private;
	int err;

	fat_lock(fs);
	err = fat_count(fs);
	/* Linux says how long names may be in the worst of its character sets. */
	*st = (struct vfs_statfs){ .type = FAT_MAGIC,
				   .bsize = fat_cluster_size(fs),
				   .blocks = fs->end - FAT_FIRST,
				   .bfree = fs->free,
				   .bavail = fs->free,
				   .namelen = 6 * (fs->vfat ? FAT_UNITS : FAT_NAME + 1) };
	fat_unlock(fs);
	return err;
}

static int fat_sync(struct superblock *sb)
{
	struct fat_fs *fs = sb->private;
	int err;

	fat_lock(fs);
	err = write_info(fs);
	fat_unlock(fs);
	return err;
}

static int fat_remount(struct superblock *sb, uint32_t flags, char *options)
{
	struct fat_fs *fs = sb->private;
	int err;

	/* Only that changes, as on Linux: the names that are known are of the old options. */
	if (!(flags & SB_RDONLY) == fs->marked)
		return 0;
	fat_lock(fs);
	err = write_info(fs);
	if (!err)
		err = mark_volume(fs, !(flags & SB_RDONLY));
	fat_unlock(fs);
	return err;
}

static void fat_unmount(struct superblock *sb)
{
	struct fat_fs *fs = sb->private;

	fat_lock(fs);
	/* One that contradicts itself stays marked, for fsck. */
	if (fs->marked && !sb->had_error && (write_info(fs) || mark_volume(fs, false)))
		pr_warn("FAT-fs (%s): is still marked as in use", sb->dev_block->name);
	fat_unlock(fs);
	fat_close(fs);
	kfree(fs);
	sb->private = NULL;
}

static const struct disk_ops fat_disk_ops = {
	.alloc = fat_new_inode,
	.load = fat_load,
	.write = fat_write_inode,
	.evict = fat_evict,
	.blocks = fat_blocks,
	.sync = fat_sync,
	.remount = fat_remount,
	.unmount = fat_unmount,
};

static void set_super(struct fat_fs *fs)
{
	struct superblock *sb = fs->sb;

	sb->magic = FAT_MAGIC;
	sb->statfs = fat_statfs;
	sb->options = fat_show_options;
	sb->disk = &fat_disk_ops;
	sb->root_ino = FAT_ROOT_INO;
	sb->time_min = fat_time_from(&fs->o, 0, 0, 0).sec;
	sb->time_max = fat_time_from(&fs->o, 0xffff, 0xbf7d, 199).sec;
	sb->time_gran = 2000000000;
	sb->max_size = FAT_SIZE_MAX;
	sb->name_max = fs->vfat ? DIR_NAME_MAX : NAME_MAX;
	sb->blksize = fat_cluster_size(fs);
	sb->on_error = fs->o.on_error;
	if (fs->vfat) {
		sb->name_hash = fat_vfat_hash;
		sb->name_same = fat_vfat_same;
	} else if (!fs->o.nocase) {
		sb->name_hash = fat_msdos_hash;
		sb->name_same = fat_msdos_same;
	}
}

static int fill_fat(struct superblock *sb, char *options, bool silent)
{
	struct fat_fs *fs = kzalloc(sizeof(*fs));
	bool vfat = !strcmp(sb->type, "vfat");
	uint32_t umask = fs_umask();
	int err;

	if (!fs)
		return -ENOMEM;
	fs->sb = sb;
	fs->vfat = vfat;
	mutex_init(&fs->lock);
	fs->o = (struct fat_options){ .fmask = umask,
				      .dmask = umask,
				      .allow_utime = -1,
				      .shortname = SHORT_MIXED,
				      .on_error = SB_ERROR_RDONLY,
				      .utf8 = true,
				      .numtail = true,
				      .rodir = !vfat };
	sb->private = fs;
	err = fat_parse_options(&fs->o, vfat, options);
	if (!err)
		err = read_boot(fs, silent);
	if (!err)
		err = read_info(fs);
	if (!err && !(sb->flags & SB_RDONLY))
		err = mark_volume(fs, true);
	if (err) {
		sb->private = NULL;
		kfree(fs);
		return err;
	}
	set_super(fs);
	return 0;
}

void fat_init(void)
{
	static const struct disk_fs disk = { .fill = fill_fat };
	static struct fs_type vfat = { .name = "vfat", .disk = &disk };
	static struct fs_type msdos = { .name = "msdos", .disk = &disk };

	fs_register(&vfat);
	fs_register(&msdos);
}
