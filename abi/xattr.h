/*
 * xattr.h - limits and flags of setxattr(2) and its kin.
 */
#pragma once

#define XATTR_NAME_MAX		255
#define XATTR_SIZE_MAX		65536
#define XATTR_CREATE		1
#define XATTR_REPLACE		2
#define XATTR_LIST_MAX		65536

/* security.capability: its revision in the first word's upper byte, and its sizes. */
#define VFS_CAP_REVISION_MASK	0xff000000u
#define VFS_CAP_REVISION_2	0x02000000u
#define VFS_CAP_REVISION_3	0x03000000u
#define VFS_CAP_FLAGS_EFFECTIVE 0x1u
#define XATTR_CAPS_SZ_2		20
#define XATTR_CAPS_SZ_3		24
