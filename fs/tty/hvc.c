/*
 * hvc.c - /dev/hvc0: between virtio's console (drivers/virtio/console.h) and the line discipline.
 *
 * As console.c does for a UART: interrupts wake a task, because a key may send signals and echo,
 * for which an interrupt handler has no locks.  What programs do not read stays with the host.
 */
#include "fs/tty/hvc.h"

#include "drivers/virtio/console.h"
#include "fs/dev.h"
#include "fs/tty/ioctl.h"
#include "task/kernel_task.h"

static struct tty hvc;
static struct wait_queue hvc_wait; /* the task */
static bool hvc_room;		   /* atomic: the terminal has been read from, or has room */

static void wake_for_input(void)
{
	wake_up(&hvc_wait);
}

static void wake_for_room(void)
{
	tty_writable(&hvc);
	/* Before the wake-up: the task sends the echo that has waited. */
	WRITE_ONCE(hvc_room, true);
	wake_up(&hvc_wait);
}

static bool hvc_has_work(void)
{
	return READ_ONCE(hvc_room) || (virtio_console_has_input() && tty_input_room(&hvc));
}

static void hvc_task(void *arg)
{
	char bytes[64];
	size_t n;

	for (;;) {
		wait_event(&hvc_wait, hvc_has_work());
		/* Before the work: room that comes meanwhile makes one more round. */
		WRITE_ONCE(hvc_room, false);
		tty_push_echo(&hvc);
		while ((n = min(sizeof(bytes), tty_input_room(&hvc))) &&
		       (n = virtio_console_read(bytes, n)))
			tty_input(&hvc, bytes, n);
	}
}

static size_t hvc_write(struct tty *t, const char *buf, size_t n)
{
	return virtio_console_write(buf, n);
}

static size_t hvc_pending(struct tty *t)
{
	return virtio_console_pending();
}

static void hvc_input_taken(struct tty *t)
{
	if (virtio_console_has_input())
		wake_up(&hvc_wait);
}

static const struct tty_ops hvc_ops = {
	.write = hvc_write,
	.pending = hvc_pending,
	.input_taken = hvc_input_taken,
};

static int open_hvc(struct file *f)
{
	int err;

	tty_get(&hvc);
	err = tty_open(f, &hvc);
	if (!err)
		tty_take_control(f, &hvc);
	return err;
}

static const struct file_ops hvc_fops = TTY_FILE_OPS(open_hvc);

void hvc_init(void)
{
	static const struct virtio_console_client client = { wake_for_input, wake_for_room };
	static struct device dev = { .name = "hvc0",
				     .driver = "hvc",
				     .number = DEV(229, 0),
				     .mode = 0600,
				     .ops = &hvc_fops };
	uint16_t columns, rows;
	struct task *task;

	if (!virtio_console_size(&columns, &rows))
		return;
	tty_init(&hvc, &hvc_ops, B38400 | CS8 | CREAD | HUPCL);
	wait_init(&hvc_wait);
	hvc.rdev = dev.number;
	hvc.winsize.ws_col = columns;
	hvc.winsize.ws_row = rows;
	task = task_create_kernel("hvc0", hvc_task, NULL);
	if (!task) {
		pr_err("hvc0: no memory for its task\n");
		return;
	}
	dev_register_boot(&dev);
	task_wake(task);
	/* Last: from here on interrupts use all of the above. */
	virtio_console_attach(&client);
}
