/*
 * tracing.c - the trace's questions about the running task, answered; and the rings' memory.
 *
 * What trace/trace.c calls at crossings, with interrupts masked, neither sleeps nor touches user
 * memory: a fault on the way would be a crossing that the program did not make.
 *
 * rings_lock (mutex): what the rings are made of; readers hold it for a page at a time.  Each core
 * begins to write to other pages itself, in an interrupt, so that it is never in the middle of a
 * record then.
 */
#include "el1/tracing.h"

#include "abi/errno.h"
#include "drivers/uart.h"
#include "el1/capture.h"
#include "el1/tracemark.h"
#include "el1/vbar.h"
#include "kvm/seen.h"
#include "log/printk.h"
#include "mm/giveway.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "task/oncores.h"
#include "task/task.h"
#include "task/time/timer.h"
#include "task/wait.h"
#include "trace/trace.h"

static struct mutex rings_lock = MUTEX_INIT(rings_lock);
static uint32_t ring_pages = TRACE_SIZE_DEFAULT / TRACE_PAGE_SIZE; /* of each, when there are any */
static bool rings_there;

/* The number of the last record of each core that trace_clear took, and what was lost till then. */
static struct {
	uint64_t last, lost;
} cleared[NR_CPUS];

/* Pages for each core: the new ones until a core has taken them, and then its old ones. */
static struct pages {
	struct trace_page **pages;
	uint32_t n;
} exchange[NR_CPUS];

/* ---- the running task ---- */

static int traced_pid(void)
{
	return current->tid;
}

static void watch_current(void)
{
	if (!(READ_ONCE(current->work) & WORK_TRACE))
		atomic_or(&current->work, WORK_TRACE);
}

static bool current_is_marked(const struct trace_filter *f)
{
	return tracemark_is(f, current);
}

_Static_assert(CAPTURE_MAX <= TRACE_CHUNKS_MAX, "chunks fit a record");

/* Guests first: the interrupt of each core ends the round in which it did not know yet. */
static void apply_everywhere(void)
{
	kvm_trace_apply();
	vbar_update();
}

static const struct trace_ops ops = {
	.pid = traced_pid,
	.watch = watch_current,
	.marked = current_is_marked,
	.capture_enter = capture_enter,
	.capture_exit = capture_exit,
	.capture_done = capture_done,
	.apply = apply_everywhere,
	.irq_printed = timer_pause,
};

/* ---- the rings' memory ---- */

/* Cores that there are, or will be. */
static bool core_is(unsigned int cpu)
{
	return !cpu || percpu_offset[cpu];
}

static void ring_pages_free(struct pages *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		page_put(virt_to_page(p->pages[i]));
		if (i % 256 == 255)
			give_way();
	}
	kfree(p->pages);
	*p = (struct pages){ 0 };
}

/* @n zeroed pages; 0, -ENOMEM or -EINTR. */
static int ring_pages_alloc(struct pages *p, uint32_t n)
{
	struct page *page;
	int err = 0;

	*p = (struct pages){ .pages = kmalloc(n * sizeof(*p->pages)) };
	if (!p->pages)
		return -ENOMEM;
	for (; !err && p->n < n; p->n++) {
		page = page_alloc_zero();
		if (!page) {
			err = -ENOMEM;
			break;
		}
		p->pages[p->n] = page_to_virt(page);
		if (p->n % 256 == 255)
			err = give_way();
	}
	if (err)
		ring_pages_free(p);
	return err;
}

static void exchange_free(void)
{
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		ring_pages_free(&exchange[cpu]);
}

static int exchange_alloc(uint32_t n)
{
	int err = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS && !err; cpu++)
		if (core_is(cpu))
			err = ring_pages_alloc(&exchange[cpu], n);
	if (err)
		exchange_free();
	return err;
}

/* Core @cpu's ring goes on in the pages that lie ready, which are then those that it had. */
static void exchange_pages(unsigned int cpu)
{
	struct trace_ring *ring = &per_cpu(trace_ring, cpu);
	struct pages old = { ring->pages, ring->nr_pages };

	ring_begin(ring, exchange[cpu].pages, exchange[cpu].n);
	exchange[cpu] = old;
}

static void exchange_here(void *unused)
{
	exchange_pages(cpu_id());
}

/* All rings have @n pages.  rings_lock held. */
static int change_rings(uint32_t n)
{
	int err = exchange_alloc(n);

	if (err)
		return err;
	cores_call(exchange_here, NULL);
	rings_there = true;
	/* A core that did not come up has not taken its own, and nobody else's are needed now. */
	exchange_free();
	return 0;
}

int trace_rings_make(void)
{
	int err = mutex_lock_killable(&rings_lock);

	if (err)
		return err;
	err = rings_there ? 0 : change_rings(ring_pages);
	mutex_unlock(&rings_lock);
	return err;
}

int trace_resize(size_t bytes)
{
	uint32_t n =
		(uint32_t)DIV_ROUND_UP(min(bytes, (size_t)TRACE_SIZE_MAX + 1), TRACE_PAGE_SIZE);
	int err;

	if (bytes < TRACE_SIZE_MIN || bytes > TRACE_SIZE_MAX)
		return -EINVAL;
	err = mutex_lock_killable(&rings_lock);
	if (err)
		return err;
	err = rings_there ? change_rings(n) : 0;
	if (!err)
		WRITE_ONCE(ring_pages, n);
	mutex_unlock(&rings_lock);
	return err;
}

size_t trace_size(void)
{
	return (size_t)READ_ONCE(ring_pages) * TRACE_PAGE_SIZE;
}

void tracing_init_cpu(unsigned int cpu)
{
	if (!trace_kinds())
		return;
	if (ring_pages_alloc(&exchange[cpu], ring_pages))
		pr_warn("trace: no memory for the ring of cpu%u", cpu);
	else
		exchange_pages(cpu);
	rings_there = true;
}

void tracing_init(void)
{
	trace_init(&ops);
	tracing_init_cpu(0);
	if (trace_on(TRACE_IRQ) && !(trace_kinds() & TRACE_QUIET))
		uart_poll_log(true);
}

/* ---- reading ---- */

uint64_t trace_last(unsigned int cpu)
{
	uint64_t last;

	if (!core_is(cpu))
		return 0;
	mutex_lock(&rings_lock);
	last = ring_written(&per_cpu(trace_ring, cpu));
	mutex_unlock(&rings_lock);
	return last;
}

bool trace_records(unsigned int cpu, uint64_t *next, uint64_t last, void *buf, struct ring_piece *p,
		   uint64_t *lost, uint64_t *dropped)
{
	uint64_t from;
	bool got;

	if (!core_is(cpu))
		return false;
	mutex_lock(&rings_lock);
	/* Of what was cleared, too, this is about no more than up to @last. */
	from = max(*next, min(cleared[cpu].last, last) + 1);
	got = ring_read(&per_cpu(trace_ring, cpu), from, last, buf, p);
	mutex_unlock(&rings_lock);
	*dropped += from - *next;
	/* Nothing left of what there was: it has been overwritten, all of it. */
	*next = got ? p->seq + p->records : max(from, last + 1);
	*lost += (got ? p->seq : *next) - from;
	return got;
}

/* On each core: not in the middle of a record of its. */
static void clear_here(void *unused)
{
	struct trace_ring *ring = &this_cpu(trace_ring);

	cleared[cpu_id()].last = ring_written(ring);
	cleared[cpu_id()].lost = ring->lost;
	/* What goes from here on up to that was nobody's loss. */
	WRITE_ONCE(ring->read, cleared[cpu_id()].last);
}

void trace_clear(void)
{
	mutex_lock(&rings_lock);
	cores_call(clear_here, NULL);
	mutex_unlock(&rings_lock);
}

uint64_t trace_written(unsigned int cpu)
{
	return core_is(cpu) ? trace_last(cpu) - READ_ONCE(cleared[cpu].last) : 0;
}

uint64_t trace_lost(unsigned int cpu)
{
	return core_is(cpu)
		       ? READ_ONCE(per_cpu(trace_ring, cpu).lost) - READ_ONCE(cleared[cpu].lost)
		       : 0;
}
