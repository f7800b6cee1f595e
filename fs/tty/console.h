/*
 * console.h - the serial console.
 */
#pragma once

/*
 * console_init - the serial console's terminal and its devices: console, tty, and its own name.
 * Boot core, after uart_init().
 */
void console_init(void);
