/*
 * pty.h - pseudo-terminals: /dev/ptmx, and devpts with the terminals that it makes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct file;

/*
 * /proc/sys/kernel/pty: fewer than max are there at a time, else -ENOSPC; reserve is for mounts
 * that Newel has not.  pty_count - how many.
 */
struct pty_limits {
	uint32_t max, reserve;
};
extern struct pty_limits pty_limits;
uint32_t pty_count(void);

/* pty_is_master - is @f one? */
bool pty_is_master(const struct file *f);

/* pty_init - /dev/ptmx, and mount(2) knows devpts.  Boot core. */
void pty_init(void);
