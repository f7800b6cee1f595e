/*
 * vdso.c - the pages of task/vdso.h: one object for all programs, made when the first one starts.
 *
 * Page 0 is the figures, the rest the code as vdso/ was linked: it expects its data one page below.
 * Invariant: user code can write neither; the figures are a shared mapping without the right to
 * become writable, the code a private one (a debugger's breakpoint is its own copy).
 */
#include "task/vdso.h"

#include "abi/errno.h"
#include "abi/mman.h"
#include "arm/counter.h"
#include "lib/elf.h"
#include "lib/string.h"
#include "mm/mmap.h"
#include "task/time/adjust.h"
#include "vdso/data.h"

_Static_assert(VDSO_NS_SHIFT == COUNTER_NS_SHIFT, "the vDSO scales the counter as we do");

extern const char vdso_image_start[], vdso_image_end[]; /* vdso_image.S */

static struct mutex lock = MUTEX_INIT(lock); /* of making it */
static struct vm_object *object;	     /* NULL: not made yet */
static uint64_t entry;			     /* of the ELF: __kernel_rt_sigreturn */

static size_t image_size(void)
{
	return (size_t)(vdso_image_end - vdso_image_start);
}

/*
 * Page @index of @o, filled with @n bytes of @src; it stays as long as the object.  NULL: no
 * memory.
 */
static void *fill_page(struct vm_object *o, uint64_t index, const char *src, size_t n)
{
	struct page *p = o->ops->page(o, index, true);
	void *va;

	if (!p || is_err(p))
		return NULL;
	va = page_to_virt(p);
	page_write_begin(p);
	memcpy(va, src, n);
	page_written(p);
	page_put(p);
	return va;
}

static bool fill_code(struct vm_object *o)
{
	for (size_t off = 0; off < image_size(); off += PAGE_SIZE)
		if (!fill_page(o, 1 + off / PAGE_SIZE, vdso_image_start + off,
			       min(image_size() - off, (size_t)PAGE_SIZE)))
			return false;
	return true;
}

static int make_vdso(void)
{
	struct vm_object *o = object_anon(PAGE_SIZE + ALIGN_UP(image_size(), PAGE_SIZE), NULL);
	struct elf_image elf;
	void *data;
	int err;

	if (o)
		o->stays = true; /* the clock is written where the page is */
	data = o ? fill_page(o, 0, "", 0) : NULL;
	err = elf_check_header(vdso_image_start, image_size(), &elf);

	if (err || !data || !fill_code(o)) {
		if (o)
			object_put(o);
		return err ? err : -ENOMEM;
	}
	entry = elf.entry;
	/* From here on each change of the clock is shown, and what was set before is already. */
	clock_show_in(data);
	/* Last, under the lock: another exec sees it whole or makes none. */
	object = o;
	return 0;
}

int vdso_map(struct mm *mm)
{
	size_t code = ALIGN_UP(image_size(), PAGE_SIZE);
	struct vm_source from = { .offset = 0 };
	long at;
	int err = 0;

	mutex_lock(&lock);
	if (!object)
		err = make_vdso();
	mutex_unlock(&lock);
	if (err)
		return err;
	from.object = object;
	/* room for both, then the code over its part of it */
	at = mm_map(mm, 0, PAGE_SIZE + code, VM_READ | VM_SHARED | VM_VVAR, MAP_SHARED, &from);
	if (at < 0)
		return (int)at;
	from.offset = PAGE_SIZE;
	at = mm_map(mm, (uintptr_t)at + PAGE_SIZE, code, VM_READ | VM_EXEC | VM_VDSO,
		    MAP_PRIVATE | MAP_FIXED, &from);
	if (at < 0)
		return (int)at;
	mm->vdso = (uintptr_t)at;
	return 0;
}

uintptr_t vdso_sigreturn(const struct mm *mm)
{
	return mm->vdso + entry;
}
