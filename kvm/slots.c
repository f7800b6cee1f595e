/*
 * slots.c - see slots.h.
 */
#include "kvm/slots.h"

#include "abi/errno.h"
#include "kvm/kvm.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "mm/slab.h"

static struct kvm_slot *slot_of(const struct avl_node *n)
{
	return container_of(n, struct kvm_slot, node);
}

/* The slot with the highest address that is not above @gpa, or NULL. */
static struct kvm_slot *slot_below(const struct kvm_memory *m, uint64_t gpa)
{
	const struct avl_node *n = m->slots.root;
	struct kvm_slot *found = NULL;

	while (n) {
		bool above = slot_of(n)->gpa <= gpa;

		if (above)
			found = slot_of(n);
		n = n->child[above];
	}
	return found;
}

struct kvm_slot *kvm_slot_at(const struct kvm_memory *m, uint64_t gpa)
{
	struct kvm_slot *s = slot_below(m, gpa);

	return s && gpa - s->gpa < s->size ? s : NULL;
}

struct kvm_slot *kvm_slot_number(const struct kvm_memory *m, uint32_t id)
{
	return id < m->nr_ids ? m->ids[id] : NULL;
}

bool kvm_slot_is_free(const struct kvm_memory *m, uint64_t gpa, uint64_t size,
		      const struct kvm_slot *but)
{
	const struct kvm_slot *s;

	/* From the top down: at most one is passed over. */
	for (uint64_t top = gpa + size - 1; (s = slot_below(m, top)); top = s->gpa - 1) {
		if (s != but)
			return s->gpa + s->size <= gpa;
		if (s->gpa <= gpa)
			return true;
	}
	return true;
}

int kvm_slot_reserve(struct kvm_memory *m, uint32_t id)
{
	size_t size = sizeof(m->ids[0]), nr = max(m->nr_ids, (size_t)32);
	struct kvm_slot **ids;

	while (nr <= id)
		nr *= 2;
	if (nr == m->nr_ids)
		return 0;
	ids = krealloc(m->ids, m->nr_ids * size, nr * size);
	if (!ids)
		return -ENOMEM;
	memset(ids + m->nr_ids, 0, (nr - m->nr_ids) * size);
	charge_add(m->vm->charge, (nr - m->nr_ids) * size);
	m->ids = ids;
	m->nr_ids = nr;
	return 0;
}

void kvm_slot_name(struct kvm_memory *m, uint32_t id, struct kvm_slot *s)
{
	m->ids[id] = s;
}

void kvm_slot_insert(struct kvm_memory *m, struct kvm_slot *s)
{
	struct avl_node *n = m->slots.root, *parent = NULL;
	unsigned int side = 0;

	while (n) {
		parent = n;
		side = slot_of(n)->gpa < s->gpa;
		n = n->child[side];
	}
	avl_insert(&m->slots, &s->node, parent, side);
	list_add_tail(&m->list, &s->link);
}

void kvm_slot_erase(struct kvm_memory *m, struct kvm_slot *s)
{
	avl_erase(&m->slots, &s->node);
	list_del(&s->link);
}

/* ---- logs ---- */

static size_t log_cost(const struct kvm_log *log)
{
	return sizeof(*log) + log->nr * (sizeof(log->pages[0]) + PAGE_SIZE);
}

static void free_log_pages(struct kvm_log *log, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		kfree(log->pages[i]);
		if (!(i % 256))
			(void)give_way();
	}
	kfree(log);
}

struct kvm_log *kvm_log_new(uint64_t pages, bool ones, struct charge *c)
{
	const uint64_t words = DIV_ROUND_UP(pages, 64);
	const size_t nr = DIV_ROUND_UP(words, LOG_WORDS);
	struct kvm_log *log = kmalloc(sizeof(*log) + nr * sizeof(log->pages[0]));

	if (!log)
		return NULL;
	for (log->nr = 0; log->nr < nr; log->nr++) {
		log->pages[log->nr] = give_way() ? NULL : kmalloc(PAGE_SIZE);
		if (!log->pages[log->nr]) {
			free_log_pages(log, log->nr);
			return NULL;
		}
		memset(log->pages[log->nr], ones ? 0xff : 0, PAGE_SIZE);
	}
	/* Behind the last page there are no bits. */
	for (uint64_t i = words; ones && i < nr * LOG_WORDS; i++)
		*kvm_log_word(log, i) = 0;
	if (ones && pages % 64)
		*kvm_log_word(log, words - 1) = BIT(pages % 64) - 1;
	charge_add(c, log_cost(log));
	return log;
}

void kvm_log_free(struct kvm_log *log, struct charge *c)
{
	if (!log)
		return;
	charge_drop(c, log_cost(log));
	free_log_pages(log, log->nr);
}
