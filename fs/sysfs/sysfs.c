/*
 * sysfs.c - /sys as a file system: its nodes, their names, and the texts of its files.
 *
 * Comes from the parts of the kernel that show themselves, and from mount(2), open(2), read(2) and
 * write(2).  Names live in the dentry cache, as in tmpfs, so that looking up and listing is the
 * same code; user space adds and removes none.  Invariants: a node that is in the tree is held by
 * it; the functions of a file run between begin_use and end_use alone, which sysfs_remove waits
 * for.
 */
#include "fs/sysfs/sysfs.h"

#include "abi/poll.h"
#include "abi/stat.h"
#include "fs/mount_ops.h"
#include "fs/ramdir.h"
#include "lib/export.h"
#include "lib/string.h"
#include "mm/slab.h"

struct sysfs_node {
	struct inode inode;
	struct dentry *dentry; /* NULL: it has been removed; the directory's lock */
	const struct sysfs_file_ops *ops;
	void *arg;
	struct owner *owner;
	bool pieces;	       /* ops has them: ops may go with its module, this does not */
	bool gone;	       /* nobody gets in any more; use_lock, as the next */
	uint32_t users;	       /* of its functions */
	char *target;	       /* of a link */
	struct charge *charge; /* of its maker */
};

/* What a node costs with its name, about. */
#define NODE_CHARGE (sizeof(struct sysfs_node) + sizeof(struct dentry) + CHARGE_SMALL)

/* An open file's text. */
struct sysfs_text {
	struct mutex lock; /* reads by several tasks */
	char *buf;	   /* NULL: never read */
	size_t len;
	uint64_t start, at; /* of pieces: where in the text this lies; what the next one is at */
	uint64_t next;	    /* where the read before ended */
	bool read;	    /* poll(2) has nothing new to tell */
};

static struct superblock sysfs_sb = { .type = "sysfs", .flags = SB_RAM, .magic = SYSFS_MAGIC };
static struct sysfs_node *root_node;

static struct spinlock use_lock; /* a leaf */
static struct wait_queue unused; /* users of a node went to 0 */

static const struct inode_ops sysfs_ops;
static const struct file_ops sysfs_file_fops;

static struct sysfs_node *node_of_inode(const struct inode *inode)
{
	return container_of(inode, struct sysfs_node, inode);
}

/* ---- the calls into what a file shows ---- */

static bool begin_use(struct sysfs_node *n)
{
	bool ok;

	spin_lock(&use_lock);
	ok = !n->gone && owner_get(n->owner);
	n->users += ok;
	spin_unlock(&use_lock);
	return ok;
}

static void end_use(struct sysfs_node *n)
{
	bool last;

	/* Whoever wants to unload the module waits for us in sysfs_remove. */
	owner_put(n->owner);
	spin_lock(&use_lock);
	last = !--n->users;
	spin_unlock(&use_lock);
	if (last)
		wake_up(&unused);
}

/* ---- open files ---- */

/* As Linux, even for root: a file is opened for what its mode lets somebody do. */
static int sysfs_open(struct file *f)
{
	const struct sysfs_node *n = node_of_inode(f->inode);
	uint32_t mode = READ_ONCE(f->inode->mode);
	struct sysfs_text *t;

	if ((f->mode & FILE_WRITE && !(mode & 0222)) || (f->mode & FILE_READ && !(mode & 0444)))
		return -EACCES;
	if (READ_ONCE(n->gone))
		return -ENODEV;
	t = kzalloc(sizeof(*t));
	if (!t)
		return -ENOMEM;
	mutex_init(&t->lock);
	f->private = t;
	return 0;
}

static void sysfs_close(struct file *f)
{
	struct sysfs_text *t = f->private;

	if (t->buf)
		charge_drop(f->charge, SYSFS_TEXT_MAX);
	kfree(t->buf);
	kfree(t);
}

static long ask_node(const struct sysfs_node *n, struct sysfs_text *t)
{
	if (n->ops->piece)
		return n->ops->piece(n->arg, &t->at, t->buf);
	return n->ops->show ? n->ops->show(n->arg, t->buf) : -EIO;
}

/* Makes the text of @f anew, or the piece at t->at; t->lock held.  0 or -errno. */
static int make_text(struct file *f, struct sysfs_text *t)
{
	struct sysfs_node *n = node_of_inode(f->inode);
	long len;

	t->len = 0;
	if (!t->buf) {
		/* Zeros: a show() that says more than it has written shows nobody's old memory. */
		t->buf = kzalloc(SYSFS_TEXT_MAX);
		if (!t->buf)
			return -ENOMEM;
		charge_add(f->charge, SYSFS_TEXT_MAX);
	}
	if (!begin_use(n))
		return -ENODEV;
	len = ask_node(n, t);
	end_use(n);
	if (len < 0)
		return (int)len;
	t->len = min((size_t)len, (size_t)SYSFS_TEXT_MAX);
	t->read = true;
	return 0;
}

static long sysfs_read(struct file *f, struct iter *to, uint64_t *pos)
{
	const bool in_pieces = node_of_inode(f->inode)->pieces;
	struct sysfs_text *t = f->private;
	long n = 0;

	if (mutex_lock_killable(&t->lock))
		return -EINTR;
	/* From the beginning, or from elsewhere than the last read ended: as it is now. */
	if (!*pos || *pos != t->next) {
		t->start = t->at = 0;
		n = make_text(f, t);
	}
	while (!n && in_pieces && t->len && *pos - t->start >= t->len) {
		t->start += t->len;
		n = make_text(f, t);
	}
	if (!n && *pos - t->start < t->len && to->left) {
		n = (long)iter_put(to, t->buf + (*pos - t->start), t->len - (*pos - t->start));
		*pos += (uint64_t)n;
		n = n ?: -EFAULT;
	}
	t->next = *pos;
	mutex_unlock(&t->lock);
	return n;
}

static long sysfs_write(struct file *f, struct iter *from, uint64_t *pos)
{
	struct sysfs_node *n = node_of_inode(f->inode);
	size_t len = min(from->left, (size_t)SYSFS_TEXT_MAX);
	char *text = kmalloc(len + 1);
	int err = 0;

	if (!text)
		return -ENOMEM;
	/* All of it is copied before anything is done: no setting is half of what was written. */
	if (iter_take(from, text, len) != len)
		err = -EFAULT;
	else if (!begin_use(n))
		err = -ENODEV;
	if (!err) {
		text[len] = '\0';
		/* Nothing says nothing. */
		if (len)
			err = n->ops->store ? n->ops->store(n->arg, text, len) : -EIO;
		end_use(n);
	}
	kfree(text);
	if (err)
		return err;
	*pos += len;
	return (long)len;
}

static int64_t sysfs_seek(struct file *f, int64_t offset, int whence)
{
	/* Where it ends is known when it has been read: as a file of /proc. */
	if (node_of_inode(f->inode)->pieces)
		return file_seek_endless(f, offset, whence);
	/* All of it is data, and the hole is behind it. */
	if (whence == SEEK_DATA || whence == SEEK_HOLE) {
		if (offset < 0 || offset >= SYSFS_TEXT_MAX)
			return -ENXIO;
		return f->pos = whence == SEEK_DATA ? (uint64_t)offset : SYSFS_TEXT_MAX;
	}
	return file_seek_size(f, offset, whence, SYSFS_TEXT_MAX);
}

/* Until it has been read there is something new to read: as Linux, that is POLLPRI. */
static uint32_t sysfs_poll(struct file *f, struct poll_wait *w)
{
	const struct sysfs_text *t = f->private;
	bool news = !READ_ONCE(t->read) || READ_ONCE(node_of_inode(f->inode)->gone);

	return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM | (news ? POLLERR | POLLPRI : 0u);
}

static const struct file_ops sysfs_file_fops = {
	.read = sysfs_read,
	.write = sysfs_write,
	.seek = sysfs_seek,
	.poll = sysfs_poll,
	.fsync = file_sync_in_ram,
	.open = sysfs_open,
	.release = sysfs_close,
};

/* ---- inodes ---- */

static int sysfs_readlink(struct inode *inode, char *buf, size_t size)
{
	const char *target = node_of_inode(inode)->target;
	size_t n = min(size, strlen(target));

	memcpy(buf, target, n);
	return (int)n;
}

/* What open(2) with O_TRUNC asks: there is nothing to cut. */
static int sysfs_truncate(struct inode *inode, uint64_t size)
{
	return 0;
}

static void sysfs_release(struct inode *inode)
{
	struct sysfs_node *n = node_of_inode(inode);

	charge_drop(n->charge, NODE_CHARGE);
	kfree(n->target);
	kfree(n);
}

static const struct inode_ops sysfs_ops = {
	.readlink = sysfs_readlink,
	.truncate = sysfs_truncate,
	.release = sysfs_release,
};

/* A node of @mode, not in the tree yet, or NULL. */
static struct sysfs_node *new_node(uint32_t mode)
{
	struct sysfs_node *n = kzalloc(sizeof(*n));

	if (!n)
		return NULL;
	inode_init(&n->inode, &sysfs_sb, NULL, mode);
	n->inode.ops = &sysfs_ops;
	/* Root's, whoever has loaded the module. */
	n->inode.uid = n->inode.gid = 0;
	n->charge = charge_mine(NODE_CHARGE);
	if (S_ISDIR(mode)) {
		n->inode.fops = &ram_dir_fops;
		n->inode.nlink = 2;
	} else if (S_ISREG(mode)) {
		n->inode.fops = &sysfs_file_fops;
		n->inode.size = SYSFS_TEXT_MAX;
	}
	return n;
}

/* ---- the tree ---- */

static bool is_node_name(const char *s)
{
	size_t len = strlen(s);

	return len && len <= NAME_MAX && !strchr(s, '/') && strcmp(s, ".") != 0 &&
	       strcmp(s, "..") != 0;
}

/* Gives @n, which passes over, its name in @parent.  False: it is there already, or gone. */
static bool put_in_dir(struct sysfs_node *parent, struct sysfs_node *n, struct dentry *d)
{
	struct inode *dir = &parent->inode;
	struct dentry *there = NULL;
	bool ok;

	/* The lock of all who change a directory's names: two that make one name meet here. */
	mutex_lock(&dir->lock);
	ok = parent->dentry != NULL;
	if (ok) {
		there = dentry_lookup(parent->dentry, &d->name);
		ok = !there;
	}
	if (ok) {
		n->dentry = d;
		dentry_attach(parent->dentry, d);
		dir->nlink += S_ISDIR(n->inode.mode);
		dir->mtime = dir->ctime = vfs_now();
	}
	mutex_unlock(&dir->lock);
	if (there && !is_err(there))
		dentry_put(there);
	return ok;
}

/* @n as @name in @parent; NULL, and @n is freed, if that cannot be.  @n may be NULL. */
static struct sysfs_node *add_node(struct sysfs_node *parent, const char *name,
				   struct sysfs_node *n)
{
	struct name s;
	struct dentry *d;
	bool ok;

	if (!n)
		return NULL;
	if (!is_node_name(name)) {
		inode_put(&n->inode);
		return NULL;
	}
	(void)name_take(&s, name);
	d = dentry_new(&s, &n->inode); /* n's reference is the dentry's */
	if (!d)
		return NULL;
	ok = put_in_dir(parent, n, d);
	/* The tree has its own; where it failed, both go here. */
	dentry_put(d);
	return ok ? n : NULL;
}

struct sysfs_node *sysfs_root(void)
{
	return root_node;
}
EXPORT(sysfs_root);

struct sysfs_node *sysfs_dir(struct sysfs_node *parent, const char *name)
{
	return add_node(parent, name, new_node(S_IFDIR | 0755));
}
EXPORT(sysfs_dir);

/* The node called @name in @parent, or NULL.  It stays: nobody removes it. */
static struct sysfs_node *find_node(struct sysfs_node *parent, const char *name)
{
	struct sysfs_node *n = NULL;
	struct dentry *d;
	struct name s;

	(void)name_take(&s, name);
	mutex_lock(&parent->inode.lock);
	d = parent->dentry ? dentry_lookup(parent->dentry, &s) : NULL;
	if (d && !is_err(d)) {
		n = d->inode ? node_of_inode(d->inode) : NULL;
		dentry_put(d);
	}
	mutex_unlock(&parent->inode.lock);
	return n;
}

struct sysfs_node *sysfs_dirs(struct sysfs_node *parent, const char *path)
{
	char name[NAME_MAX + 1];
	const char *end;

	for (; parent && *path; path = *end ? end + 1 : end) {
		struct sysfs_node *dir = parent;

		end = strchr(path, '/') ?: path + strlen(path);
		strlcpy(name, path, min(sizeof(name), (size_t)(end - path) + 1));
		parent = sysfs_dir(dir, name);
		/* There already, or made by another just now: what is there stays. */
		if (!parent)
			parent = find_node(dir, name);
	}
	return parent;
}

struct sysfs_node *sysfs_file(struct sysfs_node *parent, const char *name, uint32_t mode,
			      const struct sysfs_file_ops *ops, void *arg, struct owner *owner)
{
	struct sysfs_node *n = new_node(S_IFREG | (mode & 0777));

	if (n) {
		n->ops = ops;
		n->pieces = ops->piece != NULL;
		n->arg = arg;
		n->owner = owner;
	}
	return add_node(parent, name, n);
}
EXPORT(sysfs_file);

/* ---- links ---- */

static uint32_t depth_of(const struct dentry *d)
{
	uint32_t depth = 0;

	for (; d->parent != d; d = d->parent)
		depth++;
	return depth;
}

/* The directory nearest to both; nothing in the tree is ever renamed, so it needs no lock. */
static const struct dentry *common_parent(const struct dentry *a, const struct dentry *b)
{
	while (a != b)
		if (depth_of(a) >= depth_of(b))
			a = a->parent;
		else
			b = b->parent;
	return a;
}

/* @n bytes of @text before @s, whose room begins at @buf: where they begin; NULL: no room. */
static char *put_before(const char *buf, char *s, const char *text, size_t n)
{
	return s && (size_t)(s - buf) >= n ? memcpy(s - n, text, n) : NULL;
}

/* The way from the directory @from to @to, within @buf of PATH_MAX bytes, or NULL: too long. */
static char *relative_path(const struct dentry *from, const struct dentry *to, char *buf)
{
	const struct dentry *common = common_parent(from, to), *d;
	char *s = buf + PATH_MAX - 1;

	*s = '\0';
	for (d = to; d != common; d = d->parent) {
		if (*s)
			s = put_before(buf, s, "/", 1);
		s = put_before(buf, s, d->name.s, d->name.len);
		if (!s)
			return NULL;
	}
	for (d = from; d != common; d = d->parent)
		s = put_before(buf, s, *s ? "../" : "..", *s ? 3 : 2);
	return s;
}

struct sysfs_node *sysfs_link(struct sysfs_node *parent, const char *name,
			      struct sysfs_node *target)
{
	struct sysfs_node *n = new_node(S_IFLNK | 0777);
	char *buf = kmalloc(PATH_MAX), *text = NULL;

	if (n && buf)
		text = relative_path(parent->dentry, target->dentry, buf);
	if (text)
		n->target = kstrdup(text);
	kfree(buf);
	if (n && !n->target) {
		inode_put(&n->inode);
		return NULL;
	}
	return add_node(parent, name, n);
}
EXPORT(sysfs_link);

/* ---- what goes ---- */

/* @n, or a node below it that has none below itself. */
static struct sysfs_node *leaf_below(struct sysfs_node *n)
{
	struct dentry *d = n->dentry;

	spin_lock(&dcache_lock);
	/* A few steps: the tree is as deep as the kernel makes it. */
	while (!list_empty(&d->children))
		d = list_first(&d->children, struct dentry, sibling);
	spin_unlock(&dcache_lock);
	return node_of_inode(d->inode);
}

static void remove_leaf(struct sysfs_node *n)
{
	struct dentry *d = n->dentry;
	struct inode *dir = d->parent->inode;

	dentry_get(d);
	mutex_lock(&dir->lock);
	/* The node's own lock, too: from here on nothing is mounted on it (attach). */
	mutex_lock(&n->inode.lock);
	n->dentry = NULL;
	dentry_detach(d);
	dir->nlink -= S_ISDIR(n->inode.mode);
	n->inode.nlink = 0;
	dir->mtime = dir->ctime = n->inode.ctime = vfs_now();
	mutex_unlock(&n->inode.lock);
	mutex_unlock(&dir->lock);
	spin_lock(&use_lock);
	n->gone = true;
	spin_unlock(&use_lock);
	wait_event(&unused, !load_acquire(&n->users));
	if (READ_ONCE(d->mounts))
		vfs_umount_from(d);
	dentry_put(d);
}

void sysfs_remove(struct sysfs_node *node)
{
	struct sysfs_node *leaf;

	if (!node)
		return;
	do {
		give_way(); /* a disk has dozens of files */
		leaf = leaf_below(node);
		remove_leaf(leaf);
	} while (leaf != node);
}
EXPORT(sysfs_remove);

/* ---- the file system ---- */

static struct {
	struct mutex lock; /* around a directory's; of `next` */
	int (*fill[SYSFS_FILLS])(void);
	unsigned int n, next; /* those before it have been called */
} late = { .lock = MUTEX_INIT(late.lock) };

void sysfs_on_mount(int (*fill)(void))
{
	CHECK(late.n < SYSFS_FILLS);
	late.fill[late.n++] = fill;
}

static int fill_late(void)
{
	int err = mutex_lock_killable(&late.lock);

	if (err)
		return err;
	while (!err && late.next < late.n) {
		err = late.fill[late.next]();
		late.next += !err;
	}
	mutex_unlock(&late.lock);
	return err;
}

static struct dentry *sysfs_mount(char *options)
{
	int err = options && *options ? -EINVAL : fill_late();

	if (err)
		return err_ptr(err);
	dentry_get(root_node->dentry);
	return root_node->dentry;
}

void sysfs_init(void)
{
	static struct fs_type type = { .name = "sysfs", .mount = sysfs_mount };

	wait_init(&unused);
	sysfs_sb.dev = sb_new_dev();
	root_node = new_node(S_IFDIR | 0555);
	if (root_node)
		root_node->dentry = dentry_new(NULL, &root_node->inode);
	if (!root_node || !root_node->dentry)
		panic("no memory for /sys");
	fs_register(&type);
}
