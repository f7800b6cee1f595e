/*
 * trace_stream.h - the records of the trace, and the stream in which they leave the kernel.
 *
 * Everything is little-endian.  A record is a head, the fields of its kind (abi/trace.def), and
 * chunks of what its arguments point to; its length is a multiple of 8 bytes.  A read of
 * /dev/trace, a file that was made of it, and what a serial line carries are frames, each checked
 * by itself, so that what is lost or damaged costs that frame, and is counted: a core's records are
 * numbered.
 */
#pragma once

#include <stdint.h>

/* ---- records ---- */

enum trace_kind {
#define TRACE_RECORD(number, NAME, name) TRACE_KIND_##NAME = number,
#define TRACE_FIELD(type, field, show)
#define TRACE_ARRAY(type, field, count, show)
#define TRACE_END(name)
#include "abi/trace.def"
#undef TRACE_RECORD
#undef TRACE_FIELD
#undef TRACE_ARRAY
#undef TRACE_END
	TRACE_KINDS = 19,
};

struct trace_head {
	uint64_t ticks; /* of CNTVCT_EL0 */
	int32_t pid;	/* the thread's id; 0: the kernel itself */
	uint8_t kind;
	uint8_t words;	/* of 8 bytes: the whole record, with this head and its chunks */
	uint8_t levels; /* TRACE_LEVELS(from, to); the same twice: no crossing */
	uint8_t slot;	/* of the vector table, 0..15, and TRACE_LATE */
};
_Static_assert(sizeof(struct trace_head) == 16, "head");

#define TRACE_LEVELS(from, to) ((from) | (to) << 4)
#define TRACE_FROM(levels)     ((levels)&3)
#define TRACE_TO(levels)       ((levels) >> 4 & 3)
#define TRACE_LATE	       0x10 /* written when its way back was known: behind later ones */
#define TRACE_BY_SMC	       0x20 /* of a call's return: the call was an smc, whoever took it */

#define TRACE_WORDS_MAX	       255

#define TRACE_RECORD(number, NAME, name) \
	struct trace_##name {            \
		struct trace_head head;
#define TRACE_FIELD(type, field, show)	      type field;
#define TRACE_ARRAY(type, field, count, show) type field[count];
#define TRACE_END(name)                                                            \
	}                                                                          \
	;                                                                          \
	_Static_assert(sizeof(struct trace_##name) % sizeof(uint64_t) == 0 &&      \
			       sizeof(struct trace_##name) <= 8 * TRACE_WORDS_MAX, \
		       #name);
#include "abi/trace.def"
#undef TRACE_RECORD
#undef TRACE_FIELD
#undef TRACE_ARRAY
#undef TRACE_END

/*
 * A chunk: bytes that an argument points to, or a string.  It begins on a multiple of 8 bytes; the
 * next one is behind its bytes, rounded up.  Chunks fill their record.
 */
struct trace_chunk {
	uint8_t arg;	/* whose: 0..5; TRACE_CHUNK_PATH: the program that EXEC names */
	uint8_t flags;	/* TRACE_CHUNK_* */
	uint16_t bytes; /* that are here */
	uint32_t whole; /* bytes that there are: more, where they were cut */
};

#define TRACE_CHUNK_PATH   7
#define TRACE_CHUNK_STRING 0x01 /* without its NUL */
#define TRACE_CHUNK_AFTER  0x02 /* as the call left it (else as the call found it) */
#define TRACE_CHUNK_NOT_IN 0x04 /* not in memory, or its lock was taken: nothing is here */
#define TRACE_CHUNK_INNER \
	0x08 /* what the chunk before it points to: an iovec's bytes, argv's strings */
/* the argument is no user memory that could be read at all */
#define TRACE_CHUNK_BAD	     0x10

/* TRACE_KIND_LEVEL's did */
#define TRACE_LEVEL_ANSWERED 1	  /* a call of EL1's (or EL2's) */
#define TRACE_LEVEL_BOUNCED  2	  /* made it an exception of the level below: undefined there */
#define TRACE_LEVEL_LOST     3	  /* no crossing: so many notes as answer says are not there */
#define TRACE_LEVEL_SEEN     0x10 /* beside them: a CALL is there too, of the same crossing */

/* TRACE_KIND_SCHED's why: what the task before it does */
#define TRACE_WHY_PREEMPTED  1 /* another one is to run in its place */
#define TRACE_WHY_YIELDED    2
#define TRACE_WHY_SLEEPS     3 /* until a wake-up or a signal */
#define TRACE_WHY_BLOCKED    4 /* until a wake-up */
#define TRACE_WHY_STOPPED    5
#define TRACE_WHY_ENDED	     6
#define TRACE_WHY_IDLE	     7 /* it was the core's idle task */

/* TRACE_KIND_SIGNAL_SEND's did */
#define TRACE_SENT_QUEUED    1
#define TRACE_SENT_IGNORED   2
#define TRACE_SENT_PENDING   3 /* one was, already */
#define TRACE_SENT_FAILED    4 /* no memory, or the limit */
#define TRACE_SENT_GONE	     5 /* whom it was for has ended */

/* TRACE_KIND_SIGNAL_TAKE's did */
#define TRACE_TAKEN_HANDLER  1
#define TRACE_TAKEN_IGNORED  2
#define TRACE_TAKEN_ENDS     3
#define TRACE_TAKEN_STOPS    4

/* TRACE_KIND_COPY's access */
#define TRACE_ACCESS_READ    1
#define TRACE_ACCESS_WRITE   2

/* TRACE_KIND_BLOCK's did, op and flags */
#define TRACE_BLOCK_STARTED  1
#define TRACE_BLOCK_ENDED    2
#define TRACE_BLOCK_READ     0
#define TRACE_BLOCK_WRITE    1
#define TRACE_BLOCK_FLUSH    2
#define TRACE_BLOCK_DISCARD  3
#define TRACE_BLOCK_ZERO     4
#define TRACE_BLOCK_FUA	     0x1 /* it has ended when it is on stable storage */
#define TRACE_BLOCK_META     0x2 /* of the file system's own */
#define TRACE_BLOCK_AHEAD    0x4 /* nobody waits for it yet */

/* TRACE_KIND_GUEST's did */
#define TRACE_GUEST_ENTERS   1
#define TRACE_GUEST_SYNC     2 /* it comes up by an exception of its own making: esr */
#define TRACE_GUEST_IRQ	     3 /* by an interrupt of the host's */
#define TRACE_GUEST_SERROR   4
#define TRACE_GUEST_REFUSED  5 /* it was not entered: its PSTATE is none of EL1's or EL0's */

/* ---- frames ---- */

#define TRACE_FRAME_MAGIC    0x4652544e /* "NTRF" */
#define TRACE_FRAME_MAX	     4096	/* bytes of what is behind the header, at the most */

struct trace_frame {
	uint32_t magic;
	uint32_t crc;	/* CRC-32 of all that is behind this word (lib/crc32.h) */
	uint16_t kind;	/* TRACE_FRAME_* */
	uint16_t cpu;	/* TRACE_FRAME_RECORDS: whose records */
	uint32_t bytes; /* behind this header */
	uint64_t seq;	/* TRACE_FRAME_RECORDS: number of the first, from 1 on each core */
	uint32_t records;
	uint32_t unused;
};
_Static_assert(sizeof(struct trace_frame) == 32, "frame");

/*
 * What a frame carries.  Texts are lines of a key and what belongs to it:
 *
 * INFO	version 1, release, machine, hz (of ticks), start (ticks at the log's time 0), cores,
 *	kinds, filters (none, some), irqs (number:name ...)
 * TASKS	tid process comm: a line a task
 * END	cpu N written N lost N cleared N: a line a core; lost: overwritten before this reader came;
 *	cleared: emptied by hand before it came; all others that were written are here
 */
#define TRACE_FRAME_INFO    1
#define TRACE_FRAME_RECORDS 2 /* whole records, in the order of their core */
#define TRACE_FRAME_TASKS   3
#define TRACE_FRAME_END	    4
