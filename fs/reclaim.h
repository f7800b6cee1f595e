/*
 * reclaim.h - memory is short.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * cache_reclaim - about @n clean pages of the page cache go, dirty ones are being written: how many
 * did go.  May sleep, with any lock that is outside of mm->lock (fs/cache_page.h).
 */
size_t cache_reclaim(size_t n);
/* cache_look - the same, without haste: looks at @looks parts of caches at most. */
size_t cache_look(size_t n, unsigned int looks);
/* cache_drop_all - clean pages of all caches go (drop_caches); unused_drop - names and inodes. */
void cache_drop_all(void);
void unused_drop(void);
void reclaim_init(void);
