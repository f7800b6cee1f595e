/*
 * sigpage.c - the page of task/sigpage.h: one for all, made when the first program starts.
 *
 * Unwinders know such a frame by its two instructions, so they are Linux's.
 */
#include "task/sigpage.h"

#include "abi/errno.h"
#include "abi/mman.h"
#include "lib/string.h"
#include "mm/object.h"
#include "mm/vm.h"
#include "task/wait.h"

static const uint32_t code[] = {
	0xd503201f, /* nop: an unwinder looks up the return address less one */
	0xd2801168, /* mov x8, #139 (rt_sigreturn) */
	0xd4000001, /* svc #0 */
};

static struct vm_object *object;
static struct mutex lock = MUTEX_INIT(lock);

static struct vm_object *make(void)
{
	struct vm_object *o = object_anon(PAGE_SIZE);
	struct page *p = o ? o->ops->page(o, 0, true) : NULL;

	if (!p || is_err(p)) {
		if (o)
			object_put(o);
		return NULL;
	}
	memcpy(page_to_virt(p), code, sizeof(code));
	page_written(p);
	page_put(p); /* the object keeps it */
	return o;
}

int sigpage_map(struct mm *mm)
{
	long at;

	mutex_lock(&lock);
	if (!object)
		object = make();
	mutex_unlock(&lock);
	if (!object)
		return -ENOMEM;
	at = mm_map(mm, 0, PAGE_SIZE, VM_READ | VM_EXEC, MAP_PRIVATE, object, 0);
	if (at < 0)
		return (int)at;
	mm->sigpage = (uintptr_t)at + sizeof(code[0]);
	return 0;
}
