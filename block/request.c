/*
 * request.c - see request.h: checked and counted, into a queue of its disk, started, ended.
 *
 * From who asks by block_submit, and from a driver's interrupt handler by block_end.  Invariant: a
 * request that went through is in exactly one of its queue's two lists, or on its way out to done;
 * the lock of the queue decides who takes it out, so that it ends once, whatever comes together:
 * the device's answer, a time-out, the disk's removal.
 */
#include "block/request.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "log/panic.h"
#include "trace/events.h"

/* So many are started before the lock is given back and interrupts come in. */
#define STARTS_MAX 16

/* ---- counting ---- */

enum { STAT_READ, STAT_WRITE, STAT_DISCARD, STAT_FLUSH };

static unsigned int stat_of(const struct block_request *rq)
{
	static const uint8_t stats[NR_BLOCK_OPS] = {
		[BLOCK_READ] = STAT_READ,   [BLOCK_WRITE] = STAT_WRITE,
		[BLOCK_FLUSH] = STAT_FLUSH, [BLOCK_DISCARD] = STAT_DISCARD,
		[BLOCK_ZERO] = STAT_WRITE,
	};

	return stats[rq->op];
}

/* Up to @now there was something to do, if @busy.  Who comes first counts the time. */
static void count_busy(struct block_stats *s, uint64_t now, bool busy)
{
	uint64_t at = READ_ONCE(s->busy_at);

	if (now > at && atomic_cmpxchg(&s->busy_at, &at, now) && busy)
		atomic_add(&s->busy_ns, now - at);
}

static void count_start(struct block_stats *s, bool write, uint64_t now)
{
	count_busy(s, now, READ_ONCE(s->in_flight[0]) || READ_ONCE(s->in_flight[1]));
	atomic_add(&s->in_flight[write], 1);
}

static void count_end(struct block_stats *s, const struct block_request *rq, uint64_t now)
{
	unsigned int i = stat_of(rq);

	atomic_add(&s->ios[i], 1);
	atomic_add(&s->ns[i], now - rq->submitted_ns);
	if (i == STAT_FLUSH)
		return;
	atomic_add(&s->sectors[i], rq->bytes >> SECTOR_SHIFT);
	count_busy(s, now, true);
	atomic_sub(&s->in_flight[i != STAT_READ], 1);
}

static void account_start(struct block_request *rq)
{
	struct block_device *whole = rq->dev->disk->whole;

	rq->submitted_ns = block_now_ns();
	if (rq->op == BLOCK_FLUSH)
		return;
	count_start(&whole->stats, rq->op != BLOCK_READ, rq->submitted_ns);
	if (rq->dev != whole)
		count_start(&rq->dev->stats, rq->op != BLOCK_READ, rq->submitted_ns);
}

static void account_end(struct block_request *rq)
{
	struct block_device *whole = rq->dev->disk->whole;
	uint64_t now = block_now_ns();

	count_end(&whole->stats, rq, now);
	if (rq->dev != whole && rq->op != BLOCK_FLUSH)
		count_end(&rq->dev->stats, rq, now);
}

/* ---- what the trace has of it ---- */

_Static_assert(TRACE_BLOCK_READ == BLOCK_READ && TRACE_BLOCK_WRITE == BLOCK_WRITE &&
		       TRACE_BLOCK_FLUSH == BLOCK_FLUSH && TRACE_BLOCK_DISCARD == BLOCK_DISCARD &&
		       TRACE_BLOCK_ZERO == BLOCK_ZERO,
	       "enum block_op");
_Static_assert(TRACE_BLOCK_FUA == BLOCK_FUA && TRACE_BLOCK_META == BLOCK_META &&
		       TRACE_BLOCK_AHEAD == BLOCK_AHEAD,
	       "BLOCK_*");

static __attribute__((noinline)) void record_request(const struct block_request *rq, uint32_t did,
						     int error)
{
	struct trace_block r = { .sector = rq->disk_sector,
				 .bytes = rq->bytes,
				 .error = error,
				 .did = did,
				 .op = rq->op,
				 .flags = rq->flags };

	if (did == TRACE_BLOCK_ENDED)
		r.since = counter_from_ns(rq->started_ns);
	_Static_assert(sizeof(r.disk) == sizeof(rq->dev->disk->name), "cut nowhere");
	memcpy(r.disk, rq->dev->disk->name, sizeof(r.disk));
	trace_block_record(&r);
}

/* ---- in ---- */

/* May @rq go to its disk?  0, or what it ends with. */
static int may_go(struct block_request *rq)
{
	struct block_device *dev = rq->dev;
	struct block_disk *d = dev->disk;
	const struct block_limits *l = &d->limits;
	uint64_t size = READ_ONCE(dev->sectors), n = rq->bytes >> SECTOR_SHIFT;

	if (READ_ONCE(dev->gone) || READ_ONCE(d->dead))
		return -EIO;
	if (rq->op == BLOCK_FLUSH)
		return 0;
	if (rq->op != BLOCK_READ && (READ_ONCE(dev->read_only) || READ_ONCE(d->read_only)))
		return -EROFS;
	rq->disk_sector = dev->start + rq->sector;
	/* A file system may have been made for smaller blocks than this disk's: its fault. */
	if (!n || ((rq->disk_sector << SECTOR_SHIFT | rq->bytes) & (l->logical - 1)))
		return -EIO;
	if (rq->sector > size || n > size - rq->sector)
		return -EIO;
	if (rq->op == BLOCK_DISCARD || rq->op == BLOCK_ZERO) {
		uint32_t most = rq->op == BLOCK_ZERO ? l->max_zero : l->max_discard;

		CHECK(!most || n <= most);
		return most ? 0 : -EOPNOTSUPP;
	}
	CHECK(rq->bytes <= l->max_bytes && rq->nr_segments <= l->max_segments);
	return 0;
}

static void finish_request(struct block_request *rq, int error)
{
	rq->error = error;
	rq->done(rq);
}

/* The queue that @rq is for, ready for it; NULL: it has ended, or the driver has it. */
static struct block_queue *take_in(struct block_request *rq)
{
	struct block_disk *d = rq->dev->disk;
	int err = may_go(rq);
	unsigned int cpu = cpu_id();

	if (err || (rq->op == BLOCK_FLUSH && !d->limits.cache)) {
		finish_request(rq, err);
		return NULL;
	}
	rq->late = 0;
	rq->flush_behind = false;
	account_start(rq);
	rq->started_ns = rq->submitted_ns;
	if (d->ops->serve) {
		rq->queue = NULL;
		if (trace_on(TRACE_BLOCK))
			record_request(rq, TRACE_BLOCK_STARTED, 0);
		d->ops->serve(d, rq);
		return NULL;
	}
	rq->queue = &d->queues[cpu < d->nr_queues ? cpu : cpu % d->nr_queues];
	return rq->queue;
}

/* ---- to the device; the queue's lock is held ---- */

static bool start_one(struct block_queue *q, struct block_request *rq)
{
	struct block_disk *d = q->disk;

	spin_assert_held(&q->lock);
	if (READ_ONCE(d->stopped) || READ_ONCE(d->dead) || d->ops->start(d, q, rq))
		return false;
	list_add_tail(&q->in_flight, &rq->link);
	q->unkicked = true;
	if (trace_on(TRACE_BLOCK))
		record_request(rq, TRACE_BLOCK_STARTED, 0);
	return true;
}

/* After those that wait already: nobody is overtaken. */
static void offer_request(struct block_queue *q, struct block_request *rq)
{
	if (!list_empty(&q->waiting) || !start_one(q, rq))
		list_add_tail(&q->waiting, &rq->link);
}

static void kick_queue(struct block_queue *q)
{
	if (q->unkicked) {
		q->unkicked = false;
		q->disk->ops->kick(q->disk, q);
	}
}

/* All of @from end with -EIO. */
static void fail_all(struct list_node *from)
{
	struct block_request *rq;

	while ((rq = list_pop(from, struct block_request, link)))
		block_end(rq, -EIO);
}

/*
 * The lock has been given back.  The disk may have died before it was taken: then who said so may
 * have come too early for what was added here.
 */
static void after_offer(struct block_queue *q)
{
	struct list_node lost;
	unsigned long flags;

	if (q->disk->ops->reset)
		block_note_busy();
	if (likely(!READ_ONCE(q->disk->dead)))
		return;
	list_init(&lost);
	flags = spin_lock_irqsave(&q->lock);
	list_splice_tail(&lost, &q->waiting);
	spin_unlock_irqrestore(&q->lock, flags);
	fail_all(&lost);
}

/* All of @requests, which are for @q, for one kick. */
static void offer_all(struct block_queue *q, struct list_node *requests)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);
	struct block_request *rq;

	while ((rq = list_pop(requests, struct block_request, link)))
		offer_request(q, rq);
	kick_queue(q);
	spin_unlock_irqrestore(&q->lock, flags);
	after_offer(q);
}

static void offer_alone(struct block_queue *q, struct block_request *rq)
{
	struct list_node one = LIST_INIT(one);

	list_add_tail(&one, &rq->link);
	offer_all(q, &one);
}

void block_submit(struct block_request *rq)
{
	struct block_queue *q = take_in(rq);

	if (q)
		offer_alone(q, rq);
}

/* The first of @requests, and those behind it that are for the same queue, up to STARTS_MAX. */
static void submit_some(struct block_queue *q, struct block_request *rq, struct list_node *requests)
{
	struct list_node same = LIST_INIT(same);

	list_add_tail(&same, &rq->link);
	for (int i = 1; i < STARTS_MAX && !list_empty(requests); i++) {
		rq = list_first(requests, struct block_request, link);
		if (rq->dev->disk != q->disk)
			break;
		list_del(&rq->link);
		/* The core is the same, and so the queue is. */
		if (take_in(rq))
			list_add_tail(&same, &rq->link);
	}
	offer_all(q, &same);
}

void block_submit_all(struct list_node *requests)
{
	struct block_request *rq;
	struct block_queue *q;

	while ((rq = list_pop(requests, struct block_request, link))) {
		q = take_in(rq);
		if (q)
			submit_some(q, rq, requests);
	}
}

/* ---- back ---- */

/*
 * A write that had to be stable, on a disk that does not know FUA, has ended: the cache is flushed
 * behind it, by the same request.  True: it is on its way.
 */
static bool flush_behind(struct block_queue *q, struct block_request *rq)
{
	const struct block_limits *l = &rq->dev->disk->limits;

	if (rq->op != BLOCK_WRITE || !(rq->flags & BLOCK_FUA) || !l->cache || l->fua)
		return false;
	rq->flush_behind = true;
	rq->started_ns = block_now_ns();
	rq->op = BLOCK_FLUSH;
	rq->kept_segments = rq->nr_segments;
	rq->kept_bytes = rq->bytes;
	rq->nr_segments = 0;
	rq->bytes = 0;
	offer_alone(q, rq);
	return true;
}

void block_end(struct block_request *rq, int error)
{
	struct block_queue *q = rq->queue;
	unsigned long flags;

	if (q) {
		flags = spin_lock_irqsave(&q->lock);
		list_del(&rq->link);
		spin_unlock_irqrestore(&q->lock, flags);
	}
	if (trace_on(TRACE_BLOCK))
		record_request(rq, TRACE_BLOCK_ENDED, error);
	if (q && !error && flush_behind(q, rq))
		return;
	if (rq->flush_behind) {
		rq->op = BLOCK_WRITE;
		rq->nr_segments = rq->kept_segments;
		rq->bytes = rq->kept_bytes;
	}
	account_end(rq);
	finish_request(rq, error);
}

void block_go_on(struct block_queue *q)
{
	struct block_request *rq;
	unsigned long flags;
	int left;

	do {
		if (list_empty(&q->waiting))
			return; /* what is added now is started by who adds it */
		flags = spin_lock_irqsave(&q->lock);
		for (left = STARTS_MAX; left; left--) {
			rq = list_first(&q->waiting, struct block_request, link);
			if (!rq)
				break;
			list_del(&rq->link);
			rq->started_ns = block_now_ns();
			if (!start_one(q, rq)) {
				list_add_head(&q->waiting, &rq->link);
				break;
			}
		}
		kick_queue(q);
		spin_unlock_irqrestore(&q->lock, flags);
	} while (!left);
}

/* ---- all of a disk ---- */

void queues_init(struct block_disk *d)
{
	CHECK(d->ops->serve || (d->nr_queues && d->nr_queues <= BLOCK_QUEUES_MAX));
	for (unsigned int i = 0; i < d->nr_queues; i++) {
		struct block_queue *q = &d->queues[i];

		spin_init(&q->lock);
		list_init(&q->waiting);
		list_init(&q->in_flight);
		q->disk = d;
		q->index = i;
		q->unkicked = false;
	}
}

void queues_end(struct block_disk *d, bool forgotten)
{
	struct list_node lost = LIST_INIT(lost);
	unsigned long flags;

	for (unsigned int i = 0; i < d->nr_queues; i++) {
		struct block_queue *q = &d->queues[i];

		flags = spin_lock_irqsave(&q->lock);
		if (forgotten)
			list_splice_tail(&lost, &q->in_flight);
		list_splice_tail(&lost, &q->waiting);
		spin_unlock_irqrestore(&q->lock, flags);
	}
	fail_all(&lost);
}

bool queues_are_busy(struct block_disk *d)
{
	unsigned long flags;
	bool busy = false;

	if (!d->ops->reset)
		return false;
	for (unsigned int i = 0; i < d->nr_queues && !busy; i++) {
		/* The lock, not only a look: block_wait_busy relies on it. */
		flags = spin_lock_irqsave(&d->queues[i].lock);
		busy = !list_empty(&d->queues[i].in_flight);
		spin_unlock_irqrestore(&d->queues[i].lock, flags);
	}
	return busy;
}

static bool request_is_late(const struct block_request *rq, uint64_t now)
{
	return now > rq->started_ns && now - rq->started_ns > block_timeout_ns(rq->dev->disk);
}

static bool queue_is_late(struct block_queue *q, uint64_t now)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);
	struct block_request *oldest = list_first(&q->in_flight, struct block_request, link);
	bool late = oldest && request_is_late(oldest, now);

	spin_unlock_irqrestore(&q->lock, flags);
	return late;
}

void queues_stop(struct block_disk *d)
{
	unsigned long flags;

	WRITE_ONCE(d->stopped, true);
	/* Who looked at it before has the lock, and has started by when it is given back. */
	for (unsigned int i = 0; i < d->nr_queues; i++) {
		flags = spin_lock_irqsave(&d->queues[i].lock);
		spin_unlock_irqrestore(&d->queues[i].lock, flags);
	}
}

/* The device has forgotten @q's: they go before those that wait; what was late twice, to @lost. */
static void put_back(struct block_queue *q, uint64_t now, struct list_node *lost)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);
	struct block_request *rq;

	while ((rq = list_last(&q->in_flight, struct block_request, link))) {
		list_del(&rq->link);
		if (request_is_late(rq, now))
			rq->late++;
		list_add_head(rq->late > 1 ? lost : &q->waiting, &rq->link);
	}
	spin_unlock_irqrestore(&q->lock, flags);
}

bool queues_are_late(struct block_disk *d, uint64_t now)
{
	bool late = false;

	for (unsigned int i = 0; i < d->nr_queues && !late; i++)
		late = queue_is_late(&d->queues[i], now);
	return late;
}

void queues_restart(struct block_disk *d, uint64_t now)
{
	struct list_node lost = LIST_INIT(lost);

	for (unsigned int i = 0; i < d->nr_queues; i++)
		put_back(&d->queues[i], now, &lost);
	WRITE_ONCE(d->stopped, false);
	for (unsigned int i = 0; i < d->nr_queues; i++)
		block_go_on(&d->queues[i]);
	fail_all(&lost);
}

/* ---- that there is something to look after ---- */

static struct completion busy_note = { .waiters = WAIT_QUEUE_INIT(busy_note.waiters) };
static bool busy_seen = true; /* atomic: false: a task in block_wait_note is to be told */

void block_note_busy(void)
{
	/* Whoever makes it true tells, so that it is told once. */
	if (unlikely(!READ_ONCE(busy_seen)) && !atomic_xchg(&busy_seen, true))
		complete(&busy_note);
}

void block_wait_note(bool (*any)(void))
{
	completion_init(&busy_note);
	/*
	 * Before the look: what is started after it comes under a queue's lock that the look had
	 * before, and so finds this.
	 */
	(void)atomic_xchg(&busy_seen, false);
	dmb(ish);
	if (any() && !atomic_xchg(&busy_seen, true))
		return;
	completion_wait(&busy_note);
}
