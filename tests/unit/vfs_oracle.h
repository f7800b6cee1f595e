/*
 * vfs_oracle.h - file system calls as data: the same ones are given to the kernel's vfs
 * (test_vfs.c) and to the host's own Linux (vfs_oracle.c), and the answers must be equal.
 *
 * Names of flags and errors are Linux/arm64's numbers; descriptors are slots of the one who
 * answers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vfs_call {
	VFS_OPEN,
	VFS_CLOSE,
	VFS_READ,
	VFS_WRITE,
	VFS_PREAD,
	VFS_PWRITE,
	VFS_READV,
	VFS_WRITEV,
	VFS_LSEEK,
	VFS_TRUNCATE,
	VFS_FTRUNCATE,
	VFS_MKDIR,
	VFS_MKNOD,
	VFS_SYMLINK,
	VFS_LINK,
	VFS_UNLINK,
	VFS_RENAME,
	VFS_READLINK,
	VFS_STAT,
	VFS_FSTAT,
	VFS_ACCESS,
	VFS_CHMOD,
	VFS_FCHMOD,
	VFS_CHOWN,
	VFS_FCHOWN,
	VFS_CHDIR,
	VFS_FCHDIR,
	VFS_GETCWD,
	VFS_DUP3,
	VFS_FCNTL,
	VFS_UMASK,
	VFS_UTIMES,
	VFS_GETDENTS,
	VFS_PIPE,
	VFS_POLL,
	VFS_SENDFILE,
	VFS_USER, /* fsuid and fsgid become mode */
	VFS_CALLS
};

#define VFS_SLOTS     8
#define VFS_AT_FDCWD  (-1) /* in place of a slot */
#define VFS_BAD_SLOT  VFS_SLOTS
#define VFS_PATH_ROOM 300
#define VFS_TEXT      6000

struct vfs_op {
	enum vfs_call call;
	int fd, fd2;
	uint32_t flags, mode;
	int64_t n, pos;
	char a[VFS_PATH_ROOM], b[VFS_PATH_ROOM];
};

struct vfs_answer {
	int64_t ret;	     /* 0, a count, or -errno */
	char text[VFS_TEXT]; /* what was read, in a form that can be compared and printed */
};

/*
 * Memory for reads and writes, at one address for both: VFS_GOOD bytes that are there, and behind
 * them some that are not. A transfer of n bytes ends at the end of what is there if n is even, and
 * runs over it by half if n is odd.
 */
#define VFS_BUFFER ((char *)0x200000000000)
#define VFS_GOOD   4096u

static inline char *vfs_buffer(int64_t n)
{
	return n & 1 ? VFS_BUFFER + VFS_GOOD - n / 2 : VFS_BUFFER + VFS_GOOD - n;
}

/*
 * vfs_oracle_start - a process chroot'ed into an empty directory of a tmpfs.  NULL, or why it can't
 * be had.
 */
const char *vfs_oracle_start(void);
void vfs_oracle_stop(void);
void vfs_oracle_ask(const struct vfs_op *op, struct vfs_answer *answer);
/* vfs_oracle_links_protected - whether the host keeps users from linking to others' files. */
bool vfs_oracle_links_protected(void);
