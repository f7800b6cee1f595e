/*
 * index.c - the index of a long directory (dir_index): a tree of one or two levels of hashes, whose
 * leaves are the directory's blocks.
 *
 * Comes from dir.c, the directory's lock is held.  To who does not know it the index looks like
 * unused space of a directory.  Invariant: entries stay where they are when a leaf is split, or go
 * to a block behind all others, so that who lists the directory meanwhile misses none.
 */
#include "fs/ext2/entry.h"
#include "fs/ext2/index.h"
#include "fs/ext2/hash.h"
#include "lib/string.h"
#include "mm/slab.h"

#define LEVELS	   2
#define TRIES	   12 /* splits for one name: where a leaf's room lies in pieces, several */
#define BLOCK_MASK 0x0fffffffu

/* The way to a leaf: of each level the node, held, its entries, and which of them was taken. */
struct way {
	struct meta m[LEVELS];
	struct ext2_dx_entry *e[LEVELS];
	uint32_t at[LEVELS], count[LEVELS], limit[LEVELS];
	int last; /* the level whose entries are leaves */
	uint32_t version, hash;
};

/* The first entry's hash is its node's limit and count. */
static void set_count(struct ext2_dx_entry *e, uint32_t limit, uint32_t count)
{
	e[0].hash = limit | count << 16;
}

static void way_put(struct way *w)
{
	for (int i = 0; i < LEVELS; i++)
		meta_put(&w->m[i]);
}

/* The block that was chosen at level @i: a node, or at the last level a leaf. */
static uint64_t chosen(const struct way *w, int i)
{
	return READ_ONCE(w->e[i][w->at[i]].block) & BLOCK_MASK;
}

static uint64_t leaf_of(const struct way *w)
{
	return chosen(w, w->last);
}

static bool is_in(const struct inode *dir, uint64_t block)
{
	return block < dir->size >> ext2_fs_of(dir)->bits;
}

/* How many entries a node has room for that begin at @at of its block. */
static uint32_t node_limit(const struct inode *dir, uint32_t at)
{
	return (dir->sb->block_size - at) / (uint32_t)sizeof(struct ext2_dx_entry);
}

static struct ext2_dx_info *info_of(const struct meta *root)
{
	return (void *)((char *)root->data + EXT2_DX_INFO_AT);
}

/*
 * Level @i is block @block from now on, in which its entries begin at @at: -EUCLEAN if they are not
 * as many as they say.
 */
static int open_level(struct inode *dir, struct way *w, int i, uint64_t block, uint32_t at)
{
	uint32_t word;
	int err;

	meta_put(&w->m[i]);
	w->m[i] = (struct meta){ .data = NULL };
	err = is_in(dir, block) ? ext2_dir_block(dir, block, &w->m[i]) : -EUCLEAN;
	if (err)
		return err;
	w->e[i] = (void *)((char *)w->m[i].data + at);
	word = READ_ONCE(w->e[i]->hash);
	w->at[i] = 0;
	w->limit[i] = word & 0xffff;
	w->count[i] = word >> 16;
	if (w->limit[i] != node_limit(dir, at) || !w->count[i] || w->count[i] > w->limit[i])
		return -EUCLEAN;
	return 0;
}

static int open_root(struct inode *dir, struct way *w)
{
	struct ext2_dx_info info;
	int err = open_level(dir, w, 0, 0, EXT2_DX_INFO_AT + sizeof(info));

	if (err)
		return err;
	info = *info_of(&w->m[0]);
	w->version = info.hash_version;
	if (w->version < DX_HASH_UNSIGNED)
		w->version += ext2_fs_of(dir)->hash_unsigned;
	w->last = info.indirect_levels;
	if (info.reserved_zero || info.unused_flags & 1 || info.info_length != sizeof(info) ||
	    w->last >= LEVELS || w->version >= NR_DX_HASHES)
		return -EUCLEAN;
	return 0;
}

/* The second level's node, by what was chosen in the root. */
static int open_below(struct inode *dir, struct way *w)
{
	return open_level(dir, w, 1, chosen(w, 0), EXT2_DX_NODE_AT);
}

/* The last entry of level @i whose hash is not above the name's. */
static void choose(struct way *w, int i)
{
	uint32_t low = 1, high = w->count[i];

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (READ_ONCE(w->e[i][middle].hash) > w->hash)
			high = middle;
		else
			low = middle + 1;
	}
	w->at[i] = low - 1;
}

/* The way to the first leaf in which @name may be; 0: w is to be put. */
static int probe(struct inode *dir, const struct name *name, struct way *w)
{
	int err;

	memset(w, 0, sizeof(*w));
	err = open_root(dir, w);
	if (!err) {
		w->hash = ext2_hash(name->s, name->len, w->version,
				    ext2_fs_of(dir)->super.s_hash_seed);
		choose(w, 0);
		err = w->last ? open_below(dir, w) : 0;
	}
	if (!err && w->last)
		choose(w, 1);
	if (!err && !is_in(dir, leaf_of(w)))
		err = -EUCLEAN;
	if (err)
		way_put(w);
	return err;
}

/* On to the next leaf, if names with this hash go on there: 1, 0, or -errno. */
static int step(struct inode *dir, struct way *w)
{
	int i = w->last;
	uint32_t hash;

	while (++w->at[i] == w->count[i])
		if (--i < 0)
			return 0;
	hash = READ_ONCE(w->e[i][w->at[i]].hash);
	if ((hash & ~1u) != w->hash)
		return 0;
	if (i < w->last) {
		int err = open_below(dir, w);

		if (err)
			return err;
	}
	return is_in(dir, leaf_of(w)) ? 1 : -EUCLEAN;
}

int ext2_index_find(struct inode *dir, const struct name *name, uint32_t *next, uint64_t *at)
{
	struct way w;
	int err = probe(dir, name, &w), found = 1;

	if (err)
		return err;
	for (uint32_t i = 0; i < *next && found == 1; i++)
		found = step(dir, &w);
	if (found == 1)
		*at = leaf_of(&w);
	++*next;
	way_put(&w);
	return found;
}

/* ---- a leaf ---- */

/* A name of a leaf: where it is, and its hash. */
struct leaf_entry {
	uint32_t hash;
	uint16_t offset, size; /* bytes: what it needs */
};

/* The names of the block @data, in their order, into *@map (kfree): how many, or -errno. */
static int map_leaf(struct inode *dir, uint32_t version, const char *data, struct leaf_entry **map)
{
	struct ext2_fs *fs = ext2_fs_of(dir);
	uint32_t size = dir->sb->block_size;
	struct ext2_entry e;
	int n = 0;

	*map = kmalloc(size / EXT2_DIRENT_LEN(1) * sizeof(**map));
	if (!*map)
		return -ENOMEM;
	for (uint32_t i = 0; i < size; i += e.size) {
		const char *name = data + i + EXT2_DIRENT_HEAD;

		if (!ext2_read_entry(fs, data, i, &e))
			return -EUCLEAN;
		if (e.ino && e.len)
			(*map)[n++] = (struct leaf_entry){
				.hash = ext2_hash(name, e.len, version, fs->super.s_hash_seed),
				.offset = (uint16_t)i,
				.size = (uint16_t)EXT2_DIRENT_LEN(e.len),
			};
	}
	return n;
}

static void sort_by_hash(struct leaf_entry *map, int n)
{
	for (int gap = n / 2; gap; gap /= 2)
		for (int i = gap; i < n; i++) {
			struct leaf_entry e = map[i];
			int at = i;

			for (; at >= gap && map[at - gap].hash > e.hash; at -= gap)
				map[at] = map[at - gap];
			map[at] = e;
		}
}

/* These @n entries of @from, side by side, are all that the new block @to holds. */
static void pack(struct inode *dir, char *to, const char *from, const struct leaf_entry *map, int n)
{
	uint32_t at = 0;

	for (int i = 0; i < n; i++) {
		struct ext2_dirent *e = (void *)(to + at);

		memcpy(e, from + map[i].offset, map[i].size);
		e->rec_len = i == n - 1 ? (uint16_t)(dir->sb->block_size - at) : map[i].size;
		at += map[i].size;
	}
}

/* These @n entries go from the block; what lies before each reaches over its place. */
static void take_entries_out(struct inode *dir, char *data, const struct leaf_entry *gone, int n)
{
	struct ext2_dirent *before = NULL;
	struct ext2_entry read;

	for (int i = 0; i < n; i++)
		((struct ext2_dirent *)(data + gone[i].offset))->inode = 0;
	for (uint32_t i = 0; i < dir->sb->block_size; i += read.size) {
		struct ext2_dirent *e = (void *)(data + i);

		if (!ext2_read_entry(ext2_fs_of(dir), data, i, &read))
			return; /* somebody writes the device; who reads it finds that */
		if (!read.ino && before)
			before->rec_len = (uint16_t)(before->rec_len + read.size);
		else
			before = e;
	}
}

/* A new entry of the level @i, behind the one that was chosen. */
static void insert(struct way *w, int i, uint32_t hash, uint32_t block)
{
	struct ext2_dx_entry *e = &w->e[i][w->at[i] + 1];

	memmove(e + 1, e, (w->count[i] - w->at[i] - 1) * sizeof(*e));
	e->hash = hash;
	e->block = block;
	set_count(w->e[i], w->limit[i], ++w->count[i]);
	meta_dirty(&w->m[i]);
}

/* The upper half of the leaf's bytes, by hash, goes to a block of its own. */
static int split_leaf(struct inode *dir, struct way *w)
{
	uint32_t block = (uint32_t)(dir->size >> ext2_fs_of(dir)->bits), used = 0, moved;
	struct leaf_entry *map = NULL;
	struct meta m, fresh = { 0 };
	int n = ext2_dir_block(dir, leaf_of(w), &m), from, err;

	if (!n)
		n = map_leaf(dir, w->version, m.data, &map);
	err = n < 0 ? n : n < 2 ? -EUCLEAN : ext2_dir_append(dir, &fresh);
	if (!err) {
		sort_by_hash(map, n);
		for (int i = 0; i < n; i++)
			used += map[i].size;
		moved = map[from = n - 1].size;
		while (from > 1 && moved + map[from - 1].size / 2 <= used / 2)
			moved += map[--from].size;
		pack(dir, fresh.data, m.data, &map[from], n - from);
		take_entries_out(dir, m.data, &map[from], n - from);
		meta_dirty(&fresh);
		meta_dirty(&m);
		/* An odd hash: names with it are in the leaf before, too. */
		insert(w, w->last, map[from].hash | (map[from - 1].hash == map[from].hash), block);
	}
	meta_put(&fresh);
	meta_put(&m);
	kfree(map);
	return err;
}

/* ---- the index grows ---- */

/*
 * Room for one entry more where a leaf's is to be put: a new node takes half of the lower level's,
 * or all of the root's, which is one level more.
 */
static int grow_index(struct inode *dir, struct way *w)
{
	uint32_t block = (uint32_t)(dir->size >> ext2_fs_of(dir)->bits);
	int i = w->last, err;
	uint32_t from = i ? w->count[i] / 2 : 0, n = w->count[i] - from;
	struct ext2_dx_entry *e;
	struct meta m;

	if (i && w->count[0] == w->limit[0])
		return -ENOSPC; /* both levels are full */
	err = ext2_dir_append(dir, &m);
	if (err)
		return err;
	e = (void *)((char *)m.data + EXT2_DX_NODE_AT);
	memcpy(e, &w->e[i][from], n * sizeof(*e));
	if (i) {
		insert(w, 0, e->hash, block);
		set_count(w->e[1], w->limit[1], from);
	} else {
		info_of(&w->m[0])->indirect_levels++;
		set_count(w->e[0], w->limit[0], 1);
		w->e[0]->block = block;
	}
	set_count(e, node_limit(dir, EXT2_DX_NODE_AT), n);
	meta_dirty(&w->m[i]);
	meta_dirty(&m);
	meta_put(&m);
	return 0;
}

/* @name goes to its leaf: 1; 0: there was no room, but now there may be; or -errno. */
static int try_add(struct inode *dir, const struct name *name, uint32_t ino, uint32_t mode)
{
	struct way w;
	int err = probe(dir, name, &w);

	if (err)
		return err;
	err = ext2_add_in(dir, leaf_of(&w), name, ino, mode);
	if (!err)
		err = w.count[w.last] == w.limit[w.last] ? grow_index(dir, &w)
							 : split_leaf(dir, &w);
	way_put(&w);
	return err;
}

int ext2_index_add(struct inode *dir, const struct name *name, uint32_t ino, uint32_t mode)
{
	int err = 0;

	for (int i = 0; i < TRIES && !err; i++)
		err = try_add(dir, name, ino, mode);
	return err > 0 ? 0 : err ? err : -ENOSPC;
}

/* A root with one entry, of block 1, in the place of all that is behind the dots. */
static void make_index_root(struct inode *dir, struct meta *root)
{
	uint32_t size = dir->sb->block_size;
	struct ext2_dirent *dots = (void *)((char *)root->data + EXT2_DIRENT_LEN(1));
	struct ext2_dx_info *info = info_of(root);
	struct ext2_dx_entry *e = (void *)(info + 1);
	uint8_t version = ext2_fs_of(dir)->super.s_def_hash_version;

	dots->rec_len = (uint16_t)(size - EXT2_DIRENT_LEN(1));
	memset(info, 0, size - EXT2_DX_INFO_AT);
	info->hash_version = min(version, (uint8_t)DX_HASH_TEA);
	info->info_length = sizeof(*info);
	set_count(e, node_limit(dir, EXT2_DX_INFO_AT + sizeof(*info)), 1);
	e->block = 1;
	meta_dirty(root);
}

/* The only block is full: what is behind its dots goes to a leaf, the index in its place. */
int ext2_index_make(struct inode *dir)
{
	const struct ext2_dirent *dots;
	struct leaf_entry *map = NULL;
	struct meta root, leaf;
	int n, err = ext2_dir_block(dir, 0, &root);

	if (err)
		return err;
	n = map_leaf(dir, 0, root.data, &map);
	dots = (void *)((char *)root.data + EXT2_DIRENT_LEN(1));
	if (n == -ENOMEM)
		err = n;
	else if (n < 2 || map[0].offset || map[1].offset != EXT2_DIRENT_LEN(1) ||
		 dots->name_len != 2 || memcmp(dots->name, "..", 2) != 0)
		err = sb_error(dir->sb, "directory %llu: its first two entries", dir->ino + 0ULL);
	if (!err)
		err = ext2_dir_append(dir, &leaf);
	if (!err) {
		pack(dir, leaf.data, root.data, &map[2], n - 2);
		meta_dirty(&leaf);
		meta_put(&leaf);
		make_index_root(dir, &root);
		ext2_of(dir)->flags |= EXT2_INDEX_FL;
		inode_dirty(dir);
	}
	kfree(map);
	meta_put(&root);
	return err;
}
