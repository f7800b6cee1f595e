/*
 * table.c - the FAT: which cluster follows which, and which are free.
 *
 * Comes from map, truncate and the directories.  Invariants: fs->lock is held; a number that is
 * read is a cluster of the volume, the end, or the image is damaged; a walk ends, since the caller
 * bounds how far it goes: a chain that bites its tail is met as one that is too long.  The first
 * FAT is the one that is read, as on Linux; the others get a copy of each block that has changed.
 */
#include "fs/fat/table.h"

#include "lib/string.h"
#include "block/block.h"

#define STRETCH 128u /* clusters that are looked at before others may run */

/* The block of the FAT in memory goes to the other FATs, where it has changed. */
static int mirror_fat(struct fat_fs *fs)
{
	for (uint32_t i = 1; fs->fat_changed && i < fs->fats; i++) {
		uint64_t block = fs->fat_at + (uint64_t)i * fs->fat_blocks + fs->fat_block;
		struct meta m;
		int err = meta_new(fs->sb, block, &m);

		if (err)
			return err;
		memcpy(m.data, fs->fat.data, fs->sb->block_size);
		meta_dirty(&m);
		meta_put(&m);
	}
	fs->fat_changed = false;
	return 0;
}

void fat_lock(struct fat_fs *fs)
{
	mutex_lock(&fs->lock);
}

void fat_unlock(struct fat_fs *fs)
{
	/* One that cannot be had now is tried again, before another block takes the place. */
	if (mirror_fat(fs))
		pr_warn("FAT-fs (%s): a copy of the FAT is out of date", fs->sb->dev_block->name);
	mutex_unlock(&fs->lock);
}

void fat_close(struct fat_fs *fs)
{
	meta_put(&fs->fat);
	fs->fat.data = NULL;
}

/* The byte @at of the FAT, in memory until the next call. */
static int fat_byte(struct fat_fs *fs, uint64_t at, uint8_t **p)
{
	uint32_t size = fs->sb->block_size, block = (uint32_t)(at / size);
	int err;

	if (!fs->fat.data || block != fs->fat_block) {
		err = mirror_fat(fs);
		if (err)
			return err;
		fat_close(fs);
		fs->fat_block = block;
		err = meta_read(fs->sb, fs->fat_at + block, &fs->fat);
		if (err)
			return err;
	}
	*p = (uint8_t *)fs->fat.data + at % size;
	return 0;
}

static void fat_dirty(struct fat_fs *fs)
{
	meta_dirty(&fs->fat);
	fs->fat_changed = true;
}

/* FAT12: 12 bits at byte @cluster * 1.5, which may lie in two blocks. */
static int fat12_number(struct fat_fs *fs, uint32_t cluster, bool set, uint32_t *value)
{
	uint32_t shift = cluster & 1 ? 4 : 0, mask = 0xfffu << shift, found = 0;
	uint64_t at = cluster + cluster / 2;

	for (uint32_t i = 0; i < 16; i += 8, at++) {
		uint8_t *p;
		int err = fat_byte(fs, at, &p);

		if (err)
			return err;
		if (set) { /* the half byte beside it is the neighbour's */
			*p = (uint8_t)((*p & ~(mask >> i)) | (*value << shift & mask) >> i);
			fat_dirty(fs);
		}
		found |= (uint32_t)*p << i;
	}
	*value = (found & mask) >> shift;
	return 0;
}

/*
 * The number of @cluster, which is valid, in the FAT becomes *@value, if @set; *@value is what it
 * is then.
 */
static int fat_number(struct fat_fs *fs, uint32_t cluster, bool set, uint32_t *value)
{
	uint8_t *p;
	int err;

	if (fs->bits == 12)
		return fat12_number(fs, cluster, set, value);
	err = fat_byte(fs, (uint64_t)cluster * fs->bits / 8, &p);
	if (err)
		return err;
	if (set && fs->bits == 16)
		*(uint16_t *)p = (uint16_t)*value;
	else if (set) /* the upper four bits are kept, as they were found */
		*(uint32_t *)p = (*(uint32_t *)p & ~FAT_END) | *value;
	if (set)
		fat_dirty(fs);
	*value = fs->bits == 16 ? *(uint16_t *)p : *(uint32_t *)p & FAT_END;
	return 0;
}

/* The number of @cluster: FAT_END for all that end a chain. */
static int get_fat(struct fat_fs *fs, uint32_t cluster, uint32_t *value)
{
	uint32_t top = fs->bits == 32 ? FAT_END : (1u << fs->bits) - 1;
	int err = fat_number(fs, cluster, false, value);

	/* ...7 is a bad cluster, which nothing follows either. */
	if (!err && *value >= top - 8)
		*value = FAT_END;
	return err;
}

static int set_fat(struct fat_fs *fs, uint32_t cluster, uint32_t value)
{
	return fat_number(fs, cluster, true, &value);
}

static bool is_cluster(const struct fat_fs *fs, uint32_t n)
{
	return n >= FAT_FIRST && n < fs->end;
}

/* What follows @cluster in a chain: another one, or FAT_END. */
static int fat_next(struct fat_fs *fs, uint32_t cluster, uint32_t *next)
{
	int err = get_fat(fs, cluster, next);

	if (!err && *next != FAT_END && !is_cluster(fs, *next))
		return sb_error(fs->sb, "cluster %u of a chain is followed by %u", cluster, *next);
	return err;
}

/* ---- free ones ---- */

int fat_count(struct fat_fs *fs)
{
	uint32_t value, n = 0;

	if (fs->free_known)
		return 0;
	for (uint32_t c = FAT_FIRST; c < fs->end; c++) {
		uint64_t at = (uint64_t)c * fs->bits / 8;
		int err;

		if (at % (64 * fs->sb->block_size) < fs->bits / 8)
			meta_read_ahead(fs->sb, fs->fat_at + at / fs->sb->block_size, 64);
		err = get_fat(fs, c, &value);
		if (err)
			return err;
		n += value == 0;
		if (c % STRETCH == 0 && give_way())
			return -EINTR;
	}
	fs->free = n;
	fs->free_known = true;
	return 0;
}

/* A free cluster, from where the last one was found on, becomes the end of a chain: *@cluster. */
static int take_cluster(struct fat_fs *fs, uint32_t *cluster)
{
	uint32_t c = is_cluster(fs, fs->next_free) ? fs->next_free : FAT_FIRST, value;

	if (fs->free_known && !fs->free)
		return -ENOSPC;
	for (uint32_t i = FAT_FIRST; i < fs->end; i++, c = c + 1 < fs->end ? c + 1 : FAT_FIRST) {
		int err = get_fat(fs, c, &value);

		if (!err && !value)
			err = set_fat(fs, c, FAT_END);
		if (err)
			return err;
		if (!value) {
			*cluster = c;
			fs->next_free = c + 1;
			/* The volume's own figure is kept up, too, though it is not believed. */
			fs->free -= fs->free && fs->free != FAT_NOT_SAID;
			return 0;
		}
		if (i % STRETCH == 0 && give_way())
			return -EINTR;
	}
	fs->free = 0;
	fs->free_known = true;
	return -ENOSPC;
}

/*
 * The chain from @c on, which is no file's any more, is free.  Others have the lock in between:
 * what is left of the chain is in use for them.
 */
static int free_chain(struct fat_fs *fs, uint32_t c)
{
	uint32_t next;

	/* A loop ends where it began: that cluster is followed by 0 now. */
	for (uint32_t n = 1; c != FAT_END; n++, c = next) {
		int err = fat_next(fs, c, &next);

		if (!err)
			err = set_fat(fs, c, 0);
		if (err)
			return err;
		fs->free += fs->free != FAT_NOT_SAID;
		if (n % STRETCH == 0) {
			fat_unlock(fs);
			give_way();
			fat_lock(fs);
		}
	}
	return 0;
}

/* ---- a file's chain ---- */

/* What is known of the chain, from its @n-th cluster on, is true no longer. */
static void forget_chain(struct fat_inode *fi, uint32_t n)
{
	if (fi->run_at + fi->run_len > n)
		fi->run_len = fi->run_at < n ? n - fi->run_at : 0;
	for (uint32_t i = 0; i < FAT_MARKS; i++)
		if ((uint64_t)i << fi->mark_bits >= n)
			fi->marks[i] = 0;
	if (fi->last_at >= n)
		fi->last = 0;
}

/* The walk has come to the @n-th cluster. */
static void mark_chain(struct fat_inode *fi, uint32_t n, uint32_t cluster)
{
	/* More than the marks reach: every second one is dropped, and they reach twice as far. */
	while (n >> fi->mark_bits >= FAT_MARKS) {
		for (uint32_t i = 0; i < FAT_MARKS; i++)
			fi->marks[i] = i < FAT_MARKS / 2 ? fi->marks[2 * i] : 0;
		fi->mark_bits++;
	}
	if (n % (1u << fi->mark_bits) == 0)
		fi->marks[n >> fi->mark_bits] = cluster;
}

/* The last cluster that is known and not behind the @n-th. */
static uint32_t nearest(const struct fat_inode *fi, uint32_t n, uint32_t *cluster)
{
	uint32_t i = min(n >> fi->mark_bits, FAT_MARKS - 1), at;

	while (i && !fi->marks[i])
		i--;
	at = i << fi->mark_bits;
	*cluster = i ? fi->marks[i] : fi->start;
	if (fi->run_len && fi->run_at <= n && fi->run_at + fi->run_len > at) {
		at = min(n, fi->run_at + fi->run_len - 1);
		*cluster = fi->run_cluster + (at - fi->run_at);
	}
	if (fi->last && fi->last_at <= n && fi->last_at >= at) {
		at = fi->last_at;
		*cluster = fi->last;
	}
	return at;
}

/*
 * To the @n-th cluster, or the last before it: *@at, *@cluster.  What is behind a chain of more
 * than all clusters is a loop.
 */
static int walk_chain(struct fat_inode *fi, uint32_t n, uint32_t *at, uint32_t *cluster)
{
	struct fat_fs *fs = fat_of(&fi->inode);
	uint32_t c, next, i = nearest(fi, n, &c);

	if (!is_cluster(fs, c))
		return sb_error(fs->sb, "a file begins with cluster %u", c);
	for (; i < n; i++, c = next) {
		int err = fat_next(fs, c, &next);

		if (err)
			return err;
		if (next == FAT_END)
			break;
		if (i >= fs->end)
			return sb_error(fs->sb, "the chain of cluster %u has no end", fi->start);
		mark_chain(fi, i + 1, next);
		if (i % STRETCH == 0)
			give_way();
	}
	*at = i;
	*cluster = c;
	return 0;
}

int fat_find_cluster(struct fat_inode *fi, uint32_t n, uint32_t want, uint32_t *cluster,
		     uint32_t *len)
{
	struct fat_fs *fs = fat_of(&fi->inode);
	uint32_t at, next;
	int err;

	if (!fi->start)
		return -ENODATA;
	err = walk_chain(fi, n, &at, cluster);
	if (err)
		return err;
	if (at < n)
		return -ENODATA;
	if (!(fi->run_len && n - fi->run_at < fi->run_len)) {
		fi->run_at = n;
		fi->run_cluster = *cluster;
		fi->run_len = 1;
	}
	/* The run goes on as long as each is followed by its neighbour. */
	for (*len = fi->run_len - (n - fi->run_at); *len < want; ++*len, fi->run_len++) {
		err = fat_next(fs, *cluster + *len - 1, &next);
		if (err)
			return err;
		if (next != *cluster + *len)
			break;
		mark_chain(fi, n + *len, next);
		if (*len % STRETCH == 0)
			give_way();
	}
	return 0;
}

int fat_length(struct fat_inode *fi, uint32_t *n)
{
	int err;

	*n = 0;
	if (!fi->start)
		return 0;
	err = walk_chain(fi, UINT32_MAX, &fi->last_at, &fi->last);
	*n = fi->last_at + 1;
	if (err)
		fi->last = 0;
	return err;
}

int fat_extend(struct fat_inode *fi, uint32_t n)
{
	struct fat_fs *fs = fat_of(&fi->inode);
	uint32_t had, have, cluster;
	int err = fat_length(fi, &had);

	if (!err && had < n && fs->free_known && fs->free < n - had)
		return -ENOSPC;
	for (have = had; !err && have < n; have++) {
		err = take_cluster(fs, &cluster);
		if (err)
			break;
		if (have)
			err = set_fat(fs, fi->last, cluster);
		else
			fi->start = cluster;
		fi->last_at = have;
		fi->last = cluster;
		mark_chain(fi, have, cluster);
		if (have % STRETCH == 0)
			give_way();
	}
	if (err && have > had && fat_cut(fi, had)) /* as it was */
		fi->beyond = true;
	return err;
}

int fat_cut(struct fat_inode *fi, uint32_t n)
{
	struct fat_fs *fs = fat_of(&fi->inode);
	uint32_t at, cluster = 0, next = fi->start;
	int err = 0;

	if (!fi->start)
		return 0;
	if (n) {
		err = walk_chain(fi, n - 1, &at, &cluster);
		if (!err && at < n - 1)
			return 0;
		if (!err)
			err = fat_next(fs, cluster, &next);
		if (!err && next != FAT_END)
			err = set_fat(fs, cluster, FAT_END);
	} else {
		fi->start = 0;
	}
	if (err)
		return err;
	forget_chain(fi, n);
	if (!n && !is_cluster(fs, next))
		return sb_error(fs->sb, "a file begins with cluster %u", next);
	return free_chain(fs, next);
}
