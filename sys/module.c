/*
 * module.c - init_module(2), finit_module(2), delete_module(2): the file into kernel memory.
 *
 * Goes to kmod/load.c and kmod/unload.c.  Invariants: whoever may not load modules is refused
 * before a byte or an argument is looked at; the file is copied once, so that what is checked is
 * what is run, and the copy is charged to the caller.
 */
#include "abi/module.h"
#include "lib/string.h"
#include "abi/stat.h"
#include "fs/fdtable.h"
#include "kmod/kmod.h"
#include "kmod/load.h"
#include "kmod/unload.h"
#include "lib/inflate.h"
#include "mm/kvmap.h"
#include "mm/slab.h"
#include "sys/syscall.h"

#define PIECE	   65536UL /* copied between two points to give way */
#define HEADER_MIN 64	   /* an ELF header: less is no module, and Linux does not look */
#define FLAGS \
	(MODULE_INIT_IGNORE_MODVERSIONS | MODULE_INIT_IGNORE_VERMAGIC | MODULE_INIT_COMPRESSED_FILE)

/* A module's file, or what it was unpacked to. */
struct module_file {
	uint8_t *bytes;
	size_t size;
	struct charge *charge;
};

/* Room for @size bytes.  0, -ENOMEM. */
static long file_begin(struct module_file *m, uint64_t size)
{
	*m = (struct module_file){ .size = (size_t)size };
	m->bytes = size <= module_file_max() ? kvmap_alloc(m->size) : NULL;
	if (!m->bytes)
		return -ENOMEM;
	m->charge = charge_mine(m->size);
	return 0;
}

static void file_end(struct module_file *m)
{
	if (!m->bytes)
		return;
	kvmap_free(m->bytes, m->size);
	charge_drop(m->charge, m->size);
	m->bytes = NULL;
}

/* ---- out of user memory ---- */

static long copy_file(const struct module_file *m, uptr from)
{
	for (size_t done = 0, n; done < m->size; done += n) {
		n = min(m->size - done, PIECE);
		if (copy_from_user(m->bytes + done, uptr_add(from, done), n))
			return -EFAULT;
		if (give_way())
			return -EINTR;
	}
	return 0;
}

long sys_init_module(uptr image, uint64_t len, uptr args)
{
	struct module_file m;
	long ret;

	if (!module_may_change())
		return -EPERM;
	if (len < HEADER_MIN)
		return -ENOEXEC;
	ret = file_begin(&m, len);
	if (!ret)
		ret = copy_file(&m, image);
	if (!ret)
		ret = module_load(m.bytes, m.size, args, 0);
	file_end(&m);
	return ret;
}

/* ---- out of a file ---- */

static long read_whole(struct file *f, const struct module_file *m)
{
	for (size_t done = 0; done < m->size;) {
		struct iter to;
		long n;

		iter_kernel(&to, m->bytes + done, min(m->size - done, PIECE));
		n = file_pread(f, &to, done);
		if (n <= 0)
			return n ?: -EIO; /* it has become shorter */
		done += (size_t)n;
		if (give_way())
			return -EINTR;
	}
	return 0;
}

/* Checks in Linux's order.  0 and the file's bytes in *@m. */
static long read_file(struct file *f, struct module_file *m)
{
	uint64_t size;
	long ret;

	if (!(f->mode & FILE_READ))
		return -EBADF;
	if (!S_ISREG(f->inode->mode))
		return -EINVAL;
	/* Nobody writes it while it is read. */
	ret = path_deny_write(&f->path);
	if (ret)
		return ret;
	size = inode_size(f->inode);
	ret = !size ? -EINVAL : size > INT32_MAX ? -EFBIG : file_begin(m, size);
	if (!ret)
		ret = read_whole(f, m);
	path_allow_write(&f->path);
	return ret;
}

/* ---- unpacked ---- */

/* Where the output goes: at first nowhere, to count it. */
struct unpacking {
	struct gunzip g;
	uint8_t *to;
	size_t done, room;
};

static int take_unpacked(void *ctx, const void *data, size_t n)
{
	struct unpacking *u = ctx;

	if (n > u->room - u->done)
		return -ENOMEM;
	if (u->to)
		memcpy(u->to + u->done, data, n);
	u->done += n;
	return give_way();
}

static int unpack_pass(struct unpacking *u, const struct module_file *m, uint8_t *to, size_t room)
{
	size_t used;

	u->to = to;
	u->done = 0;
	u->room = room;
	return gunzip(&u->g, m->bytes, m->size, take_unpacked, u, &used);
}

/* *@m becomes what it was before it was compressed. */
static long unpack_file(struct module_file *m)
{
	struct module_file plain = { .bytes = NULL };
	struct unpacking *u = kmalloc(sizeof(*u));
	long ret = u ? 0 : -ENOMEM;

	if (!ret)
		ret = unpack_pass(u, m, NULL, module_file_max());
	if (!ret)
		ret = u->done ? file_begin(&plain, u->done) : -EINVAL;
	if (!ret)
		ret = unpack_pass(u, m, plain.bytes, plain.size);
	if (ret == -EINVAL)
		pr_err("module: not a gzip file that can be unpacked: %s\n",
		       u->g.error ?: "it is empty");
	kfree(u);
	if (ret) {
		file_end(&plain);
		return ret;
	}
	file_end(m);
	*m = plain;
	return 0;
}

long sys_finit_module(int fd, uptr args, uint32_t flags)
{
	struct module_file m = { .bytes = NULL };
	long ret;

	if (!module_may_change())
		return -EPERM;
	if (flags & ~FLAGS)
		return -EINVAL;
	ret = with_fd(fd, f, read_file(f, &m));
	if (!ret && flags & MODULE_INIT_COMPRESSED_FILE)
		ret = unpack_file(&m);
	if (!ret)
		ret = module_load(m.bytes, m.size, args, flags);
	file_end(&m);
	return ret;
}

/* ---- away ---- */

/* @flags: O_NONBLOCK is how it is done anyway; O_TRUNC: what is used is never taken away. */
long sys_delete_module(uptr name_at, uint32_t flags)
{
	char name[MODULE_NAME_SIZE];
	long n;

	if (!module_may_change())
		return -EPERM;
	n = strncpy_from_user(name, name_at, sizeof(name));
	if (n <= 0 || n == (long)sizeof(name)) /* no module has such a name */
		return n < 0 ? n : -ENOENT;
	return module_unload(name);
}
