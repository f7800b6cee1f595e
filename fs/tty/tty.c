/*
 * tty.c - a terminal: its usual state, its open files, and its end.
 *
 * What happens between a key and a read is fs/tty/input.c, between a write and the line
 * fs/tty/output.c; job control is fs/tty/job.c, ioctl fs/tty/ioctl.c, settings fs/tty/termios.c.
 * Invariant: each open file holds the terminal, and counts in opens; the last one to go calls the
 * back end's closed().
 */
#include "fs/tty/tty.h"

#include "fs/tty/job.h"
#include "fs/tty/speed.h"
#include "lib/string.h"
#include "task/cap.h"

const struct file_ops *tty_console_fops;

void tty_init(struct tty *t, const struct tty_ops *ops, uint32_t cflag)
{
	static const struct termios2 usual = {
		.c_iflag = ICRNL | IXON,
		.c_oflag = OPOST | ONLCR,
		.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.c_cc = { [VINTR] = 3,
			  [VQUIT] = 28,
			  [VERASE] = 127,
			  [VKILL] = 21,
			  [VEOF] = 4,
			  [VMIN] = 1,
			  [VSTART] = 17,
			  [VSTOP] = 19,
			  [VSUSP] = 26,
			  [VREPRINT] = 18,
			  [VDISCARD] = 15,
			  [VWERASE] = 23,
			  [VLNEXT] = 22 },
	};

	memset(t, 0, sizeof(*t));
	ref_init(&t->refs);
	t->ops = ops;
	t->termios = usual;
	t->termios.c_cflag = cflag;
	tty_set_speeds(&t->termios);
	wait_init(&t->read_wait);
	wait_init(&t->write_wait);
	async_init(&t->async);
	/* Last: from here on a session's leader can find it. */
	tty_register(t);
}

int tty_open(struct file *f, struct tty *t)
{
	if (READ_ONCE(t->exclusive) && !cred_capable(current_cred(), CAP_SYS_ADMIN)) {
		tty_put(t);
		return -EBUSY;
	}
	f->private = t;
	/*
	 * The file is of the line as it is now: a hang-up from here on makes it dead (tty_hung_up).
	 */
	f->pos = READ_ONCE(t->hangups);
	atomic_add(&t->opens, 1);
	return 0;
}

void tty_release(struct file *f)
{
	struct tty *t = f->private;

	/*
	 * One task alone sees 0; another may open the terminal before closed() runs, which is as if
	 * it had opened it a little later.
	 */
	if (!atomic_sub(&t->opens, 1)) {
		WRITE_ONCE(t->exclusive, false);
		if (t->ops->closed)
			t->ops->closed(t);
	}
	tty_put(t);
}

void tty_put(struct tty *t)
{
	if (ref_put(&t->refs) && t->ops->free)
		t->ops->free(t);
}

size_t tty_async(struct file *f, struct async_list **lists)
{
	struct tty *t = f->private;

	lists[0] = &t->async;
	return tty_hung_up(f, t) ? 0 : 1;
}
