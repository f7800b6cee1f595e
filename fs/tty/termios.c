/*
 * termios.c - a terminal's settings: every form in which ioctl(2) gets and sets them.
 *
 * There are three (ioctl_tty(2)): struct termios, struct termios2 with the speeds as numbers, and
 * System V's struct termio. A terminal has the second.  Invariant (tty->lock): c_ispeed and
 * c_ospeed are what c_cflag says, but for BOTHER, of which they are the number; a bit that
 * TIOCSLCKTRMIOS locked stays as it is.
 */
#include "fs/tty/termios.h"

#include "fs/tty/input.h"
#include "fs/tty/output.h"
#include "fs/tty/speed.h"
#include "lib/string.h"
#include "task/cap.h"

/* ---- setting ---- */

/* The line discipline changes between lines and bytes: what waits becomes readable the new way. */
static void change_mode(struct tty *t, bool canonical)
{
	memset(t->ends, 0, sizeof(t->ends));
	t->line = t->tail;
	if (canonical && t->head != t->tail) {
		uint32_t last = (t->head - 1) % TTY_INPUT_MAX;

		t->ends[last / 64] |= BIT(last % 64);
		t->line = t->head;
	}
}

/*
 * Are ^S and ^Q the flow control of @m?  Then a master in packet mode may do it by itself
 * (TIOCPKT_DOSTOP).
 */
static bool usual_flow(const struct termios2 *m)
{
	return m->c_iflag & IXON && m->c_cc[VSTOP] == 023 && m->c_cc[VSTART] == 021;
}

static void tell_termios(struct tty *t, const struct termios2 *was, const struct termios2 *is)
{
	uint32_t what = 0;

	if (usual_flow(was) != usual_flow(is))
		what |= usual_flow(is) ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP;
	if ((was->c_lflag | is->c_lflag) & EXTPROC)
		what |= TIOCPKT_IOCTL;
	if (what)
		tty_tell(t, what);
}

static uint32_t keep_bits(uint32_t is, uint32_t was, uint32_t locked)
{
	return (is & ~locked) | (was & locked);
}

/* Puts back in @m what TIOCSLCKTRMIOS has locked; t->lock held. */
static void keep_locked(const struct tty *t, struct termios2 *m)
{
	const struct termios2 *was = &t->termios;
	const struct termios *locked = &t->termios_locked;

	spin_assert_held(&t->lock);
	m->c_iflag = keep_bits(m->c_iflag, was->c_iflag, locked->c_iflag);
	m->c_oflag = keep_bits(m->c_oflag, was->c_oflag, locked->c_oflag);
	m->c_cflag = keep_bits(m->c_cflag, was->c_cflag, locked->c_cflag);
	m->c_lflag = keep_bits(m->c_lflag, was->c_lflag, locked->c_lflag);
	if (locked->c_line)
		m->c_line = was->c_line;
	for (size_t i = 0; i < NCCS; i++)
		if (locked->c_cc[i])
			m->c_cc[i] = was->c_cc[i];
}

/* @m is what the terminal has from now on; t->lock held.  True: output that was stopped goes on. */
static bool apply_termios(struct tty *t, struct termios2 *m, bool flush)
{
	bool started;

	m->c_cflag &= ~(uint32_t)ADDRB; /* no device of ours knows addresses */
	keep_locked(t, m);
	if (t->ops->limit)
		t->ops->limit(m);
	if ((t->termios.c_lflag ^ m->c_lflag) & ICANON)
		change_mode(t, m->c_lflag & ICANON);
	tell_termios(t, &t->termios, m);
	t->termios = *m;
	if (flush)
		tty_flush_input(t);
	started = t->stopped && !(t->termios.c_iflag & IXON);
	if (started)
		tty_stop(t, false);
	return started;
}

/*
 * Reads the @size bytes of settings at @arg into @m, which has the present ones: a struct termios
 * or termios2, of which one begins as the other, or System V's termio.  Flags and characters that
 * this one lacks stay as they are.
 */
static void read_settings(struct termios2 *m, const void *arg, size_t size)
{
	const struct termio *from = arg;

	_Static_assert(offsetof(struct termios2, c_ispeed) == sizeof(struct termios), "termios");
	if (size != sizeof(struct termio)) {
		memcpy(m, arg, size);
		return;
	}
	m->c_iflag = (m->c_iflag & 0xffff0000) | from->c_iflag;
	m->c_oflag = (m->c_oflag & 0xffff0000) | from->c_oflag;
	m->c_cflag = (m->c_cflag & 0xffff0000) | from->c_cflag;
	m->c_lflag = (m->c_lflag & 0xffff0000) | from->c_lflag;
	m->c_line = from->c_line;
	memcpy(m->c_cc, from->c_cc, NCC);
}

/* The one way in which settings change: 0, -ERESTARTSYS, -EIO. */
static long set_termios(struct tty *t, const void *arg, size_t size, bool wait, bool flush)
{
	struct termios2 m;
	bool started;
	long err = tty_check_job(t, SIGTTOU);

	if (!err && wait)
		err = tty_drain(t);
	if (err)
		return err;
	spin_lock(&t->lock);
	m = t->termios;
	read_settings(&m, arg, size);
	tty_set_speeds(&m);
	started = apply_termios(t, &m, flush);
	spin_unlock(&t->lock);
	wake_up(&t->read_wait);
	if (started)
		wake_up(&t->write_wait);
	return 0;
}

/* TIOCSSOFTCAR: whether the line counts as connected without a carrier (CLOCAL). */
static long set_local(struct tty *t, bool local)
{
	struct termios2 m;

	spin_lock(&t->lock);
	m = t->termios;
	m.c_cflag = local ? m.c_cflag | CLOCAL : m.c_cflag & ~(uint32_t)CLOCAL;
	(void)apply_termios(t, &m, false);
	spin_unlock(&t->lock);
	return 0;
}

static long set_locked(struct tty *t, const struct termios *locked)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	spin_lock(&t->lock);
	t->termios_locked = *locked;
	spin_unlock(&t->lock);
	return 0;
}

/* ---- getting ---- */

/* The settings as @size bytes: see read_settings(). */
static long give_termios(struct tty *t, void *arg, size_t size)
{
	struct termio *to = arg;
	struct termios2 m;

	spin_lock(&t->lock);
	m = t->termios;
	spin_unlock(&t->lock);
	if (size != sizeof(*to)) {
		memcpy(arg, &m, size);
		return 0;
	}
	*to = (struct termio){ .c_iflag = (uint16_t)m.c_iflag,
			       .c_oflag = (uint16_t)m.c_oflag,
			       .c_cflag = (uint16_t)m.c_cflag,
			       .c_lflag = (uint16_t)m.c_lflag,
			       .c_line = m.c_line };
	memcpy(to->c_cc, m.c_cc, NCC);
	return 0;
}

static long give_locked(struct tty *t, struct termios *to)
{
	spin_lock(&t->lock);
	*to = t->termios_locked;
	spin_unlock(&t->lock);
	return 0;
}

static long give_local(struct tty *t, int *to)
{
	*to = (READ_ONCE(t->termios.c_cflag) & CLOCAL) != 0;
	return 0;
}

long tty_termios_ioctl(struct tty *t, uint32_t cmd, void *arg)
{
	switch (cmd) {
	case TCGETS: return give_termios(t, arg, sizeof(struct termios));
	case TCSETS: return set_termios(t, arg, sizeof(struct termios), false, false);
	case TCSETSW: return set_termios(t, arg, sizeof(struct termios), true, false);
	case TCSETSF: return set_termios(t, arg, sizeof(struct termios), true, true);
	case TCGETS2: return give_termios(t, arg, sizeof(struct termios2));
	case TCSETS2: return set_termios(t, arg, sizeof(struct termios2), false, false);
	case TCSETSW2: return set_termios(t, arg, sizeof(struct termios2), true, false);
	case TCSETSF2: return set_termios(t, arg, sizeof(struct termios2), true, true);
	case TCGETA: return give_termios(t, arg, sizeof(struct termio));
	case TCSETA: return set_termios(t, arg, sizeof(struct termio), false, false);
	case TCSETAW: return set_termios(t, arg, sizeof(struct termio), true, false);
	case TCSETAF: return set_termios(t, arg, sizeof(struct termio), true, true);
	case TIOCGLCKTRMIOS: return give_locked(t, arg);
	case TIOCSLCKTRMIOS: return set_locked(t, arg);
	case TIOCGSOFTCAR: return give_local(t, arg);
	case TIOCSSOFTCAR: return set_local(t, *(int *)arg != 0);
	default: return -ENOTTY;
	}
}
