/*
 * tracing.h - what trace/ gets to know of the running task.
 */
#pragma once

/*
 * tracing_init - from here on crossings are kept in rings (trace/trace.h).  After task_init; no-op
 * without trace=.
 */
void tracing_init(void);

/*
 * tracing_init_cpu - point VBAR_EL1 at the table that the trace and el1/spectre.h ask for.  On each
 * core; on the first once more when the command line has said what is asked for.
 */
void tracing_init_cpu(void);

/* tracing_dev_init - /dev/trace (abi/trace.h).  After dev_init. */
void tracing_dev_init(void);
