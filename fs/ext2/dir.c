/*
 * dir.c - a directory's blocks: entries are found in them, put there, taken out and listed.
 *
 * Comes from name.c and from getdents64(2); the directory's lock is held.  Invariant: an entry is
 * taken for one only if it and its name lie within its block (entry.c).
 */
#include "abi/stat.h"
#include "fs/ext2/dir.h"
#include "fs/ext2/entry.h"
#include "fs/ext2/index.h"
#include "fs/ext2/ioctl.h"
#include "fs/ext2/map.h"
#include "lib/string.h"

/* ---- one name ---- */

/* @name in the block that @p holds: its inode, 0: it is not there, -EUCLEAN. */
static int64_t find_in(struct inode *dir, const struct name *name, struct ext2_place *p)
{
	const struct ext2_fs *fs = ext2_fs_of(dir);
	const char *data = p->m.data;
	struct ext2_entry e;

	p->before = 0;
	for (p->offset = 0; p->offset < dir->sb->block_size; p->offset += e.size) {
		if (!ext2_read_entry(fs, data, p->offset, &e))
			return ext2_bad_entry(dir, p->at, p->offset);
		if (e.len == name->len && e.ino &&
		    !memcmp(data + p->offset + EXT2_DIRENT_HEAD, name->s, e.len)) {
			if (e.ino > fs->super.s_inodes_count)
				return ext2_bad_entry(dir, p->at, p->offset);
			return e.ino;
		}
		p->before = p->offset;
	}
	return 0;
}

static int64_t find_in_block(struct inode *dir, const struct name *name, struct ext2_place *p)
{
	int64_t ino = ext2_dir_block(dir, p->at, &p->m);

	if (!ino)
		ino = find_in(dir, name, p);
	if (ino <= 0)
		meta_put(&p->m);
	return ino;
}

int64_t ext2_find(struct inode *dir, const struct name *name, struct ext2_place *p)
{
	struct ext2_inode *ei = ext2_of(dir);
	uint64_t blocks = dir->size >> ext2_fs_of(dir)->bits;
	uint32_t next = 0;
	int64_t ino = 0;

	if (ei->flags & EXT2_INDEX_FL && !ext2_fs_of(dir)->csum) {
		int found;

		while (!ino && (found = ext2_index_find(dir, name, &next, &p->at)) == 1)
			ino = find_in_block(dir, name, p);
		if (ino || found != -EUCLEAN)
			return ino ? ino : found;
	}
	for (p->at = 0; p->at < blocks && !ino; p->at++) {
		ino = find_in_block(dir, name, p);
		if (ino)
			break;
		if (give_way())
			return -EINTR;
	}
	return ino;
}

static void touch_dir(struct inode *dir)
{
	dir->mtime = dir->ctime = vfs_now();
	inode_dirty(dir);
}

/* @name goes to the first block with room, or to a new one. */
static int add_anywhere(struct inode *dir, const struct name *name, uint32_t ino, uint32_t mode)
{
	struct ext2_inode *ei = ext2_of(dir);
	struct ext2_fs *fs = ext2_fs_of(dir);
	uint64_t blocks = dir->size >> fs->bits;
	struct meta m;
	int err;

	for (uint64_t at = ei->dir_hint; at < blocks; at++) {
		err = ext2_add_in(dir, at, name, ino, mode);
		if (err) {
			ei->dir_hint = (uint32_t)at;
			return err > 0 ? 0 : err;
		}
		if (give_way())
			return -EINTR;
	}
	if (blocks == 1 && fs->super.s_feature_compat & COMPAT_DIR_INDEX) {
		err = ext2_index_make(dir);
		return err ? err : ext2_index_add(dir, name, ino, mode);
	}
	err = ext2_dir_append(dir, &m);
	if (err)
		return err;
	ext2_fill_entry(fs, m.data, name, ino, mode);
	meta_put(&m);
	ei->dir_hint = (uint32_t)blocks;
	return 0;
}

int ext2_add(struct inode *dir, const struct name *name, uint32_t ino, uint32_t mode)
{
	struct ext2_inode *ei = ext2_of(dir);
	int err = -EUCLEAN;

	if (ei->flags & EXT2_INDEX_FL) {
		err = ext2_index_add(dir, name, ino, mode);
		if (err == -EUCLEAN) { /* it is not what it says: no index, then, as Linux does */
			ei->flags &= ~EXT2_INDEX_FL;
			ei->dir_hint = 0;
		}
	}
	if (!(ei->flags & EXT2_INDEX_FL))
		err = add_anywhere(dir, name, ino, mode);
	if (!err)
		touch_dir(dir);
	return err;
}

void ext2_delete(struct inode *dir, struct ext2_place *p)
{
	struct ext2_dirent *e = (void *)((char *)p->m.data + p->offset);
	struct ext2_dirent *before = (void *)((char *)p->m.data + p->before);

	if (p->before < p->offset)
		before->rec_len = (uint16_t)(before->rec_len + e->rec_len);
	e->inode = 0;
	meta_dirty(&p->m);
	ext2_of(dir)->dir_hint = (uint32_t)min((uint64_t)ext2_of(dir)->dir_hint, p->at);
	touch_dir(dir);
}

void ext2_set(struct inode *dir, struct ext2_place *p, uint32_t ino, uint32_t mode)
{
	struct ext2_dirent *e = (void *)((char *)p->m.data + p->offset);

	e->inode = ino;
	if (ext2_has(ext2_fs_of(dir), INCOMPAT_FILETYPE))
		e->file_type = ext2_file_type(mode);
	meta_dirty(&p->m);
	touch_dir(dir);
}

/* ---- the directory as a whole ---- */

int ext2_dir_start(struct inode *dir, uint32_t parent)
{
	static const struct name dots[2] = { { .s = ".", .len = 1 }, { .s = "..", .len = 2 } };
	struct ext2_fs *fs = ext2_fs_of(dir);
	struct ext2_dirent *e;
	struct meta m;
	int err = ext2_dir_append(dir, &m);

	if (err)
		return err;
	e = m.data;
	ext2_fill_entry(fs, e, &dots[0], (uint32_t)dir->ino, S_IFDIR);
	e->rec_len = EXT2_DIRENT_LEN(1);
	e = (void *)((char *)e + e->rec_len);
	ext2_fill_entry(fs, e, &dots[1], parent, S_IFDIR);
	e->rec_len = (uint16_t)(dir->sb->block_size - EXT2_DIRENT_LEN(1));
	meta_dirty(&m);
	meta_put(&m);
	return 0;
}

int ext2_set_parent(struct inode *dir, uint32_t parent)
{
	static const struct name dots = { .s = "..", .len = 2 };
	struct ext2_place p = { .at = 0 };
	int64_t ino = find_in_block(dir, &dots, &p);

	if (ino > 0) {
		ext2_set(dir, &p, parent, S_IFDIR);
		meta_put(&p.m);
	}
	return ino > 0 ? 0 : ino ? (int)ino : ext2_bad_entry(dir, 0, 0);
}

static bool is_dots(const char *name, uint32_t len)
{
	return (len == 1 || len == 2) && name[0] == '.' && name[len - 1] == '.';
}

int ext2_dir_empty(struct inode *dir)
{
	struct ext2_fs *fs = ext2_fs_of(dir);
	int err = 0;

	for (uint64_t at = 0; at < dir->size >> fs->bits && !err; at++) {
		struct ext2_entry e;
		struct meta m;

		err = ext2_dir_block(dir, at, &m);
		for (uint32_t i = 0; !err && i < dir->sb->block_size; i += e.size) {
			const char *name = (char *)m.data + i + EXT2_DIRENT_HEAD;

			if (!ext2_read_entry(fs, m.data, i, &e))
				err = ext2_bad_entry(dir, at, i);
			else if (e.ino && !is_dots(name, e.len))
				err = -ENOTEMPTY;
		}
		meta_put(&m);
		if (!err)
			err = give_way();
	}
	return err;
}

/* The entries of block @at, from @*pos on; 1: there is no more room; or -errno. */
static int list_block(struct file *f, struct dir_out *out, uint64_t at, uint64_t *pos)
{
	static const uint8_t types[8] = { 0, 8, 4, 2, 6, 1, 12, 10 }; /* DT_* of file_type */
	struct inode *dir = f->inode;
	struct ext2_fs *fs = ext2_fs_of(dir);
	uint64_t start = at << fs->bits;
	struct ext2_entry e;
	struct meta m;
	int err = ext2_dir_block(dir, at, &m);

	for (uint32_t i = 0; !err && i < dir->sb->block_size; i += e.size) {
		const struct ext2_dirent *d = (void *)((char *)m.data + i);
		uint8_t type = 0;

		if (!ext2_read_entry(fs, m.data, i, &e)) {
			err = ext2_bad_entry(dir, at, i);
			break;
		}
		if (ext2_has(fs, INCOMPAT_FILETYPE))
			type = READ_ONCE(d->file_type);
		/* What stands at *pos may have gone, and the entry before it reach over it. */
		if (start + i < *pos)
			continue;
		if (e.ino && e.len && (memchr(d->name, '/', e.len) || memchr(d->name, '\0', e.len)))
			err = ext2_bad_entry(dir, at, i);
		else if (e.ino && e.len &&
			 !dir_emit(out, d->name, e.len, e.ino, type < 8 ? types[type] : 0,
				   start + i + e.size))
			err = 1;
		if (!err)
			*pos = start + i + e.size;
	}
	meta_put(&m);
	return err;
}

static int ext2_readdir(struct file *f, struct dir_out *out, uint64_t *pos)
{
	struct inode *dir = f->inode;
	struct ext2_fs *fs = ext2_fs_of(dir);
	int err = 0;

	if (mutex_lock_killable(&dir->lock))
		return -EINTR;
	while (!err && *pos < dir->size) {
		uint64_t at = *pos >> fs->bits;

		err = list_block(f, out, at, pos);
		if (!err && *pos < (at + 1) << fs->bits)
			*pos = (at + 1) << fs->bits;
		if (!err && give_way())
			err = 1;
	}
	mutex_unlock(&dir->lock);
	return min(err, 0);
}

static int64_t ext2_dir_seek(struct file *f, int64_t offset, int whence)
{
	return file_seek_size(f, offset, whence, f->inode->size);
}

const struct file_ops ext2_dir_ops = {
	.seek = ext2_dir_seek,
	.ioctl = ext2_ioctl,
	.commands = ext2_commands,
	.readdir = ext2_readdir,
	.fsync = cache_dir_fsync,
};
