/*
 * vm_calls.h - what the server of vm's shared folder asks of the system: calls that do nothing but
 * look at what they are asked.
 *
 * They keep the invariant that it lives by: a directory is opened below the root alone, by
 * openat2(2) with no link followed and no "..", and a name given to another call is one name of
 * such a directory.
 */
#pragma once

#include "vm_names.h"

#define CALLS_ROOT 1000 /* the folder's descriptor; those above are directories, then files */
#define CALLS_DIR  2000
#define CALLS_FILE 3000

/* What the next calls answer, and what the last ones were asked. */
static struct {
	uint32_t mode;	 /* of every file that is looked at */
	long err;	 /* of all but opens of directories */
	int open;	 /* descriptors that are open now */
	int opened;	 /* directories and files that ever were */
	uint64_t moved;	 /* bytes by preadv and pwritev, the most that they may */
	char dir[4096];	 /* the last one that was opened */
	char name[256];	 /* the last name in a directory */
	char name2[256]; /* and of a call with two, the second */
} calls;

#ifndef CALLS_MUST
#define CALLS_MUST(x) assert_true(x)
#endif

static void calls_name(int dir, const char *name, char *keep)
{
	CALLS_MUST(dir >= CALLS_DIR && dir < CALLS_FILE);
	CALLS_MUST(*name && strlen(name) < 256 && !strchr(name, '/') && strcmp(name, "..") != 0);
	strcpy(keep, name);
}

/* No component is empty, "." or "..", but for the root, which is ".". */
static void calls_path(const char *path)
{
	CALLS_MUST(*path && strlen(path) < 4096);
	if (strcmp(path, ".") == 0)
		return;
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		CALLS_MUST(*p && *p != '/' && strncmp(p, "./", 2) != 0 && strcmp(p, ".") != 0);
		CALLS_MUST(strncmp(p, "../", 3) != 0 && strcmp(p, "..") != 0);
	}
}

long svc_openat2(int dir, const char *path, const struct open_how *how, size_t size)
{
	CALLS_MUST(dir == CALLS_ROOT && size == sizeof(*how));
	CALLS_MUST(how->flags & O_DIRECTORY && how->resolve & RESOLVE_BENEATH &&
		   how->resolve & RESOLVE_NO_SYMLINKS);
	calls_path(path);
	strcpy(calls.dir, path);
	calls.open++;
	return CALLS_DIR + calls.opened++ % 1000;
}

long svc_openat(int dir, const char *path, uint32_t flags, uint32_t mode)
{
	calls_name(dir, path, calls.name);
	CALLS_MUST(flags & O_NOFOLLOW && flags & O_NONBLOCK && !(flags & (O_PATH | O_DIRECT)));
	CALLS_MUST(!(mode & ~07777u));
	if (calls.err)
		return calls.err;
	calls.open++;
	return CALLS_FILE + calls.opened++ % 1000;
}

long svc_close(int fd)
{
	CALLS_MUST(fd >= CALLS_DIR && calls.open > 0);
	calls.open--;
	return 0;
}

static long calls_stat(struct stat *st)
{
	__builtin_memset(st, 0, sizeof(*st));
	st->st_mode = calls.mode;
	st->st_ino = 42;
	return calls.err;
}

long svc_newfstatat(int dir, const char *path, struct stat *st, uint32_t flags)
{
	calls_name(dir, path, calls.name);
	CALLS_MUST(flags == AT_SYMLINK_NOFOLLOW);
	return calls_stat(st);
}

long svc_fstat(int fd, struct stat *st)
{
	CALLS_MUST(fd >= CALLS_FILE);
	return calls_stat(st);
}

static long calls_one_name(int dir, const char *name)
{
	calls_name(dir, name, calls.name);
	return calls.err;
}

long svc_mkdirat(int dir, const char *path, uint32_t mode)
{
	return calls_one_name(dir, path);
}

long svc_unlinkat(int dir, const char *path, uint32_t flags)
{
	return calls_one_name(dir, path);
}

long svc_symlinkat(const char *target, int dir, const char *path)
{
	return calls_one_name(dir, path);
}

long svc_mknodat(int dir, const char *path, uint32_t mode, uint64_t dev)
{
	CALLS_MUST(!S_ISCHR(mode) && !S_ISBLK(mode) && !dev);
	return calls_one_name(dir, path);
}

long svc_fchownat(int dir, const char *path, uint32_t uid, uint32_t gid, uint32_t flags)
{
	CALLS_MUST(flags == AT_SYMLINK_NOFOLLOW);
	return calls_one_name(dir, path);
}

long svc_fchmodat2(int dir, const char *path, uint32_t mode, uint32_t flags)
{
	CALLS_MUST(flags == AT_SYMLINK_NOFOLLOW && !(mode & ~07777u));
	return calls_one_name(dir, path);
}

long svc_utimensat(int dir, const char *path, const struct timespec times[2], uint32_t flags)
{
	CALLS_MUST(flags == AT_SYMLINK_NOFOLLOW);
	return calls_one_name(dir, path);
}

long svc_readlinkat(int dir, const char *path, char *buf, size_t size)
{
	calls_name(dir, path, calls.name);
	__builtin_memset(buf, 'x', size);
	return calls.err ? calls.err : (long)size;
}

long svc_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	calls_name(from_dir, from, calls.name);
	calls_name(to_dir, to, calls.name2);
	return calls.err;
}

long svc_linkat(int from_dir, const char *from, int to_dir, const char *to, uint32_t flags)
{
	CALLS_MUST(!flags);
	return svc_renameat(from_dir, from, to_dir, to);
}

/* Every byte of the pieces is touched, for the sanitizer to watch. */
static long calls_move(int fd, const struct iovec *iov, size_t count, bool write)
{
	uint64_t done = 0;

	CALLS_MUST(fd >= CALLS_FILE && count);
	for (size_t i = 0; i < count; i++) {
		volatile uint8_t *at = (uint8_t *)(uintptr_t)iov[i].iov_base;

		for (uint64_t k = 0; k < iov[i].iov_len && done < calls.moved; k++, done++) {
			if (write)
				(void)at[k];
			else
				at[k] = 'd';
		}
	}
	return calls.err ? calls.err : (long)done;
}

long svc_preadv(int fd, const struct iovec *iov, size_t count, int64_t offset, uint64_t high)
{
	return calls_move(fd, iov, count, false);
}

long svc_pwritev(int fd, const struct iovec *iov, size_t count, int64_t offset, uint64_t high)
{
	return calls_move(fd, iov, count, true);
}

/* Two names, one of them as long as a name may be. */
long svc_getdents64(int fd, void *buf, size_t size)
{
	struct {
		uint64_t ino;
		int64_t off;
		uint16_t reclen;
		uint8_t type;
		char name[261];
	} d = { 1, 1, 24, 4, "a" };

	CALLS_MUST(fd >= CALLS_FILE && size >= 512);
	__builtin_memcpy(buf, &d, 24);
	d.off = 2;
	d.reclen = 280;
	__builtin_memset(d.name, 'b', 255);
	__builtin_memcpy((char *)buf + 24, &d, 280);
	return calls.err ? calls.err : 304;
}

long svc_fstatfs(int fd, struct statfs *st)
{
	CALLS_MUST(fd == CALLS_ROOT);
	__builtin_memset(st, 0, sizeof(*st));
	return calls.err;
}

static long calls_file(int fd)
{
	CALLS_MUST(fd >= CALLS_FILE);
	return calls.err;
}

long svc_lseek(int fd, int64_t offset, int whence)
{
	return calls_file(fd);
}

long svc_fchmod(int fd, uint32_t mode)
{
	return calls_file(fd);
}

long svc_ftruncate(int fd, int64_t size)
{
	return calls_file(fd);
}

long svc_fsync(int fd)
{
	return calls_file(fd);
}
