/*
 * test_virtio_blk.c - drivers/virtio/blk.c, and virtio.c below it, with a device that works, one
 * whose configuration is nonsense, one that does not answer, and one that lies; and without memory
 * at any point.
 */
#include "unit.h"
#include "shim.h"
#include "abi/errno.h"
#include "lib/fdt_bindings.h"
#include "lib/string.h"

static int next_cpu(struct fdt_iter *it, struct fdt_cpu *cpu);
#define fdt_next_cpu(fdt, it, cpu) next_cpu(it, cpu)
#include "drivers/virtio/ring.c"
#include "drivers/virtio/virtio.c"
#include "drivers/virtio/blk.c"

/* The linker's table of drivers: this one. */
const struct virtio_driver *const __virtio_drivers_start[] = { &blk };
__asm__(".globl __virtio_drivers_end\n.set __virtio_drivers_end, __virtio_drivers_start + 8");

/* ---- memory ---- */

#define ARENA_PAGES 64

static char *arena;
static struct page pages[ARENA_PAGES];
static unsigned int allocated, allocations_left = UINT32_MAX;

static bool may_allocate(void)
{
	if (!allocations_left)
		return false;
	allocations_left--;
	allocated++;
	return true;
}

struct page *page_alloc(unsigned int order)
{
	for (size_t i = 0; i < ARENA_PAGES; i += 1u << order) {
		bool free = true;

		for (size_t j = i; j < i + (1u << order); j++)
			free = free && !pages[j].refs;
		if (!free)
			continue;
		if (!may_allocate())
			return NULL;
		for (size_t j = i; j < i + (1u << order); j++)
			pages[j].refs = 1;
		return &pages[i];
	}
	return NULL;
}

void page_free(struct page *p, unsigned int order)
{
	allocated--;
	for (size_t j = 0; j < 1u << order; j++)
		p[j].refs = 0;
}

void *kzalloc(size_t size)
{
	return may_allocate() ? calloc(1, size) : NULL;
}

void kfree(void *p)
{
	allocated -= p != NULL;
	free(p);
}

/* ---- block ---- */

static struct block_disk *added;
static unsigned int deaths, went_on, changes;
static struct block_request *ended[8];
static int errors[8];
static unsigned int nr_ended;

int block_add(struct block_disk *d)
{
	if (!may_allocate())
		return -ENOMEM;
	allocated--;
	d->whole = (struct block_device *)d; /* not NULL is all that is asked */
	added = d;
	for (unsigned int i = 0; i < d->nr_queues; i++) {
		d->queues[i].disk = d;
		d->queues[i].index = i;
	}
	return 0;
}

void block_end(struct block_request *rq, int error)
{
	ended[nr_ended] = rq;
	errors[nr_ended++] = error;
}

void block_go_on(struct block_queue *q)
{
	went_on++;
}

void block_die(struct block_disk *d)
{
	deaths++;
}

void block_changed(struct block_disk *d)
{
	changes++;
}

void block_resize(struct block_disk *d, uint64_t sectors)
{
	d->sectors = sectors;
}

const struct fdt *device_tree(void)
{
	return NULL;
}

static int next_cpu(struct fdt_iter *it, struct fdt_cpu *cpu)
{
	cpu->enabled = true;
	return it->index++ < 4;
}

/* ---- the device ---- */

static struct device {
	struct virtio_device dev;
	uint64_t offers;
	uint8_t config[64];
	uint8_t status;
	unsigned int queue_size, nr_queues, resets;
	bool never_resets, silent;
	uint8_t answer; /* status of what it is asked for */
	uint16_t taken[BLOCK_QUEUES_MAX], used[BLOCK_QUEUES_MAX];
	unsigned int served;
} m;

static uint8_t get_status(struct virtio_device *d)
{
	return m.status;
}

static void set_status(struct virtio_device *d, uint8_t status)
{
	if (!status) {
		m.resets++;
		memset(m.taken, 0, sizeof(m.taken));
		memset(m.used, 0, sizeof(m.used));
	}
	m.status = status || !m.never_resets ? status : 0x80;
}

static uint64_t get_features(struct virtio_device *d)
{
	return m.offers;
}

static void set_features(struct virtio_device *d, uint64_t features)
{
	assert_int_equal(features & ~m.offers, 0);
}

static uint32_t config_read(struct virtio_device *d, uint32_t at, uint32_t n)
{
	uint32_t v = 0;

	assert_true((n == 1 || n == 2 || n == 4) && at % n == 0 && at + n <= sizeof(m.config));
	memcpy(&v, m.config + at, n);
	return v;
}

static uint32_t config_generation(struct virtio_device *d)
{
	static uint32_t restless;

	return restless++; /* changes at each look: reading it must end all the same */
}

static unsigned int queue_max(struct virtio_device *d, unsigned int index)
{
	return index < m.nr_queues ? m.queue_size : 0;
}

static int queue_enable(struct virtqueue *vq)
{
	assert_int_equal((uintptr_t)vq->desc % PAGE_SIZE, 0);
	return 0;
}

static void say_used(unsigned int queue, uint32_t id, uint32_t len)
{
	struct virtqueue *vq = &m.dev.queues[queue];

	vq->used->ring[m.used[queue] % vq->size] = (struct vring_used_elem){ id, len };
	vq->used->idx = ++m.used[queue];
}

/* Looks whether the chain is what 5.2.6 says, answers it, and gives bytes to what it may write. */
static void serve_chain(struct virtqueue *vq, uint16_t head)
{
	struct vring_desc *d = &vq->desc[head];
	uint8_t *status;
	uint32_t len = 1;

	assert_true(d->len == 16 && d->flags == VRING_DESC_NEXT);
	for (d = &vq->desc[d->next]; d->flags & VRING_DESC_NEXT; d = &vq->desc[d->next])
		if (d->flags & VRING_DESC_WRITE) {
			memset(phys_to_virt(paddr_of(d->addr)), 'r', d->len);
			len += d->len;
		}
	assert_true(d->len == 1 && d->flags == VRING_DESC_WRITE);
	status = phys_to_virt(paddr_of(d->addr));
	assert_int_equal(*status, S_NONE);
	*status = m.answer;
	say_used(vq->index, head, len);
}

static void notify(struct virtqueue *vq)
{
	uint16_t *taken = &m.taken[vq->index];

	for (; !m.silent && *taken != vq->avail->idx; m.served++)
		serve_chain(vq, vq->avail->ring[(*taken)++ % vq->size]);
}

static const struct virtio_transport model = {
	.name = "model",
	.get_status = get_status,
	.set_status = set_status,
	.get_features = get_features,
	.set_features = set_features,
	.config_read = config_read,
	.config_generation = config_generation,
	.queue_max = queue_max,
	.queue_enable = queue_enable,
	.notify = notify,
};

static void set_config(unsigned int at, uint64_t v, size_t n)
{
	memcpy(m.config + at, &v, n);
}

/* A device that has all, and says sensible things. */
static void make_device(void)
{
	memset(&m, 0, sizeof(m));
	m.dev.transport = &model;
	m.dev.type = VIRTIO_BLOCK;
	m.offers = VIRTIO_F_VERSION_1 | F_SIZE_MAX | F_SEG_MAX | F_BLK_SIZE | F_FLUSH | F_TOPOLOGY |
		   F_CONFIG_WCE | F_MQ | F_DISCARD | F_WRITE_ZEROES | 1ull << 28 | 1ull << 29;
	m.queue_size = 16;
	m.nr_queues = 4;
	set_config(CONFIG_CAPACITY, 1000, 8);
	set_config(CONFIG_SIZE_MAX, 65536, 4);
	set_config(CONFIG_SEG_MAX, 14, 4);
	set_config(CONFIG_BLK_SIZE, 512, 4);
	set_config(CONFIG_PHYSICAL_EXP, 3, 1);
	set_config(CONFIG_WRITEBACK, 1, 1);
	set_config(CONFIG_NUM_QUEUES, 4, 2);
	set_config(CONFIG_MAX_DISCARD, 999, 4);
	set_config(CONFIG_MAX_ZERO, UINT32_MAX, 4);
	added = NULL;
	deaths = nr_ended = 0;
}

static void forget_device(void)
{
	struct blk *b = m.dev.driver_data;

	if (b) {
		list_del(&m.dev.link);
		for (unsigned int i = 0; i < BLOCK_QUEUES_MAX; i++)
			kfree(b->slots[i]);
		kfree(b);
	}
	free_queues(&m.dev);
	assert_int_equal(allocated, 0);
}

static void end_of(unsigned int i, struct block_request *rq, int error)
{
	assert_true(i < nr_ended);
	assert_ptr_equal(ended[i], rq);
	assert_int_equal(errors[i], error);
}

static char *buffer; /* in the arena, so that it has a physical address */
static struct block_segment segments[2];

static struct block_request make_request(enum block_op op)
{
	segments[0] = (struct block_segment){ virt_to_phys(buffer), 512 };
	segments[1] = (struct block_segment){ virt_to_phys(buffer + 1024), 512 };
	memset(buffer, 'w', PAGE_SIZE);
	return (struct block_request){ .op = (uint8_t)op,
				       .nr_segments = op <= BLOCK_WRITE ? 2 : 0,
				       .segments = segments,
				       .bytes = 1024,
				       .disk_sector = 7 };
}

static void give(struct block_request *rq, unsigned int queue)
{
	struct block_queue *q = &added->queues[queue];

	assert_int_equal(added->ops->start(added, q, rq), 0);
	added->ops->kick(added, q);
}

static void works(void **state)
{
	make_device();
	assert_int_equal(virtio_device_add(&m.dev), 0);
	assert_non_null(added);
	assert_int_equal(m.dev.features & (1ull << 28 | 1ull << 29), 0); /* not asked for */
	assert_string_equal(added->serial, "rrrrrrrrrrrrrrrrrrrr");
	assert_int_equal(added->nr_queues, 4);
	assert_int_equal(added->sectors, 1000);
	assert_int_equal(added->limits.physical, 4096);
	assert_int_equal(added->limits.max_segments, 14);
	assert_int_equal(added->limits.max_discard, 999);
	assert_true(added->limits.cache && !added->read_only);
	for (unsigned int op = 0; op < NR_BLOCK_OPS; op++)
		for (unsigned int queue = 0; queue < 4; queue++) {
			static const int want[] = { 0, -EIO, -EOPNOTSUPP, -EIO, -EIO };
			struct block_request rq = make_request(op);

			for (uint8_t a = 0; a < ARRAY_SIZE(want); a++) {
				m.answer = a < 4 ? a : S_NONE;
				nr_ended = 0;
				give(&rq, queue);
				virtio_interrupt(&m.dev);
				end_of(0, &rq, want[a]);
			}
			assert_int_equal(buffer[0], op == BLOCK_READ ? 'r' : 'w');
			assert_int_equal(buffer[512], 'w');
			assert_int_equal(buffer[1024], op == BLOCK_READ ? 'r' : 'w');
		}
	set_config(CONFIG_CAPACITY, 2000, 8);
	virtio_config_interrupt(&m.dev);
	assert_int_equal(changes, 1);
	added->ops->changed(added);
	assert_int_equal(added->sectors, 2000);
	forget_device();
}

/* A full ring refuses; what comes back makes room. */
static void fills_up(void **state)
{
	struct block_request rqs[5];

	make_device();
	assert_int_equal(virtio_device_add(&m.dev), 0);
	m.silent = true;
	for (int i = 0; i < 5; i++) {
		rqs[i] = make_request(BLOCK_READ);
		assert_int_equal(added->ops->start(added, &added->queues[0], &rqs[i]),
				 i < 4 ? 0 : -EBUSY);
	}
	added->ops->kick(added, &added->queues[0]);
	m.silent = false;
	notify(&m.dev.queues[0]);
	virtio_interrupt(&m.dev);
	assert_int_equal(nr_ended, 4);
	nr_ended = 0;
	give(&rqs[4], 0);
	virtio_interrupt(&m.dev);
	end_of(0, &rqs[4], 0);
	forget_device();
}

static void nonsense(void **state)
{
	static const struct {
		unsigned int at, size, queue;
		uint64_t v;
		bool refused;
	} cases[] = {
		{ CONFIG_BLK_SIZE, 4, 16, 0, true },
		{ CONFIG_BLK_SIZE, 4, 16, 256, true },
		{ CONFIG_BLK_SIZE, 4, 16, 513, true },
		{ CONFIG_BLK_SIZE, 4, 16, 8192, true },
		{ CONFIG_BLK_SIZE, 4, 16, UINT32_MAX, true },
		{ CONFIG_SIZE_MAX, 4, 16, 0, true },
		{ CONFIG_SIZE_MAX, 4, 16, 4095, true },
		{ CONFIG_BLK_SIZE, 4, 1, 512, true },
		{ CONFIG_BLK_SIZE, 4, 2, 512, true },
		{ CONFIG_BLK_SIZE, 4, 3, 512, true }, /* two, rounded down */
		{ CONFIG_BLK_SIZE, 4, 7, 4096, false },
		{ CONFIG_BLK_SIZE, 4, 0x80000000, 4096, false },
		{ CONFIG_SIZE_MAX, 4, 16, UINT32_MAX, false },
		{ CONFIG_SEG_MAX, 4, 16, 0, false },
		{ CONFIG_SEG_MAX, 4, 16, UINT32_MAX, false },
		{ CONFIG_CAPACITY, 8, 16, UINT64_MAX, false },
		{ CONFIG_PHYSICAL_EXP, 1, 16, 255, false },
		{ CONFIG_NUM_QUEUES, 2, 16, 0, false },
		{ CONFIG_NUM_QUEUES, 2, 16, 65535, false },
		{ CONFIG_MAX_DISCARD, 4, 16, UINT32_MAX, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct block_limits *l;

		make_device();
		m.queue_size = cases[i].queue;
		set_config(cases[i].at, cases[i].v, cases[i].size);
		assert_int_equal(virtio_device_add(&m.dev), cases[i].refused ? -EINVAL : 0);
		assert_int_equal(added != NULL, !cases[i].refused);
		if (cases[i].refused) {
			assert_int_equal(m.status, 0); /* it owns nothing */
			assert_int_equal(allocated, 0);
			continue;
		}
		l = &added->limits;
		assert_in_range(l->max_segments, 1, m.dev.queues[0].size - 2);
		assert_in_range(l->max_segment, PAGE_SIZE, l->max_bytes);
		assert_in_range(l->physical, l->logical, l->logical << 8);
		assert_in_range(added->sectors, 0, SECTORS_MAX);
		assert_in_range(l->max_discard, 0, UINT32_MAX >> 9);
		assert_in_range(added->nr_queues, 1, 4);
		forget_device();
	}
}

static void no_memory(void **state)
{
	unsigned int n = 0;
	int err;

	do {
		make_device();
		allocations_left = n++;
		err = virtio_device_add(&m.dev);
		assert_true(!err || err == -ENOMEM);
		assert_true(!err || !allocated);
	} while (err);
	allocations_left = UINT32_MAX;
	assert_true(n > 10);
	forget_device();
}

/* It says nothing of its serial number, and later nothing at all; after a reset it works. */
static void silent(void **state)
{
	struct block_request rq = make_request(BLOCK_READ), again = rq;
	unsigned int resets;

	make_device();
	m.silent = true;
	assert_int_equal(virtio_device_add(&m.dev), 0);
	assert_string_equal(added->serial, "");
	resets = m.resets;
	give(&rq, 1);
	virtio_interrupt(&m.dev);
	assert_int_equal(nr_ended, 0);
	assert_int_equal(added->ops->reset(added), 0);
	assert_int_equal(m.resets, resets + 1);
	assert_true(virtqueue_is_idle(&m.dev.queues[1]));
	m.silent = false;
	give(&again, 1);
	virtio_interrupt(&m.dev);
	assert_int_equal(nr_ended, 1);
	end_of(0, &again, 0);
	/* It comes back as another, or not at all. */
	m.offers &= ~(uint64_t)F_FLUSH;
	assert_int_equal(added->ops->reset(added), -EIO);
	m.offers |= F_FLUSH;
	m.never_resets = true;
	assert_int_equal(added->ops->reset(added), -EIO);
	forget_device();
}

static void lies(void **state)
{
	struct block_request rqs[2];

	for (int what = 0; what < 4; what++) {
		make_device();
		assert_int_equal(virtio_device_add(&m.dev), 0);
		m.silent = true;
		rqs[0] = make_request(BLOCK_READ);
		rqs[1] = make_request(BLOCK_WRITE);
		give(&rqs[0], 2);
		give(&rqs[1], 3);
		switch (what) {
		case 0: say_used(2, 12345, 0); break;
		case 1: say_used(2, rqs[0].tag + 1, 0); break;
		case 2: say_used(2, rqs[0].tag, 5000); break;
		default: m.status |= VIRTIO_STATUS_NEEDS_RESET; virtio_config_interrupt(&m.dev);
		}
		virtio_interrupt(&m.dev);
		assert_int_equal(deaths, 1);
		assert_int_equal(nr_ended, 0);
		/* Nothing of it moves any more, though it answers: the disk is to be ended. */
		m.silent = false;
		notify(&m.dev.queues[3]);
		virtio_interrupt(&m.dev);
		assert_int_equal(nr_ended, 0);
		assert_int_equal(deaths, 1);
		assert_int_equal(added->ops->reset(added), -EIO);
		assert_int_equal(m.status, 0);
		forget_device();
	}
}

static int make_arena(void **state)
{
	arena = aligned_alloc(4 * PAGE_SIZE, ARENA_PAGES * PAGE_SIZE);
	shim_page_array = (uintptr_t)pages -
			  (((uintptr_t)arena - LINEAR_BASE) >> PAGE_SHIFT) * sizeof(*pages);
	buffer = arena + (ARENA_PAGES - 1) * PAGE_SIZE;
	pages[ARENA_PAGES - 1].refs = 1;
	return arena ? 0 : -1;
}

static int free_arena(void **state)
{
	free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(works),     cmocka_unit_test(fills_up), cmocka_unit_test(nonsense),
		cmocka_unit_test(no_memory), cmocka_unit_test(silent),	 cmocka_unit_test(lies),
	};

	return cmocka_run_group_tests_name("virtio_blk", tests, make_arena, free_arena);
}
