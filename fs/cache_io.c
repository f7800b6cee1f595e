/*
 * cache_io.c - pages on their way to and from a block device: parts of pages become requests, as
 * large as the disk takes them.
 *
 * Comes from cache.c and writeback.c with locked pages, goes to block/; comes back in io_done, from
 * the driver's interrupt.  Invariants: requests come from a pool of their device's own that never
 * gets smaller (one device may lie on another, and wait for it), and nothing is kept back while
 * anything is waited for: so writing needs no memory, which may be what it is for.
 */
#include "fs/cache_io.h"

#include "block/request.h"
#include "fs/dirty.h"
#include "lib/string.h"
#include "mm/slab.h"

#define IO_SEGMENTS 64
#define IO_LEAST    4
#define IO_MOST	    256

struct cache_io {
	struct block_request rq;
	struct file_cache *cache;
	uint8_t epoch;	   /* of a write: in which of cache->writing it is counted */
	struct page *tail; /* of a read: this page gets zeros from tail_at on, or NULL */
	uint32_t tail_at;
	struct block_segment segments[IO_SEGMENTS];
};

/* Who waits for a request of any device, or for its end. */
static struct wait_queue io_queue = WAIT_QUEUE_INIT(io_queue);

static struct cache_io *take_io(struct writeback *w)
{
	unsigned long flags = spin_lock_irqsave(&w->io_lock);
	struct cache_io *io = NULL;

	if (!list_empty(&w->io_free)) {
		io = list_first(&w->io_free, struct cache_io, rq.link);
		list_del(&io->rq.link);
	}
	spin_unlock_irqrestore(&w->io_lock, flags);
	return io;
}

static void give_io(struct writeback *w, struct cache_io *io)
{
	unsigned long flags = spin_lock_irqsave(&w->io_lock);

	list_add_head(&w->io_free, &io->rq.link);
	/* The last use of @w: it goes when it has all back. */
	spin_unlock_irqrestore(&w->io_lock, flags);
	if (wait_is_awaited(&io_queue))
		wake_up(&io_queue);
}

/* One more for the pool. */
static struct cache_io *make_io(struct writeback *w)
{
	struct cache_io *io;

	if (READ_ONCE(w->io_made) >= IO_MOST)
		return NULL;
	io = kmalloc(sizeof(*io));
	if (io)
		atomic_add(&w->io_made, 1);
	return io;
}

int io_prepare(struct writeback *w)
{
	while (w->io_made < IO_LEAST) {
		struct cache_io *io = make_io(w);

		if (!io)
			return -ENOMEM;
		give_io(w, io);
	}
	return 0;
}

void io_end(struct writeback *w)
{
	struct cache_io *io = NULL;

	for (; w->io_made; w->io_made--) {
		wait_event(&io_queue, (io = take_io(w)));
		kfree(io);
	}
}

/* ---- the end of a request ---- */

/* A part of @p that is in a request has come or gone: was it a write, and the last part? */
static bool end_part(struct page *p, bool write, bool failed)
{
	if (failed && !write)
		atomic_or(&p->state, CACHED_FAILED);
	if (__atomic_sub_fetch(&p->ios, 1, __ATOMIC_ACQ_REL))
		return false;
	if (write)
		page_end_write(p);
	else
		page_end_read(p);
	return write;
}

/* A write of @c has ended, or all of a batch were submitted: the last use of @c by it. */
static void uncount(struct file_cache *c, uint8_t epoch)
{
	if (!__atomic_sub_fetch(&c->writing[epoch], 1, __ATOMIC_ACQ_REL))
		wake_up(&io_queue);
}

static void io_done(struct block_request *rq)
{
	struct cache_io *io = container_of(rq, struct cache_io, rq);
	struct file_cache *c = io->cache;
	struct writeback *w = c->writeback; /* which waits for @io; @c does not */
	bool write = rq->op == BLOCK_WRITE;
	unsigned int written = 0;

	if (write && rq->error)
		cache_note_error(c, rq->error);
	if (io->tail)
		memset((char *)page_to_virt(io->tail) + io->tail_at, 0, PAGE_SIZE - io->tail_at);
	for (unsigned int i = 0; i < rq->nr_segments; i++) {
		uint64_t at = paddr_value(io->segments[i].at), end = at + io->segments[i].len;

		for (; at < end; at = ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE)
			written += end_part(phys_to_page(paddr_of(at)), write, rq->error);
	}
	if (write) {
		writeback_written(w, written);
		uncount(c, io->epoch);
	}
	give_io(w, io);
}

void io_wait_written(struct file_cache *c)
{
	uint8_t epoch;

	/*
	 * Requests that begin from now on are counted elsewhere: however busy the file is, this
	 * ends. The other count was waited for by the last that came here.
	 */
	mutex_lock(&c->sync_lock);
	epoch = c->epoch;
	WRITE_ONCE(c->epoch, !epoch);
	dmb(ish); /* a batch that has counted itself in the old one is seen, or counts again */
	wait_event(&io_queue, !load_acquire(&c->writing[epoch]));
	mutex_unlock(&c->sync_lock);
}

/* ---- putting requests together ---- */

/* Before the first page's dirty sectors are taken: who waits for them finds the batch counted. */
static uint8_t count_batch(struct file_cache *c)
{
	for (;;) {
		uint8_t epoch = READ_ONCE(c->epoch);

		atomic_add(&c->writing[epoch], 1);
		dmb(ish); /* io_wait_written's other half */
		if (READ_ONCE(c->epoch) == epoch)
			return epoch;
		uncount(c, epoch);
	}
}

void io_begin(struct io_batch *b, struct file_cache *c, enum block_op op, unsigned int flags)
{
	b->cache = c;
	b->op = op;
	b->flags = (uint8_t)flags;
	b->io = NULL;
	b->extent = (struct cache_extent){ 0 };
	b->onward = PAGE_SIZE;
	list_init(&b->ready);
	if (op == BLOCK_WRITE)
		b->epoch = count_batch(c);
}

/* The request that grows is whole. */
static void close_io(struct io_batch *b)
{
	if (b->io)
		list_add_tail(&b->ready, &b->io->rq.link);
	b->io = NULL;
}

void io_start(struct io_batch *b)
{
	if (!list_empty(&b->ready))
		block_submit_all(&b->ready);
	list_init(&b->ready);
}

void io_push(struct io_batch *b)
{
	close_io(b);
	io_start(b);
}

void io_submit(struct io_batch *b)
{
	io_push(b);
	if (b->op == BLOCK_WRITE)
		uncount(b->cache, b->epoch);
}

static struct cache_io *get_io(struct io_batch *b)
{
	struct writeback *w = b->cache->writeback;
	struct cache_io *io = take_io(w);

	if (!io)
		io = make_io(w);
	if (io)
		return io;
	/* What we hold goes on its way first: it may be all that there is. */
	io_push(b);
	wait_event(&io_queue, (io = take_io(w)));
	return io;
}

static void open_io(struct io_batch *b, uint64_t disk)
{
	struct cache_io *io = get_io(b);

	memset(&io->rq, 0, sizeof(io->rq));
	io->rq.dev = b->cache->dev;
	io->rq.op = (uint8_t)b->op;
	io->rq.flags = b->flags;
	io->rq.sector = disk >> SECTOR_SHIFT;
	io->rq.segments = io->segments;
	io->rq.done = io_done;
	io->cache = b->cache;
	io->tail = NULL;
	if (b->op == BLOCK_WRITE) {
		io->epoch = b->epoch;
		atomic_add(&b->cache->writing[b->epoch], 1);
	}
	b->io = io;
}

/* Is there room in the growing request for @len bytes at @pa, which come to byte @disk? */
static bool fits_io(const struct cache_io *io, uint64_t pa, size_t len, uint64_t disk, bool *joins)
{
	const struct block_limits *l = &io->rq.dev->disk->limits;
	const struct block_segment *s = &io->segments[io->rq.nr_segments - 1];

	if (disk != (io->rq.sector << SECTOR_SHIFT) + io->rq.bytes ||
	    io->rq.bytes + len > l->max_bytes)
		return false;
	*joins = paddr_value(s->at) + s->len == pa && s->len + len <= l->max_segment;
	return *joins || (io->rq.nr_segments < min(l->max_segments, (uint32_t)IO_SEGMENTS) &&
			  /* no piece but the last ends within a sector, nor begins there */
			  IS_ALIGNED(s->len, SECTOR_SIZE));
}

void io_add(struct io_batch *b, struct page *p, size_t off, size_t len, uint64_t disk)
{
	uint64_t pa = paddr_value(page_to_phys(p)) + off;
	bool joins = false;
	struct cache_io *io;

	if (b->io && !fits_io(b->io, pa, len, disk, &joins))
		close_io(b);
	if (!b->io)
		open_io(b, disk);
	io = b->io;
	if (joins)
		io->segments[io->rq.nr_segments - 1].len += (uint32_t)len;
	else
		io->segments[io->rq.nr_segments++] =
			(struct block_segment){ .at = paddr_of(pa), .len = (uint32_t)len };
	io->rq.bytes += (uint32_t)len;
	/* Counted once for each segment that it is in, as io_done does. */
	if (!joins || !off)
		atomic_add(&p->ios, 1);
}

void io_tail(struct io_batch *b, struct page *p, size_t off)
{
	b->io->tail = p;
	b->io->tail_at = (uint32_t)off;
}

void io_page_done(struct io_batch *b, struct page *p)
{
	if (end_part(p, b->op == BLOCK_WRITE, false))
		writeback_written(b->cache->writeback, 1);
}
