/*
 * watch.h - levels -w: crossings between the levels, refreshed like top(1).
 */
#pragma once

/*
 * levels_watch - every @seconds a table; @times of them, 0: until q or ^C, and one where standard
 * output is no terminal.  Switches the kernel's counting on, and off again if it did.  The exit
 * status.
 */
int levels_watch(unsigned int seconds, unsigned int times);
