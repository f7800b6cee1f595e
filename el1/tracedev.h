/*
 * tracedev.h - /dev/trace.
 */
#pragma once

/* tracing_dev_init - make the device known (abi/trace.h).  After dev_init. */
void tracing_dev_init(void);
