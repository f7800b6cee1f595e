/*
 * dir.c - directories: entries of 32 bytes, a long name in several of them before its file's own.
 *
 * Comes from lookup, make, remove, rename and getdents64(2); goes to table.c for where a directory
 * lies, and to fs/meta.h.  Invariants: fs->lock is held over each look and each change; a long name
 * counts only if its pieces are all there, in order, and their sum is that of the short name behind
 * them, so that what a system without long names has left is not believed.
 */
#include "fs/fat/dir.h"

#include "fs/fat/names.h"
#include "fs/fat/table.h"
#include "fs/icache.h"

#include "abi/dirent.h"
#include "lib/string.h"
#include "task/time/clock.h"

#define NOWHERE UINT32_MAX
#define STRETCH 128u /* entries before others may run */

/* A place in a directory. */
struct cursor {
	struct inode *dir;
	struct meta m;
	uint32_t from; /* the byte of the directory with which m begins */
};

static uint64_t cursor_place(const struct cursor *c, uint32_t at)
{
	return (c->m.block * c->m.sb->block_size + (at - c->from)) / sizeof(struct fat_entry);
}

/* Where byte @at of the directory lies: its block.  -ENODATA: behind the end. */
static int block_of_dir(struct inode *dir, uint32_t at, uint64_t *block)
{
	struct fat_fs *fs = fat_of(dir);
	uint32_t size = fs->sb->block_size, cluster, len, in_cluster;
	int err;

	if (!fs->root_cluster && dir->ino == FAT_ROOT_INO) {
		*block = fs->root_at + at / size;
		return at < fs->root_size ? 0 : -ENODATA;
	}
	if (at >= FAT_DIR_MAX)
		return -ENODATA;
	err = fat_find_cluster(fat_inode_of(dir), at >> fs->cluster_bits, 1, &cluster, &len);
	if (err)
		return err;
	in_cluster = at & (fat_cluster_size(fs) - 1);
	*block = fat_block(fs, cluster) + in_cluster / size;
	if (!in_cluster && fat_cluster_size(fs) > size)
		meta_read_ahead(fs->sb, *block, fat_cluster_size(fs) / size);
	return 0;
}

/* The entry at byte @at of the directory, in the cache until the cursor moves. */
static int dir_entry_at(struct cursor *c, uint32_t at, struct fat_entry **e)
{
	uint32_t size = c->dir->sb->block_size;
	uint64_t block;
	int err;

	if (!c->m.data || at - c->from >= size) {
		meta_put(&c->m);
		c->m.data = NULL;
		err = block_of_dir(c->dir, at, &block);
		if (!err)
			err = meta_read(c->dir->sb, block, &c->m);
		if (err)
			return err;
		c->from = ALIGN_DOWN(at, size);
	}
	*e = (struct fat_entry *)((char *)c->m.data + (at - c->from));
	return 0;
}

/* ---- reading ---- */

struct scan {
	struct cursor c;
	uint32_t at; /* where to go on */
	struct fat_found f;
	struct fat_units u; /* its long name; n 0: none */
	uint32_t long_at, pieces, left;
	uint8_t sum;
};

/* One more piece of a long name, or the first of another. */
static void take_piece(struct scan *s, const struct fat_slot *l)
{
	uint32_t n = l->id & ~FAT_SLOT_LAST;
	uint16_t *u;

	if (n && n <= FAT_SLOTS && l->id & FAT_SLOT_LAST) {
		s->long_at = s->at;
		s->sum = l->checksum;
		s->pieces = n;
	} else if (!n || !s->pieces || n != s->left || l->checksum != s->sum) {
		s->pieces = 0;
		return;
	}
	s->left = n - 1;
	u = s->u.u + s->left * FAT_SLOT;
	memcpy(u, l->units0, sizeof(l->units0));
	memcpy(u + 5, l->units5, sizeof(l->units5));
	memcpy(u + 11, l->units11, sizeof(l->units11));
}

/* The file's own entry has been reached: does what was collected before belong to it? */
static void end_name(struct scan *s, const struct fat_entry *e)
{
	bool whole = s->pieces && !s->left && fat_checksum(e->name) == s->sum;

	s->f = (struct fat_found){
		.e = *e, .place = cursor_place(&s->c, s->at), .at = s->at, .nr = 1
	};
	s->u.n = 0;
	if (whole) {
		s->f.at = s->long_at;
		s->f.nr = s->pieces + 1;
		while (s->u.n < s->pieces * FAT_SLOT && s->u.u[s->u.n])
			s->u.n++;
	}
	s->pieces = 0;
}

/* The next file in the directory: s->f, s->u.  -ENODATA: there is no more. */
static int next_file(struct scan *s)
{
	for (;; s->at += sizeof(struct fat_entry)) {
		struct fat_entry *in_cache, e;
		int err = dir_entry_at(&s->c, s->at, &in_cache);

		if (err)
			return err;
		e = *in_cache; /* who writes to the device may change it while it is looked at */
		if (s->at / sizeof(e) % STRETCH == 0)
			give_way();
		if (e.attrs == FAT_LONG && !fat_is_free(&e)) {
			take_piece(s, (const struct fat_slot *)&e);
		} else if (fat_is_file(&e)) {
			end_name(s, &e);
			s->at += sizeof(e);
			return 0;
		} else {
			s->pieces = 0;
		}
	}
}

static int scan_end(struct scan *s, int err)
{
	meta_put(&s->c.m);
	return err;
}

static bool is_dot_entry(const struct fat_entry *e)
{
	return !memcmp(e->name, ".          ", FAT_NAME) ||
	       !memcmp(e->name, "..         ", FAT_NAME);
}

static bool has_name(const struct scan *s, const struct fat_options *o, const struct name *name)
{
	const struct fat_entry *e = &s->f.e;
	struct fat_units shorter;

	if (s->u.n && fat_same(o, &s->u, name))
		return true;
	/* Most names differ in the first letter already. */
	if (e->name[0] > ' ' && e->name[0] < 0x7f && (e->name[0] ^ name->s[0]) & ~0x20)
		return false;
	fat_short_units(o, e, &shorter);
	return fat_same(o, &shorter, name);
}

int fat_find(struct inode *dir, const struct name *name, struct fat_found *f)
{
	struct scan s = { .c.dir = dir };
	struct fat_fs *fs = fat_of(dir);
	uint8_t form[FAT_NAME];
	int err;

	if (!fs->vfat && fat_msdos_name(&fs->o, name, form))
		return -ENOENT;
	while (!(err = next_file(&s))) {
		if (is_dot_entry(&s.f.e))
			continue;
		if (fs->vfat ? has_name(&s, &fs->o, name) : !memcmp(s.f.e.name, form, FAT_NAME)) {
			*f = s.f;
			break;
		}
	}
	return scan_end(&s, err == -ENODATA ? -ENOENT : err);
}

int fat_dir_scan(struct inode *dir, uint32_t *subdirs, bool *empty)
{
	struct scan s = { .c.dir = dir };
	int err;

	*subdirs = 0;
	*empty = true;
	while (!(err = next_file(&s))) {
		*subdirs += !!(s.f.e.attrs & FAT_DIR);
		*empty &= is_dot_entry(&s.f.e);
	}
	return scan_end(&s, err == -ENODATA ? 0 : err);
}

/* The name that getdents64 shows: its length, 0: there is none that could be said. */
static uint32_t shown_name(const struct fat_fs *fs, struct scan *s, char text[FAT_TEXT])
{
	uint32_t n;

	if (!fs->vfat) {
		n = fat_msdos_text(&fs->o, &s->f.e, text);
	} else {
		if (!s->u.n)
			fat_short_units(&fs->o, &s->f.e, &s->u);
		n = fat_text(&fs->o, &s->u, text);
	}
	return memchr(text, '/', n) || memchr(text, '\0', n) ? 0 : n;
}

/* Positions: 0 and 1 are the dots; else 2 and the byte in the directory. */
static int fat_readdir(struct file *f, struct dir_out *out, uint64_t *pos)
{
	struct fat_fs *fs = fat_of(f->inode);
	struct scan s = { .c.dir = f->inode };
	char text[FAT_TEXT];
	uint32_t n;
	int err;

	if (!dir_emit_dots(out, f, pos) || *pos >= FAT_DIR_MAX)
		return 0;
	s.at = ALIGN_DOWN((uint32_t)*pos - 2 + 31, 32u);
	fat_lock(fs);
	while (!(err = next_file(&s))) {
		n = is_dot_entry(&s.f.e) ? 0 : shown_name(fs, &s, text);
		if (n && !dir_emit(out, text, n, icache_number(fs->sb, s.f.place),
				   s.f.e.attrs & FAT_DIR ? DT_DIR : DT_REG, s.at + 2))
			break;
		*pos = s.at + 2;
	}
	fat_unlock(fs);
	return scan_end(&s, err == -ENODATA ? 0 : err);
}

const struct file_ops fat_dir_fops = {
	.seek = file_seek_endless,
	.readdir = fat_readdir,
	.fsync = cache_dir_fsync,
};

/* ---- changing ---- */

int fat_entry_at(struct fat_fs *fs, uint64_t place, struct meta *m, struct fat_entry **e)
{
	uint32_t per_block = fs->sb->block_size / sizeof(**e);
	int err = meta_read(fs->sb, place / per_block, m);

	if (!err)
		*e = (struct fat_entry *)m->data + place % per_block;
	return err;
}

/* What one pass through a directory looks for, to make a name in it. */
struct room {
	uint32_t want;	  /* free entries side by side */
	uint32_t at, run; /* where the first such are, or NOWHERE; those at the end */
	uint32_t end;	  /* bytes of the directory */
	bool taken;	  /* the short name is another file's */
	uint16_t tails;	  /* bit n: its form with ~n is */
};

static void note_taken(struct room *r, const struct fat_short *s, const struct fat_entry *e)
{
	uint8_t name[FAT_NAME], digit = e->name[s->base + 1];

	if (!memcmp(e->name, s->name, FAT_NAME))
		r->taken = true;
	if (e->name[s->base] != '~' || digit < '1' || digit > '9')
		return;
	fat_short_tail(s, digit - '0', name);
	if (!memcmp(e->name, name, FAT_NAME))
		r->tails |= (uint16_t)(1u << (digit - '0'));
}

static int find_room(struct inode *dir, const struct fat_short *s, struct room *r)
{
	struct cursor c = { .dir = dir };
	struct fat_entry *e;
	int err;

	*r = (struct room){ .want = r->want, .at = NOWHERE };
	for (; !(err = dir_entry_at(&c, r->end, &e)); r->end += sizeof(*e)) {
		if (r->end / sizeof(*e) % STRETCH == 0)
			give_way();
		if (fat_is_free(e)) {
			r->run++;
			if (r->run == r->want && r->at == NOWHERE)
				r->at = r->end - (r->want - 1) * sizeof(*e);
			continue;
		}
		r->run = 0;
		if (!(e->attrs & FAT_VOLUME))
			note_taken(r, s, e);
	}
	meta_put(&c.m);
	return err == -ENODATA ? 0 : err;
}

/* The short name for a long one that needs a tail: ~1 to ~9, then numbers as they come. */
static int choose_tail(struct inode *dir, struct fat_short *s, const struct room *r)
{
	struct fat_short trial = *s;
	uint32_t number = (uint32_t)clock_wall_ns();

	for (uint32_t i = 1; i < 10; i++) {
		if (!(r->tails & 1u << i)) {
			fat_short_tail(&trial, i, s->name);
			return 0;
		}
	}
	for (uint32_t i = 0; i < 1000; i++, number -= 11) {
		struct room again = { .want = 1 };
		int err;

		fat_short_tail(s, number | 0x80000000u, trial.name);
		err = find_room(dir, &trial, &again);
		if (err)
			return err;
		if (!again.taken) {
			memcpy(s->name, trial.name, FAT_NAME);
			return 0;
		}
	}
	return -EEXIST;
}

/* The directory's clusters from the @n-th on are zeros. */
static int zero_clusters(struct inode *dir, uint32_t n, uint32_t end)
{
	struct fat_fs *fs = fat_of(dir);
	uint32_t cluster, len;

	for (; n < end; n++) {
		int err = fat_find_cluster(fat_inode_of(dir), n, 1, &cluster, &len);

		for (uint32_t i = 0; !err && i < fat_cluster_size(fs) / fs->sb->block_size; i++) {
			struct meta m;

			err = meta_new(fs->sb, fat_block(fs, cluster) + i, &m);
			if (!err)
				meta_put(&m);
		}
		if (err)
			return err;
		give_way();
	}
	return 0;
}

/* The directory grows, until the free entries at its end are as many as are wanted. */
static int grow_dir(struct inode *dir, struct room *r)
{
	struct fat_fs *fs = fat_of(dir);
	uint64_t end = r->end + (r->want - r->run) * sizeof(struct fat_entry);
	uint32_t had = r->end >> fs->cluster_bits, n = fat_clusters(fs, end);
	int err;

	if ((!fs->root_cluster && dir->ino == FAT_ROOT_INO) || end > FAT_DIR_MAX)
		return -ENOSPC;
	err = fat_extend(fat_inode_of(dir), n);
	if (err)
		return err;
	err = zero_clusters(dir, had, n);
	if (err) {
		if (fat_cut(fat_inode_of(dir), had))
			return -EIO;
		return err;
	}
	r->at = r->end - r->run * (uint32_t)sizeof(struct fat_entry);
	dir->size = (uint64_t)n << fs->cluster_bits;
	return 0;
}

static void make_piece(struct fat_slot *l, const struct fat_units *u, uint32_t n, uint8_t sum)
{
	uint16_t units[FAT_SLOT];

	/* Behind the end: one zero, then ones. */
	for (uint32_t i = 0, at = (n - 1) * FAT_SLOT; i < FAT_SLOT; i++, at++)
		units[i] = at < u->n ? u->u[at] : at == u->n ? 0 : 0xffff;
	*l = (struct fat_slot){ .id = (uint8_t)n, .attrs = FAT_LONG, .checksum = sum };
	if (n * FAT_SLOT >= u->n)
		l->id |= FAT_SLOT_LAST;
	memcpy(l->units0, units, sizeof(l->units0));
	memcpy(l->units5, units + 5, sizeof(l->units5));
	memcpy(l->units11, units + 11, sizeof(l->units11));
}

/* @f->nr entries from @f->at on: the pieces of @u, then @f->e. */
static int write_entries(struct inode *dir, const struct fat_units *u, struct fat_found *f)
{
	struct cursor c = { .dir = dir };
	uint8_t sum = fat_checksum(f->e.name);
	struct fat_entry *e;
	int err = 0;

	for (uint32_t i = 0; i < f->nr && !err; i++) {
		uint32_t at = f->at + i * (uint32_t)sizeof(*e);

		err = dir_entry_at(&c, at, &e);
		if (err)
			break;
		if (i + 1 < f->nr)
			make_piece((struct fat_slot *)e, u, f->nr - 1 - i, sum);
		else
			*e = f->e;
		meta_dirty(&c.m);
		f->place = cursor_place(&c, at);
	}
	meta_put(&c.m);
	return err;
}

static int fail_dir(int err)
{
	return err == -ENODATA ? -EIO : err; /* what was there is not any more */
}

int fat_add(struct inode *dir, const struct name *name, struct fat_found *f)
{
	struct fat_fs *fs = fat_of(dir);
	struct fat_short s = { .whole = true, .lone = true };
	struct fat_units u = { .n = 0 };
	struct room r;
	int err;

	if (fs->vfat) {
		err = fat_units_from(&fs->o, name, &u);
		if (!err)
			err = fat_shorten(&fs->o, &u, &s);
	} else {
		err = fat_msdos_name(&fs->o, name, s.name);
	}
	if (err)
		return err;
	r.want = s.lone ? 1 : DIV_ROUND_UP(u.n, FAT_SLOT) + 1;
	err = find_room(dir, &s, &r);
	if (!err && s.whole && r.taken)
		err = -EEXIST;
	if (!err && !s.whole && (fs->o.numtail || r.taken))
		err = choose_tail(dir, &s, &r);
	if (!err && r.at == NOWHERE)
		err = grow_dir(dir, &r);
	if (err)
		return err;
	memcpy(f->e.name, s.name, FAT_NAME);
	f->e.lower = s.lower;
	f->at = r.at;
	f->nr = r.want;
	return fail_dir(write_entries(dir, &u, f));
}

int fat_remove(struct inode *dir, const struct fat_found *f)
{
	struct cursor c = { .dir = dir };
	struct fat_entry *e;
	int err = 0;

	/* From the last: it is the one that must be the file's. */
	for (uint32_t i = f->nr; i-- && !err;) {
		uint32_t at = f->at + i * (uint32_t)sizeof(*e);

		err = dir_entry_at(&c, at, &e);
		if (!err && i + 1 == f->nr && cursor_place(&c, at) != f->place)
			err = sb_error(dir->sb, "an entry has changed its place");
		if (!err) {
			e->name[0] = FAT_DELETED;
			meta_dirty(&c.m);
		}
	}
	meta_put(&c.m);
	return fail_dir(err);
}

int fat_dotdot(struct inode *dir, uint32_t start)
{
	struct cursor c = { .dir = dir };
	struct fat_entry *e;
	int err = dir_entry_at(&c, sizeof(*e), &e);

	if (!err && memcmp(e->name, "..         ", FAT_NAME) != 0)
		err = sb_error(dir->sb, "a directory has no \"..\"");
	if (!err) {
		fat_set_start(e, start);
		meta_dirty(&c.m);
	}
	meta_put(&c.m);
	return fail_dir(err);
}

int fat_fill_dir(struct inode *dir, uint32_t parent, struct fat_entry e)
{
	struct cursor c = { .dir = dir };
	struct fat_entry *at;
	int err = fat_extend(fat_inode_of(dir), 1);

	if (!err)
		err = zero_clusters(dir, 0, 1);
	if (!err)
		err = dir_entry_at(&c, 0, &at);
	if (!err) {
		e.attrs = FAT_DIR;
		e.lower = 0;
		memcpy(e.name, ".          ", FAT_NAME);
		fat_set_start(&e, fat_inode_of(dir)->start);
		at[0] = e;
		e.name[1] = '.';
		fat_set_start(&e, parent);
		at[1] = e;
		meta_dirty(&c.m);
	}
	meta_put(&c.m);
	return fail_dir(err);
}
