/*
 * pty.h - pseudo-terminals: /dev/ptmx, and devpts with the terminals that it makes.
 */
#pragma once

#include <stdbool.h>

struct file;

/* pty_is_master - is @f one? */
bool pty_is_master(const struct file *f);

/* pty_init - /dev/ptmx, and mount(2) knows devpts.  Boot core. */
void pty_init(void);
