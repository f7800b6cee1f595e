/*
 * watch.h - what the log says of a core that does not give way (task/watch.h).
 */
#pragma once

/* watch_init - from here on it is said, as @cmdline wants it.  Boot core, before the first task. */
void watch_init(const char *cmdline);
