/*
 * list.h - the items of a text: what stands between commas or white space.
 *
 * Pure: any bytes, any length.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/util.h"

/* What is left of a text, and the item that was taken last: a span of the text, not terminated. */
struct trace_list {
	const char *next, *end;
	const char *item;
	size_t len;
	int (*pause)(void); /* called before each item is taken; NULL: nothing is */
};

/* trace_list_of - the @n bytes at @s, nothing taken yet. */
static inline struct trace_list trace_list_of(const char *s, size_t n)
{
	return (struct trace_list){ .next = s, .end = s + n };
}

/*
 * trace_list_next - 1: the next item is in @l; 0: there is none; -EINVAL: nothing stands where one
 * must, beside a comma; or what pause said.
 */
int trace_list_next(struct trace_list *l) __must_check;

/* trace_list_is - whether the item is @word. */
bool trace_list_is(const struct trace_list *l, const char *word);

/* trace_list_only - whether @word is the whole text; one without an item counts as well. */
bool trace_list_only(const char *s, size_t n, const char *word);
