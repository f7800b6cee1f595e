/*
 * page.h - physical memory, a page frame at a time: its owners, and the allocator.
 *
 * Every frame of RAM has a struct page.  Frames are kept by a buddy allocator (orders
 * 0..PAGE_MAX_ORDER) with a small stack of single frames in front of it on each core.  RAM that was
 * never allocated is not even in the buddy lists: it joins them by chunks when they run empty, so
 * that booting costs no time for each page.
 *
 * Context: everything here may be called with spinlocks held, never from an interrupt handler (that
 * is what makes the per-core stacks safe without masking interrupts).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/atomic.h"
#include "lib/list.h"
#include "mm/layout.h"
#include "mm/paddr.h"

#define PAGE_MAX_ORDER 10 /* 4 MiB */

enum page_kind {
	PAGE_RESERVED, /* not the allocator's: the image, the device tree, holes */
	PAGE_FREE,     /* head of a free block of 2^order frames */
	PAGE_USED,     /* handed out */
	PAGE_SLAB,     /* handed out to mm/slab.c */
	PAGE_SWAP,     /* handed out, and a swap slot has the same (mm/swap.h) */
};

struct page {
	union {
		uint32_t refs; /* atomic: owners, page-table entries included; 0 while free */
		/* PAGE_SLAB: offset of the first free object, in 16ths of bytes, +1; 0 = none. */
		uint32_t free;
	};
	uint8_t order; /* of the free or the handed-out block, in its first frame */
	uint8_t kind;  /* enum page_kind */
	union {
		uint16_t inuse;		 /* PAGE_SLAB: objects handed out */
		struct {		 /* PAGE_USED */
			uint8_t written; /* PAGE_SYNCED, and a count of page_written()s above it */
			bool in_object;	 /* a file's, or shared memory's */
		};
	};
	union {
		struct slab *slab; /* PAGE_SLAB, each frame of the block: the cache that owns it */
		struct page *next; /* for the owner of a PAGE_USED frame: a chain of its own */
		size_t tables;	   /* the root of a translation tree: how many it has besides */
		uint64_t swap;	   /* PAGE_SWAP: the slot's entry; swap.c's lock */
		struct {	   /* PAGE_USED, of an object that is not in_ram (fs/cache.h) */
			uint32_t state; /* atomic: CACHED_* */
			uint8_t dirty;	/* sectors of 512 bytes to be written; object->lock */
			uint8_t ios;	/* atomic: its parts that requests are under way for */
		};
	};
	union {
		struct list_node list;	   /* free list; the slab's list of partly used blocks */
		struct {		   /* PAGE_USED, in the kernel of make CHECKED=1 */
			uint64_t code_sum; /* of what it held when it was synced */
			uint32_t writers;  /* between page_write_begin and page_written; atomic */
			bool user_writes;  /* EL0 can write to it, or could */
		};
	};
};
_Static_assert(sizeof(struct page) == 32, "1/128 of RAM");

/* What a page of a cache is: page->state. */
#define CACHED_LOCKED	0x1u  /* a task, or a request that reads it, has it alone */
#define CACHED_UPTODATE 0x2u  /* it holds what the file does: never taken back while it is there */
#define CACHED_WRITING	0x4u  /* a request that writes it is under way */
#define CACHED_FAILED	0x8u  /* it could not be read */
#define CACHED_AWAITED	0x10u /* a task waits for LOCKED or WRITING to go */
#define CACHED_RECENT	0x20u /* used since it was last looked for what can go */
#define CACHED_AHEAD	0x40u /* who comes to it reads on: the next pages are asked for */
#define CACHED_GONE	0x80u /* it has left its object; changes under LOCKED */

/*
 * The last 64th of memory (at most 16 MiB) is the reserve, for the tasks that keep the machine
 * going: so root can still look round and kill when users have eaten everything else, and a task
 * that is to die still gets the memory that dying takes.
 *
 * Three hooks, each called in the allocator's context and without a lock of its own:
 * page_reserve_hook (task/oom.c) says how much of the reserve current may use; NULL, before there
 * are tasks: all.  page_none_hook (task/oom.c) is told when an allocation of up to 8 frames has
 * failed although current took what it may.  page_scarce_hook (mm/slab.c) is told when pages become
 * scarce, and when they no longer are.
 */
enum page_reserve { RESERVE_NONE, RESERVE_PART_OF_IT, RESERVE_ALL };
extern enum page_reserve (*page_reserve_hook)(void);
extern void (*page_none_hook)(void);
extern void (*page_scarce_hook)(bool scarce);
/* Called when page_is_low, each time that a core fetches pages: fs/swapd.c keeps some free. */
extern void (*page_low_hook)(void);
/*
 * page_throttle_hook - NULL, or (fs/swapd.c) waits until pages have been made free: false, none
 * could.  page_throttle - where pages are made for EL0, and scarce: others would soon have none.
 * Both may sleep; locks of fs/ may be held, of mm/ none.
 */
extern bool (*page_throttle_hook)(void);

/*
 * page_is_scarce - less than twice the reserve is left: no cache keeps what is freed.
 * page_is_low - little more than that: what can be read again goes.
 * page_is_denied - so little is left that current may not have any of it.
 */
extern bool page_scarce; /* buddy.lock; anybody reads it */
static inline bool page_is_scarce(void)
{
	return READ_ONCE(page_scarce);
}
bool page_is_low(void);
bool page_is_denied(void);
static inline void page_throttle(void)
{
	if (unlikely(page_is_scarce()) && page_throttle_hook)
		(void)page_throttle_hook();
}
/* page_tell_none - calls page_none_hook: mm/slab.c has no memory for want of pages. */
void page_tell_none(void);

/*
 * What page_alloc and kmalloc ask before each allocation, where it is not NULL: true, and this one
 * answers NULL.  Set when the first experiment begins, for good.  Called as they are: with
 * spinlocks held, not from an interrupt handler.
 */
extern bool (*fail_hook)(void);

static inline bool alloc_must_fail(void)
{
	bool (*hook)(void) = READ_ONCE(fail_hook);

	return unlikely(hook != NULL) && hook();
}

/*
 * page_alloc - take 2^@order frames, aligned to their size; contents are undefined, refs is 1.
 * Returns NULL when there is no memory.
 */
struct page *page_alloc(unsigned int order) __must_check;

/* page_alloc_zero - one frame filled with zeros, or NULL. */
struct page *page_alloc_zero(void) __must_check;

/* page_free - give back what page_alloc(@order) gave, whatever its count says. */
void page_free(struct page *p, unsigned int order);

/* page_split - what page_alloc(@order) gave becomes single frames, each with one reference. */
void page_split(struct page *p, unsigned int order);

/* page_get, page_put - take and drop a reference to a single frame; the last one frees it. */
static inline void page_get(struct page *p)
{
	atomic_add(&p->refs, 1);
}
static inline void page_put(struct page *p)
{
	if (__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL) == 0)
		page_free(p, 0);
}

/*
 * Pages that hold code.  Instruction fetches do not see fresh stores (docs/hardware-rules.md): a
 * page that is mapped executable was synced since the kernel wrote to it last.
 *
 * page_write_begin, page_written - around the kernel's stores to a page that is, or may be, mapped:
 * a file's page that write(2) changes, a hole's bytes that become zero.  Before the page is mapped
 * executable again, the instruction caches are made to see them.  A leaf that allows it already is
 * not taken away, as on Linux: who executes what is being overwritten tells the caches himself
 * (IC IVAU is EL0's).  Likewise what the kernel stores to an address that a program gave to a call
 * is that program's store.
 * page_sync_icache - before a page is mapped executable.  Any context.  Nothing keeps others from
 * writing meanwhile: then the page stays unsynced for who comes next.
 * page_is_synced - page_sync_icache would have nothing to do.
 *
 * In the kernel of make CHECKED=1 a page is compared with what it was when it was synced: whenever
 * it is mapped executable again, and when it is freed.  If it is another, without these two around
 * the store, and EL0 could not write to it, that is a panic.
 * page_user_writes - a leaf will let EL0 write to it.
 */
#define PAGE_SYNCED 1 /* instruction fetches see what the page holds */

#ifdef CHECKED
void page_write_begin(struct page *p);
void page_write_end(struct page *p);
void page_check_code(const struct page *p);
static inline void page_user_writes(struct page *p)
{
	WRITE_ONCE(p->user_writes, true);
}
#else
static inline void page_write_begin(struct page *p)
{
}
static inline void page_write_end(struct page *p)
{
}
static inline void page_check_code(const struct page *p)
{
}
static inline void page_user_writes(struct page *p)
{
}
#endif

static inline void page_written(struct page *p)
{
	/* After what was written: a core that syncs for this count syncs all of it. */
	store_release(&p->written, (uint8_t)((READ_ONCE(p->written) | PAGE_SYNCED) + 1));
	page_write_end(p);
}
static inline bool page_is_synced(const struct page *p)
{
	return READ_ONCE(p->written) & PAGE_SYNCED;
}
void page_sync_icache_now(struct page *p);
static inline void page_sync_icache(struct page *p)
{
	if (!page_is_synced(p))
		page_sync_icache_now(p);
	else
		page_check_code(p);
}

/* How many frames are free now, and how many there are in all. */
size_t page_free_count(void);
size_t page_total_count(void);

/* Physical address, linear-map address and struct page, from one another.  RAM only. */
static inline void *phys_to_virt(paddr pa)
{
	return (void *)(LINEAR_BASE + paddr_value(pa));
}

static inline paddr virt_to_phys(const void *va) /* @va: in the linear map */
{
	return paddr_of((uintptr_t)va - LINEAR_BASE);
}

/* struct page of frame n is page_array[n]: virtual, mapped only where there is RAM. */
#define page_array	((struct page *)PAGE_ARRAY)

/* Frames come into use by so many at once: their struct pages are mapped together. */
#define PAGE_CHUNK	(1UL << PAGE_MAX_ORDER)
#define PAGE_CHUNK_SIZE (PAGE_CHUNK << PAGE_SHIFT)

static inline struct page *phys_to_page(paddr pa)
{
	return &page_array[paddr_value(pa) >> PAGE_SHIFT];
}

static inline paddr page_to_phys(const struct page *p)
{
	return paddr_of((uint64_t)(p - page_array) << PAGE_SHIFT);
}

static inline void *page_to_virt(const struct page *p)
{
	return phys_to_virt(page_to_phys(p));
}

static inline struct page *virt_to_page(const void *va)
{
	return phys_to_page(virt_to_phys(va));
}

/*
 * clear_pages - @n (at least 1) of the linear map, page-aligned.  DC ZVA where the core allows it.
 */
void clear_pages(void *va, size_t n);
static inline void clear_page(void *va)
{
	clear_pages(va, 1);
}

/*
 * copy_wide - as memcpy, for much: twice as fast, but for some ten instructions that it takes
 * besides.  Where the two overlap (a page that is copied onto a part of itself) the bytes are those
 * of 64 after 64.  Any context.
 * copy_page - a page's worth of bytes so.
 */
void copy_wide(void *dst, const void *src, size_t n);
static inline void copy_page(void *dst, const void *src)
{
	copy_wide(dst, src, PAGE_SIZE);
}

/*
 * sync_icache_page - clean one page to the point of unification and drop what instruction caches
 * hold of it, on every core.
 */
void sync_icache_page(const void *va);
/* drop_icaches - every core's instruction caches hold nothing any more.  Any context. */
void drop_icaches(void);

/*
 * flush_pages - what the caches hold of @n pages (at least 1) of the linear map is written to
 * memory, and dropped, on every core; it is done on return.  For one who may read and write them
 * without caches: a guest.  Any context.
 */
void flush_pages(const void *va, size_t n);

/*
 * page_init - learn what RAM there is from the memory map (mm/memmap.h).  Called once on the boot
 * core, after kmap_init().
 */
void page_init(void);

/*
 * page_release - later: hand [@pa, @pa + @size) to the page allocator after all (an unpacked
 * initrd); whole pages only.
 */
void page_release(uint64_t pa, uint64_t size);
