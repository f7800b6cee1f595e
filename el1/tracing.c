/*
 * tracing.c - the trace's questions about the running task, answered.
 *
 * Called by trace/trace.c at crossings, with interrupts masked: nothing here sleeps, or touches
 * user memory through the user's own mapping, because a fault on the way would be a crossing that
 * the program did not make.
 */
#include "el1/tracing.h"

#include "drivers/uart.h"
#include "el1/vbar.h"
#include "fs/dev.h"
#include "lib/string.h"
#include "mm/pgtable.h"
#include "mm/slab.h"
#include "mm/vm.h"
#include "trace/trace.h"

static int traced_pid(void)
{
	return current->tid;
}

static void watch_current(void)
{
	if (!(READ_ONCE(current->work) & WORK_TRACE))
		atomic_or(&current->work, WORK_TRACE);
}

/*
 * The linear-map address of the user's byte at @va, or NULL if it is not in memory now.  mm->lock
 * held.
 */
static const char *user_byte(struct mm *mm, uint64_t va)
{
	uint64_t e = va < USER_TOP ? pgt_lookup(mm->pgd, va) : 0;

	if (!(e & PTE_VALID) || !(e & PTE_USER))
		return NULL;
	return (const char *)phys_to_virt(pte_phys(e)) + (va & ~PAGE_MASK);
}

/* As much of the user's string as fits, "..." at the end of what was cut. */
static bool user_string(uint64_t va, char *buf, size_t size)
{
	struct mm *mm = current->mm;
	const char *p = NULL;
	size_t n = 0;

	va &= ~SYSREG_FIELD(0xff, 56); /* a tag */
	if (!mm ||
	    !mutex_trylock(
		    &mm->lock)) /* no page is brought in here: then the address alone is recorded */
		return false;
	do {
		p = !p || IS_ALIGNED(va, PAGE_SIZE) ? user_byte(mm, va) : p + 1;
		va++;
	} while (p && (buf[n] = *p) && ++n < size);
	mutex_unlock(&mm->lock);
	if (p && n == size)
		memcpy(buf + size - 4, "...", 4);
	return p;
}

static void *ring_memory(size_t size)
{
	unsigned int order = 0;
	struct page *p;

	while (PAGE_SIZE << order < size)
		order++;
	p = page_alloc(order);
	return p ? memset(page_to_virt(p), 0, size) : NULL;
}

static const struct trace_ops ops = {
	.pid = traced_pid,
	.watch = watch_current,
	.string = user_string,
	.memory = ring_memory,
	.apply = vbar_update,
};

void tracing_init(void)
{
	trace_init(&ops);
	if (trace_on(TRACE_IRQ) && !trace_on(TRACE_QUIET))
		uart_poll_log();
}

/* ---- /dev/trace ---- */

#define BATCH 16 /* records that a read moves at a time */

/* Each reader has its own place in the rings, and begins with the oldest records. */
static int trace_open(struct file *f)
{
	f->private = kzalloc(sizeof(struct trace_cursor));
	return f->private ? 0 : -ENOMEM;
}

static void trace_release(struct file *f)
{
	kfree(f->private);
}

/* Records that could not be delivered because of a fault count as read. */
static long trace_file_read(struct file *f, struct iter *to, uint64_t *pos)
{
	struct trace_record *batch;
	size_t done = 0, n, moved;

	if (to->left < sizeof(*batch))
		return -EINVAL;
	batch = kmalloc(BATCH * sizeof(*batch));
	if (!batch)
		return -ENOMEM;
	do {
		n = trace_read(f->private, batch, min(to->left / sizeof(*batch), (size_t)BATCH));
		moved = iter_put(to, batch, n * sizeof(*batch));
		done += moved;
	} while (n == BATCH && moved == n * sizeof(*batch));
	kfree(batch);
	return done || moved == n * sizeof(*batch) ? (long)done : -EFAULT;
}

static const struct file_ops trace_file_ops = {
	.open = trace_open,
	.read = trace_file_read,
	.release = trace_release,
};

void tracing_dev_init(void)
{
	static struct device dev = {
		.name = "trace",
		.number = DEV(TRACE_MAJOR, TRACE_MINOR),
		.mode = 0400,
		.ops = &trace_file_ops,
	};

	dev_register_boot(&dev);
}
