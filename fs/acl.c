/*
 * acl.c - POSIX access control lists: who may do what, and what a new file gets.
 *
 * Comes from inode_permission (with or without dcache_lock), from name.c and from xattr.c; goes to
 * the file system's getxattr and setxattr.  Invariant: a list in memory is valid: its entries are
 * in order, its length is bounded, and it has a mask if it names somebody.
 */
#include "fs/acl.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "lib/string.h"
#include "mm/slab.h"

#define ACL_VERSION 2 /* of setxattr(2)'s form */

enum {
	ACL_USER_OBJ = 0x01,
	ACL_USER = 0x02,
	ACL_GROUP_OBJ = 0x04,
	ACL_GROUP = 0x08,
	ACL_MASK = 0x10,
	ACL_OTHER = 0x20
};

struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};

/* The form of setxattr(2), in the machine's byte order, which is little-endian. */
struct acl_bytes {
	uint32_t version;
	struct acl_entry entries[];
};
_Static_assert(sizeof(struct acl_entry) == 8 && sizeof(struct acl_bytes) == 4, "acl(5)'s bytes");

struct acl {
	uint32_t n;
	struct acl_bytes bytes; /* with n entries */
};

/* Inside dcache_lock: a walk asks with it held. */
static struct spinlock acl_lock = SPINLOCK_INIT;

bool acl_is_name(const char *name)
{
	return !strcmp(name, ACL_ACCESS) || !strcmp(name, ACL_DEFAULT);
}

/* What may come behind an entry with @tag, as the list goes on; 0: no such tag. */
static uint32_t tags_behind(uint32_t tag, bool named)
{
	switch (tag) {
	case 0: return ACL_USER_OBJ;
	case ACL_USER_OBJ:
	case ACL_USER: return ACL_USER | ACL_GROUP_OBJ;
	case ACL_GROUP_OBJ:
	case ACL_GROUP: return ACL_GROUP | ACL_MASK | (named ? 0 : ACL_OTHER);
	case ACL_MASK: return ACL_OTHER;
	default: return 0;
	}
}

static bool is_valid_list(const struct acl *acl)
{
	uint32_t last = 0;
	bool named = false;

	for (uint32_t i = 0; i < acl->n; i++) {
		const struct acl_entry *e = &acl->bytes.entries[i];

		if (e->perm & ~7u || !(e->tag & tags_behind(last, named)) || e->tag & (e->tag - 1))
			return false;
		named |= e->tag & (ACL_USER | ACL_GROUP);
		if (e->tag & (ACL_USER | ACL_GROUP) && e->id == UINT32_MAX)
			return false;
		last = e->tag;
	}
	return last == ACL_OTHER;
}

struct acl *acl_parse(const void *value, size_t size)
{
	const struct acl_bytes *bytes = value;
	struct acl *acl;

	if (!size)
		return NULL;
	if (size < sizeof(*bytes))
		return err_ptr(-EINVAL);
	if (bytes->version != ACL_VERSION)
		return err_ptr(-EOPNOTSUPP);
	if ((size - sizeof(*bytes)) % sizeof(struct acl_entry))
		return err_ptr(-EINVAL);
	if (size == sizeof(*bytes))
		return NULL;
	if (size > ACL_BYTES_MAX)
		return err_ptr(-ENOSPC);
	acl = kmalloc(offsetof(struct acl, bytes) + size);
	if (!acl)
		return err_ptr(-ENOMEM);
	acl->n = (uint32_t)((size - sizeof(*bytes)) / sizeof(struct acl_entry));
	memcpy(&acl->bytes, value, size);
	if (is_valid_list(acl))
		return acl;
	kfree(acl);
	return err_ptr(-EINVAL);
}

static size_t acl_size(const struct acl *acl)
{
	return sizeof(acl->bytes) + acl->n * sizeof(struct acl_entry);
}

static struct acl *acl_copy(const struct acl *acl)
{
	size_t size = offsetof(struct acl, bytes) + acl_size(acl);
	struct acl *copy = kmalloc(size);

	if (copy)
		memcpy(copy, acl, size);
	return copy;
}

bool acl_mode(const struct acl *acl, uint32_t *mode)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < acl->n; i++) {
		const struct acl_entry *e = &acl->bytes.entries[i];

		if (e->tag == ACL_USER_OBJ)
			bits |= (uint32_t)e->perm << 6;
		else if (e->tag == ACL_GROUP_OBJ)
			bits |= (uint32_t)e->perm << 3;
		else if (e->tag == ACL_MASK)
			bits = (bits & ~(uint32_t)S_IRWXG) | (uint32_t)e->perm << 3;
		else if (e->tag == ACL_OTHER)
			bits |= e->perm;
	}
	*mode = (*mode & ~0777u) | bits;
	return acl->n == 3; /* owner, group, others */
}

/* ---- who may do what ---- */

static bool is_in_group(const struct cred *cred, uint32_t gid)
{
	return cred->fsgid == gid || groups_have(cred, gid);
}

/* acl(5)'s algorithm for who is not the owner; what the mask cuts is cut. */
static bool list_allows(const struct acl *acl, const struct cred *cred, const struct inode *inode,
			uint32_t want)
{
	const struct acl_entry *e = acl->bytes.entries, *end = e + acl->n;
	uint32_t mask = 7;
	bool in_group = false;

	if (acl->n > 3)
		mask = end[-2].perm;
	for (; e < end; e++) {
		switch (e->tag) {
		case ACL_USER:
			if (e->id == cred->fsuid)
				return !(want & ~(e->perm & mask));
			break;
		case ACL_GROUP_OBJ:
		case ACL_GROUP:
			if (!is_in_group(cred, e->tag == ACL_GROUP ? e->id : inode->gid))
				break;
			if (!(want & ~(uint32_t)e->perm))
				return !(want & ~mask);
			in_group = true;
			break;
		case ACL_OTHER: return !in_group && !(want & ~(uint32_t)e->perm);
		default: break;
		}
	}
	return false;
}

int acl_check(const struct cred *cred, const struct inode *inode, unsigned int may)
{
	int ret = 1;

	spin_lock(&acl_lock);
	if (inode->acl)
		ret = list_allows(inode->acl, cred, inode, may & 7) ? 0 : -EACCES;
	spin_unlock(&acl_lock);
	return ret;
}

/* ---- what a file system keeps ---- */

/* The list @name of @inode; NULL: none; err_ptr. */
static struct acl *read_list(struct inode *inode, const char *name)
{
	char *bytes = kmalloc(ACL_BYTES_MAX);
	struct acl *acl;
	long n;

	if (!bytes)
		return err_ptr(-ENOMEM);
	n = inode->ops->getxattr(inode, name, bytes, ACL_BYTES_MAX);
	if (n == -ENODATA || n == -EOPNOTSUPP)
		n = 0;
	acl = n < 0 ? err_ptr(n) : acl_parse(bytes, (size_t)n);
	kfree(bytes);
	return acl;
}

static void show_list(struct inode *inode, struct acl *acl)
{
	struct acl *was;

	spin_lock(&acl_lock);
	was = inode->acl;
	inode->acl = acl;
	spin_unlock(&acl_lock);
	kfree(was);
}

int acl_load(struct inode *inode)
{
	struct acl *acl;

	if (!inode->sb->posix_acl || !inode->ops->getxattr || S_ISLNK(inode->mode))
		return 0;
	acl = read_list(inode, ACL_ACCESS);
	if (is_err(acl))
		return (int)ptr_err(acl);
	inode->acl = acl;
	if (!S_ISDIR(inode->mode))
		return 0;
	acl = read_list(inode, ACL_DEFAULT);
	if (is_err(acl))
		return (int)ptr_err(acl);
	inode->default_acl = acl;
	kfree(acl);
	return 0;
}

int acl_store(struct inode *inode, const char *name, struct acl *acl)
{
	bool is_access = !strcmp(name, ACL_ACCESS);
	struct acl *shown = NULL;
	int err;

	if (acl && is_access) {
		shown = acl_copy(acl);
		if (!shown)
			return -ENOMEM;
	}
	err = inode->ops->setxattr(inode, name, acl ? &acl->bytes : NULL, acl ? acl_size(acl) : 0,
				   0);
	if (err == -ENODATA && !acl)
		err = 0;
	if (err)
		kfree(shown);
	else if (is_access)
		show_list(inode, shown);
	else
		inode->default_acl = acl;
	return err;
}

int acl_chmod(struct inode *inode, uint32_t mode)
{
	struct acl *acl;
	int err;

	/* It changes under inode->lock, which we have. */
	if (!inode->acl)
		return 0;
	acl = acl_copy(inode->acl);
	if (!acl)
		return -ENOMEM;
	for (uint32_t i = 0; i < acl->n; i++) {
		struct acl_entry *e = &acl->bytes.entries[i];

		if (e->tag == ACL_USER_OBJ)
			e->perm = mode >> 6 & 7;
		else if (e->tag == ACL_MASK || (e->tag == ACL_GROUP_OBJ && acl->n == 3))
			e->perm = mode >> 3 & 7;
		else if (e->tag == ACL_OTHER)
			e->perm = mode & 7;
	}
	err = acl_store(inode, ACL_ACCESS, acl);
	kfree(acl);
	return err;
}

/* ---- new files ---- */

/* What both @mode and @acl allow is left of both. */
static void cut_both(struct acl *acl, uint32_t *mode)
{
	for (uint32_t i = 0; i < acl->n; i++) {
		struct acl_entry *e = &acl->bytes.entries[i];
		uint32_t at = e->tag == ACL_USER_OBJ ? 6 : e->tag == ACL_OTHER ? 0 : 3;

		if (e->tag & (ACL_USER | ACL_GROUP) || (e->tag == ACL_GROUP_OBJ && acl->n > 3))
			continue;
		e->perm &= *mode >> at & 7;
		*mode &= ~(7u << at) | (uint32_t)e->perm << at;
	}
}

int acl_inherit(struct inode *dir, struct inode_new *what, struct acl_given *g)
{
	*g = (struct acl_given){ NULL, NULL };
	if (!dir->default_acl || S_ISLNK(what->mode)) {
		what->mode &= ~what->umask;
		return 0;
	}
	g->dir = read_list(dir, ACL_DEFAULT);
	if (is_err(g->dir)) {
		int err = (int)ptr_err(g->dir);

		g->dir = NULL;
		return err;
	}
	if (!g->dir) {
		what->mode &= ~what->umask;
		return 0;
	}
	g->access = acl_copy(g->dir);
	if (!g->access)
		return -ENOMEM;
	cut_both(g->access, &what->mode);
	if (g->access->n == 3) { /* the mode says it all */
		kfree(g->access);
		g->access = NULL;
	}
	if (!S_ISDIR(what->mode)) {
		kfree(g->dir);
		g->dir = NULL;
	}
	return 0;
}

int acl_give(struct inode *inode, struct acl_given *g)
{
	int err = 0;

	if (inode && g->access)
		err = acl_store(inode, ACL_ACCESS, g->access);
	if (inode && g->dir && !err)
		err = acl_store(inode, ACL_DEFAULT, g->dir);
	kfree(g->access);
	kfree(g->dir);
	return err;
}
