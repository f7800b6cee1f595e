/*
 * inode.c - ext2's inodes: from the disk and to it, and how one begins.
 *
 * Comes from icache.c (load, write) and name.c.  Invariant: what load leaves in memory can
 * be relied on: the type, the size, the flags, the number of the block of attributes.
 */
#include "abi/stat.h"
#include "fs/ext2/csum.h"
#include "fs/ext2/alloc.h"
#include "fs/ext2/inode.h"
#include "fs/ext2/map.h"
#include "fs/random.h"
#include "lib/string.h"
#include "mm/slab.h"

#define FAST_LINK   (EXT2_N_BLOCKS * 4) /* a shorter target lies in the inode itself */

/* Blocks of a table of inodes that are read at once, as Linux's inode_readahead_blks has it. */
#define TABLE_AHEAD 32u

bool ext2_link_is_fast(const struct ext2_inode *ei)
{
	return S_ISLNK(ei->inode.mode) && ei->inode.size < FAST_LINK;
}

/* ---- from the disk ---- */

int ext2_inode_raw(struct superblock *sb, uint64_t ino, struct meta *m, struct ext2_raw_inode **raw)
{
	struct ext2_fs *fs = sb->private;
	uint64_t g = (ino - 1) / fs->inodes_per_group, at = (ino - 1) % fs->inodes_per_group;
	uint32_t block = (uint32_t)at / fs->inodes_per_block;
	/* Who lists a directory asks for the neighbours next. */
	uint32_t n = min(TABLE_AHEAD - block % TABLE_AHEAD, fs->inode_table_blocks - block);
	int err = meta_read_onward(sb, fs->group[g].inode_table + block, n, m);

	if (!err)
		*raw = (void *)((char *)m->data + at % fs->inodes_per_block * fs->inode_size);
	return err;
}

/* Bytes of fields in an inode with i_extra_isize @extra. */
static size_t fields_size(uint32_t extra)
{
	return min((size_t)EXT2_OLD_SIZE + extra, sizeof(struct ext2_raw_inode));
}

/* Two bits more of the second, and the nanosecond, stand in @extra. */
static struct vfs_time raw_time(uint32_t sec, uint32_t extra)
{
	struct vfs_time t = { .sec = (int32_t)sec, .nsec = extra >> 2 };

	t.sec += (int64_t)(extra & 3) << 32;
	if (t.nsec >= 1000000000)
		t.nsec = 0;
	return t;
}

static void set_time(struct vfs_time t, uint32_t *sec, uint32_t *extra)
{
	*sec = (uint32_t)t.sec;
	*extra = t.nsec << 2 | ((uint64_t)(t.sec - (int32_t)t.sec) >> 32 & 3);
}

static uint32_t rdev_of(const uint32_t *block)
{
	uint32_t old = block[0] & 0xffff, dev = block[1];

	return old ? dev_make(old >> 8, old & 0xff)
		   : dev_make(dev >> 8 & 0xfff, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

static void set_rdev(uint32_t *block, uint32_t rdev)
{
	uint32_t major = dev_major(rdev), minor = dev_minor(rdev);

	if (major < 256 && minor < 256)
		block[0] = major << 8 | minor;
	else
		block[1] = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

uint32_t ext2_mask_flags(uint32_t mode, uint32_t flags)
{
	if (S_ISDIR(mode))
		return flags;
	return flags & (S_ISREG(mode) ? EXT2_REG_FLMASK : EXT2_OTHER_FLMASK);
}

void ext2_flags_changed(struct ext2_inode *ei)
{
	static const struct {
		uint32_t flag, s;
	} map[] = { { EXT2_IMMUTABLE_FL, S_IMMUTABLE },
		    { EXT2_APPEND_FL, S_APPEND },
		    { EXT2_NOATIME_FL, S_NOATIME },
		    { EXT2_SYNC_FL, S_SYNC },
		    { EXT2_DIRSYNC_FL, S_DIRSYNC } };
	uint32_t s = ei->inode.sflags & S_SWAPFILE; /* which is not the disk's */

	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		s |= ei->flags & map[i].flag ? map[i].s : 0;
	WRITE_ONCE(ei->inode.sflags, s);
}

/* What is there for all kinds, from a copy of it in which the fields that it has not are 0. */
static void read_fields(struct ext2_inode *ei, const struct ext2_raw_inode *raw)
{
	struct inode *inode = &ei->inode;
	struct ext2_fs *fs = ext2_fs_of(inode);

	inode->mode = raw->i_mode;
	inode->uid = raw->i_uid | (uint32_t)raw->i_uid_high << 16;
	inode->gid = raw->i_gid | (uint32_t)raw->i_gid_high << 16;
	inode->nlink = raw->i_links_count;
	inode->atime = raw_time(raw->i_atime, raw->i_atime_extra);
	inode->mtime = raw_time(raw->i_mtime, raw->i_mtime_extra);
	inode->ctime = raw_time(raw->i_ctime, raw->i_ctime_extra);
	inode->btime = raw_time(raw->i_crtime, raw->i_crtime_extra);
	inode->size = raw->i_size;
	if (S_ISREG(inode->mode))
		inode->size |= (uint64_t)raw->i_size_high << 32;
	ei->flags = raw->i_flags;
	ei->generation = raw->i_generation;
	ei->dtime = raw->i_dtime;
	ei->extra = raw->i_extra_isize;
	ei->blocks = raw->i_blocks;
	if (ext2_has_ro(fs, RO_COMPAT_HUGE_FILE))
		ei->blocks |= (uint64_t)raw->i_blocks_hi << 32;
	if (ei->flags & EXT2_HUGE_FILE_FL)
		ei->blocks <<= fs->bits - 9;
	ei->acl = raw->i_file_acl;
	if (ext2_has(fs, INCOMPAT_64BIT))
		ei->acl |= (uint64_t)raw->i_file_acl_high << 32;
	memcpy(ei->block, raw->i_block, sizeof(ei->block));
}

/* Is it one that can be? */
static bool fields_are_good(const struct ext2_inode *ei)
{
	const struct inode *inode = &ei->inode;
	struct ext2_fs *fs = ext2_fs_of(inode);
	uint32_t type = inode->mode & S_IFMT;

	if (type != S_IFREG && type != S_IFDIR && type != S_IFLNK && type != S_IFCHR &&
	    type != S_IFBLK && type != S_IFIFO && type != S_IFSOCK)
		return false;
	if (ei->flags & (EXT2_INLINE_DATA_FL | EXT2_EA_INODE_FL) ||
	    (ei->flags & EXT2_EXTENTS_FL && !ext2_has(fs, INCOMPAT_EXTENTS)))
		return false;
	if (inode->size > inode->sb->max_size || ei->extra % 4 ||
	    ei->extra + EXT2_OLD_SIZE > fs->inode_size || (ei->acl && !ext2_is_block(fs, ei->acl)))
		return false;
	if (type == S_IFDIR && (inode->size & (inode->sb->block_size - 1) || !inode->size))
		return false;
	return type != S_IFLNK || (inode->size && inode->size <= inode->sb->block_size);
}

/* What follows from the type. */
static void set_kind(struct ext2_inode *ei)
{
	struct inode *inode = &ei->inode;

	if (S_ISREG(inode->mode)) {
		inode->fops = ext2_fs_of(inode)->file_ops;
		cache_init(&ei->cache, inode, &ext2_cache_ops, inode->sb->dev_block, inode->size);
		inode->cache = &ei->cache;
		/* Some may lie behind the end, of a cut that failed: looked at when it grows. */
		ei->cache.behind = ei->blocks != 0;
	} else if (S_ISDIR(inode->mode)) {
		inode->fops = ext2_fs_of(inode)->dir_ops;
	}
	ei->group = (uint32_t)((inode->ino - 1) / ext2_fs_of(inode)->inodes_per_group);
	ext2_flags_changed(ei);
}

struct inode *ext2_inode_alloc(struct superblock *sb)
{
	const struct ext2_fs *fs = sb->private;
	struct ext2_inode *ei = kzalloc(sizeof(*ei));

	if (!ei)
		return NULL;
	mutex_init(&ei->lock);
	ei->inode.ops = fs->ops;
	return &ei->inode;
}

int ext2_inode_load(struct inode *inode)
{
	struct ext2_inode *ei = ext2_of(inode);
	struct ext2_fs *fs = ext2_fs_of(inode);
	struct ext2_raw_inode *raw, copy = { 0 };
	struct meta m;
	size_t have;
	int err;

	if (inode->ino != EXT2_ROOT_INO &&
	    (inode->ino < fs->first_ino || inode->ino > fs->super.s_inodes_count))
		return sb_error(inode->sb, "there is no inode %llu", inode->ino + 0ULL);
	err = ext2_inode_raw(inode->sb, inode->ino, &m, &raw);
	if (err)
		return err;
	memcpy(&copy, raw, min((size_t)fs->inode_size, sizeof(copy)));
	have = fields_size(copy.i_extra_isize);
	memset((char *)&copy + have, 0, sizeof(copy) - have);
	if (!copy.i_links_count)
		err = -ESTALE;
	else if (fs->csum && !ext2_inode_csum_good(fs, inode->ino, raw))
		err = sb_error(inode->sb, "inode %llu: its checksum", inode->ino + 0ULL);
	meta_put(&m);
	if (err)
		return err;
	read_fields(ei, &copy);
	if (!fields_are_good(ei))
		return sb_error(inode->sb, "inode %llu: mode %o, size %llu, flags %#x",
				inode->ino + 0ULL, inode->mode, inode->size + 0ULL, ei->flags);
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		inode->rdev = rdev_of(ei->block);
	set_kind(ei);
	return 0;
}

uint64_t ext2_inode_blocks(const struct inode *inode)
{
	return READ_ONCE(ext2_of(inode)->blocks);
}

/* ---- to the disk ---- */

/* The first file of 2 GiB says so in the superblock, as old kernels could not read it. */
static void note_large_file(struct ext2_fs *fs)
{
	struct ext2_super *s = &fs->super;

	mutex_lock(&fs->lock);
	if (!s->s_rev_level) {
		s->s_rev_level = 1;
		s->s_first_ino = EXT2_OLD_FIRST;
		s->s_inode_size = EXT2_OLD_SIZE;
	}
	s->s_feature_ro_compat |= RO_COMPAT_LARGE_FILE;
	fs->super_dirty = true;
	mutex_unlock(&fs->lock);
}

/* What is kept of an inode, into a copy of what the disk has. */
static void write_fields(const struct ext2_inode *ei, uint64_t size, struct ext2_raw_inode *raw)
{
	const struct inode *inode = &ei->inode;

	raw->i_mode = (uint16_t)inode->mode;
	raw->i_uid = (uint16_t)inode->uid;
	raw->i_uid_high = (uint16_t)(inode->uid >> 16);
	raw->i_gid = (uint16_t)inode->gid;
	raw->i_gid_high = (uint16_t)(inode->gid >> 16);
	raw->i_links_count = (uint16_t)inode->nlink;
	raw->i_size = (uint32_t)size;
	if (S_ISREG(inode->mode))
		raw->i_size_high = (uint32_t)(size >> 32);
	set_time(inode->atime, &raw->i_atime, &raw->i_atime_extra);
	set_time(inode->mtime, &raw->i_mtime, &raw->i_mtime_extra);
	set_time(inode->ctime, &raw->i_ctime, &raw->i_ctime_extra);
	set_time(inode->btime, &raw->i_crtime, &raw->i_crtime_extra);
	raw->i_dtime = ei->dtime;
	raw->i_blocks = (uint32_t)ei->blocks;
	raw->i_flags = ei->flags;
	raw->i_generation = ei->generation;
	raw->i_file_acl = (uint32_t)ei->acl;
	raw->i_extra_isize = ei->extra;
	memcpy(raw->i_block, ei->block, sizeof(raw->i_block));
}

int ext2_inode_write(struct inode *inode)
{
	struct ext2_inode *ei = ext2_of(inode);
	struct ext2_fs *fs = ext2_fs_of(inode);
	struct ext2_raw_inode *raw, copy;
	uint64_t size = inode_size(inode), have = fields_size(ei->extra);
	struct meta m;
	int err = ext2_inode_raw(inode->sb, inode->ino, &m, &raw);

	if (err)
		return err;
	if (size > INT32_MAX && !ext2_has_ro(fs, RO_COMPAT_LARGE_FILE))
		note_large_file(fs);
	mutex_lock(&ei->lock);
	if (ei->fresh)
		memset(raw, 0, fs->inode_size);
	ei->fresh = false;
	memcpy(&copy, raw, have);
	write_fields(ei, size, &copy);
	memcpy(raw, &copy, have);
	meta_dirty(&m);
	mutex_unlock(&ei->lock);
	meta_put(&m);
	return 0;
}

/* ---- a new one ---- */

/* A target that is too long for the inode has a block. */
static int set_target(struct ext2_inode *ei, const char *target)
{
	struct inode *inode = &ei->inode;
	size_t len = strlen(target);
	struct meta m;
	int err;

	if (len >= inode->sb->block_size)
		return -ENAMETOOLONG;
	inode->size = len;
	if (len < FAST_LINK) {
		memcpy(ei->block, target, len);
		return 0;
	}
	err = ext2_block_make(ei, 0, &m);
	if (err)
		return err;
	memcpy(m.data, target, len);
	meta_dirty(&m);
	meta_put(&m);
	return 0;
}

static void set_up(struct ext2_inode *ei, struct inode *dir, const struct inode_new *what)
{
	struct inode *inode = &ei->inode;
	struct ext2_fs *fs = ext2_fs_of(dir);
	size_t fields = min((size_t)fs->inode_size, sizeof(struct ext2_raw_inode));

	ei->fresh = true;
	ei->extra = (uint16_t)(fields - EXT2_OLD_SIZE);
	ei->flags = ext2_mask_flags(inode->mode, ext2_of(dir)->flags & EXT2_FL_INHERITED);
	random_bytes(&ei->generation, sizeof(ei->generation));
	if (fs->options & EXT2_GRPID)
		inode->gid = dir->gid;
	inode->nlink = 1;
	inode->rdev = what->rdev;
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		set_rdev(ei->block, what->rdev);
	set_kind(ei);
}

struct inode *ext2_inode_new(struct inode *dir, const struct inode_new *what)
{
	struct inode *inode = ext2_inode_alloc(dir->sb);
	struct ext2_inode *ei;
	uint32_t ino;
	int err;

	if (!inode)
		return err_ptr(-ENOMEM);
	ei = ext2_of(inode);
	ino = ext2_alloc_inode(dir, S_ISDIR(what->mode), &err);
	if (!ino) {
		kfree(ei);
		return err_ptr(err);
	}
	inode_init(inode, dir->sb, dir, what->mode);
	inode->ops = ext2_fs_of(dir)->ops;
	inode->ino = ino;
	set_up(ei, dir, what);
	err = inode_enter(inode);
	if (err) { /* the number is another's in memory: it stays marked as used */
		inode_put(inode);
		return err_ptr(err);
	}
	if (S_ISLNK(inode->mode))
		err = set_target(ei, what->target);
	if (err) {
		WRITE_ONCE(inode->nlink, 0);
		inode_put(inode);
		return err_ptr(err);
	}
	inode_dirty(inode);
	return inode;
}
