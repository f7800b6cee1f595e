/*
 * rtc.h - the time of day, where the machine has a clock for it: Arm's PL031, read once at boot.
 */
#pragma once

#include <stdint.h>

/*
 * rtc_boot_time_ns - what to add to timer_now_ns() for nanoseconds since 1970 (UTC), accurate to a
 * second. 0 where there is no clock (a Raspberry Pi): the epoch is the reset then, until a program
 * sets the time.  Any context.
 */
uint64_t rtc_boot_time_ns(void);
