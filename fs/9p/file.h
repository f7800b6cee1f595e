/* file.h - what is done with open files of a 9P server, and with their pages. */
#pragma once

#include "fs/cache.h"

/* Of a regular file without the page cache (cache=none) and by it (cache=mmap); of a directory. */
extern const struct file_ops p9_fops, p9_cached_fops, p9_dir_fops;
extern const struct cache_ops p9_cache_ops;
