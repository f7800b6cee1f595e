/*
 * swapd.h - the kernel's task that keeps some memory free, where there is swap.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mm/swap.h"

/* /proc/sys/vm/swappiness, 0..200: how much pages of programs go rather than those of files. */
extern uint32_t swappiness;

/*
 * swapd_start - there is swap: the task is made, if it is not there.  @write: writes a batch, and
 * waits for it; each page's error.  0 or -ENOMEM.  One at a time.
 * swapd_wait - memory is short: it is made free, by pages that go out or by others, and waited for.
 * False: there is none to be had that way, or current is to die.  May sleep; no lock that the
 * page cache takes is held, nor mm->lock.
 */
int swapd_start(void (*write)(struct swap_batch *b)) __must_check;
bool swapd_wait(void);
