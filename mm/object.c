/*
 * object.c - pages by number: a radix tree of 512 entries a node, kept by everything that can be
 * mapped (see object.h).
 *
 * Invariant (object->lock): an entry of the lowest level is NULL or a page to which the tree holds
 * a reference, or of an object in_ram the entry of a swap slot, which is then the tree's; height
 * h reaches indexes below 512^h.  An entry above it, or the root, is a node, and has DIRTY_BELOW
 * where a page below may be dirty.
 */
#include "mm/object.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "mm/swap.h"

#define NODE_SHIFT   9
#define NODE_ENTRIES (1UL << NODE_SHIFT)
#define INDEX_MAX    (1UL << 51) /* 2^63 bytes */

#define DIRTY_BELOW  1UL

/* All that are in_ram, and how many pages of them are out. */
static struct spinlock in_ram_lock = SPINLOCK_INIT; /* a leaf */
static struct list_node all_in_ram = LIST_INIT(all_in_ram);
static uint64_t nr_in_ram;
static uint64_t all_out; /* atomic */

static void **tree_node(void *entry)
{
	return (void **)((uintptr_t)entry & ~DIRTY_BELOW);
}

static void *tagged(void *entry)
{
	return (void *)((uintptr_t)entry | DIRTY_BELOW);
}

static unsigned int slot_at(uint64_t index, uint32_t height)
{
	return (index >> (NODE_SHIFT * (height - 1))) & (NODE_ENTRIES - 1);
}

static bool reaches(const struct vm_object *o, uint64_t index)
{
	return NODE_SHIFT * o->height >= 64 || index >> (NODE_SHIFT * o->height) == 0;
}

static void **new_tree_node(struct vm_object *o)
{
	struct page *p = page_alloc_zero();

	if (!p)
		return NULL;
	charge_add(o->charge, PAGE_SIZE);
	return page_to_virt(p);
}

/* A page or a node that is no longer in the tree. */
static void give_back(struct vm_object *o, struct page *p)
{
	page_put(p);
	charge_drop(o->charge, PAGE_SIZE);
}

/*
 * The slot for @index; NULL when it is not there, or with @create when there is no memory.  o->lock
 * held.
 */
static void **find_page_slot(struct vm_object *o, uint64_t index, bool create)
{
	void **node;

	while (!o->height || !reaches(o, index)) {
		void **up = create ? new_tree_node(o) : NULL;

		if (!up)
			return NULL;
		/* Under o->lock: no reader goes down the tree while it gets higher. */
		up[0] = o->root;
		o->root = o->nr_dirty ? tagged(up) : up;
		o->height++;
	}
	node = tree_node(o->root);
	for (uint32_t h = o->height; h > 1; h--) {
		void **slot = &node[slot_at(index, h)];

		if (!*slot && (!create || !(*slot = new_tree_node(o))))
			return NULL;
		node = tree_node(*slot);
	}
	return &node[slot_at(index, 1)];
}

/* ---- pages that are out: o->lock held ---- */

/* What is in a slot of the lowest level: an entry of swap's, or 0. */
static uint64_t entry_in(const void *slot)
{
	return (uintptr_t)slot & SWAP_ENTRY ? (uintptr_t)slot : 0;
}

static void count_out(struct vm_object *o, int64_t n)
{
	o->nr_out += (uint64_t)n;
	atomic_add(&all_out, n);
}

/* That @p was asked for.  (A page that is being written out has something else there.) */
static void note_use(struct page *p)
{
	if (p->kind != PAGE_SWAP)
		p->state = CACHED_RECENT;
}

/* The page of the entry in *@slot takes its place, if it is in RAM. */
static struct page *claim_slot(struct vm_object *o, void **slot)
{
	struct page *p = swap_claim(entry_in(*slot));

	if (p) {
		p->in_object = true;
		*slot = p;
		count_out(o, -1);
	}
	return p;
}

/*
 * The page at @index, which has @entry, is read in and takes its place, unless that has changed.
 * o->lock is not held.  0, -EIO, -ENOMEM, -EINTR.
 */
static int bring_back(struct vm_object *o, uint64_t index, uint64_t entry)
{
	struct page *p = swap_bring(entry);
	void **slot;

	if (!is_err(p)) {
		spin_lock(&o->lock);
		slot = find_page_slot(o, index, false);
		if (slot && entry_in(*slot) == entry)
			(void)claim_slot(o, slot);
		spin_unlock(&o->lock);
		page_put(p);
	}
	swap_free(entry); /* the caller's */
	return is_err(p) ? (int)ptr_err(p) : 0;
}

/* As object_ram_page; *@entry: it is out there, with an entry for the caller, and not answered. */
static struct page *ram_page(struct vm_object *o, uint64_t index, bool create, uint64_t *entry)
{
	struct page *p = NULL;
	void **slot;

	spin_lock(&o->lock);
	slot = find_page_slot(o, index, create);
	*entry = slot ? entry_in(*slot) : 0;
	if (unlikely(*entry)) {
		/* (There are never too many: the tree's, and one a task that reads it.) */
		if (claim_slot(o, slot) || !swap_dup(*entry))
			*entry = 0;
	}
	if (slot && !*slot && create && (*slot = page_alloc_zero())) {
		((struct page *)*slot)->in_object = true;
		charge_add(o->charge, PAGE_SIZE);
		o->nr_pages++;
	}
	if (slot && !*entry)
		p = *slot;
	if (p)
		note_use(p);
	/*
	 * The reference is taken under the lock: object_remove on another core may drop the tree's
	 * right after it.
	 */
	if (p)
		page_get(p);
	spin_unlock(&o->lock);
	return p;
}

struct page *object_ram_page(struct vm_object *o, uint64_t index, bool create)
{
	struct page *p;
	uint64_t entry;
	int err;

	if (index >= INDEX_MAX)
		return create ? err_ptr(-ENOMEM) : NULL;
	if (create)
		page_throttle();
	do {
		p = ram_page(o, index, create, &entry);
		err = 0;
		if (p || (!entry && !create))
			return p;
		err = entry ? bring_back(o, index, entry) : -ENOMEM;
		/* It is there now; or there may be room for it. */
	} while (!err || (err == -ENOMEM && page_throttle_hook && page_throttle_hook()));
	return err_ptr(err);
}

void object_peek(struct vm_object *o, uint64_t index, size_t n, struct page **pages)
{
	void **slot;

	spin_lock(&o->lock);
	slot = find_page_slot(o, index, false);
	for (size_t i = 0; i < n; i++) {
		pages[i] = slot && !entry_in(slot[i]) ? slot[i] : NULL;
		if (pages[i])
			page_get(pages[i]);
	}
	spin_unlock(&o->lock);
}

/* A page that is out leaves the tree. */
static void forget_out(struct vm_object *o, uint64_t entry)
{
	swap_free(entry);
	count_out(o, -1);
	charge_drop(o->charge, PAGE_SIZE);
}

/*
 * Drops the pages [range[0], range[1]) below @node, whose first page is @base; true when nothing is
 * left of it.
 */
static bool free_range(struct vm_object *o, void **node, uint32_t height, uint64_t base,
		       const uint64_t range[2])
{
	uint64_t span = 1UL << (NODE_SHIFT * (height - 1));
	bool empty = true;

	for (unsigned int i = 0; i < NODE_ENTRIES; i++) {
		uint64_t first = base + i * span;

		if (!node[i])
			continue;
		if (first + span <= range[0] || first >= range[1]) {
			empty = false;
		} else if (height == 1) {
			/*
			 * The tree's reference only: a mapping, or a read under way, still has its
			 * own.
			 */
			if (unlikely(entry_in(node[i])))
				forget_out(o, entry_in(node[i]));
			else
				give_back(o, node[i]);
			o->nr_pages--;
			node[i] = NULL;
		} else if (free_range(o, tree_node(node[i]), height - 1, first, range)) {
			give_back(o, virt_to_page(tree_node(node[i])));
			node[i] = NULL;
		} else {
			empty = false;
		}
	}
	return empty;
}

static void remove_object_part(struct vm_object *o, uint64_t first, uint64_t end)
{
	const uint64_t range[2] = { first, end };

	spin_lock(&o->lock);
	if (o->height && free_range(o, tree_node(o->root), o->height, 0, range)) {
		give_back(o, virt_to_page(tree_node(o->root)));
		o->root = NULL;
		o->height = 0;
	}
	spin_unlock(&o->lock);
}

/*
 * Is there a page at @index?  If not, *@next is the next one at which there could be.  o->lock
 * held.
 */
static bool page_is_there(const struct vm_object *o, uint64_t index, uint64_t *next)
{
	void **node = tree_node(o->root);

	*next = UINT64_MAX;
	if (!o->height || !reaches(o, index))
		return false;
	for (uint32_t h = o->height; h; h--) {
		uint64_t span = 1UL << (NODE_SHIFT * (h - 1));

		*next = ALIGN_DOWN(index, span) + span;
		node = tree_node(node[slot_at(index, h)]);
		if (!node)
			return false;
	}
	return true;
}

/* As object_next; @to_the_end: even if current is to die. */
static uint64_t next_index(struct vm_object *o, uint64_t index, uint64_t end, bool data,
			   bool to_the_end)
{
	bool found = false;

	while (!found && index < end) {
		spin_lock(&o->lock);
		/*
		 * A bounded number of steps under the spin lock: a file may be a hole of 2^63
		 * bytes.
		 */
		for (unsigned int i = 0; !found && i < NODE_ENTRIES && index < end; i++) {
			uint64_t next;

			found = page_is_there(o, index, &next) == data;
			if (!found)
				index = next;
		}
		spin_unlock(&o->lock); /* others may have waited */
		if (!found && give_way() && !to_the_end)
			return end;
	}
	return min(index, end);
}

uint64_t object_next(struct vm_object *o, uint64_t index, uint64_t end, bool data)
{
	return next_index(o, index, end, data, false);
}

#define REMOVED_AT_ONCE 128 /* pages, under the spin lock */

/* A few at a time; at the end the nodes that never held one. */
void object_remove(struct vm_object *o, uint64_t first, uint64_t end)
{
	uint64_t at = first, next;

	while ((at = next_index(o, at, end, true, true)) < end) {
		next = min(end, ALIGN_DOWN(at, REMOVED_AT_ONCE) + REMOVED_AT_ONCE);
		remove_object_part(o, at, next);
		at = next;
		(void)give_way();
	}
	remove_object_part(o, first, end);
}

void object_free_pages(struct vm_object *o, uint64_t from)
{
	object_remove(o, DIV_ROUND_UP(from, PAGE_SIZE), UINT64_MAX);
}

/* ---- pages that come and go ---- */

struct page *object_insert(struct vm_object *o, uint64_t index, struct page *p, bool beyond)
{
	void **slot;

	if (index >= INDEX_MAX)
		return err_ptr(beyond ? -ENOMEM : -ENXIO);
	spin_lock(&o->lock);
	/* Under the lock, as the size is set: nothing comes in behind an end that was just set. */
	if (!beyond && index >= DIV_ROUND_UP(o->size, PAGE_SIZE)) {
		p = err_ptr(-ENXIO);
	} else if (!(slot = find_page_slot(o, index, true))) {
		p = err_ptr(-ENOMEM);
	} else if (*slot) {
		p = *slot;
		page_get(p);
	} else {
		*slot = p;
		p->in_object = true;
		o->nr_pages++;
		charge_add(o->charge, PAGE_SIZE);
	}
	spin_unlock(&o->lock);
	return p;
}

enum object_took object_take(struct vm_object *o, uint64_t index, struct page *p, bool unused)
{
	bool took, dirty = false;
	void **slot;

	spin_lock(&o->lock);
	slot = find_page_slot(o, index, false);
	/*
	 * Who has no reference gets one under the lock alone; a leaf can be copied by fork only
	 * while there is one.
	 */
	took = slot && *slot == p && !(unused && (READ_ONCE(p->refs) != 1 || p->dirty));
	if (took) {
		*slot = NULL;
		o->nr_pages--;
		dirty = p->dirty;
		o->nr_dirty -= dirty;
		p->dirty = 0;
	}
	spin_unlock(&o->lock);
	if (took)
		give_back(o, p);
	return !took ? OBJECT_TOOK_NONE : dirty ? OBJECT_TOOK_DIRTY : OBJECT_TOOK_CLEAN;
}

static bool node_is_empty(void **node)
{
	for (unsigned int i = 0; i < NODE_ENTRIES; i++)
		if (node[i])
			return false;
	return true;
}

void object_trim(struct vm_object *o, uint64_t index)
{
	const uint64_t first = ALIGN_DOWN(index, NODE_ENTRIES);
	const uint64_t range[2] = { first, first + NODE_ENTRIES };
	void **slot;

	spin_lock(&o->lock);
	slot = find_page_slot(o, first, false);
	if (slot && node_is_empty(slot) && free_range(o, tree_node(o->root), o->height, 0, range)) {
		give_back(o, virt_to_page(tree_node(o->root)));
		o->root = NULL;
		o->height = 0;
	}
	spin_unlock(&o->lock);
}

/*
 * Each node on the way to @index, which is there, is said to have something dirty.  o->lock held.
 */
static void tag_way(struct vm_object *o, uint64_t index)
{
	void **slot = &o->root;

	for (uint32_t h = o->height; h; h--) {
		*slot = tagged(*slot);
		slot = &tree_node(*slot)[slot_at(index, h)];
	}
}

bool object_dirty(struct vm_object *o, uint64_t index, struct page *p, uint8_t sectors)
{
	bool was_clean = false;
	void **slot;

	spin_lock(&o->lock);
	slot = find_page_slot(o, index, false);
	if (slot && *slot == p) {
		was_clean = !p->dirty;
		p->dirty |= sectors;
	}
	if (was_clean) {
		o->nr_dirty++;
		tag_way(o, index);
	}
	spin_unlock(&o->lock);
	return was_clean;
}

uint8_t object_clean(struct vm_object *o, struct page *p)
{
	uint8_t dirty;

	/* The tags stay: the next search finds that nothing is below them. */
	spin_lock(&o->lock);
	dirty = p->dirty;
	o->nr_dirty -= dirty != 0;
	p->dirty = 0;
	spin_unlock(&o->lock);
	return dirty;
}

bool object_forget(struct vm_object *o, uint64_t index, struct page *p, uint8_t sectors)
{
	bool was_dirty = false, dirty = false;
	void **slot;

	spin_lock(&o->lock);
	slot = find_page_slot(o, index, false);
	if (slot && *slot == p) {
		was_dirty = p->dirty;
		p->dirty &= (uint8_t)~sectors;
		dirty = p->dirty;
	}
	if (was_dirty && !dirty)
		o->nr_dirty--;
	spin_unlock(&o->lock);
	return was_dirty && !dirty;
}

/*
 * The page at @index, or NULL, with *@next the next index at which there could be one (that is
 * dirty).  o->lock held.
 */
static struct page *page_at(struct vm_object *o, uint64_t index, bool dirty, uint64_t *next)
{
	void **slot = &o->root;
	struct page *p;

	*next = UINT64_MAX;
	if (!o->height || !reaches(o, index) || (dirty && !o->nr_dirty))
		return NULL;
	for (uint32_t h = o->height; h; h--) {
		uint64_t span = 1UL << (NODE_SHIFT * (h - 1));

		if (!*slot || (dirty && !((uintptr_t)*slot & DIRTY_BELOW)))
			return NULL;
		*next = ALIGN_DOWN(index, span) + span;
		slot = &tree_node(*slot)[slot_at(index, h)];
	}
	p = *slot;
	return p && !entry_in(p) && (!dirty || p->dirty) ? p : NULL;
}

/* The node of the 512 pages from @first on has nothing dirty any more.  o->lock held. */
static void untag_node(struct vm_object *o, uint64_t first)
{
	void **slot = &o->root;

	if (!o->height || !reaches(o, first))
		return;
	for (uint32_t h = o->height; h > 1 && *slot; h--)
		slot = &tree_node(*slot)[slot_at(first, h)];
	*slot = tree_node(*slot);
}

#define LOOKED_AT 1024 /* entries, under the spin lock */

struct page *object_next_page(struct vm_object *o, uint64_t *index, uint64_t end, bool dirty)
{
	uint64_t at = *index, whole = UINT64_MAX, next;
	struct page *p = NULL;

	spin_lock(&o->lock);
	for (unsigned int i = 0; !p && i < LOOKED_AT && at < end; i++) {
		if (!(at & (NODE_ENTRIES - 1)))
			whole = at; /* this node is looked at from its beginning */
		p = page_at(o, at, dirty, &next);
		if (p)
			break;
		at = next;
		if (dirty && at == whole + NODE_ENTRIES)
			untag_node(o, whole);
	}
	if (p)
		page_get(p);
	spin_unlock(&o->lock);
	*index = min(at, end);
	return p;
}

/* ---- pages on their way out ---- */

uint64_t object_send_out(struct vm_object *o, uint64_t index, uint64_t end, struct swap_batch *b,
			 bool force, bool *mapped)
{
	uint64_t entry;
	void **slot;
	bool fresh;

	spin_lock(&o->lock);
	slot = find_page_slot(o, index, false);
	for (; slot && index < end && b->n < SWAP_BATCH; index++, slot++) {
		struct page *p = *slot;

		if (!p || entry_in(p) || p->kind == PAGE_SWAP)
			continue;
		if (p->state & CACHED_RECENT && !force) {
			p->state = 0;
			b->aged++;
			continue;
		}
		/* Under the lock nobody else gets a reference; a leaf has one. */
		if (READ_ONCE(p->refs) != 1) {
			*mapped = true;
			continue;
		}
		entry = swap_entry_for(p, &fresh);
		if (!entry)
			break;
		b->at[b->n++] = (struct swap_leaf){ .page = p, .entry = entry };
		*slot = (void *)entry;
		count_out(o, 1);
		page_put(p); /* its slot has another */
	}
	spin_unlock(&o->lock);
	return slot ? index : end;
}

uint64_t object_next_out(struct vm_object *o, uint64_t index, unsigned int area, uint64_t *next)
{
	uint64_t found = UINT64_MAX;

	spin_lock(&o->lock);
	for (unsigned int i = 0; i < LOOKED_AT && o->nr_out && index < INDEX_MAX; i++) {
		void **slot =
			page_is_there(o, index, next) ? find_page_slot(o, index, false) : NULL;
		uint64_t entry = slot ? entry_in(*slot) : 0;

		if (entry && swap_area_of(entry) == area && entry != SWAP_LOST) {
			found = index;
			break;
		}
		index = *next;
	}
	*next = o->nr_out && index < INDEX_MAX ? index : UINT64_MAX;
	spin_unlock(&o->lock);
	return found;
}

void object_lose(struct vm_object *o, uint64_t index)
{
	void **slot;

	spin_lock(&o->lock);
	slot = find_page_slot(o, index, false);
	if (slot && entry_in(*slot)) {
		swap_free(entry_in(*slot));
		*slot = (void *)SWAP_LOST;
	}
	spin_unlock(&o->lock);
}

struct vm_object *objects_next(void)
{
	struct vm_object *o = NULL;

	spin_lock(&in_ram_lock);
	for (unsigned int i = 0; i < 64 && !o && !list_empty(&all_in_ram); i++) {
		o = list_first(&all_in_ram, struct vm_object, in_ram_link);
		list_del(&o->in_ram_link);
		list_add_tail(&all_in_ram, &o->in_ram_link);
		/* One without a reference is on its way out, and waits for this lock. */
		if (!ref_get_unless_zero(&o->held.refs))
			o = NULL;
	}
	spin_unlock(&in_ram_lock);
	return o;
}

uint64_t objects_count(void)
{
	return READ_ONCE(nr_in_ram);
}

uint64_t objects_out(void)
{
	return READ_ONCE(all_out);
}

static void release_anon(struct vm_object *o)
{
	object_free_pages(o, 0);
	charge_drop(o->charge, sizeof(*o));
	kfree(o);
}

static const struct vm_object_ops anon_ops = { .page = object_ram_page,
					       .release = release_anon,
					       .in_ram = true };

static void release_held_object(struct vm_held *h)
{
	struct vm_object *o = container_of(h, struct vm_object, held);

	if (o->ops->in_ram) {
		spin_lock(&in_ram_lock);
		list_del(&o->in_ram_link);
		nr_in_ram--;
		spin_unlock(&in_ram_lock);
	}
	o->ops->release(o);
}

void object_init(struct vm_object *o, const struct vm_object_ops *ops)
{
	memset(o, 0, sizeof(*o));
	o->ops = ops ? ops : &anon_ops;
	ref_init(&o->held.refs);
	o->held.release = release_held_object;
	list_init(&o->maps);
	mutex_init(&o->cut_lock);
	if (!o->ops->in_ram)
		return;
	spin_lock(&in_ram_lock);
	list_add_tail(&all_in_ram, &o->in_ram_link);
	nr_in_ram++;
	spin_unlock(&in_ram_lock);
}

struct vm_object *object_anon(uint64_t size, struct charge *c)
{
	struct vm_object *o = kmalloc(sizeof(*o));

	if (!o)
		return NULL;
	object_init(o, NULL);
	o->size = size;
	o->charge = c;
	charge_add(c, sizeof(*o));
	return o;
}

void held_put(struct vm_held *h)
{
	if (ref_put(&h->refs))
		h->release(h);
}

void held_drop(struct vm_held *h, struct vm_held **dead)
{
	/*
	 * Not released here, as the caller has mm->lock: the release may sleep for another's lock,
	 * or free a large file.
	 */
	if (ref_put(&h->refs))
		held_add(h, dead);
}

void held_release(struct vm_held *dead)
{
	struct vm_held *h;

	while ((h = held_pop(&dead))) {
		h->release(h);
		(void)give_way();
	}
}

long object_read(struct vm_object *o, uint64_t off, void *buf, size_t n)
{
	uint64_t size = load_acquire(&o->size);
	size_t done = 0;

	if (off >= size)
		return 0;
	n = min((uint64_t)n, size - off);
	while (done < n) {
		size_t at = (off + done) & ~PAGE_MASK,
		       part = min(n - done, (size_t)(PAGE_SIZE - at));
		/*
		 * No lock is held over the copy: the page has our reference even if it is cut off
		 * the object now.
		 */
		struct page *p = o->ops->page(o, (off + done) >> PAGE_SHIFT, false);

		if (is_err(p))
			return ptr_err(p);
		if (p) {
			memcpy((char *)buf + done, (char *)page_to_virt(p) + at, part);
			page_put(p);
		} else {
			memset((char *)buf + done, 0, part);
		}
		done += part;
	}
	return (long)done;
}

bool object_seal(struct vm_object *o, bool but_mapped)
{
	bool busy;

	spin_lock(&o->map_lock);
	/*
	 * In one step with the flag: announce_writer counts under the same lock, so that a mapping
	 * is seen here or refused there.
	 */
	busy = !but_mapped && o->writers;
	if (!busy)
		WRITE_ONCE(o->sealed, true);
	spin_unlock(&o->map_lock);
	return !busy;
}
