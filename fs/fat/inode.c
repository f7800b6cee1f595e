/*
 * inode.c - files and directories as inodes: looked up, made, renamed, removed, written back.
 *
 * Comes from dentry.c and name.c with the directories' locks held.  An inode is known by the place
 * of its entry (inode->key), which a rename changes and a removal ends; its st_ino stays as it was
 * as long as it is in memory.  A FAT has no owners, no links, and of the mode only whether it may
 * be written: the rest is the mount's.
 */
#include "fs/fat/inode.h"

#include "fs/fat/dir.h"
#include "fs/fat/file.h"
#include "fs/fat/table.h"
#include "fs/fat/time.h"

#include "lib/string.h"
#include "block/block.h"
#include "abi/stat.h"
#include "fs/icache.h"
#include "fs/open.h"
#include "mm/slab.h"

/* ---- the entry of an inode ---- */

/* The first cluster; a FAT12's or FAT16's upper half means something else. */
static uint32_t entry_start(const struct fat_fs *fs, const struct fat_entry *e)
{
	return e->start | (fs->bits == 32 ? (uint32_t)e->start_high << 16 : 0);
}

/* Does the mode say whether the entry is marked read-only, and the mark what the mode is? */
static bool holds_read_only(const struct fat_options *o, uint32_t mode)
{
	return S_ISDIR(mode) ? o->rodir : (~o->fmask & 0222) != 0;
}

static bool is_program(const struct fat_entry *e)
{
	return !memcmp(e->name + 8, "EXE", 3) || !memcmp(e->name + 8, "COM", 3) ||
	       !memcmp(e->name + 8, "BAT", 3);
}

static uint32_t mode_of(const struct fat_options *o, const struct fat_entry *e)
{
	bool dir = e->attrs & FAT_DIR;
	uint32_t mode = 0777;

	if (!dir && o->showexec && !is_program(e))
		mode = 0666;
	if (e->attrs & FAT_READ_ONLY && (!dir || o->rodir))
		mode &= ~0222u;
	return dir ? S_IFDIR | (mode & ~o->dmask) : S_IFREG | (mode & ~o->fmask);
}

static void put_entry_times(struct fat_fs *fs, const struct inode *inode, struct fat_entry *e)
{
	uint16_t time;
	uint8_t cs;

	fat_time_to(&fs->o, inode->mtime, &e->date, &e->time, &cs);
	if (!fs->vfat)
		return;
	fat_time_to(&fs->o, inode->atime, &e->adate, &time, &cs);
	fat_time_to(&fs->o, inode->btime, &e->cdate, &e->ctime, &e->ctime_cs);
}

static void put_entry(struct fat_inode *fi, struct fat_entry *e)
{
	const struct inode *inode = &fi->inode;
	struct fat_fs *fs = fat_of(inode);

	e->attrs = fi->attrs;
	if (holds_read_only(&fs->o, inode->mode) && !(inode->mode & 0222))
		e->attrs |= FAT_READ_ONLY;
	e->size = S_ISDIR(inode->mode) ? 0 : (uint32_t)inode_size(inode);
	fat_set_start(e, fi->start);
	fi->size_said = e->size;
	put_entry_times(fs, inode, e);
}

/*
 * What kind it is, and what follows from that.  The attributes that the mode says are not kept.
 */
static void set_inode_kind(struct fat_inode *fi, const struct fat_entry *e)
{
	struct inode *inode = &fi->inode;
	struct fat_fs *fs = fat_of(inode);

	inode->ops = &fat_inode_ops;
	inode->mode = mode_of(&fs->o, e);
	inode->uid = fs->o.uid;
	inode->gid = fs->o.gid;
	inode->nlink = 1;
	fi->attrs = e->attrs;
	if (holds_read_only(&fs->o, inode->mode))
		fi->attrs &= (uint8_t)~FAT_READ_ONLY;
	fi->start = entry_start(fs, e);
	if (S_ISDIR(inode->mode)) {
		inode->fops = &fat_dir_fops;
		return;
	}
	inode->fops = &fat_file_fops;
	fi->size_said = e->size;
	fi->valid = ALIGN_UP((uint64_t)e->size, (uint64_t)fs->sb->block_size);
	cache_init(&fi->cache, inode, &fat_cache_ops, fs->sb->dev_block, e->size);
}

/* st_ino: its place, unless one that was there before, and is in memory, has that number. */
static void set_ino(struct fat_inode *fi)
{
	struct fat_fs *fs = fat_of(&fi->inode);

	fi->inode.ino = fs->strangers ? FAT_NUMBERS + ++fs->numbers : fi->place;
}

/* Its entry is at @f from now on. */
static void set_place(struct fat_inode *fi, const struct fat_found *f)
{
	struct fat_fs *fs = fat_of(&fi->inode);

	if (fi->place != f->place && fi->place == fi->inode.ino && fi->place && !fi->stranger) {
		fi->stranger = true;
		fs->strangers++;
	}
	fi->place = f->place;
	fi->at = f->at;
	fi->nr = f->nr;
}

static const struct fat_found no_place;

struct inode *fat_new_inode(struct superblock *sb)
{
	struct fat_inode *fi = kzalloc(sizeof(*fi));

	return fi ? &fi->inode : NULL;
}

/* A directory's size and links are what is found in it. */
static int load_dir(struct fat_inode *fi)
{
	struct inode *inode = &fi->inode;
	struct fat_fs *fs = fat_of(inode);
	uint32_t n, subdirs;
	bool empty, root = inode->ino == FAT_ROOT_INO;
	int err;

	if (!root && (!fi->start || fi->start == fs->root_cluster))
		return sb_error(fs->sb, "a directory begins with cluster %u", fi->start);
	err = fat_dir_scan(inode, &subdirs, &empty);
	if (!err)
		err = fat_length(fi, &n);
	if (err)
		return err;
	if (!root && subdirs < 2)
		return sb_error(fs->sb, "a directory without \".\" and \"..\"");
	inode->nlink = subdirs + (root ? 2 : 0);
	inode->size = root && !fs->root_cluster ? fs->root_size : (uint64_t)n << fs->cluster_bits;
	return 0;
}

static int load_entry(struct fat_inode *fi)
{
	struct inode *inode = &fi->inode;
	struct fat_fs *fs = fat_of(inode);
	struct fat_entry e = { .attrs = FAT_DIR }, *on_disk;
	struct meta m;
	int err;

	if (inode->ino == FAT_ROOT_INO) { /* has no entry */
		set_inode_kind(fi, &e);
		fi->start = fs->root_cluster;
		return load_dir(fi);
	}
	err = fat_entry_at(fs, inode->ino, &m, &on_disk);
	if (err)
		return err;
	e = *on_disk;
	meta_put(&m);
	if (!fat_is_file(&e))
		return -ESTALE;
	set_inode_kind(fi, &e);
	fi->place = inode->ino;
	inode->mtime = inode->ctime = fat_time_from(&fs->o, e.date, e.time, 0);
	inode->atime = fs->vfat ? fat_time_from(&fs->o, e.adate, 0, 0) : inode->mtime;
	if (fs->vfat)
		inode->btime = fat_time_from(&fs->o, e.cdate, e.ctime, e.ctime_cs);
	err = S_ISDIR(inode->mode) ? load_dir(fi) : 0;
	if (!err)
		set_ino(fi);
	return err;
}

int fat_load(struct inode *inode)
{
	struct fat_fs *fs = fat_of(inode);
	int err;

	fat_lock(fs);
	err = load_entry(fat_inode_of(inode));
	fat_unlock(fs);
	return err;
}

static int update_entry(struct fat_inode *fi)
{
	struct fat_fs *fs = fat_of(&fi->inode);
	struct fat_entry *e;
	struct meta m;
	int err;

	if (!fi->place) /* the root has no entry, nor has what was removed */
		return 0;
	err = fat_entry_at(fs, fi->place, &m, &e);
	if (err)
		return err;
	/* Two directories may share clusters, in an image that was made to. */
	if (!fat_is_file(e)) {
		err = sb_error(fs->sb, "an entry has gone");
	} else {
		put_entry(fi, e);
		meta_dirty(&m);
	}
	meta_put(&m);
	return err;
}

int fat_write_inode(struct inode *inode)
{
	struct fat_fs *fs = fat_of(inode);
	int err;

	fat_lock(fs);
	err = update_entry(fat_inode_of(inode));
	fat_unlock(fs);
	return err;
}

uint64_t fat_blocks(const struct inode *inode)
{
	const struct fat_fs *fs = fat_of(inode);

	return (uint64_t)fat_clusters(fs, inode_size(inode)) << fs->cluster_bits >> SECTOR_SHIFT;
}

void fat_evict(struct inode *inode)
{
	struct fat_inode *fi = fat_inode_of(inode);
	struct fat_fs *fs = fat_of(inode);
	uint32_t per_cluster = fat_cluster_size(fs) / fs->sb->block_size, cluster, run;

	fat_lock(fs);
	/* A directory's blocks may be a file's tomorrow: they must not be written then. */
	for (uint32_t n = 0; S_ISDIR(inode->mode) && n < FAT_DIR_MAX >> fs->cluster_bits;
	     n += run) {
		if (fat_find_cluster(fi, n, 64, &cluster, &run))
			break;
		meta_forget(fs->sb, fat_block(fs, cluster), (uint64_t)run * per_cluster);
	}
	if (fat_cut(fi, 0))
		pr_warn("FAT-fs (%s): clusters of a removed file are lost",
			fs->sb->dev_block->name);
	fat_unlock(fs);
}

static void fat_release(struct inode *inode)
{
	struct fat_inode *fi = fat_inode_of(inode);
	struct fat_fs *fs = fat_of(inode);

	fat_lock(fs);
	/* What was taken for a write that did not come, or by fallocate(2), goes back. */
	if (fi->beyond && fi->place && !(READ_ONCE(fs->sb->flags) & SB_RDONLY) &&
	    fat_cut(fi, fat_clusters(fs, fi->size_said)))
		pr_warn("FAT-fs (%s): clusters are left behind a file", fs->sb->dev_block->name);
	fs->strangers -= fi->stranger;
	fat_unlock(fs);
	kfree(fi);
}

/* ---- names ---- */

static struct inode *fat_lookup(struct inode *dir, const struct name *name)
{
	struct fat_fs *fs = fat_of(dir);
	struct fat_found f;
	struct inode *inode;
	int err;

	fat_lock(fs);
	err = fat_find(dir, name, &f);
	fat_unlock(fs);
	if (err)
		return err == -ENOENT ? NULL : err_ptr(err);
	/* The directory's lock is held: the entry stays where it is. */
	inode = inode_obtain(dir->sb, f.place);
	if (!is_err(inode)) {
		fat_lock(fs);
		fat_inode_of(inode)->at = f.at;
		fat_inode_of(inode)->nr = f.nr;
		fat_unlock(fs);
	}
	return inode;
}

/* @dir has @subdirs more directories in it.  The root has no times. */
static void fat_dir_changed(struct inode *dir, int subdirs)
{
	dir->nlink += (uint32_t)subdirs;
	if (dir->ino == FAT_ROOT_INO)
		return;
	dir->mtime = dir->ctime = vfs_now();
	inode_dirty(dir);
}

/* ".." of what lies in the root says 0. */
static uint32_t dotdot_of(const struct inode *dir)
{
	return dir->ino == FAT_ROOT_INO ? 0 : fat_inode_of((struct inode *)dir)->start;
}

static int make_entry(struct inode *dir, const struct name *name, struct fat_inode *fi)
{
	struct fat_fs *fs = fat_of(dir);
	bool is_dir = S_ISDIR(fi->inode.mode);
	struct fat_found f = { .e.attrs = is_dir ? FAT_DIR : FAT_ARCHIVE };
	int err = 0;

	fi->inode.ino = 0; /* not the root's, as long as it has none */
	put_entry_times(fs, &fi->inode, &f.e);
	if (is_dir)
		err = fat_fill_dir(&fi->inode, dotdot_of(dir), f.e);
	fat_set_start(&f.e, fi->start);
	if (!err)
		err = fat_add(dir, name, &f);
	if (err) {
		if (fat_cut(fi, 0))
			fi->start = 0;
		return err;
	}
	/* Not before: once there is a cache, the inode can only go by inode_put. */
	set_inode_kind(fi, &f.e);
	fi->inode.nlink = is_dir ? 2 : 1;
	fi->inode.size = is_dir ? fat_cluster_size(fs) : 0;
	set_place(fi, &f);
	return 0;
}

static struct inode *fat_make(struct inode *dir, const struct name *name,
			      const struct inode_new *what)
{
	struct fat_fs *fs = fat_of(dir);
	struct inode *inode;
	int err;

	if (!name)
		return err_ptr(-EOPNOTSUPP);
	if (!S_ISREG(what->mode) && !S_ISDIR(what->mode))
		return err_ptr(-EPERM);
	inode = fat_new_inode(dir->sb);
	if (!inode)
		return err_ptr(-ENOMEM);
	inode_init(inode, dir->sb, NULL, what->mode);
	fat_lock(fs);
	err = make_entry(dir, name, fat_inode_of(inode));
	fat_unlock(fs);
	if (err) {
		kfree(fat_inode_of(inode));
		return err_ptr(err);
	}
	inode->ino = fat_inode_of(inode)->place;
	err = inode_enter(inode);
	if (err) {
		inode_put(inode);
		return err_ptr(err);
	}
	fat_lock(fs);
	set_ino(fat_inode_of(inode));
	fat_unlock(fs);
	inode->atime = fat_round_atime(fs, inode->atime);
	fat_dir_changed(dir, S_ISDIR(what->mode));
	return inode;
}

/* @what, whose entries have gone or are another's, has no name any more. */
static void lose_entry(struct inode *what)
{
	set_place(fat_inode_of(what), &no_place);
	what->nlink = 0;
}

static int check_empty(struct inode *what)
{
	uint32_t subdirs;
	bool empty = true;
	int err = S_ISDIR(what->mode) ? fat_dir_scan(what, &subdirs, &empty) : 0;

	return err ? err : empty ? 0 : -ENOTEMPTY;
}

static struct fat_found found_of(struct inode *inode)
{
	struct fat_inode *fi = fat_inode_of(inode);

	return (struct fat_found){ .place = fi->place, .at = fi->at, .nr = fi->nr };
}

static int fat_unname(struct inode *dir, const struct name *name, struct inode *what)
{
	struct fat_found f = found_of(what);
	struct fat_fs *fs = fat_of(dir);
	int err;

	fat_lock(fs);
	err = check_empty(what);
	if (!err)
		err = fat_remove(dir, &f);
	if (!err)
		lose_entry(what);
	fat_unlock(fs);
	if (err)
		return err;
	fat_dir_changed(dir, S_ISDIR(what->mode) ? -1 : 0);
	/* The place may be a new file's at once. */
	return inode_rekey(what, INODE_NO_KEY);
}

/* @what's entry is @f from now on, and lies in @dir. */
static int move_to(struct inode *what, struct inode *dir, const struct fat_found *f, bool other_dir)
{
	int err;

	set_place(fat_inode_of(what), f);
	err = update_entry(fat_inode_of(what));
	if (!err && other_dir && S_ISDIR(what->mode))
		err = fat_dotdot(what, dotdot_of(dir));
	return err;
}

static int rename_entry(struct inode *from, struct inode *what, struct inode *to,
			const struct name *new_name, struct inode *over)
{
	struct fat_found old = found_of(what), f;
	int err = over ? check_empty(over) : 0;

	if (err)
		return err;
	if (over) { /* its entry, with its name as it was written, is @what's */
		f = found_of(over);
	} else {
		f = (struct fat_found){ .nr = 0 };
		put_entry(fat_inode_of(what), &f.e);
		err = fat_add(to, new_name, &f);
	}
	if (err)
		return err;
	err = fat_remove(from, &old);
	if (err) {
		if (!over && fat_remove(to, &f))
			sb_error(to->sb, "a file has two names");
		return err;
	}
	if (over)
		lose_entry(over);
	return move_to(what, to, &f, from != to);
}

/* The two entries stay; what they lead to changes places. */
static int exchange_entries(struct inode *from, struct inode *what, struct inode *to,
			    struct inode *over)
{
	struct fat_found a = found_of(what), b = found_of(over);
	int err = move_to(what, to, &b, from != to);

	return move_to(over, from, &a, from != to) ?: err;
}

static int fat_rename(struct inode *from, const struct name *old, struct inode *what,
		      struct inode *to, const struct name *new_name, struct inode *over,
		      bool exchange)
{
	int is_dir = S_ISDIR(what->mode), over_dir = over && S_ISDIR(over->mode), err;
	struct fat_fs *fs = fat_of(from);

	fat_lock(fs);
	err = exchange ? exchange_entries(from, what, to, over)
		       : rename_entry(from, what, to, new_name, over);
	fat_unlock(fs);
	if (err)
		return err;
	fat_dir_changed(from, exchange ? over_dir - is_dir : -is_dir);
	fat_dir_changed(to, exchange ? is_dir - over_dir : is_dir - over_dir);
	/* Without fs->lock, which whoever has a key, and is going, may need. */
	if (over)
		err = inode_rekey(over, INODE_NO_KEY);
	if (!err)
		err = inode_rekey(what, fat_inode_of(what)->place);
	if (!err && exchange)
		err = inode_rekey(over, fat_inode_of(over)->place);
	return err;
}

/* ---- attributes ---- */

/*
 * Of r and x all bits must be there that are, of w all or none: else it stays as it is, and no
 * error says so, as on Linux.
 */
static bool can_hold_mode(const struct fat_options *o, const struct inode *inode, uint32_t mode)
{
	uint32_t mask = S_ISDIR(inode->mode) ? o->dmask : o->fmask, all = 0222 & ~mask;

	mode &= 0777 & ~mask;
	if ((mode & 0555) != (inode->mode & 0555))
		return false;
	return (mode & 0222) == all || (!(mode & 0222) && holds_read_only(o, inode->mode));
}

static int fat_setattr(struct inode *inode, struct inode_attr *a)
{
	const struct fat_options *o = &fat_of(inode)->o;

	if ((a->valid & ATTR_UID && a->uid != o->uid) ||
	    (a->valid & ATTR_GID && a->gid != o->gid) ||
	    (a->valid & ATTR_MODE && a->mode & 07000)) {
		a->valid = 0;
		return o->quiet ? 0 : -EPERM;
	}
	if (a->valid & ATTR_MODE && !can_hold_mode(o, inode, a->mode))
		a->valid &= ~ATTR_MODE;
	if (a->valid & ATTR_MODE)
		a->mode &= ~(S_ISDIR(inode->mode) ? o->dmask : o->fmask);
	/* One date of the disk is both mtime and ctime. */
	a->valid &= ~ATTR_CTIME;
	if (a->valid & ATTR_MTIME) {
		a->valid |= ATTR_CTIME;
		a->ctime = a->mtime;
	}
	if (a->valid & ATTR_ATIME)
		a->atime = fat_round_atime(fat_of(inode), sb_time(inode->sb, a->atime));
	return 0;
}

const struct inode_ops fat_inode_ops = {
	.lookup = fat_lookup,
	.make = fat_make,
	.remove = fat_unname,
	.rename = fat_rename,
	.truncate = fat_truncate,
	.allocate = fat_allocate,
	.setattr = fat_setattr,
	.release = fat_release,
};
