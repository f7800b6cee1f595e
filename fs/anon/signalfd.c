/*
 * signalfd.c - signalfd4(2): the reader's own pending signals, as bytes.
 *
 * Whose signals they are is asked anew by each read and poll: those of the task that reads, as on
 * Linux, so that the file has nothing but the set.  Invariant: SIGKILL and SIGSTOP are never in it.
 */
#include "fs/anon/signalfd.h"

#include "abi/signalfd.h"
#include "fs/anon/anon.h"
#include "fs/poll.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/signal_take.h"

struct signalfd {
	uint64_t set; /* atomic */
};

/* Is @from that of signal-driven I/O? */
static bool is_io(const struct signal_info *from)
{
	static const uint64_t others = SIGBIT(SIGILL) | SIGBIT(SIGFPE) | SIGBIT(SIGSEGV) |
				       SIGBIT(SIGBUS) | SIGBIT(SIGTRAP) | SIGBIT(SIGCHLD) |
				       SIGBIT(SIGSYS);

	if (from->code == SI_SIGIO)
		return true;
	return from->code >= POLL_IN && from->code <= POLL_HUP && !(SIGBIT(from->signo) & others);
}

static void fill_siginfo(struct signalfd_siginfo *to, const struct signal_info *from)
{
	memset(to, 0, sizeof(*to));
	to->ssi_signo = (uint32_t)from->signo;
	to->ssi_errno = from->error;
	to->ssi_code = from->code;
	if (from->code == SI_KERNEL)
		return;
	if (is_io(from)) { /* as task/signal.h has them */
		to->ssi_band = (uint32_t)from->pid;
		to->ssi_fd = (int32_t)from->value;
		return;
	}
	if (from->code > 0 && from->signo != SIGCHLD) {
		to->ssi_addr = from->addr;
		return;
	}
	if (from->code == SI_TIMER) {
		/* By the same names in struct signal_info: task/time/posix_timer.c. */
		to->ssi_tid = (uint32_t)from->pid;
		to->ssi_overrun = from->uid;
	} else {
		to->ssi_pid = (uint32_t)from->pid;
		to->ssi_uid = from->uid;
	}
	if (from->code > 0) {
		to->ssi_status = from->status;
		to->ssi_utime = from->utime;
		to->ssi_stime = from->stime;
	} else if (from->code < 0) {
		to->ssi_ptr = from->value;
		to->ssi_int = (int32_t)from->value;
	}
}

static bool has_any(const struct signalfd *s)
{
	return signal_pending_set() & READ_ONCE(s->set);
}

/* Waits for the first signal, if @wait.  0, -EAGAIN, -ERESTARTSYS. */
static int wait_for_signal(const struct signalfd *s, bool wait, struct signal_info *info)
{
	struct wait_queue *q = signal_watch();

	/*
	 * signal_watch came before the first look: a signal that comes after the look wakes the
	 * queue.
	 */
	for (;;) {
		int err;

		signal_take_from(READ_ONCE(s->set), info);
		if (info->signo)
			return 0;
		/* Another thread may take the signal first: then look again. */
		err = wait_unless(!wait, q, has_any(s));
		if (err)
			return err;
	}
}

static long signalfd_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct signalfd_siginfo out;
	struct signal_info info;
	size_t done = 0;
	int err = 0;

	if (to->left < sizeof(out))
		return -EINVAL;
	while (to->left >= sizeof(out)) {
		err = wait_for_signal(f->private, !done && !file_nonblocking(f, to), &info);
		if (err)
			break;
		fill_siginfo(&out, &info);
		/* The signal has been taken: with a bad address it is lost, as on Linux. */
		if (iter_put(to, &out, sizeof(out)) != sizeof(out)) {
			err = -EFAULT;
			break;
		}
		done += sizeof(out);
		if (give_way())
			break;
	}
	return done ? (long)done : err;
}

static uint32_t signalfd_poll(struct file *f, struct poll_wait *w)
{
	/* The queue is joined before the look, so that no signal comes unseen between the two. */
	if (w)
		poll_on(w, signal_watch());
	return has_any(f->private) ? POLLIN : 0;
}

static const struct file_ops signalfd_fops = {
	.anon = "[signalfd]",
	.read = signalfd_read,
	.seek = file_seek_nowhere,
	.poll = signalfd_poll,
	.release = anon_release,
};

static uint64_t allowed_set(uint64_t set)
{
	return set & ~(SIGBIT(SIGKILL) | SIGBIT(SIGSTOP));
}

int signalfd_create(uint64_t set, uint32_t flags)
{
	struct signalfd *s = kmalloc(sizeof(*s));
	int fd;

	if (!s)
		return -ENOMEM;
	s->set = allowed_set(set);
	fd = anon_add(&signalfd_fops, s, O_RDWR | flags);
	if (fd < 0)
		kfree(s);
	return fd;
}

int signalfd_change(struct file *f, uint64_t set)
{
	struct signalfd *s = f->private;

	if (f->ops != &signalfd_fops)
		return -EINVAL;
	WRITE_ONCE(s->set, allowed_set(set));
	/* After the store: a reader that waits may have a signal of the new set pending. */
	wake_up_yielding(signal_watch());
	return 0;
}
