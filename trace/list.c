/*
 * list.c - see list.h.
 */
#include "trace/list.h"

#include "abi/errno.h"
#include "lib/string.h"

static bool is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_white(struct trace_list *l)
{
	while (l->next < l->end && is_white(*l->next))
		l->next++;
}

int trace_list_next(struct trace_list *l)
{
	bool behind = l->item; /* another item: a comma may stand before this one */
	bool comma = false;
	int err = l->pause ? l->pause() : 0;

	if (err)
		return err;
	skip_white(l);
	if (behind && l->next < l->end && *l->next == ',') {
		comma = true;
		l->next++;
		skip_white(l);
	}
	l->item = l->next;
	while (l->next < l->end && !is_white(*l->next) && *l->next != ',')
		l->next++;
	l->len = (size_t)(l->next - l->item);
	if (l->len) /* those who read numbers take a NUL for the end */
		return memchr(l->item, 0, l->len) ? -EINVAL : 1;
	return comma || l->next < l->end ? -EINVAL : 0;
}

bool trace_list_is(const struct trace_list *l, const char *word)
{
	/* Most words differ in their first letter. */
	for (size_t i = 0; i < l->len; i++)
		if (word[i] != l->item[i] || !word[i])
			return false;
	return !word[l->len];
}

bool trace_list_only(const char *s, size_t n, const char *word)
{
	struct trace_list l = trace_list_of(s, n);
	int more = trace_list_next(&l);

	if (more == 1 && trace_list_is(&l, word))
		more = trace_list_next(&l);
	return !more;
}
