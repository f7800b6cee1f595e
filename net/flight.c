/*
 * flight.c - files on their way in messages, and the sockets among them that no program can reach
 * any more.
 *
 * A socket can be sent through itself, or two through one another: then they hold each other, and
 * no descriptor leads there.  The collector finds them by counting.  Invariant (flight_lock):
 * sock->in_flight is the number of references to a socket's file in messages that lie in queues,
 * and those sockets for which it is not 0 are on the list in_flight.  A file with more references
 * than that is held from outside; so is all that lies in its queue, and in those queues, and so on.
 * The rest is garbage: references are only ever made from one that is outside, or by taking a
 * message out of a queue, which needs the lock. The lock is a mutex, so that the collector, which
 * may find as much as all users have sent, gives way.
 */
#include "net/flight.h"

#include "fs/fdtable.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/message.h"
#include "net/socket.h"
#include "task/cap.h"

struct mutex flight_lock = MUTEX_INIT(flight_lock);

static struct list_node in_flight = LIST_INIT(in_flight); /* flight_lock */
static bool maybe_cyclic; /* flight_lock: there may be garbage; false: there is none */

/* ---- parcels ---- */

static size_t parcel_size(uint32_t room)
{
	return sizeof(struct parcel) + room * sizeof(struct file *);
}

int parcel_add(struct parcel **where, int fd)
{
	struct parcel *p = *where;
	uint32_t n = p ? p->n : 0;
	struct fd_ref r;

	if (n == SCM_MAX_FD)
		return -EINVAL;
	if (!p || n == p->room) {
		uint32_t room = n ? n * 2 : 4;

		p = krealloc(p, p ? parcel_size(n) : 0, parcel_size(room));
		if (!p)
			return -ENOMEM;
		if (!n)
			p->n = 0, p->user = NULL;
		p->room = room;
		*where = p;
	}
	r = fd_get_any(fd);
	if (!r.file)
		return -EBADF;
	/* A table that only current has gave no reference; the parcel needs one. */
	if (!r.counted)
		file_get(r.file);
	p->file[p->n++] = r.file;
	return 0;
}

struct parcel *parcel_copy(struct parcel *p)
{
	struct parcel *copy = kmalloc(parcel_size(p->n));

	if (!copy)
		return NULL;
	memcpy(copy, p, parcel_size(p->n));
	copy->room = p->n;
	copy->user = NULL;
	/* Keeps the collector out: it may just have found these to be garbage. */
	mutex_lock(&flight_lock);
	for (uint32_t i = 0; i < p->n; i++)
		file_get(p->file[i]);
	mutex_unlock(&flight_lock);
	return copy;
}

/* ---- the user who is charged ---- */

static int charge_parcel(struct parcel *p)
{
	struct user *u = current_cred()->user;

	if (!capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN) &&
	    user_count(u, USER_IN_FLIGHT) >
		    READ_ONCE(current->process->rlimit[RLIMIT_NOFILE].rlim_cur))
		return -ETOOMANYREFS;
	user_charge_anyway(u, USER_IN_FLIGHT, p->n);
	p->user = user_get(u);
	return 0;
}

int parcel_charge(struct parcel *p)
{
	int err = charge_parcel(p);

	if (err == -ETOOMANYREFS) { /* some may lie where no descriptor leads any more */
		flight_collect();
		err = charge_parcel(p);
	}
	return err;
}

void parcel_free(struct parcel *p)
{
	if (!p)
		return;
	if (p->user) {
		user_uncharge(p->user, USER_IN_FLIGHT, p->n);
		user_put(p->user);
	}
	for (uint32_t i = 0; i < p->n; i++)
		file_put(p->file[i]);
	kfree(p);
}

/* ---- what is in which queue ---- */

/*
 * A circle may close when a socket goes into the queue of one that is on its way itself, or that
 * has no file yet (it waits at its listener, which may be on its way).
 */
void flight_start(struct sock *to, struct parcel *p)
{
	bool any = false;

	mutex_assert_held(&flight_lock);
	for (uint32_t i = 0; i < p->n; i++) {
		struct sock *s = socket_of(p->file[i]);

		any |= s != NULL;
		if (s && s->in_flight++ == 0)
			list_add_tail(&in_flight, &s->flight);
	}
	/*
	 * Only this can close a circle: else `to` has a descriptor that leads to it, and what lies
	 * in it is reachable.
	 */
	if (any && (to->in_flight || !to->file))
		WRITE_ONCE(maybe_cyclic, true);
}

void flight_end(struct parcel *p)
{
	mutex_assert_held(&flight_lock);
	for (uint32_t i = 0; i < p->n; i++) {
		struct sock *s = socket_of(p->file[i]);

		if (s && --s->in_flight == 0)
			list_del(&s->flight);
	}
	/* Nothing is on its way at all: the next close need not look. */
	if (list_empty(&in_flight))
		WRITE_ONCE(maybe_cyclic, false);
}

/* ---- the collector; flight_lock is held ---- */

enum mark { OUTSIDE, CANDIDATE, REACHED };

/* What is done with a message that carries files, in the locked queue of @s. */
typedef void (*visit_fn)(struct sock *s, struct message *m, struct list_node *list);

#define STRETCH 16 /* messages, connections that are looked at before others may run */

/*
 * The queues that are visited are those of sockets that no descriptor leads to: so nobody takes
 * anything out of them, and what is put in meanwhile comes last and carries no files.  Therefore
 * their locks may be given up between two elements.
 */
static void visit_queue(struct sock *s, visit_fn visit, struct list_node *list)
{
	struct list_node *at;

	spin_lock(&s->lock);
	at = s->parcels ? s->queue.next : &s->queue;
	for (uint32_t i = 1; at != &s->queue; i++) {
		struct message *m = list_entry(at, struct message, link);

		at = at->next;
		if (m->parcel)
			visit(s, m, list);
		if (i % STRETCH == 0) {
			spin_unlock(&s->lock);
			give_way();
			spin_lock(&s->lock);
		}
	}
	spin_unlock(&s->lock);
}

/*
 * The connection behind @fresh that the listener @s has not accepted (NULL: the first one), or
 * NULL.
 */
static struct sock *next_fresh(struct sock *s, struct sock *fresh)
{
	struct list_node *at;

	spin_lock(&s->lock);
	at = fresh ? fresh->pending.next : s->queue.next;
	/*
	 * Given up although the element is used: nobody can accept from this listener, so none is
	 * taken out.
	 */
	spin_unlock(&s->lock);
	return at == &s->queue ? NULL : list_entry(at, struct sock, pending);
}

/* All that lies in the queue of @s, or in those of connections that it has not accepted. */
static void visit_all(struct sock *s, visit_fn visit, struct list_node *list)
{
	struct sock *fresh = NULL;

	if (READ_ONCE(s->state) != SOCK_LISTENS) {
		visit_queue(s, visit, list);
		give_way();
		return;
	}
	while ((fresh = next_fresh(s, fresh))) {
		visit_queue(fresh, visit, list);
		give_way();
	}
}

static void subtract_files(struct sock *s, struct message *m, struct list_node *list)
{
	for (uint32_t i = 0; i < m->parcel->n; i++) {
		struct sock *t = socket_of(m->parcel->file[i]);

		if (t && t->mark == CANDIDATE)
			t->inside--;
	}
}

static void reach_files(struct sock *s, struct message *m, struct list_node *work)
{
	for (uint32_t i = 0; i < m->parcel->n; i++) {
		struct sock *t = socket_of(m->parcel->file[i]);

		if (t && t->mark == CANDIDATE) {
			t->mark = REACHED;
			list_add_tail(work, &t->work);
		}
	}
}

static void seize_message(struct sock *s, struct message *m, struct list_node *messages)
{
	/* Only what carries files: the rest goes when the socket closes. */
	queue_take(s, m);
	list_add_tail(messages, &m->link);
}

/* Marks the sockets that only other such sockets' queues hold CANDIDATE, the rest differently. */
static void mark_sockets(void)
{
	struct list_node work = LIST_INIT(work);
	struct sock *s;

	list_for_each(s, &in_flight, flight) {
		/*
		 * Another task can make a reference only from one that it has, and then the count
		 * was higher already; from a message it takes flight_lock (parcel_copy,
		 * queue_take).
		 */
		s->mark = READ_ONCE(s->file->held.refs.n) == s->in_flight ? CANDIDATE : OUTSIDE;
		s->inside = s->in_flight;
		give_way();
	}
	list_for_each(s, &in_flight, flight)
		if (s->mark == CANDIDATE)
			visit_all(s, subtract_files, NULL);
	list_for_each(s, &in_flight, flight) {
		/*
		 * It lies in a queue that is no candidate's: it can be received, and so can all
		 * that it holds.
		 */
		if (s->mark == CANDIDATE && s->inside) {
			s->mark = REACHED;
			list_add_tail(&work, &s->work);
		}
		give_way();
	}
	while ((s = list_pop(&work, struct sock, work)))
		visit_all(s, reach_files, &work);
}

void flight_collect(void)
{
	struct list_node garbage = LIST_INIT(garbage), messages = LIST_INIT(messages);
	struct message *m;
	struct sock *s;

	if (!READ_ONCE(maybe_cyclic))
		return;
	/* Nothing goes into or out of a queue with files meanwhile: what is marked stays true. */
	mutex_lock(&flight_lock);
	mark_sockets();
	list_for_each(s, &in_flight, flight) {
		if (s->mark == CANDIDATE)
			list_add_tail(&garbage, &s->work);
		give_way();
	}
	while ((s = list_pop(&garbage, struct sock, work)))
		visit_all(s, seize_message, &messages);
	/* Freeing closes files, and the last of a socket's takes flight_lock itself. */
	mutex_unlock(&flight_lock);
	while ((m = list_pop(&messages, struct message, link))) {
		message_free(m); /* with the last of their files the sockets close */
		give_way();
	}
}
