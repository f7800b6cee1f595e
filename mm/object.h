/*
 * object.h - what can be mapped: a numbered run of pages that a file or mapping keeps.
 *
 * A file of fs/tmpfs is one, anonymous shared memory is one, a file's page cache (fs/cache.h) is
 * one. mm/ asks it for pages (fault, exec), fs/ reads and writes through it; neither knows the
 * other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/percpu.h"
#include "mm/charge.h"
#include "mm/page.h"
#include "task/wait.h"

struct vm_object;

/*
 * What a mapping holds: the head of a struct vm_object, and of fs/'s struct file.
 *
 * Code that gives up the last reference where it cannot be released yet puts it on a list that it
 * empties as soon as it can: an address space's, after mm->lock (vm_unlock); a task's, after the
 * release of another file (fs/file.c).  Each list is emptied where nothing is held that the
 * releases could wait for: one list for all of a task's would be emptied under the locks of others.
 */
struct vm_held {
	struct ref refs;
	struct vm_held *next_dead; /* in such a list */
	void (*release)(struct vm_held *h);
};

static inline void held_get(struct vm_held *h)
{
	ref_get(&h->refs);
}
/* held_put - drop a reference; the last one calls release.  May sleep. */
void held_put(struct vm_held *h);
/*
 * held_drop - the same for a caller that holds a lock: what it was the last to hold joins the list
 * *@dead.
 * held_add - @h, without a reference left, joins it; held_pop - what joined it last, or NULL.
 * held_release - release of all that is in such a list; the caller holds no lock that a release
 * takes.  May sleep.
 */
static inline void held_add(struct vm_held *h, struct vm_held **dead)
{
	h->next_dead = *dead;
	*dead = h;
}
static inline struct vm_held *held_pop(struct vm_held **dead)
{
	struct vm_held *h = *dead;

	if (h)
		*dead = h->next_dead;
	return h;
}
void held_drop(struct vm_held *h, struct vm_held **dead);
void held_release(struct vm_held *dead);

struct vm_object_ops {
	/*
	 * page - the page at @index, with a reference for the caller; made if it is not there and
	 * @create, else NULL for a hole that reads as zeros.
	 * Return: the page, NULL, or err_ptr(-ENOMEM, -EIO).  May sleep.
	 */
	struct page *(*page)(struct vm_object *o, uint64_t index, bool create);
	/* release - the last reference has gone. */
	void (*release)(struct vm_object *o);
	/* punched - pages were taken out of the tree by object_punch(); or NULL. */
	void (*punched)(struct vm_object *o);
	/*
	 * hole - object_punch() for MADV_REMOVE, under the lock that keeps truncate and other holes
	 * out; NULL: nobody else makes holes.  0, or -EINTR: current is to die.  May sleep.
	 */
	int (*hole)(struct vm_object *o, uint64_t first, uint64_t end);
	/*
	 * written - a shared mapping that did not show a page is written there: the moment at which
	 * Linux changes a file's times; or NULL.  No lock of mm/ is held; others of fs/ may be.
	 */
	void (*written)(struct vm_object *o);
	/*
	 * make_writable - page @p, got by page(), is to be shown writable: what a later write-back
	 * needs is made ready.  0; -EAGAIN: it has left the object, look again; -EIO, -ENOSPC,
	 * -ENOMEM, -EINTR.  May sleep; no lock of mm/ is held.  Not NULL: its pages are shown
	 * read-only until they are written, and again after each write-back (mm_clean_object).
	 * dirtied - and now it is shown: what EL0 stores from now on is to be written.  mm->lock is
	 * held.
	 */
	int (*make_writable)(struct vm_object *o, uint64_t index, struct page *p);
	void (*dirtied)(struct vm_object *o, uint64_t index, struct page *p);
	/*
	 * sync - msync(2): pages [@first, @end) are on stable storage; or NULL.  0 or -errno.
	 * ahead - madvise(MADV_WILLNEED): they will be needed soon; or NULL.
	 * drop - MADV_PAGEOUT: they will not, and may go if nobody uses them, and current may see
	 * to that; or NULL.  All may sleep; no lock of mm/ is held.
	 */
	int (*sync)(struct vm_object *o, struct vm_held *file, uint64_t first, uint64_t end);
	void (*ahead)(struct vm_object *o, uint64_t first, uint64_t end);
	void (*drop)(struct vm_object *o, uint64_t first, uint64_t end);
	/*
	 * may_tell - may current know which pages are in memory, which shows what others have read?
	 * NULL: yes.  mm->lock is held.
	 */
	bool (*may_tell)(struct vm_object *o);
	/*
	 * in_ram - its pages are in the tree and nowhere else, or out in a swap area: object_peek()
	 * finds those that are in.
	 */
	bool in_ram;
};

struct vm_object {
	struct vm_held held;
	const struct vm_object_ops *ops;
	struct spinlock map_lock; /* of all up to sealed; inside mm->lock */
	struct list_node
		maps;	/* VMAs that show it, first those that have not followed the last cut */
	size_t writers; /* how many of them may write to it, or are about to come */
	uint32_t cut;	/* counts the shrinkings (mm_cut_object) */
	bool sealed;	/* no mapping made from now on may write to it */
	struct spinlock lock; /* of size and of the tree; leaf lock, inside mm->lock */
	uint64_t size;	 /* bytes; a mapping beyond the page that holds the last one gives SIGBUS */
	void *root;	 /* radix tree of pages, 512 entries a node, object.c's own */
	uint32_t height; /* of the tree; 0 = empty */
	uint64_t nr_pages; /* pages held: st_blocks */
	uint64_t nr_dirty; /* of them with page->dirty */
	uint64_t nr_out;   /* of them, in a swap area */
	bool stays;	   /* the kernel knows where its pages are: none goes out */
	/* Of one that is in_ram: */
	struct list_node in_ram_link; /* in the list of all; in_ram_lock */
	uint64_t out_hand;	      /* where pages that can go out are looked for; swapd's */
	struct mutex cut_lock;	      /* one cut of its mappings at a time; outside of mm->lock */
	/* of them and the tree; the object's maker keeps it alive */
	struct charge *charge;
};

/*
 * object_init - an empty object whose pages stay in RAM; @ops NULL: anonymous memory's own
 * (kmalloc'ed object, kfree'd).
 */
void object_init(struct vm_object *o, const struct vm_object_ops *ops);

/*
 * object_ram_page - vm_object_ops.page for objects whose pages live in the tree and nowhere else.
 */
struct page *object_ram_page(struct vm_object *o, uint64_t index, bool create);

/*
 * object_send_out - those of the pages @index .. @end - 1, in one node, that are in, that nobody
 * else has, and (but with @force) that were not asked for since the last look, get slots and leave
 * (mm/swap.h), into @b as far as there is room: the index behind the last that was looked at.
 * *@mapped: there are some that others have.  Does not sleep.
 * object_next_out - the first index from @index on whose page is out in the swap area @area;
 * UINT64_MAX: none, or it gave up after a while at *@next.
 * object_lose - the page at @index is out and could not be read: it is an error from now on.
 * objects_next - the next of all that are in_ram, one after the other and round again, with a
 * reference; or NULL.  objects_out - how many pages of all are out.
 */
struct swap_batch;
uint64_t object_send_out(struct vm_object *o, uint64_t index, uint64_t end, struct swap_batch *b,
			 bool force, bool *mapped);
uint64_t object_next_out(struct vm_object *o, uint64_t index, unsigned int area, uint64_t *next);
void object_lose(struct vm_object *o, uint64_t index);
struct vm_object *objects_next(void);
uint64_t objects_count(void);
uint64_t objects_out(void);

/*
 * object_peek - those of the pages @index .. @index + @n - 1 that are in the tree into @pages, each
 * with a reference, NULL for the others; all in one node: @n divides 512, and @index is a multiple
 * of it.  Does not sleep.
 */
void object_peek(struct vm_object *o, uint64_t index, size_t n, struct page **pages);

/*
 * object_free_pages - drop all pages from byte @from on (rounded up), and the tree with @from = 0.
 * The caller made sure that no mapping shows them any more, or one may go on showing the old ones.
 */
void object_free_pages(struct vm_object *o, uint64_t from);

/*
 * object_remove - drop the pages [@first, @end) of the tree.  May sleep; one at a time for an
 * object, which its owner sees to.
 */
void object_remove(struct vm_object *o, uint64_t first, uint64_t end);

/*
 * For objects that are not in_ram, whose pages come and go:
 *
 * object_insert - @p, a reference to which becomes the tree's, is at @index from now on: @p; what
 * is there already, with a reference for the caller; err_ptr(-ENOMEM); err_ptr(-ENXIO): @index is
 * behind the end, and not @beyond.
 * object_take - @p, if it is there, leaves, with the tree's reference; with @unused only if nobody
 * else has one and it is clean: whether it has, and whether it was dirty.
 * object_trim - the tree's node for @index goes if it has no page.
 */
enum object_took { OBJECT_TOOK_NONE, OBJECT_TOOK_CLEAN, OBJECT_TOOK_DIRTY };
struct page *object_insert(struct vm_object *o, uint64_t index, struct page *p,
			   bool beyond) __must_check;
enum object_took object_take(struct vm_object *o, uint64_t index, struct page *p, bool unused);
void object_trim(struct vm_object *o, uint64_t index);
/*
 * object_dirty - @sectors of @p, if it is there still, are to be written: whether it was clean.
 * object_clean - what was dirty of it, and is not any more.  object_next_page - the first page from
 * *@index on, below @end, with a reference, and *@index is its number; with @dirty: that is dirty.
 * NULL: none.  It gives up after a while, with *@index where to go on: call it until that is @end.
 */
bool object_dirty(struct vm_object *o, uint64_t index, struct page *p, uint8_t sectors);
uint8_t object_clean(struct vm_object *o, struct page *p);
/* object_forget - @sectors of @p are not to be written any more: whether it is clean since. */
bool object_forget(struct vm_object *o, uint64_t index, struct page *p, uint8_t sectors);
struct page *object_next_page(struct vm_object *o, uint64_t *index, uint64_t end, bool dirty);

/*
 * object_next - the first index from @index on, below @end, at which there is a page (@data), or is
 * none; @end: there is no such, or the task is to die.  May sleep.
 */
uint64_t object_next(struct vm_object *o, uint64_t index, uint64_t end, bool data);

/*
 * object_anon - a new object of @size bytes for MAP_SHARED|MAP_ANONYMOUS, charged to @c (NULL:
 * nobody), or NULL.
 */
struct vm_object *object_anon(uint64_t size, struct charge *c) __must_check;

/*
 * What a mapping shows: bytes of @object from @offset on; @file: the file that was mapped, for its
 * name (NULL: none).
 */
struct vm_source {
	struct vm_object *object;
	struct vm_held *file;
	uint64_t offset;
};

static inline void object_get(struct vm_object *o)
{
	held_get(&o->held);
}
static inline void object_put(struct vm_object *o)
{
	held_put(&o->held);
}

/*
 * object_read - copy bytes [@off, @off + @n) to a kernel buffer, stopping at the object's end.
 * Return: bytes copied, or -EIO, -ENOMEM.  May sleep.
 */
long object_read(struct vm_object *o, uint64_t off, void *buf, size_t n) __must_check;

/*
 * object_seal - @o is not written to by any mapping that is made from now on.  With @but_mapped
 * those that there are go on; else there must be none that may write: false if there is, and
 * nothing has changed.
 */
bool object_seal(struct vm_object *o, bool but_mapped) __must_check;
