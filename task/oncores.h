/*
 * oncores.h - a function called on every core.
 */
#pragma once

/*
 * cores_call - @fn(@arg) on every core that is online, this one too, with interrupts masked, in
 * interrupt context; returns when all have done it, each behind a context synchronization event.
 * So it is also the barrier for those who look something up with interrupts masked: after it, none
 * of them still uses what was taken out of a list before it.  @fn NULL: that alone. May sleep (one
 * caller at a time); no spin lock held, interrupts let in.
 */
void cores_call(void (*fn)(void *arg), void *arg);
