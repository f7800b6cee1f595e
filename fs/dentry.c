/*
 * dentry.c - the dentry cache: every name that is known, as one tree, found by (directory, name).
 *
 * Comes from walk.c and name.c, goes to the file system's lookup.  Invariants (dcache_lock): a
 * hashed dentry is on its parent's list of children and in the table; it holds a reference to its
 * parent, and keeps it after it was removed, so that ".." still leads somewhere; on an SB_RAM file
 * system the tree itself holds one reference to each hashed dentry.  A dentry that is neither
 * hashed nor referenced does not exist; one that is hashed and not referenced (of a disk's) is in
 * the list from which dcache_shrink takes.
 */
#include "fs/dentry.h"

#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/stat.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "mm/slab.h"

struct spinlock dcache_lock = SPINLOCK_INIT;
uint64_t tree_moves;

/*
 * A rename between two directories takes it before the directories' own locks.  Its holder may go
 * upwards through the tree without dcache_lock: no directory gets another parent meanwhile.
 */
static struct mutex rename_lock = MUTEX_INIT(rename_lock);

void renames_hold(void)
{
	mutex_lock(&rename_lock);
}

void renames_release(void)
{
	mutex_unlock(&rename_lock);
}

HASH_TABLE(names);

#define UP_STRETCH 1024u /* steps upwards before others may run */

/* The names that nobody uses, of what is not in RAM: the longest unused first; dcache_lock. */
static struct list_node lru = LIST_INIT(lru);
static size_t nr_lru;

/* What hash_in hashes, of a name in @dir. */
static uint32_t name_hash_in(const struct dentry *dir, const struct name *name)
{
	uint32_t (*hash)(const struct name *) = dir->inode->sb->name_hash;

	return unlikely(hash) ? hash(name) : name->hash;
}

static void hash_in(struct dentry *d)
{
	d->in_table.hash = hash_mix(d->parent, name_hash_in(d->parent, &d->name));
	hash_insert(&names, &d->in_table);
	d->hashed = true;
}

static void hash_out(struct dentry *d)
{
	hash_remove(&names, &d->in_table);
	d->hashed = false;
}

static bool tree_holds(const struct dentry *d)
{
	return d->inode && d->inode->sb->flags & SB_RAM;
}

/* Nobody has a reference to @d, which is hashed: it may go when memory is short. */
static __attribute__((noinline)) void lru_add(struct dentry *d)
{
	d->used = false;
	if (list_is_linked(&d->lru))
		return;
	list_add_tail(&lru, &d->lru);
	nr_lru++;
}

static void lru_del(struct dentry *d)
{
	if (!list_is_linked(&d->lru))
		return;
	list_del(&d->lru);
	nr_lru--;
}

/* May @inode have one name in the cache at most?  Whatever a disk's image says. */
static bool has_one_name(const struct inode *inode)
{
	return inode->sb->name_same || (inode->sb->dev_block && S_ISDIR(inode->mode));
}

static void detach_locked(struct dentry *d)
{
	spin_assert_held(&dcache_lock);
	hash_out(d);
	list_del(&d->sibling);
	lru_del(d);
	if (d->inode && d->inode->dentry == d)
		d->inode->dentry = NULL;
	if (tree_holds(d))
		d->refs--; /* not the last: the caller has one */
}

/*
 * @d, of what is not in RAM, was found by its name.  False: the file system changes by itself, and
 * it is no longer what the cache says.
 */
static bool is_still_right(struct dentry *d)
{
	struct inode *inode = d->inode;

	d->used = true;
	return !inode || !(inode->sb->flags & SB_FORGET) || !inode->ops->valid ||
	       inode->ops->valid(inode);
}

/* Names are short: a loop here costs less than a call. */
static bool same_dentry_name(const struct name *a, const struct name *b)
{
	if (a->len != b->len)
		return false;
	for (uint32_t i = 0; i < a->len; i++)
		if (a->s[i] != b->s[i])
			return false;
	return true;
}

/*
 * @d, or NULL: the name is looked up anew.  By itself, as find_folded: who finds a name in RAM
 * needs no stack.
 */
static __attribute__((noinline)) struct dentry *checked(struct dentry *d)
{
	if (is_still_right(d))
		return d;
	detach_locked(d); /* a task that uses it goes on with it */
	return NULL;
}

/* Where names have more than one form: by what all of them have in common. */
static __attribute__((noinline)) struct dentry *find_folded(struct dentry *dir,
							    const struct name *name)
{
	const struct superblock *sb = dir->inode->sb;
	uint32_t hash = hash_mix(dir, sb->name_hash(name));

	for (struct hash_node *n = *hash_bucket(&names, hash); n; n = n->next) {
		struct dentry *d = container_of(n, struct dentry, in_table);

		if (n->hash == hash && d->parent == dir && sb->name_same(&d->name, name))
			return checked(d);
	}
	return NULL;
}

struct dentry *dentry_find(struct dentry *dir, const struct name *name)
{
	uint32_t hash = hash_mix(dir, name->hash);

	spin_assert_held(&dcache_lock);
	for (struct hash_node *n = *hash_bucket(&names, hash); n; n = n->next) {
		struct dentry *d = container_of(n, struct dentry, in_table);

		if (n->hash != hash || d->parent != dir || !same_dentry_name(&d->name, name))
			continue;
		if (likely(tree_holds(d)))
			return d;
		return checked(d);
	}
	return unlikely(dir->inode->sb->name_same) ? find_folded(dir, name) : NULL;
}

int name_room(const struct name *name, char **room)
{
	*room = NULL;
	if (name->len <= sizeof(((struct dentry *)0)->inline_name))
		return 0;
	*room = kmalloc(name->len);
	return *room ? 0 : -ENOMEM;
}

/* A dentry's own copy of @name, in @room if it has been given some. */
static void set_dentry_name(struct dentry *d, const struct name *name, char *room)
{
	char *s = room ? room : d->inline_name;

	memcpy(s, name->s, name->len);
	d->name = (struct name){ .s = s, .len = name->len, .hash = name->hash };
}

static void name_free(const struct dentry *d, const char *s)
{
	if (s != d->inline_name)
		kfree((void *)s);
}

struct dentry *dentry_new(const struct name *name, struct inode *inode)
{
	static const struct name no_name = { .s = "", .len = 0 };
	struct dentry *d = kzalloc(sizeof(*d));
	char *room;

	if (!name)
		name = &no_name;
	if (!d || name_room(name, &room)) {
		kfree(d);
		if (inode)
			inode_put(inode);
		return NULL;
	}
	set_dentry_name(d, name, room);
	d->parent = d;
	d->inode = inode;
	d->refs = 1;
	d->next_cookie = 2; /* 0 and 1 are "." and ".." */
	list_init(&d->children);
	list_init(&d->sibling);
	list_init(&d->lru);
	return d;
}

void dentry_get(struct dentry *d)
{
	spin_lock(&dcache_lock);
	d->refs++;
	spin_unlock(&dcache_lock);
}

bool dentry_put_locked(struct dentry *d)
{
	spin_assert_held(&dcache_lock);
	if (--d->refs)
		return false;
	if (d->hashed && d->inode && d->inode->sb->flags & (SB_FORGET | SB_REMOTE))
		detach_locked(d);
	else if (d->hashed)
		lru_add(d);
	return !d->hashed;
}

void dentry_unhold(struct dentry *d)
{
	spin_assert_held(&dcache_lock);
	if (!--d->refs)
		lru_add(d);
}

void dentry_free(struct dentry *d)
{
	bool last = true;

	/* the parent of a removed name may have been removed too: upwards, not deeper */
	while (last) {
		struct dentry *parent = d->parent;

		if (d->inode)
			inode_put(d->inode);
		name_free(d, d->name.s);
		kfree(d);
		if (parent == d)
			break;
		give_way();
		d = parent;
		/*
		 * The child's reference to its parent goes; a walk may have got there by ".." a
		 * moment ago.
		 */
		spin_lock(&dcache_lock);
		last = dentry_put_locked(d);
		spin_unlock(&dcache_lock);
	}
}

int dentry_cannot_hold(const struct dentry *dir, const struct name *name)
{
	if (!dir->inode->nlink)
		return -ENOENT;
	return name->len > (dir->inode->sb->name_max ?: NAME_MAX) ? -ENAMETOOLONG : 0;
}

void dentry_put(struct dentry *d)
{
	bool last;

	spin_lock(&dcache_lock);
	last = dentry_put_locked(d);
	spin_unlock(&dcache_lock);
	/* Not under the lock: the inode's release may sleep, and free a large file's pages. */
	if (last)
		dentry_free(d);
}

/*
 * From @d, which is held, one step on the way through all that is below @root: down to its first
 * child; or, when it has none, up to its parent, and it is in the tree no longer.  The next one,
 * held in its place; NULL: @root, and it has none.
 */
static struct dentry *kill_step(struct dentry *d, const struct dentry *root)
{
	struct dentry *next = NULL;
	bool gone = false;

	spin_lock(&dcache_lock);
	if (!list_empty(&d->children)) {
		next = list_first(&d->children, struct dentry, sibling);
	} else if (d != root) {
		next = d->parent;
		gone = d->hashed;
	}
	/* After the step: @d kept its parent alive, and may be freed here. */
	if (next)
		next->refs++;
	/*
	 * Only the task that takes it out of the tree drops the tree's reference: it may have been
	 * unlinked already.
	 */
	if (gone)
		detach_locked(d);
	spin_unlock(&dcache_lock);
	if (next)
		dentry_put(d);
	return next;
}

void dentry_kill_tree(struct dentry *root)
{
	struct dentry *d = root, *next;

	dentry_get(root);
	while ((next = kill_step(d, root))) {
		d = next;
		give_way();
	}
	dentry_put(d);
	dentry_put(root);
}

void dentry_forget_below(struct dentry *d)
{
	if (!S_ISDIR(d->inode->mode) || tree_holds(d))
		return;
	dentry_get(d); /* dentry_kill_tree's */
	dentry_kill_tree(d);
}

/*
 * @d becomes the last child of @dir.  Its new cookie is the largest: a task that is reading the
 * directory still comes to it.
 */
static void link_in(struct dentry *dir, struct dentry *d)
{
	d->parent = dir;
	dir->refs++;
	d->cookie = dir->next_cookie++;
	list_add_tail(&dir->children, &d->sibling);
	hash_in(d);
	if (d->inode && has_one_name(d->inode))
		d->inode->dentry = d;
}

void dentry_attach(struct dentry *dir, struct dentry *d)
{
	spin_lock(&dcache_lock);
	link_in(dir, d);
	if (tree_holds(d))
		d->refs++;
	spin_unlock(&dcache_lock);
}

/*
 * @d, made for what lookup found in @dir, becomes its name.  An inode that has one already keeps
 * it: it was asked for by another form of it; or it is a directory that the disk shows twice, which
 * is refused: a tree would have a circle.
 */
static struct dentry *attach_found(struct dentry *dir, struct dentry *d)
{
	struct inode *inode = d->inode;
	struct dentry *other = NULL;

	spin_lock(&dcache_lock);
	if (inode && has_one_name(inode))
		other = inode->dentry;
	if (other)
		other->refs++;
	else
		link_in(dir, d);
	spin_unlock(&dcache_lock);
	if (!other)
		return d;
	if (other->parent != dir || other == dir) {
		int err = sb_error(inode->sb, "directory %lu is there twice",
				   (unsigned long)inode->ino);

		dentry_put(other);
		other = err_ptr(err);
	}
	dentry_put(d);
	return other;
}

/*
 * The caller holds the directory's lock: so nobody makes the name, or a second dentry for it,
 * between the look into the cache and dentry_attach.  dcache_lock alone would not do: lookup may
 * sleep.
 */
struct dentry *dentry_lookup(struct dentry *dir, const struct name *name)
{
	const struct inode_ops *ops = dir->inode->ops;
	struct inode *inode;
	struct dentry *d;

	spin_lock(&dcache_lock);
	d = dentry_find(dir, name);
	if (d)
		d->refs++;
	spin_unlock(&dcache_lock);
	if (d)
		return d;
	if (dentry_cannot_hold(dir, name))
		return err_ptr(dentry_cannot_hold(dir, name));
	if (!ops->lookup)
		return NULL;
	inode = ops->lookup(dir->inode, name);
	if (!inode && dir->inode->sb->flags & SB_FORGET)
		return err_ptr(-ENOENT);
	/* A name that is made may have this one as another form; a server may make it. */
	if (!inode && (dir->inode->sb->name_same || dir->inode->sb->flags & SB_REMOTE))
		return NULL;
	if (is_err(inode))
		return (struct dentry *)inode;
	d = dentry_new(name, inode);
	if (!d)
		return err_ptr(-ENOMEM);
	return attach_found(dir, d);
}

/* ---- when memory is short ---- */

#define LRU_STRETCH 64 /* names that are looked at before others may have the lock */

/* One that nobody has used for long, in the tree no longer; NULL: none was among some. */
static struct dentry *take_lru(void)
{
	struct dentry *d, *found = NULL;

	spin_lock(&dcache_lock);
	for (int i = 0; i < LRU_STRETCH && !found && !list_empty(&lru); i++) {
		d = list_first(&lru, struct dentry, lru);
		if (d->refs) { /* dentry_put_locked puts it in again */
			lru_del(d);
		} else if (d->used) {
			d->used = false;
			list_del(&d->lru);
			list_add_tail(&lru, &d->lru);
		} else {
			found = d;
			detach_locked(d);
		}
	}
	spin_unlock(&dcache_lock);
	return found;
}

size_t dcache_shrink(size_t n)
{
	/* Each is passed over once, while it was used since the last time. */
	size_t gone = 0, looks = 2 * (READ_ONCE(nr_lru) / LRU_STRETCH + 1) + n;

	while (gone < n && looks-- && READ_ONCE(nr_lru)) {
		struct dentry *d = take_lru();

		if (d) {
			dentry_free(d);
			gone++;
		}
		if (give_way())
			break;
	}
	return gone;
}

size_t dcache_unused(void)
{
	return READ_ONCE(nr_lru);
}

void dentry_detach(struct dentry *d)
{
	spin_lock(&dcache_lock);
	detach_locked(d);
	spin_unlock(&dcache_lock);
}

void dentry_rename(struct dentry *d, struct dentry *dir, const struct name *name, char *room,
		   struct dentry *over)
{
	const char *old = d->name.s;

	spin_lock(&dcache_lock);
	/*
	 * One step under the lock: a walk finds the old name or the new one, never both, never
	 * neither.
	 */
	if (over)
		detach_locked(over);
	hash_out(d);
	list_del(&d->sibling);
	tree_moves += d->parent != dir;
	d->parent->refs--; /* not the last: the caller's walk has one */
	set_dentry_name(d, name, room);
	link_in(dir, d);
	spin_unlock(&dcache_lock);
	/* After the lock: until it was given back another core could be comparing these bytes. */
	name_free(d, old);
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
	struct dentry *dir_a = a->parent, *dir_b = b->parent;
	struct name name = a->name;
	char bytes[sizeof(a->inline_name)];

	memcpy(bytes, a->inline_name, sizeof(bytes));
	spin_lock(&dcache_lock);
	tree_moves += dir_a != dir_b;
	hash_out(a);
	hash_out(b);
	list_del(&a->sibling);
	list_del(&b->sibling);
	dir_a->refs--;
	dir_b->refs--;
	/* A short name lies in the dentry itself: its bytes move, and the pointer with them. */
	memcpy(a->inline_name, b->inline_name, sizeof(bytes));
	memcpy(b->inline_name, bytes, sizeof(bytes));
	a->name = b->name;
	if (a->name.s == b->inline_name)
		a->name.s = a->inline_name;
	b->name = name;
	if (b->name.s == a->inline_name)
		b->name.s = b->inline_name;
	link_in(dir_b, a);
	link_in(dir_a, b);
	spin_unlock(&dcache_lock);
}

/*
 * rename_lock keeps the parents in place, and each dentry keeps its parent: dcache_lock is not
 * needed.
 */
bool dentry_is_below(const struct dentry *d, const struct dentry *ancestor)
{
	for (uint32_t steps = 1; d != ancestor && d->parent != d; steps++) {
		d = d->parent;
		if (steps % UP_STRETCH == 0)
			give_way();
	}
	return d == ancestor;
}
