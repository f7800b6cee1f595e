/*
 * adjust.h - what root does to the wall clock: clock_settime(2), settimeofday(2), adjtimex(2).
 */
#pragma once

#include <stdint.h>

#include "abi/timex.h"
#include "lib/util.h"

/* clock_set_wall - it is now @ns: also at boot, what the RTC says.  May sleep. */
void clock_set_wall(uint64_t ns);

/*
 * clock_show_in - @page, which the vDSO has just got, shows what the clocks are from now on.  May
 * sleep.
 */
struct vdso_data;
void clock_show_in(struct vdso_data *page);

/*
 * clock_change - it is *@ns, in time zone *@tz, if they are not NULL.  0, -EPERM, -EINVAL (no such
 * zone).  May sleep.
 */
int clock_change(const uint64_t *ns, const struct timezone *tz) __must_check;

/*
 * clock_adjust - does what @t->modes asks for, and fills @t with how things are.  The clock's state
 * (TIME_*), or -EINVAL, -EPERM, -EOPNOTSUPP.  May sleep.
 */
int clock_adjust(struct timex *t) __must_check;
