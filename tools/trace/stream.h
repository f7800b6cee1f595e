/*
 * stream.h - the stream of the trace (abi/trace_stream.h) taken apart, on the host.
 *
 * Invariant: any bytes are taken.  A frame is believed when its CRC fits, and of what is in it only
 * what lies within it; what is damaged is passed over to the next frame that is whole, and counted.
 * Pure: no output, and no memory but for the numbers that were seen; fuzzed by
 * tests/fuzz/fuzz_trace_stream.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/trace_stream.h"

#define STREAM_CORES	   256
#define STREAM_RECORDS_MAX (TRACE_FRAME_MAX / sizeof(struct trace_head)) /* of a frame */

/* What came of one core's records, which are numbered from 1. */
struct stream_range {
	uint64_t first, end;
};

struct stream_core {
	uint64_t records;	     /* that are here */
	uint64_t first;		     /* the lowest number that was seen; 0: none was */
	uint64_t next;		     /* one more than the highest */
	uint64_t gaps;		     /* numbers between them that were not seen */
	uint64_t repeated;	     /* came twice: dropped */
	uint64_t malformed;	     /* frames whose CRC is right, with bytes that are no records */
	uint64_t written;	     /* as END says: there were */
	uint64_t lost;		     /* and of them overwritten before a read */
	uint64_t cleared;	     /* or dropped on purpose */
	bool ended;		     /* it said so */
	struct stream_range *ranges; /* of numbers seen, apart from each other, in order */
	size_t nr_ranges, room;
};

struct stream {
	const uint8_t *data;
	size_t size, at;
	uint64_t frames;  /* whole ones so far */
	uint64_t damaged; /* places with something that is none */
	uint64_t skipped; /* bytes of these */
	uint64_t hz;	  /* of INFO; 0: not known */
	uint64_t start;
	bool has_start, ended;
	struct stream_core core[STREAM_CORES];
};

/* A whole frame: its body lies in the stream's data. */
struct stream_frame {
	unsigned int kind, cpu;
	uint64_t seq;
	uint32_t records, seen;		       /* seen: by stream_record */
	uint64_t old[STREAM_RECORDS_MAX / 64]; /* a bit for each that has come before */
	const uint8_t *body;
	size_t bytes, at;
};

/* stream_init - @data, @size bytes, must stay as long as @s. */
void stream_init(struct stream *s, const void *data, size_t size);

/* stream_free - what stream_next has allocated. */
void stream_free(struct stream *s);

/*
 * stream_next - the next whole frame; what INFO and END say is in @s already.  False: there is no
 * more.  Without memory the program ends.
 */
bool stream_next(struct stream *s, struct stream_frame *f);

/*
 * stream_record - the next record of @f that has not come before, which stands at *@offset of the
 * data.  @buf: aligned to 8, of 8 * TRACE_WORDS_MAX bytes: the whole record is copied there.
 * Return: its bytes; 0: no more in this frame.
 */
size_t stream_record(struct stream *s, struct stream_frame *f, void *buf, size_t *offset);
