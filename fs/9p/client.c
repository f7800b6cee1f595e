/*
 * client.c - requests to a 9P server, from the task that asks to the answer.
 *
 * Invariants: the device has a reference to a request until it gives it back; the tag is nobody
 * else's until the last reference goes, one of which a Tflush has.  What the device never gives
 * back (it is broken) is never freed: it may still write to it.
 */
#include "fs/9p/client.h"

#include "abi/errno.h"
#include "fs/9p/channel.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/sleep.h"

static const char version[] = "9P2000.L";

/* ---- requests ---- */

static void p9_clunk(struct p9_session *s, uint32_t fid);

static void p9_free_request(struct p9_request *q)
{
	/* The fid that was to be made may be there, and nobody has waited to know. */
	if (q->left && q->new_fid != P9_NOFID && !q->session->ending)
		p9_clunk(q->session, q->new_fid);
	kfree(q->t);
	kfree(q->r);
	kfree(q);
}

/*
 * One reference less; s->lock is held.  True: it was the last, and the caller, a task, frees it
 * once it has dropped the lock.
 */
static bool p9_put_locked(struct p9_request *q)
{
	struct p9_session *s = q->session;

	spin_assert_held(&s->lock);
	if (--q->refs)
		return false;
	if (q->has_tag)
		s->tags &= ~BIT(q->tag);
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
	q->new_fid = P9_NOFID;
	q->t_size = (uint32_t)(P9_HEAD + t_room);
	/* Rlerror, which may come in its place, has 4 bytes. */
	q->r_size = (uint32_t)(P9_HEAD + max(r_room, (size_t)4));
	q->t = kmalloc(q->t_size);
	q->r = kmalloc(q->r_size);
	if (!q->t || !q->r) {
		p9_free_request(q);
		return err_ptr(-ENOMEM);
	}
	q->wire = (struct p9_wire){ .at = q->t + P9_HEAD, .end = q->t + q->t_size };
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
	unsigned long flags = spin_lock_irqsave(&s->lock);
	bool sent = false;

	if (!q->has_tag && ~s->tags) {
		q->tag = (uint16_t)__builtin_ctzl(~s->tags);
		q->has_tag = true;
		s->tags |= BIT(q->tag);
	}
	if (q->has_tag) {
		struct p9_wire head = { .at = q->t, .end = q->t + P9_HEAD };

		p9_put32(&head, q->t_size);
		p9_put8(&head, q->type);
		p9_put16(&head, q->type == P9_TVERSION ? P9_NOTAG : q->tag);
		sent = p9_channel_send(s->channel, q);
	}
	/* Before the lock goes: the answer may come at once. */
	if (sent)
		q->refs++;
	spin_unlock_irqrestore(&s->lock, flags);
	/* To a device that is broken nothing goes any more, and nothing is waited for. */
	return sent || READ_ONCE(s->broken);
}

/* A message is complete when its fields are: what was made room for, and is not used, is cut. */
static int p9_finish(struct p9_request *q)
{
	if (q->wire.bad)
		return -ENAMETOOLONG;
	q->t_size = (uint32_t)(q->wire.at - q->t);
	return 0;
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
	p9_put32(&q->wire, fid);
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
		p9_put16(&flush->wire, q->tag);
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
	return load_acquire(&q->done) || READ_ONCE(q->session->broken);
}

int p9_call(struct p9_request *q, bool killable)
{
	struct p9_session *s = q->session;
	uint16_t tag;
	int err = p9_finish(q);

	if (err)
		return err;
	if (!killable)
		wait_event(&s->room, p9_send(q));
	else if (wait_event_killable(&s->room, p9_send(q)))
		return -EINTR;
	if (!killable)
		wait_event(&s->answers, p9_is_over(q));
	else if (wait_event_killable(&s->answers, p9_is_over(q))) {
		p9_leave(q);
		return -EINTR;
	}
	if (!load_acquire(&q->done))
		return -EIO;
	tag = q->type == P9_TVERSION ? P9_NOTAG : q->tag;
	return p9_reply(&q->wire, q->r, q->len, q->type, tag);
}

static void p9_answered(struct p9_request *q, uint32_t len)
{
	struct p9_session *s = q->session;
	struct p9_request *flushed = q->flushes;
	unsigned long flags = spin_lock_irqsave(&s->lock);

	q->len = len;
	store_release(&q->done, true);
	/* Only a task frees memory. */
	if (flushed && p9_put_locked(flushed))
		list_add_tail(&s->dead, &flushed->link);
	if (p9_put_locked(q))
		list_add_tail(&s->dead, &q->link);
	spin_unlock_irqrestore(&s->lock, flags);
	wake_up(&s->answers);
	wake_up(&s->room);
}

static void p9_broken(struct p9_session *s)
{
	WRITE_ONCE(s->broken, true);
	wake_up(&s->answers);
	wake_up(&s->room);
}

/* ---- fids ---- */

struct p9_fid *p9_fid_new(struct p9_session *s)
{
	struct p9_fid *f = kmalloc(sizeof(*f));

	if (!f)
		return NULL;
	*f = (struct p9_fid){ .session = s };
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
	char is[16] = "";
	uint32_t msize;
	int err;

	if (is_err(q))
		return (int)ptr_err(q);
	p9_put32(&q->wire, s->msize);
	p9_put_string(&q->wire, version, sizeof(version) - 1);
	err = p9_call(q, true);
	if (!err) {
		msize = p9_get32(&q->wire);
		p9_get_string(&q->wire, is, sizeof(is));
		if (q->wire.bad || msize > s->msize || msize < P9_MSIZE_MIN)
			err = -EIO;
		else if (strcmp(is, version) != 0)
			err = -EPROTONOSUPPORT;
		s->msize = msize;
	}
	p9_end(q);
	return err;
}

struct p9_session *p9_session_new(const char *tag, uint32_t msize)
{
	struct p9_session *s = kzalloc(sizeof(*s));
	int err;

	if (!s)
		return err_ptr(-ENOMEM);
	s->msize = msize;
	spin_init(&s->lock);
	list_init(&s->dead);
	wait_init(&s->room);
	wait_init(&s->answers);
	s->answered = p9_answered;
	s->broke = p9_broken;
	s->channel = p9_channel_take(tag, s);
	if (is_err(s->channel)) {
		err = (int)ptr_err(s->channel);
		kfree(s);
		return err_ptr(err);
	}
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
	 * The last clunks.  A server that does not answer them keeps session and channel: what it
	 * has may still be written to.
	 */
	if (wait_event_killable(&s->room, p9_is_idle(s) || READ_ONCE(s->broken)) ||
	    READ_ONCE(s->broken))
		return;
	p9_free_dead(s);
	p9_channel_give(s->channel);
	kfree(s);
}
