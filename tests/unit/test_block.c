/*
 * test_block.c - requests on their way through the queues of a disk that is a list here: in order,
 * ended once, counted.
 */
#include "unit.h"
#include "abi/errno.h"
#include "block/request.c"
#include "shim.h"

uint32_t trace_mask;
struct counter_scale counter_scale = { .ns_mult = UINT64_C(1) << COUNTER_NS_SHIFT };

void trace_block_record(struct trace_block *r)
{
}

void completion_init(struct completion *c)
{
}

void complete(struct completion *c)
{
}

void completion_wait(struct completion *c)
{
}

#define REQUESTS 40

static struct block_disk disk;
static struct block_device whole, part;
static struct block_request rqs[REQUESTS];
static struct block_segment segment = { .len = 4096 };
static unsigned int room, kicks, started, dones;
static struct block_request *given[REQUESTS];

static int start(struct block_disk *d, struct block_queue *q, struct block_request *rq)
{
	if (!room)
		return -EBUSY;
	room--;
	given[started++] = rq;
	return 0;
}

static void kick(struct block_disk *d, struct block_queue *q)
{
	kicks++;
}

static int reset(struct block_disk *d)
{
	return 0;
}

static const struct block_ops ops = { .start = start, .kick = kick, .reset = reset };

static void done(struct block_request *rq)
{
	dones++;
	rq->driver = rq; /* it has ended */
}

static int begin(void **state)
{
	disk = (struct block_disk){ .name = "t", .sectors = 1000, .nr_queues = 1, .ops = &ops };
	disk.limits = (struct block_limits){ .logical = 1024,
					     .max_bytes = 65536,
					     .max_segments = 8,
					     .max_segment = 65536,
					     .max_discard = 100,
					     .cache = true };
	whole = (struct block_device){ .disk = &disk, .sectors = 1000 };
	part = (struct block_device){ .disk = &disk, .part = 1, .start = 100, .sectors = 200 };
	disk.whole = &whole;
	queues_init(&disk);
	room = REQUESTS;
	kicks = started = dones = 0;
	shim_cntvct_el0 = 1000;
	return 0;
}

static struct block_request *fill(unsigned int i, enum block_op op, uint64_t sector, uint32_t bytes)
{
	rqs[i] = (struct block_request){ .dev = &part,
					 .op = op,
					 .sector = sector,
					 .bytes = bytes,
					 .segments = &segment,
					 .nr_segments = 1,
					 .done = done,
					 .error = 1 };
	return &rqs[i];
}

/* What @op of it ends with, at once. */
static int refused(enum block_op op, uint64_t sector, uint32_t bytes)
{
	unsigned int before = dones;

	block_submit(fill(0, op, sector, bytes));
	assert_int_equal(dones, before + 1);
	assert_int_equal(started, 0);
	return rqs[0].error;
}

static void test_refused(void **state)
{
	assert_int_equal(refused(BLOCK_READ, 200, 1024), -EIO);
	assert_int_equal(refused(BLOCK_READ, 198, 2048), -EIO);
	assert_int_equal(refused(BLOCK_READ, UINT64_MAX - 1, 4096), -EIO);
	assert_int_equal(refused(BLOCK_READ, 1, 1024), -EIO);
	assert_int_equal(refused(BLOCK_READ, 0, 512), -EIO);
	assert_int_equal(refused(BLOCK_READ, 0, 0), -EIO);
	assert_int_equal(refused(BLOCK_ZERO, 0, 1024), -EOPNOTSUPP);
	part.read_only = true;
	assert_int_equal(refused(BLOCK_WRITE, 0, 1024), -EROFS);
	assert_int_equal(refused(BLOCK_DISCARD, 0, 1024), -EROFS);
	disk.limits.cache = false;
	assert_int_equal(refused(BLOCK_FLUSH, 0, 0), 0);
	part.gone = true;
	assert_int_equal(refused(BLOCK_READ, 0, 1024), -EIO);
	assert_int_equal(whole.stats.in_flight[0] + part.stats.in_flight[0], 0);
}

static void test_order(void **state)
{
	struct list_node all = LIST_INIT(all);

	room = 20;
	for (unsigned int i = 0; i < REQUESTS; i++)
		list_add_tail(&all, &fill(i, BLOCK_READ, 2 * i, 1024)->link);
	block_submit_all(&all);
	assert_true(list_empty(&all));
	assert_int_equal(started, 20);
	assert_int_equal(kicks, 2); /* of 16, and of 4 */
	assert_int_equal(given[3]->disk_sector, 106);
	assert_int_equal(part.stats.in_flight[0], REQUESTS);
	for (unsigned int i = 0; i < REQUESTS; i++) {
		assert_ptr_equal(given[i], &rqs[i]);
		room = 1;
		shim_cntvct_el0 += 10;
		block_end(given[i], i & 1 ? -EIO : 0);
		block_go_on(&disk.queues[0]);
		assert_int_equal(rqs[i].error, i & 1 ? -EIO : 0);
	}
	assert_int_equal(dones, REQUESTS);
	assert_int_equal(part.stats.ios[0], REQUESTS);
	assert_int_equal(whole.stats.sectors[0], 2 * REQUESTS);
	assert_int_equal(whole.stats.in_flight[0], 0);
	assert_int_equal(whole.stats.busy_ns, 10 * REQUESTS);
}

static void test_fua(void **state)
{
	fill(0, BLOCK_WRITE, 0, 4096)->flags = BLOCK_FUA;
	block_submit(&rqs[0]);
	block_end(&rqs[0], 0);
	assert_int_equal(dones, 0);
	assert_int_equal(started, 2);
	assert_ptr_equal(given[1], &rqs[0]);
	assert_int_equal(rqs[0].op, BLOCK_FLUSH);
	assert_int_equal(rqs[0].nr_segments, 0);
	block_end(&rqs[0], -EIO); /* the flush's error is the write's */
	assert_int_equal(dones, 1);
	assert_int_equal(rqs[0].error, -EIO);
	assert_int_equal(rqs[0].op, BLOCK_WRITE);
	assert_int_equal(rqs[0].bytes, 4096);
	assert_int_equal(rqs[0].nr_segments, 1);
	assert_int_equal(part.stats.sectors[1], 8);
	/* No flush behind a write that has failed, nor on a disk that knows FUA. */
	for (int i = 0; i < 2; i++) {
		disk.limits.fua = i;
		fill(0, BLOCK_WRITE, 0, 4096)->flags = BLOCK_FUA;
		block_submit(&rqs[0]);
		block_end(&rqs[0], i ? 0 : -EIO);
		assert_int_equal(dones, 2 + i);
		assert_int_equal(started, 3 + i);
	}
}

static void test_late(void **state)
{
	uint64_t timeout = BLOCK_TIMEOUT_MS * UINT64_C(1000000);

	room = 2;
	for (unsigned int i = 0; i < 3; i++)
		block_submit(fill(i, BLOCK_READ, 2 * i, 1024));
	assert_true(queues_are_busy(&disk));
	assert_false(queues_are_late(&disk, 1000 + timeout));
	assert_true(queues_are_late(&disk, 1001 + timeout));
	queues_stop(&disk);
	block_submit(fill(3, BLOCK_READ, 6, 1024));
	block_go_on(&disk.queues[0]);
	assert_int_equal(started, 2);
	room = REQUESTS;
	shim_cntvct_el0 = 1001 + timeout;
	queues_restart(&disk, shim_cntvct_el0);
	/* Those that were given before go first. */
	for (unsigned int i = 0; i < 4; i++)
		assert_ptr_equal(given[2 + i], &rqs[i]);
	assert_int_equal(dones, 0);
	block_end(&rqs[1], 0);
	shim_cntvct_el0 += timeout + 1;
	queues_stop(&disk);
	queues_restart(&disk, shim_cntvct_el0);
	/* The first for the second time; the third and fourth for the first. */
	assert_int_equal(dones, 2);
	assert_int_equal(rqs[0].error, -EIO);
	assert_int_equal(started, 8);
	disk.dead = true;
	queues_end(&disk, true);
	assert_int_equal(dones, 4);
	assert_int_equal(rqs[3].error, -EIO);
	assert_false(queues_are_busy(&disk));
	block_submit(fill(0, BLOCK_READ, 0, 1024));
	assert_int_equal(rqs[0].error, -EIO);
	assert_int_equal(part.stats.in_flight[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_refused, begin),
		cmocka_unit_test_setup(test_order, begin),
		cmocka_unit_test_setup(test_fua, begin),
		cmocka_unit_test_setup(test_late, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
