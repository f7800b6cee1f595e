/*
 * visible.c - what a module shows, coming and going: words written to /proc/visible_control make
 * and remove it, so that a test chooses the moment.
 *
 *	make, remove	/sys/kernel/visible with files and a link, /proc/visible, /dev/visible
 *	go		what waits in a show function goes on
 *	refused		what must not be possible: the log says what was
 */
#include "kmod/module.h"

#include "fs/dev.h"
#include "fs/proc/register.h"
#include "fs/sysfs/kernel.h"
#include "fs/sysfs/sysfs.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/printk.h"
#include "task/sleep.h"

#define NUMBER DEV(10, 231)

static struct sysfs_node *top;
static struct wait_queue gate;
static uint32_t passes;	 /* how many may pass the gate */
static uint32_t waiting; /* at the gate */
static uint32_t value = 5;
static struct mutex lock = MUTEX_INIT(lock);

static bool may_pass(void)
{
	uint32_t n = READ_ONCE(passes);

	return n && atomic_cmpxchg(&passes, &n, n - 1);
}

static long show_value(void *arg, char *buf)
{
	return scnprintf(buf, SYSFS_TEXT_MAX, "%u\n", READ_ONCE(value));
}

static int store_value(void *arg, char *text, size_t len)
{
	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	WRITE_ONCE(value, (uint32_t)(text[0] - '0'));
	return 0;
}

static long show_slow(void *arg, char *buf)
{
	int err;

	(void)atomic_add(&waiting, 1);
	err = wait_event_killable(&gate, may_pass());
	(void)atomic_sub(&waiting, 1);
	return err ?: show_value(arg, buf);
}

/* Says that it has written more than there is room for. */
static long show_much(void *arg, char *buf)
{
	memset(buf, 'x', SYSFS_TEXT_MAX);
	return SYSFS_TEXT_MAX + 100;
}

static long show_error(void *arg, char *buf)
{
	return -ENXIO;
}

static const struct sysfs_file_ops value_ops = { .show = show_value, .store = store_value };
static const struct sysfs_file_ops slow_ops = { .show = show_slow };
static const struct sysfs_file_ops much_ops = { .show = show_much };
static const struct sysfs_file_ops error_ops = { .show = show_error };

static int show_proc(struct proc_text *t, void *arg, uint64_t *at)
{
	/* In more pieces than one: 3 lines of 3000 bytes. */
	proc_printf(t, "%2999llu\n", (unsigned long long)*at);
	return ++*at < 3;
}

static struct proc_file proc_file = {
	.name = "visible", .mode = 0444, .show = show_proc, .owner = THIS_OWNER
};

static long device_read(struct file *f, struct iter *to, uint64_t *pos)
{
	return to->left ? (long)iter_put(to, "v", 1) : 0;
}

static const struct file_ops device_ops = { .read = device_read };
static struct device device = {
	.name = "visible", .number = NUMBER, .mode = 0640, .ops = &device_ops, .owner = THIS_OWNER
};

static void remove_all(void)
{
	if (!top)
		return;
	dev_unregister(&device);
	proc_unregister(&proc_file);
	sysfs_remove(top);
	top = NULL;
}

static bool make_nodes(void)
{
	struct sysfs_node *deep = sysfs_dir(top, "deep"), *deeper;

	if (!deep)
		return false;
	deeper = sysfs_dir(deep, "deeper");
	return deeper && sysfs_file(top, "value", 0644, &value_ops, NULL, THIS_OWNER) &&
	       sysfs_file(top, "slow", 0444, &slow_ops, NULL, THIS_OWNER) &&
	       sysfs_file(top, "much", 0444, &much_ops, NULL, THIS_OWNER) &&
	       sysfs_file(top, "error", 0644, &error_ops, NULL, THIS_OWNER) &&
	       sysfs_file(deeper, "value", 0600, &value_ops, NULL, THIS_OWNER) &&
	       sysfs_link(deeper, "up", deep) &&
	       sysfs_link(deeper, "modules", sysfs_module_dir()) && sysfs_link(top, "down", deeper);
}

static int make_all(void)
{
	struct sysfs_node *kernel = sysfs_kernel_dir();
	int err;

	if (top)
		return -EEXIST;
	top = sysfs_dir(kernel, "visible");
	if (!top)
		return -ENOMEM;
	err = make_nodes() ? proc_register(&proc_file) : -ENOMEM;
	if (err) {
		sysfs_remove(top);
		top = NULL;
		return err;
	}
	err = dev_register(&device);
	if (err) {
		proc_unregister(&proc_file);
		sysfs_remove(top);
		top = NULL;
	}
	return err;
}

/* Each line: what was tried, and what it was answered. */
static void try_refused(void)
{
	static const char *const names[] = { "meminfo", "visible", "17", "", ".", "..", "a/b" };
	static const char *const nodes[] = { "value", "", ".", "..", "a/b" };
	struct device d = device;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct proc_file p = proc_file;

		p.name = names[i];
		pr_info("visible: proc '%s' %d\n", names[i], proc_register(&p));
	}
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		pr_info("visible: sysfs '%s' %d\n", nodes[i], sysfs_dir(top, nodes[i]) != NULL);
	d.name = "other";
	pr_info("visible: dev number %d\n", dev_register(&d));
	d = device;
	d.number++;
	pr_info("visible: dev name %d\n", dev_register(&d));
	d.name = "null";
	pr_info("visible: dev null %d\n", dev_register(&d));
	d.name = "a/b";
	pr_info("visible: dev a/b %d\n", dev_register(&d));
	d = device;
	d.name = "other";
	d.number = DEV(1, 3);
	pr_info("visible: dev 1:3 %d\n", dev_register(&d));
}

static int control_write(void *arg, char *text, size_t len)
{
	int err = 0;

	if (!strcmp(text, "go\n")) {
		(void)atomic_add(&passes, 1);
		wake_up(&gate);
		return 0;
	}
	if (mutex_lock_killable(&lock))
		return -EINTR;
	if (!strcmp(text, "make\n"))
		err = make_all();
	else if (!strcmp(text, "remove\n"))
		remove_all();
	else if (!strcmp(text, "refused\n"))
		try_refused();
	else
		err = -EINVAL;
	mutex_unlock(&lock);
	return err;
}

static int control_show(struct proc_text *t, void *arg, uint64_t *at)
{
	proc_printf(t, "%s%s\n", READ_ONCE(top) ? "there" : "gone",
		    READ_ONCE(waiting) ? " waiting" : "");
	return 0;
}

static struct proc_file control = { .name = "visible_control",
				    .mode = 0644,
				    .show = control_show,
				    .write = control_write,
				    .owner = THIS_OWNER };

static int __init visible_init(void)
{
	wait_init(&gate);
	return proc_register(&control);
}

static void __exit visible_exit(void)
{
	proc_unregister(&control);
	remove_all();
}

module_init(visible_init);
module_exit(visible_exit);
MODULE_LICENSE("MIT");
