/*
 * vma.c - the VMAs of an address space: a tree by address and a list in the same order; neighbours
 * that agree are one.
 *
 * Each knows the largest gap below any VMA of its subtree, so that a place is found in as many
 * steps as the tree is deep. See mm/vma.h; used by mm/mmap.c, mm/fault.c and mm/vm.c.
 */
#include "mm/vma.h"

#include "abi/errno.h"
#include "mm/slab.h"

#define VMAS_MAX 65530 /* vm.max_map_count of Linux */

/*
 * `room` does not tell gaps apart that are as large as this or larger: there are at most 256 of
 * them to look at, and so a mapping in the largest gap, which nearly all are, does not change
 * `room` all the way up to the root.
 */
#define ROOM_MAX ((size_t)1 << 40)

static struct vma *vma_of(const struct avl_node *n)
{
	return container_of(n, struct vma, node);
}

/*
 * Puts @v, which is in no list, where it belongs in its object's: those that have yet to follow a
 * cut are in front, so that mm_cut_object is done when the first one has.  map_lock held.
 */
static void list_map(struct vma *v)
{
	struct list_node *maps = &v->object->maps;

	spin_assert_held(&v->object->map_lock);
	if (v->cut == v->object->cut)
		list_add_tail(maps, &v->map);
	else
		list_add_head(maps, &v->map);
}

void vma_follow(struct vma *v, uint32_t cut)
{
	list_del(&v->map);
	v->cut = cut;
	list_map(v);
}

/*
 * @v takes over @from's leaves.  If one of the two has still to follow a cut, @v has to: it goes to
 * the front of the object's list, where mm_cut_object finds it.
 */
static void take_leaves(struct vma *v, const struct vma *from)
{
	v->own |= from->own;
	if (!v->object || v->cut == from->cut)
		return;
	spin_lock(&v->object->map_lock);
	vma_follow(v, v->object->cut - 1);
	spin_unlock(&v->object->map_lock);
}

static struct vma *last_vma(const struct mm *mm)
{
	return list_last(&mm->vma_list, struct vma, link);
}

/* ---- gaps ---- */

static uintptr_t guard_of(const struct vma *v)
{
	return v->flags & VM_GROWSDOWN ? STACK_GUARD : 0;
}

static uintptr_t end_below(const struct vma *v)
{
	const struct vma *below = vma_prev(v);

	return below ? below->end : USER_BOTTOM;
}

/* What is free below @v: [*low, *high); a stack's guard is not free. */
static bool gap_below(const struct vma *v, uintptr_t *low, uintptr_t *high)
{
	*low = end_below(v);
	*high = v->start > guard_of(v) ? v->start - guard_of(v) : 0;
	return *low < *high;
}

static bool update_room(struct avl_node *n)
{
	const struct avl_node *below = n->child[0], *above = n->child[1];
	size_t room = vma_of(n)->gap, old = vma_of(n)->room;

	if (below)
		room = max(room, vma_of(below)->room);
	if (above)
		room = max(room, vma_of(above)->room);
	vma_of(n)->room = room;
	return room != old;
}

/* Recomputes the gap below @v, whose lower neighbour may have changed.  True if it is another. */
static bool set_gap(struct vma *v)
{
	uintptr_t low, high;
	size_t old = v->gap;

	v->gap = gap_below(v, &low, &high) ? min(high - low, ROOM_MAX) : 0;
	return v->gap != old;
}

/* The same for @v, if not NULL, and then `room` on the way from it up to the root. */
static void gap_changed(struct mm *mm, struct vma *v)
{
	if (v && set_gap(v))
		avl_refresh(&mm->vmas, &v->node);
}

/* The highest address at which @len bytes fit in [low, high) below @top; 0: they do not. */
static uintptr_t fits(uintptr_t low, uintptr_t high, size_t len, uintptr_t top)
{
	high = min(high, top);
	return low < high && high - low >= len ? high - len : 0;
}

static uintptr_t highest(struct avl_node *n, size_t len, uintptr_t top)
{
	const size_t least = min(len, ROOM_MAX);

	while (n && vma_of(n)->room >= least) {
		struct vma *v = vma_of(n);
		uintptr_t low, high, at = 0;

		if (v->end < top) /* the gaps behind v begin there */
			at = highest(n->child[1], len, top);
		if (!at && v->gap >= least && gap_below(v, &low, &high))
			at = fits(low, high, len, top);
		if (at)
			return at;
		n = n->child[0];
	}
	return 0;
}

uintptr_t vma_place(struct mm *mm, size_t len, uintptr_t top)
{
	struct vma *last = last_vma(mm);
	uintptr_t at = fits(last ? last->end : USER_BOTTOM, USER_TOP, len, top);

	mutex_assert_held(&mm->lock);
	return at ? at : highest(mm->vmas.root, len, top);
}

bool vma_is_free(struct mm *mm, uintptr_t addr, size_t len, bool guard)
{
	struct vma *v = vma_above(mm, addr);

	mutex_assert_held(&mm->lock);
	if (!v)
		return true;
	return addr + len <= v->start - (guard ? min(guard_of(v), v->start) : 0);
}

/* ---- finding ---- */

void vma_init(struct mm *mm)
{
	list_init(&mm->vma_list);
	mm->vmas = (struct avl_tree){ .update = update_room };
}

struct vma *vma_above(struct mm *mm, uintptr_t addr)
{
	struct vma *best = mm->last;
	struct avl_node *n = mm->vmas.root;

	mutex_assert_held(&mm->lock);
	/*
	 * `last` is under mm->lock like the tree: faults come near each other, and most need no
	 * walk.
	 */
	if (best && addr < best->end && (best->start <= addr || end_below(best) <= addr))
		return best;
	for (best = NULL; n;) {
		struct vma *v = vma_of(n);

		if (v->end > addr)
			best = v;
		if (best == v && v->start <= addr)
			break;
		n = n->child[v->end <= addr];
	}
	if (best)
		mm->last = best;
	return best;
}

struct vma *mm_find(struct mm *mm, uintptr_t addr)
{
	struct vma *v = vma_above(mm, addr);

	return v && v->start <= addr ? v : NULL;
}

/* ---- one more, one less ---- */

static void hold(struct vma *v)
{
	if (v->file)
		held_get(v->file);
	if (!v->object)
		return;
	object_get(v->object);
	/*
	 * mm->lock is held, too; map_lock is for the list, in which other address spaces' VMAs are.
	 */
	spin_lock(&v->object->map_lock);
	list_map(v);
	v->object->writers += vm_is_writer(v->flags);
	spin_unlock(&v->object->map_lock);
}

static void let_go(struct vma *v)
{
	if (v->object) {
		spin_lock(&v->object->map_lock);
		list_del(&v->map);
		v->object->writers -= vm_is_writer(v->flags);
		spin_unlock(&v->object->map_lock);
		/*
		 * The release is left for vm_unlock: it may want locks that come before mm->lock.
		 */
		held_drop(&v->object->held, &v->mm->dead);
	}
	if (v->file)
		held_drop(v->file, &v->mm->dead);
}

/* A VMA like @like, in no tree yet; NULL: no memory, or too many. */
static struct vma *new_vma(struct mm *mm, const struct vma *like)
{
	struct vma *v = mm->nr_vmas < VMAS_MAX ? kmalloc(sizeof(*v)) : NULL;

	if (!v)
		return NULL;
	v->mm = mm;
	v->start = like->start;
	v->end = like->end;
	v->flags = like->flags;
	v->cut = like->cut;
	v->own = like->own;
	v->object = like->object;
	v->file = like->file;
	v->offset = like->offset;
	v->gap = v->room = 0;
	return v;
}

/* Puts @v behind @below, or first. */
static void link_behind(struct mm *mm, struct vma *v, struct vma *below)
{
	struct vma *above;
	bool changed;

	list_insert(&v->link, below ? &below->link : &mm->vma_list);
	above = vma_next(v);
	(void)set_gap(v);
	changed = above && set_gap(above);
	if (below && !below->node.child[1])
		avl_insert(&mm->vmas, &v->node, &below->node, 1);
	else
		avl_insert(&mm->vmas, &v->node, above ? &above->node : NULL, 0);
	if (changed && v->node.parent != &above->node) /* else avl_insert has updated it */
		avl_refresh(&mm->vmas, &above->node);
	mm->nr_vmas++;
	mm->last = v;
	hold(v);
}

static void unlink_vma(struct mm *mm, struct vma *v)
{
	struct vma *above = vma_next(v);

	list_del(&v->link);
	avl_erase(&mm->vmas, &v->node);
	gap_changed(mm, above);
	mm->nr_vmas--;
	if (mm->last == v)
		mm->last = above; /* a new VMA in its place is most likely looked for next */
	let_go(v);
	kfree(v);
}

void vma_remove(struct mm *mm, struct vma *v)
{
	mutex_assert_held(&mm->lock);
	mm->total_vm -= vma_pages(v);
	unlink_vma(mm, v);
}

void vma_remove_all(struct mm *mm)
{
	unsigned int round = 0;
	struct vma *v, *next;

	list_for_each_safe(v, next, &mm->vma_list, link) {
		let_go(v);
		kfree(v);
		(void)vm_round(mm, &round);
	}
	vma_init(mm);
	mm->last = NULL;
	mm->nr_vmas = mm->total_vm = 0;
}

/* ---- joining and splitting ---- */

static bool agree(const struct vma *a, const struct vma *b)
{
	return a->end == b->start && a->flags == b->flags && a->object == b->object &&
	       a->file == b->file && (!a->object || a->offset + (a->end - a->start) == b->offset) &&
	       !(a->flags & VM_GROWSDOWN);
}

/* Joins @v with the one above it, if they agree. */
static bool join_with_next(struct mm *mm, struct vma *v)
{
	struct vma *above = vma_next(v);

	if (!above || !agree(v, above))
		return false;
	v->end = above->end;
	take_leaves(v, above);
	unlink_vma(mm, above);
	return true;
}

void vma_merge(struct mm *mm, uintptr_t start, uintptr_t end)
{
	struct vma *v = vma_above(mm, start ? start - 1 : 0);
	unsigned int round = 0;

	mutex_assert_held(&mm->lock);
	while (v && v->start <= end) {
		if (!join_with_next(mm, v))
			v = vma_next(v);
		if (v && v->start < end)
			(void)vm_round(mm, &round);
	}
}

int vma_insert(struct mm *mm, const struct vma *like)
{
	struct vma *above = vma_above(mm, like->start);
	struct vma *below = above ? vma_prev(above) : last_vma(mm), *v;

	mutex_assert_held(&mm->lock);
	if (below && agree(below, like)) {
		below->end = like->end;
		take_leaves(below, like);
		if (!join_with_next(mm, below))
			gap_changed(mm, above);
	} else if (above && agree(like, above)) {
		above->start = like->start;
		above->offset = like->offset;
		take_leaves(above, like);
		gap_changed(mm, above);
	} else {
		v = new_vma(mm, like);
		if (!v)
			return -ENOMEM;
		link_behind(mm, v, below);
	}
	mm->total_vm += vma_pages(like);
	return 0;
}

struct vma *vma_append(struct mm *mm, const struct vma *like)
{
	struct vma *v = new_vma(mm, like);

	mutex_assert_held(&mm->lock);
	if (v) {
		link_behind(mm, v, last_vma(mm));
		mm->total_vm += vma_pages(v);
	}
	return v;
}

int vma_split(struct mm *mm, uintptr_t addr)
{
	struct vma *v = mm_find(mm, addr), *upper;

	mutex_assert_held(&mm->lock);
	if (!v || v->start == addr)
		return 0;
	upper = new_vma(mm, v);
	if (!upper)
		return -ENOMEM;
	upper->offset += addr - v->start;
	upper->start = addr;
	v->end = addr;
	link_behind(mm, upper, v);
	return 0;
}

void vma_grow_down(struct mm *mm, struct vma *v, uintptr_t start)
{
	mutex_assert_held(&mm->lock);
	/* Only one address changes: the order in the tree stays. */
	mm->total_vm += (v->start - start) >> PAGE_SHIFT;
	if (v->object)
		v->offset -= v->start - start;
	v->start = start;
	gap_changed(mm, v);
}
