/*
 * reclaim.c - memory is short: clean pages go, then inodes and names that nobody uses, before any
 * task is killed.
 *
 * Comes from cache.c, when it needs a page, and from task/oom.c.  All caches are gone round, each
 * from where the last look at it ended (its hand): a page that was used since the last look, or is
 * mapped, gets another round.  Invariant: nothing here waits for a page's lock or a request.
 */
#include "fs/reclaim.h"

#include "fs/cache_page.h"
#include "fs/writeback.h"
#include "mm/zap.h"

#define LOOK_AT 512 /* pages of a cache at once: those of a node of its tree */

/* What a look at a part of a cache has found. */
struct look {
	size_t went;
	bool mapped; /* pages that mappings show, and that were not used since the last look */
};

static void look_at_page(struct file_cache *c, uint64_t index, struct page *p, struct look *l)
{
	if (READ_ONCE(p->state) & CACHED_RECENT) {
		atomic_and(&p->state, ~CACHED_RECENT);
		page_put(p);
		return;
	}
	/* The tree's, ours, and others: a mapping's, or of a read under way. */
	l->mapped |= READ_ONCE(p->refs) > 2;
	l->went += cache_evict(c, index, p);
}

/* The next part of @c, which the caller has from caches_next.  How many pages went. */
static size_t look_at_cache(struct file_cache *c)
{
	uint64_t index = READ_ONCE(c->hand), first, end;
	struct look l = { .went = 0 };
	struct page *p;

	/* On to the next page that there is; at the end from the beginning. */
	first = object_next(&c->object, index, UINT64_MAX >> PAGE_SHIFT, true);
	if (first == UINT64_MAX >> PAGE_SHIFT)
		first = 0;
	index = first;
	end = ALIGN_DOWN(first, (uint64_t)LOOK_AT) + LOOK_AT;
	while (index < end) {
		p = object_next_page(&c->object, &index, end, false);
		if (p)
			look_at_page(c, index++, p, &l);
	}
	WRITE_ONCE(c->hand, end);
	if (l.went)
		object_trim(&c->object, end - 1);
	if (l.mapped && mutex_trylock(&c->cut_lock)) {
		/* Who uses them faults, and finds them still here; the others go the next time. */
		mm_unshow_object(&c->object, first, end);
		mutex_unlock(&c->cut_lock);
	}
	return l.went;
}

/* How many caches are looked at for one call; each has its turn. */
#define CACHES_MOST 4096

size_t cache_reclaim(size_t n)
{
	uint64_t had = cache_pages();
	size_t went = 0;

	/* Three rounds at the most: used, then mapped, then gone. */
	for (unsigned int i = 0; i < CACHES_MOST && went < n; i++) {
		struct file_cache *c = caches_next();

		if (!c)
			break;
		if (READ_ONCE(c->object.nr_pages))
			went += look_at_cache(c);
		cache_not_in_use(c);
		if (give_way())
			break;
	}
	if (cache_dirty_pages() > had / 8)
		writeback_kick();
	return went;
}
