/*
 * client.h - a session with a 9P server: the virtio device that leads to it (which has a name,
 * mount_tag, and one queue), requests with their tags, and fids, which are the names of files for
 * the server.
 *
 * A request's two buffers are the device's until it gives them back, also when the task that asked
 * has been killed meanwhile: then the server is told to forget it (Tflush), and whoever comes last
 * frees it.
 * Lock: session->lock (spin lock, irqsave): the queue, tags, and the lists.
 * Source: Virtual I/O Device Specification 1.2, 5.11 (device type 9), and QEMU.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/9p/wire.h"
#include "task/wait.h"

struct virtio_device;

#define P9_MSIZE     (128 * 1024)
#define P9_MSIZE_MIN 4096
#define P9_MSIZE_MAX (1024 * 1024)
#define P9_NOUID     UINT32_MAX
#define P9_TAG_MAX   255 /* bytes of a device's name: longer ones are nobody's */

/* One a device, made when that is found; it stays. */
struct p9_session {
	struct list_node link; /* in the list of all */
	struct virtio_device *dev;
	char mount_tag[P9_TAG_MAX + 1]; /* by which mount(2) names it */
	bool taken;			/* it is mounted; atomic */
	bool ending;			/* its fids need not be clunked */
	uint32_t only_uid;		/* nobody else may use names; P9_NOUID: all may */
	uint32_t msize;			/* bytes of a message, as agreed */
	uint32_t next_fid;		/* atomic */
	struct spinlock lock;
	uint64_t tags;		   /* those in use; lock */
	struct list_node dead;	   /* requests that are to be freed, by a task; lock */
	struct wait_queue room;	   /* a tag is free, or the queue has room; or all has ended */
	struct wait_queue answers; /* one has come; all who wait for one look */
};

struct p9_request {
	struct p9_session *session;
	struct list_node link; /* in session->dead */
	/*
	 * Writing, and after p9_call reading the reply.  Its new_fid (P9_NOFID: none) is clunked if
	 * nobody waits for that.
	 */
	struct p9_wire wire;
	uint8_t *t, *r;		 /* what is asked, what is answered */
	uint32_t t_size, r_size; /* bytes of these */
	uint32_t len;		 /* of the answer */
	uint16_t tag;
	uint8_t type;
	bool has_tag;
	bool done;		    /* atomic: it was answered */
	bool left;		    /* nobody waits for it */
	uint32_t refs;		    /* the task's, the device's, a Tflush's; lock */
	struct p9_request *flushes; /* of a Tflush: which; held */
};

#define P9_NOT_OPEN UINT32_MAX
/* A file as the server knows it; open or not.  Referenced; clunked with the last one. */
struct p9_fid {
	struct ref refs;
	struct p9_session *session;
	uint32_t id;
	uint32_t mode; /* the O_ACCMODE with which it is open, or P9_NOT_OPEN */
};

/* p9_may_use - may current use names and attributes of its files (access=UID)? */
bool p9_may_use(const struct p9_session *s) __must_check;

/*
 * p9_begin - a request of @type, with room for @t_room bytes and for an answer of @r_room, besides
 * the heads.  err_ptr(-ENOMEM).  May sleep.
 * p9_call - it is sent, and answered: 0, and q->wire stands behind the answer's head; -errno: the
 * server's, -EIO, or with @killable -EINTR: current is to die.  May sleep.
 * p9_end - the caller is done with it.
 */
struct p9_request *p9_begin(struct p9_session *s, uint8_t type, size_t t_room,
			    size_t r_room) __must_check;
int p9_call(struct p9_request *q, bool killable) __must_check;
void p9_end(struct p9_request *q);

/* p9_fid_new - a number, which the server does not know yet.  NULL: no memory. */
struct p9_fid *p9_fid_new(struct p9_session *s) __must_check;
static inline void p9_fid_get(struct p9_fid *f)
{
	ref_get(&f->refs);
}
/*
 * p9_fid_put - the last one lets the server forget it, without waiting for that.  NULL is nothing.
 * p9_fid_forget - of one that the server never knew.
 */
void p9_fid_put(struct p9_fid *f);
void p9_fid_forget(struct p9_fid *f);

/*
 * p9_session_begin - with the server behind the device called @mount_tag, for the caller alone;
 * messages are of up to @msize bytes.  err_ptr(-ENOENT: there is no such device, -EBUSY, -ENOMEM,
 * -EIO, and what the server says).
 * p9_session_end - nothing of it is used any more.
 */
struct p9_session *p9_session_begin(const char *mount_tag, uint32_t msize) __must_check;
void p9_session_end(struct p9_session *s);
