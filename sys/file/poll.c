/*
 * poll.c - ppoll(2) and pselect6(2): from descriptors to the files that fs/poll.c waits for.
 *
 * Invariant: each file is held while the call waits, so that another thread may close its
 * descriptor; and the mask that was set for the call is taken back, or left to the signal that
 * ended it.
 */
#include "abi/personality.h"
#include "drivers/timer/timer.h"
#include "fs/fdtable.h"
#include "fs/poll.h"
#include "mm/slab.h"
#include "sys/file/poll.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"
#include "task/signal_take.h"

/*
 * Linux writes back the time that is left; a failed write is no error of this call.  But then the
 * call is not restarted after a signal either: it would begin its time anew.  The call's result,
 * @ret.
 */
static long put_left(uptr to, uint64_t deadline, long ret)
{
	uint64_t now;

	if (uptr_is_null(to))
		return ret;
	if (!(current->process->personality & STICKY_TIMEOUTS)) {
		if (!deadline || deadline == UINT64_MAX)
			return ret;
		now = timer_now_ns();
		if (!put_timespec(to, deadline - min(deadline, now)))
			return ret;
	}
	return ret == -ERESTARTNOHAND ? -EINTR : ret;
}

/* ---- the signal mask during the call ---- */

int wait_begin_mask(uptr from, uint64_t size, uint64_t *old)
{
	uint64_t mask;

	*old = current->signals.blocked;
	if (uptr_is_null(from))
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, from))
		return -EFAULT;
	/*
	 * Before the wait: a signal that it unblocks is seen by the wait's own test, so none is
	 * slept through.
	 */
	signal_set_mask(mask);
	return 0;
}

void wait_end_mask(uptr from, uint64_t old, long ret)
{
	if (uptr_is_null(from))
		return;
	/*
	 * A handler is to run under the call's mask, and to return to the old one: signal delivery
	 * puts that back.
	 */
	if (ret == -ERESTARTNOHAND || ret == -EINTR) {
		current->signals.saved_blocked = old;
		current->signals.restore_blocked = true;
	} else {
		signal_set_mask(old);
	}
}

/* ---- ppoll ---- */

/* One call's descriptors: as the user sees them, and the files. */
struct polling {
	struct pollfd *fds;
	struct poll_entry *entries;
	size_t n;
};

/* After descriptor @i of a call, which may name as many as a table has room for. */
static void give_way_at(size_t i)
{
	if (i % 1024 == 1023)
		give_way(); /* what was begun must be put right again, even if the task is to die */
}

static void find_files(struct polling *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct poll_entry *e = &p->entries[i];

		*e = (struct poll_entry){ .events = (uint16_t)p->fds[i].events };
		if (p->fds[i].fd < 0)
			continue;
		/* A descriptor that is not open is no error here but an answer: POLLNVAL. */
		e->file = fd_file(p->fds[i].fd);
		if (!e->file)
			e->ready = POLLNVAL;
		give_way_at(i);
	}
}

static void drop_files(struct poll_entry *e, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (e[i].file)
			file_put(e[i].file);
		give_way_at(i);
	}
}

/* Only revents is written: events belongs to the program. */
static long put_ready(const struct polling *p, uptr to)
{
	for (size_t i = 0; i < p->n; i++) {
		int16_t ready = (int16_t)p->entries[i].ready;

		if (put_user(ready, uptr_add(to, i * sizeof(struct pollfd) +
							 offsetof(struct pollfd, revents))))
			return -EFAULT;
		give_way_at(i);
	}
	return 0;
}

static long poll_fds(uptr from, uint32_t n, uint64_t deadline)
{
	struct polling p = { .n = n };
	long ret = -ENOMEM, err;

	/* More than the program can have open: and so the size of the memory below is bounded. */
	if (n > fd_limit())
		return -EINVAL;
	p.fds = kmalloc(max(n, 1u) * sizeof(*p.fds));
	p.entries = kmalloc(max(n, 1u) * sizeof(*p.entries));
	if (p.fds && p.entries)
		ret = copy_from_user(p.fds, from, n * sizeof(*p.fds)) ? -EFAULT : 0;
	if (!ret) {
		find_files(&p);
		ret = poll_files(p.entries, n, deadline);
		/*
		 * Before the answer is written, which may fault: the files need not wait for that.
		 */
		drop_files(p.entries, n);
		err = ret >= 0 ? put_ready(&p, from) : 0;
		ret = err ? err : ret;
	}
	kfree(p.fds);
	kfree(p.entries);
	return ret;
}

long sys_ppoll(uptr fds, uint32_t n, uptr timeout, uptr mask, uint64_t mask_size)
{
	uint64_t deadline, old;
	long ret = deadline_from_user(timeout, &deadline);

	if (!ret)
		ret = wait_begin_mask(mask, mask_size, &old);
	if (ret)
		return ret;
	ret = poll_fds(fds, n, deadline);
	wait_end_mask(mask, old, ret);
	return put_left(timeout, deadline, ret);
}

/* ---- pselect6 ---- */

#define IN_EVENTS  (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR)
#define OUT_EVENTS (POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR)
#define PRI_EVENTS POLLPRI

enum { READERS, WRITERS, EXCEPTIONS, SETS };
static const uint32_t set_events[SETS] = { IN_EVENTS, OUT_EVENTS, PRI_EVENTS };

/* The three bit sets of one call, one behind another: @words 64-bit words each. */
struct selecting {
	uptr from[SETS]; /* NULL: not asked for */
	uint64_t *bits;
	size_t words;
	uint32_t n;
	struct poll_entry *entries; /* one a descriptor below n */
};

static uint64_t *set_word(const struct selecting *s, int set, uint32_t fd)
{
	return &s->bits[(size_t)set * s->words + fd / 64];
}

/* Whole words, as Linux: a program's sets are made of those. */
static int get_sets(struct selecting *s)
{
	for (int set = 0; set < SETS; set++)
		if (!uptr_is_null(s->from[set]) &&
		    copy_from_user(set_word(s, set, 0), s->from[set], s->words * sizeof(uint64_t)))
			return -EFAULT;
	return 0;
}

static int put_sets(const struct selecting *s)
{
	for (int set = 0; set < SETS; set++)
		if (!uptr_is_null(s->from[set]) &&
		    copy_to_user(s->from[set], set_word(s, set, 0), s->words * sizeof(uint64_t)))
			return -EFAULT;
	return 0;
}

/* The files of all bits that are set; -EBADF. */
static int find_selected(struct selecting *s)
{
	for (uint32_t fd = 0; fd < s->n; fd++) {
		struct poll_entry *e = &s->entries[fd];

		for (int set = 0; set < SETS; set++)
			if (*set_word(s, set, fd) & BIT(fd % 64))
				e->events |= set_events[set];
		if (!e->events)
			continue;
		e->file = fd_file((int)fd);
		/* Unlike poll(2), select(2) fails for a descriptor that is not open. */
		if (!e->file)
			return -EBADF;
		give_way_at(fd);
	}
	return 0;
}

/* Turns the sets into the answer: the bits that are ready.  How many. */
static long answer_select(struct selecting *s)
{
	long count = 0;

	for (uint32_t fd = 0; fd < s->n; fd++) {
		give_way_at(fd);
		for (int set = 0; set < SETS; set++) {
			uint64_t *word = set_word(s, set, fd), bit = BIT(fd % 64);

			if (!(*word & bit))
				continue;
			if (s->entries[fd].ready & set_events[set])
				count++;
			else
				*word &= ~bit;
		}
	}
	return count;
}

static long select_fds(struct selecting *s, uint64_t deadline)
{
	long ret;

	s->words = DIV_ROUND_UP(s->n, 64u);
	s->bits = kzalloc(max(s->words, (size_t)1) * SETS * sizeof(uint64_t));
	s->entries = kzalloc(max(s->n, 1u) * sizeof(*s->entries));
	ret = s->bits && s->entries ? get_sets(s) : -ENOMEM;
	if (!ret)
		ret = find_selected(s);
	if (!ret)
		ret = poll_files(s->entries, s->n, deadline);
	if (s->entries)
		/* Also what was found before an error: entries without a file are skipped. */
		drop_files(s->entries, s->n);
	if (ret >= 0) {
		ret = answer_select(s);
		if (put_sets(s))
			ret = -EFAULT;
	}
	kfree(s->bits);
	kfree(s->entries);
	return ret;
}

long sys_pselect6(int n, uptr readable, uptr writable, uptr exceptional, uptr timeout, uptr mask)
{
	struct selecting s = { .from = { readable, writable, exceptional } };
	struct {
		uint64_t mask, size;
	} sig = { 0, 0 };
	uint64_t deadline, old;
	long ret;

	if (!uptr_is_null(mask) && copy_from_user(&sig, mask, sizeof(sig)))
		return -EFAULT;
	ret = deadline_from_user(timeout, &deadline);
	if (!ret)
		ret = wait_begin_mask(uptr_of(sig.mask), sig.size, &old);
	if (ret)
		return ret;
	/* As on Linux: what can't be open is not looked at. */
	s.n = min((uint32_t)n, current->files->cap);
	ret = n < 0 ? -EINVAL : select_fds(&s, deadline);
	wait_end_mask(uptr_of(sig.mask), old, ret);
	return put_left(timeout, deadline, ret);
}
