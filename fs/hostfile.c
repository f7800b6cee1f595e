/*
 * hostfile.c - /dev/hostfile: what is written here is in a file of the emulator's host.
 *
 * It is how a trace leaves QEMU (docs/trace.md).  The command line alone names that file; each
 * open(2) empties it, and one may have it open at a time.  Root's alone, write-only.
 *
 * Invariant: what the host reads is a page of the kernel's own, filled before it is asked.
 */
#include "fs/hostfile.h"

#include "drivers/semihosting/semihosting.h"
#include "fs/dev.h"
#include "mm/slab.h"
#include "task/cap.h"

#define HOSTFILE_MAJOR 10
#define HOSTFILE_MINOR 242
#define PIECE	       4096 /* of a write, that the host is asked to take at once */

static struct {
	struct mutex lock; /* all below; around the calls of the host */
	bool open;
	int handle;
} hostfile;

static int hostfile_open(struct file *f)
{
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if ((f->mode & (FILE_READ | FILE_WRITE)) != FILE_WRITE) /* it would be emptied */
		return -EACCES;
	f->private = kmalloc(PIECE);
	if (!f->private)
		return -ENOMEM;
	mutex_lock(&hostfile.lock);
	err = hostfile.open ? -EBUSY : semihosting_open();
	if (err >= 0) {
		hostfile.open = true;
		hostfile.handle = err;
		err = 0;
	}
	mutex_unlock(&hostfile.lock);
	if (err)
		kfree(f->private);
	return err;
}

static void hostfile_release(struct file *f)
{
	mutex_lock(&hostfile.lock);
	semihosting_close(hostfile.handle);
	hostfile.open = false;
	mutex_unlock(&hostfile.lock);
	kfree(f->private);
}

/* A piece at a time; under the lock, for two may write to one open file. */
static long host_takes(void *piece, struct iter *from)
{
	long done = 0;

	while (from->left) {
		size_t want = min(from->left, (size_t)PIECE), n = iter_take(from, piece, want);
		long taken = n ? semihosting_write(hostfile.handle, piece, n) : -EFAULT;

		if (taken > 0)
			done += taken;
		if (taken < (long)want)
			return done ? done : taken;
		if (give_way())
			return done;
	}
	return done;
}

static long hostfile_write(struct file *f, struct iter *from, uint64_t *pos)
{
	long done;

	if (!capable(CAP_SYS_ADMIN)) /* whoever has opened it */
		return -EPERM;
	done = mutex_lock_killable(&hostfile.lock);
	if (done)
		return done;
	done = host_takes(f->private, from);
	mutex_unlock(&hostfile.lock);
	return done;
}

static const struct file_ops hostfile_ops = {
	.open = hostfile_open,
	.write = hostfile_write,
	.release = hostfile_release,
};

void hostfile_init(const char *cmdline)
{
	static struct device dev = {
		.name = "hostfile",
		.number = DEV(HOSTFILE_MAJOR, HOSTFILE_MINOR),
		.mode = 0200,
		.ops = &hostfile_ops,
	};

	if (!semihosting_has_file(cmdline))
		return;
	mutex_init(&hostfile.lock);
	dev_register_boot(&dev);
}
