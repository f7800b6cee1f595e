/*
 * tracing.h - what trace/ gets to know of the running task, and what its rings are made of.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "trace/ring.h"

#define TRACE_SIZE_DEFAULT (UINT64_C(128) << 10) /* bytes a core */
#define TRACE_SIZE_MIN	   (UINT64_C(8) << 10)
#define TRACE_SIZE_MAX	   (UINT64_C(64) << 20)

/*
 * tracing_init - from here on records are kept in rings (trace/trace.h).  After task_init; without
 * trace= there are none until trace_rings_make.  tracing_init_cpu - core @cpu, which is about to be
 * started, has one too, where the boot core has.
 */
void tracing_init(void);
void tracing_init_cpu(unsigned int cpu);

/*
 * trace_rings_make - each core has a ring from here on, of trace_size bytes: before anything is
 * recorded into one.  0, or -ENOMEM, and there are none.  May sleep.
 * trace_resize - each core's ring has @bytes from now on, rounded up to pages; what was in the old
 * ones is gone, and counts as lost where nobody had read it.  Where there are no rings yet it is
 * for when there are.  0; -EINVAL: not from TRACE_SIZE_MIN to TRACE_SIZE_MAX; -ENOMEM, -EINTR: all
 * is as it was.  May sleep.
 * trace_size - bytes a core.
 */
int trace_rings_make(void) __must_check;
int trace_resize(size_t bytes) __must_check;
size_t trace_size(void);

/*
 * trace_clear - what has been recorded is gone for all readers, and does not count.
 * trace_written, trace_lost - core @cpu's records since then, whether kept or not; those of them
 * that were overwritten, or not kept, before anybody had read them.  May sleep.
 */
void trace_clear(void);
uint64_t trace_written(unsigned int cpu);
uint64_t trace_lost(unsigned int cpu);

/*
 * trace_records - up to a page of core @cpu's records from number *@next to @last, into @buf of
 * TRACE_PAGE_DATA bytes; *@p says what it is, and *@next is behind it.  What has gone is skipped,
 * and counts in *@lost, or in *@dropped where trace_clear took it.  False: there is none.  May
 * sleep.
 * trace_last - the number of core @cpu's last record.  May sleep.
 */
bool trace_records(unsigned int cpu, uint64_t *next, uint64_t last, void *buf, struct ring_piece *p,
		   uint64_t *lost, uint64_t *dropped);
uint64_t trace_last(unsigned int cpu);
