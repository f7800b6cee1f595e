/*
 * xattr.c - extended attributes of ext2: behind an inode's fields, as far as there is room, and in
 * a block, which several inodes may share.
 *
 * Comes from sys/file/xattr.c, the permission has been asked for; ei->lock is held while attributes
 * are read or changed.  An area is read where it lies: each number is taken once and checked.  A
 * change makes both areas anew from all that was in them.
 */
#include "abi/xattr.h"
#include "fs/ext2/acl.h"
#include "fs/ext2/csum.h"
#include "fs/ext2/alloc.h"
#include "fs/ext2/inode.h"
#include "fs/ext2/map.h"
#include "fs/ext2/xattr.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/cap.h"

/* ---- names ---- */

enum { USER = 1, ACL_ACCESS, ACL_DEFAULT, TRUSTED, SECURITY = 6 };

static const struct kind {
	const char *prefix; /* of an ACL: all of its name */
	uint8_t index;
	uint32_t option; /* without which there are none; 0: always */
} kinds[] = { { "user.", USER, EXT2_USER_XATTR },
	      { "trusted.", TRUSTED, 0 },
	      { "security.", SECURITY, 0 },
	      { "system.posix_acl_access", ACL_ACCESS, EXT2_ACL },
	      { "system.posix_acl_default", ACL_DEFAULT, EXT2_ACL } };

static bool is_acl(uint8_t index)
{
	return index == ACL_ACCESS || index == ACL_DEFAULT;
}

static bool has_kind(const struct ext2_fs *fs, const struct kind *k)
{
	return !k->option || fs->options & k->option;
}

/* An attribute: its kind, the rest of its name, its value. */
struct attr {
	const char *name;
	const void *value;
	uint32_t size; /* of the value */
	uint8_t index, len;
	bool in_body; /* where it shall go: into the inode */
};

/* What @name, which fs/xattr.c knows, means on the disk: 0, -EOPNOTSUPP. */
static int attr_of(const struct ext2_fs *fs, const char *name, struct attr *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t n = strlen(kinds[i].prefix);

		if (strncmp(name, kinds[i].prefix, n) != 0 || !has_kind(fs, &kinds[i]))
			continue;
		*a = (struct attr){ .name = name + n,
				    .len = (uint8_t)strlen(name + n),
				    .index = kinds[i].index };
		return 0;
	}
	return -EOPNOTSUPP;
}

/* Entries of a block are in this order. */
static int order_attrs(const struct attr *a, const struct attr *b)
{
	if (a->index != b->index)
		return a->index - b->index;
	return a->len != b->len ? a->len - b->len : memcmp(a->name, b->name, a->len);
}

/* ---- the two areas ---- */

enum { BODY, BLOCK, NR_AREAS };

/* Bytes with entries from @at on; values' offsets count from @start. */
struct area {
	char *start;
	uint32_t at, size; /* size 0: there is none */
	struct meta m;
};

/* Room for attributes behind the fields of the inode; 0: none. */
static uint32_t body_size(const struct ext2_inode *ei)
{
	uint32_t used = EXT2_OLD_SIZE + ei->extra + (uint32_t)sizeof(uint32_t);
	uint32_t size = ext2_fs_of(&ei->inode)->inode_size;

	return ei->extra && size > used + sizeof(struct ext2_xattr_entry) ? size - used : 0;
}

/* The attributes in the inode: as a place for new ones too if @new. */
static int open_body(struct ext2_inode *ei, struct area *a, bool new)
{
	struct ext2_raw_inode *raw;
	int err;

	memset(a, 0, sizeof(*a));
	if (!body_size(ei) || ei->fresh)
		return 0;
	err = ext2_inode_raw(ei->inode.sb, ei->inode.ino, &a->m, &raw);
	if (err)
		return err;
	a->start = (char *)raw + EXT2_OLD_SIZE + ei->extra + sizeof(uint32_t);
	if (new || READ_ONCE(((uint32_t *)a->start)[-1]) == EXT2_XATTR_MAGIC)
		a->size = body_size(ei);
	return 0;
}

static int bad_attrs(const struct ext2_inode *ei)
{
	return sb_error(ei->inode.sb, "inode %llu: its extended attributes", ei->inode.ino + 0ULL);
}

static int open_block(struct ext2_inode *ei, struct area *a)
{
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	int err;

	memset(a, 0, sizeof(*a));
	if (!ei->acl)
		return 0;
	err = meta_read(fs->sb, ei->acl, &a->m);
	if (err)
		return err;
	a->start = a->m.data;
	a->at = sizeof(struct ext2_xattr_header);
	a->size = fs->sb->block_size;
	if (((struct ext2_xattr_header *)a->start)->h_magic == EXT2_XATTR_MAGIC &&
	    (!fs->csum || ext2_xattr_csum_good(fs, ei->acl, a->start)))
		return 0;
	meta_put(&a->m);
	return bad_attrs(ei);
}

static int open_area(struct ext2_inode *ei, int which, struct area *a)
{
	return which == BODY ? open_body(ei, a, false) : open_block(ei, a);
}

/* The next attribute, at area->at, which moves: 1, 0: there are no more, -EUCLEAN. */
static int next_attr(const struct ext2_inode *ei, struct area *area, struct attr *a)
{
	uint32_t left = area->size - area->at, offset;
	const struct ext2_xattr_entry *e;

	if (left < sizeof(uint32_t))
		return 0;
	e = (const void *)(area->start + area->at);
	if (!READ_ONCE(*(const uint32_t *)e))
		return 0;
	if (left < sizeof(*e))
		return bad_attrs(ei);
	a->len = READ_ONCE(e->e_name_len);
	a->index = READ_ONCE(e->e_name_index);
	a->size = READ_ONCE(e->e_value_size);
	offset = READ_ONCE(e->e_value_offs);
	if (EXT2_XATTR_LEN(a->len) > left || e->e_value_inum || offset > area->size ||
	    a->size > area->size - offset)
		return bad_attrs(ei);
	a->name = e->e_name;
	a->value = area->start + offset;
	area->at += EXT2_XATTR_LEN(a->len);
	return 1;
}

/* ---- reading ---- */

static long copy_value(const struct attr *a, void *buf, size_t size)
{
	if (is_acl(a->index))
		return ext2_acl_to_user(a->value, a->size, buf, size);
	if (size && a->size > size)
		return -ERANGE;
	if (size)
		memcpy(buf, a->value, a->size);
	return a->size;
}

long ext2_getxattr(struct inode *inode, const char *name, void *buf, size_t size)
{
	struct ext2_inode *ei = ext2_of(inode);
	struct attr want, a;
	long ret = attr_of(ext2_fs_of(inode), name, &want);
	bool found = false;

	mutex_lock(&ei->lock);
	for (int i = 0; i < NR_AREAS && !ret && !found; i++) {
		struct area area;

		ret = open_area(ei, i, &area);
		while (!ret && !found && (ret = next_attr(ei, &area, &a)) == 1) {
			found = !order_attrs(&a, &want);
			ret = found ? copy_value(&a, buf, size) : 0;
		}
		meta_put(&area.m);
	}
	mutex_unlock(&ei->lock);
	return found || ret ? ret : -ENODATA;
}

/* The name of @a into @buf, behind *@used bytes, which grow; @size 0: only that.  0, -ERANGE. */
static int list_name(const struct ext2_fs *fs, const struct attr *a, char *buf, size_t size,
		     size_t *used)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t at = *used, n = strlen(kinds[i].prefix);

		if (kinds[i].index != a->index || !has_kind(fs, &kinds[i]))
			continue;
		*used += n + a->len + 1;
		if (size && *used > size)
			return -ERANGE;
		if (size) {
			memcpy(buf + at, kinds[i].prefix, n);
			memcpy(buf + at + n, a->name, a->len);
			buf[*used - 1] = '\0';
		}
	}
	return 0;
}

long ext2_listxattr(struct inode *inode, char *buf, size_t size)
{
	struct ext2_inode *ei = ext2_of(inode);
	size_t used = 0;
	int ret = 0;

	mutex_lock(&ei->lock);
	for (int i = 0; i < NR_AREAS && !ret; i++) {
		struct area area;
		struct attr a;

		ret = open_area(ei, i, &area);
		while (!ret && (ret = next_attr(ei, &area, &a)) == 1)
			ret = list_name(ext2_fs_of(inode), &a, buf, size, &used);
		meta_put(&area.m);
	}
	mutex_unlock(&ei->lock);
	return ret ? ret : (long)used;
}

/* ---- changing ---- */

/* All attributes of an inode, as they shall be, in order. */
struct set {
	uint32_t n;
	struct attr *a;
	char *copy; /* of both areas, into which the attributes point */
};

static int add_attr(struct set *s, const struct attr *new)
{
	uint32_t at = s->n++;

	for (; at && order_attrs(&s->a[at - 1], new) > 0; at--)
		s->a[at] = s->a[at - 1];
	s->a[at] = *new;
	return 0;
}

static int read_set(struct ext2_inode *ei, struct set *s)
{
	uint32_t bytes = ext2_fs_of(&ei->inode)->inode_size + ei->inode.sb->block_size;
	char *to = s->copy = kmalloc(bytes);
	int err = 0;

	/* As many as there can be, and a new one. */
	s->a = kmalloc((bytes / sizeof(struct ext2_xattr_entry) + 1) * sizeof(*s->a));
	if (!s->a || !s->copy)
		return -ENOMEM;
	for (int i = 0; i < NR_AREAS && !err; i++) {
		struct area area;
		struct attr a = { 0 };

		err = open_area(ei, i, &area);
		if (!err && area.size) {
			area.start = memcpy(to, area.start, area.size);
			to += area.size;
		}
		while (!err && (err = next_attr(ei, &area, &a)) == 1)
			err = add_attr(s, &a);
		meta_put(&area.m);
	}
	return err;
}

/* @new comes into the set, or with a value of NULL goes from it. */
static int change_set(struct set *s, const struct attr *new, uint32_t flags)
{
	uint32_t i = 0;

	while (i < s->n && order_attrs(&s->a[i], new))
		i++;
	if (i < s->n && flags & XATTR_CREATE)
		return -EEXIST;
	if (i == s->n && (flags & XATTR_REPLACE || !new->value))
		return -ENODATA;
	if (i < s->n)
		memmove(&s->a[i], &s->a[i + 1], (--s->n - i) * sizeof(*s->a));
	return new->value ? add_attr(s, new) : 0;
}

/* Which go into the inode; *@in_block: how many do not.  -ENOSPC: a block is too small for them. */
static int place_set(const struct ext2_inode *ei, struct set *s, uint32_t *in_block)
{
	uint32_t body = body_size(ei), block = ei->inode.sb->block_size, end = sizeof(uint32_t);

	*in_block = 0;
	body -= min(body, end);
	block -= (uint32_t)sizeof(struct ext2_xattr_header) + end;
	for (struct attr *a = s->a; a < s->a + s->n; a++) {
		uint32_t bytes = EXT2_XATTR_LEN(a->len) + EXT2_XATTR_PAD(a->size);

		a->in_body = bytes <= body;
		if (a->in_body) {
			body -= bytes;
		} else if (bytes <= block) {
			block -= bytes;
			++*in_block;
		} else {
			return -ENOSPC;
		}
	}
	return 0;
}

static uint32_t entry_hash(const struct ext2_xattr_entry *e, const uint32_t *value)
{
	uint32_t hash = 0;

	for (int i = 0; i < e->e_name_len; i++)
		hash = (hash << 5 | hash >> 27) ^ (uint8_t)e->e_name[i];
	for (uint32_t i = 0; i < EXT2_XATTR_PAD(e->e_value_size) / 4; i++)
		hash = (hash << 16 | hash >> 16) ^ value[i];
	return hash;
}

/* The area becomes what of the set belongs there; the hash of all entries. */
static uint32_t fill_area(const struct area *area, const struct set *s, bool body)
{
	uint32_t at = area->at, end = area->size, hash = 0;

	memset(area->start + at, 0, end - at);
	for (const struct attr *a = s->a; a < s->a + s->n; a++) {
		struct ext2_xattr_entry *e = (void *)(area->start + at);

		if (a->in_body != body)
			continue;
		end -= EXT2_XATTR_PAD(a->size);
		e->e_name_len = a->len;
		e->e_name_index = a->index;
		e->e_value_offs = a->size ? (uint16_t)end : 0;
		e->e_value_size = a->size;
		memcpy(e->e_name, a->name, a->len);
		memcpy(area->start + end, a->value, a->size);
		if (!body)
			e->e_hash = entry_hash(e, (void *)(area->start + end));
		hash = (hash << 16 | hash >> 16) ^ e->e_hash;
		at += EXT2_XATTR_LEN(a->len);
	}
	return hash;
}

/* The inode has no block any more: one less has it, or nobody. */
static int drop_block(struct ext2_inode *ei)
{
	struct superblock *sb = ei->inode.sb;
	struct ext2_fs *fs = sb->private;
	struct ext2_xattr_header *h;
	uint64_t block = ei->acl;
	bool last = false;
	struct meta m;
	int err;

	ei->acl = 0;
	ext2_count_blocks(ei, -1);
	mutex_lock(&fs->xattr_lock);
	err = meta_read(sb, block, &m);
	if (!err) {
		h = m.data;
		last = h->h_refcount <= 1;
		if (h->h_magic != EXT2_XATTR_MAGIC) {
			err = bad_attrs(ei);
		} else if (!last) {
			h->h_refcount--;
			meta_dirty(&m);
		}
		meta_put(&m);
	}
	if (!err && last)
		err = ext2_free_blocks(sb, block, 1, true);
	mutex_unlock(&fs->xattr_lock);
	return err;
}

/* A block of the inode's own for attributes: the one that it has, or a new one; in *@m. */
static int own_block(struct ext2_inode *ei, struct meta *m)
{
	struct superblock *sb = ei->inode.sb;
	struct ext2_fs *fs = sb->private;
	uint64_t block;
	uint32_t n = 1;
	int err = 0;

	if (ei->acl) {
		err = meta_read(sb, ei->acl, m);
		if (err || ((struct ext2_xattr_header *)m->data)->h_refcount == 1)
			return err;
		meta_put(m);
	}
	block = ext2_alloc_blocks(sb, fs->first_block + (uint64_t)ei->group * fs->blocks_per_group,
				  &n, &err);
	if (!block)
		return err;
	err = meta_new(sb, block, m);
	if (err)
		(void)ext2_free_blocks(sb, block, 1, true);
	return err;
}

static int write_block(struct ext2_inode *ei, const struct set *s)
{
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	struct area area = { .at = sizeof(struct ext2_xattr_header),
			     .size = ei->inode.sb->block_size };
	struct ext2_xattr_header *h;
	int err = own_block(ei, &area.m);

	if (err)
		return err;
	area.start = area.m.data;
	h = area.m.data;
	*h = (struct ext2_xattr_header){ .h_magic = EXT2_XATTR_MAGIC,
					 .h_refcount = 1,
					 .h_blocks = 1 };
	h->h_hash = fill_area(&area, s, false);
	meta_dirty(&area.m);
	meta_put(&area.m);
	if (ei->acl != area.m.block) {
		if (ei->acl)
			err = drop_block(ei);
		ei->acl = area.m.block;
		ext2_count_blocks(ei, 1);
	}
	if (!(fs->super.s_feature_compat & COMPAT_EXT_ATTR)) {
		fs->super.s_feature_compat |= COMPAT_EXT_ATTR;
		fs->super_dirty = true;
	}
	return err;
}

static int write_set(struct ext2_inode *ei, struct set *s)
{
	struct area body = { .size = 0 };
	uint32_t in_block;
	int err = place_set(ei, s, &in_block);

	if (err)
		return err;
	/* The block first: for it there may be no room, and then nothing has changed. */
	if (in_block)
		err = write_block(ei, s);
	else if (ei->acl)
		err = drop_block(ei);
	if (!err)
		err = open_body(ei, &body, true);
	if (err || !body.size)
		return err;
	((uint32_t *)body.start)[-1] = s->n > in_block ? EXT2_XATTR_MAGIC : 0;
	fill_area(&body, s, true);
	meta_dirty(&body.m);
	meta_put(&body.m);
	return 0;
}

int ext2_setxattr(struct inode *inode, const char *name, const void *value, size_t size,
		  uint32_t flags)
{
	struct ext2_inode *ei = ext2_of(inode);
	struct set s = { 0 };
	struct attr new;
	void *acl = NULL;
	int err = attr_of(ext2_fs_of(inode), name, &new);

	if (err)
		return err;
	/* "" is a value, of no bytes */
	new.value = value;
	new.size = (uint32_t)size;
	if (value && is_acl(new.index)) {
		new.value = acl = kmalloc(size);
		if (!acl)
			return -ENOMEM;
		new.size = (uint32_t)ext2_acl_to_disk(value, size, acl);
	}
	if (ei->fresh)
		err = ext2_inode_write(inode);
	mutex_lock(&ei->lock);
	if (!err)
		err = read_set(ei, &s);
	if (!err)
		err = change_set(&s, &new, flags);
	if (!err)
		err = write_set(ei, &s);
	mutex_unlock(&ei->lock);
	if (!err) {
		inode->ctime = vfs_now();
		inode_dirty(inode);
	}
	kfree(s.a);
	kfree(s.copy);
	kfree(acl);
	return err;
}

void ext2_xattr_evict(struct ext2_inode *ei)
{
	if (ei->acl)
		(void)drop_block(ei);
}
