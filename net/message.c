/*
 * message.c - what was sent and not yet read: bytes, their sender, and files that go with them; and
 * the queues of it.
 *
 * Invariants: a message is charged to its sender from when it is made until it is freed, for all
 * its memory and more, so that what one socket can fill is bounded by its SO_SNDBUF; it holds a
 * reference to its sender for that.  A message that carries files goes in and out of a queue under
 * flight_lock.
 */
#include "net/message.h"

#include "mm/slab.h"
#include "net/flight.h"
#include "net/socket.h"
#include "task/cap.h"

#define SMALL	    2048u /* bytes up to which they lie behind the header */

/*
 * What Linux charges a sender for: the head of a message, what lies behind its bytes, and how many
 * bytes are not in pages at the most.
 */
#define HEAD	    256u
#define TAIL	    320u
#define STREAM_HEAD (4096u - TAIL)
#define PACKET_HEAD (16384u - TAIL)
#define PACKET_MOST (17u * 4096u) /* in pages */

static uint32_t pages_for(const struct message *m)
{
	return m->pages ? (uint32_t)DIV_ROUND_UP((size_t)m->len, PAGE_SIZE) : 0;
}

static void message_drop(struct message *m)
{
	uint32_t n = pages_for(m);

	for (uint32_t i = 0; i < n && m->pages[i]; i++)
		page_put(m->pages[i]);
	kfree(m->pages);
	kfree(m);
}

/*
 * What a message of @len bytes counts for, in charges, SO_SNDBUF and SIOCOUTQ: as much as on Linux,
 * so that a sender waits at the same fill; it is more than what message_alloc() takes.
 */
static uint32_t charge_of(size_t len, bool stream)
{
	size_t head = stream ? STREAM_HEAD : PACKET_HEAD, in_pages = 0, room = 512;

	if (len > head)
		in_pages = min(ALIGN_UP(len - head, PAGE_SIZE), len);
	if (!stream)
		in_pages = min(in_pages, (size_t)PACKET_MOST);
	while (room < len - in_pages + TAIL)
		room *= 2;
	return (uint32_t)(HEAD + room + ALIGN_UP(in_pages, PAGE_SIZE));
}

/* Memory for @len bytes, or NULL. */
static struct message *message_alloc(size_t len)
{
	bool small = len <= SMALL, all;
	struct message *m = kmalloc(sizeof(*m) + (small ? len : 0));
	uint32_t n;

	if (!m)
		return NULL;
	*m = (struct message){ .len = (uint32_t)len };
	if (small)
		return m;
	n = (uint32_t)DIV_ROUND_UP(len, PAGE_SIZE);
	m->pages = kzalloc(n * sizeof(*m->pages));
	all = m->pages;
	for (uint32_t i = 0; all && i < n; i++)
		all = (m->pages[i] = page_alloc(0)) != NULL;
	if (all)
		return m;
	message_drop(m);
	return NULL;
}

static int fill_message(struct message *m, struct iter *iter)
{
	if (!m->pages)
		return iter_take(iter, m->data, m->len) == m->len ? 0 : -EFAULT;
	for (uint32_t at = 0; at < m->len; at += PAGE_SIZE) {
		uint32_t n = min(m->len - at, (uint32_t)PAGE_SIZE);

		if (iter_take(iter, page_to_virt(m->pages[at >> PAGE_SHIFT]), n) != n)
			return -EFAULT;
	}
	return 0;
}

struct message *message_new(struct sock *from, struct iter *iter, size_t len)
{
	struct message *m = message_alloc(len);

	if (!m)
		return err_ptr(-ENOBUFS);
	if (fill_message(m, iter)) {
		message_drop(m);
		return err_ptr(-EFAULT);
	}
	/* Until message_free: the charge is taken off the sender even if it has closed since. */
	sock_get(from);
	m->charge = charge_of(len, from->type == SOCK_STREAM);
	m->owner = charge_mine(m->charge);
	m->from = from;
	atomic_add(&from->sent, m->charge);
	return m;
}

int message_copy(const struct message *m, uint32_t off, uint32_t n, struct iter *to)
{
	if (!m->pages)
		return iter_put(to, m->data + off, n) == n ? 0 : -EFAULT;
	while (n) {
		uint32_t in = off & (PAGE_SIZE - 1), piece = min(n, (uint32_t)PAGE_SIZE - in);

		if (iter_put(to, (char *)page_to_virt(m->pages[off >> PAGE_SHIFT]) + in, piece) !=
		    piece)
			return -EFAULT;
		off += piece;
		n -= piece;
	}
	return 0;
}

void message_free(struct message *m)
{
	struct sock *from = m->from;

	parcel_free(m->parcel);
	/*
	 * Released before the look for a task that waits: wake_if_any()'s barrier orders the two.
	 */
	__atomic_sub_fetch(&from->sent, m->charge, __ATOMIC_RELEASE);
	/*
	 * The exchange lets one message alone send the signal, whatever tasks free others at the
	 * same moment.
	 */
	if (writable(from)) {
		wake_if_any(&from->write_wait);
		if (unlikely(READ_ONCE(from->crowded)) &&
		    __atomic_exchange_n(&from->crowded, false, __ATOMIC_RELAXED))
			async_notify(&from->async, POLL_OUT);
	}
	charge_drop(m->owner, m->charge);
	message_drop(m);
	sock_put(from);
}

int message_may_claim(const struct ucred *c)
{
	const struct cred *me = current_cred();
	struct process *p;

	if (c->uid == UINT32_MAX || c->gid == UINT32_MAX)
		return -EINVAL;
	if (c->pid != current->process->pid && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (c->uid != me->uid && c->uid != me->euid && c->uid != me->suid && !capable(CAP_SETUID))
		return -EPERM;
	if (c->gid != me->gid && c->gid != me->egid && c->gid != me->sgid && !capable(CAP_SETGID))
		return -EPERM;
	/*
	 * Only whether there is such a process now: a number may be another process's when it is
	 * read.
	 */
	p = process_find(c->pid);
	if (!p)
		return -ESRCH;
	process_put(p);
	return 0;
}

void message_sign(struct message *m, const struct sock_out *out, const struct sock *to)
{
	const struct cred *c = current_cred();

	if (out->with_cred)
		m->cred = out->cred;
	else if (switched_on(m->from, SO_PASSCRED) || switched_on(to, SO_PASSCRED) ||
		 !READ_ONCE(to->file))
		m->cred = (struct ucred){ current->process->pid, c->uid, c->gid };
	else
		m->cred = (struct ucred){ 0, NOBODY, NOBODY };
}

void message_tell_from(const struct message *m, const struct sock *s, struct sock_in *in)
{
	in->with_cred = switched_on(s, SO_PASSCRED);
	in->cred = m->cred;
	/* The sender may be getting its name at this moment (set_sock_name): all of it, or none. */
	spin_lock(&m->from->lock);
	if (m->from->name)
		in->from = m->from->name->address;
	spin_unlock(&m->from->lock);
}

/* ---- room to send ---- */

/* Writers go on only when three quarters are free: they would wake for each small message else. */
bool writable(const struct sock *s)
{
	return READ_ONCE(s->state) != SOCK_LISTENS &&
	       READ_ONCE(s->sent) * 4 <= READ_ONCE(s->send_size);
}

int send_room(struct sock *s, uint64_t deadline)
{
	for (;;) {
		int err = socket_error(s);

		if (!err && READ_ONCE(s->shut) & SND_CLOSED)
			err = -EPIPE;
		if (err || READ_ONCE(s->sent) < READ_ONCE(s->send_size))
			return err;
		/*
		 * Before the condition is looked at again: a message that is freed now finds either
		 * the waiter in the queue or crowded set.
		 */
		WRITE_ONCE(s->crowded, true);
		err = sock_wait(&s->write_wait,
				READ_ONCE(s->sent) < READ_ONCE(s->send_size) ||
					READ_ONCE(s->error) || READ_ONCE(s->shut) & SND_CLOSED,
				deadline);
		if (err)
			return err;
	}
}

/* ---- queues ---- */

void queue_lock(struct sock *s, const struct message *m)
{
	if (m->parcel)
		mutex_lock(&flight_lock); /* it may sleep, so it is the outer one */
	spin_lock(&s->lock);
}

void queue_unlock(struct sock *s, const struct message *m)
{
	spin_unlock(&s->lock);
	if (m->parcel)
		mutex_unlock(&flight_lock);
}

int queue_deliver(struct sock *s, struct message *m, int err)
{
	/*
	 * All under one hold: the collector, which needs flight_lock, sees a parcel in the queue
	 * and counted, or neither.
	 */
	if (!err) {
		list_add_tail(&s->queue, &m->link);
		WRITE_ONCE(s->queued, s->queued + 1);
		if (m->parcel) {
			s->parcels++;
			flight_start(s, m->parcel);
		}
	}
	queue_unlock(s, m); /* O_ASYNC's signals take locks of other rooms */
	if (!err) {
		wake_if_any(&s->read_wait);
		async_notify(&s->async, POLL_IN);
	}
	return err;
}

void queue_take(struct sock *s, struct message *m)
{
	list_del(&m->link);
	WRITE_ONCE(s->queued, s->queued - 1);
	if (m->parcel) {
		s->parcels--;
		flight_end(m->parcel);
	}
}

struct message *queue_first(struct sock *s)
{
	struct message *m;

	spin_lock(&s->lock);
	/*
	 * The lock is for the list: senders add to it. read_lock, or the file's end, keeps the
	 * message in it.
	 */
	m = list_first(&s->queue, struct message, link);
	spin_unlock(&s->lock);
	return m;
}

struct message *queue_next(struct sock *s, struct message *m)
{
	struct list_node *next;

	spin_lock(&s->lock);
	next = m->link.next;
	spin_unlock(&s->lock);
	return next == &s->queue ? NULL : list_entry(next, struct message, link);
}

void queue_purge(struct sock *s)
{
	struct message *m;

	while ((m = queue_first(s))) {
		/*
		 * One message at a time: freeing it closes its files, which must not happen under a
		 * lock.
		 */
		queue_lock(s, m);
		queue_take(s, m);
		queue_unlock(s, m);
		message_free(m);
		give_way();
	}
}

void peek_moved(struct sock *s, int64_t by)
{
	int64_t to = READ_ONCE(s->peek_offset);

	mutex_assert_held(&s->read_lock);
	if (to >= 0)
		WRITE_ONCE(s->peek_offset,
			   (int32_t)min(max(to + by, INT64_C(0)), INT64_C(INT32_MAX)));
}
