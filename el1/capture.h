/*
 * capture.h - what a call's arguments point to, as chunks of its record (abi/trace_stream.h), under
 * the word `args` of the trace.
 *
 * Both are called by the trace in task context, with interrupts masked, for a frame of EL0's.  They
 * never fault, sleep or wait for a lock: what is not in memory, or all of it while somebody else
 * has the address space's lock, is left out and marked; then it is taken on the way out, when the
 * call has brought it in.  How much is taken is bounded whatever the arguments say: a path of 256
 * bytes, 32 of a buffer or another string, 32 structs, 8 pieces of a vector, 16 strings of a list.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arm/trapframe.h"

#define CAPTURE_MAX 1536 /* bytes: a multiple of 8 that fits behind any record */

/*
 * capture_enter - chunks for the SVC record of @tf into @buf, CAPTURE_MAX bytes, aligned to 8.
 * Return: their length, a multiple of 8.
 */
size_t capture_enter(const struct trapframe *tf, void *buf);

/*
 * capture_exit - the same for its RETURN record; @tf is the frame that it came in with, @result its
 * answer.
 * capture_done - behind each of the two, when the record is written: the address space is unlocked,
 * and whoever waits for it woken.
 */
size_t capture_exit(const struct trapframe *tf, int64_t result, void *buf);
void capture_done(void);
