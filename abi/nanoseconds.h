/*
 * nanoseconds.h - the kernel's unit of time, and how many of them other units have.  The vDSO
 * counts in them, too.
 */
#pragma once

#include <stdint.h>

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_US UINT64_C(1000)
#define US_PER_S  UINT64_C(1000000)
