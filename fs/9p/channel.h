/*
 * channel.h - the way to a 9P server: a virtio device, which has a name (mount_tag) and one queue.
 * Source: Virtual I/O Device Specification 1.2, 5.11 (device type 9), and QEMU.
 */
#pragma once

#include <stdbool.h>

#include "fs/9p/client.h"

/*
 * p9_channel_take - the one called @tag, for @s alone.  err_ptr(-ENOENT, -EBUSY).
 * p9_channel_give - it is free again, and no interrupt handler uses the session any more.
 * p9_channel_send - @q's buffers become the device's.  False: its queue is full.  s->lock is held.
 */
struct p9_channel *p9_channel_take(const char *tag, struct p9_session *s) __must_check;
void p9_channel_give(struct p9_channel *c);
bool p9_channel_send(struct p9_channel *c, struct p9_request *q) __must_check;
