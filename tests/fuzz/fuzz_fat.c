/*
 * fuzz_fat.c - any image is refused, or mounted, walked, read and changed to no harm, by vfat and
 * by msdos; and what was changed can be mounted again.
 */
#include "fuzz.h"
#include "disk_shim.h"

#include "abi/dirent.h"
#include "abi/errno.h"
#include "abi/stat.h"
#include "fs/cache.h"
#include "fs/fat/names.h"
#include "fs/fat/super.h"
#include "fs/icache.h"
#include "lib/string.h"

#define DISK	  (4u << 20)
#define NAMES_MAX 64
#define DEPTH_MAX 4

struct listing {
	size_t n;
	struct {
		size_t len;
		char name[FAT_TEXT];
		uint8_t type;
	} names[NAMES_MAX];
};

static void collect(void *to, const char *name, size_t len, uint8_t type)
{
	struct listing *l = to;

	MUST(len && len <= FAT_TEXT && !__builtin_memchr(name, '/', len));
	if (l->n == NAMES_MAX)
		return;
	l->names[l->n].len = len;
	l->names[l->n].type = type;
	__builtin_memcpy(l->names[l->n++].name, name, len);
}

/* Where each piece of the file lies is within it, and on the disk or behind its end. */
static void map_file(struct inode *inode, enum cache_map how)
{
	uint64_t size = inode_size(inode);

	for (uint64_t at = 0, n = 0; at < size && n < 40; n++) {
		struct cache_extent e;
		int err = inode->cache->ops->map(inode->cache, at, size - at, how, &e);

		if (err)
			return;
		MUST(e.at <= at && e.len && e.at + e.len > at && !(e.disk % 512));
		at = e.at + e.len;
	}
}

static void change_file(struct inode *dir, struct name *name, struct inode *inode)
{
	struct name renamed = shim_name("A new, longer name.text", 23);
	uint64_t size = inode_size(inode);

	map_file(inode, MAP_WRITE);
	(void)!inode->ops->truncate(inode, size + 3000);
	map_file(inode, MAP_READ);
	(void)!inode->ops->truncate(inode, size / 2);
	(void)!inode->ops->allocate(inode, 1, 0, 5000);
	(void)!inode_write_now(inode);
	if (!dir->ops->rename(dir, name, inode, dir, &renamed, NULL, false))
		(void)!dir->ops->remove(dir, &renamed, inode);
}

static void make_names(struct inode *dir)
{
	static const char *const names[] = { "short.txt", "Long name 1.txt", "Long name 2.txt",
					     "sub.dir" };

	for (size_t i = 0; i < 4; i++) {
		struct name name = shim_name(names[i], __builtin_strlen(names[i]));
		struct inode_new what = { .mode = i == 3 ? S_IFDIR | 0755 : S_IFREG | 0644 };
		struct inode *inode = dir->ops->lookup(dir, &name);

		if (!inode)
			inode = dir->ops->make(dir, &name, &what);
		if (is_err(inode))
			continue;
		if (i == 0)
			(void)!inode_write_now(inode);
		inode_put(inode);
	}
}

static void walk(struct inode *dir, int depth)
{
	struct listing *l = calloc(1, sizeof(*l));

	(void)!shim_readdir(dir, collect, l);
	for (size_t i = 0; i < l->n; i++) {
		struct name name = shim_name(l->names[i].name, l->names[i].len);
		struct inode *inode = dir->ops->lookup(dir, &name);

		if (!inode || is_err(inode))
			continue;
		/* a directory in itself is the dentry cache's to find */
		if (S_ISREG(inode->mode)) {
			map_file(inode, MAP_READ);
			if (i % 2 && inode->refs.n == 1 && inode->nlink)
				change_file(dir, &name, inode);
		} else if (depth < DEPTH_MAX && inode->refs.n == 1) {
			walk(inode, depth + 1);
			if (i % 3 == 2 && inode->nlink)
				(void)!dir->ops->remove(dir, &name, inode);
		}
		inode_put(inode);
	}
	make_names(dir);
	free(l);
}

static const struct disk_fs *fat;

static bool try_mount(uint8_t how, const char *options)
{
	struct vfs_statfs st;
	struct superblock *sb;
	struct inode *root;

	shim_type = how & 1 ? "msdos" : "vfat";
	if (shim_mount(fat, options, how & 2 ? SB_RDONLY : 0, &sb))
		return false;
	root = inode_obtain(sb, sb->root_ino);
	if (!is_err(root)) {
		walk(root, 0);
		(void)!sb->statfs(sb, &st);
		inode_put(root);
	}
	shim_unmount(sb);
	return true;
}

void fs_register(struct fs_type *type)
{
	fat = type->disk;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	uint8_t how = size ? p[size - 1] : 0;

	if (!fat)
		fat_init();
	shim_disk_start(p, size, DISK);
	/* Half of them meet a block, or memory, that cannot be had. */
	shim_fail_in = how & 8 && size > 1 ? p[size - 2] + 1u : 0;
	if (try_mount(how, how & 4 ? "utf8=no,shortname=winnt,errors=continue" : "errors=continue"))
		try_mount(how, NULL);
	shim_fail_in = 0;
	shim_disk_end();
	return 0;
}
