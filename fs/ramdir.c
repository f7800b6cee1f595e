/*
 * ramdir.c - reading a directory that lives in the dentry cache, and nowhere else.
 *
 * Comes from getdents64(2) on a directory of an SB_RAM file system.  Invariant: an open directory
 * holds the name that it returned last, so that the next read goes on behind it.
 */
#include "fs/ramdir.h"

#include "abi/stat.h"
#include "lib/string.h"

/* What a read returns of one name, copied while it can't change. */
struct entry {
	char name[NAME_MAX];
	uint32_t len;
	uint8_t type;
	uint64_t ino, cookie;
};

#define PASS_STRETCH 512u /* names that are passed over before others may have the lock */

/*
 * Gives dcache_lock up for a moment at @d, a name in @dir: where to go on behind, which is the
 * start again if @d has gone; NULL: the task is to die.
 */
static struct dentry *let_others_at_names(struct dentry *dir, struct dentry *d)
{
	struct dentry *at;
	int err;

	d->refs++;
	spin_unlock(&dcache_lock);
	err = give_way();
	spin_lock(&dcache_lock);
	at = d->hashed && d->parent == dir ? d : list_entry(&dir->children, struct dentry, sibling);
	if (dentry_put_locked(d)) {
		spin_unlock(&dcache_lock);
		dentry_free(d);
		spin_lock(&dcache_lock);
	}
	return err ? NULL : at;
}

/*
 * The first child of the open directory whose cookie is not below @pos, into @e.  file->private
 * remembers the child that was returned last (with a reference), so that a long directory is not
 * searched from its start each time.
 */
static bool next_entry(struct file *f, uint64_t pos, struct entry *e)
{
	struct dentry *dir = f->path.dentry, *last, *d;
	uint32_t passed = 0;
	bool found = false;

	spin_lock(&dcache_lock);
	/* another task that reads by the same open file, since this call began, changes it */
	last = f->private;
	d = list_entry(&dir->children, struct dentry, sibling);
	if (last && last->hashed && last->parent == dir && last->cookie < pos)
		d = last;
	for (d = list_entry(d->sibling.next, struct dentry, sibling); &d->sibling != &dir->children;
	     d = list_entry(d->sibling.next, struct dentry, sibling)) {
		if (d->cookie < pos || !d->inode) {
			if (++passed % PASS_STRETCH == 0 && !(d = let_others_at_names(dir, d)))
				break;
			continue;
		}
		e->len = d->name.len;
		memcpy(e->name, d->name.s, e->len);
		e->type = d->inode->mode >> 12 & 15;
		e->ino = d->inode->ino;
		e->cookie = d->cookie;
		d->refs++;
		f->private = d;
		found = true;
		break;
	}
	spin_unlock(&dcache_lock);
	if (found && last)
		dentry_put(last);
	return found;
}

static int ram_dir_readdir(struct file *f, struct dir_out *out, uint64_t *pos)
{
	struct entry e;

	if (!dir_emit_dots(out, f, pos))
		return 0;
	while (next_entry(f, *pos, &e)) {
		if (!dir_emit(out, e.name, e.len, e.ino, e.type, e.cookie + 1))
			return 0;
		*pos = e.cookie + 1;
		if (give_way())
			return 0;
	}
	return 0;
}

static void ram_dir_release(struct file *f)
{
	if (f->private)
		dentry_put(f->private);
}

const struct file_ops ram_dir_fops = {
	.seek = file_seek_endless,
	.readdir = ram_dir_readdir,
	.fsync = file_sync_in_ram,
	.release = ram_dir_release,
};
