/*
 * tracing.c - the trace's questions about the running task, answered.
 *
 * Called by trace/trace.c at crossings, with interrupts masked: nothing here sleeps, or touches user memory through the
 * user's own mapping, because a fault on the way would be a crossing that the program did not make.
 */
#include "el1/tracing.h"

#include "arm/atomic.h"
#include "arm/pte.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "task/task.h"
#include "trace/trace.h"

static int current_pid(void)
{
	return current->tid;
}

static void watch_current(void)
{
	if (!(READ_ONCE(current->work) & WORK_TRACE))
		atomic_or(&current->work, WORK_TRACE);
}

/* The linear-map address of the user's byte at @va, or NULL if it is not in memory now.  mm->lock held. */
static const char *user_byte(struct mm *mm, uint64_t va)
{
	const uint64_t *pte = va < USER_TOP ? pgt_find(mm->pgd, va) : NULL;

	if (!pte || !(*pte & PTE_VALID) || !(*pte & PTE_USER))
		return NULL;
	return (const char *)phys_to_virt(pte_phys(*pte)) + (va & ~PAGE_MASK);
}

/* As much of the user's string as fits, "..." at the end of what was cut. */
static bool user_string(uint64_t va, char *buf, size_t size)
{
	struct mm *mm = current->mm;
	const char *p = NULL;
	size_t n = 0;

	va &= ~SYSREG_FIELD(0xff, 56); /* a tag */
	if (!mm)
		return false;
	spin_lock(&mm->lock);
	do {
		p = !p || IS_ALIGNED(va, PAGE_SIZE) ? user_byte(mm, va) : p + 1;
		va++;
	} while (p && (buf[n] = *p) && ++n < size);
	spin_unlock(&mm->lock);
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
	.pid = current_pid,
	.watch = watch_current,
	.string = user_string,
	.memory = ring_memory,
};

void tracing_init(void)
{
	trace_init(&ops);
}
