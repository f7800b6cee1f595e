/*
 * counts.h - what the kernel has counted of crossings (abi/counters.h), read and taken apart.
 */
#pragma once

#include <stdbool.h>

#include "abi/counters.h"

#define CORES_MAX 8
#define KINDS_MAX 16
#define CALLS_MAX 512
#define IRQS_MAX  1024

/* Of all cores. */
struct times {
	uint64_t entries, sum_ns, max_ns;
	uint64_t in_bucket[COUNTERS_BUCKETS];
};

struct counts {
	uint64_t time_ns, since_ns, cores;
	int kinds;
	struct {
		char label[24]; /* "EL0->EL1 svc" */
		uint64_t on[CORES_MAX];
		struct times times;
	} kind[KINDS_MAX];
	struct {
		char name[24]; /* "": it was not made */
		struct times times;
	} call[CALLS_MAX];
	struct {
		char name[20];
		uint64_t on[CORES_MAX], all;
	} irq[IRQS_MAX];
};

/* counts_read - all that has been counted, into @c.  0 or -errno; -ENODATA: it is switched off. */
int counts_read(struct counts *c);
/*
 * counts_subtract - of @now what has come since @before; all of it, if counting has begun anew.
 * What was longest cannot be taken apart: it stays.  Returns how long that is, in ns.
 */
uint64_t counts_subtract(struct counts *now, const struct counts *before);
