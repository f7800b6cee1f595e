/*
 * dirty.c - what is to be written some time: which caches have dirty pages, which inodes have
 * changed, and which write-backs have failed.
 *
 * Comes from inode.c and the page cache, is emptied by writeback.c.  Invariant: what is dirty is in
 * its list, or being written by somebody who looks again whether more has become dirty before he
 * forgets it. The lists hold no references: who frees an inode takes it out (inode_clean), and
 * waits for who has it.
 */
#include "fs/dirty.h"

#include "drivers/timer/timer.h"

struct writeback writeback_other = { .caches = LIST_INIT(writeback_other.caches),
				     .io_free = LIST_INIT(writeback_other.io_free),
				     .queue = WAIT_QUEUE_INIT(writeback_other.queue),
				     .writing = MUTEX_INIT(writeback_other.writing) };

/* Of all superblocks' dirty_inodes, and of inode->dirty and being_written; a leaf. */
static struct spinlock dirty_lock = SPINLOCK_INIT;
static size_t nr_dirty_inodes; /* dirty_lock; read without */
static struct wait_queue inode_written = WAIT_QUEUE_INIT(inode_written);

void sleep_ms(unsigned int ms)
{
	sched_set_state(TASK_KILLABLE);
	if (signal_pending_fatal())
		sched_set_state(TASK_RUNNING);
	else
		(void)sched_sleep_deadline(TIMER_MONOTONIC, timer_now_ns() + ms * NS_PER_MS);
}

/* ---- errors, as Linux's errseq_t: an errno, whether it was told, and a count above ---- */

#define ERROR_ONE 0x2000u

void cache_note_error(struct file_cache *c, int error)
{
	uint32_t was = READ_ONCE(c->error_seq), now;

	do {
		now = (was & ~(CACHE_ERROR_NUMBER | CACHE_ERROR_TOLD)) | (uint32_t)-error;
		/* Not a new one for who has not heard of the last. */
		if (was & CACHE_ERROR_TOLD)
			now += ERROR_ONE;
	} while (!atomic_cmpxchg(&c->error_seq, &was, now));
}

int cache_error_since(struct file_cache *c, uint32_t *seen)
{
	uint32_t now = READ_ONCE(c->error_seq);

	if (likely(now == *seen))
		return 0;
	while (!atomic_cmpxchg(&c->error_seq, &now, now | CACHE_ERROR_TOLD))
		;
	*seen = now | CACHE_ERROR_TOLD;
	return -(int)(now & CACHE_ERROR_NUMBER);
}

/* ---- pages ---- */

/* Something is dirty: the task, if it sleeps for want of that, begins to count the time. */
static void wake_idle(struct writeback *w)
{
	if (likely(!READ_ONCE(w->idle)))
		return;
	WRITE_ONCE(w->idle, false);
	wake_up(&w->queue);
}

void cache_is_dirty(struct file_cache *c)
{
	struct writeback *w = c->writeback;

	dmb(ish); /* the page is dirty before we look: end_round's other half */
	if (READ_ONCE(c->dirty))
		return;
	spin_lock(&w->lock);
	if (!c->dirty && !READ_ONCE(c->dead)) {
		WRITE_ONCE(c->dirty, true);
		c->dirty_since = timer_now_ns();
		list_add_tail(&w->caches, &c->dirty_link);
	}
	spin_unlock(&w->lock);
	wake_idle(w);
}

void cache_undirty(struct file_cache *c)
{
	spin_lock(&c->writeback->lock);
	if (c->dirty)
		list_del(&c->dirty_link);
	WRITE_ONCE(c->dirty, false);
	spin_unlock(&c->writeback->lock);
}

/* ---- inodes ---- */

void inode_dirty(struct inode *inode)
{
	struct superblock *sb = inode->sb;
	struct writeback *w = writeback_of(sb);

	if (!sb->disk)
		return;
	/*
	 * What was changed is seen before `dirty` is looked at: the task that is writing it clears
	 * that first, and reads the fields then.
	 */
	dmb(ish);
	if (READ_ONCE(inode->dirty))
		return;
	spin_lock(&dirty_lock);
	if (!inode->dirty) {
		inode->dirty = true;
		nr_dirty_inodes++;
		list_add_tail(&sb->dirty_inodes, &inode->dirty_link);
		if (!w->inodes_dirty)
			w->inodes_since = timer_now_ns();
		w->inodes_dirty = true;
	}
	spin_unlock(&dirty_lock);
	wake_idle(w);
}

/* @inode, dirty and not being written, is the caller's to write; dirty_lock held. */
static void take_dirty(struct inode *inode)
{
	spin_assert_held(&dirty_lock);
	inode->dirty = false;
	nr_dirty_inodes--;
	list_del(&inode->dirty_link);
	inode->being_written = true;
}

/* Writes what take_dirty has taken. */
static int write_taken(struct inode *inode)
{
	const struct disk_ops *disk = inode->sb->disk;
	int err;

	dmb(ish); /* see inode_dirty */
	err = disk->write ? disk->write(inode) : 0;
	if (err == -ENOMEM)
		inode_dirty(inode);
	spin_lock(&dirty_lock);
	inode->being_written = false;
	spin_unlock(&dirty_lock);
	/* Who frees it waits for the flag, and has had the lock after us. */
	wake_up(&inode_written);
	return err;
}

/* dirty_lock held, and again when it returns. */
static void wait_until_written(struct inode *inode)
{
	spin_assert_held(&dirty_lock);
	while (inode->being_written) {
		spin_unlock(&dirty_lock);
		wait_event(&inode_written, !READ_ONCE(inode->being_written));
		spin_lock(&dirty_lock);
	}
}

int inode_write_now(struct inode *inode)
{
	bool dirty;

	if (!inode->sb->disk)
		return 0;
	spin_lock(&dirty_lock);
	wait_until_written(inode);
	dirty = inode->dirty;
	if (dirty)
		take_dirty(inode);
	spin_unlock(&dirty_lock);
	return dirty ? write_taken(inode) : 0;
}

/* Waits until the first of @todo, if there is one, is not being written; dirty_lock held. */
static void wait_for_first(struct list_node *todo)
{
	bool busy = true;

	while (busy) {
		busy = !list_empty(todo) &&
		       list_first(todo, struct inode, dirty_link)->being_written;
		if (!busy)
			break;
		/* The inode may go meanwhile: it is not looked at without the lock. */
		spin_unlock(&dirty_lock);
		sleep_ms(1);
		spin_lock(&dirty_lock);
	}
}

/* All inodes of @sb that are dirty now are written to their places.  0 or the first error. */
int inodes_write(struct superblock *sb)
{
	struct writeback *w = writeback_of(sb);
	struct list_node todo;
	int err = 0, bad;
	uint32_t begun;

	spin_lock(&dirty_lock);
	begun = sb->dirty_rounds;
	spin_unlock(&dirty_lock);
	/* One at a time: when this returns, what another took has been written, too. */
	mutex_lock(&w->writing);
	list_init(&todo);
	spin_lock(&dirty_lock);
	if (sb->dirty_rounds != begun) {
		/*
		 * Another's began after this call and has ended: nobody waits for more than two.
		 * If there were more, the one that failed tells.
		 */
		err = (int32_t)(sb->dirty_failed - begun) > 0 ? sb->dirty_error : 0;
		spin_unlock(&dirty_lock);
		mutex_unlock(&w->writing);
		return err;
	}
	sb->dirty_rounds++;
	/* Not what becomes dirty meanwhile, which may have no end. */
	list_splice_tail(&todo, &sb->dirty_inodes);
	for (;;) {
		struct inode *inode;

		wait_for_first(&todo);
		if (list_empty(&todo))
			break;
		inode = list_first(&todo, struct inode, dirty_link);
		take_dirty(inode);
		spin_unlock(&dirty_lock);
		bad = write_taken(inode);
		err = err ?: bad;
		(void)give_way();
		spin_lock(&dirty_lock);
	}
	if (err) {
		sb->dirty_error = err;
		sb->dirty_failed = sb->dirty_rounds;
	}
	spin_unlock(&dirty_lock);
	mutex_unlock(&w->writing);
	return err;
}

bool inodes_older(struct writeback *w, uint64_t cutoff)
{
	bool old;

	spin_lock(&dirty_lock);
	old = w->inodes_dirty && w->inodes_since <= cutoff;
	if (old)
		w->inodes_dirty = false;
	spin_unlock(&dirty_lock);
	return old;
}

void inode_undirty(struct inode *inode)
{
	spin_lock(&dirty_lock);
	wait_until_written(inode);
	if (inode->dirty) {
		list_del(&inode->dirty_link);
		nr_dirty_inodes--;
	}
	inode->dirty = false;
	spin_unlock(&dirty_lock);
}

size_t inodes_dirty(void)
{
	return READ_ONCE(nr_dirty_inodes);
}
