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
#include "fs/ext2/xattr.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/cap.h"

/* ---- names ---- */

enum { USER = 1, ACL_ACCESS, ACL_DEFAULT, TRUSTED, SECURITY = 6 };

static const struct {
	const char *prefix;
	uint8_t index;
	bool whole; /* nothing follows it */
} kinds[] = { { "user.", USER, false },
	      { "trusted.", TRUSTED, false },
	      { "security.", SECURITY, false },
	      { "system.posix_acl_access", ACL_ACCESS, true },
	      { "system.posix_acl_default", ACL_DEFAULT, true } };

static bool is_acl(uint8_t index)
{
	return index == ACL_ACCESS || index == ACL_DEFAULT;
}

/* An attribute: its kind, the rest of its name, its value. */
struct attr {
	const char *name;
	const void *value;
	uint32_t size; /* of the value */
	uint8_t index, len;
};

/* What @name means on the disk: 0, -EOPNOTSUPP, -EINVAL. */
static int attr_of(const struct ext2_fs *fs, const char *name, struct attr *a)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t n = strlen(kinds[i].prefix);

		if (strncmp(name, kinds[i].prefix, n) != 0 || (kinds[i].whole && name[n]))
			continue;
		if (!kinds[i].whole && !name[n])
			return -EINVAL;
		if ((is_acl(kinds[i].index) && !(fs->options & EXT2_ACL)) ||
		    (kinds[i].index == USER && !(fs->options & EXT2_USER_XATTR)))
			return -EOPNOTSUPP;
		*a = (struct attr){ .name = name + n,
				    .len = (uint8_t)strlen(name + n),
				    .index = kinds[i].index };
		return 0;
	}
	return -EOPNOTSUPP;
}

static const char *prefix_of(uint8_t index)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].index == index)
			return kinds[i].prefix;
	return NULL;
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

/* Bytes with entries from @first on; values' offsets count from @start. */
struct area {
	char *start; /* NULL: there is none */
	uint32_t first, size;
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
	a->size = body_size(ei);
	if (!new &&READ_ONCE(((uint32_t *)a->start)[-1]) != EXT2_XATTR_MAGIC)
		a->start = NULL;
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
	a->first = sizeof(struct ext2_xattr_header);
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

/* The attribute at *@at, which moves: 1, 0: there are no more, -EUCLEAN. */
static int next_attr(const struct ext2_inode *ei, const struct area *area, uint32_t *at,
		     struct attr *a)
{
	const struct ext2_xattr_entry *e = (const void *)(area->start + *at);
	uint32_t left = area->size - *at, offset;

	if (left < sizeof(uint32_t) || !READ_ONCE(*(const uint32_t *)e))
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
	*at += EXT2_XATTR_LEN(a->len);
	return 1;
}

/* ---- reading ---- */

/* The attribute that is @want by name, in @area: 1, 0, -errno. */
static int find_attr(const struct ext2_inode *ei, const struct area *area, const struct attr *want,
		     struct attr *a)
{
	uint32_t at = area->first;
	int err;

	if (!area->start)
		return 0;
	while ((err = next_attr(ei, area, &at, a)) == 1)
		if (a->index == want->index && a->len == want->len &&
		    !memcmp(a->name, want->name, a->len))
			return 1;
	return err;
}

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

	if (ret)
		return ret;
	mutex_lock(&ei->lock);
	for (int i = 0; i < NR_AREAS && !ret; i++) {
		struct area area;

		ret = open_area(ei, i, &area);
		if (!ret)
			ret = find_attr(ei, &area, &want, &a);
		if (ret == 1) {
			ret = copy_value(&a, buf, size);
			meta_put(&area.m);
			break;
		}
		meta_put(&area.m);
		if (!ret && i == BLOCK)
			ret = -ENODATA;
	}
	mutex_unlock(&ei->lock);
	return ret;
}

/* Is @a shown to current? */
static bool is_listed(const struct ext2_fs *fs, const struct attr *a)
{
	if (is_acl(a->index))
		return fs->options & EXT2_ACL;
	if (a->index == TRUSTED)
		return capable(CAP_SYS_ADMIN);
	return a->index == USER ? fs->options & EXT2_USER_XATTR : prefix_of(a->index) != NULL;
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
		uint32_t at;

		ret = open_area(ei, i, &area);
		at = area.first;
		while (!ret && area.start && (ret = next_attr(ei, &area, &at, &a)) == 1) {
			const char *prefix = prefix_of(a.index);
			size_t n = prefix ? strlen(prefix) : 0;

			ret = 0;
			if (!is_listed(ext2_fs_of(inode), &a))
				continue;
			if (size && used + n + a.len + 1 > size) {
				ret = -ERANGE;
			} else if (size) {
				memcpy(buf + used, prefix, n);
				memcpy(buf + used + n, a.name, a.len);
				buf[used + n + a.len] = '\0';
			}
			used += n + a.len + 1;
		}
		meta_put(&area.m);
	}
	mutex_unlock(&ei->lock);
	return ret ? ret : (long)used;
}

/* ---- changing ---- */

/* All attributes of an inode, as they shall be: sorted, those with @in_body go there. */
struct set {
	uint32_t n, max;
	bool *in_body;
	struct attr *a;
	char *copy; /* of both areas, into which the attributes point */
};

/* What @area holds, copied to @to, joins the set. */
static int gather_area(const struct ext2_inode *ei, const struct area *area, char *to,
		       struct set *s)
{
	struct area copy = { .start = to, .first = area->first, .size = area->size };
	uint32_t at = area->first;
	int err;

	if (!area->start)
		return 0;
	memcpy(to, area->start, area->size);
	while ((err = next_attr(ei, &copy, &at, &s->a[s->n])) == 1)
		s->n++;
	return err;
}

static int read_set(struct ext2_inode *ei, struct set *s)
{
	uint32_t bytes = ext2_fs_of(&ei->inode)->inode_size, block = ei->inode.sb->block_size;
	int err = 0;

	s->max = (bytes + block) / (uint32_t)sizeof(struct ext2_xattr_entry) + 1;
	s->a = kzalloc(s->max * sizeof(*s->a));
	s->in_body = kzalloc(s->max);
	s->copy = kmalloc(bytes + block);
	if (!s->a || !s->in_body || !s->copy)
		return -ENOMEM;
	for (int i = 0; i < NR_AREAS && !err; i++) {
		struct area area;

		err = open_area(ei, i, &area);
		if (!err)
			err = gather_area(ei, &area, s->copy + (i == BODY ? 0 : bytes), s);
		meta_put(&area.m);
	}
	return err;
}

static void free_set(struct set *s)
{
	kfree(s->a);
	kfree(s->in_body);
	kfree(s->copy);
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
		return new->value || !is_acl(new->index) ? -ENODATA : 0;
	if (!new->value)
		s->a[i] = s->a[--s->n];
	else
		s->a[i] = *new;
	s->n += i == s->n && new->value;
	for (i = 1; i < s->n; i++) { /* few, and nearly in order */
		struct attr a = s->a[i];
		uint32_t at = i;

		for (; at && order_attrs(&s->a[at - 1], &a) > 0; at--)
			s->a[at] = s->a[at - 1];
		s->a[at] = a;
	}
	return 0;
}

static uint32_t need(const struct attr *a)
{
	return EXT2_XATTR_LEN(a->len) + EXT2_XATTR_PAD(a->size);
}

/* Which go into the inode; *@in_block: how many do not.  -ENOSPC: a block is too small for them. */
static int place_set(const struct ext2_inode *ei, struct set *s, uint32_t *in_block)
{
	uint32_t body = body_size(ei), block = ei->inode.sb->block_size, end = sizeof(uint32_t);

	*in_block = 0;
	body -= min(body, end);
	block -= (uint32_t)sizeof(struct ext2_xattr_header) + end;
	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t bytes = need(&s->a[i]);
		uint32_t *room = bytes <= body ? &body : &block;

		if (bytes > *room)
			return -ENOSPC;
		*room -= bytes;
		s->in_body[i] = room == &body;
		*in_block += room == &block;
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
	uint32_t at = area->first, end = area->size, hash = 0;

	memset(area->start + at, 0, end - at);
	for (uint32_t i = 0; i < s->n; i++) {
		struct ext2_xattr_entry *e = (void *)(area->start + at);
		const struct attr *a = &s->a[i];

		if (s->in_body[i] != body)
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

static void count_block(struct ext2_inode *ei, int n)
{
	uint64_t units = ei->inode.sb->block_size >> 9;

	ei->blocks = n > 0 ? ei->blocks + units : ei->blocks - min(ei->blocks, units);
}

/* One inode less has the block @block. */
static int drop_block(struct ext2_inode *ei, uint64_t block)
{
	struct superblock *sb = ei->inode.sb;
	struct ext2_fs *fs = sb->private;
	struct ext2_xattr_header *h;
	struct meta m;
	bool last;
	int err;

	mutex_lock(&fs->xattr_lock);
	err = meta_read(sb, block, &m);
	if (!err) {
		h = m.data;
		last = h->h_refcount <= 1;
		if (h->h_magic != EXT2_XATTR_MAGIC)
			err = bad_attrs(ei);
		if (!err && !last) {
			h->h_refcount--;
			meta_dirty(&m);
		}
		meta_put(&m);
		if (!err && last)
			err = ext2_free_blocks(sb, block, 1, true);
	}
	mutex_unlock(&fs->xattr_lock);
	return err;
}

/* A block of the inode's own for attributes: the one that it has, or a new one; in *@m. */
static int own_block(struct ext2_inode *ei, uint64_t *block, struct meta *m)
{
	struct superblock *sb = ei->inode.sb;
	struct ext2_fs *fs = sb->private;
	uint32_t n = 1;
	int err;

	if (ei->acl) {
		err = meta_read(sb, ei->acl, m);
		if (err)
			return err;
		*block = ei->acl;
		if (((struct ext2_xattr_header *)m->data)->h_refcount == 1)
			return 0;
		meta_put(m);
	}
	*block = ext2_alloc_blocks(sb, fs->first_block + (uint64_t)ei->group * fs->blocks_per_group,
				   &n, &err);
	if (!*block)
		return err;
	err = meta_new(sb, *block, m);
	if (err)
		(void)ext2_free_blocks(sb, *block, 1, true);
	return err;
}

static int write_block(struct ext2_inode *ei, const struct set *s)
{
	struct ext2_fs *fs = ext2_fs_of(&ei->inode);
	struct area area = { .first = sizeof(struct ext2_xattr_header),
			     .size = ei->inode.sb->block_size };
	struct ext2_xattr_header *h;
	uint64_t block;
	int err = own_block(ei, &block, &area.m);

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
	if (ei->acl && ei->acl != block)
		err = drop_block(ei, ei->acl);
	if (!ei->acl)
		count_block(ei, 1);
	ei->acl = block;
	if (!(fs->super.s_feature_compat & COMPAT_EXT_ATTR)) {
		fs->super.s_feature_compat |= COMPAT_EXT_ATTR;
		fs->super_dirty = true;
	}
	return err;
}

static int write_set(struct ext2_inode *ei, struct set *s)
{
	struct area body = { .start = NULL };
	uint32_t in_block;
	int err = place_set(ei, s, &in_block);

	if (err)
		return err;
	/* The block first: for it there may be no room, and then nothing has changed. */
	if (in_block) {
		err = write_block(ei, s);
	} else if (ei->acl) {
		err = drop_block(ei, ei->acl);
		ei->acl = 0;
		count_block(ei, -1);
	}
	if (!err)
		err = open_body(ei, &body, true);
	if (err || !body.start)
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

	if (!err && value && size > inode->sb->block_size)
		err = is_acl(new.index) && size <= XATTR_SIZE_MAX ? 0 : -ENOSPC;
	if (!err && value && is_acl(new.index)) {
		acl = kmalloc(size + 1);
		err = acl ? ext2_acl_to_disk(value, size, acl) : -ENOMEM;
		new.size = err > 0 ? (uint32_t)err : 0;
		err = min(err, 0);
	} else {
		new.size = (uint32_t)size;
	}
	/* "" is a value, of no bytes */
	new.value = !value ? NULL : acl ? acl : value;
	if (!err && ei->fresh)
		err = ext2_inode_write(inode);
	if (err)
		goto out;
	mutex_lock(&ei->lock);
	err = read_set(ei, &s);
	if (!err)
		err = change_set(&s, &new, flags);
	if (!err)
		err = write_set(ei, &s);
	if (!err) {
		inode->ctime = vfs_now();
		inode_dirty(inode);
	}
	mutex_unlock(&ei->lock);
	free_set(&s);
out:
	kfree(acl);
	return err;
}

void ext2_xattr_evict(struct ext2_inode *ei)
{
	if (ei->acl && !drop_block(ei, ei->acl))
		count_block(ei, -1);
	ei->acl = 0;
}
