/*
 * slots.h - what of a guest's physical address space is memory: slots, each a part of the VMM's
 * address space that the guest sees at an address of its own.  For kvm/ alone; memory.c uses it.
 *
 * Locks: kvm_memory.lock and inside it mm->lock of the VM's address space are both held by who
 * changes what is here, so one of them is enough for a look.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/avl.h"
#include "lib/list.h"
#include "mm/charge.h"
#include "mm/mirror.h"

#define KVM_SLOT_PAGES ((UINT64_C(1) << 31) - 1) /* the most that one has */

/* A bit for each page of a slot that was written: word i is in pages[i / LOG_WORDS]. */
#define LOG_WORDS      (PAGE_SIZE / sizeof(uint64_t))
struct kvm_log {
	size_t nr; /* of pages */
	uint64_t *pages[];
};

struct kvm_slot {
	struct avl_node node;  /* in kvm_memory.slots */
	struct list_node link; /* in kvm_memory.list */
	uint64_t gpa, size;    /* bytes, of whole pages, not 0 */
	uintptr_t hva;	       /* in the VMM */
	uint32_t id, flags;    /* KVM_MEM_* */
	struct kvm_log *log;   /* with KVM_MEM_LOG_DIRTY_PAGES, else NULL */
};

struct kvm_memory {
	struct mm_mirror mirror;
	struct kvm_vm *vm;
	struct mutex lock;     /* inside vm->lock; one change, or look at a log, at a time */
	struct avl_tree slots; /* by gpa, never overlapping */
	struct list_node list; /* the same, in no order */
	struct kvm_slot **ids; /* by number; not mm->lock's */
	size_t nr_ids;
};

/* kvm_slot_at - the slot that has guest address @gpa, or NULL.  kvm_slot_number - by number. */
struct kvm_slot *kvm_slot_at(const struct kvm_memory *m, uint64_t gpa);
struct kvm_slot *kvm_slot_number(const struct kvm_memory *m, uint32_t id);

/* kvm_slot_is_free - no slot but @but (NULL: none) has any of [@gpa, @gpa + @size). */
bool kvm_slot_is_free(const struct kvm_memory *m, uint64_t gpa, uint64_t size,
		      const struct kvm_slot *but);

/*
 * kvm_slot_reserve - kvm_slot_name will find room for number @id: 0 or -ENOMEM.
 * kvm_slot_name - @s, or NULL, is number @id's.  Both need kvm_memory.lock alone.
 */
int kvm_slot_reserve(struct kvm_memory *m, uint32_t id) __must_check;
void kvm_slot_name(struct kvm_memory *m, uint32_t id, struct kvm_slot *s);
/* kvm_slot_insert, kvm_slot_erase - @s is where s->gpa says; it is nowhere any more. */
void kvm_slot_insert(struct kvm_memory *m, struct kvm_slot *s);
void kvm_slot_erase(struct kvm_memory *m, struct kvm_slot *s);

/*
 * kvm_log_new - a log for @pages pages, none written, or all (@ones); NULL: no memory.  May sleep.
 * kvm_log_free - NULL is fine.  Both charge @c.
 */
struct kvm_log *kvm_log_new(uint64_t pages, bool ones, struct charge *c) __must_check;
void kvm_log_free(struct kvm_log *log, struct charge *c);

/* kvm_log_word - bits of pages 64 * @i .. 64 * @i + 63. */
static inline uint64_t *kvm_log_word(struct kvm_log *log, uint64_t i)
{
	return &log->pages[i / LOG_WORDS][i % LOG_WORDS];
}

/* kvm_slot_written - does the log say that @gpa's page was?  kvm_slot_note - it was. */
static inline bool kvm_slot_written(const struct kvm_slot *s, uint64_t gpa)
{
	uint64_t page = (gpa - s->gpa) >> PAGE_SHIFT;

	return *kvm_log_word(s->log, page / 64) >> page % 64 & 1;
}
static inline void kvm_slot_note(struct kvm_slot *s, uint64_t gpa)
{
	uint64_t page = (gpa - s->gpa) >> PAGE_SHIFT;

	*kvm_log_word(s->log, page / 64) |= BIT(page % 64);
}
