/*
 * icache.c - inodes of file systems on a disk: found by their number, kept while there is room,
 * evicted after their last name went.
 *
 * Comes from the file systems' lookup and from inode_put; goes to disk_ops and writeback.c.
 * Invariants (icache_lock): of a file system's number there is one inode at most; one without a
 * reference is in the list of the unused, or is on its way out (ICACHE_GOING), which those who look
 * for it wait out.
 */
#include "fs/icache.h"

#include "fs/acl.h"
#include "fs/cache.h"
#include "fs/lock.h"
#include "mm/slab.h"

enum {
	ICACHE_NONE,   /* nobody finds it: its maker has not entered it */
	ICACHE_NEW,    /* it is being read */
	ICACHE_LIVE,   /* it has references */
	ICACHE_UNUSED, /* it has none */
	ICACHE_GOING,  /* it has none, and is being written for the last time, or evicted */
};

static struct spinlock icache_lock = SPINLOCK_INIT;
static struct list_node unused = LIST_INIT(unused); /* the longest unused first */
static size_t nr_unused;
/* Whom a number's being read, or going, keeps waiting. */
static struct wait_queue changes = WAIT_QUEUE_INIT(changes);

HASH_TABLE(inodes);

static uint32_t key_hash(const struct superblock *sb, uint64_t key)
{
	uint64_t h = 0;

	for (size_t i = 0; i < sizeof(key); i++)
		h = hash_step(h, i, (uint8_t)(key >> i * 8));
	return hash_mix(sb, hash_sum(h));
}

/* icache_lock held, as by all that are called _locked here. */
static struct inode *find_inode_locked(const struct superblock *sb, uint64_t key)
{
	uint32_t hash = key_hash(sb, key);

	spin_assert_held(&icache_lock);
	for (struct hash_node *n = *hash_bucket(&inodes, hash); n; n = n->next) {
		struct inode *inode = container_of(n, struct inode, in_icache);

		if (n->hash == hash && inode->sb == sb && inode->key == key)
			return inode;
	}
	return NULL;
}

static void enter_locked(struct inode *inode, uint64_t key, uint8_t state)
{
	inode->key = key;
	inode->icache_state = state;
	if (key == INODE_NO_KEY)
		return;
	inode->in_icache.hash = key_hash(inode->sb, key);
	hash_insert(&inodes, &inode->in_icache);
}

static void leave_locked(struct inode *inode)
{
	if (inode->key != INODE_NO_KEY)
		hash_remove(&inodes, &inode->in_icache);
	inode->key = INODE_NO_KEY;
}

static void unused_del_locked(struct inode *inode, uint8_t state)
{
	list_del(&inode->unused_link);
	nr_unused--;
	inode->icache_state = state;
}

/* A reference to @inode, which is live or unused. */
static void revive_locked(struct inode *inode)
{
	if (inode->icache_state == ICACHE_UNUSED) {
		unused_del_locked(inode, ICACHE_LIVE);
		ref_init(&inode->refs);
	} else {
		ref_get(&inode->refs);
	}
}

static bool is_settled(const struct inode *inode)
{
	return inode->icache_state == ICACHE_LIVE || inode->icache_state == ICACHE_UNUSED;
}

static bool key_is_settled(const struct superblock *sb, uint64_t key)
{
	struct inode *inode;
	bool settled;

	spin_lock(&icache_lock);
	inode = find_inode_locked(sb, key);
	settled = !inode || is_settled(inode);
	spin_unlock(&icache_lock);
	return settled;
}

/*
 * The inode @key, if there is one, with a reference; else NULL.  With @fresh (and no inode there):
 * that one is @key's from now on.
 */
static struct inode *find_or_put_in(struct superblock *sb, uint64_t key, struct inode *fresh,
				    uint8_t state)
{
	struct inode *inode;

	for (;;) {
		spin_lock(&icache_lock);
		inode = find_inode_locked(sb, key);
		if (!inode || is_settled(inode))
			break;
		spin_unlock(&icache_lock);
		wait_event(&changes, key_is_settled(sb, key));
	}
	if (inode) {
		revive_locked(inode);
	} else if (fresh) {
		enter_locked(fresh, key, state);
		sb->nr_inodes++;
	}
	spin_unlock(&icache_lock);
	return inode;
}

static void free_inode(struct inode *inode)
{
	if (inode->ops)
		inode->ops->release(inode);
	else
		kfree(inode);
}

static struct inode *load_inode(struct superblock *sb, struct inode *inode)
{
	int err = sb->disk->load(inode) ?: acl_load(inode);

	spin_lock(&icache_lock);
	inode->icache_state = ICACHE_LIVE;
	if (err) {
		leave_locked(inode);
		sb->nr_inodes--;
	}
	spin_unlock(&icache_lock);
	wake_up_yielding(&changes);
	if (!err)
		return inode;
	inode_clean(inode, false);
	kfree(inode->acl);
	free_inode(inode);
	return err_ptr(err);
}

struct inode *inode_obtain(struct superblock *sb, uint64_t key)
{
	struct inode *inode = find_or_put_in(sb, key, NULL, 0), *fresh;

	if (!inode) {
		/* Before the lock: alloc may sleep.  Another task may be quicker meanwhile. */
		fresh = sb->disk->alloc(sb);
		if (!fresh)
			return err_ptr(-ENOMEM);
		ref_init(&fresh->refs);
		mutex_init(&fresh->lock);
		fresh->sb = sb;
		fresh->ino = key;
		inode = find_or_put_in(sb, key, fresh, ICACHE_NEW);
		if (!inode)
			return load_inode(sb, fresh);
		free_inode(fresh);
	}
	if (READ_ONCE(inode->nlink))
		return inode;
	/* A name that the disk has and the inode does not know of: it is going already. */
	icache_put(inode);
	return err_ptr(-ESTALE);
}

int inode_enter(struct inode *inode)
{
	struct superblock *sb = inode->sb;
	struct inode *other = find_or_put_in(sb, inode->ino, inode, ICACHE_LIVE);

	if (!other)
		return 0;
	icache_put(other);
	return sb_error(sb, "inode %lu is given out twice", (unsigned long)inode->ino);
}

int inode_rekey(struct inode *inode, uint64_t key)
{
	struct superblock *sb = inode->sb;
	struct inode *other = NULL;

	if (key == inode->key)
		return 0;
	spin_lock(&icache_lock);
	leave_locked(inode);
	sb->nr_inodes--;
	spin_unlock(&icache_lock);
	if (key != INODE_NO_KEY)
		other = find_or_put_in(sb, key, inode, ICACHE_LIVE);
	if (!other && key != INODE_NO_KEY)
		return 0;
	spin_lock(&icache_lock);
	sb->nr_inodes++;
	spin_unlock(&icache_lock);
	if (!other)
		return 0;
	icache_put(other);
	return sb_error(sb, "entry %lu is there twice", (unsigned long)key);
}

uint64_t icache_number(struct superblock *sb, uint64_t key)
{
	struct inode *inode;
	uint64_t ino = key;

	spin_lock(&icache_lock);
	inode = find_inode_locked(sb, key);
	if (inode && is_settled(inode))
		ino = inode->ino;
	spin_unlock(&icache_lock);
	return ino;
}

/* ---- the end of an inode ---- */

/* @inode, ICACHE_GOING or never entered, has no reference. */
static void end_inode(struct inode *inode, bool entered)
{
	struct superblock *sb = inode->sb;
	bool evict = entered && !inode->nlink, last;

	locks_free(inode);
	inode_clean(inode, entered && !evict);
	inode_count_names(inode, true);
	if (evict && sb->disk->evict && !(READ_ONCE(sb->flags) & SB_RDONLY)) {
		sb->disk->evict(inode);
		inode_clean(inode, false); /* which may have changed it */
	}
	spin_lock(&icache_lock);
	if (entered)
		leave_locked(inode);
	spin_unlock(&icache_lock);
	/* Who waits looks for the number, not at this inode. */
	wake_up_yielding(&changes);
	kfree(inode->acl);
	inode->ops->release(inode);
	if (!entered)
		return;
	/* The last thing: icache_empty waits for it, and then the superblock goes. */
	spin_lock(&icache_lock);
	last = !--sb->nr_inodes;
	spin_unlock(&icache_lock);
	if (last)
		wake_up_yielding(&changes);
}

void icache_put(struct inode *inode)
{
	uint32_t n = READ_ONCE(inode->refs.n);
	bool entered;

	while (n > 1)
		if (atomic_cmpxchg(&inode->refs.n, &n, n - 1))
			return;
	spin_lock(&icache_lock);
	if (!ref_put(&inode->refs)) {
		spin_unlock(&icache_lock);
		return;
	}
	entered = inode->icache_state == ICACHE_LIVE;
	if (entered && inode->nlink && inode->key != INODE_NO_KEY && !inode->sb->going) {
		inode->icache_state = ICACHE_UNUSED;
		list_add_tail(&unused, &inode->unused_link);
		nr_unused++;
		spin_unlock(&icache_lock);
		return;
	}
	if (entered)
		inode->icache_state = ICACHE_GOING;
	spin_unlock(&icache_lock);
	end_inode(inode, entered);
}

/*
 * Can it go without being written, for which there may be no memory, or an error?  One with an
 * error that nobody was told of stays for who opens the file and asks.
 */
static bool is_clean(const struct inode *inode)
{
	const struct file_cache *c = inode->cache;

	if (READ_ONCE(inode->dirty) || READ_ONCE(inode->being_written))
		return false;
	return !c || !(READ_ONCE(c->object.nr_dirty) || READ_ONCE(c->writing[0]) ||
		       READ_ONCE(c->writing[1]) || c->behind || cache_error_untold(c));
}

/*
 * The inode that has been unused longest is going now, if it is of @sb (NULL: of any, if it is
 * clean), else it is the last of them from now on.  *@inode: it, or NULL.  False: there is none.
 */
static bool take_unused(const struct superblock *sb, struct inode **inode)
{
	struct inode *first;

	spin_lock(&icache_lock);
	first = list_empty(&unused) ? NULL : list_first(&unused, struct inode, unused_link);
	*inode = NULL;
	if (first && (sb ? first->sb == sb : is_clean(first))) {
		unused_del_locked(first, ICACHE_GOING);
		*inode = first;
	} else if (first) {
		list_del(&first->unused_link);
		list_add_tail(&unused, &first->unused_link);
	}
	spin_unlock(&icache_lock);
	return first;
}

size_t icache_shrink(size_t n)
{
	struct inode *inode;
	size_t gone = 0;

	/* Who wants memory must not wait for a disk, nor lose what was written. */
	for (size_t left = READ_ONCE(nr_unused); left && gone < n && take_unused(NULL, &inode);
	     left--) {
		if (inode) {
			end_inode(inode, true);
			gone++;
		}
		give_way();
	}
	return gone;
}

void icache_empty(struct superblock *sb)
{
	struct inode *inode;

	spin_lock(&icache_lock);
	sb->going = true; /* what is put from here on does not become unused */
	spin_unlock(&icache_lock);
	for (size_t left = READ_ONCE(nr_unused); left && take_unused(sb, &inode); left--) {
		if (inode)
			end_inode(inode, true);
		give_way();
	}
	/* Another task may have taken one of them, or its dentry, to free it. */
	wait_event(&changes, !READ_ONCE(sb->nr_inodes));
}

size_t icache_unused(void)
{
	return READ_ONCE(nr_unused);
}
