/*
 * acl.c - ACLs between the disk's form and the user's: acl(5), and Linux's header of both.  Pure.
 * What the entries say is checked by fs/acl.c, for what is read and for what is set.
 */
#include "fs/ext2/acl.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "lib/util.h"

#define DISK_VERSION 1u
#define USER_VERSION 2u
#define NO_ID	     UINT32_MAX

enum { ACL_USER = 0x02, ACL_GROUP = 0x08 };

struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};
#define SHORT offsetof(struct acl_entry, id)

static size_t disk_size(uint16_t tag)
{
	return tag == ACL_USER || tag == ACL_GROUP ? sizeof(struct acl_entry) : SHORT;
}

long ext2_acl_to_user(const void *disk, size_t len, void *buf, size_t size)
{
	const char *p = disk;
	uint32_t version;
	size_t used = sizeof(version);

	if (len < sizeof(version))
		return -EUCLEAN;
	memcpy(&version, p, sizeof(version));
	if (version != DISK_VERSION)
		return -EUCLEAN;
	version = USER_VERSION;
	if (size >= sizeof(version))
		memcpy(buf, &version, sizeof(version));
	for (size_t at = sizeof(version); at < len;) {
		struct acl_entry e = { .id = NO_ID };

		if (len - at < SHORT)
			return -EUCLEAN;
		memcpy(&e, p + at, SHORT);
		if (len - at < disk_size(e.tag))
			return -EUCLEAN;
		memcpy(&e, p + at, disk_size(e.tag));
		at += disk_size(e.tag);
		used += sizeof(e);
		if (size && used <= size)
			memcpy((char *)buf + used - sizeof(e), &e, sizeof(e));
	}
	return size && used > size ? -ERANGE : (long)used;
}

size_t ext2_acl_to_disk(const void *user, size_t len, void *disk)
{
	const char *p = user;
	uint32_t version = DISK_VERSION;
	size_t used = sizeof(version);

	memcpy(disk, &version, sizeof(version));
	for (size_t at = sizeof(version); at < len; at += sizeof(struct acl_entry)) {
		struct acl_entry e;

		memcpy(&e, p + at, sizeof(e));
		memcpy((char *)disk + used, &e, disk_size(e.tag));
		used += disk_size(e.tag);
	}
	return used;
}
