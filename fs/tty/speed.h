/*
 * speed.h - a line's speeds.
 */
#pragma once

#include "abi/termios.h"

/* tty_set_speeds - c_ispeed and c_ospeed of @m become what its c_cflag says. */
void tty_set_speeds(struct termios2 *m);
