/*
 * svctrace.h - each system call into the ring, by the vector tables that are called _traced
 * (el1/vectors.S).
 */
#pragma once

#include <stdint.h>

struct trapframe;

/*
 * svc_trace_enter - the SVC as it came in, call @nr with its arguments, all of which @tf has too.
 * Everything masked.
 */
void svc_trace_enter(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
		     struct trapframe *tf, uint64_t nr);

/*
 * svc_trace_leave - it goes out again, with @answer in x0, there is no other work than this
 * (WORK_TRACE), and trace_svc_plain was not 0: what is done here wakes nobody.  Everything masked.
 * Return: @answer.
 */
int64_t svc_trace_leave(int64_t answer, struct trapframe *tf);
