/*
 * trace.h - /dev/trace: crossings of the boundary between exception levels, and what happens in
 * between, as a stream of frames (abi/trace_stream.h).
 *
 * For a task with CAP_SYS_ADMIN: else open(2) and read(2) fail with EPERM.  Each open file is a
 * reader with a place of its own in the rings, and is read as a stream of bytes, in pieces of any
 * size: an INFO frame, TASKS frames of those that there are, RECORDS frames of what was recorded up
 * to the moment of that first read, the cores in turn, then END, then a read that returns 0.  So a
 * copy of it ends, although the copying is recorded too.  Who reads on behind that 0 gets what has
 * come since, again up to an END and a 0; 0 alone: nothing has.  What is overwritten before a
 * reader comes is missing, and shows as a gap in its core's seq.  poll(2) calls it always readable:
 * who follows it sleeps between its reads.
 */
#pragma once

#define TRACE_DEVICE "/dev/trace"
#define TRACE_MAJOR  10
#define TRACE_MINOR  241
