/*
 * dev.c - the devices that are memory or nothing: null, zero, full, random, kmsg; and which device
 * a number means.
 *
 * Comes from open.c with a number, and from a device's read and write.  Invariant: the list of
 * devices does not change after boot.
 */
#include "fs/dev.h"

#include "abi/stat.h"
#include "fs/mount_ops.h"
#include "fs/name.h"
#include "fs/random.h"
#include "fs/tmpfs.h"
#include "lib/export.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "task/cap.h"

static struct device *devices; /* newest first */
static struct device *by_number[32];

static struct device **chain_of(uint32_t number)
{
	return &by_number[(number ^ number >> 8) % ARRAY_SIZE(by_number)];
}

void dev_register(struct device *dev)
{
	struct device **chain = chain_of(dev->number);

	/* At boot, on one core: the lists have no lock. */
	dev->next = devices;
	devices = dev;
	dev->next_by_number = *chain;
	*chain = dev;
}
EXPORT(dev_register);

const struct device *dev_first(void)
{
	return devices;
}

const struct device *dev_find(uint32_t number)
{
	for (const struct device *d = *chain_of(number); d; d = d->next_by_number)
		if (d->number == number)
			return d;
	return NULL;
}

/* ---- null, zero, full ---- */

static long null_read(struct file *f, struct iter *to, uint64_t *pos)
{
	return 0;
}

static long null_write(struct file *f, struct iter *from, uint64_t *pos)
{
	return (long)from->left;
}

#define ZERO_PIECE (1UL << 19) /* between two of them others may run */

static long zero_read(struct file *f, struct iter *to, uint64_t *pos)
{
	size_t done = 0;

	do {
		size_t want = min(to->left, ZERO_PIECE), got = iter_zero(to, want);

		done += got;
		if (got < want)
			return done ? (long)done : -EFAULT;
	} while (to->left && file_may_continue());
	return (long)done;
}

static long full_write(struct file *f, struct iter *from, uint64_t *pos)
{
	return -ENOSPC;
}

/*
 * A private mapping of zeros is anonymous memory; a shared one needs an object that the sharers
 * meet in.
 */
static struct vm_object *zero_mmap(struct file *f, uint64_t len, bool shared)
{
	struct vm_object *o;

	if (!shared)
		return NULL;
	o = object_anon(len, current->process->charge);
	return o ? o : err_ptr(-ENOMEM);
}

static const struct file_ops null_ops = { .no_splice = true, /* as on Linux */
					  .read = null_read,
					  .write = null_write,
					  .seek = file_seek_nowhere };
static const struct file_ops zero_ops = {
	.read = zero_read,
	.write = null_write,
	.seek = file_seek_nowhere,
	.mmap = zero_mmap,
};
static const struct file_ops full_ops = { .read = zero_read,
					  .write = full_write,
					  .seek = file_seek_nowhere };

/* ---- random ---- */

static long random_read(struct file *f, struct iter *to, uint64_t *pos)
{
	uint8_t buf[256];
	size_t done = 0;
	long err = 0;

	while (to->left) {
		size_t want = min(to->left, sizeof(buf)), got;

		/* A piece at a time: the generator's lock is not held over user memory. */
		random_bytes(buf, want);
		got = iter_put(to, buf, want);
		done += got;
		if (got < want) {
			err = -EFAULT;
			break;
		}
		if (signal_pending() ||
		    !file_may_continue()) /* a long read is cut short, as on Linux */
			break;
	}
	/* What was given out is not to be found on the stack. */
	memset(buf, 0, sizeof(buf));
	return done ? (long)done : err;
}

static long random_write(struct file *f, struct iter *from, uint64_t *pos)
{
	uint8_t buf[256];
	size_t done = 0;

	while (from->left) {
		size_t want = min(from->left, sizeof(buf)), got = iter_take(from, buf, want);

		random_add_seed(NULL, buf, got);
		done += got;
		if (got < want)
			return done ? (long)done : -EFAULT;
		if (!file_may_continue())
			break;
	}
	return (long)done;
}

/* Linux's has O_ASYNC; the events that it would signal have happened before there is a program. */
static size_t random_async(struct file *f, struct async_list **lists)
{
	return 0;
}

static const struct file_ops random_ops = {
	.async = random_async, .read = random_read, .write = random_write, .seek = file_seek_nowhere
};

/* ---- kmsg: a line written goes into the log; reading gives a record at a time ---- */

#define KMSG_LINE_MAX 992

static long kmsg_write(struct file *f, struct iter *from, uint64_t *pos)
{
	size_t n = from->left;
	char buf[KMSG_LINE_MAX + 1], *text = buf, *end;
	enum log_level level = LOG_NOTICE;

	if (n > KMSG_LINE_MAX)
		return -EINVAL;
	/* Into memory of our own first: the log's lock is never held over user memory. */
	if (iter_take(from, buf, n) != n)
		return -EFAULT;
	buf[n] = '\0';
	if (buf[0] == '<' && buf[1] >= '0' && buf[1] <= '9') {
		/* <N>: the level is N's low three bits, the rest is the facility. */
		uint32_t prefix = 0;

		for (end = buf + 1; *end >= '0' && *end <= '9' && prefix < 10000; end++)
			prefix = prefix * 10 + (uint32_t)(*end - '0');
		if (*end == '>') {
			level = prefix & 7;
			text = end + 1;
		}
	}
	printk(level, "%s", text);
	return (long)n;
}

/* A file that is open for writing alone shows no other program's messages. */
static int kmsg_open(struct file *f)
{
	return f->mode & FILE_READ && READ_ONCE(log_restricted) && !capable(CAP_SYSLOG) ? -EPERM
											: 0;
}

static const struct file_ops kmsg_ops = { .write = kmsg_write, .open = kmsg_open };

/* ---- a device that is a text ---- */

#define TEXT_MAX 4096

static long text_read(struct file *f, struct iter *to, uint64_t *pos)
{
	const struct device *dev = f->private;
	const struct text_device *t = container_of(dev, struct text_device, dev);
	char *buf = kmalloc(TEXT_MAX);
	long len, n = 0;

	if (!buf)
		return -ENOMEM;
	/* Made anew by each read: it is of one moment. */
	len = min(t->text(buf, TEXT_MAX), (long)TEXT_MAX - 1);
	if (len > 0 && *pos < (uint64_t)len && to->left) {
		n = (long)iter_put(to, buf + *pos, (size_t)len - *pos);
		*pos += (uint64_t)n;
		if (!n)
			n = -EFAULT;
	}
	kfree(buf);
	return len < 0 ? len : n;
}

static const struct file_ops text_ops = { .read = text_read, .seek = file_seek_unsized };

void dev_register_text(struct text_device *t)
{
	t->dev.ops = &text_ops;
	dev_register(&t->dev);
}

/* ---- the nodes ---- */

static struct device own[] = {
	{ .name = "null", .number = DEV(1, 3), .mode = 0666, .ops = &null_ops },
	{ .name = "zero", .number = DEV(1, 5), .mode = 0666, .ops = &zero_ops },
	{ .name = "full", .number = DEV(1, 7), .mode = 0666, .ops = &full_ops },
	{ .name = "random", .number = DEV(1, 8), .mode = 0666, .ops = &random_ops },
	{ .name = "urandom", .number = DEV(1, 9), .mode = 0666, .ops = &random_ops },
	{ .name = "kmsg", .number = DEV(1, 11), .mode = 0644, .ops = &kmsg_ops },
	{ .name = "fail", .number = DEV(10, 250), .mode = 0600, .ops = &fail_ops },
#ifdef CHECKED
	{ .name = "stretches", .number = DEV(10, 249), .mode = 0600, .ops = &stretches_ops },
#endif
};

/* A node for @d in the root of a devtmpfs that is not mounted yet. */
static int make_dev_node(struct dentry *root, const struct device *d)
{
	struct inode_new what = { .mode = S_IFCHR | d->mode, .rdev = d->number };
	struct inode *inode;
	struct dentry *node;
	struct name name;

	(void)name_take(&name, d->name);
	node = dentry_new(&name, NULL);
	if (!node)
		return -ENOMEM;
	inode = root->inode->ops->make(root->inode, &name, &what);
	if (is_err(inode)) {
		dentry_put(node);
		return (int)ptr_err(inode);
	}
	node->inode = inode;
	dentry_attach(root, node);
	dentry_put(node);
	return 0;
}

/* devtmpfs: one for all its mounts, made at the first; mount_lock is held. */
static struct dentry *devtmpfs_mount(char *options)
{
	static struct dentry *the_one;
	struct dentry *root;
	int err = 0;

	if (!the_one) {
		root = tmpfs_create("devtmpfs", 0755, options);
		if (is_err(root))
			return root;
		for (const struct device *d = devices; d && !err; d = d->next)
			err = make_dev_node(root, d);
		if (err) {
			root->inode->sb->kill(root->inode->sb);
			dentry_put(root);
			return err_ptr(err);
		}
		root->inode->sb->kill = NULL;
		/* Only when it is complete: the next mount must not find half of it. */
		the_one = root;
	}
	dentry_get(the_one);
	return the_one;
}

void dev_init(void)
{
	static struct fs_type devtmpfs = { .name = "devtmpfs", .mount = devtmpfs_mount };

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		dev_register(&own[i]);
	fs_register(&devtmpfs);
}

void dev_populate(void)
{
	const struct inode_new dir = { .mode = S_IFDIR | 0755 };
	int err = vfs_make(AT_FDCWD, "/dev", &dir);

	for (const struct device *d = devices; d && (!err || err == -EEXIST); d = d->next) {
		struct inode_new node = { .mode = S_IFCHR | d->mode, .rdev = d->number };
		char path[32];

		snprintf(path, sizeof(path), "/dev/%s", d->name);
		err = vfs_make(AT_FDCWD, path, &node);
	}
	if (err && err != -EEXIST)
		pr_warn("newel: /dev is not complete: error %d\n", -err);
}
