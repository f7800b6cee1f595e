/*
 * client.c - requests to a 9P server, from the task that asks to the answer: each message is a
 * chain of its virtio device's one queue, what is asked and the room for the answer.
 *
 * Invariants: the device has a reference to a request until it gives it back; the tag is nobody
 * else's until it has been answered, and if it was flushed, the Tflush too.  What the device never
 * gives back (it is broken) is never freed: it may still write to it.
 */
#include "fs/9p/client.h"

#include "abi/errno.h"
#include "drivers/virtio/virtio.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "task/sleep.h"

#define P9_F_MOUNT_TAG 0x1ull
#define P9_ANSWER      160 /* bytes: what one without text and data has at most, Rlerror too */

static const char version[] = "9P2000.L";
static struct list_node sessions = LIST_INIT(sessions); /* written at boot */

bool p9_may_use(const struct p9_session *s)
{
	return s->only_uid == P9_NOUID || s->only_uid == current_cred()->fsuid;
}

/* ---- requests ---- */

static void p9_clunk(struct p9_session *s, uint32_t fid);

static void p9_free_request(struct p9_request *q)
{
	/* The fid that was to be made may be there, and nobody has waited to know. */
	if (q->left && q->wire.new_fid != P9_NOFID && !q->session->ending)
		p9_clunk(q->session, q->wire.new_fid);
	kfree(q->t);
	kfree(q->r);
	kfree(q);
}

static bool p9_is_broken(const struct p9_session *s)
{
	return READ_ONCE(s->dev->broken);
}

static void p9_free_tag(struct p9_request *q)
{
	if (q->has_tag)
		q->session->tags &= ~BIT(q->tag);
	q->has_tag = false;
}

/*
 * One reference less; s->lock is held.  True: it was the last, and the caller, a task, frees it
 * once it has dropped the lock.
 */
static bool p9_put_locked(struct p9_request *q)
{
	spin_assert_held(&q->session->lock);
	if (--q->refs)
		return false;
	p9_free_tag(q);
	return true;
}

/* What an interrupt handler has put last is freed here. */
static void p9_free_dead(struct p9_session *s)
{
	struct list_node dead;
	struct p9_request *q;
	unsigned long flags;

	if (likely(list_empty(&s->dead)))
		return;
	list_init(&dead);
	flags = spin_lock_irqsave(&s->lock);
	list_splice_tail(&dead, &s->dead);
	spin_unlock_irqrestore(&s->lock, flags);
	while ((q = list_pop(&dead, struct p9_request, link)))
		p9_free_request(q);
}

struct p9_request *p9_begin(struct p9_session *s, uint8_t type, size_t t_room, size_t r_room)
{
	struct p9_request *q = kzalloc(sizeof(*q));

	p9_free_dead(s);
	if (!q)
		return err_ptr(-ENOMEM);
	q->session = s;
	q->type = type;
	q->refs = 1;
	q->t_size = (uint32_t)(P9_HEAD + t_room);
	q->r_size = (uint32_t)(P9_HEAD + max(r_room, (size_t)P9_ANSWER));
	q->t = kmalloc(q->t_size);
	q->r = kmalloc(q->r_size);
	if (!q->t || !q->r) {
		p9_free_request(q);
		return err_ptr(-ENOMEM);
	}
	q->wire = (struct p9_wire){ .at = q->t + P9_HEAD,
				    .end = q->t + q->t_size,
				    .new_fid = P9_NOFID };
	return q;
}

void p9_end(struct p9_request *q)
{
	struct p9_session *s = q->session;
	unsigned long flags = spin_lock_irqsave(&s->lock);
	bool last = p9_put_locked(q);

	spin_unlock_irqrestore(&s->lock, flags);
	if (last) {
		p9_free_request(q);
		wake_up(&s->room); /* its tag is free */
	}
}

/* It goes to the device, if there are a tag and room: true, or false and it is as it was. */
static bool p9_send(struct p9_request *q)
{
	struct p9_session *s = q->session;
	struct virtqueue *vq = &s->dev->queues[0];
	unsigned long flags = spin_lock_irqsave(&s->lock);
	bool sent = false;

	if (!q->has_tag && ~s->tags) {
		q->tag = (uint16_t)__builtin_ctzl(~s->tags);
		q->has_tag = true;
		s->tags |= BIT(q->tag);
	}
	if (q->has_tag && virtqueue_room(vq, 2)) {
		struct p9_wire head = { .at = q->t, .end = q->t + P9_HEAD };

		p9_put(&head, "dbh", q->t_size, q->type,
		       q->type == P9_TVERSION ? P9_NOTAG : q->tag);
		/* kmalloc's memory lies in one piece of RAM. */
		virtqueue_add(vq, virt_to_phys(q->t), q->t_size, false);
		virtqueue_add(vq, virt_to_phys(q->r), q->r_size, true);
		virtqueue_offer(vq, q);
		q->refs++; /* before the lock goes: the answer may come at once */
		virtqueue_kick(vq);
		sent = true;
	}
	spin_unlock_irqrestore(&s->lock, flags);
	/* To a device that is broken nothing goes any more, and nothing is waited for. */
	return sent || p9_is_broken(s);
}

/* A message is complete when its fields are: what was made room for, and is not used, is cut. */
static int p9_finish(struct p9_request *q)
{
	q->t_size = (uint32_t)(q->wire.at - q->t);
	return q->wire.err;
}

/*
 * Sent without a task that waits: it is freed when it has been answered.  Takes over the caller's
 * reference.
 */
static void p9_post(struct p9_request *q)
{
	q->left = true;
	if (!p9_finish(q))
		(void)wait_event_killable(&q->session->room, p9_send(q));
	p9_end(q);
}

static void p9_clunk(struct p9_session *s, uint32_t fid)
{
	struct p9_request *q = p9_begin(s, P9_TCLUNK, 4, 0);

	if (is_err(q))
		return; /* the server keeps it until the session ends */
	p9_put(&q->wire, "d", fid);
	p9_post(q);
}

/* The task that waited for @q is to die: the server may stop working on it. */
static void p9_leave(struct p9_request *q)
{
	struct p9_session *s = q->session;
	struct p9_request *flush = p9_begin(s, P9_TFLUSH, 2, 0);
	unsigned long flags = spin_lock_irqsave(&s->lock);
	bool done = q->done; /* then nothing is to be flushed */

	q->left = true;
	if (!done && !is_err(flush)) {
		flush->flushes = q;
		q->refs++;
		p9_put(&flush->wire, "h", q->tag);
		flush->left = true;
	}
	spin_unlock_irqrestore(&s->lock, flags);
	if (is_err(flush))
		return;
	/* Where there is no room for it nobody waits for @q, and that is all. */
	if (!done && (p9_finish(flush) || !p9_send(flush))) {
		flush->flushes = NULL;
		p9_end(q);
	}
	p9_end(flush);
}

static bool p9_is_over(const struct p9_request *q)
{
	return load_acquire(&q->done) || p9_is_broken(q->session);
}

#define p9_wait(killable, q, cond) \
	((killable) ? wait_event_killable(q, cond) : (wait_event(q, cond), 0))

int p9_call(struct p9_request *q, bool killable)
{
	struct p9_session *s = q->session;
	uint16_t tag;
	int err = p9_finish(q);

	if (err)
		return err;
	if (p9_wait(killable, &s->room, p9_send(q)))
		return -EINTR;
	if (p9_wait(killable, &s->answers, p9_is_over(q))) {
		p9_leave(q);
		return -EINTR;
	}
	if (!load_acquire(&q->done))
		return -EIO;
	tag = q->type == P9_TVERSION ? P9_NOTAG : q->tag;
	return p9_reply(&q->wire, q->r, q->len, q->type, tag);
}

/* The interrupt: all that was answered. */
static void p9_used(struct virtqueue *vq)
{
	struct p9_session *s = vq->dev->driver_data;
	unsigned long flags = spin_lock_irqsave(&s->lock);
	struct p9_request *q;
	uint32_t len;

	while ((q = virtqueue_get(vq, &len))) {
		struct p9_request *flushed = q->flushes;

		q->len = len;
		store_release(&q->done, true);
		/* Who takes the answer may need one more: for memory that is a file of ours. */
		if (!q->left)
			p9_free_tag(q);
		/* Only a task frees memory. */
		if (flushed && p9_put_locked(flushed))
			list_add_tail(&s->dead, &flushed->link);
		if (p9_put_locked(q))
			list_add_tail(&s->dead, &q->link);
	}
	spin_unlock_irqrestore(&s->lock, flags);
	wake_up(&s->answers);
	wake_up(&s->room);
}

static void p9_broke(struct virtio_device *d)
{
	struct p9_session *s = d->driver_data;

	wake_up(&s->answers);
	wake_up(&s->room);
}

/* ---- fids ---- */

struct p9_fid *p9_fid_new(struct p9_session *s)
{
	struct p9_fid *f = kmalloc(sizeof(*f));

	if (!f)
		return NULL;
	*f = (struct p9_fid){ .session = s, .mode = P9_NOT_OPEN };
	ref_init(&f->refs);
	/* After 2^32 of them a number may be in use still: the server says no then. */
	do
		f->id = atomic_add(&s->next_fid, 1);
	while (f->id == P9_NOFID);
	return f;
}

void p9_fid_forget(struct p9_fid *f)
{
	kfree(f);
}

void p9_fid_put(struct p9_fid *f)
{
	if (!f || !ref_put(&f->refs))
		return;
	p9_clunk(f->session, f->id);
	kfree(f);
}

/* ---- sessions ---- */

static int p9_agree(struct p9_session *s)
{
	struct p9_request *q = p9_begin(s, P9_TVERSION, 64, 64);
	char is[16];
	uint32_t msize;
	int err;

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put(&q->wire, "ds", s->msize, version);
	err = p9_call(q, true) ?: p9_get(&q->wire, "ds", &msize, is, sizeof(is));
	p9_end(q);
	if (err)
		return err;
	if (msize > s->msize || msize < P9_MSIZE_MIN)
		return -EIO;
	s->msize = msize;
	return strcmp(is, version) ? -EPROTONOSUPPORT : 0;
}

static struct p9_session *p9_take_session(const char *mount_tag)
{
	int err = -ENOENT;

	for (struct list_node *l = sessions.next; l != &sessions; l = l->next) {
		struct p9_session *s = list_entry(l, struct p9_session, link);

		if (strcmp(s->mount_tag, mount_tag) != 0)
			continue;
		if (p9_is_broken(s))
			err = -EIO;
		else if (!atomic_xchg(&s->taken, true))
			return s;
		else
			err = -EBUSY;
	}
	return err_ptr(err);
}

struct p9_session *p9_session_begin(const char *mount_tag, uint32_t msize)
{
	struct p9_session *s = p9_take_session(mount_tag);
	int err;

	if (is_err(s))
		return s;
	s->msize = msize;
	s->ending = false;
	s->only_uid = P9_NOUID;
	err = p9_agree(s);
	if (!err)
		return s;
	p9_session_end(s);
	return err_ptr(err);
}

static bool p9_is_idle(struct p9_session *s)
{
	unsigned long flags = spin_lock_irqsave(&s->lock);
	bool idle = !s->tags;

	spin_unlock_irqrestore(&s->lock, flags);
	return idle;
}

void p9_session_end(struct p9_session *s)
{
	s->ending = true;
	/*
	 * The last clunks.  A server that does not answer them keeps the session: what it has may
	 * still be written to.
	 */
	if (wait_event_killable(&s->room, p9_is_idle(s) || p9_is_broken(s)))
		return;
	p9_free_dead(s);
	store_release(&s->taken, false);
}

/* ---- devices ---- */

static int p9_probe(struct virtio_device *d)
{
	struct p9_session *s;
	uint16_t len;
	int err;

	if (!virtio_has(d, P9_F_MOUNT_TAG))
		return -EINVAL;
	len = (uint16_t)virtio_config(d, 0, 2);
	if (!len || len > P9_TAG_MAX)
		return -EINVAL;
	s = kzalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	for (uint32_t i = 0; i < len; i++)
		s->mount_tag[i] = (char)virtio_config(d, 2 + i, 1);
	s->dev = d;
	spin_init(&s->lock);
	list_init(&s->dead);
	wait_init(&s->room);
	wait_init(&s->answers);
	d->driver_data = s;
	err = virtio_queues(d, 1, p9_used);
	if (err)
		return err; /* its interrupt may come still: @s stays */
	virtio_ready(d);
	list_add_tail(&sessions, &s->link);
	pr_info("9p: \"%s\", %s (%s)\n", s->mount_tag, d->name, d->transport->name);
	return 0;
}

static const struct virtio_driver virtio_9p = {
	.name = "9p",
	.type = VIRTIO_9P,
	.features = P9_F_MOUNT_TAG,
	.probe = p9_probe,
	.broke = p9_broke,
};
VIRTIO_DRIVER(virtio_9p);
