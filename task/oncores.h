/*
 * oncores.h - a function called on every core.
 */
#pragma once

#include "arm/might_sleep.h"

/*
 * cores_call - @fn(@arg) on every core that is online, this one too, with interrupts masked, in
 * interrupt context; returns when all have done it, each behind a context synchronization event.
 * So it is also the barrier for those who look something up with interrupts masked: after it, none
 * of them still uses what was taken out of a list before it.  @fn NULL: that alone. May sleep (one
 * caller at a time); no spin lock held, interrupts let in.
 */
void cores_call(void (*fn)(void *arg), void *arg);
#ifdef MODULE
#define cores_call(fn, arg) (might_sleep(), (cores_call)(fn, arg))
#endif

/* cores_call_init - once, on the boot core, before the others send. */
void cores_call_init(void);

/*
 * cores_have_a53_843419 - has any core the erratum of arm/errata.h that an ADRP at the end of a
 * page may meet?  As cores_call.
 */
bool cores_have_a53_843419(void);
