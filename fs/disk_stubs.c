/* disk_stubs.c - stands in for the page cache: a device is read and written past any; goes. */
#include "block/io.h"
#include "fs/cache.h"
#include "mm/slab.h"

#define WEAK __attribute__((weak))

WEAK struct file_cache *cache_of_device(struct block_device *dev)
{
	struct file_cache *c = dev->cache ?: kzalloc(sizeof(*c));

	dev->cache = c;
	return c ?: err_ptr(-ENOMEM);
}
WEAK void cache_free_device(struct block_device *dev)
{
	kfree(dev->cache);
	dev->cache = NULL;
}
WEAK void cache_resize_device(struct block_device *dev)
{
}
WEAK int cache_write_range(struct file_cache *c, uint64_t from, uint64_t end, bool wait)
{
	return 0;
}
WEAK void cache_drop(struct file_cache *c)
{
}
WEAK int cache_punch(struct file_cache *c, uint64_t from, uint64_t end)
{
	return 0;
}
WEAK void cache_end(struct file_cache *c, bool write)
{
}
static long move_piece(struct file *f, struct iter *it, uint64_t *pos, bool write)
{
	struct block_device *dev = f->private;
	uint64_t size = dev->sectors << SECTOR_SHIFT, from;
	char *buf = kmalloc(4096);
	long done = 0;

	while (buf && it->left && *pos < size) {
		uint64_t at = *pos & ~4095ul, len = min(4096ul, size - at);
		size_t n = min(it->left, len - (*pos - at));

		if (block_io(dev, BLOCK_READ, at, buf, len, 0))
			break;
		from = *pos - at;
		n = write ? iter_take(it, buf + from, n) : iter_put(it, buf + from, n);
		if (!n || (write && block_io(dev, BLOCK_WRITE, at, buf, len, 0)))
			break;
		*pos += n;
		done += (long)n;
	}
	kfree(buf);
	return done || !it->left || *pos >= size ? done : -EIO;
}
WEAK long cache_file_read(struct file *f, struct iter *to, uint64_t *pos)
{
	return move_piece(f, to, pos, false);
}
WEAK long cache_file_write(struct file *f, struct iter *from, uint64_t *pos)
{
	return move_piece(f, from, pos, true);
}
WEAK struct vm_object *cache_file_mmap(struct file *f, uint64_t len, bool shared)
{
	return err_ptr(-ENODEV);
}
