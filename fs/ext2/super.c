/*
 * super.c - ext2's superblock: what a file system must be like to be mounted, with which options,
 * and what is written of it.
 *
 * Comes from super.c of fs/ with no lock held but that of the mount.  Invariants: fs->super and
 * fs->group were checked when they were read, and nothing is read from their place again; while it
 * is mounted for writing, s_state on the disk lacks EXT2_VALID_FS.
 */
#include "block/block.h"
#include "fs/ext2/csum.h"
#include "fs/ext2/alloc.h"
#include "fs/ext2/dir.h"
#include "fs/ext2/file.h"
#include "fs/ext2/inode.h"
#include "fs/ext2/map.h"
#include "fs/ext2/super.h"
#include "fs/mount_ops.h"
#include "lib/crc32c.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"

/* A line in the log; and for what is not mounted because of it, -EINVAL. */
#define SAY(sb, fmt, ...) \
	pr_warn("%s (%s): " fmt "\n", (sb)->type, (sb)->dev_block->name, ##__VA_ARGS__)
#define REFUSE(sb, fmt, ...) (SAY(sb, fmt, ##__VA_ARGS__), -EINVAL)

/* ---- features ---- */

#define INCOMPAT_OURS                                                                              \
	(INCOMPAT_FILETYPE | INCOMPAT_META_BG | INCOMPAT_EXTENTS | INCOMPAT_64BIT | INCOMPAT_MMP | \
	 INCOMPAT_FLEX_BG | INCOMPAT_CSUM_SEED | INCOMPAT_LARGEDIR)
#define INCOMPAT_WRITABLE  (INCOMPAT_FILETYPE | INCOMPAT_META_BG)
#define RO_COMPAT_WRITABLE (RO_COMPAT_SPARSE_SUPER | RO_COMPAT_LARGE_FILE | RO_COMPAT_EXTRA_ISIZE)

/* By their bits; features of ext2 itself have no names here. */
static const char *const incompat_names[32] = { [0] = "compression", [2] = "needs_recovery",
						[3] = "journal_dev", [6] = "extents",
						[7] = "64bit",	     [8] = "mmp",
						[9] = "flex_bg",     [10] = "ea_inode",
						[12] = "dirdata",    [13] = "metadata_csum_seed",
						[14] = "large_dir",  [15] = "inline_data",
						[16] = "encrypt",    [17] = "casefold" };
static const char *const ro_compat_names[32] = {
	[3] = "huge_file",	[4] = "uninit_bg",	[5] = "dir_nlink",	[8] = "quota",
	[9] = "bigalloc",	[10] = "metadata_csum", [12] = "read-only",	[13] = "project",
	[14] = "shared_blocks", [15] = "verity",	[16] = "orphan_present"
};

/* The name of the last feature in @bits, for the log. */
static const char *feature_name(const char *const names[32], uint32_t bits)
{
	const char *name = names[31 - __builtin_clz(bits)];

	return name ? name : "of an unknown kind";
}

/* May it be written?  0 or -EROFS, with a line that says why not. */
static int check_writable(const struct ext2_fs *fs)
{
	const struct ext2_super *s = &fs->super;
	uint32_t incompat = s->s_feature_incompat & ~INCOMPAT_WRITABLE;
	uint32_t ro_compat = s->s_feature_ro_compat & ~RO_COMPAT_WRITABLE;

	if (!incompat && !ro_compat && !(s->s_feature_compat & COMPAT_HAS_JOURNAL))
		return 0;
	SAY(fs->sb, "feature %s: it can be mounted read-only",
	    incompat	? feature_name(incompat_names, incompat)
	    : ro_compat ? feature_name(ro_compat_names, ro_compat)
			: "has_journal");
	return -EROFS;
}

/*
 * What Linux's ext2, ext3 and ext4 take: ext2 is without a journal and all that came after it, ext3
 * with a journal.
 */
static int check_features(struct ext2_fs *fs, bool silent)
{
	struct ext2_super *s = &fs->super;
	bool journal = s->s_feature_compat & COMPAT_HAS_JOURNAL;
	uint32_t ours = INCOMPAT_WRITABLE, bad;

	if (!s->s_rev_level) /* has no features, and those fields say nothing */
		s->s_feature_compat = s->s_feature_incompat = s->s_feature_ro_compat = 0;
	if (!strcmp(fs->sb->type, "ext4"))
		ours = INCOMPAT_OURS;
	bad = s->s_feature_incompat & ~(ours | (fs->options & EXT2_LOAD ? 0 : INCOMPAT_RECOVER));
	/* Silent is who tries one type after the other, of what another of them takes. */
	if (bad && !(silent && !(bad & ~INCOMPAT_OURS)))
		return REFUSE(fs->sb, "feature %s is not supported",
			      feature_name(incompat_names, bad));
	if (!bad && s->s_feature_ro_compat & RO_COMPAT_BIGALLOC)
		return REFUSE(fs->sb, "feature bigalloc is not supported");
	if (bad)
		return -EINVAL;
	if (!strcmp(fs->sb->type, "ext3") && !journal)
		return silent ? -EINVAL : REFUSE(fs->sb, "there is no journal");
	return 0;
}

/* ---- options ---- */

/* "NAME" sets a bit, "noNAME" clears it. */
static const struct {
	const char *name;
	uint32_t bit;
} option_bits[] = {
	{ "minixdf", EXT2_MINIXDF }, { "grpid", EXT2_GRPID },	{ "user_xattr", EXT2_USER_XATTR },
	{ "acl", EXT2_ACL },	     { "recovery", EXT2_LOAD }, { "load", EXT2_LOAD },
	{ "bsdgroups", EXT2_GRPID },
};
#define SHOWN 5 /* of them */

/* Those that Linux knows and that change nothing here, with "no" or without. */
static const char *const ignored[] = { "defaults", "uid32",   "debug",	 "oldalloc",
				       "orlov",	   "check",   "quota",	 "sysvgroups",
				       "bsddf",	   "barrier", "discard", "reservation" };

static bool parse_bit(struct ext2_fs *fs, const char *key)
{
	bool off = !strncmp(key, "no", 2);
	const char *name = off ? key + 2 : key;

	for (size_t i = 0; i < ARRAY_SIZE(option_bits); i++)
		if (!strcmp(name, option_bits[i].name)) {
			fs->options &= ~option_bits[i].bit;
			fs->options |= off ? 0 : option_bits[i].bit;
			return true;
		}
	return option_word(name, ignored, ARRAY_SIZE(ignored)) >= 0;
}

static bool parse_value(struct ext2_fs *fs, uint64_t *super_at, const char *key, const char *value)
{
	uint32_t n;

	if (!strcmp(key, "check"))
		return !strcmp(value, "none");
	if (!strcmp(key, "errors")) {
		fs->errors = (uint8_t)(1 + option_word(value, sb_error_names, SB_ERROR_KINDS));
		return fs->errors;
	}
	if (!option_number(value, 0, &n))
		return false;
	if (!strcmp(key, "sb"))
		*super_at = n;
	else if (!strcmp(key, "resuid"))
		fs->resuid = n;
	else if (!strcmp(key, "resgid"))
		fs->resgid = n;
	else
		return false;
	return true;
}

/* *@super_at: sb=, where the superblock is, in KiB. */
static int parse_ext2_options(struct ext2_fs *fs, uint64_t *super_at, char *text)
{
	char *key, *value;

	while (option_next(&text, &key, &value))
		if (!(value ? parse_value(fs, super_at, key, value) : parse_bit(fs, key)))
			return REFUSE(fs->sb, "unrecognized mount option \"%s\"", key);
	return 0;
}

static int ext2_options(struct superblock *sb, char *buf, size_t size)
{
	const struct ext2_fs *fs = sb->private;
	int n = 0;

	buf[0] = '\0';
	for (int i = 0; i < SHOWN; i++)
		if ((fs->options ^ EXT2_DEFAULTS) & option_bits[i].bit)
			n += scnprintf(buf + n, size - n, ",%s%s",
				       fs->options & option_bits[i].bit ? "" : "no",
				       option_bits[i].name);
	if (fs->errors && fs->errors != fs->super.s_errors)
		n += scnprintf(buf + n, size - n, ",errors=%s", sb_error_names[fs->errors - 1]);
	if (fs->resuid != fs->super.s_def_resuid)
		n += scnprintf(buf + n, size - n, ",resuid=%u", fs->resuid);
	if (fs->resgid != fs->super.s_def_resgid)
		n += scnprintf(buf + n, size - n, ",resgid=%u", fs->resgid);
	return n;
}

/* ---- the geometry ---- */

static bool power_of(uint32_t n, uint32_t base)
{
	while (n > base && n % base == 0)
		n /= base;
	return n == base;
}

/* Has group @g a copy of the superblock and of the descriptors? */
static bool has_super(const struct ext2_fs *fs, uint32_t g)
{
	return !ext2_has_ro(fs, RO_COMPAT_SPARSE_SUPER) || g <= 1 || power_of(g, 3) ||
	       power_of(g, 5) || power_of(g, 7);
}

static uint64_t hi(const struct ext2_fs *fs, uint32_t high)
{
	return ext2_has(fs, INCOMPAT_64BIT) ? (uint64_t)high << 32 : 0;
}

/* The sizes that the superblock tells; false: no file system is like that. */
static bool read_geometry(struct ext2_fs *fs)
{
	const struct ext2_super *s = &fs->super;
	uint32_t size, bits_in_block, descs;
	uint64_t groups;

	if (s->s_log_block_size > 2)
		return false;
	fs->bits = 10 + s->s_log_block_size;
	size = 1u << fs->bits;
	bits_in_block = size * 8;
	fs->blocks = s->s_blocks_count | hi(fs, s->s_blocks_count_hi);
	fs->free_blocks = s->s_free_blocks_count | hi(fs, s->s_free_blocks_count_hi);
	fs->reserved_blocks = s->s_r_blocks_count | hi(fs, s->s_r_blocks_count_hi);
	fs->free_inodes = s->s_free_inodes_count;
	fs->first_block = s->s_first_data_block;
	fs->blocks_per_group = s->s_blocks_per_group;
	fs->inodes_per_group = s->s_inodes_per_group;
	fs->inode_size = s->s_rev_level ? s->s_inode_size : EXT2_OLD_SIZE;
	fs->first_ino = s->s_rev_level ? s->s_first_ino : EXT2_OLD_FIRST;
	fs->desc_size = ext2_has(fs, INCOMPAT_64BIT) ? s->s_desc_size : EXT2_DESC_SIZE;
	descs = fs->desc_size;
	if (fs->inode_size < EXT2_OLD_SIZE || fs->inode_size > size ||
	    fs->inode_size & (fs->inode_size - 1) || fs->first_ino < EXT2_OLD_FIRST ||
	    descs < EXT2_DESC_SIZE || descs > size || descs & (descs - 1) ||
	    fs->first_block != (size == 1024) || fs->blocks_per_group > bits_in_block ||
	    fs->blocks_per_group % 8 || fs->inodes_per_group > bits_in_block ||
	    fs->inodes_per_group < size / fs->inode_size)
		return false;
	if (ext2_has(fs, INCOMPAT_64BIT) && descs < sizeof(struct ext2_desc))
		return false;
	fs->inodes_per_block = size / fs->inode_size;
	fs->descs_per_block = size / descs;
	fs->inode_table_blocks = DIV_ROUND_UP(fs->inodes_per_group, fs->inodes_per_block);
	if (fs->blocks_per_group <= fs->inode_table_blocks + 3 || fs->blocks <= fs->first_block ||
	    fs->blocks > fs->sb->dev_block->sectors >> (fs->bits - SECTOR_SHIFT))
		return false;
	groups = DIV_ROUND_UP(fs->blocks - fs->first_block, fs->blocks_per_group);
	if (groups > UINT32_MAX / fs->inodes_per_group ||
	    s->s_inodes_count != groups * fs->inodes_per_group || fs->first_ino > s->s_inodes_count)
		return false;
	fs->nr_groups = (uint32_t)groups;
	return true;
}

/* The block that holds the descriptors of @g, as its number is in units of a block of them. */
static uint64_t desc_block(const struct ext2_fs *fs, uint32_t index)
{
	uint64_t group = (uint64_t)index * fs->descs_per_block;

	if (!ext2_has(fs, INCOMPAT_META_BG) || index < fs->super.s_first_meta_bg)
		return fs->first_block + 1 + index;
	return fs->first_block + group * fs->blocks_per_group + has_super(fs, (uint32_t)group);
}

static int read_group(struct ext2_fs *fs, uint32_t g, const struct ext2_desc *raw)
{
	struct ext2_group *group = &fs->group[g];
	struct ext2_desc d = { 0 };

	memcpy(&d, raw, min((size_t)fs->desc_size, sizeof(d)));
	group->block_bitmap = d.bg_block_bitmap | hi(fs, d.bg_block_bitmap_hi);
	group->inode_bitmap = d.bg_inode_bitmap | hi(fs, d.bg_inode_bitmap_hi);
	group->inode_table = d.bg_inode_table | hi(fs, d.bg_inode_table_hi);
	group->free_blocks = d.bg_free_blocks_count;
	group->free_inodes = d.bg_free_inodes_count;
	group->dirs = d.bg_used_dirs_count;
	if (!ext2_is_block(fs, group->block_bitmap) || !ext2_is_block(fs, group->inode_bitmap) ||
	    !ext2_is_block(fs, group->inode_table) ||
	    !ext2_is_block(fs, group->inode_table + fs->inode_table_blocks - 1))
		return REFUSE(fs->sb, "group %u: its tables lie outside of the file system", g);
	if (fs->csum && fs->desc_size <= sizeof(d) && !ext2_desc_csum_good(fs, g, &d))
		return REFUSE(fs->sb, "group %u: checksum of its descriptor", g);
	return 0;
}

static int read_groups(struct ext2_fs *fs)
{
	uint32_t per_block = fs->descs_per_block, tables = 2 + fs->inode_table_blocks;
	uint64_t descs = DIV_ROUND_UP(fs->nr_groups, per_block) + fs->super.s_reserved_gdt_blocks;
	int err = 0;

	fs->overhead = fs->first_block;
	for (uint32_t g = 0; g < fs->nr_groups && !err; g += per_block) {
		struct meta m;
		uint32_t n = min(per_block, fs->nr_groups - g);

		err = meta_read(fs->sb, desc_block(fs, g / per_block), &m);
		for (uint32_t i = 0; i < n && !err; i++) {
			err = read_group(fs, g + i, (void *)((char *)m.data + i * fs->desc_size));
			fs->overhead += tables + (has_super(fs, g + i) ? 1 + descs : 0);
		}
		meta_put(&m);
		if (!err)
			err = give_way();
	}
	return err;
}

static int write_groups(struct ext2_fs *fs)
{
	uint32_t per_block = fs->descs_per_block;
	int err = 0;

	mutex_assert_held(&fs->lock);
	for (uint32_t g = 0; g < fs->nr_groups && !err; g++) {
		struct ext2_group *group = &fs->group[g];
		struct ext2_desc *d;
		struct meta m;

		if (!group->dirty)
			continue;
		err = meta_read(fs->sb, desc_block(fs, g / per_block), &m);
		if (err)
			break;
		d = (void *)((char *)m.data + g % per_block * fs->desc_size);
		d->bg_free_blocks_count = (uint16_t)group->free_blocks;
		d->bg_free_inodes_count = (uint16_t)group->free_inodes;
		d->bg_used_dirs_count = (uint16_t)group->dirs;
		meta_dirty(&m);
		meta_put(&m);
		group->dirty = false;
	}
	return err;
}

/* ---- what is written ---- */

static int write_super(struct ext2_fs *fs, bool now)
{
	struct superblock *sb = fs->sb;
	struct ext2_super *s = &fs->super;
	struct meta m;
	int err = meta_read(sb, EXT2_SUPER_AT >> fs->bits, &m);

	if (err)
		return err;
	s->s_free_blocks_count = (uint32_t)fs->free_blocks;
	s->s_free_inodes_count = fs->free_inodes;
	s->s_wtime = (uint32_t)vfs_now().sec;
	if (sb->had_error)
		s->s_state |= EXT2_ERROR_FS;
	memcpy((char *)m.data + (EXT2_SUPER_AT & (sb->block_size - 1)), s, sizeof(*s));
	meta_dirty(&m);
	err = now ? meta_sync(&m) : 0;
	meta_put(&m);
	fs->super_dirty = false;
	return err;
}

static int ext2_sync(struct superblock *sb)
{
	struct ext2_fs *fs = sb->private;
	int err = 0;

	mutex_lock(&fs->lock);
	if (fs->super_dirty) {
		err = write_groups(fs);
		if (!err)
			err = write_super(fs, false);
	}
	mutex_unlock(&fs->lock);
	return err;
}

/* From now on it is written (@on), or all has been written. */
static int set_mounted(struct ext2_fs *fs, bool on)
{
	struct ext2_super *s = &fs->super;
	int err;

	mutex_lock(&fs->lock);
	fs->mounted = on;
	if (on) {
		if (!(s->s_state & EXT2_VALID_FS))
			SAY(fs->sb, "mounting unchecked fs, running e2fsck is recommended");
		else if (s->s_state & EXT2_ERROR_FS)
			SAY(fs->sb, "mounting fs with errors, running e2fsck is recommended");
		fs->state = s->s_state;
		s->s_state &= (uint16_t)~EXT2_VALID_FS;
		s->s_mnt_count++;
		s->s_mtime = (uint32_t)vfs_now().sec;
	} else if (!fs->sb->had_error || fs->sb->on_error != SB_ERROR_RDONLY) {
		s->s_state = fs->state; /* else not all has been written */
	}
	err = write_groups(fs);
	if (!err)
		err = write_super(fs, true);
	mutex_unlock(&fs->lock);
	return err;
}

static int ext2_statfs(struct superblock *sb, struct vfs_statfs *st)
{
	struct ext2_fs *fs = sb->private;
	uint64_t uuid[2];

	mutex_lock(&fs->lock);
	*st = (struct vfs_statfs){ .type = EXT2_MAGIC, .bsize = sb->block_size };
	st->blocks = fs->blocks - (fs->options & EXT2_MINIXDF ? 0 : fs->overhead);
	st->bfree = min(fs->free_blocks, fs->blocks);
	st->files = fs->super.s_inodes_count;
	st->ffree = min(fs->free_inodes, fs->super.s_inodes_count);
	mutex_unlock(&fs->lock);
	memcpy(uuid, fs->super.s_uuid, sizeof(uuid));
	st->fsid = uuid[0] ^ uuid[1]; /* as Linux */
	st->bavail = st->bfree - min(st->bfree, fs->reserved_blocks);
	return 0;
}

/* ---- mount, remount, unmount ---- */

/*
 * What follows from an error: what mount(8) was told; or what the image says, but for a panic: an
 * image that somebody else has made does not stop this machine.
 */
static void apply_options(struct ext2_fs *fs)
{
	uint16_t image = fs->super.s_errors;
	bool ro = image == EXT2_ERRORS_RO || image == EXT2_ERRORS_PANIC;

	fs->sb->on_error = fs->errors ? fs->errors - 1 : ro ? SB_ERROR_RDONLY : SB_ERROR_GO_ON;
	fs->sb->posix_acl = fs->options & EXT2_ACL;
}

/* The superblock itself, and whether it is one that is understood. */
static int read_super(struct ext2_fs *fs, uint64_t at, bool silent)
{
	struct superblock *sb = fs->sb;
	struct ext2_super *s = &fs->super;
	struct meta m;
	int err;

	sb->block_size = 1024;
	err = meta_read(sb, at, &m);
	if (err)
		return err;
	memcpy(s, m.data, sizeof(*s));
	meta_put(&m);
	if (s->s_magic != EXT2_MAGIC)
		return silent ? -EINVAL : REFUSE(sb, "there is no such file system");
	err = check_features(fs, silent);
	if (err)
		return err;
	fs->csum = ext2_has_ro(fs, RO_COMPAT_METADATA_CSUM);
	if (fs->csum && !ext2_super_csum_good(s))
		return REFUSE(sb, "checksum of the superblock");
	if (!read_geometry(fs))
		return REFUSE(sb, "its superblock contradicts itself, or its device");
	fs->csum_seed = ext2_has(fs, INCOMPAT_CSUM_SEED)
				? s->s_checksum_seed
				: crc32c_update(UINT32_MAX, s->s_uuid, sizeof(s->s_uuid));
	return 0;
}

static void set_up_sb(struct ext2_fs *fs)
{
	struct superblock *sb = fs->sb;
	const struct ext2_super *s = &fs->super;
	uint64_t said = s->s_overhead_clusters;

	sb->block_size = sb->blksize = 1u << fs->bits;
	sb->root_ino = EXT2_ROOT_INO;
	sb->magic = EXT2_MAGIC;
	sb->disk = &ext2_disk_ops;
	sb->statfs = ext2_statfs;
	sb->options = ext2_options;
	sb->max_size = ext2_max_size(fs);
	sb->time_min = INT32_MIN;
	/* Inodes of 256 bytes have two bits more of a second, and its fractions. */
	sb->time_max = fs->inode_size > EXT2_OLD_SIZE ? 0x37fffffffLL : INT32_MAX;
	sb->time_gran = fs->inode_size > EXT2_OLD_SIZE ? 1 : 1000000000;
	fs->overhead = said && said < fs->blocks ? said : min(fs->overhead, fs->blocks);
	/* Where neither is said, as the machine's characters are: unsigned. */
	fs->hash_unsigned = s->s_flags & EXT2_SIGNED_HASH ? 0 : 3;
	sb->private = fs;
	apply_options(fs);
}

int ext2_fill(struct superblock *sb, char *options, bool silent)
{
	uint64_t super_at = EXT2_SUPER_AT / 1024;
	struct ext2_fs *fs = kzalloc(sizeof(*fs));
	int err;

	if (!fs)
		return -ENOMEM;
	fs->sb = sb;
	fs->ops = &ext2_ops;
	fs->file_ops = &ext2_file_ops;
	fs->dir_ops = &ext2_dir_ops;
	fs->options = EXT2_DEFAULTS;
	fs->resuid = fs->resgid = UINT32_MAX;
	mutex_init(&fs->lock);
	mutex_init(&fs->xattr_lock);
	err = parse_ext2_options(fs, &super_at, options);
	if (!err)
		err = read_super(fs, super_at, silent);
	if (!err && !(sb->flags & SB_RDONLY))
		err = check_writable(fs);
	if (err)
		goto out;
	if (fs->resuid == UINT32_MAX)
		fs->resuid = fs->super.s_def_resuid;
	if (fs->resgid == UINT32_MAX)
		fs->resgid = fs->super.s_def_resgid;
	if (fs->super.s_default_mount_opts & EXT2_DEFM_BSDGROUPS)
		fs->options |= EXT2_GRPID;
	sb->block_size = 1u << fs->bits;
	fs->group = kzalloc(fs->nr_groups * sizeof(*fs->group));
	err = fs->group ? read_groups(fs) : -ENOMEM;
	if (err)
		goto out;
	set_up_sb(fs);
	if (!(sb->flags & SB_RDONLY))
		err = set_mounted(fs, true);
	if (!err)
		return 0;
out:
	sb->private = NULL;
	kfree(fs->group);
	kfree(fs);
	return err;
}

static int ext2_remount(struct superblock *sb, uint32_t flags, char *options)
{
	struct ext2_fs *fs = sb->private;
	uint64_t super_at;
	/* Not sb->flags: they say already what is to be, so that nobody begins to write. */
	bool was = !fs->mounted, now = flags & SB_RDONLY;
	int err = parse_ext2_options(fs, &super_at, options);

	if (!err && was && !now)
		err = check_writable(fs);
	if (err)
		return err;
	apply_options(fs);
	return was == now ? 0 : set_mounted(fs, !now);
}

static void ext2_unmount(struct superblock *sb)
{
	struct ext2_fs *fs = sb->private;

	if (fs->mounted && set_mounted(fs, false))
		SAY(sb, "its superblock could not be written");
	sb->private = NULL;
	kfree(fs->group);
	kfree(fs);
}

void ext2_init(void)
{
	static const struct disk_fs disk = { .fill = ext2_fill };
	static struct fs_type types[] = { { .name = "ext3", .disk = &disk },
					  { .name = "ext2", .disk = &disk },
					  { .name = "ext4", .disk = &disk } };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		fs_register(&types[i]);
}

const struct disk_ops ext2_disk_ops = {
	.alloc = ext2_inode_alloc,
	.load = ext2_inode_load,
	.write = ext2_inode_write,
	.evict = ext2_inode_evict,
	.blocks = ext2_inode_blocks,
	.sync = ext2_sync,
	.remount = ext2_remount,
	.unmount = ext2_unmount,
};
