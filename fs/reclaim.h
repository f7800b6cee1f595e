/*
 * reclaim.h - memory is short.
 */
#pragma once

#include <stddef.h>

/*
 * cache_reclaim - about @n clean pages of the page cache go, dirty ones are being written: how many
 * did go.  May sleep, with any lock that is outside of mm->lock (fs/cache_page.h).
 */
size_t cache_reclaim(size_t n);
