/*
 * output.c - what a program writes to a terminal, and the echo, on their way to the line.
 *
 * Comes from programs' writes and from fs/tty/input.c, which adds the echo; goes to the back end's
 * write.  Invariant (tty->lock): echo that waits goes out before a program's next byte.
 */
#include "fs/tty/output.h"

#include "drivers/timer/timer.h"
#include "lib/string.h"

#define TABDLY	      014000
#define XTABS	      014000
#define DRAIN_STEP_NS NS_PER_MS

/* ---- output ---- */

/* What @c becomes on the line, into @out (8 bytes); how many.  The column follows. */
static size_t process_char(struct tty *t, char c, char *out)
{
	uint32_t oflag = t->termios.c_oflag;
	size_t n = 0;

	if (!(oflag & OPOST)) {
		out[0] = c;
		return 1;
	}
	switch (c) {
	case '\n':
		if (oflag & ONLRET)
			t->column = 0;
		if (oflag & ONLCR) {
			out[n++] = '\r';
			t->column = 0;
		}
		break;
	case '\r':
		if (oflag & ONOCR && !t->column)
			return 0;
		t->column = 0;
		if (oflag & OCRNL) {
			c = '\n';
			t->column = oflag & ONLRET ? 0 : t->column;
		}
		break;
	case '\t':
		if ((oflag & TABDLY) == XTABS) {
			n = 8 - t->column % 8;
			memset(out, ' ', n);
			t->column += (uint32_t)n;
			return n;
		}
		t->column += 8 - t->column % 8;
		break;
	case '\b': t->column -= t->column > 0; break;
	default:
		if (oflag & OLCUC && c >= 'a' && c <= 'z')
			c -= 'a' - 'A';
		if ((unsigned char)c >= ' ' && c != 127 && (c & 0xc0) != (char)0x80)
			t->column++;
	}
	out[n++] = c;
	return n;
}

void tty_owe(struct tty *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n && t->nr_echo + 8 <= TTY_ECHO_MAX; i++)
		t->nr_echo += (uint32_t)process_char(t, s[i], t->echo + t->nr_echo);
}

void tty_tell(struct tty *t, uint32_t what)
{
	if (t->ops->changed)
		t->ops->changed(t, what);
}

void tty_stop(struct tty *t, bool stopped)
{
	if (t->stopped == stopped)
		return;
	WRITE_ONCE(t->stopped, stopped);
	tty_tell(t, stopped ? TIOCPKT_STOP : TIOCPKT_START);
}

void tty_push_echo_locked(struct tty *t)
{
	size_t n;

	spin_assert_held(&t->lock);
	if (t->stopped || !t->nr_echo)
		return;
	/* Under the lock, with the column: no program's bytes come in between. */
	n = t->ops->write(t, t->echo, t->nr_echo);
	t->nr_echo -= (uint32_t)n;
	memmove(t->echo, t->echo + n, t->nr_echo);
}

void tty_push_echo(struct tty *t)
{
	spin_lock(&t->lock);
	tty_push_echo_locked(t);
	spin_unlock(&t->lock);
}

void tty_tell_written(struct tty *t)
{
	if (t->ops->written)
		t->ops->written(t);
}

/* ---- writing ---- */

/*
 * Waits until no other task writes: the bytes of two writes do not mix.  A flag under tty->lock,
 * and no mutex: any signal ends the wait, and with O_NONBLOCK there is none.
 */
static int begin_writing(struct tty *t, bool nonblock)
{
	int err = 0;

	while (!err) {
		bool mine;

		spin_lock(&t->lock);
		mine = !t->writing;
		t->writing = true;
		spin_unlock(&t->lock);
		if (mine)
			return 0;
		err = wait_unless(nonblock, &t->write_wait, !READ_ONCE(t->writing));
	}
	return err;
}

static void end_writing(struct tty *t)
{
	WRITE_ONCE(t->writing, false);
	/* After the store: a writer that looks now finds the turn free. */
	wake_up(&t->write_wait);
}

void tty_writable(struct tty *t)
{
	atomic_add(&t->room_events, 1);
	/*
	 * The count first: push_all, which reads it before it offers its bytes, does not sleep on
	 * the old one.
	 */
	wake_up(&t->write_wait);
}

/* Gives all of @n bytes to the back end, which always makes room again. */
static void push_all(struct tty *t, const char *s, size_t n)
{
	while (n) {
		/*
		 * Before the bytes are offered: room that comes after they were refused changes the
		 * count.
		 */
		uint32_t seen = READ_ONCE(t->room_events);
		size_t took = t->ops->write(t, s, n);

		s += took;
		n -= took;
		if (n)
			wait_event(&t->write_wait, READ_ONCE(t->room_events) != seen);
	}
}

#define WRITE_PIECE 256
#define WIDEST	    8 /* bytes that one may become: a tab */

/*
 * One piece: processed under the lock.  A back end with room() gets as much as fits, at once;
 * another one gets all, and the writer waits for it, so that the count of bytes written is exact. 
 * How many of @n.
 */
static size_t write_output(struct tty *t, const char *buf, size_t n)
{
	char out[WRITE_PIECE * WIDEST];
	size_t len = 0, done = 0, room = sizeof(out), took;

	spin_lock(&t->lock);
	/* First, in the same hold of the lock: echo goes before this piece. */
	tty_push_echo_locked(t);
	if (t->ops->room)
		room = t->nr_echo ? 0 : min(room, t->ops->room(t));
	for (; done < n && len + WIDEST <= room; done++)
		len += process_char(t, buf[done], out + len);
	if (t->ops->room) {
		took = t->ops->write(t, out, len);
		CHECK(took == len);
		len = 0;
	}
	spin_unlock(&t->lock); /* a back end without room() is waited for: not under a spinlock */
	push_all(t, out, len);
	tty_tell_written(t);
	return done;
}

bool tty_can_write(struct tty *t)
{
	return !READ_ONCE(t->stopped) && (!t->ops->room || t->ops->room(t) >= WIDEST);
}

static int wait_to_write(struct tty *t, const struct file *f, bool nonblock)
{
	int err = 0;

	if (!tty_can_write(t))
		err = wait_unless(nonblock, &t->write_wait, tty_can_write(t) || tty_hung_up(f, t));
	/* Asked again: the hang-up may have been what ended the wait. */
	return tty_hung_up(f, t) ? -EIO : err;
}

long tty_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct tty *t = f->private;
	bool nonblock = file_nonblocking(f, from);
	size_t done = 0;
	char buf[WRITE_PIECE];
	long err = tty_hung_up(f, t) ? -EIO : 0;

	if (!err && t->termios.c_lflag & TOSTOP)
		err = tty_check_file_job(f, t, SIGTTOU);
	if (!err)
		err = begin_writing(t, nonblock);
	if (err)
		return err;
	while (from->left && !err) {
		/*
		 * Remembered, to go back to: what the terminal does not take counts as not written.
		 */
		struct iter start = *from;
		size_t want = min(from->left, sizeof(buf)), got, took;

		err = wait_to_write(t, f, nonblock);
		if (!err && done && signal_pending())
			err = -EINTR;
		if (err)
			break;
		got = iter_take(from, buf, want);
		took = write_output(t, buf, got);
		done += took;
		if (took < got) { /* the rest is taken again */
			*from = start;
			iter_skip(from, took);
		} else if (got < want) {
			err = -EFAULT;
		}
		if (!err && !file_may_continue())
			break;
	}
	end_writing(t);
	return done ? (long)done : err;
}

long tty_drain(struct tty *t)
{
	int err = 0;

	while (!err && tty_pending(t))
		err = sched_sleep_until(TIMER_MONOTONIC, timer_now_ns() + DRAIN_STEP_NS);
	return err;
}
