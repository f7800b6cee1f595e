/*
 * serial_words.h - what the command line and the device tree say of serial lines, in Linux's words
 * (Documentation/admin-guide: serial-console.rst; kernel-parameters.txt, earlycon=).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

/*
 * parse_line_speed - the speed of "115200n8", as it stands behind the comma of console= and behind
 * the colon of stdout-path
 * @n:     how many bytes may be read; a NUL ends the text earlier
 * @baud:  set on success
 *
 * Returns 0, or -EINVAL: that is no speed, or another line than 8 bits without parity.  A flow
 * control ('r') is taken, and not done: its wires are not at the header.
 */
int parse_line_speed(const char *s, size_t n, uint32_t *baud) __must_check;

enum earlycon_kind { EARLYCON_PL011, EARLYCON_MINI_UART };

struct earlycon_word {
	enum earlycon_kind kind;
	uint64_t address; /* physical */
	uint32_t baud;	  /* 0: not said */
};

/*
 * parse_earlycon - the value of earlycon=: pl011,ADDR  pl011,mmio32,ADDR  bcm2835aux,mmio32,ADDR
 * uart8250,mmio32,ADDR (whose registers are the mini UART's), each with ,OPTIONS or without
 *
 * Returns 0, or -EINVAL: it is not one of these.
 */
int parse_earlycon(const char *s, size_t n, struct earlycon_word *w) __must_check;
