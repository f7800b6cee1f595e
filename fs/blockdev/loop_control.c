/*
 * loop_control.c - which loop devices there are: /dev/loop-control, and those that are opened by a
 * number that nobody has made yet.
 *
 * Invariant: a device is in the list from block_add to block_remove; its memory is freed when the
 * last who has it open has closed it (block_ops.release).
 */
#include "fs/blockdev/loop_control.h"

#include "block/device.h"
#include "fs/bdev.h"
#include "fs/blockdev/loop.h"
#include "fs/blockdev/loop_bind.h"
#include "fs/dev.h"
#include "lib/printf.h"
#include "mm/slab.h"

#define LOOPS_AT_FIRST 8u /* as Debian's kernel has them */
#define LOOP_NUMBERS   (1u << 20)
#define LOOPS_MAX      4096u /* all devices are in lists that are walked in one go */
#define LOOP_CONTROL   DEV(10, 237)

/* Both: loops_lock. */
static struct loop *loops; /* by number */
static unsigned int nr_loops;

/* block_ops.release. */
static void loop_release(struct block_disk *d)
{
	struct loop *lo = loop_of(d);

	charge_drop(lo->charge, sizeof(*lo));
	kfree(lo);
}

static const struct block_ops loop_ops = {
	.serve = loop_serve,
	.release = loop_release,
	.idle = loop_idle,
};

/* Where @number is, or belongs, in the list. */
static struct loop **place_of_loop(uint32_t number)
{
	struct loop **at = &loops;

	mutex_assert_held(&loops_lock);
	while (*at && (*at)->number < number)
		at = &(*at)->next;
	return at;
}

static struct loop *new_loop(uint32_t number)
{
	struct loop *lo = kzalloc(sizeof(*lo));

	if (!lo)
		return NULL;
	lo->charge = charge_mine(sizeof(*lo));
	lo->number = number;
	lo->last = &lo->first;
	mutex_init(&lo->serving);
	wait_init(&lo->wait);
	snprintf(lo->disk.name, sizeof(lo->disk.name), "loop%u", number);
	lo->disk.major = LOOP_MAJOR;
	lo->disk.minor = number;
	lo->disk.minors = 1;
	lo->disk.ops = &loop_ops;
	lo->disk.limits = (struct block_limits){ .logical = SECTOR_SIZE,
						 .physical = SECTOR_SIZE,
						 .max_bytes = LOOP_MAX_BYTES,
						 .max_segments = 256,
						 .max_segment = LOOP_MAX_BYTES };
	return lo;
}

/* The device @number is there; its number, -EEXIST, -EINVAL, -ENOSPC, -ENOMEM.  loops_lock held. */
static long add_loop(uint32_t number)
{
	struct loop **at = place_of_loop(number), *lo = *at;
	int err;

	if (number >= LOOP_NUMBERS)
		return -EINVAL;
	if (lo && lo->number == number)
		return -EEXIST;
	if (nr_loops == LOOPS_MAX)
		return -ENOSPC;
	lo = new_loop(number);
	if (!lo)
		return -ENOMEM;
	err = block_add(&lo->disk);
	if (err) {
		loop_release(&lo->disk);
		return err;
	}
	lo->next = *at;
	*at = lo;
	nr_loops++;
	return (long)number;
}

static long add_next_loop(void)
{
	uint32_t number = 0;

	for (struct loop *lo = loops; lo && lo->number == number; lo = lo->next)
		number++;
	return add_loop(number);
}

static long remove_loop(int number)
{
	struct loop **at, *lo;

	if (number < 0)
		return -EINVAL;
	at = place_of_loop((uint32_t)number);
	lo = *at;
	if (!lo || lo->number != (uint32_t)number)
		return -ENODEV;
	if (lo->state != LOOP_UNBOUND || bdev_retire(lo->disk.whole))
		return -EBUSY;
	*at = lo->next;
	nr_loops--;
	/* Who is just opening it finds it gone; with the last reference it is freed. */
	block_remove(&lo->disk);
	return 0;
}

static long free_loop(void)
{
	for (struct loop *lo = loops; lo; lo = lo->next)
		if (lo->state == LOOP_UNBOUND)
			return lo->number;
	return add_next_loop();
}

void loop_request(uint32_t minor)
{
	mutex_lock(&loops_lock);
	/* There may be one meanwhile: the caller looks again. */
	(void)add_loop(minor);
	mutex_unlock(&loops_lock);
}

/* ---- /dev/loop-control ---- */

/* The first who asks finds as many as Debian's kernel makes when it loads its module. */
static int open_control(struct file *f)
{
	static bool opened; /* loops_lock */
	long ret = 0;

	mutex_lock(&loops_lock);
	for (uint32_t n = 0; !opened && n < LOOPS_AT_FIRST && ret != -ENOMEM; n++)
		ret = add_loop(n);
	opened = true;
	mutex_unlock(&loops_lock);
	return 0;
}

static long control_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	long ret = -ENOSYS;
	int number = (int)(uintptr_t)arg;

	mutex_lock(&loops_lock);
	if (cmd == LOOP_CTL_ADD)
		ret = number < 0 ? add_next_loop() : add_loop((uint32_t)number);
	else if (cmd == LOOP_CTL_REMOVE)
		ret = remove_loop(number);
	else if (cmd == LOOP_CTL_GET_FREE)
		ret = free_loop();
	mutex_unlock(&loops_lock);
	return ret;
}

void loop_init(void)
{
	static const struct file_ops control_ops = { .open = open_control,
						     .ioctl = control_ioctl,
						     .seek = file_seek_nowhere };
	static struct device control = {
		.name = "loop-control", .number = LOOP_CONTROL, .mode = 0600, .ops = &control_ops
	};

	dev_register_boot(&control);
}
