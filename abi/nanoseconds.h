/*
 * nanoseconds.h - in which the kernel tells all times, and how many of them there are.  The vDSO
 * counts in them, too.
 */
#pragma once

#include <stdint.h>

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_US UINT64_C(1000)
#define US_PER_S  UINT64_C(1000000)
