/*
 * p9.c - 9P2000.L: requests read by their formats, done by the host's system calls, answered.
 *
 * Invariant: a path that a fid holds has no empty component, no "." and no "..".  Files are opened
 * by name in a directory that place_open() opened, never through a symbolic link, and only if they
 * are regular files or directories.
 */
#include <stdarg.h>

#include "abi/dirent.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/vm/p9.h"
#include "el0/vm/queue.h"

#define HEADER	  7u /* size[4] type[1] tag[2] */
#define READ_HEAD 11u
#define RLERROR	  7
#define TREAD	  116
#define TWRITE	  118
#define NAMES	  16 /* of a walk */
#define OPEN_MAY  (O_ACCMODE | O_TRUNC | O_APPEND | O_DSYNC | O_CREAT | O_EXCL)
#define OPEN_SAFE (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* Tsetattr's valid; a time's bits are shifted by one for the second. */
enum { SET_MODE = 1, SET_UID = 2, SET_GID = 4, SET_SIZE = 8, SET_TIME = 16, SET_TIME_TO = 128 };

/* ---- numbers and strings out of a request, into an answer ---- */

static uint64_t get(struct p9 *s, unsigned int bytes)
{
	uint64_t v = 0;

	if (bytes > s->head_size - s->head_at) {
		s->bad = true;
		return 0;
	}
	for (unsigned int i = 0; i < bytes; i++)
		v |= (uint64_t)s->head[s->head_at++] << (8 * i);
	return v;
}

/* A string of less than @size bytes, none of them NUL. */
static void get_string(struct p9 *s, char *to, size_t size)
{
	size_t n = get(s, 2), i = 0;

	if (n >= size || n > s->head_size - s->head_at)
		s->bad = true;
	for (; !s->bad && i < n; i++) {
		to[i] = (char)s->head[s->head_at++];
		s->bad |= !to[i];
	}
	to[i] = '\0';
}

static void put_bytes(struct p9 *s, const void *bytes, size_t n)
{
	if (n > P9_REPLY - s->reply_at)
		n = P9_REPLY - s->reply_at;
	memcpy(s->reply + s->reply_at, bytes, n);
	s->reply_at += n;
}

/* Numbers of as many bytes as each digit of @format says, strings for s. */
static void put(struct p9 *s, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	for (; *format; format++) {
		const char *text = *format == 's' ? va_arg(ap, const char *) : NULL;
		uint64_t v = text ? strlen(text) : va_arg(ap, uint64_t);

		put_bytes(s, &v, text ? 2 : (size_t)(*format - '0'));
		if (text)
			put_bytes(s, text, v);
	}
	va_end(ap);
}

static void put_qid(struct p9 *s, uint32_t mode, uint64_t version, uint64_t ino)
{
	put(s, "148", S_ISDIR(mode) ? 0x80UL : S_ISLNK(mode) ? 0x02UL : 0UL, version, ino);
}

static long put_stat_qid(struct p9 *s)
{
	const struct stat *st = &s->stat;

	put_qid(s, st->st_mode, (uint64_t)st->st_mtime ^ st->st_mtime_nsec << 8, st->st_ino);
	return 0;
}

/* ---- fids ---- */

static struct p9_fid **fid_place(struct p9 *s, uint32_t id)
{
	struct p9_fid **f = &s->fids[id % P9_FIDS];

	while (*f && (*f)->id != id)
		f = &(*f)->next;
	return f;
}

/* A copy of @like with another path, or a new one: NULL if there is no room. */
static struct p9_fid *fid_make(struct p9 *s, const struct p9_fid *like, const char *path)
{
	size_t bytes = sizeof(*like) + strlen(path) + 1;
	struct p9_fid *f = bytes > P9_FIDS_MAX - s->fids_bytes ? NULL : malloc(bytes);

	if (!f)
		return NULL;
	*f = *like;
	strcpy(f->path, path);
	s->fids_bytes += bytes;
	return f;
}

static void fid_free(struct p9 *s, struct p9_fid *f)
{
	s->fids_bytes -= sizeof(*f) + strlen(f->path) + 1;
	free(f);
}

/* The fid gets another path: it, in its new place, or NULL, and it is as it was. */
static struct p9_fid *fid_move(struct p9 *s, struct p9_fid **place, const char *path)
{
	struct p9_fid *f = fid_make(s, *place, path);

	if (f) {
		fid_free(s, *place);
		*place = f;
	}
	return f;
}

static long fid_add(struct p9 *s, uint32_t id, uint32_t uid, const char *path)
{
	struct p9_fid **place = fid_place(s, id), new = { .id = id, .uid = uid, .fd = -1 };

	if (*place || id == ~0u)
		return -EBADF;
	*place = fid_make(s, &new, path);
	return *place ? 0 : -ENFILE;
}

static long fid_drop(struct p9 *s, struct p9_fid **place)
{
	struct p9_fid *f = *place;

	*place = f->next;
	if (f->fd >= 0)
		svc_close(f->fd);
	fid_free(s, f);
	return 0;
}

void p9_forget(struct p9 *s)
{
	for (int i = 0; i < P9_FIDS; i++)
		while (s->fids[i])
			fid_drop(s, &s->fids[i]);
}

/* What was below @from is below @to.  A fid that finds no memory stays: no file is found. */
static void fids_renamed(struct p9 *s, const char *from, const char *to)
{
	size_t n = strlen(from);
	char path[P9_PATH];

	for (int i = 0; i < P9_FIDS; i++) {
		for (struct p9_fid **f = &s->fids[i]; *f; f = &(*f)->next) {
			const char *rest = (*f)->path + n;

			if (strncmp((*f)->path, from, n) == 0 && (!*rest || *rest == '/') &&
			    snprintf(path, P9_PATH, "%s%s", to, rest) < P9_PATH)
				fid_move(s, f, path);
		}
	}
}

/* ---- paths ---- */

/* The directory at @path below the root, opened for its names alone: 0 or -errno. */
static long place_open(const struct p9 *s, struct p9_place *p, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
					   RESOLVE_NO_MAGICLINKS };

	p->dir = (int)svc_openat2(s->root, *path ? path : ".", &how, sizeof(how));
	return p->dir < 0 ? p->dir : 0;
}

/* The file at @path, by its directory and its name there: "." for the root. */
static long place_path(const struct p9 *s, struct p9_place *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	char dir[P9_PATH];

	strcpy(p->path, path);
	snprintf(p->name, P9_NAME, "%s", slash ? slash + 1 : *path ? path : ".");
	snprintf(dir, P9_PATH, "%.*s", (int)n, path);
	return place_open(s, p, dir);
}

/* The file @name in the directory at @path; a name is what would not leave it. */
static long place_name(const struct p9 *s, struct p9_place *p, const char *path, const char *name)
{
	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	if (snprintf(p->path, P9_PATH, "%s%s%s", path, *path ? "/" : "", name) >= P9_PATH)
		return -ENAMETOOLONG;
	strcpy(p->name, name);
	return place_open(s, p, path);
}

static void place_close(struct p9_place *p)
{
	if (p->dir >= 0)
		svc_close(p->dir);
	p->dir = -1;
}

static long stat_place(struct p9 *s, const struct p9_place *p)
{
	return svc_newfstatat(p->dir, p->name, &s->stat, AT_SYMLINK_NOFOLLOW);
}

static long only_files(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) ? 0 : -ENXIO;
}

/*
 * The file, if it may be opened.  It is looked at before, since to open a device does something to
 * it, and after, since someone else may change names meanwhile.
 */
static long open_place(struct p9 *s, const struct p9_place *p, uint32_t flags, uint32_t mode)
{
	long err = stat_place(s, p) ?: only_files(&s->stat), fd;

	if (err && !(err == -ENOENT && flags & O_CREAT))
		return err;
	fd = svc_openat(p->dir, p->name, (flags & OPEN_MAY) | OPEN_SAFE, mode & 07777);
	if (fd < 0)
		return fd;
	err = svc_fstat((int)fd, &s->stat) ?: only_files(&s->stat);
	if (err)
		svc_close((int)fd);
	return err ? err : fd;
}

/* ---- requests: 0 or -errno.  at[], number[] and text are what requests[] says for each ---- */

static long do_version(struct p9 *s)
{
	bool known = strcmp(s->text, "9P2000.L") == 0;

	if (s->number[0] < 4096)
		return -EINVAL;
	p9_forget(s);
	s->msize = s->number[0] < P9_MSIZE ? (uint32_t)s->number[0] : P9_MSIZE;
	put(s, "4s", (uint64_t)s->msize, known ? s->text : "unknown");
	return 0;
}

static long do_attach(struct p9 *s)
{
	long err = place_path(s, &s->at[0], "") ?: stat_place(s, &s->at[0]);

	err = err ?: fid_add(s, (uint32_t)s->number[0], (uint32_t)s->number[2], "");
	return err ?: put_stat_qid(s);
}

/* One step of a walk on from @path, which ".." cuts: never above the root. */
static long walk_step(struct p9 *s, char path[P9_PATH], const char *name)
{
	struct p9_place *p = &s->at[1];
	char up[P9_PATH], *slash;
	long err;

	strcpy(up, path);
	slash = strrchr(up, '/');
	*(slash ? slash : up) = '\0';
	err = strcmp(name, "..") == 0 ? place_path(s, p, up) : place_name(s, p, path, name);
	err = err ?: stat_place(s, p);
	place_close(p);
	if (!err)
		strcpy(path, p->path);
	return err;
}

static long do_walk(struct p9 *s)
{
	struct p9_fid *f = s->at[0].fid;
	uint32_t to = (uint32_t)s->number[0], n = (uint32_t)s->number[1], done = 0, uid = f->uid;
	char path[P9_PATH], name[P9_NAME];
	long err = n > NAMES || (to == f->id && f->fd >= 0) ? -EINVAL : 0;

	strcpy(path, f->path);
	put(s, "2", 0UL);
	for (; !err && done < n; done += !err) {
		get_string(s, name, P9_NAME);
		err = s->bad ? -EINVAL : walk_step(s, path, name);
		if (!err)
			put_stat_qid(s);
	}
	if (err && !done)
		return err;
	s->reply[HEADER] = (uint8_t)done;
	if (err)
		return 0; /* as far as it went; there is no new fid */
	if (to == f->id)
		fid_drop(s, fid_place(s, to));
	return fid_add(s, to, uid, path);
}

/* Best effort: only root may give files away. */
static void give_owner(const struct p9_place *p, uint64_t gid)
{
	svc_fchownat(p->dir, p->name, p->fid->uid, (uint32_t)gid, AT_SYMLINK_NOFOLLOW);
}

static long opened(struct p9 *s, struct p9_fid *f, long fd)
{
	f->fd = (int)fd;
	f->is_dir = S_ISDIR(s->stat.st_mode);
	put_stat_qid(s);
	put(s, "4", 0UL); /* iounit: as much as a message holds */
	return 0;
}

static long do_lopen(struct p9 *s)
{
	struct p9_fid *f = s->at[0].fid;
	long fd = f->fd >= 0 ? -EBADF
			     : open_place(s, &s->at[0], (uint32_t)s->number[0] & ~O_CREAT, 0);

	return fd < 0 ? fd : opened(s, f, fd);
}

/* The fid of the directory becomes the file's. */
static long do_lcreate(struct p9 *s)
{
	struct p9_place *p = &s->at[0];
	struct p9_fid *f = p->fid;
	long fd = f->fd >= 0 ? -EBADF
			     : open_place(s, p, (uint32_t)s->number[0] | O_CREAT,
					  (uint32_t)s->number[1]);

	if (fd < 0)
		return fd;
	give_owner(p, s->number[2]);
	f = fid_move(s, fid_place(s, f->id), p->path);
	if (f)
		return opened(s, f, fd);
	svc_close((int)fd);
	return -ENFILE;
}

static long made(struct p9 *s, long err, uint64_t gid)
{
	if (!err)
		give_owner(&s->at[0], gid);
	return err ?: stat_place(s, &s->at[0]) ?: put_stat_qid(s);
}

static long do_symlink(struct p9 *s)
{
	return made(s, svc_symlinkat(s->text, s->at[0].dir, s->at[0].name), s->number[0]);
}

static long do_mkdir(struct p9 *s)
{
	uint32_t mode = (uint32_t)s->number[0] & 07777;

	return made(s, svc_mkdirat(s->at[0].dir, s->at[0].name, mode), s->number[1]);
}

static long do_mknod(struct p9 *s)
{
	uint32_t mode = (uint32_t)s->number[0];

	if (S_ISCHR(mode) || S_ISBLK(mode))
		return -EPERM;
	return made(s, svc_mknodat(s->at[0].dir, s->at[0].name, mode, 0), s->number[3]);
}

static long do_readlink(struct p9 *s)
{
	long n = svc_readlinkat(s->at[0].dir, s->at[0].name, s->text, P9_PATH - 1);

	if (n < 0)
		return n;
	s->text[n] = '\0';
	put(s, "s", s->text);
	return 0;
}

static long do_getattr(struct p9 *s)
{
	struct p9_fid *f = s->at[0].fid;
	const struct stat *st = &s->stat;
	long err = f->fd >= 0 ? svc_fstat(f->fd, &s->stat) : place_path(s, &s->at[0], f->path);

	if (f->fd < 0)
		err = err ?: stat_place(s, &s->at[0]);
	if (err)
		return err;
	put(s, "8", 0x7ffUL); /* all that stat(2) has; no birth, generation, version of the data */
	put_stat_qid(s);
	put(s, "44488888", (uint64_t)st->st_mode, (uint64_t)st->st_uid, (uint64_t)st->st_gid,
	    (uint64_t)st->st_nlink, st->st_rdev, st->st_size, (uint64_t)st->st_blksize,
	    st->st_blocks);
	put(s, "888888", st->st_atime, st->st_atime_nsec, st->st_mtime, st->st_mtime_nsec,
	    st->st_ctime, st->st_ctime_nsec);
	put(s, "8888", 0UL, 0UL, 0UL, 0UL);
	return 0;
}

/* What only an open file lets change, and what follows no link only so before Linux 6.6. */
static long change_open(struct p9 *s, uint32_t flags, const uint64_t *size)
{
	long fd = open_place(s, &s->at[0], flags, 0), err;

	if (fd < 0)
		return fd;
	err = size ? svc_ftruncate((int)fd, (int64_t)*size)
		   : svc_fchmod((int)fd, (uint32_t)s->number[1] & 07777);
	svc_close((int)fd);
	return err;
}

/* valid mode uid gid size, two times */
static long do_setattr(struct p9 *s)
{
	const struct p9_place *p = &s->at[0];
	uint32_t valid = (uint32_t)s->number[0];
	struct timespec times[2];
	long err = 0;

	if (valid & (SET_UID | SET_GID))
		err = svc_fchownat(p->dir, p->name, valid & SET_UID ? (uint32_t)s->number[2] : ~0u,
				   valid & SET_GID ? (uint32_t)s->number[3] : ~0u,
				   AT_SYMLINK_NOFOLLOW);
	if (!err && valid & SET_MODE)
		err = svc_fchmodat2(p->dir, p->name, (uint32_t)s->number[1] & 07777,
				    AT_SYMLINK_NOFOLLOW);
	if (err == -ENOSYS)
		err = change_open(s, O_RDONLY, NULL);
	if (!err && valid & SET_SIZE)
		err = change_open(s, O_WRONLY, &s->number[4]);
	for (int i = 0; i < 2; i++) {
		times[i] = (struct timespec){ (int64_t)s->number[5 + 2 * i], s->number[6 + 2 * i] };
		if (!(valid & SET_TIME_TO << i))
			times[i].tv_nsec = valid & SET_TIME << i ? UTIME_NOW : UTIME_OMIT;
	}
	return err ?: svc_utimensat(p->dir, p->name, times, AT_SYMLINK_NOFOLLOW);
}

static long do_statfs(struct p9 *s)
{
	struct statfs st;
	long err = svc_fstatfs(s->root, &st);

	if (!err)
		put(s, "448888884", 0x01021997UL, st.f_bsize, st.f_blocks, st.f_bfree, st.f_bavail,
		    st.f_files, st.f_ffree, 0UL, st.f_namelen);
	return err;
}

/* Entries as far as they fit, behind their length. */
static long do_readdir(struct p9 *s)
{
	static uint8_t names[16384] __attribute__((aligned(8)));
	struct p9_fid *f = s->at[0].fid;
	uint64_t start = HEADER + 4, room = s->data_bytes < P9_REPLY ? s->data_bytes : P9_REPLY;
	uint64_t end = start + s->number[1] < room ? start + s->number[1] : room;
	long n = f->is_dir ? svc_lseek(f->fd, (int64_t)s->number[0], SEEK_SET) : -ENOTDIR, at = 0;

	n = n < 0 ? n : svc_getdents64(f->fd, names, sizeof(names));
	if (n < 0)
		return n;
	put(s, "4", 0UL);
	while (at < n) {
		const struct dirent64 *d = (const void *)(names + at);

		if (s->reply_at + 24 + strlen(d->d_name) > end)
			break;
		put_qid(s, (uint32_t)d->d_type << 12, 0, d->d_ino); /* DT_* are S_IF* >> 12 */
		put(s, "81s", d->d_off, (uint64_t)d->d_type, d->d_name);
		at += d->d_reclen;
	}
	if (n && !at)
		return -EINVAL; /* no room for one entry: an empty answer would be the end */
	end = s->reply_at;
	s->reply_at = HEADER;
	put(s, "4", end - start);
	s->reply_at = end;
	return 0;
}

/* Straight between the file and the guest's memory, behind the head of the message there. */
static long transfer(struct p9 *s, uint64_t head, uint64_t count, bool write)
{
	int64_t offset = (int64_t)s->number[0];
	int fd = s->at[0].fid->fd;
	struct iovec data[QUEUE_MAX];
	size_t pieces = iov_cut(data, s->data, s->data_n, head, count);
	long n = 0;

	if (pieces)
		n = write ? svc_pwritev(fd, data, pieces, offset, 0)
			  : svc_preadv(fd, data, pieces, offset, 0);
	if (n < 0)
		return n;
	put(s, "4", (uint64_t)n);
	s->data_bytes = (uint64_t)n;
	return 0;
}

static long do_read(struct p9 *s)
{
	uint64_t most = s->msize - READ_HEAD, count = s->number[1];

	return transfer(s, READ_HEAD, count < most ? count : most, false);
}

static long do_write(struct p9 *s)
{
	if (s->number[1] > s->data_bytes - s->head_at)
		return -EINVAL;
	return transfer(s, s->head_at, s->number[1], true);
}

static long do_clunk(struct p9 *s)
{
	return fid_drop(s, fid_place(s, s->at[0].fid->id));
}

static long do_fsync(struct p9 *s)
{
	return svc_fsync(s->at[0].fid->fd);
}

static long do_unlinkat(struct p9 *s)
{
	return svc_unlinkat(s->at[0].dir, s->at[0].name, (uint32_t)s->number[0] & AT_REMOVEDIR);
}

static long do_remove(struct p9 *s)
{
	long err = stat_place(s, &s->at[0]);

	s->number[0] = S_ISDIR(s->stat.st_mode) ? AT_REMOVEDIR : 0;
	err = err ?: do_unlinkat(s);
	do_clunk(s); /* in any case */
	return err;
}

static long do_rename(struct p9 *s)
{
	struct p9_place *from = &s->at[0], *to = &s->at[1];
	long err = svc_renameat(from->dir, from->name, to->dir, to->name);

	if (!err)
		fids_renamed(s, from->path, to->path);
	return err;
}

static long do_link(struct p9 *s)
{
	return svc_linkat(s->at[1].dir, s->at[1].name, s->at[0].dir, s->at[0].name, 0);
}

/* Locks are the guest's own: nobody else here asks for them, so each is free. */
static long do_lock(struct p9 *s)
{
	put(s, "1", 0UL);
	return 0;
}

static long do_getlock(struct p9 *s)
{
	put(s, "1884s", (uint64_t)F_UNLCK, s->number[1], s->number[2], s->number[3], s->text);
	return 0;
}

/*
 * What a request holds, in order.  A digit: a number of so many bytes; s: a string.  f: a fid; o:
 * of an open file; F: of a file, whose place is opened; D, and then n: of a directory, and a name
 * there.  Tflush does nothing: what is to be flushed has been answered, requests are served in
 * order.
 */
static const struct {
	uint8_t type;
	const char *format;
	long (*serve)(struct p9 *s);
} requests[] = {
	{ 8, "f", do_statfs },	      { 12, "F4", do_lopen },	   { 14, "Dn444", do_lcreate },
	{ 16, "Dns4", do_symlink },   { 18, "Dn4444", do_mknod },  { 20, "FDn", do_rename },
	{ 22, "F", do_readlink },     { 24, "f8", do_getattr },	   { 26, "F444488888", do_setattr },
	{ 40, "o84", do_readdir },    { 50, "o4", do_fsync },	   { 52, "o14884s", do_lock },
	{ 54, "o1884s", do_getlock }, { 70, "DFn", do_link },	   { 72, "Dn44", do_mkdir },
	{ 74, "DnDn", do_rename },    { 76, "Dn4", do_unlinkat },  { 100, "4s", do_version },
	{ 104, "44ss4", do_attach },  { 108, "2", NULL },	   { 110, "f42", do_walk },
	{ TREAD, "o84", do_read },    { TWRITE, "o84", do_write }, { 120, "f", do_clunk },
	{ 122, "F", do_remove },
};

/* A fid, and as @what says its file's place. */
static long parse_fid(struct p9 *s, struct p9_place *p, char what)
{
	p->fid = *fid_place(s, (uint32_t)get(s, 4));
	if (!p->fid || (what == 'o' && p->fid->fd < 0))
		return -EBADF;
	return what == 'F' ? place_path(s, p, p->fid->path) : 0;
}

static long parse(struct p9 *s, const char *format)
{
	struct p9_place *p = s->at, *dir = p;
	uint64_t *number = s->number;
	char name[P9_NAME];
	long err = 0;

	for (; *format && !err && !s->bad; format++) {
		if (*format >= '1' && *format <= '8') {
			*number++ = get(s, (unsigned int)(*format - '0'));
		} else if (*format == 's') {
			get_string(s, s->text, P9_PATH);
		} else if (*format == 'n') {
			get_string(s, name, P9_NAME);
			err = s->bad ? -EINVAL : place_name(s, dir, dir->fid->path, name);
		} else {
			dir = *format == 'D' ? p : dir;
			err = parse_fid(s, p++, *format);
		}
	}
	return s->bad ? -EINVAL : err;
}

static long serve(struct p9 *s, uint8_t type)
{
	const size_t n = sizeof(requests) / sizeof(requests[0]);
	long err = -EOPNOTSUPP;
	size_t i = 0;

	s->at[0].dir = s->at[1].dir = -1;
	while (i < n && requests[i].type != type)
		i++;
	if (i < n)
		err = parse(s, requests[i].format);
	if (!err && requests[i].serve)
		err = requests[i].serve(s);
	place_close(&s->at[0]);
	place_close(&s->at[1]);
	return err;
}

uint32_t p9_request(struct p9 *s, const struct iovec *out, size_t n_out, uint64_t out_bytes,
		    const struct iovec *in, size_t n_in, uint64_t in_bytes)
{
	uint64_t size, type, tag, head;
	long err;

	s->head_size = iov_copy(out, n_out, 0, s->head, P9_HEAD, false);
	s->head_at = 0;
	s->bad = false;
	size = get(s, 4);
	type = get(s, 1);
	tag = get(s, 2);
	if (s->bad || size < HEADER || size > out_bytes || in_bytes < READ_HEAD)
		return 0;
	s->head_size = size < s->head_size ? size : s->head_size;
	s->data = type == TREAD ? in : out;
	s->data_n = type == TREAD ? n_in : n_out;
	s->data_bytes = type == TWRITE ? size : in_bytes;
	s->reply_at = HEADER;
	err = serve(s, (uint8_t)type);
	if (!err && s->reply_at > in_bytes)
		err = -ENOSPC;
	if (err) {
		type = RLERROR - 1;
		s->reply_at = HEADER;
		put(s, "4", (uint64_t)-err);
	}
	head = s->reply_at;
	size = head + (type == TREAD ? s->data_bytes : 0);
	s->reply_at = 0;
	put(s, "412", size, type + 1, tag);
	iov_copy(in, n_in, 0, s->reply, head, true);
	return (uint32_t)size;
}
