/*
 * acl.c - ACLs between the disk's form and the user's: acl(5), and Linux's
 * header of both.  Pure; nothing is believed but lengths.
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

/* Is it a tag that there is?  One bit of the lowest six. */
static int is_tag(uint16_t tag)
{
	return tag && tag < 0x40 && !(tag & (tag - 1));
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
		if (!is_tag(e.tag) || len - at < disk_size(e.tag))
			return -EUCLEAN;
		memcpy(&e, p + at, disk_size(e.tag));
		at += disk_size(e.tag);
		used += sizeof(e);
		if (size && used <= size)
			memcpy((char *)buf + used - sizeof(e), &e, sizeof(e));
	}
	return size && used > size ? -ERANGE : (long)used;
}

int ext2_acl_to_disk(const void *user, size_t len, void *disk)
{
	uint32_t version;
	size_t used = sizeof(version);

	if (len < sizeof(version) || (len - sizeof(version)) % sizeof(struct acl_entry))
		return -EINVAL;
	memcpy(&version, user, sizeof(version));
	if (version != USER_VERSION)
		return -EOPNOTSUPP;
	version = DISK_VERSION;
	memcpy(disk, &version, sizeof(version));
	for (size_t at = sizeof(version); at < len; at += sizeof(struct acl_entry)) {
		struct acl_entry e;

		memcpy(&e, (const char *)user + at, sizeof(e));
		if (!is_tag(e.tag))
			return -EINVAL;
		memcpy((char *)disk + used, &e, disk_size(e.tag));
		used += disk_size(e.tag);
	}
	return (int)used;
}
