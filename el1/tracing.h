/*
 * tracing.h - what trace/ gets to know of the running task.
 */
#pragma once

/*
 * tracing_init - from here on crossings are kept in rings (trace/trace.h).  After task_init; no-op
 * without trace=.
 */
void tracing_init(void);

/* tracing_dev_init - /dev/trace (abi/trace.h).  After dev_init. */
void tracing_dev_init(void);
