/*
 * dev.c - the devices that are memory or nothing: null, zero, full, random, kmsg; and which device
 * a number means.
 *
 * Comes from open.c with a number, and from a device's read and write.  Invariants: what is
 * registered at boot stays for good, and is found without a lock; what came later is found under
 * the lock under which it goes, and is used with its owner held.
 */
#include "fs/dev.h"

#include "abi/stat.h"
#include "fs/random.h"
#include "lib/export.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/modarea.h"
#include "mm/slab.h"
#include "mm/wx.h"
#include "task/cap.h"

/*
 * For both lists, and for the nodes that are made and removed with a device.  After mount_lock,
 * before the locks of inodes.
 */
static struct mutex devs_lock = MUTEX_INIT(devs_lock);
static struct device *devices;	      /* all of them, newest first */
static struct device *by_number[32];  /* those of boot: nothing in it changes afterwards */
static const struct dev_nodes *nodes; /* NULL: this is boot */

static struct device **chain_of(uint32_t number)
{
	return &by_number[(number ^ number >> 8) % ARRAY_SIZE(by_number)];
}

void devs_hold(void)
{
	mutex_lock(&devs_lock);
}

void devs_release(void)
{
	mutex_unlock(&devs_lock);
}

const struct device *dev_first(void)
{
	return devices;
}

/* Why @dev cannot be registered: -EINVAL, -EBUSY; 0: it can. */
static int refuse_device(const struct device *dev)
{
	size_t len = strlen(dev->name);

	mutex_assert_held(&devs_lock);
	if (!len || len > NAME_MAX || strchr(dev->name, '/'))
		return -EINVAL;
	for (const struct device *d = devices; d; d = d->next)
		if ((d->number == dev->number && d->block == dev->block) ||
		    !strcmp(d->name, dev->name))
			return -EBUSY;
	return 0;
}

int dev_register(struct device *dev)
{
	int err;

	devs_hold();
	err = refuse_device(dev);
	/* A disk may go, whenever it came. */
	dev->late = nodes != NULL || dev->block;
	if (!err && nodes)
		err = nodes->add(dev);
	if (!err) {
		dev->next = devices;
		devices = dev;
	}
	if (!err && !dev->late) {
		/* On one core, before anybody opens anything. */
		dev->next_by_number = *chain_of(dev->number);
		*chain_of(dev->number) = dev;
	}
	devs_release();
	return err;
}
EXPORT(dev_register);

void dev_register_boot(struct device *dev)
{
	if (dev_register(dev))
		panic("device %s: its name or number is taken", dev->name);
}

void dev_unregister(struct device *dev)
{
	struct device **at = &devices;

	devs_hold();
	while (*at && *at != dev)
		at = &(*at)->next;
	/* What boot has registered is in a chain that is walked without a lock. */
	CHECK(*at && dev->late);
	*at = dev->next;
	if (nodes)
		nodes->remove(dev);
	devs_release();
}
EXPORT(dev_unregister);

void devs_booted(const struct dev_nodes *n)
{
	nodes = n;
}

/* One that came after boot.  Apart from dev_find, so that one needs no frame. */
static __attribute__((noinline)) const struct device *find_late(uint32_t number)
{
	const struct device *d;

	devs_hold();
	for (d = devices; d && (d->number != number || d->block); d = d->next)
		;
	/* Under the lock: a module that is unloaded takes its device out before it goes. */
	if (d && !owner_get(d->owner))
		d = NULL;
	devs_release();
	return d;
}

const struct device *dev_find(uint32_t number)
{
	for (const struct device *d = *chain_of(number); d; d = d->next_by_number)
		if (d->number == number)
			return d;
	return find_late(number);
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
	dev_register_boot(&t->dev);
}

/* /dev/tables: the kernel's half of the address space, and what must not be in it (mm/wx.h). */
static long tables_text(char *buf, size_t size)
{
	struct wx_counts n = wx_walk();

	return snprintf(buf, size,
			"leaves %zu\nwritable and executable %zu\nopen to EL0 %zu\n"
			"modules: text %zu, rodata %zu, data %zu pages, %zu of %zu KiB\n",
			n.leaves, n.writable_executable, n.open_to_el0, n.module_text,
			n.module_rodata, n.module_data, modarea_used() >> 10, modarea_size() >> 10);
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

void dev_init(void)
{
	static struct text_device tables = {
		.dev = { .name = "tables", .number = DEV(10, 248), .mode = 0400 },
		.text = tables_text,
	};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		dev_register_boot(&own[i]);
	dev_register_text(&tables);
}
