/* disk_stubs.c - stands in for what is not there yet; goes when that comes. */
#include "fs/bdev.h"
#include "fs/cache.h"

#define WEAK __attribute__((weak))

WEAK int bdev_open(struct block_device *dev, bool write, void *holder)
{
	return -ENXIO;
}
WEAK void bdev_close(struct block_device *dev, bool write, void *holder)
{
}
WEAK int cache_write_range(struct file_cache *c, uint64_t from, uint64_t end, bool wait)
{
	return 0;
}
WEAK void cache_end(struct file_cache *c, bool write)
{
}
