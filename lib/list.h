/*
 * list.h - doubly linked circular lists, the links inside the elements.
 *
 * A list is a head whose links point to itself when it is empty; an element that is on no list may
 * be uninitialised, unless list_is_linked() is asked of it.  No locking: the list's owner says
 * which lock.
 */
#pragma once

#include <stdbool.h>
#include "lib/util.h"

struct list_node {
	struct list_node *next;
	struct list_node *prev;
};

#define LIST_INIT(name)          \
	{                        \
		&(name), &(name) \
	}

static inline void list_init(struct list_node *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list_node *head)
{
	return head->next == head;
}

/* list_is_linked - is @l, once list_init'ed, on a list?  list_del() makes it false again. */
static inline bool list_is_linked(const struct list_node *l)
{
	return l->next != l;
}

/* list_insert - put @l after @at (a head: as the first) */
static inline void list_insert(struct list_node *l, struct list_node *at)
{
	l->next = at->next;
	l->prev = at;
	at->next->prev = l;
	at->next = l;
}

/* list_add_head, list_add_tail - put @l, which is on no list, first or last */
static inline void list_add_head(struct list_node *head, struct list_node *l)
{
	list_insert(l, head);
}

static inline void list_add_tail(struct list_node *head, struct list_node *l)
{
	list_insert(l, head->prev);
}

/* list_add_first - put @l, which is on no list, on an empty one */
static inline void list_add_first(struct list_node *head, struct list_node *l)
{
	l->next = l->prev = head;
	head->next = head->prev = l;
}

/* list_del - unlink @l, and leave it linked to itself */
static inline void list_del(struct list_node *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

/* list_splice_tail - move all of @from behind the last of @head; @from is empty afterwards */
static inline void list_splice_tail(struct list_node *head, struct list_node *from)
{
	if (list_empty(from))
		return;
	from->next->prev = head->prev;
	head->prev->next = from->next;
	from->prev->next = head;
	head->prev = from->prev;
	list_init(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)

/* The first or last element, NULL when there is none. */
#define list_first(head, type, member) \
	(list_empty(head) ? (type *)NULL : list_entry((head)->next, type, member))
#define list_last(head, type, member) \
	(list_empty(head) ? (type *)NULL : list_entry((head)->prev, type, member))

/* Unlink and return the first element, NULL when there is none. */
#define list_pop(head, type, member)                         \
	({                                                   \
		type *pop_ = list_first(head, type, member); \
		if (pop_)                                    \
			list_del(&pop_->member);             \
		pop_;                                        \
	})

/* Whether @pos is no element but what would hold the head: an address, of which nothing is read. */
#define list_is_end(pos, head, member) \
	((const char *)(pos) + offsetof(__typeof__(*(pos)), member) == (const char *)(head))

/* @pos: a declared pointer to the element's type; it must stay linked during its own round. */
#define list_for_each(pos, head, member)                               \
	for (pos = list_entry((head)->next, __typeof__(*pos), member); \
	     !list_is_end(pos, head, member);                          \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

/* The same, and @pos may be unlinked or freed in its round; @tmp is another such pointer. */
#define list_for_each_safe(pos, tmp, head, member)                        \
	for (pos = list_entry((head)->next, __typeof__(*pos), member),    \
	    tmp = list_entry(pos->member.next, __typeof__(*pos), member); \
	     !list_is_end(pos, head, member);                             \
	     pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*pos), member))
