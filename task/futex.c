/*
 * futex.c - waiters, found by the word they wait on.
 *
 * Comes from sys/proc/futex.c.  A word is known by where it is: a private one by address space and
 * address, a shared one by object and offset.  Invariant: a waiter is in its bucket's list from
 * before it looks at the word for the last time until a task that changed the word takes it out
 * (w->bucket is then NULL) or it gives up; so a wake-up after the change finds it.
 *
 * The word is read with the bucket unlocked, because reading may fault: the waiter is in the list
 * already, and a wake-up that comes in between counts as one that ended its sleep.
 */
#include "task/futex.h"

#include "abi/errno.h"
#include "abi/futex.h"
#include "mm/slab.h"
#include "mm/vma.h"
#include "task/sleep.h"

struct futex_key {
	const void *space; /* struct mm, or struct vm_object */
	uint64_t offset;   /* bytes */
};

/*
 * As many buckets as make the waiters of all tasks that there can be a few in each; which bucket is
 * a word's, EL0 cannot foresee: multiply-shift hashing with secret factors (Dietzfelbinger).  Set
 * by futex_init, constant afterwards.
 */
#define FIRST_BUCKETS 256u
#define TASKS_BUCKET  4u
static struct bucket {
	struct spinlock lock;
	struct list_node waiters;
} first_buckets[FIRST_BUCKETS], *buckets = first_buckets;
static unsigned int bucket_shift = 64 - 8;
static uint64_t space_key, offset_key;
_Static_assert(FIRST_BUCKETS == 1 << 8, "bucket_shift");

struct futex_waiter {
	struct list_node link;
	struct task *task;
	struct bucket *bucket; /* whose lock guards all this; NULL: woken */
	struct futex_key key;
	uint32_t bitset;
	uint8_t rt_priority; /* when it came */
};

static struct bucket *futex_bucket_of(const struct futex_key *k)
{
	return &buckets[((uintptr_t)k->space * space_key + k->offset * offset_key) >> bucket_shift];
}

void futex_init(const uint64_t random[2])
{
	unsigned int n = FIRST_BUCKETS, shift = bucket_shift;
	struct bucket *more;

	space_key = random[0] | 1;
	offset_key = random[1] | 1;
	while (n * TASKS_BUCKET < tasks_max()) {
		n *= 2;
		shift--;
	}
	more = n > FIRST_BUCKETS ? kzalloc(n * sizeof(*more)) : NULL;
	if (!more)
		return;
	buckets = more;
	bucket_shift = shift;
}

static struct list_node *list_of(struct bucket *b)
{
	if (!b->waiters.next)
		list_init(&b->waiters);
	return &b->waiters;
}

static bool same(const struct futex_key *a, const struct futex_key *b)
{
	return a->space == b->space && a->offset == b->offset;
}

/* The object that shows at @at in a shared mapping, or NULL where the mapping is private. */
static void shared_key(struct mm *mm, uintptr_t at, struct futex_key *k)
{
	const struct vma *v;

	vm_lock(mm);
	v = mm_find(mm, at);
	if (v && (v->flags & VM_SHARED) && v->object)
		*k = (struct futex_key){ v->object, at - v->start + v->offset };
	vm_unlock(mm);
}

/*
 * 0, -EINVAL (not aligned), -EFAULT.  The object of a shared word is kept alive by its mapping;
 * when that goes while a task waits, the key can match no other word than one of a new object in
 * its place: a spurious wake-up.
 */
static int get_key(uptr at, bool shared, struct futex_key *k)
{
	uint32_t probe;

	if (!IS_ALIGNED(at.va, 4))
		return -EINVAL;
	if (!uaccess_ok(at, 4))
		return uaccess_refuse(at, false);
	if (shared && get_user(probe, at))
		return -EFAULT;
	*k = (struct futex_key){ current->mm, at.va };
	if (shared)
		shared_key(current->mm, at.va, k);
	return 0;
}

/* ---- waiting ---- */

/*
 * Real-time waiters come first, the highest priority first of all; the others behind them, as they
 * came.  The lock is held.
 */
static void add_waiter(struct bucket *b, struct futex_waiter *w)
{
	struct list_node *list = list_of(b), *at = list->prev;

	if (unlikely(w->rt_priority)) {
		for (at = list; at->next != list; at = at->next)
			if (list_entry(at->next, struct futex_waiter, link)->rt_priority <
			    w->rt_priority)
				break;
	}
	list_insert(&w->link, at);
}

static void enlist(struct futex_waiter *w)
{
	struct bucket *b = futex_bucket_of(&w->key);

	w->bucket = b;
	/* Remembered: it decides the place in the list, also if the task's changes meanwhile. */
	w->rt_priority = w->task->sched.rt_priority;
	spin_lock(&b->lock);
	add_waiter(b, w);
	spin_unlock(&b->lock);
}

/* Leaves the list; true when it had been woken. */
static bool delist(struct futex_waiter *w)
{
	struct bucket *b;

	while ((b = load_acquire(&w->bucket))) {
		spin_lock(&b->lock);
		if (b == w->bucket) { /* else it was woken or moved meanwhile */
			list_del(&w->link);
			spin_unlock(&b->lock);
			return false;
		}
		spin_unlock(&b->lock);
	}
	return true;
}

/* Sleeps until woken, timed out or disturbed.  0, -ETIMEDOUT, -ERESTARTSYS. */
static int sleep(struct futex_waiter *w, enum timer_clock clock, uint64_t deadline_ns)
{
	bool up = false;

	for (;;) {
		sched_set_state(TASK_SLEEPING);
		if (!load_acquire(&w->bucket))
			return 0;
		if (up)
			return -ETIMEDOUT;
		if (signal_pending())
			return -ERESTARTSYS;
		up = sched_sleep_deadline(clock, deadline_ns);
	}
}

int futex_wait(const struct futex_request *rq)
{
	struct futex_waiter w = { .task = current, .bitset = rq->bitset };
	uint32_t now;
	int err;

	if (!rq->bitset)
		return -EINVAL;
	err = get_key(rq->at, rq->shared, &w.key);
	if (err)
		return err;
	enlist(&w);
	/*
	 * After enlist: a task that changes the word and then wakes finds the waiter; one that had
	 * changed it before is seen by this load.
	 */
	if (get_user(now, rq->at))
		err = -EFAULT;
	else if (now != rq->val)
		err = -EAGAIN;
	else
		err = sleep(&w, rq->clock, rq->deadline_ns);
	sched_set_state(TASK_RUNNING);
	return delist(&w) ? 0 : err;
}

/* ---- waking ---- */

/* The bucket's lock is held.  The waiter may be gone as soon as it can see that it was woken. */
static void wake(struct futex_waiter *w)
{
	struct task *t = w->task;

	/*
	 * The waiter lies on its task's stack, and that may return as soon as bucket is NULL:
	 * task_wake uses this reference alone.
	 */
	task_get(t);
	list_del(&w->link);
	/*
	 * After list_del, which it must not overtake: sleep() and delist() go by it without the
	 * lock.
	 */
	store_release(&w->bucket, (struct bucket *)NULL);
	task_wake(t);
	task_put(t);
}

/* ---- walking through a bucket ---- */

/* In the order of their addresses: another requeue may go the other way. */
static void lock_two_buckets(struct bucket *a, struct bucket *b)
{
	if (a > b)
		spin_lock(&b->lock);
	spin_lock(&a->lock);
	if (a < b)
		spin_lock(&b->lock);
}

static void unlock_two(struct bucket *a, struct bucket *b)
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

/*
 * How many waiters are looked at before a bucket's lock is dropped; waking one counts as looking at
 * so many.
 */
#define STEPS_MAX  1024
#define WAKE_STEPS 64
#define MOVE_STEPS 8 /* and to move one */

/*
 * Of the waiters that are in @a when it begins; @b: another bucket that is locked too, or the same.
 */
struct walk {
	struct bucket *a, *b;
	int left;
	bool marked;
	/* no waiters: places in the list, with no key; only if marked */
	struct futex_waiter here, end;
};

static void begin_walk(struct walk *k, struct bucket *a, struct bucket *b)
{
	k->a = a;
	k->b = b;
	k->left = STEPS_MAX;
	k->marked = false;
}

/* The waiter at @at, or NULL: there is none. */
static struct futex_waiter *waiter_at(struct walk *k, struct list_node *at)
{
	return at == list_of(k->a) || (unlikely(k->marked) && at == &k->end.link)
		       ? NULL
		       : list_entry(at, struct futex_waiter, link);
}

static struct futex_waiter *first_of(struct walk *k)
{
	return waiter_at(k, list_of(k->a)->next);
}

/*
 * Lets others at the buckets when it has been long enough, keeping the place before @w; which
 * waiter is there then.
 */
static struct futex_waiter *go_on(struct walk *k, struct futex_waiter *w)
{
	struct list_node *at;

	if (likely(k->left > 0) || !w)
		return w;
	if (!k->marked) {
		k->here = k->end = (struct futex_waiter){ .task = NULL };
		list_add_tail(list_of(k->a), &k->end.link);
	}
	k->marked = true;
	k->here.rt_priority = w->rt_priority;
	/*
	 * A mark, not a waiter: @w itself may leave, and its stack be gone, while the locks are
	 * free.
	 */
	list_insert(&k->here.link, w->link.prev);
	unlock_two(k->a, k->b);
	(void)give_way(); /* a task that is to die wakes the others all the same */
	lock_two_buckets(k->a, k->b);
	k->left = STEPS_MAX;
	at = k->here.link.next;
	list_del(&k->here.link);
	return waiter_at(k, at);
}

static struct futex_waiter *next_of(struct walk *k, struct futex_waiter *w)
{
	struct list_node *at = w->link.next;

	k->left--;
	return waiter_at(k, at);
}

static void end_walk(struct walk *k)
{
	if (unlikely(k->marked))
		list_del(&k->end.link);
}

/* ---- waking ---- */

/* As on Linux, one is woken at least: 0 and what is negative are no limits below that. */
static int wake_key(const struct futex_key *k, uint32_t limit, uint32_t bitset)
{
	struct bucket *b = futex_bucket_of(k);
	uint32_t n = (uint32_t)max((int32_t)limit, 1), woken = 0;
	struct futex_waiter *w, *next;
	struct walk walk;

	begin_walk(&walk, b, b);
	spin_lock(&b->lock);
	for (w = first_of(&walk); w && woken < n; w = go_on(&walk, next)) {
		next = next_of(&walk, w);
		if (!same(&w->key, k) || !(w->bitset & bitset))
			continue;
		wake(w);
		woken++;
		walk.left -= WAKE_STEPS;
	}
	end_walk(&walk);
	spin_unlock(&b->lock);
	return (int)woken;
}

int futex_wake(const struct futex_request *rq)
{
	struct futex_key k;
	int err;

	if (!rq->bitset)
		return -EINVAL;
	err = get_key(rq->at, rq->shared, &k);
	return err ? err : wake_key(&k, rq->val, rq->bitset);
}

int futex_wake_address(uptr at, int n)
{
	struct futex_request rq = { .at = at,
				    .val = (uint32_t)n,
				    .bitset = FUTEX_BITSET_MATCH_ANY };
	int woken = futex_wake(&rq);

	/*
	 * a waiter with the shared form has another key only where the mapping is shared
	 */
	rq.shared = true;
	return woken > 0 ? woken : futex_wake(&rq);
}

/* ---- requeue ---- */

static void move_waiters(struct futex_waiter *w, struct bucket *to, const struct futex_key *k)
{
	list_del(&w->link);
	add_waiter(to, w);
	w->key = *k;
	/*
	 * Last, with both locks held: delist() that has taken the old lock sees that bucket is
	 * another now.
	 */
	store_release(&w->bucket, to);
}

static int requeue_keys(const struct futex_key *from, const struct futex_key *to, uint32_t nr_wake,
			uint32_t nr_move)
{
	struct futex_waiter *w, *next;
	uint32_t woken = 0, moved = 0;
	struct walk walk;

	begin_walk(&walk, futex_bucket_of(from), futex_bucket_of(to));
	lock_two_buckets(walk.a, walk.b);
	for (w = first_of(&walk); w && (woken < nr_wake || moved < nr_move);
	     w = go_on(&walk, next)) {
		next = next_of(&walk, w);
		if (!same(&w->key, from))
			continue;
		if (woken < nr_wake) {
			wake(w);
			woken++;
			walk.left -= WAKE_STEPS;
		} else {
			if (!same(from, to)) /* else one of priority would come by again */
				move_waiters(w, walk.b, to);
			walk.left -= MOVE_STEPS;
			moved++;
		}
	}
	end_walk(&walk);
	unlock_two(walk.a, walk.b);
	return (int)(woken + moved);
}

int futex_requeue(const struct futex_request *rq, bool cmp)
{
	struct futex_key from, to;
	uint32_t now;
	int err;

	if ((int)rq->val < 0 || (int)rq->val2 < 0)
		return -EINVAL;
	err = get_key(rq->at, rq->shared, &from);
	if (!err)
		err = get_key(rq->at2, rq->shared, &to);
	if (err)
		return err;
	if (cmp) {
		/*
		 * Without the buckets' locks, as it may fault: a change of the word that comes
		 * after is as one after the call.
		 */
		if (get_user(now, rq->at))
			return -EFAULT;
		if (now != rq->val3)
			return -EAGAIN;
	}
	return requeue_keys(&from, &to, rq->val, rq->val2);
}

/* ---- wake and change ---- */

enum { OP_SET, OP_ADD, OP_OR, OP_ANDN, OP_XOR, OP_SHIFT = 8 };
enum { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE };

/* FUTEX_WAKE_OP's val3: the operation, its argument, the comparison, its argument. */
struct wake_op {
	unsigned int op, cmp;
	int32_t oparg, cmparg;
};

static int32_t sign_extend12(uint32_t v)
{
	return (int32_t)(v << 20) >> 20;
}

static struct wake_op decode_op(uint32_t v)
{
	struct wake_op o = { .op = v >> 28,
			     .cmp = v >> 24 & 0xf,
			     .oparg = sign_extend12(v >> 12 & 0xfff),
			     .cmparg = sign_extend12(v & 0xfff) };

	if (o.op & OP_SHIFT)
		o.oparg = (int32_t)(1u << (o.oparg & 31));
	o.op &= ~(unsigned int)OP_SHIFT;
	return o;
}

static bool apply_op(const struct wake_op *o, uint32_t old, uint32_t *value)
{
	uint32_t arg = (uint32_t)o->oparg;

	switch (o->op) {
	case OP_SET: *value = arg; return true;
	case OP_ADD: *value = old + arg; return true;
	case OP_OR: *value = old | arg; return true;
	case OP_ANDN: *value = old & ~arg; return true;
	case OP_XOR: *value = old ^ arg; return true;
	default: return false;
	}
}

static bool compare_op(const struct wake_op *o, int32_t old, bool *yes)
{
	switch (o->cmp) {
	case CMP_EQ: *yes = old == o->cmparg; return true;
	case CMP_NE: *yes = old != o->cmparg; return true;
	case CMP_LT: *yes = old < o->cmparg; return true;
	case CMP_LE: *yes = old <= o->cmparg; return true;
	case CMP_GT: *yes = old > o->cmparg; return true;
	case CMP_GE: *yes = old >= o->cmparg; return true;
	default: return false;
	}
}

/* Changes *at by the operation, in one step; *old is what it was. */
static int change_word(uptr at, const struct wake_op *o, uint32_t *old)
{
	uint32_t value, seen;

	if (get_user(*old, at))
		return -EFAULT;
	for (;;) {
		if (!apply_op(o, *old, &value))
			return -ENOSYS;
		if (user_atomic_cmpxchg32(at, *old, value, &seen))
			return -EFAULT;
		if (seen == *old)
			return 0;
		*old = seen;
	}
}

int futex_wake_op(const struct futex_request *rq)
{
	struct wake_op o = decode_op(rq->val3);
	struct futex_key k, k2;
	uint32_t old;
	bool yes;
	int err = get_key(rq->at, rq->shared, &k), woken;

	if (!err)
		err = get_key(rq->at2, rq->shared, &k2);
	if (!err)
		err = change_word(rq->at2, &o, &old);
	if (err)
		return err;
	if (!compare_op(&o, (int32_t)old, &yes))
		return -ENOSYS;
	/*
	 * The word has changed already: a waiter that joins now sees the new value and does not
	 * sleep.
	 */
	woken = wake_key(&k, rq->val, FUTEX_BITSET_MATCH_ANY);
	if (yes)
		woken += wake_key(&k2, rq->val2, FUTEX_BITSET_MATCH_ANY);
	return woken;
}

/* ---- the locks of a thread that ends ---- */

/*
 * The lock at @at was current's: the next owner sees that this one died with it, and a waiter is
 * woken to be that.
 */
static void owner_died(uptr at, bool pending)
{
	uint32_t now, seen;

	if (!IS_ALIGNED(at.va, 4) || get_user(now, at))
		return;
	while ((now & FUTEX_TID_MASK) == (uint32_t)current->tid) {
		/*
		 * By exchange: a thread of another process may be setting FUTEX_WAITERS at this
		 * moment.
		 */
		if (user_atomic_cmpxchg32(at, now, (now & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen))
			return;
		if (seen == now) {
			if (now & FUTEX_WAITERS)
				futex_wake_address(at, 1);
			return;
		}
		now = seen;
	}
	/* it had unlocked it, but not yet woken a waiter */
	if (pending && !(now & FUTEX_TID_MASK))
		futex_wake_address(at, 1);
}

/* The list is user memory: it may be of any length, go round, or end nowhere. */
void futex_exit_robust(void)
{
	uptr head = uptr_of(current->robust_list);
	struct robust_list_head h;
	uint64_t entry;

	current->robust_list = 0;
	if (uptr_is_null(head) || copy_from_user(&h, head, sizeof(h)))
		return;
	entry = h.list;
	for (int n = 0; n < ROBUST_LIST_LIMIT && (entry & ~UINT64_C(1)) != head.va; n++) {
		/* Bit 0: a PI lock, which there are none of. */
		uint64_t at = entry & ~UINT64_C(1), next;

		if (get_user(next, uptr_of(at)))
			return;
		if (at != (h.list_op_pending & ~UINT64_C(1)))
			owner_died(uptr_of(at + (uint64_t)h.futex_offset), false);
		entry = next;
	}
	if (h.list_op_pending)
		owner_died(uptr_of((h.list_op_pending & ~UINT64_C(1)) + (uint64_t)h.futex_offset),
			   true);
}
