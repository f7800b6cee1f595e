/*
 * fuzz_ext2.c - any image is refused, or mounted as ext2 or ext4, walked, read and changed to no
 * harm; and what was changed can be mounted again, or is refused.
 */
#include "fuzz.h"
#include "disk_shim.h"

#include "abi/errno.h"
#include "abi/stat.h"
#include "fs/cache.h"
#include "fs/ext2/ext2.h"
#include "fs/ext2/super.h"
#include "fs/file.h"
#include "fs/random.h"
#include "task/cred.h"
#include "fs/icache.h"
#include "lib/string.h"

#define DISK	  (1u << 20)
#define NAMES_MAX 24
#define DEPTH_MAX 4

struct listing {
	size_t n;
	struct {
		size_t len;
		char name[EXT2_NAME_MAX];
	} names[NAMES_MAX];
};

static void collect(void *to, const char *name, size_t len, uint8_t type)
{
	struct listing *l = to;

	MUST(len && len <= EXT2_NAME_MAX && !__builtin_memchr(name, '/', len) && type <= 12);
	if (l->n == NAMES_MAX || name[0] == '.')
		return;
	l->names[l->n].len = len;
	__builtin_memcpy(l->names[l->n++].name, name, len);
}

/* Where each piece of the file lies is within it, and on the disk. */
static void map_file(struct inode *inode, enum cache_map how)
{
	uint64_t size = inode_size(inode);

	for (uint64_t at = 0, n = 0; at < size && n < 40; n++) {
		struct cache_extent e;

		if (inode->cache->ops->map(inode->cache, at, how == MAP_READ ? size - at : 3000,
					   how, &e))
			return;
		MUST(e.at <= at && e.len && e.at + e.len > at && !(e.disk % 512));
		MUST((!e.disk) == (e.flags & EXTENT_HOLE));
		MUST(!e.disk || (e.disk < DISK && e.len <= DISK - e.disk));
		at = e.at + e.len;
	}
}

static void try_xattrs(struct inode *inode, bool change)
{
	char buf[2048], name[] = "user.new";
	long n = inode->ops->listxattr(inode, buf, sizeof(buf));

	MUST(n <= (long)sizeof(buf));
	for (long at = 0; at < n; at += (long)__builtin_strlen(buf + at) + 1) {
		char value[1024];

		MUST(inode->ops->getxattr(inode, buf + at, value, sizeof(value)) <=
		     (long)sizeof(value));
	}
	if (!change)
		return;
	(void)!inode->ops->setxattr(inode, name, buf, 700, 0);
	(void)!inode->ops->setxattr(inode, name, "", 0, 0);
	(void)!inode->ops->setxattr(inode, name, NULL, 0, 0);
}

static void change_file(struct inode *dir, struct name *name, struct inode *inode)
{
	struct name other = shim_name("another name", 12);

	if (inode->object) {
		uint64_t size = inode_size(inode);

		map_file(inode, MAP_WRITE);
		(void)!inode->ops->truncate(inode, size < DISK ? size + 30000 : size);
		map_file(inode, MAP_READ);
		(void)!inode->ops->truncate(inode, size / 2);
	}
	(void)!inode_write_now(inode);
	if (!dir->ops->link(dir, &other, inode))
		(void)!dir->ops->remove(dir, &other, inode);
	if (!dir->ops->rename(dir, name, inode, dir, &other, NULL, false))
		(void)!dir->ops->remove(dir, &other, inode);
}

static void make_names(struct inode *dir)
{
	static const uint32_t kinds[] = { S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR };
	static const char target[] =
		"a target that is too long for the inode: it has to have a block";

	for (uint32_t i = 0; i < 12; i++) {
		char text[200];
		struct name name;
		struct inode_new what = { .mode = kinds[i % 4] | 0700,
					  .rdev = i,
					  .target = target };
		struct inode *inode;

		__builtin_memset(text, 'a' + (int)i, sizeof(text));
		name = shim_name(text, i * 16 + 1);
		inode = dir->ops->lookup(dir, &name);
		if (!inode)
			inode = dir->ops->make(dir, i == 9 ? NULL : &name, &what);
		if (!is_err(inode) && inode)
			inode_put(inode);
	}
}

/* Return whether it was removed. */
static void visit(struct inode *dir, struct name *name, size_t i, bool change, int depth);

static void walk(struct inode *dir, bool change, int depth)
{
	struct listing *l = calloc(1, sizeof(*l));

	(void)!shim_readdir(dir, collect, l);
	for (size_t i = 0; i < l->n; i++) {
		struct name name = shim_name(l->names[i].name, l->names[i].len);

		visit(dir, &name, i, change, depth);
	}
	if (change)
		make_names(dir);
	free(l);
}

static void visit(struct inode *dir, struct name *name, size_t i, bool change, int depth)
{
	struct inode *inode = dir->ops->lookup(dir, name);
	char buf[256];

	if (!inode || is_err(inode))
		return;
	try_xattrs(inode, change);
	if (S_ISLNK(inode->mode))
		MUST(inode->ops->readlink(inode, buf, sizeof(buf)) <= (int)sizeof(buf));
	if (S_ISREG(inode->mode))
		map_file(inode, MAP_READ);
	/* a directory in two places is the dentry cache's to find */
	if (S_ISDIR(inode->mode) && depth < DEPTH_MAX && inode->refs.n == 1) {
		walk(inode, change, depth + 1);
		if (change && i % 3 == 2 && inode->nlink)
			(void)!dir->ops->remove(dir, name, inode);
	} else if (!S_ISDIR(inode->mode) && change && i % 2 && inode->refs.n == 1) {
		change_file(dir, name, inode);
	}
	inode_put(inode);
}

static const struct disk_fs *kinds[2];

void fs_register(struct fs_type *type)
{
	kinds[!strcmp(type->name, "ext4")] = type->disk;
}

static bool try_mount(const char *type, uint32_t flags, const char *options)
{
	struct superblock *sb;
	struct vfs_statfs st;
	struct inode *root;

	shim_type = type;
	if (shim_mount(kinds[0], options, flags, &sb))
		return false;
	root = inode_obtain(sb, sb->root_ino);
	if (!is_err(root)) {
		if (S_ISDIR(root->mode))
			walk(root, !(flags & SB_RDONLY), 0);
		(void)!sb->statfs(sb, &st);
		inode_put(root);
	}
	shim_unmount(sb);
	return true;
}

/* ---- the rest of the kernel ---- */

static struct cred root = { .cap.effective = UINT64_MAX };
static struct task task = { .cred = &root };
struct task *shim_current = &task;

void random_bytes(void *buf, size_t n)
{
	__builtin_memset(buf, 7, n);
}

int64_t file_seek_size(struct file *f, int64_t offset, int whence, uint64_t size)
{
	return 0;
}

bool groups_have(const struct cred *cred, uint32_t gid)
{
	return false;
}

bool inode_read_only(const struct inode *inode, const struct mount *mnt)
{
	return false;
}

bool inode_owned(const struct cred *cred, const struct inode *inode)
{
	return true;
}

int(mutex_lock_killable)(struct mutex *m)
{
	mutex_lock(m);
	return 0;
}

/*
 * The image is what the input has of it, the rest is zeros: pieces, each with two bytes for its
 * place and one for its length, in units of 16 bytes (tests/fuzz/ext2_seeds.py).
 */
static uint8_t image[DISK];

static void unfold(const uint8_t *p, size_t size)
{
	__builtin_memset(image, 0, sizeof(image));
	while (size > 3) {
		size_t at = (p[0] | p[1] << 8) * 16u % DISK, n = p[2] * 16u;

		p += 3;
		size -= 3;
		n = min(min(n, size), DISK - at);
		__builtin_memcpy(image + at, p, n);
		p += n;
		size -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	if (!kinds[0])
		ext2_init();
	unfold(p, size);
	shim_disk_start(image, sizeof(image), DISK);
	try_mount("ext4", SB_RDONLY, "noload");
	if (try_mount("ext4", 0, "errors=continue"))
		try_mount("ext2", 0, "errors=remount-ro,resuid=7");
	shim_disk_end();
	return 0;
}
