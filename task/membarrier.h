/*
 * membarrier.h - membarrier(2): every core that runs a program passes a full barrier before the
 * call returns.
 */
#pragma once

#include <stdint.h>

/*
 * membarrier - @cmd of linux/membarrier.h, on current's address space; @flags must be 0.
 * Return: what the command gives, -EINVAL (unknown), -EPERM (expedited, and not registered).  May
 * sleep.
 */
long membarrier(uint32_t cmd, uint32_t flags) __attribute__((warn_unused_result));
