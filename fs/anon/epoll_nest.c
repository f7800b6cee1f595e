/*
 * epoll_nest.c - epolls in epolls: how deep they may be, and how many one wake-up may reach.
 *
 * Comes from epoll_ctl(2).  Invariant (epoll_nest_lock): epolls in an epoll form no cycle and are
 * at most MAX_LEVELS deep.
 */
#include "fs/anon/epoll_nest.h"

#include "fs/file.h"

#define MAX_LEVELS 5

struct mutex epoll_nest_lock = MUTEX_INIT(epoll_nest_lock);
struct mutex epoll_watch_lock = MUTEX_INIT(epoll_watch_lock);

static uint32_t nest_round; /* epoll_nest_lock */

/* Is @f an epoll, as @ep's own file is? */
static bool is_epoll(const struct file *f, const struct eventpoll *ep)
{
	return f->ops == ep->file->ops;
}

/*
 * The levels of epolls from @ep down; -ELOOP when @forbidden is among them, -EINTR. 
 * epoll_nest_lock held: what was found is kept for a round.
 */
static int levels_below(struct eventpoll *ep, const struct eventpoll *forbidden)
{
	int height = 1;

	mutex_assert_held(&epoll_nest_lock);
	if (ep == forbidden)
		return -ELOOP;
	if (ep->round == nest_round)
		return (int)ep->height;
	/*
	 * One inside the other, from the outer epoll to the inner: epoll_nest_lock makes sure that
	 * nobody takes them the other way.
	 */
	if (mutex_lock_killable(&ep->lock))
		return -EINTR;
	for (uint32_t b = 0; b < ep->cap && height > 0; b++) {
		for (struct epoll_item *i = ep->buckets[b]; i && height > 0; i = i->next) {
			int below;

			if (!is_epoll(i->file, ep))
				continue;
			below = levels_below(i->file->private, forbidden);
			height = below < 0 ? below : max(height, below + 1);
		}
		give_way();
	}
	mutex_unlock(&ep->lock);
	ep->round = nest_round;
	ep->height = (uint32_t)height;
	return height;
}

/* The levels of epolls above @f; epoll_watch_lock held. */
static int levels_above(const struct file *f)
{
	const struct epoll_item *i;
	int most = 0;

	mutex_assert_held(&epoll_watch_lock);
	list_for_each(i, &f->watchers, watch) {
		most = max(most, 1 + levels_above(i->ep->file));
		give_way(); /* a task that is to die learns it at its next killable lock */
	}
	return most;
}

/*
 * A wake-up of @f wakes the epolls that @f is in, then those that they are in, and so on.  Each
 * such path ends at an epoll that is in no other; of each length there may only be so many, as on
 * Linux. Counts the paths from @f on, of which @length epolls are behind us.  False: there are too
 * many, or one is too long.  epoll_watch_lock held.
 */
static bool paths_up_ok(const struct file *f, unsigned int length, uint32_t counts[MAX_LEVELS])
{
	static const uint32_t limits[MAX_LEVELS] = { UINT32_MAX, 500, 100, 50, 10 };
	const struct epoll_item *i;

	mutex_assert_held(&epoll_watch_lock);
	if (length >= MAX_LEVELS)
		return false;
	list_for_each(i, &f->watchers, watch) {
		const struct file *up = i->ep->file;

		if (list_empty(&up->watchers) ? ++counts[length] > limits[length]
					      : !paths_up_ok(up, length + 1, counts))
			return false;
		give_way();
	}
	return true;
}

static bool file_paths_ok(const struct file *f)
{
	uint32_t counts[MAX_LEVELS] = { 0 };
	bool good;

	/*
	 * Held over the whole count: the lists above do not change meanwhile.  It is inside
	 * ep->lock.
	 */
	mutex_lock(&epoll_watch_lock);
	good = paths_up_ok(f, 0, counts);
	mutex_unlock(&epoll_watch_lock);
	return good;
}

/*
 * The same for @ep and every file in it or in an epoll below.  epoll_nest_lock held; each epoll
 * once a round.
 */
static bool all_paths_ok(struct eventpoll *ep)
{
	bool good;

	mutex_assert_held(&epoll_nest_lock);
	if (ep->round == nest_round)
		return true;
	ep->round = nest_round;
	good = file_paths_ok(ep->file);
	if (mutex_lock_killable(&ep->lock))
		return false;
	for (uint32_t b = 0; b < ep->cap && good; b++) {
		for (struct epoll_item *i = ep->buckets[b]; i && good; i = i->next)
			good = is_epoll(i->file, ep) ? all_paths_ok(i->file->private)
						     : file_paths_ok(i->file);
		give_way();
	}
	mutex_unlock(&ep->lock);
	return good;
}

int epoll_check_depth(struct eventpoll *ep, struct eventpoll *inner)
{
	int below, above;

	nest_round++;
	below = levels_below(inner, ep);
	if (below < 0)
		return below;
	mutex_lock(&epoll_watch_lock);
	above = 1 + levels_above(ep->file);
	mutex_unlock(&epoll_watch_lock);
	return above + below > MAX_LEVELS ? -ELOOP : 0;
}

int epoll_check_paths(const struct eventpoll *ep, struct file *target)
{
	bool good;

	nest_round++;
	good = is_epoll(target, ep) ? all_paths_ok(target->private) : file_paths_ok(target);
	return good ? 0 : -EINVAL;
}
