/*
 * ramxattr.h - extended attributes of an inode in RAM: a list of them.
 */
#pragma once

#include "fs/inode.h"

struct charge;

/*
 * inode_ops' three for a list of them; what one is is whatever the caller lets in.
 * ramxattr_set: *@change is how many bytes more (fewer) the list takes; those are charged to @c.
 * -ENOSPC: it would take more than @room bytes more, or be too long.
 */
long ramxattr_get(struct list_node *list, const char *name, void *buf, size_t size);
long ramxattr_list(struct list_node *list, char *buf, size_t size);
int ramxattr_set(struct list_node *list, const char *name, const void *value, size_t size,
		 uint32_t flags, uint64_t room, struct charge *c, int64_t *change);
/* ramxattr_free - all of them go; how many bytes they took.  Nobody else has the list any more. */
size_t ramxattr_free(struct list_node *list, struct charge *c);
