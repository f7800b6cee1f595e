/*
 * pty.c - a terminal whose other end is a program: /dev/ptmx gives the master, /dev/pts/N is the
 * terminal.
 *
 * Comes from the master's read and write.  What a program writes to the terminal goes through the
 * line discipline (output.c) into the ring that the master reads; what the master writes is typed.
 * Invariant: devpts has a node exactly as long as the master is open.  When the master is closed
 * the line is dead for good; when the last file of the terminal is closed, the master reads EIO
 * until it is opened again.
 *
 * Locks: pty_lock (mutex) numbers and nodes; inside it dcache_lock and tty->lock.  The names of
 * devpts change under pty_lock alone: no other call makes or removes any there.
 */
#include "fs/fdtable.h"
#include "fs/mount_ops.h"
#include "fs/open.h"
#include "fs/ramdir.h"
#include "fs/ring.h"
#include "fs/tty/pty.h"

#include "abi/stat.h"
#include "fs/dev.h"
#include "fs/poll.h"
#include "fs/tty/ioctl.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"

#define PTY_MAX	     4096
#define RING_SIZE    8192u /* bytes on their way to the master */
#define PTS_MAJOR    136
#define DEVPTS_MAGIC 0x1cd1

struct pty {
	struct tty tty; /* the terminal; its references are the pty's */
	int number;
	struct dentry *node; /* in devpts; NULL once the master is closed.  pty_lock */
	bool locked;	     /* TIOCSPTLCK: the terminal can't be opened */
	bool dead;	     /* the master is closed; tty.lock */
	bool seen;	     /* the terminal has been open */
	bool exclusive;	     /* TIOCEXCL of the master: has no effect, and is only read back */
	bool held;	     /* TCOOFF of the master: what it writes waits; tty.lock */
	bool packet;	     /* TIOCPKT; with the next two: tty.lock */
	uint8_t status;	     /* TIOCPKT_* that the master has not read yet */
	struct ring ring;    /* what the terminal has written; keeps its pages */
	struct wait_queue read_wait, write_wait; /* of the master */
	struct async_list async;		 /* files of the master that want a signal */
	bool news;				 /* written since the last one */
};

/* A node of devpts. */
struct pts_inode {
	struct inode inode;
	struct pty *pty; /* with a reference; NULL: a directory or ptmx */
};

static struct mutex pty_lock = MUTEX_INIT(pty_lock);
static uint64_t numbers[PTY_MAX / 64]; /* taken; pty_lock */
static uint32_t nr_ptys;	       /* that are; pty_lock */

struct pty_limits pty_limits = { .max = PTY_MAX, .reserve = 1024 };

static struct {
	struct superblock sb;
	struct dentry *root; /* NULL: not mounted yet */
	uint32_t mode, gid;  /* of new nodes */
	bool has_gid;
} devpts;

/* pty_lock held. */
static void drop_number(int number)
{
	mutex_assert_held(&pty_lock);
	numbers[number / 64] &= ~BIT(number % 64);
	nr_ptys--;
}

static struct pty *pty_of(struct tty *t)
{
	return container_of(t, struct pty, tty);
}

/* ---- the terminal's back end; tty->lock is held ---- */

static size_t pty_write(struct tty *t, const char *buf, size_t n)
{
	struct pty *p = pty_of(t);
	struct iter it;

	n = min(n, (size_t)ring_room(&p->ring));
	iter_kernel(&it, buf, n);
	CHECK(!ring_append(&p->ring, &it, (uint32_t)n)); /* from kernel memory, into its pages */
	if (n) {
		/*
		 * pty_written sends it, after tty->lock: O_ASYNC's signals take proc_lock, which is
		 * outside it.
		 */
		WRITE_ONCE(p->news, true);
		wake_up(&p->read_wait);
	}
	return n;
}

static void pty_written(struct tty *t)
{
	struct pty *p = pty_of(t);

	if (READ_ONCE(p->news)) {
		/* Before the signal: bytes that are written meanwhile make another one due. */
		WRITE_ONCE(p->news, false);
		async_notify(&p->async, POLL_IN);
	}
}

static size_t pty_room(struct tty *t)
{
	return ring_room(&pty_of(t)->ring);
}

/* A pty has no line with fewer than eight bits a byte. */
static void pty_limit(struct termios2 *m)
{
	m->c_cflag = (m->c_cflag & ~(uint32_t)(CSIZE | PARENB)) | CS8 | CREAD;
}

static void pty_input_taken(struct tty *t)
{
	wake_up(&pty_of(t)->write_wait);
}

static void pty_changed(struct tty *t, uint32_t what)
{
	static const uint8_t undoes[] = { [TIOCPKT_STOP] = TIOCPKT_START,
					  [TIOCPKT_START] = TIOCPKT_STOP,
					  [TIOCPKT_NOSTOP] = TIOCPKT_DOSTOP,
					  [TIOCPKT_DOSTOP] = TIOCPKT_NOSTOP };
	struct pty *p = pty_of(t);

	if (!p->packet)
		return;
	for (uint32_t bit = 1; bit < ARRAY_SIZE(undoes); bit <<= 1)
		if (what & bit)
			p->status &= (uint8_t)~undoes[bit];
	/* tty->lock is held, as in take_output, which takes and clears it: no change is lost. */
	WRITE_ONCE(p->status, (uint8_t)(p->status | what));
	wake_up(&p->read_wait);
}

/*
 * The terminal's last file is closed: the master's reads end with -EIO, and it is no session's
 * terminal any more.
 */
static void pty_closed(struct tty *t)
{
	struct pty *p = pty_of(t);

	tty_leave_session(t);
	wake_up(&p->read_wait);
	wake_up(&p->write_wait);
}

static void pty_free(struct tty *t)
{
	struct pty *p = pty_of(t);

	/* First: until then tty_of_session may find it (and gets no reference). */
	tty_unregister(t);
	mutex_lock(&pty_lock);
	drop_number(p->number);
	mutex_unlock(&pty_lock);
	ring_free(&p->ring);
	kfree(p);
}

static const struct tty_ops pty_ops = {
	.write = pty_write,
	.room = pty_room,
	.written = pty_written,
	.input_taken = pty_input_taken,
	.limit = pty_limit,
	.changed = pty_changed,
	.closed = pty_closed,
	.free = pty_free,
};

/* ---- opening the terminal ---- */

static int pts_open(struct file *f)
{
	struct pty *p = container_of(f->inode, struct pts_inode, inode)->pty;
	bool fine;
	int err;

	spin_lock(&p->tty.lock);
	/*
	 * Under the lock with which the master dies: an open comes before the hang-up, which then
	 * reaches it, or fails.
	 */
	fine = !p->dead && !p->locked;
	if (fine)
		WRITE_ONCE(p->seen, true);
	spin_unlock(&p->tty.lock);
	if (!fine)
		return -EIO;
	tty_get(&p->tty);
	err = tty_open(f, &p->tty);
	if (!err)
		tty_take_control(f, &p->tty);
	return err;
}

static const struct file_ops pts_fops = TTY_FILE_OPS(pts_open);

/* ---- the master ---- */

static bool other_closed(const struct pty *p)
{
	return READ_ONCE(p->seen) && !READ_ONCE(p->tty.opens);
}

static bool has_status(const struct pty *p)
{
	return READ_ONCE(p->packet) && READ_ONCE(p->status);
}

/* Something for the master to read, as bytes in @buf (at least 2); 0: nothing. */
static size_t take_output(struct pty *p, char *buf, size_t n)
{
	size_t got = 0;

	spin_lock(&p->tty.lock);
	/*
	 * Status and bytes under one hold: the master reads them in the order in which they came.
	 */
	if (p->packet) {
		buf[got++] = (char)p->status;
		p->status = 0;
	}
	if (!p->packet || buf[0] == TIOCPKT_DATA) {
		while (got < n && p->ring.used) {
			uint32_t piece = (uint32_t)min((size_t)p->ring.used, n - got);
			const char *from = ring_at(&p->ring, p->ring.tail, &piece);

			memcpy(buf + got, from, piece);
			ring_consume(&p->ring, piece);
			got += piece;
		}
		if (p->packet && got == 1)
			got = 0;
	}
	spin_unlock(&p->tty.lock);
	return got;
}

static long master_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct pty *p = f->private;
	size_t done = 0, got;
	char buf[256];
	long err = 0;

	while (to->left) {
		size_t want = min(to->left, sizeof(buf));

		if (done && READ_ONCE(p->packet))
			break; /* one packet a read */
		/* A packet's head needs a byte of its own; of a read of one byte it is all. */
		got = take_output(p, buf, want);
		if (got) {
			if (iter_put(to, buf, got) != got) {
				err = -EFAULT;
				break;
			}
			done += got;
			if (!file_may_continue())
				break;
			continue;
		}
		if (done)
			break;
		err = other_closed(p) ? -EIO
				      : file_wait_event(f, to, &p->read_wait,
							ring_used(&p->ring) || has_status(p) ||
								other_closed(p));
		if (err)
			break;
	}
	/* After the ring has room: the echo that waited first, then the programs that write. */
	if (done) {
		tty_push_echo(&p->tty);
		tty_writable(&p->tty);
	}
	return done ? (long)done : err;
}

/* How much the master may type now. */
static size_t typing_room(struct pty *p)
{
	return READ_ONCE(p->held) ? 0 : tty_input_room(&p->tty);
}

static long master_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct pty *p = f->private;
	size_t done = 0;
	char buf[256];
	long err = 0;

	while (from->left) {
		size_t room = typing_room(p), most = min(room, sizeof(buf));
		size_t want = min(from->left, most), got;

		if (!want) {
			err = file_wait_event(f, from, &p->write_wait, typing_room(p));
			if (err)
				break;
			continue;
		}
		got = iter_take(from, buf, want);
		tty_input(&p->tty, buf, got);
		done += got;
		if (got < want) {
			err = -EFAULT;
			break;
		}
		if (from->left && !file_may_continue())
			break;
	}
	return done ? (long)done : err;
}

static uint32_t master_poll(struct file *f, struct poll_wait *w)
{
	struct pty *p = f->private;
	uint32_t ready = 0;

	poll_on_for(w, &p->read_wait, POLL_IN_EVENTS);
	poll_on_for(w, &p->write_wait, POLL_OUT_EVENTS);
	if (ring_used(&p->ring))
		ready |= POLLIN | POLLRDNORM;
	if (has_status(p))
		ready |= POLLPRI | POLLIN | POLLRDNORM;
	if (other_closed(p))
		ready |= POLLHUP;
	if (typing_room(p))
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}

static size_t master_async(struct file *f, struct async_list **lists)
{
	struct pty *p = f->private;

	lists[0] = &p->async;
	return 1;
}

static long set_packet(struct pty *p, bool on)
{
	spin_lock(&p->tty.lock);
	/* Changes from before packet mode are not reported. */
	if (on && !p->packet)
		p->status = 0;
	WRITE_ONCE(p->packet, on);
	spin_unlock(&p->tty.lock);
	return 0;
}

static void discard(struct pty *p)
{
	spin_lock(&p->tty.lock);
	WRITE_ONCE(p->ring.used, 0);
	spin_unlock(&p->tty.lock);
	/* After the store, without the lock: a program that waits for room goes on. */
	tty_writable(&p->tty);
}

static long flush_master(struct pty *p, uintptr_t which)
{
	if (which > TCIOFLUSH)
		return -EINVAL;
	if (which != TCOFLUSH)
		discard(p);
	return 0; /* the other way nothing waits: what the master writes is input at once */
}

/* tcflow(3) of a master: it holds its own writing, or types ^S and ^Q. */
static long master_flow(struct pty *p, uintptr_t what)
{
	static const char keys[] = { [TCIOFF] = 023, [TCION] = 021 };

	if (what > TCION)
		return -EINVAL;
	if (what == TCIOFF || what == TCION) {
		tty_input(&p->tty, &keys[what], 1);
		return 0;
	}
	spin_lock(&p->tty.lock);
	WRITE_ONCE(p->held, what == TCOOFF);
	spin_unlock(&p->tty.lock);
	/* A thread that waits in master_write looks again. */
	wake_up(&p->write_wait);
	return 0;
}

static long send_signal(struct pty *p, uintptr_t signo)
{
	if (signo != SIGINT && signo != SIGQUIT && signo != SIGTSTP)
		return -EINVAL;
	tty_signal(READ_ONCE(p->tty.pgrp), (int)signo);
	return 0;
}

/* @p's name, by the mount of devpts that was made last.  False: there is none. */
static bool find_pts_path(struct pty *p, struct path *path)
{
	struct mount *m;

	path->mnt = NULL;
	mutex_lock(&pty_lock);	 /* p->node */
	spin_lock(&dcache_lock); /* the list of mounts, and both references */
	list_for_each(m, &mounts, link)
		if (m->sb == &devpts.sb && p->node)
			*path = (struct path){ m, p->node };
	if (path->mnt)
		path_get_locked(path);
	spin_unlock(&dcache_lock);
	mutex_unlock(&pty_lock);
	return path->mnt;
}

/* TIOCGPTPEER: a descriptor of the terminal, by whichever mount of devpts there is. */
static long open_peer(struct pty *p, uint32_t flags)
{
	struct path path;
	int fd;

	if (!find_pts_path(p, &path))
		return -ENODEV;
	/*
	 * The number before the file, as in open(2): what is opened can then be installed in any
	 * case.
	 */
	fd = fd_reserve(0, flags & O_CLOEXEC);
	if (fd >= 0)
		fd = fd_finish(fd, vfs_open_path(&path, flags & ~(uint32_t)O_CLOEXEC));
	path_put(&path);
	return fd;
}

static long master_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	struct pty *p = f->private;
	int *number = arg;

	switch (cmd) {
	case TIOCGPTN: *number = p->number; return 0;
	case TIOCSPTLCK: WRITE_ONCE(p->locked, *number != 0); return 0;
	case TIOCGPTLCK: *number = READ_ONCE(p->locked); return 0;
	case TIOCPKT: return set_packet(p, *number);
	case TIOCGPKT: *number = READ_ONCE(p->packet); return 0;
	case TIOCGPTPEER: return open_peer(p, (uint32_t)(uintptr_t)arg);
	case TIOCSIG: return send_signal(p, (uintptr_t)arg);
	case FIONREAD: *number = (int)ring_used(&p->ring); return 0;
	case TIOCOUTQ: *number = 0; return 0;
	case TIOCEXCL:
	case TIOCNXCL: WRITE_ONCE(p->exclusive, cmd == TIOCEXCL); return 0;
	case TIOCGEXCL: *number = READ_ONCE(p->exclusive); return 0;
	case TCFLSH: return flush_master(p, (uintptr_t)arg);
	case TCXONC: return master_flow(p, (uintptr_t)arg);
	case TCSBRK:
	case TCSBRKP: return 0;
	default: return tty_control(&p->tty, f, cmd, arg);
	}
}

/* ---- devpts ---- */

static int devpts_options(struct superblock *sb, char *buf, size_t size)
{
	int n = devpts.has_gid ? snprintf(buf, size, ",gid=%u", devpts.gid) : 0;

	n = min(n, (int)size);
	return n + snprintf(buf + n, size - (size_t)n, ",mode=%03o,ptmxmode=000", devpts.mode);
}

static void pts_inode_release(struct inode *inode)
{
	struct pts_inode *pi = container_of(inode, struct pts_inode, inode);

	/* A node that is held open keeps the pty, and its number, though the master has gone. */
	if (pi->pty)
		tty_put(&pi->pty->tty);
	kfree(pi);
}

static const struct inode_ops pts_inode_ops = { .release = pts_inode_release };

/* A name on its own for an inode of devpts; NULL: no memory. */
static struct dentry *new_pts_node(const char *text, uint32_t mode, struct pty *p)
{
	struct pts_inode *pi = kzalloc(sizeof(*pi));
	struct dentry *d = NULL;
	struct name name;

	(void)name_take(&name, text);
	if (!pi)
		return NULL;
	inode_init(&pi->inode, &devpts.sb, NULL, mode);
	pi->inode.ops = &pts_inode_ops;
	d = dentry_new(&name, &pi->inode);
	if (d && p) {
		tty_get(&p->tty);
		pi->pty = p;
		pi->inode.fops = &pts_fops;
		pi->inode.rdev = p->tty.rdev;
		if (devpts.has_gid)
			pi->inode.gid = devpts.gid;
	}
	return d;
}

static struct dentry *make_root(void)
{
	struct dentry *root, *ptmx;

	devpts.sb = (struct superblock){ .type = "devpts",
					 .flags = SB_RAM,
					 .dev = sb_new_dev(),
					 .next_ino = 1,
					 .magic = DEVPTS_MAGIC,
					 .options = devpts_options };
	root = new_pts_node("/", S_IFDIR | 0755, NULL);
	ptmx = root ? new_pts_node("ptmx", S_IFCHR, NULL) : NULL;
	if (!ptmx) {
		if (root)
			dentry_put(root);
		return NULL;
	}
	root->inode->nlink = 2;
	root->inode->fops = &ram_dir_fops;
	ptmx->inode->rdev = DEV(5, 2);
	dentry_attach(root, ptmx);
	dentry_put(ptmx);
	return root;
}

/* One of mount(2)'s options.  0, -EINVAL. */
static int take_option(const char *o)
{
	uint64_t v;

	if (!strcmp(o, "newinstance") || !strncmp(o, "ptmxmode=", 9) || !strncmp(o, "max=", 4) ||
	    !*o)
		return 0;
	if (!strncmp(o, "mode=", 5) && !parse_whole_u64(o + 5, strlen(o + 5), 8, &v)) {
		devpts.mode = v & 0777;
		return 0;
	}
	if (!strncmp(o, "gid=", 4) && !parse_whole_u64(o + 4, strlen(o + 4), 10, &v)) {
		devpts.gid = (uint32_t)v;
		devpts.has_gid = true;
		return 0;
	}
	return strncmp(o, "uid=", 4) ? -EINVAL : 0;
}

static struct dentry *devpts_mount(char *options)
{
	struct dentry *root = err_ptr(-ENOMEM);
	int err = 0;

	/* The options are those of all mounts: there is one devpts. */
	mutex_lock(&pty_lock);
	if (!devpts.root)
		devpts.root = make_root();
	while (options && !err) {
		char *end = strchr(options, ',');

		if (end)
			*end++ = '\0';
		err = take_option(options);
		options = end;
	}
	if (err) {
		root = err_ptr(err);
	} else if (devpts.root) {
		root = devpts.root;
		dentry_get(root);
	}
	mutex_unlock(&pty_lock);
	return root;
}

/* ---- /dev/ptmx ---- */

uint32_t pty_count(void)
{
	return READ_ONCE(nr_ptys);
}

/*
 * The lowest number that is free, taken; -ENOSPC: as many as may be are there, counted as Linux
 * counts.  pty_lock held.
 */
static int take_pty_number(void)
{
	mutex_assert_held(&pty_lock);
	if (nr_ptys + UINT64_C(1) >= READ_ONCE(pty_limits.max))
		return -ENOSPC;
	for (int i = 0; i < PTY_MAX / 64; i++)
		if (~numbers[i]) {
			int bit = __builtin_ctzl(~numbers[i]);

			numbers[i] |= BIT(bit);
			nr_ptys++;
			return i * 64 + bit;
		}
	return -ENOSPC;
}

/* A pty with a number, and its node in devpts; pty_lock held. */
static int make_pty(struct pty *p)
{
	char text[12];
	int number;

	if (!devpts.root)
		return -ENODEV;
	number = take_pty_number();
	if (number < 0)
		return number;
	p->number = number;
	p->tty.rdev = (uint32_t)dev_make(PTS_MAJOR, (uint32_t)number);
	snprintf(text, sizeof(text), "%d", number);
	p->node = new_pts_node(text, S_IFCHR | devpts.mode, p);
	if (!p->node) {
		drop_number(number);
		return -ENOMEM;
	}
	dentry_attach(devpts.root, p->node);
	return 0;
}

static int ptmx_open(struct file *f)
{
	struct pty *p = kzalloc(sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	tty_init(&p->tty, &pty_ops, B38400 | CS8 | CREAD);
	wait_init(&p->read_wait);
	wait_init(&p->write_wait);
	async_init(&p->async);
	p->locked = true;
	/* All memory before pty_lock; pty_write, under a spinlock, needs the pages to be there. */
	err = ring_init(&p->ring, RING_SIZE, NULL) ?: ring_make_pages(&p->ring);
	if (!err) {
		mutex_lock(&pty_lock);
		err = make_pty(p);
		mutex_unlock(&pty_lock);
	}
	if (err) {
		tty_unregister(&p->tty);
		ring_free(&p->ring);
		kfree(p);
		return err;
	}
	f->private = p;
	return 0;
}

static void master_release(struct file *f)
{
	struct pty *p = f->private;
	struct dentry *node;

	mutex_lock(&pty_lock);
	node = p->node;
	/* Under pty_lock: find_pts_path finds the node with a reference, or none. */
	p->node = NULL;
	dentry_detach(node);
	mutex_unlock(&pty_lock);
	spin_lock(&p->tty.lock);
	p->dead = true;
	spin_unlock(&p->tty.lock);
	/* After dead: no terminal is opened that the hang-up would miss. */
	tty_hangup(&p->tty);
	dentry_put(node);
	tty_put(&p->tty);
}

static const struct file_ops ptmx_fops = {
	.read = master_read,
	.write = master_write,
	.ioctl = master_ioctl,
	.poll = master_poll,
	.async = master_async,
	.async_own = true,
	.open = ptmx_open,
	.release = master_release,
};

bool pty_is_master(const struct file *f)
{
	return f->ops == &ptmx_fops;
}

void pty_init(void)
{
	static struct device ptmx = {
		.name = "ptmx", .number = DEV(5, 2), .mode = 0666, .ops = &ptmx_fops
	};
	static struct fs_type type = { .name = "devpts", .mount = devpts_mount };

	devpts.mode = 0600;
	dev_register_boot(&ptmx);
	fs_register(&type);
}
