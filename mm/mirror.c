/*
 * mirror.c - see mirror.h.  Comes from mm/tlb.h.
 */
#include "mm/mirror.h"

void mirrors_lose_now(struct mm *mm, uintptr_t start, uintptr_t end)
{
	mutex_assert_held(&mm->lock);
	for (struct mm_mirror *m = mm->mirrors; m; m = m->next)
		m->lost(m, start, end);
}
