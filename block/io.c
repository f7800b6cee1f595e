/*
 * io.c - a task asks a device and waits for the answer: block_io, block_flush.
 *
 * For what is small or rare: a partition table, a superblock, an ioctl.  Pages of files go by
 * requests of their own (the page cache), which nobody has to wait for.
 */
#include "block/io.h"

#include "abi/errno.h"
#include "block/request.h"
#include "log/panic.h"
#include "mm/giveway.h"
#include "mm/page.h"
#include "mm/slab.h"

#define IO_PIECES 4 /* requests under way at a time */

struct io_wait {
	struct completion all;
	uint32_t left; /* atomic: requests under way, and one for who starts them */
	int error;     /* atomic: the first */
};

struct io_piece {
	struct block_request rq;
	struct block_segment segment;
	struct io_wait *wait;
};

static void io_drop(struct io_wait *w)
{
	if (!__atomic_sub_fetch(&w->left, 1, __ATOMIC_ACQ_REL))
		complete(&w->all);
}

static void io_piece_done(struct block_request *rq)
{
	struct io_wait *w = container_of(rq, struct io_piece, rq)->wait;
	int none = 0;

	if (rq->error)
		(void)atomic_cmpxchg(&w->error, &none, rq->error);
	io_drop(w);
}

/* So many bytes at most are asked for at once, from one run of memory. */
static uint64_t piece_max(const struct block_disk *d, enum block_op op)
{
	const struct block_limits *l = &d->limits;
	uint64_t most;

	if (op == BLOCK_DISCARD || op == BLOCK_ZERO)
		most = (uint64_t)(op == BLOCK_ZERO ? l->max_zero : l->max_discard) << SECTOR_SHIFT;
	else
		most = min(l->max_bytes, l->max_segment);
	return ALIGN_DOWN(min(most, (uint64_t)UINT32_MAX), (uint64_t)l->logical);
}

/* The next @bytes at @at of @dev as @p; @wait counts it. */
static void fill_piece(struct io_piece *p, struct io_wait *wait, struct block_device *dev,
		       enum block_op op, uint64_t at, void *buf, uint32_t bytes, unsigned int flags)
{
	*p = (struct io_piece){
		.rq = { .dev = dev,
			.op = (uint8_t)op,
			.flags = (uint8_t)flags,
			.bytes = bytes,
			.sector = at >> SECTOR_SHIFT,
			.done = io_piece_done },
		.wait = wait,
	};
	if (buf) {
		p->segment = (struct block_segment){ virt_to_phys(buf), bytes };
		p->rq.segments = &p->segment;
		p->rq.nr_segments = 1;
	}
	atomic_add(&wait->left, 1);
}

/* All of it, in pieces of at most @most bytes; each from the same @buf if @again. */
static int cut_io(struct block_device *dev, enum block_op op, uint64_t at, char *buf,
		  uint64_t bytes, unsigned int flags, uint64_t most, bool again)
{
	struct list_node requests = LIST_INIT(requests);
	struct io_piece pieces[IO_PIECES];
	struct io_wait wait = { .error = 0 };

	while (bytes && !wait.error) {
		completion_init(&wait.all);
		wait.left = 1;
		for (int i = 0; i < IO_PIECES && bytes; i++) {
			uint32_t n = (uint32_t)min(bytes, most);

			fill_piece(&pieces[i], &wait, dev, op, at, buf, n, flags);
			list_add_tail(&requests, &pieces[i].rq.link);
			at += n;
			bytes -= n;
			if (buf && !again)
				buf += n;
		}
		block_submit_all(&requests);
		io_drop(&wait);
		completion_wait(&wait.all);
		/* A RAM disk never lets it wait.  What may be long ends with its program. */
		if (give_way() && (!buf || again) && bytes && !wait.error)
			wait.error = -EINTR;
	}
	return wait.error;
}

#define ZERO_BYTES (64u << 10)

/* For a disk that cannot zero by itself. */
static int write_zeros(struct block_device *dev, uint64_t at, uint64_t bytes, unsigned int flags)
{
	uint64_t most = piece_max(dev->disk, BLOCK_WRITE);
	char *zeros = kzalloc(ZERO_BYTES);
	int err = -ENOMEM;

	if (zeros)
		err = cut_io(dev, BLOCK_WRITE, at, zeros, bytes, flags,
			     min(most, (uint64_t)ZERO_BYTES), true);
	kfree(zeros);
	return err;
}

int block_io(struct block_device *dev, enum block_op op, uint64_t at, void *buf, uint64_t bytes,
	     unsigned int flags)
{
	uint64_t most = piece_max(dev->disk, op);
	int err = -EOPNOTSUPP;

	if ((at | bytes) & (dev->disk->limits.logical - 1))
		return -EINVAL;
	if (most)
		err = cut_io(dev, op, at, buf, bytes, flags, most, false);
	/* Also if it thought that it could: a loop device whose file has no holes. */
	if (err == -EOPNOTSUPP && op == BLOCK_ZERO)
		err = write_zeros(dev, at, bytes, flags);
	return err;
}

int block_flush(struct block_device *dev)
{
	struct io_wait wait = { .left = 0 };
	struct io_piece p;

	completion_init(&wait.all);
	fill_piece(&p, &wait, dev, BLOCK_FLUSH, 0, NULL, 0, 0);
	block_submit(&p.rq);
	completion_wait(&wait.all);
	return wait.error;
}
