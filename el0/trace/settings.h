/*
 * settings.h - what is recorded: the kernel's files in /sys/kernel/newel/trace (docs/trace.md).
 */
#pragma once

#include <stdbool.h>

#define SETTINGS_MAX 16

/*
 * settings_put - file @name of that folder gets @text; what stood in it before the first time is
 * kept for settings_restore.  0 or -errno, which is said; settings_try says nothing.
 */
int settings_put(const char *name, const char *text);
int settings_try(const char *name, const char *text);

/* settings_option - the same of "NAME=TEXT", as an option has it. */
int settings_option(const char *option);

/* settings_has - was this one put? */
bool settings_has(const char *name);

/* settings_restore - all as it was, the last that was put first. */
void settings_restore(void);
