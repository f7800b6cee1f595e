/*
 * chunk.h - a record's fixed part, and the chunks behind it, as any bytes give them.
 *
 * Pure; built for the host too.  Invariant: whatever stands in the record, nothing is read beyond
 * its own length or the bytes that there are, whichever is less.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "abi/trace_stream.h"
#include "lib/util.h"

/* trace_kind_size - bytes of a record of @kind without its chunks; 0: there is no such kind. */
static inline size_t trace_kind_size(unsigned int kind)
{
	static const uint8_t sizes[TRACE_KINDS] = {
#define TRACE_RECORD(number, NAME, name) [number] = sizeof(struct trace_##name),
#define TRACE_FIELD(type, field, show)
#define TRACE_ARRAY(type, field, count, show)
#define TRACE_END(name)
#include "abi/trace.def"
#undef TRACE_RECORD
#undef TRACE_FIELD
#undef TRACE_ARRAY
#undef TRACE_END
	};

	return kind < ARRAY_SIZE(sizes) ? sizes[kind] : 0;
}

/* trace_record_bytes - how long @r is, of @bytes that there are; 0: no whole record of its kind. */
static inline size_t trace_record_bytes(const struct trace_head *r, size_t bytes)
{
	size_t fixed, whole;

	if (bytes < sizeof(*r))
		return 0;
	fixed = trace_kind_size(r->kind);
	whole = r->words * sizeof(uint64_t);
	return fixed && whole >= fixed && whole <= bytes ? whole : 0;
}

/* Where a walk over the chunks is; left: bytes from the next one's head on. */
struct trace_chunks {
	const struct trace_chunk *next;
	size_t left;
};

/* trace_chunks_of - those of the whole record @r. */
static inline struct trace_chunks trace_chunks_of(const struct trace_head *r)
{
	size_t fixed = trace_kind_size(r->kind);

	return (struct trace_chunks){
		.next = (const struct trace_chunk *)((const char *)r + fixed),
		.left = r->words * sizeof(uint64_t) - fixed,
	};
}

/* trace_chunk_next - the next one, all of whose bytes are there; NULL: no more, or damaged. */
static inline const struct trace_chunk *trace_chunk_next(struct trace_chunks *c)
{
	const struct trace_chunk *found = c->next;
	size_t bytes;

	if (c->left < sizeof(*found))
		return NULL;
	bytes = sizeof(*found) + ALIGN_UP((size_t)found->bytes, sizeof(uint64_t));
	if (bytes > c->left)
		return NULL;
	c->next = (const struct trace_chunk *)((const char *)found + bytes);
	c->left -= bytes;
	return found;
}

/* trace_chunk_data - what is in it, @c->bytes of it. */
static inline const char *trace_chunk_data(const struct trace_chunk *c)
{
	return (const char *)(c + 1);
}
