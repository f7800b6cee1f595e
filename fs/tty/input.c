/*
 * input.c - the line discipline: what happens between a key and a read.
 *
 * Comes from a back end's task (tty_input) and from programs' reads; goes to the echo
 * (fs/tty/output.c) and to the signals of the foreground job (fs/tty/job.c).  Invariants
 * (tty->lock): tail <= line <= head <= tail + TTY_INPUT_MAX; in canonical mode only [tail, line) is
 * read, and the byte before line ends a line.
 */
#include "fs/tty/input.h"

#include "drivers/timer/timer.h"
#include "fs/poll.h"
#include "fs/tty/output.h"

#define DISABLED 0 /* a c_cc of this value stands for no key */

static bool iflag(const struct tty *t, uint32_t f)
{
	return t->termios.c_iflag & f;
}

static bool lflag(const struct tty *t, uint32_t f)
{
	return t->termios.c_lflag & f;
}

static bool is_key(const struct tty *t, unsigned char c, int which)
{
	return c != DISABLED && c == t->termios.c_cc[which];
}

static char *slot(struct tty *t, uint32_t at)
{
	return &t->input[at % TTY_INPUT_MAX];
}

static bool ends_line(const struct tty *t, uint32_t at)
{
	at %= TTY_INPUT_MAX;
	return t->ends[at / 64] & BIT(at % 64);
}

static void set_end(struct tty *t, uint32_t at, bool on)
{
	uint64_t bit = BIT(at % 64), *word = &t->ends[at % TTY_INPUT_MAX / 64];

	*word = on ? *word | bit : *word & ~bit;
}

/* ---- echo ---- */

/* Does @c show as ^X? */
static bool shows_caret(const struct tty *t, char c)
{
	return lflag(t, ECHOCTL) && ((unsigned char)c < ' ' || c == 127) && c != '\t' && c != '\n';
}

static void echo_char(struct tty *t, char c)
{
	char caret[2] = { '^', (char)(c ^ 0100) };

	if (shows_caret(t, c))
		tty_owe(t, caret, 2);
	else
		tty_owe(t, &c, 1);
}

static bool continues_utf8(const struct tty *t, char c)
{
	return iflag(t, IUTF8) && (c & 0xc0) == (char)0x80;
}

/*
 * How many columns the tab at @at made: no further back than to the tab before it, which ended at a
 * multiple of eight.
 */
static uint32_t tab_width(struct tty *t, uint32_t at)
{
	uint32_t columns = 0;

	while (at != t->line) {
		char c = *slot(t, --at);

		if (c == '\t')
			return 8 - columns % 8;
		if (shows_caret(t, c))
			columns += 2;
		else if ((unsigned char)c >= ' ' && c != 127 && !continues_utf8(t, c))
			columns++;
	}
	return 8 - (t->line_column + columns) % 8;
}

/* Is the echo's buffer full?  Until some of it has gone out, more echo is lost. */
static bool echo_full(const struct tty *t)
{
	return t->nr_echo + 8 > TTY_ECHO_MAX;
}

/* ECHOPRT: what was erased stands between \\ and /. */
static void end_erasing(struct tty *t)
{
	if (t->erasing)
		tty_owe(t, "/", 1);
	t->erasing = false;
}

/* ECHOPRT: on paper, the character at @at can only be shown once more. */
static void echo_erased(struct tty *t, uint32_t at)
{
	if (!t->erasing)
		tty_owe(t, "\\", 1);
	t->erasing = true;
	echo_char(t, *slot(t, at));
	while (++at != t->head)
		tty_owe(t, slot(t, at), 1);
}

/* Wipes the character at @at, the last one of the line, off the screen. */
static void echo_wipe(struct tty *t, uint32_t at)
{
	char c = *slot(t, at);

	if (!lflag(t, ECHO) || echo_full(t))
		return;
	if (lflag(t, ECHOPRT)) {
		echo_erased(t, at);
		return;
	}
	if (!lflag(t, ECHOE)) {
		echo_char(t, (char)t->termios.c_cc[VERASE]);
		return;
	}
	if (c == '\t') {
		for (uint32_t n = tab_width(t, at); n && t->column; n--)
			tty_owe(t, "\b", 1);
		return;
	}
	if (shows_caret(t, c))
		tty_owe(t, "\b \b", 3);
	if (shows_caret(t, c) || ((unsigned char)c >= ' ' && c != 127))
		tty_owe(t, "\b \b", 3);
}

/* ---- editing ---- */

/* Takes the last character off the line that is edited. */
static void erase_one(struct tty *t)
{
	uint32_t at = t->head;

	do {
		at--;
	} while (at != t->line && continues_utf8(t, *slot(t, at)));
	echo_wipe(t, at);
	t->head = at;
	if (at == t->line && lflag(t, ECHO))
		end_erasing(t);
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_' || c & 0x80;
}

static void erase_word(struct tty *t)
{
	bool seen = false;

	while (t->head != t->line) {
		bool word = is_word(*slot(t, t->head - 1));

		if (seen && !word)
			break;
		seen |= word;
		erase_one(t);
	}
}

static void erase_line(struct tty *t)
{
	if (lflag(t, ECHO) && !(lflag(t, ECHOE) && lflag(t, ECHOK) && lflag(t, ECHOKE))) {
		t->head = t->line;
		end_erasing(t);
		echo_char(t, (char)t->termios.c_cc[VKILL]);
		if (lflag(t, ECHOK))
			tty_owe(t, "\n", 1);
		return;
	}
	while (t->head != t->line && !echo_full(t))
		erase_one(t);
	t->head = t->line;
	end_erasing(t);
}

/* Shows the line anew, below. */
static void reprint(struct tty *t)
{
	end_erasing(t);
	echo_char(t, (char)t->termios.c_cc[VREPRINT]);
	tty_owe(t, "\n", 1);
	for (uint32_t i = t->line; i != t->head && !echo_full(t); i++)
		echo_char(t, *slot(t, i));
}

static void add_char(struct tty *t, char c, bool end)
{
	set_end(t, t->head, end);
	*slot(t, t->head) = c;
	t->head++;
	if (end)
		t->line = t->head;
}

static uint32_t buffered(const struct tty *t)
{
	return t->head - t->tail;
}

/* An ordinary character, or one that ^V made ordinary. */
static void take_ordinary(struct tty *t, char c)
{
	/* The newline must always fit. */
	uint32_t limit = TTY_INPUT_MAX - (lflag(t, ICANON) ? 1 : 0);

	if (buffered(t) >= limit) {
		if (iflag(t, IMAXBEL))
			tty_owe(t, "\a", 1);
		return;
	}
	if (lflag(t, ECHO)) {
		if (t->head == t->line)
			t->line_column = t->column;
		end_erasing(t);
		echo_char(t, c);
	}
	if (c == (char)0xff && iflag(t, PARMRK) && buffered(t) + 1 < limit)
		add_char(t, c, false); /* so that it is not taken for a mark */
	add_char(t, c, false);
}

/* The keys that edit a line; false: @c is none of them. */
static bool take_edit_key(struct tty *t, char c)
{
	bool extended = lflag(t, IEXTEN);

	if (is_key(t, c, VERASE)) {
		if (t->head != t->line)
			erase_one(t);
	} else if (is_key(t, c, VKILL)) {
		erase_line(t);
	} else if (extended && is_key(t, c, VWERASE)) {
		erase_word(t);
	} else if (extended && is_key(t, c, VLNEXT)) {
		t->literal = true;
		if (lflag(t, ECHO) && lflag(t, ECHOCTL))
			tty_owe(t, "^\b", 2);
	} else if (extended && lflag(t, ECHO) && is_key(t, c, VREPRINT)) {
		reprint(t);
	} else {
		return false;
	}
	return true;
}

/* The keys that end a line; false: @c is none of them. */
static bool take_end_key(struct tty *t, char c)
{
	if (buffered(t) == TTY_INPUT_MAX)
		return false;
	if (lflag(t, ECHO))
		end_erasing(t);
	if (c == '\n') {
		if (lflag(t, ECHO | ECHONL))
			tty_owe(t, "\n", 1);
		add_char(t, c, true);
	} else if (is_key(t, c, VEOF)) {
		add_char(t, DISABLED, true); /* ends the line, is not read */
	} else if (is_key(t, c, VEOL) || (lflag(t, IEXTEN) && is_key(t, c, VEOL2))) {
		if (lflag(t, ECHO))
			echo_char(t, c);
		add_char(t, c, true);
	} else {
		return false;
	}
	return true;
}

void tty_flush_input(struct tty *t)
{
	t->tail = t->line = t->head;
	t->literal = t->erasing = false;
	tty_tell(t, TIOCPKT_FLUSHREAD);
}

/* The keys that are signals: which one, or 0. */
static int signal_key(const struct tty *t, char c)
{
	if (!lflag(t, ISIG))
		return 0;
	return is_key(t, c, VINTR)   ? SIGINT
	       : is_key(t, c, VQUIT) ? SIGQUIT
	       : is_key(t, c, VSUSP) ? SIGTSTP
				     : 0;
}

static void take_signal_key(struct tty *t, char c)
{
	if (!lflag(t, NOFLSH)) {
		tty_flush_input(t);
		t->nr_echo = 0;
		tty_tell(t, TIOCPKT_FLUSHWRITE);
	}
	tty_stop(t, false);
	if (lflag(t, ECHO))
		echo_char(t, c);
}

/* ^S and ^Q; true: @c was one of them. */
static bool take_flow_key(struct tty *t, char c)
{
	if (!iflag(t, IXON))
		return false;
	if (is_key(t, c, VSTART)) {
		tty_stop(t, false);
	} else if (is_key(t, c, VSTOP)) {
		tty_stop(t, true);
	} else {
		if (t->stopped && iflag(t, IXANY))
			tty_stop(t, false);
		return false;
	}
	return true;
}

/* One byte from the line; the signal that it is, or 0. */
static int take_byte(struct tty *t, char c)
{
	int sig;

	if (iflag(t, ISTRIP))
		c &= 0x7f;
	if (iflag(t, IUCLC) && lflag(t, IEXTEN) && c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (t->literal) {
		t->literal = false;
		take_ordinary(t, c);
		return 0;
	}
	if (take_flow_key(t, c))
		return 0;
	sig = signal_key(t, c);
	if (sig) {
		take_signal_key(t, c);
		return sig;
	}
	if (c == '\r') {
		if (iflag(t, IGNCR))
			return 0;
		if (iflag(t, ICRNL))
			c = '\n';
	} else if (c == '\n' && iflag(t, INLCR)) {
		c = '\r';
	}
	if (!lflag(t, ICANON) || (!take_edit_key(t, c) && !take_end_key(t, c)))
		take_ordinary(t, c);
	return 0;
}

static bool input_readable(struct tty *t)
{
	if (lflag(t, ICANON))
		return t->line != t->tail;
	return buffered(t);
}

void tty_input(struct tty *t, const char *buf, size_t n)
{
	bool was_stopped, started, ready, fresh;
	uint64_t signals = 0;
	uint32_t line;
	int32_t pgrp;

	spin_lock(&t->lock);
	was_stopped = t->stopped;
	line = t->line;
	for (size_t i = 0; i < n; i++) {
		int sig = take_byte(t, buf[i]);

		if (sig)
			signals |= SIGBIT(sig);
	}
	tty_push_echo_locked(t);
	started = was_stopped && !t->stopped;
	ready = input_readable(t);
	fresh = ready && (!lflag(t, ICANON) || t->line != line);
	/* The foreground group at the moment at which the key was taken. */
	pgrp = t->pgrp;
	/* Waking and signals come without it: tty->lock is a leaf, proc_lock lies outside. */
	spin_unlock(&t->lock);
	if (ready)
		wake_up(&t->read_wait);
	if (started)
		wake_up(&t->write_wait);
	for (; signals; signals &= signals - 1)
		tty_signal(pgrp, __builtin_ctzl(signals) + 1);
	if (fresh)
		async_notify(&t->async, POLL_IN);
	tty_tell_written(t);
}

void tty_break(struct tty *t)
{
	bool interrupt;

	spin_lock(&t->lock);
	interrupt = !iflag(t, IGNBRK) && iflag(t, BRKINT);
	spin_unlock(&t->lock);
	/* Without tty->lock, as in tty_input. */
	if (interrupt)
		tty_signal(READ_ONCE(t->pgrp), SIGINT);
	else if (!iflag(t, IGNBRK))
		tty_input(t, "", 1); /* a BREAK reads as a zero byte */
}

size_t tty_input_room(struct tty *t)
{
	size_t room;

	/*
	 * A line that is edited may become shorter, and keys must work, however much waits: in
	 * canonical mode input is held back only while a complete line waits to be read.  The last
	 * byte is a line's end's there (take_ordinary): for others that is no room.
	 */
	spin_lock(&t->lock);
	if (!lflag(t, ICANON))
		room = TTY_INPUT_MAX - buffered(t);
	else if (t->line == t->tail)
		room = TTY_INPUT_MAX;
	else
		room = TTY_INPUT_MAX - 1 - min(buffered(t), (uint32_t)TTY_INPUT_MAX - 1);
	spin_unlock(&t->lock);
	return room;
}

/* ---- reading ---- */

/*
 * Moves what may be read now into @buf: one line's part in canonical mode.  *@end: the line ended.
 * The lock is held.
 */
static size_t take_input(struct tty *t, char *buf, size_t n, bool *end)
{
	uint32_t stop = lflag(t, ICANON) ? t->line : t->head;
	size_t got = 0;

	*end = false;
	while (got < n && t->tail != stop && !*end) {
		char c = *slot(t, t->tail);

		*end = lflag(t, ICANON) && ends_line(t, t->tail);
		t->tail++;
		if (!*end || c != DISABLED)
			buf[got++] = c;
	}
	if ((int32_t)(t->line - t->tail) < 0)
		t->line = t->tail;
	/*
	 * An EOF right behind a full buffer belongs to this read: the next one must not take it for
	 * an end of file.
	 */
	if (got == n && !*end && lflag(t, ICANON) && t->tail != stop && ends_line(t, t->tail) &&
	    *slot(t, t->tail) == DISABLED) {
		t->tail++;
		*end = true;
	}
	return got;
}

/*
 * Sleeps until there is something to read, or for a raw read as long as VMIN and VTIME say: @least
 * bytes are wanted (0: it comes back at once, or after the time), of which there are @done;
 * @time_ns is between bytes, or for the first one if @least is 0; 0: no limit.  1: there is
 * something; 0: the time is over; -EAGAIN, -ERESTARTSYS, -EIO (hung up).
 */
static int wait_for_input(struct tty *t, const struct file *f, size_t least, uint64_t time_ns,
			  size_t done)
{
	bool timed = time_ns && (!least || done), late = false;
	uint64_t deadline_ns = timed ? timer_now_ns() + time_ns : UINT64_MAX;
	struct waiter w;
	int err = 0;

	/*
	 * Looked at without the lock here and below: a task that adds input wakes the queue
	 * afterwards, and take_input decides under the lock.
	 */
	if (input_readable(t))
		return 1;
	if ((!least && !time_ns) || tty_hung_up(f, t))
		return 0;
	if (READ_ONCE(f->flags) & O_NONBLOCK)
		return -EAGAIN;
	while (!err && !late && !input_readable(t) && !tty_hung_up(f, t)) {
		wait_prepare(&t->read_wait, &w, TASK_SLEEPING);
		if (input_readable(t) || tty_hung_up(f, t))
			; /* what another reader may still take */
		else if (signal_pending())
			err = -ERESTARTSYS;
		else
			late = sched_sleep_deadline(TIMER_MONOTONIC, deadline_ns);
		wait_finish(&t->read_wait, &w);
	}
	if (err || input_readable(t))
		return err ? err : 1;
	return late ? 0 : -EIO;
}

long tty_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct tty *t = f->private;
	uint64_t time_ns = 0;
	size_t done = 0, least = 1;
	char buf[256];
	bool end = false;
	long err = tty_hung_up(f, t) ? 0 : tty_check_file_job(f, t, SIGTTIN);

	if (err || !to->left || tty_hung_up(f, t))
		return err;
	if (!lflag(t, ICANON)) {
		least = min((size_t)t->termios.c_cc[VMIN], to->left);
		time_ns = t->termios.c_cc[VTIME] * 100000000UL;
	}
	while (to->left && !end) {
		size_t got;

		if (done >= max(least, (size_t)1) && !input_readable(t))
			break;
		err = wait_for_input(t, f, least, time_ns, done);
		if (err <= 0)
			break;
		/* Into @buf under the lock, on to the reader, which may fault, without it. */
		spin_lock(&t->lock);
		got = take_input(t, buf, min(sizeof(buf), to->left), &end);
		spin_unlock(&t->lock);
		if (iter_put(to, buf, got) != got) {
			err = -EFAULT;
			break;
		}
		done += got;
		if (!lflag(t, ICANON) && done >= least && !input_readable(t))
			break;
		if (!file_may_continue())
			break;
	}
	/* After tail has moved: the back end sees the room. */
	if (t->ops->input_taken)
		t->ops->input_taken(t);
	return done ? (long)done : min(err, 0L);
}

uint32_t tty_poll(struct file *f, struct poll_wait *w)
{
	struct tty *t = f->private;
	uint32_t ready = 0, least = 1;

	poll_on_for(w, &t->read_wait, POLL_IN_EVENTS);
	poll_on_for(w, &t->write_wait, POLL_OUT_EVENTS);
	/* After the queues were joined, as all that is looked at here. */
	if (tty_hung_up(f, t))
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM | POLLERR | POLLHUP;
	if (!lflag(t, ICANON) && !t->termios.c_cc[VTIME] && t->termios.c_cc[VMIN])
		least = t->termios.c_cc[VMIN];
	if (lflag(t, ICANON) ? input_readable(t) : buffered(t) >= least)
		ready |= POLLIN | POLLRDNORM;
	if (tty_can_write(t))
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}
