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
#include "fs/dirty.h"
#include "fs/icache.h"
#include "fs/writeback.h"
#include "mm/zap.h"
#include "task/kernel_task.h"

#define OOM_PAGES   256
#define OOM_WAIT_MS 10
#define OOM_TRIES   100 /* a second */

#define LOOK_AT	    512 /* pages of a cache at once: those of a node of its tree */

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
	if (l.mapped)
		/* Who uses them faults, and finds them still here; the others go the next time. */
		mm_unshow_object(&c->object, first, end);
	return l.went;
}

/* Looks at @looks parts of caches, or until @n pages went. */
static size_t look_round(size_t n, unsigned int looks)
{
	size_t went = 0;

	while (looks-- && went < n) {
		struct file_cache *c = caches_next();

		if (!c)
			break;
		if (READ_ONCE(c->object.nr_pages))
			went += look_at_cache(c);
		cache_not_in_use(c);
		if (give_way())
			break;
	}
	return went;
}

/* Enough for each page to be found used, then mapped, and to go. */
static unsigned int looks_at_all(void)
{
	return (unsigned int)(3 * (cache_pages() / LOOK_AT + caches_count()) + 1);
}

size_t cache_reclaim(size_t n)
{
	size_t went = look_round(n, looks_at_all());

	if (went < n)
		writeback_kick();
	return went;
}

size_t cache_look(size_t n, unsigned int looks)
{
	return look_round(n, looks);
}

#define ROOM_PAGES 64
#define ROOM_LOOKS 32

/* Names and inodes go by a task: who needs memory may have locks that their end takes. */
static struct wait_queue shrink_queue = WAIT_QUEUE_INIT(shrink_queue);
static bool shrinking; /* atomic: it is to work, or does */

static void shrink_task(void *arg)
{
	for (;;) {
		wait_event(&shrink_queue, READ_ONCE(shrinking));
		while (dcache_shrink(OOM_PAGES) + icache_shrink(OOM_PAGES) && page_is_low())
			(void)give_way();
		WRITE_ONCE(shrinking, false);
		sleep_ms(OOM_WAIT_MS); /* there may be none */
	}
}

static void shrink_names(void)
{
	if (!atomic_xchg(&shrinking, true))
		wake_up(&shrink_queue);
}

static bool give_room(bool wait)
{
	size_t went = look_round(ROOM_PAGES, ROOM_LOOKS);

	/* Each is a part of a page, and may be found again as one can. */
	if (!went || dcache_unused() + icache_unused() > cache_pages())
		shrink_names();
	/* A kernel task writes, perhaps, what there is too much of. */
	if (went || !page_is_scarce() || !wait || current->kernel)
		return true;
	/* What is dirty is written, and waited for a little: else the caller has no memory. */
	for (unsigned int i = 0;
	     i < OOM_TRIES && page_is_scarce() &&
	     (READ_ONCE(shrinking) || cache_dirty_pages() + cache_writeback_pages());
	     i++) {
		if (cache_reclaim(ROOM_PAGES) || signal_pending_fatal())
			break;
		sleep_ms(OOM_WAIT_MS);
	}
	return !page_is_scarce() || cache_reclaim(1);
}

static bool reclaim_for_oom(void)
{
	for (unsigned int i = 0; i < OOM_TRIES && !signal_pending_fatal(); i++) {
		size_t went = cache_reclaim(OOM_PAGES);

		if (!went)
			went = dcache_shrink(OOM_PAGES) + icache_shrink(OOM_PAGES);
		if (went)
			return true;
		/*
		 * What is being written, an unused inode, too, can go soon; but a disk that does
		 * not answer is not waited for.
		 */
		if (!(cache_dirty_pages() + cache_writeback_pages()) &&
		    !(icache_unused() && inodes_dirty()))
			return false;
		sleep_ms(OOM_WAIT_MS);
	}
	return false;
}

void cache_drop_all(void)
{
	for (unsigned int n = caches_count(); n; n--) {
		struct file_cache *c = caches_next();

		if (!c)
			break;
		cache_drop(c);
		cache_not_in_use(c);
	}
}

void unused_drop(void)
{
	while (dcache_shrink(OOM_PAGES) + icache_shrink(OOM_PAGES))
		if (give_way())
			break;
}

void reclaim_init(void)
{
	struct task *t = task_create_kernel("reclaim", shrink_task, NULL);

	CHECK(t); /* at boot there is memory */
	task_wake(t);
	oom_reclaim_hook = reclaim_for_oom;
	cache_room_hook = give_room;
}
