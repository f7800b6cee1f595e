/*
 * disk_shim.c - see disk_shim.h.
 */
#include "disk_shim.h"

#include <stdarg.h>
#include <stdio.h>

#include "abi/errno.h"
#include "block/block.h"
#include "block/io.h"
#include "fs/cache.h"
#include "fs/context.h"
#include "fs/file.h"
#include "fs/hash.h"
#include "fs/icache.h"
#include "fs/meta.h"
#include "lib/printf.h"
#include "log/printk.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "task/time/clock.h"

/* Not <stdlib.h>, whose struct timespec would meet abi/time.h's. */
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void free(void *p);
void abort(void) __attribute__((noreturn));

#define SECTOR	512u
#define BUCKETS 1024u

int64_t shim_now_s = 1764500000;
uint64_t shim_disk_reads;
unsigned int shim_fail_in;
char shim_log[256];
const char *shim_type = "shim";

static void broken(const char *why)
{
	fprintf(stderr, "disk_shim: %s\n", why);
	abort();
}
#define SHIM_MUST(x) ((x) ? (void)0 : broken(#x))

static bool fails_now(void)
{
	return shim_fail_in && --shim_fail_in == 0;
}

/* ---- the disk: the image, and the sectors that were written ---- */

struct sector {
	struct sector *next;
	uint64_t number;
	uint8_t data[SECTOR];
};

static const uint8_t *image;
static size_t image_size;
static uint64_t disk_size;
static struct sector *written[BUCKETS];

static struct block_disk the_disk = { .name = "shim", .limits.logical = SECTOR };
static struct block_device the_device = { .disk = &the_disk, .name = "shim" };

static struct sector *find_sector(uint64_t number)
{
	struct sector *s = written[number % BUCKETS];

	while (s && s->number != number)
		s = s->next;
	return s;
}

static void read_sector(uint64_t number, uint8_t *to)
{
	const struct sector *s = find_sector(number);
	uint64_t at = number * SECTOR;
	size_t n = at >= image_size ? 0 : min(image_size - at, (size_t)SECTOR);

	__builtin_memset(to, 0, SECTOR);
	if (s)
		__builtin_memcpy(to, s->data, SECTOR);
	else if (n)
		__builtin_memcpy(to, image + at, n);
}

static void write_sector(uint64_t number, const uint8_t *from)
{
	struct sector *s = find_sector(number);

	if (!s) {
		s = malloc(sizeof(*s));
		SHIM_MUST(s);
		s->number = number;
		s->next = written[number % BUCKETS];
		written[number % BUCKETS] = s;
	}
	if (from)
		__builtin_memcpy(s->data, from, SECTOR);
	else
		__builtin_memset(s->data, 0, SECTOR);
}

/* ---- fs/meta.h ---- */

/* A block that is held; page stands for it. */
struct held {
	struct held *next;
	uint64_t at;
	uint32_t size, refs;
	bool dirty;
	uint8_t *data;
};

static struct held *helds;

void shim_disk_start(const void *bytes, size_t size, uint64_t all)
{
	image = bytes;
	image_size = size;
	disk_size = all;
	the_device.sectors = the_disk.sectors = all / SECTOR;
	shim_disk_reads = 0;
}

void shim_disk_end(void)
{
	SHIM_MUST(!helds);
	for (size_t i = 0; i < BUCKETS; i++) {
		while (written[i]) {
			struct sector *next = written[i]->next;

			free(written[i]);
			written[i] = next;
		}
	}
}

void shim_disk_bytes(uint64_t at, void *buf, size_t n)
{
	uint8_t sector[SECTOR], *to = buf;

	for (; n; n--, at++) {
		read_sector(at / SECTOR, sector);
		*to++ = sector[at % SECTOR];
	}
}

static int hold_block(struct superblock *sb, uint64_t block, struct meta *m, bool read)
{
	uint64_t at = block * sb->block_size;
	struct held *h = helds;

	*m = (struct meta){ .sb = sb, .block = block };
	shim_disk_reads++;
	if (block >= disk_size / sb->block_size || fails_now())
		return -EIO;
	while (h && h->at != at) {
		SHIM_MUST(h->at + h->size <= at || at + sb->block_size <= h->at);
		h = h->next;
	}
	if (!h) {
		h = calloc(1, sizeof(*h));
		SHIM_MUST(h);
		*h = (struct held){ .next = helds, .at = at, .size = sb->block_size };
		h->data = calloc(1, h->size);
		for (uint32_t i = 0; read && i < h->size; i += SECTOR)
			read_sector((at + i) / SECTOR, h->data + i);
		helds = h;
	}
	SHIM_MUST(h->size == sb->block_size);
	h->refs++;
	m->data = h->data;
	m->page = (struct page *)h;
	return 0;
}

int meta_read(struct superblock *sb, uint64_t block, struct meta *m)
{
	return hold_block(sb, block, m, true);
}

int meta_new(struct superblock *sb, uint64_t block, struct meta *m)
{
	int err = hold_block(sb, block, m, false);

	if (!err) {
		__builtin_memset(m->data, 0, sb->block_size);
		meta_dirty(m);
	}
	return err;
}

int meta_read_onward(struct superblock *sb, uint64_t block, uint32_t n, struct meta *m)
{
	return meta_read(sb, block, m);
}

void meta_read_ahead(struct superblock *sb, uint64_t block, uint32_t n)
{
}

void meta_dirty(struct meta *m)
{
	((struct held *)m->page)->dirty = true;
}

void meta_put(struct meta *m)
{
	struct held *h = (struct held *)m->page, **at = &helds;

	if (!m->data)
		return;
	m->data = NULL;
	if (--h->refs)
		return;
	for (uint32_t i = 0; h->dirty && i < h->size; i += SECTOR)
		write_sector((h->at + i) / SECTOR, h->data + i);
	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	free(h->data);
	free(h);
}

void meta_forget(struct superblock *sb, uint64_t block, uint64_t n)
{
}

int meta_sync(struct meta *m)
{
	return 0;
}

int block_io(struct block_device *dev, enum block_op op, uint64_t at, void *buf, uint64_t bytes,
	     unsigned int flags)
{
	if (at % SECTOR || bytes % SECTOR || at > disk_size || bytes > disk_size - at ||
	    fails_now())
		return -EIO;
	for (uint64_t i = 0; i < bytes; i += SECTOR) {
		if (op == BLOCK_READ)
			read_sector((at + i) / SECTOR, (uint8_t *)buf + i);
		else
			write_sector((at + i) / SECTOR,
				     op == BLOCK_ZERO ? NULL : (uint8_t *)buf + i);
	}
	return 0;
}

/* ---- inodes ---- */

#define INODES 256

static struct inode *inodes[INODES];

struct inode *inode_obtain(struct superblock *sb, uint64_t key)
{
	struct inode *inode;
	int err;

	for (size_t i = 0; i < INODES; i++) {
		if (inodes[i] && inodes[i]->key == key) {
			inode_get(inodes[i]);
			return inodes[i];
		}
	}
	inode = sb->disk->alloc(sb);
	if (!inode)
		return err_ptr(-ENOMEM);
	ref_init(&inode->refs);
	mutex_init(&inode->lock);
	inode->sb = sb;
	inode->ino = key;
	err = sb->disk->load(inode);
	if (!err) {
		inode->key = inode->ino;
		SHIM_MUST(inode->nlink);
		inode->key = INODE_NO_KEY;
		err = inode_rekey(inode, key);
	}
	if (!err)
		return inode;
	if (inode->ops)
		inode->ops->release(inode);
	else
		kfree(inode);
	return err_ptr(err);
}

int inode_rekey(struct inode *inode, uint64_t key)
{
	size_t room = INODES;

	for (size_t i = 0; i < INODES; i++) {
		if (inodes[i] == inode)
			inodes[i] = NULL;
		else if (inodes[i] && key != INODE_NO_KEY && inodes[i]->key == key)
			return -EUCLEAN;
		if (!inodes[i] && room == INODES)
			room = i;
	}
	if (room == INODES)
		return -ENOMEM;
	inode->key = key;
	inodes[room] = inode;
	return 0;
}

int inode_enter(struct inode *inode)
{
	inode->key = INODE_NO_KEY;
	return inode_rekey(inode, inode->ino);
}

uint64_t icache_number(struct superblock *sb, uint64_t key)
{
	for (size_t i = 0; i < INODES; i++)
		if (inodes[i] && inodes[i]->key == key)
			return inodes[i]->ino;
	return key;
}

static void end_inode(struct inode *inode)
{
	const struct disk_ops *ops = inode->sb->disk;

	for (size_t i = 0; i < INODES; i++)
		if (inodes[i] == inode)
			inodes[i] = NULL;
	if (inode->dirty && inode->nlink)
		(void)ops->write(inode);
	if (!inode->nlink && ops->evict && !(inode->sb->flags & SB_RDONLY))
		ops->evict(inode);
	inode->ops->release(inode);
}

void inode_put(struct inode *inode)
{
	if (--inode->refs.n == 0 && (!inode->nlink || inode->key == INODE_NO_KEY))
		end_inode(inode);
}

void inode_dirty(struct inode *inode)
{
	inode->dirty = true;
}

int inode_write_now(struct inode *inode)
{
	inode->dirty = false;
	return inode->sb->disk->write(inode);
}

void inode_init(struct inode *inode, struct superblock *sb, const struct inode *dir, uint32_t mode)
{
	*inode = (struct inode){ .sb = sb, .nlink = 1, .mode = mode };
	ref_init(&inode->refs);
	mutex_init(&inode->lock);
	inode->atime = inode->mtime = inode->ctime = inode->btime = vfs_now();
}

struct vfs_time vfs_now(void)
{
	return (struct vfs_time){ .sec = shim_now_s };
}

struct vfs_time sb_time(const struct superblock *sb, struct vfs_time t)
{
	return t;
}

const char *const sb_error_names[SB_ERROR_KINDS] = { "continue", "remount-ro", "panic" };

int sb_error(struct superblock *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shim_log, sizeof(shim_log), fmt, ap);
	va_end(ap);
	sb->had_error = true;
	if (sb->on_error == SB_ERROR_RDONLY)
		sb->flags |= SB_RDONLY;
	return -EUCLEAN;
}

/* ---- mounts ---- */

int shim_mount(const struct disk_fs *fs, const char *options, uint32_t flags,
	       struct superblock **out)
{
	struct superblock *sb = calloc(1, sizeof(*sb));
	char *copy = malloc(256);
	int err;

	SHIM_MUST(sb && copy);
	snprintf(copy, 256, "%s", options ? options : "");
	*sb = (struct superblock){
		.type = shim_type, .flags = flags, .block_size = 1024, .dev_block = &the_device
	};
	err = fs->fill(sb, copy, true);
	free(copy);
	*out = err ? NULL : sb;
	if (err)
		free(sb);
	return err;
}

void shim_unmount(struct superblock *sb)
{
	for (size_t i = 0; i < INODES; i++)
		if (inodes[i] && !inodes[i]->refs.n)
			end_inode(inodes[i]);
	for (size_t i = 0; i < INODES; i++)
		SHIM_MUST(!inodes[i]);
	if (sb->disk->sync)
		(void)sb->disk->sync(sb);
	if (sb->disk->unmount)
		sb->disk->unmount(sb);
	free(sb);
}

/* ---- directories ---- */

static void (*each_name)(void *to, const char *name, size_t len, uint8_t type);
static void *each_to;

bool dir_emit(struct dir_out *out, const char *name, size_t len, uint64_t ino, uint8_t type,
	      uint64_t next)
{
	SHIM_MUST(len && ino);
	each_name(each_to, name, len, type);
	return true;
}

bool dir_emit_dots(struct dir_out *out, const struct file *f, uint64_t *pos)
{
	*pos = max(*pos, (uint64_t)2);
	return true;
}

int shim_readdir(struct inode *dir,
		 void (*each)(void *to, const char *name, size_t len, uint8_t type), void *to)
{
	struct file f = { .ops = dir->fops, .inode = dir };
	struct dir_out out = { 0 };
	uint64_t pos = 0;

	each_name = each;
	each_to = to;
	return dir->fops->readdir(&f, &out, &pos);
}

struct name shim_name(const char *s, size_t len)
{
	return (struct name){ .s = s, .len = (uint32_t)len };
}

/* ---- files: the size alone, no pages ---- */

void cache_init(struct file_cache *c, struct inode *inode, const struct cache_ops *ops,
		struct block_device *dev, uint64_t size)
{
	c->inode = inode;
	c->ops = ops;
	c->dev = dev;
	c->object.size = size;
	inode->object = &c->object;
	inode->cache = c;
}

void cache_end(struct file_cache *c, bool write)
{
}

int cache_resize(struct file_cache *c, uint64_t size)
{
	if (fails_now())
		return -EIO;
	c->object.size = size;
	return 0;
}

int cache_punch(struct file_cache *c, uint64_t from, uint64_t end)
{
	return 0;
}

long cache_file_read(struct file *f, struct iter *to, uint64_t *pos)
{
	return -EIO;
}

long cache_file_write(struct file *f, struct iter *from, uint64_t *pos)
{
	return -EIO;
}

int64_t cache_file_seek(struct file *f, int64_t offset, int whence)
{
	return 0;
}

struct vm_object *cache_file_mmap(struct file *f, uint64_t len, bool shared)
{
	return NULL;
}

int cache_file_fsync(struct file *f, bool data_only)
{
	return 0;
}

int cache_dir_fsync(struct file *f, bool data_only)
{
	return 0;
}

int64_t file_seek_endless(struct file *f, int64_t offset, int whence)
{
	return 0;
}

/* ---- the rest of the kernel ---- */

uint64_t hash_keys[HASH_KEYS], hash_mix_key;

void mutex_init(struct mutex *m)
{
	m->held = 0;
}

void(mutex_lock)(struct mutex *m)
{
	SHIM_MUST(!m->held);
	m->held = 1;
}

void mutex_unlock(struct mutex *m)
{
	SHIM_MUST(m->held);
	m->held = 0;
}

void *kmalloc(size_t size)
{
	return fails_now() ? NULL : malloc(size);
}

void *kzalloc(size_t size)
{
	return fails_now() ? NULL : calloc(1, size);
}

void kfree(void *p)
{
	free(p);
}

int give_way(void)
{
	return 0;
}

uint64_t clock_wall_ns(void)
{
	return (uint64_t)shim_now_s * 1000000000u;
}

struct timezone clock_zone(void)
{
	return (struct timezone){ 0 };
}

uint32_t fs_umask(void)
{
	return 022;
}

void printk(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shim_log, sizeof(shim_log), fmt, ap);
	va_end(ap);
}
