/*
 * rusage.h - struct rusage from what task/ counts.
 */
#pragma once

#include <stdint.h>

#include "abi/resource.h"
#include "task/usage.h"

/* rusage_fill - @time, and voluntary and involuntary switches; what is not counted is 0. */
void rusage_fill(struct rusage *ru, struct cpu_time time, uint64_t voluntary, uint64_t involuntary);

/* rusage_maxrss - ru_maxrss: @pages in KiB. */
int64_t rusage_maxrss(uint64_t pages);
