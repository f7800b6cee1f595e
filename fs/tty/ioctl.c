/*
 * ioctl.c - ioctl(2) on a terminal (ioctl_tty(2)); arguments are kernel memory
 * (sys/file/ioctl.c).
 *
 * Invariant: what is read or changed under tty->lock is done there in one step; signals and
 * wake-ups come after the lock, which is a leaf.
 */
#include "fs/tty/ioctl.h"

#include "fs/tty/termios.h"
#include "lib/string.h"
#include "task/cap.h"

static long set_winsize(struct tty *t, const struct winsize *size)
{
	bool changed;

	spin_lock(&t->lock);
	changed = memcmp(&t->winsize, size, sizeof(*size)) != 0;
	t->winsize = *size;
	spin_unlock(&t->lock);
	if (changed)
		/*
		 * After the lock and after the store: the program that asks now gets the new size.
		 */
		tty_signal(READ_ONCE(t->pgrp), SIGWINCH);
	return 0;
}

static int input_size(struct tty *t)
{
	uint32_t n;

	spin_lock(&t->lock);
	n = (t->termios.c_lflag & ICANON ? t->line : t->head) - t->tail;
	spin_unlock(&t->lock);
	return (int)n;
}

static long flush_tty(struct tty *t, uintptr_t which)
{
	long err = tty_check_job(t, SIGTTOU);

	if (err)
		return err;
	if (which > TCIOFLUSH)
		return -EINVAL;
	spin_lock(&t->lock);
	if (which != TCOFLUSH)
		tty_flush_input(t);
	if (which != TCIFLUSH) {
		t->nr_echo = 0; /* what the UART has been given cannot be taken back */
		tty_tell(t, TIOCPKT_FLUSHWRITE);
	}
	spin_unlock(&t->lock);
	/*
	 * Without the lock: a pty's master is woken, and the console's task takes the lock itself.
	 */
	if (which != TCOFLUSH && t->ops->input_taken)
		t->ops->input_taken(t);
	return 0;
}

/*
 * tcflow(3): TCOOFF, TCOON stop and start output; TCIOFF, TCION would send ^S, ^Q to the other
 * side.
 */
static long control_flow(struct tty *t, uintptr_t what)
{
	long err = tty_check_job(t, SIGTTOU);
	char c;

	if (err)
		return err;
	if (what > TCION)
		return -EINVAL;
	spin_lock(&t->lock);
	if (what == TCOOFF || what == TCOON) {
		tty_stop(t, what == TCOOFF);
	} else {
		c = (char)t->termios.c_cc[what == TCIOFF ? VSTOP : VSTART];
		if (c && !t->ops->write(t, &c, 1))
			err = -EAGAIN;
	}
	spin_unlock(&t->lock);
	/* A writer that waited while output was stopped looks again. */
	wake_up(&t->write_wait);
	return err;
}

/*
 * TCSBRK: with an argument tcdrain(3).  Without one a BREAK, which no back end here can send: POSIX
 * lets it count as sent.
 */
static long drain_or_break(struct tty *t)
{
	long err = tty_check_job(t, SIGTTOU);

	return err ? err : tty_drain(t);
}

static void get_winsize(struct tty *t, struct winsize *out)
{
	spin_lock(&t->lock);
	*out = t->winsize;
	spin_unlock(&t->lock);
}

/* TIOCSTI: as if @c had been typed; only for root, as on a Linux whose legacy_tiocsti is 0. */
static long type_char(struct tty *t, char c)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EIO;
	tty_input(t, &c, 1);
	return 0;
}

void tty_hangup(struct tty *t)
{
	spin_lock(&t->lock);
	tty_flush_input(t);
	t->nr_echo = 0;
	WRITE_ONCE(t->stopped, false);
	WRITE_ONCE(t->hangups, t->hangups + 1);
	/*
	 * The number before the wake-ups: a reader or writer that is woken sees by it that its file
	 * is dead (tty_hung_up).
	 */
	spin_unlock(&t->lock);
	wake_up(&t->read_wait);
	wake_up(&t->write_wait);
	/* A dead line sends no more SIGIO; and the session's leader gets SIGHUP. */
	async_drop_all(&t->async);
	tty_end_session(t);
}

bool tty_is(const struct file *f)
{
	return f->ops->ioctl == tty_ioctl;
}

long tty_control(struct tty *t, const struct file *f, uint32_t cmd, void *arg)
{
	switch (cmd) {
	case TIOCGWINSZ: get_winsize(t, arg); return 0;
	case TIOCSWINSZ: return set_winsize(t, arg);
	case TIOCSCTTY: return tty_set_control(t, (uintptr_t)arg == 1);
	case TIOCGPGRP: return tty_get_group(t, tty_is(f), arg);
	case TIOCSPGRP: return tty_set_group(t, *(int32_t *)arg);
	case TIOCGSID: return tty_get_session(t, tty_is(f), arg);
	case TIOCGETD: *(int *)arg = 0; return 0; /* N_TTY, the only line discipline */
	case TIOCSETD: return *(int *)arg ? -EINVAL : 0;
	case TIOCGDEV: *(uint32_t *)arg = t->rdev; return 0;
	case TIOCSBRK:
	case TIOCCBRK: return 0;
	default: return tty_termios_ioctl(t, cmd, arg);
	}
}

/* TIOCVHANGUP: as if the line had gone down (vhangup(2), getty). */
static long hang_up_line(struct tty *t)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	tty_hangup(t);
	return 0;
}

long tty_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	struct tty *t = f->private;

	if (tty_hung_up(f, t))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	switch (cmd) {
	case FIONREAD: *(int *)arg = input_size(t); return 0;
	case TIOCOUTQ: *(int *)arg = (int)tty_pending(t); return 0;
	case TCFLSH: return flush_tty(t, (uintptr_t)arg);
	case TCXONC: return control_flow(t, (uintptr_t)arg);
	case TCSBRK:
	case TCSBRKP: return drain_or_break(t);
	case TIOCSTI: return type_char(t, *(char *)arg);
	case TIOCNOTTY: return tty_give_up_control(t);
	case TIOCEXCL:
	case TIOCNXCL: WRITE_ONCE(t->exclusive, cmd == TIOCEXCL); return 0;
	case TIOCGEXCL: *(int *)arg = READ_ONCE(t->exclusive); return 0;
	case TIOCVHANGUP: return hang_up_line(t);
	case TIOCGPTPEER: return -EIO; /* a master's */
	default: return tty_control(t, f, cmd, arg);
	}
}
