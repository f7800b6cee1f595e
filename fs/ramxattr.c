/*
 * ramxattr.c - extended attributes of inodes in RAM.
 *
 * Comes from tmpfs with inode->lock held for changes.  Invariant (xattrs_lock): a list has each
 * name once; an attribute does not change once it is in one, it is replaced.
 */
#include "fs/ramxattr.h"

#include "abi/errno.h"
#include "abi/xattr.h"
#include "lib/string.h"
#include "mm/slab.h"

#define XATTRS_MAX 1000 /* of an inode: they are looked through under a spin lock */

struct ram_xattr {
	struct list_node link;
	const char *name; /* behind the value */
	size_t size;
	char value[];
};

/* A lock for all: what is done under it is to look through a list, and to copy one value. */
static struct spinlock xattrs_lock = SPINLOCK_INIT;

static size_t cost_of(size_t name, size_t size)
{
	return sizeof(struct ram_xattr) + name + 1 + size;
}

static size_t xattr_bytes(const struct ram_xattr *x)
{
	return x ? cost_of(strlen(x->name), x->size) : 0;
}

static struct ram_xattr *find_xattr(struct list_node *list, const char *name)
{
	struct ram_xattr *x;

	list_for_each(x, list, link)
		if (!strcmp(x->name, name))
			return x;
	return NULL;
}

long ramxattr_get(struct list_node *list, const char *name, void *buf, size_t size)
{
	struct ram_xattr *x;
	long ret = -ENODATA;

	spin_lock(&xattrs_lock);
	x = find_xattr(list, name);
	if (x)
		ret = size && x->size > size ? -ERANGE : (long)x->size;
	if (ret > 0 && size)
		memcpy(buf, x->value, x->size);
	spin_unlock(&xattrs_lock);
	return ret;
}

long ramxattr_list(struct list_node *list, char *buf, size_t size)
{
	struct ram_xattr *x;
	size_t n = 0, len;

	spin_lock(&xattrs_lock);
	list_for_each(x, list, link) {
		len = strlen(x->name) + 1;
		if (size && len <= size - n)
			memcpy(buf + n, x->name, len);
		else if (size)
			break;
		n += len;
	}
	spin_unlock(&xattrs_lock);
	return size && !list_is_end(x, list, link) ? -ERANGE : (long)n;
}

static bool is_full(struct list_node *list)
{
	struct ram_xattr *x;
	int n = 0;

	list_for_each(x, list, link)
		n++;
	return n >= XATTRS_MAX;
}

static struct ram_xattr *new_xattr(const char *name, const void *value, size_t size)
{
	struct ram_xattr *x = kmalloc(cost_of(strlen(name), size));

	if (!x)
		return NULL;
	x->size = size;
	x->name = x->value + size;
	memcpy(x->value, value, size);
	memcpy(x->value + size, name, strlen(name) + 1);
	return x;
}

int ramxattr_set(struct list_node *list, const char *name, const void *value, size_t size,
		 uint32_t flags, uint64_t room, struct charge *c, int64_t *change)
{
	/* It changes under inode->lock, which we have: xattrs_lock is for the readers. */
	struct ram_xattr *old = find_xattr(list, name), *x = NULL;
	size_t was = xattr_bytes(old), is = value ? cost_of(strlen(name), size) : 0;

	*change = 0;
	if (!old && (flags & XATTR_REPLACE || !value))
		return -ENODATA;
	if (old && flags & XATTR_CREATE)
		return -EEXIST;
	if ((is > was && is - was > room) || (!old && is_full(list)))
		return -ENOSPC;
	if (value) {
		x = new_xattr(name, value, size);
		if (!x)
			return -ENOMEM;
	}
	spin_lock(&xattrs_lock);
	if (old)
		list_del(&old->link);
	if (x)
		list_add_tail(list, &x->link);
	spin_unlock(&xattrs_lock);
	charge_add(c, is);
	charge_drop(c, was);
	kfree(old);
	*change = (int64_t)is - (int64_t)was;
	return 0;
}

size_t ramxattr_free(struct list_node *list, struct charge *c)
{
	struct ram_xattr *x;
	size_t all = 0;

	while ((x = list_pop(list, struct ram_xattr, link))) {
		all += xattr_bytes(x);
		kfree(x);
	}
	if (all)
		charge_drop(c, all);
	return all;
}
