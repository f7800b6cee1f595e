/*
 * mount.h - mount(2) and umount2(2).
 */
#pragma once

#define MS_RDONLY	0x1u
#define MS_NOSUID	0x2u
#define MS_NODEV	0x4u
#define MS_NOEXEC	0x8u
#define MS_SYNCHRONOUS	0x10u
#define MS_REMOUNT	0x20u
#define MS_MANDLOCK	0x40u
#define MS_DIRSYNC	0x80u
#define MS_NOSYMFOLLOW	0x100u
#define MS_NOATIME	0x400u
#define MS_NODIRATIME	0x800u
#define MS_BIND		0x1000u
#define MS_MOVE		0x2000u
#define MS_REC		0x4000u
#define MS_SILENT	0x8000u
#define MS_POSIXACL	0x10000u
#define MS_UNBINDABLE	0x20000u
#define MS_PRIVATE	0x40000u
#define MS_SLAVE	0x80000u
#define MS_SHARED	0x100000u
#define MS_RELATIME	0x200000u
#define MS_STRICTATIME	0x1000000u
#define MS_LAZYTIME	0x2000000u
#define MS_NOUSER	(-2147483647 - 1) /* Linux: 1 << 31 */
#define MS_MGC_VAL	0xC0ED0000u	  /* what mount(8) of old put into the high half */
#define MS_MGC_MSK	0xffff0000u

#define MNT_FORCE	0x1u
#define MNT_DETACH	0x2u
#define MNT_EXPIRE	0x4u
#define UMOUNT_NOFOLLOW 0x8u
