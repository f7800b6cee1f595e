/*
 * sys_ioctl.c - ioctl(2): one table says what each command carries, and which way; a driver sees kernel memory only.
 */
#include "abi/errno.h"
#include "abi/fcntl.h"
#include "abi/termios.h"
#include "el1/syscall.h"
#include "fs/file.h"
#include "fs/tty.h"
#include "fs/vfs.h"

#define ARG_MAX 64 /* bytes of the largest argument */

enum direction { NUMBER, IN, OUT };

struct command {
	uint32_t cmd;
	uint8_t size;
	uint8_t direction;
	bool tty; /* a terminal's only: another file does not even look at the argument */
};

static const struct command commands[] = {
	{ TCGETS, sizeof(struct termios), OUT, true },
	{ TCSETS, sizeof(struct termios), IN, true },
	{ TCSETSW, sizeof(struct termios), IN, true },
	{ TCSETSF, sizeof(struct termios), IN, true },
	{ TIOCGWINSZ, sizeof(struct winsize), OUT, true },
	{ TIOCSWINSZ, sizeof(struct winsize), IN, true },
	{ TIOCGPGRP, sizeof(int32_t), OUT, true },
	{ TIOCSPGRP, sizeof(int32_t), IN, true },
	{ TIOCGSID, sizeof(int32_t), OUT, true },
	{ TIOCOUTQ, sizeof(int), OUT, false },
	{ TIOCSTI, 1, IN, true },
	{ TIOCPKT, sizeof(int), IN, true },
	{ TIOCGPKT, sizeof(int), OUT, true },
	{ TIOCSETD, sizeof(int), IN, true },
	{ TIOCGETD, sizeof(int), OUT, true },
	{ TIOCSPTLCK, sizeof(int), IN, true },
	{ TIOCGPTLCK, sizeof(int), OUT, true },
	{ TIOCGPTN, sizeof(int), OUT, true },
	{ TIOCGDEV, sizeof(int), OUT, true },
	{ TIOCGEXCL, sizeof(int), OUT, true },
	{ FIONREAD, sizeof(int), OUT, false },
};

_Static_assert(sizeof(struct termios) <= ARG_MAX, "ARG_MAX");

static const struct command *find_command(uint32_t cmd)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].cmd == cmd)
			return &commands[i];
	return NULL;
}

static long call_driver(struct file *f, uint32_t cmd, uint64_t arg)
{
	const struct command *c = find_command(cmd);
	uint64_t buf[ARG_MAX / 8] = { 0 };
	long ret;

	if (!f->ops->ioctl || (c && c->tty && !tty_is(f)))
		return -ENOTTY;
	if (!c)
		return f->ops->ioctl(f, cmd, (void *)arg);
	if (c->direction == IN && copy_from_user(buf, uptr_of(arg), c->size))
		return -EFAULT;
	ret = f->ops->ioctl(f, cmd, buf);
	if (ret >= 0 && c->direction == OUT && copy_to_user(uptr_of(arg), buf, c->size))
		return -EFAULT;
	return ret;
}

static long set_nonblock(struct file *f, uptr from)
{
	int on;

	if (get_user(on, from))
		return -EFAULT;
	if (on)
		atomic_or(&f->flags, O_NONBLOCK);
	else
		atomic_and(&f->flags, ~(uint32_t)O_NONBLOCK);
	return 0;
}

/* How much is left to read of a regular file. */
static long regular_size(struct file *f, uptr to)
{
	int left = (int)(inode_size(f->inode) - READ_ONCE(f->pos));

	return put_user(left, to) ? -EFAULT : 0;
}

SYS(ioctl)
{
	int fd = (int)a0;
	uint32_t cmd = (uint32_t)a1;
	struct fd_ref r = fd_get(fd);
	long ret;

	if (!r.file)
		return -EBADF;
	switch (cmd) {
	case FIOCLEX: ret = fd_cloexec(fd, true); break;
	case FIONCLEX: ret = fd_cloexec(fd, false); break;
	case FIONBIO: ret = set_nonblock(r.file, uptr_of(a2)); break;
	default:
		if (cmd == FIONREAD && r.file->inode->object)
			ret = regular_size(r.file, uptr_of(a2));
		else
			ret = call_driver(r.file, cmd, a2);
	}
	fd_put(r);
	return ret;
}
