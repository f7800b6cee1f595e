/*
 * swap.c - swapon(2) and swapoff(2), and the way of pages to swap areas and back.
 *
 * Comes from sys/swap.c, mm/swap.c (read) and swapd.c (write); goes to the block layer: where a
 * file's pages lie is asked once, by its file system's map, and S_SWAPFILE keeps it so.  So no file
 * system, nor memory, is needed to get a page out.
 *
 * Invariant: a header is hostile: each number of it is checked against the device's or the file's
 * size before it is used.
 */
#include "fs/swap.h"

#include "abi/stat.h"
#include "abi/swap.h"
#include "block/request.h"
#include "fs/dirty.h"
#include "fs/open.h"
#include "fs/swapd.h"
#include "lib/string.h"
#include "mm/fault.h"
#include "mm/kvmap.h"
#include "mm/slab.h"
#include "mm/swapout.h"
#include "mm/zap.h"

#define SLOT_SECTORS (PAGE_SIZE / SECTOR_SIZE)

/* The page with which an area begins: mkswap(8). */
struct swap_header {
	uint8_t boot[1024]; /* a boot loader's */
	uint32_t version;
	uint32_t last_page; /* pages are 0 .. last_page */
	uint32_t nr_bad_pages;
	uint8_t uuid[16];
	uint8_t volume[16];
	uint32_t padding[117];
	uint32_t bad_pages[637];
	uint8_t unused[2];
	uint8_t magic[10]; /* SWAPSPACE2 */
};

_Static_assert(sizeof(struct swap_header) == 4096, "struct swap_header");

/* Slots that lie side by side on the device. */
struct swap_extent {
	uint64_t slot, n;
	uint64_t sector;
};

struct swap_file {
	struct swap_area area;
	struct file *file;
	struct block_device *dev;
	struct swap_extent *extents; /* by slot */
	size_t nr_extents, room;
	bool marked; /* S_SWAPFILE is ours */
};

static struct mutex swapon_lock = MUTEX_INIT(swapon_lock);
static struct swap_file *files[SWAP_AREAS]; /* by area.index; swapon_lock */
static int least_prio = -1;		    /* swapon_lock */

static bool is_partition(const struct swap_file *s)
{
	return S_ISBLK(s->file->inode->mode);
}

/* ---- reading and writing ---- */

static uint64_t sector_of_slot(const struct swap_file *s, uint64_t slot)
{
	size_t low = 0, high = s->nr_extents;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (s->extents[mid].slot <= slot)
			low = mid;
		else
			high = mid;
	}
	return s->extents[low].sector + (slot - s->extents[low].slot) * SLOT_SECTORS;
}

/* A read that a task waits for. */
struct swap_read {
	struct block_request rq;
	struct block_segment segments[SWAP_AHEAD];
	struct completion end;
};

static void read_done(struct block_request *rq)
{
	complete(&container_of(rq, struct swap_read, rq)->end);
}

static int read_slots(struct swap_area *a, uint64_t slot, struct page **p, unsigned int n)
{
	struct swap_file *s = container_of(a, struct swap_file, area);
	const struct block_limits *l = &s->dev->disk->limits;
	uint64_t sector = sector_of_slot(s, slot);
	struct swap_read r = { .rq = { .dev = s->dev,
				       .op = BLOCK_READ,
				       .nr_segments = (uint16_t)n,
				       .bytes = (uint32_t)(n * PAGE_SIZE),
				       .sector = sector,
				       .segments = r.segments,
				       .done = read_done } };

	if (n > 1 && (sector_of_slot(s, slot + n - 1) != sector + (n - 1) * SLOT_SECTORS ||
		      n > l->max_segments || r.rq.bytes > l->max_bytes))
		return -EAGAIN;
	for (unsigned int i = 0; i < n; i++)
		r.segments[i] =
			(struct block_segment){ .at = page_to_phys(p[i]), .len = PAGE_SIZE };
	completion_init(&r.end);
	block_submit(&r.rq);
	completion_wait(&r.end);
	return r.rq.error ? -EIO : 0;
}

/* A batch that is being written, swapd's or a task's that sends its own memory out. */
static struct mutex out_lock = MUTEX_INIT(out_lock);
static struct {
	struct block_request requests[SWAP_BATCH];
	struct block_segment segments[SWAP_BATCH];
	unsigned int first[SWAP_BATCH + 1]; /* of each request's pages in the batch */
	uint32_t left;			    /* atomic: requests under way, and one for who waits */
	struct completion all;
} out;

static void drop_request(void)
{
	if (!__atomic_sub_fetch(&out.left, 1, __ATOMIC_ACQ_REL))
		complete(&out.all);
}

static void request_done(struct block_request *rq)
{
	drop_request();
}

/* May the page at @sector of @dev be a part of @rq too, which is the last so far? */
static bool fits_request(const struct block_request *rq, const struct block_device *dev,
			 uint64_t sector)
{
	const struct block_limits *l = &dev->disk->limits;

	return rq->dev == dev && rq->sector + (rq->bytes >> SECTOR_SHIFT) == sector &&
	       rq->bytes + PAGE_SIZE <= l->max_bytes && rq->nr_segments < l->max_segments;
}

/* Requests for all of @b: how many. */
static unsigned int make_requests(const struct swap_batch *b)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < b->n; i++) {
		const struct swap_leaf *l = &b->at[i];
		struct swap_file *s = container_of(swap_area_at(l->entry), struct swap_file, area);
		uint64_t sector = sector_of_slot(s, l->entry >> PAGE_SHIFT);
		struct block_request *rq = n ? &out.requests[n - 1] : NULL;

		out.segments[i] =
			(struct block_segment){ .at = page_to_phys(l->page), .len = PAGE_SIZE };
		if (!rq || !fits_request(rq, s->dev, sector)) {
			out.first[n] = i;
			rq = &out.requests[n++];
			*rq = (struct block_request){ .dev = s->dev,
						      .op = BLOCK_WRITE,
						      .sector = sector,
						      .segments = &out.segments[i],
						      .done = request_done };
		}
		rq->nr_segments++;
		rq->bytes += PAGE_SIZE;
	}
	out.first[n] = b->n;
	return n;
}

static void write_batch(struct swap_batch *b)
{
	struct list_node ready;
	unsigned int n;

	mutex_lock(&out_lock);
	n = make_requests(b);
	list_init(&ready);
	for (unsigned int i = 0; i < n; i++)
		list_add_tail(&ready, &out.requests[i].link);
	completion_init(&out.all);
	out.left = n + 1;
	block_submit_all(&ready);
	drop_request();
	completion_wait(&out.all);
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int k = out.first[i]; k < out.first[i + 1]; k++)
			b->at[k].error = out.requests[i].error;
	for (unsigned int i = 0; i < n; i++)
		if (out.requests[i].error)
			printk_once(LOG_ERR, "Write-error on swap-device %s\n",
				    out.requests[i].dev->name);
	mutex_unlock(&out_lock);
}

/* ---- where the slots lie ---- */

/* A run of bytes, of which whole slots are used. */
struct byte_run {
	uint64_t at, len, disk;
};

static int add_extent(struct swap_file *s, const struct byte_run *r)
{
	uint64_t slot = DIV_ROUND_UP(r->at, PAGE_SIZE), end = (r->at + r->len) >> PAGE_SHIFT;
	struct swap_extent *more;

	if (slot >= end)
		return 0;
	if (s->nr_extents == s->room) {
		size_t room = s->room ? 2 * s->room : 16;

		more = kvmap_alloc(room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		if (s->nr_extents)
			memcpy(more, s->extents, s->nr_extents * sizeof(*more));
		kvmap_free(s->extents, s->room * sizeof(*more));
		s->extents = more;
		s->room = room;
	}
	s->extents[s->nr_extents++] =
		(struct swap_extent){ .slot = slot,
				      .n = end - slot,
				      .sector = (r->disk + ((slot << PAGE_SHIFT) - r->at)) >>
						SECTOR_SHIFT };
	return 0;
}

/* The run that follows @run's bytes joins it, or @run is whole and @next takes its place. */
static int join_run(struct swap_file *s, struct byte_run *run, const struct byte_run *next)
{
	int err = 0;

	if (run->len && run->disk + run->len == next->disk) {
		run->len += next->len;
		return 0;
	}
	if (run->len)
		err = add_extent(s, run);
	*run = *next;
	return err;
}

/* Of a file: all of its first @size bytes must have a place. */
static int map_file(struct swap_file *s, struct file_cache *c, uint64_t size)
{
	struct byte_run run = { .len = 0 }, next;
	struct cache_extent e;
	int err;

	for (uint64_t at = 0; at < size; at = e.at + e.len) {
		err = c->ops->map(c, at, size - at, MAP_READ, &e);
		if (err)
			return err;
		if (e.at > at || at - e.at >= e.len)
			return -EIO;
		if (e.flags & EXTENT_HOLE) {
			pr_err("swapon: swapfile has holes\n");
			return -EINVAL;
		}
		next.at = at;
		next.len = min(e.at + e.len, size) - at;
		next.disk = e.disk + (at - e.at);
		err = join_run(s, &run, &next);
		if (!err && (give_way() || signal_pending()))
			err = -EINTR;
		if (err)
			return err;
	}
	return add_extent(s, &run);
}

/* ---- the header ---- */

static uint32_t header_number(bool swapped, uint32_t n)
{
	return swapped ? __builtin_bswap32(n) : n;
}

/*
 * What Linux takes and refuses, in its order.  Turns the numbers of @h round if need be.  The slots
 * that it has, header included; 0: it is no swap area for us.
 */
static uint64_t check_swap_header(struct swap_header *h, uint64_t file_pages, bool is_file)
{
	bool swapped = h->version == __builtin_bswap32(1);
	uint64_t n;

	if (memcmp(h->magic, "SWAPSPACE2", sizeof(h->magic)) != 0) {
		pr_err("Unable to find swap-space signature\n");
		return 0;
	}
	h->version = header_number(swapped, h->version);
	h->last_page = header_number(swapped, h->last_page);
	h->nr_bad_pages = header_number(swapped, h->nr_bad_pages);
	if (h->nr_bad_pages > ARRAY_SIZE(h->bad_pages) && swapped)
		return 0;
	for (uint32_t i = 0; swapped && i < h->nr_bad_pages; i++)
		h->bad_pages[i] = header_number(true, h->bad_pages[i]);
	if (h->version != 1) {
		pr_warn("Unable to handle swap header version %u\n", h->version);
		return 0;
	}
	if (!h->last_page) {
		pr_warn("Empty swap-file\n");
		return 0;
	}
	n = (uint64_t)h->last_page + 1;
	if (n > file_pages && file_pages) {
		pr_warn("Swap area shorter than signature indicates\n");
		return 0;
	}
	if ((h->nr_bad_pages && is_file) || h->nr_bad_pages > ARRAY_SIZE(h->bad_pages))
		return 0;
	return n;
}

/* The slots of @s: those that have a place and are not bad are free. */
static int make_slots(struct swap_file *s, const struct swap_header *h)
{
	struct swap_area *a = &s->area;

	a->slots = kvmap_alloc(a->nr_slots * sizeof(*a->slots));
	if (!a->slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < h->nr_bad_pages; i++) {
		if (!h->bad_pages[i] || h->bad_pages[i] > h->last_page)
			return -EINVAL;
		a->slots[h->bad_pages[i]].count = 1;
	}
	/* From the end, so that they are taken from the beginning. */
	for (size_t i = s->nr_extents; i--;) {
		const struct swap_extent *e = &s->extents[i];

		for (uint64_t slot = min(e->slot + e->n, a->nr_slots); slot-- > e->slot;) {
			if (slot && !a->slots[slot].count) {
				swap_area_slot(a, slot);
				a->pages++;
			}
			a->slots[slot].count = 0;
			if (!(slot % 4096) && give_way())
				return -EINTR;
		}
	}
	if (a->pages)
		return 0;
	pr_warn("Empty swap-file\n");
	return -EINVAL;
}

/* ---- on ---- */

/* What @s->file is, from the device's or the file's pages: where they lie, and the slots. */
static int look_at_area(struct swap_file *s)
{
	struct swap_header *h = kzalloc(sizeof(*h));
	struct file_cache *c = file_cache(s->file);
	uint64_t size = READ_ONCE(c->object.size);
	long got = h ? object_read(&c->object, 0, h, sizeof(*h)) : -ENOMEM;
	int err = got < 0 ? (int)got : 0;

	if (!err) {
		s->area.nr_slots = check_swap_header(h, size >> PAGE_SHIFT, !is_partition(s));
		err = s->area.nr_slots ? 0 : -EINVAL;
	}
	size = s->area.nr_slots << PAGE_SHIFT;
	if (!err && is_partition(s))
		err = add_extent(s, &(struct byte_run){ .at = 0, .len = size, .disk = 0 });
	else if (!err)
		err = c->ops->map && c->dev ? map_file(s, c, size) : -EINVAL;
	if (!err)
		err = make_slots(s, h);
	kfree(h);
	return err;
}

/* From now on nobody writes the file, or cuts it; @is_on: another may not mark it. */
static int mark_file(struct swap_file *s, bool is_on)
{
	struct inode *inode = s->file->inode;
	int err = 0;

	if (is_partition(s))
		return 0; /* O_EXCL has claimed it */
	mutex_lock(&inode->lock);
	if (is_on && inode->sflags & S_SWAPFILE)
		err = -EBUSY;
	else
		inode->sflags = is_on ? inode->sflags | S_SWAPFILE : inode->sflags & ~S_SWAPFILE;
	mutex_unlock(&inode->lock);
	s->marked = is_on && !err;
	return err;
}

static void free_swap_file(struct swap_file *s)
{
	kvmap_free(s->area.slots, s->area.nr_slots * sizeof(*s->area.slots));
	kvmap_free(s->extents, s->room * sizeof(*s->extents));
	if (s->marked)
		(void)mark_file(s, false);
	if (s->file)
		file_put(s->file);
	kfree(s);
}

static int open_swap(struct swap_file *s, const char *name)
{
	struct file *f = vfs_open(AT_FDCWD, name, O_RDWR | O_LARGEFILE | O_EXCL, 0);
	struct file_cache *c;
	int err;

	if (is_err(f))
		return (int)ptr_err(f);
	s->file = f;
	if (!S_ISBLK(f->inode->mode) && (!S_ISREG(f->inode->mode) || !f->inode->cache))
		return -EINVAL;
	err = mark_file(s, true);
	if (err)
		return err;
	c = file_cache(f);
	s->dev = is_partition(s) ? f->private : c->dev;
	/*
	 * What is dirty must not come later, over pages that are there by then: whoever may store
	 * into the file now asks again, and is refused (make_writable).
	 */
	if (S_ISREG(f->inode->mode))
		mm_clean_object(&c->object, 0, UINT64_MAX);
	err = cache_write_range(c, 0, UINT64_MAX, true);
	if (!err)
		err = look_at_area(s);
	cache_drop(c);
	return err;
}

static void tell_area(const struct swap_file *s, const char *name)
{
	uint64_t lowest = UINT64_MAX, end = 0; /* in sectors: a file's parts lie in any order */

	for (size_t i = 0; i < s->nr_extents; i++) {
		lowest = min(lowest, s->extents[i].sector);
		end = max(end, s->extents[i].sector + s->extents[i].n * SLOT_SECTORS);
	}
	pr_info("Adding %lluk swap on %s.  Priority:%d extents:%zu across:%lluk %s\n",
		(unsigned long long)s->area.pages << (PAGE_SHIFT - 10), name, s->area.prio,
		s->nr_extents,
		(unsigned long long)(is_partition(s) ? s->area.pages
						     : (end - lowest) / SLOT_SECTORS)
			<< (PAGE_SHIFT - 10),
		s->dev->disk->limits.rotational ? "" : "SS");
}

/* It is looked at: pages go there.  swapon_lock held. */
static int add_area(struct swap_file *s, uint32_t flags)
{
	int err = swapd_start(write_batch);

	if (err)
		return err;
	s->area.read = read_slots;
	s->area.prio =
		flags & SWAP_FLAG_PREFER ? (int)(flags & SWAP_FLAG_PRIO_MASK) : least_prio - 1;
	err = swap_area_add(&s->area);
	if (err)
		return err;
	if (s->area.prio < 0)
		least_prio = s->area.prio;
	files[s->area.index] = s;
	return 0;
}

int vfs_swapon(const char *name, uint32_t flags)
{
	struct swap_file *s = kzalloc(sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	err = open_swap(s, name);
	mutex_lock(&swapon_lock);
	if (!err)
		err = add_area(s, flags);
	if (!err)
		tell_area(s, name);
	mutex_unlock(&swapon_lock);
	if (err)
		free_swap_file(s);
	return err;
}

/* ---- off ---- */

/* Those of automatic priority below it move up.  swapon_lock held. */
static void close_gap(int prio)
{
	if (prio >= 0)
		return;
	for (unsigned int i = 0; i < SWAP_AREAS; i++)
		if (files[i] && files[i]->area.prio < prio)
			swap_area_prio(&files[i]->area, files[i]->area.prio + 1);
	least_prio++;
}

/* Others' pages must go out before more can come in. */
static int others_out(void)
{
	if (signal_pending())
		return -EINTR;
	return oom_reclaim_hook() ? 0 : -ENOMEM;
}

/* What of shared memory and of files in RAM is out in @s comes in.  objects_next goes round. */
static int bring_objects_in(const struct swap_file *s)
{
	int err = 0;

	for (uint64_t i = objects_out() ? objects_count() : 0; i && !err; i--) {
		struct vm_object *o = objects_next();

		do
			err = o ? swap_in_object(o, s->area.index) : 0;
		while (err == -EAGAIN && !(err = others_out()));
		if (o)
			object_put(o);
		if (!err && signal_pending())
			err = -EINTR;
	}
	return err;
}

/* Those, and all processes'. */
static int bring_in_once(const struct swap_file *s)
{
	struct process *p;
	int err = bring_objects_in(s);

	for (pid_t pid = 0; !err && (p = process_first(pid)); pid = p->pid + 1, process_put(p)) {
		struct mm *mm = process_mm(p, NULL);

		do
			err = mm ? mm_swap_in(mm, s->area.index) : 0;
		while (err == -EAGAIN && !(err = others_out()));
		if (mm)
			mm_put(mm);
		if (!err && signal_pending())
			err = -EINTR;
	}
	return err;
}

#define OFF_PAUSE_MS 2

/* Is nothing out there any more?  Then its index is another's, and it in no list, in one step. */
static bool forget_area(struct swap_file *s)
{
	unsigned int index = s->area.index;
	bool done;

	mutex_lock(&swapon_lock);
	done = swap_area_remove(&s->area);
	if (done) {
		files[index] = NULL;
		close_gap(s->area.prio);
	}
	mutex_unlock(&swapon_lock);
	return done;
}

/* A process that is made meanwhile, or is on its way out, has entries too: again until all went. */
static int bring_all_in(struct swap_file *s)
{
	int err = 0;

	while (!err && !forget_area(s)) {
		err = bring_in_once(s);
		if (!err)
			sleep_ms(OFF_PAUSE_MS);
	}
	return err;
}

/* The area that @f is, too.  swapon_lock held. */
static struct swap_file *find_area(const struct file *f)
{
	for (unsigned int i = 0; i < SWAP_AREAS; i++) {
		struct swap_file *s = files[i];

		if (!s || s->area.stopped)
			continue;
		if (s->file->inode == f->inode ||
		    (is_partition(s) && S_ISBLK(f->inode->mode) && f->private == s->dev))
			return s;
	}
	return NULL;
}

int vfs_swapoff(const char *name)
{
	struct file *f = vfs_open(AT_FDCWD, name, O_RDWR | O_LARGEFILE, 0);
	struct swap_file *s;
	int err;

	if (is_err(f))
		return (int)ptr_err(f);
	err = mutex_lock_killable(&swapon_lock);
	if (err) {
		file_put(f);
		return err;
	}
	s = find_area(f);
	if (s) /* a second swapoff does not find it */
		swap_area_stop(&s->area, true);
	mutex_unlock(&swapon_lock);
	file_put(f);
	if (!s)
		return -EINVAL;
	err = bring_all_in(s);
	if (err) {
		mutex_lock(&swapon_lock); /* as find_area looks at it */
		swap_area_stop(&s->area, false);
		mutex_unlock(&swapon_lock);
	} else {
		free_swap_file(s);
	}
	return err;
}

bool swap_next(unsigned int *at, struct swap_info *info)
{
	struct swap_file *s = NULL;

	if (mutex_lock_killable(&swapon_lock))
		return false;
	while (*at < SWAP_AREAS && !s)
		s = files[(*at)++];
	if (s) {
		*info = (struct swap_info){ .file = s->file,
					    .pages = s->area.pages,
					    .used = READ_ONCE(s->area.used),
					    .prio = s->area.prio };
		file_get(s->file);
	}
	mutex_unlock(&swapon_lock);
	return s;
}
