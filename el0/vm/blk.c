/*
 * blk.c - a disk: virtio's block device (5.2) over a file, or a disk of this machine.
 *
 * A request is read once, checked against the disk's size, and done by preadv(2) and pwritev(2)
 * straight between file and guest memory.
 */
#include "el0/lib/process.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "el0/vm/virtio.h"

#define SECTOR	  512u
#define F_SEG_MAX (1u << 2)
#define F_RO	  (1u << 5)
#define F_FLUSH	  (1u << 9)

enum { T_IN, T_OUT, T_FLUSH = 4, T_GET_ID = 8 };
enum { S_OK, S_IOERR, S_UNSUPP };

struct request {
	uint32_t type, reserved;
	uint64_t sector;
};

static struct {
	uint64_t capacity; /* sectors */
	uint32_t size_max, seg_max;
} config = { .seg_max = QUEUE_MAX - 2 };

static bool writable;

/*
 * All of it, or an error: a file that is shorter now than it was is one.  A guest may ask for its
 * memory many times over: at the end of the guest it is not waited for.
 */
static uint8_t transfer(struct iovec *iov, size_t n, uint64_t at, uint64_t len, bool write)
{
	long done;

	for (; len; n = iov_cut(iov, iov, n, (uint64_t)done, len)) {
		done = write ? svc_pwritev(virtio_blk.file, iov, n, (int64_t)at, 0)
			     : svc_preadv(virtio_blk.file, iov, n, (int64_t)at, 0);
		if (done <= 0 || __atomic_load_n(&virtio_blk.stop, __ATOMIC_ACQUIRE))
			return S_IOERR;
		at += (uint64_t)done;
		len -= (uint64_t)done;
	}
	return S_OK;
}

static uint8_t read_write(const struct chain *c, const struct request *r)
{
	bool write = r->type == T_OUT;
	uint64_t len = write ? c->out_bytes - sizeof(*r) : c->in_bytes - 1;
	struct iovec data[QUEUE_MAX];
	size_t n = write ? iov_cut(data, c->iov, c->nr_out, sizeof(*r), len)
			 : iov_cut(data, c->iov + c->nr_out, c->nr_in, 0, len);

	if (len % SECTOR || r->sector > config.capacity ||
	    len / SECTOR > config.capacity - r->sector || (write && !writable))
		return S_IOERR;
	return transfer(data, n, r->sector * SECTOR, len, write);
}

/* Its status is the last byte that the device writes; all before it is data. */
static uint32_t serve_request(struct chain *c)
{
	char id[20] = "newel-vm";
	uint64_t room = c->in_bytes - 1;
	const struct iovec *in = c->iov + c->nr_out;
	uint8_t status = S_OK;
	struct request r;

	if (c->out_bytes < sizeof(r) || !c->in_bytes)
		return 0;
	iov_copy(c->iov, c->nr_out, 0, &r, sizeof(r), false);
	if (r.type == T_IN || r.type == T_OUT)
		status = read_write(c, &r);
	else if (r.type == T_FLUSH)
		status = svc_fdatasync(virtio_blk.file) < 0 ? S_IOERR : S_OK;
	else if (r.type == T_GET_ID)
		iov_copy(in, c->nr_in, 0, id, room < sizeof(id) ? room : sizeof(id), true);
	else
		status = S_UNSUPP;
	iov_copy(in, c->nr_in, room, &status, 1, true);
	return c->in_bytes < UINT32_MAX ? (uint32_t)c->in_bytes : UINT32_MAX;
}

/*
 * Two guests that write to one disk destroy it: the lock lasts as long as the file is open.  A file
 * system that has no locks (ENOLCK, EOPNOTSUPP) is no reason to refuse its files.
 */
static bool others_have(int fd)
{
	struct flock l = { .l_type = writable ? F_WRLCK : F_RDLCK };
	long err = svc_fcntl(fd, F_OFD_SETLK, (uint64_t)&l);

	return err == -EAGAIN || err == -EACCES;
}

static int open_disk(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC, 0);
	bool busy;
	long size;

	writable = fd != -EACCES && fd != -EROFS && fd != -EPERM;
	if (!writable) {
		fd = open(path, O_RDONLY | O_CLOEXEC, 0);
		vm_say("%s may only be read: so the guest's disk", path);
	}
	busy = fd >= 0 && others_have(fd);
	size = fd < 0 ? fd : busy ? -EBUSY : svc_lseek(fd, 0, SEEK_END);
	if (size < 0) {
		vm_say("%s: %s", path, busy ? "another guest has this disk" : strerror(size));
		if (fd >= 0)
			svc_close(fd);
		return (int)size;
	}
	config.capacity = (uint64_t)size / SECTOR;
	virtio_blk.features = F_SEG_MAX | F_FLUSH | (writable ? 0 : F_RO);
	return fd;
}

struct virtio virtio_blk = {
	.name = "virtio-blk",
	.id = VIRTIO_BLK,
	.nr_queues = 1,
	.config = &config,
	.config_size = sizeof(config),
	.open = open_disk,
	.serve = serve_request,
};
