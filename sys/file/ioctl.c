/*
 * ioctl.c - ioctl(2): one table says what each command carries, and which way; a driver sees
 * kernel memory only.
 *
 * Invariant: an argument is copied in whole before the driver runs, and out only when it has
 * succeeded; ARG_MAX bounds both.
 */
#include "abi/socket.h"
#include "abi/stat.h"
#include "fs/fdtable.h"
#include "fs/fiemap.h"
#include "fs/tty/ioctl.h"
#include "fs/tty/pty.h"
#include "sys/syscall.h"

#define IN  IOCTL_IN
#define OUT IOCTL_OUT

enum whose { ANY, TTY, MASTER, SOCKET };

struct command {
	struct ioctl_command is;
	uint8_t whose; /* of another file: it does not even look at the argument */
};

static const struct command commands[] = {
	{ { TCGETS, sizeof(struct termios), OUT }, TTY },
	{ { TCSETS, sizeof(struct termios), IN }, TTY },
	{ { TCSETSW, sizeof(struct termios), IN }, TTY },
	{ { TCSETSF, sizeof(struct termios), IN }, TTY },
	{ { TCGETS2, sizeof(struct termios2), OUT }, TTY },
	{ { TCSETS2, sizeof(struct termios2), IN }, TTY },
	{ { TCSETSW2, sizeof(struct termios2), IN }, TTY },
	{ { TCSETSF2, sizeof(struct termios2), IN }, TTY },
	{ { TCGETA, sizeof(struct termio), OUT }, TTY },
	{ { TCSETA, sizeof(struct termio), IN }, TTY },
	{ { TCSETAW, sizeof(struct termio), IN }, TTY },
	{ { TCSETAF, sizeof(struct termio), IN }, TTY },
	{ { TIOCGLCKTRMIOS, sizeof(struct termios), OUT }, TTY },
	{ { TIOCSLCKTRMIOS, sizeof(struct termios), IN }, TTY },
	{ { TIOCGSOFTCAR, sizeof(int), OUT }, TTY },
	{ { TIOCSSOFTCAR, sizeof(int), IN }, TTY },
	{ { TIOCGWINSZ, sizeof(struct winsize), OUT }, TTY },
	{ { TIOCSWINSZ, sizeof(struct winsize), IN }, TTY },
	{ { TIOCGPGRP, sizeof(int32_t), OUT }, TTY },
	{ { TIOCSPGRP, sizeof(int32_t), IN }, TTY },
	{ { TIOCGSID, sizeof(int32_t), OUT }, TTY },
	{ { TIOCOUTQ, sizeof(int), OUT }, ANY },
	{ { TIOCSTI, 1, IN }, TTY },
	{ { TIOCPKT, sizeof(int), IN }, MASTER },
	{ { TIOCGPKT, sizeof(int), OUT }, MASTER },
	{ { TIOCSETD, sizeof(int), IN }, TTY },
	{ { TIOCGETD, sizeof(int), OUT }, TTY },
	{ { TIOCSPTLCK, sizeof(int), IN }, MASTER },
	{ { TIOCGPTLCK, sizeof(int), OUT }, MASTER },
	{ { TIOCGPTN, sizeof(int), OUT }, MASTER },
	{ { TIOCGDEV, sizeof(int), OUT }, TTY },
	{ { TIOCGEXCL, sizeof(int), OUT }, TTY },
	{ { FIOSETOWN, sizeof(int), IN }, SOCKET },
	{ { SIOCSPGRP, sizeof(int), IN }, SOCKET },
	{ { FIOGETOWN, sizeof(int), OUT }, SOCKET },
	{ { SIOCGPGRP, sizeof(int), OUT }, SOCKET },
	{ { FIONREAD, sizeof(int), OUT }, ANY },
};

#define SMALL 64 /* bytes; what most arguments have room in */

_Static_assert(sizeof(struct termios2) <= SMALL, "SMALL");

static const struct command *find_command(uint32_t cmd)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].is.cmd == cmd)
			return &commands[i];
	return NULL;
}

static bool is_of(const struct file *f, enum whose whose)
{
	switch (whose) {
	case TTY: return tty_is(f) || pty_is_master(f);
	case MASTER: return pty_is_master(f);
	case SOCKET: return (f->inode->mode & S_IFMT) == S_IFSOCK;
	default: return true;
	}
}

/* @c's argument is copied to and fro, by way of @buf, zeros. */
static inline long call_by_copy(struct file *f, const struct ioctl_command *c, uint64_t arg,
				void *buf)
{
	long ret;

	if (c->direction != OUT && copy_from_user(buf, uptr_of(arg), c->size))
		return -EFAULT;
	ret = file_ioctl(f, c->cmd, buf);
	if (ret >= 0 && c->direction != IN && copy_to_user(uptr_of(arg), buf, c->size))
		return -EFAULT;
	return ret;
}

/* Apart, so that others' arguments need not clear so much. */
static __attribute__((noinline)) long call_with_large(struct file *f, const struct ioctl_command *c,
						      uint64_t arg)
{
	uint64_t buf[IOCTL_SIZE_MAX / 8] = { 0 };

	return call_by_copy(f, c, arg, buf);
}

static long call_driver(struct file *f, uint32_t cmd, uint64_t arg)
{
	const struct command *known = find_command(cmd);
	const struct ioctl_command *c = known ? &known->is : file_ioctl_command(f, cmd);
	uint64_t buf[SMALL / 8] = { 0 };

	/*
	 * Before the argument is looked at: isatty(3) passes one for any file, and wants -ENOTTY.
	 */
	if (!file_takes_ioctl(f) || (known && !is_of(f, known->whose)))
		return -ENOTTY;
	/*
	 * A command that is not in the table takes a number, or none: the driver refuses what it
	 * does not know.
	 */
	if (!c)
		return file_ioctl(f, cmd, (void *)arg);
	return c->size > SMALL ? call_with_large(f, c, arg) : call_by_copy(f, c, arg, buf);
}

/* FIONBIO, FIOASYNC: the int at @from says whether. */
static long set_flag(struct file *f, int fd, uint32_t cmd, uptr from)
{
	int on;

	if (get_user(on, from))
		return -EFAULT;
	if (cmd == FIOASYNC)
		return file_set_async(f, fd, on);
	file_set_nonblock(f, on);
	return 0;
}

/* How much is left to read of a regular file. */
static long regular_size(struct file *f, uptr to)
{
	/* As Linux: it may be negative, where the file ends before the position. */
	int left = (int)(inode_size(f->inode) - READ_ONCE(f->pos));

	return put_user(left, to) ? -EFAULT : 0;
}

/* FIEMAP: the extents go to EL0 one by one, as many as there is room for; 0: they are counted. */
static long map_extents(struct file *f, uptr arg)
{
	struct fiemap map;
	struct fiemap_look look;
	struct fiemap_extent e;
	long ret;

	if (copy_from_user(&map, arg, sizeof(map)))
		return -EFAULT;
	if (map.fm_extent_count > UINT32_MAX / sizeof(e))
		return -EINVAL;
	ret = fiemap_begin(&look, f, &map);
	map.fm_mapped_extents = 0;
	while (!ret && (!map.fm_extent_count || map.fm_mapped_extents < map.fm_extent_count)) {
		ret = fiemap_next(&look, &e);
		if (ret <= 0)
			break;
		ret = 0;
		if (map.fm_extent_count &&
		    copy_to_user(uptr_add(arg, sizeof(map) + map.fm_mapped_extents * sizeof(e)), &e,
				 sizeof(e)))
			return -EFAULT;
		map.fm_mapped_extents++;
	}
	if (copy_to_user(arg, &map, sizeof(map)))
		return -EFAULT;
	return ret;
}

static long block_size(const struct file *f, uptr to)
{
	int size = (int)f->inode->sb->block_size;

	return put_user(size ? size : (int)PAGE_SIZE, to) ? -EFAULT : 0;
}

static long command_file(struct file *f, int fd, uint32_t cmd, uptr arg)
{
	uint8_t own = file_own_ioctls(f);

	/* A vcpu runs by one, many times a second. */
	if (own && (uint8_t)(cmd >> 8) == own)
		return file_ioctl(f, cmd, (void *)arg.va);
	switch (cmd) {
	case FIOCLEX: return fd_cloexec(fd, true);
	case FIONCLEX: return fd_cloexec(fd, false);
	case FIOASYNC:
	case FIONBIO: return set_flag(f, fd, cmd, arg);
	case FIGETBSZ: return block_size(f, arg);
	case FS_IOC_FIEMAP: return map_extents(f, arg);
	case FIONREAD:
		if (f->inode->object)
			return regular_size(f, arg);
		break;
	default: break;
	}
	return own ? file_ioctl(f, cmd, (void *)arg.va) : call_driver(f, cmd, arg.va);
}

long sys_ioctl(int fd, uint32_t cmd, uptr arg)
{
	return with_fd(fd, f, command_file(f, fd, cmd, arg));
}
