/*
 * poll.h - what the calls that wait for files have in common.
 */
#pragma once

#include <stdint.h>

#include "mm/uaccess.h"

/*
 * wait_begin_mask - the signal mask at @from (NULL: none) for the time of the call; *@old is to be
 * given back.  0, -EFAULT, -EINVAL.
 * wait_end_mask - the call answers @ret.  A signal that ended the wait (-EINTR, -ERESTARTNOHAND) is
 * delivered under the call's own mask; the old one comes back after its handler.
 */
int wait_begin_mask(uptr from, uint64_t size, uint64_t *old) __must_check;
void wait_end_mask(uptr from, uint64_t old, long ret);
