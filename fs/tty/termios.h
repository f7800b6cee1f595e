/*
 * termios.h - a terminal's settings.
 */
#pragma once

#include "fs/tty/tty.h"

/*
 * tty_termios_ioctl - the requests that get and set the terminal's settings: 0 or -errno, -ENOTTY:
 * it is none of them.
 */
long tty_termios_ioctl(struct tty *t, uint32_t cmd, void *arg);
