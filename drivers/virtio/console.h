/*
 * console.h - virtio's console: bytes to and from the host, for a terminal above (fs/tty/hvc.c).
 *
 * Nothing here waits.  The device's first port alone is served; there is one such device at most.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

/*
 * Both are called in the interrupt handler, no lock held: readable - something came in; writable -
 * there is room again after virtio_console_write took less than it was given.
 */
struct virtio_console_client {
	void (*readable)(void);
	void (*writable)(void);
};

/*
 * virtio_console_size - is there such a device?  And what it says of its window; zeros: nothing.
 * virtio_console_attach - @client (kept) from now on, also of what came in before.  Boot, once.
 */
bool virtio_console_size(uint16_t *columns, uint16_t *rows) __must_check;
void virtio_console_attach(const struct virtio_console_client *client);

/*
 * virtio_console_write - take the first bytes of @buf: how many.  A device that is broken takes,
 * and loses, all.  virtio_console_pending - bytes that the host has not taken yet.
 * virtio_console_read - up to @n bytes that came in; what is not read waits with the host.
 * virtio_console_has_input - would it give some?  All: any context.
 */
size_t virtio_console_write(const char *buf, size_t n);
size_t virtio_console_pending(void);
size_t virtio_console_read(char *buf, size_t n);
bool virtio_console_has_input(void);
