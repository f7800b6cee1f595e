/* input.h - what is typed at a terminal, on its way to the reader. */
#pragma once

#include "fs/tty/tty.h"

struct poll_wait;

/* tty_input - bytes came in.  Task context; does not sleep but for spinlocks. */
void tty_input(struct tty *t, const char *buf, size_t n);

/* tty_break - a BREAK came in. */
void tty_break(struct tty *t);

/* tty_input_room - how many bytes tty_input() can take without losing one. */
size_t tty_input_room(struct tty *t);

/* tty_flush_input - what was typed and not read is dropped; t->lock held. */
void tty_flush_input(struct tty *t);

/* The operations of an open terminal; file->private is its struct tty. */
long tty_read(struct file *f, struct iter *to, uint64_t *pos);
uint32_t tty_poll(struct file *f, struct poll_wait *w);
