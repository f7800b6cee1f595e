/*
 * wire.h - 9P2000.L as bytes: what is put into a message, and what is taken out of a reply.
 *
 * Integers are little-endian, as ours are; a string is its length (16 bits) and bytes without a
 * NUL.  A reply is the server's claim: nothing is read behind its end, and what breaks the rules
 * makes the message bad (-EIO), once and for all.  The reply's memory may change while it is read,
 * so each field is copied, and looked at then.  Built for the host too.
 *
 * The fields of a message are said by letters: what is put, and where what is taken goes to (of a
 * number to NULL: it is left out).
 *
 *  b h d q  8, 16, 32, 64 bits: a uint32_t, for q a uint64_t; taken: a pointer to so many bits
 *  F        put only: as d, the number of a fid that the message makes
 *  s        a string: const char *; taken: char *buf, size_t its size
 *  n        put only: a string, const struct name *
 *  D        how many, and so many bytes: struct iter *, uint32_t the most; put: fewer, as far as
 *           the caller's memory is there
 *  Q        taken only: a qid, uint64_t *path of it
 *  t        taken only: a time, struct vfs_time *
 *
 * Source: diod's description of 9P2000.L, and intro(5) of Plan 9 for the rest.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

/* Types of messages; the reply to each is one more. */
enum p9_type {
	P9_RLERROR = 7,
	P9_TSTATFS = 8,
	P9_TLOPEN = 12,
	P9_TLCREATE = 14,
	P9_TSYMLINK = 16,
	P9_TMKNOD = 18,
	P9_TREADLINK = 22,
	P9_TGETATTR = 24,
	P9_TSETATTR = 26,
	P9_TXATTRWALK = 30,
	P9_TXATTRCREATE = 32,
	P9_TREADDIR = 40,
	P9_TFSYNC = 50,
	P9_TLINK = 70,
	P9_TMKDIR = 72,
	P9_TRENAMEAT = 74,
	P9_TUNLINKAT = 76,
	P9_TVERSION = 100,
	P9_TATTACH = 104,
	P9_TFLUSH = 108,
	P9_TWALK = 110,
	P9_TREAD = 116,
	P9_TWRITE = 118,
	P9_TCLUNK = 120,
};

#define P9_HEAD	     7		    /* size[4] type[1] tag[2] */
#define P9_DATA_HEAD (P9_HEAD + 16) /* of Twrite, the longest before data */
#define P9_NOTAG     0xffff
#define P9_NOFID     UINT32_MAX
#define P9_NAME_MAX  255
#define P9_LINK_MAX  4095

/* A message being written or read; where @at is NULL, its fields are only counted. */
struct p9_wire {
	uint8_t *at, *end;
	size_t room;	  /* bytes that its fields take, at most */
	uint32_t new_fid; /* of F */
	int err;	  /* why it is no message: it is bad, or -ENAMETOOLONG, -EFAULT */
};

/*
 * p9_put, p9_get - the fields @fmt.  p9_get: 0, or @w's error; all that it did not find is 0.
 * p9_vput - those before a '>' in @fmt: what comes behind.  p9_vget - as p9_get.  They move @args.
 * D may sleep.
 */
void p9_put(struct p9_wire *w, const char *fmt, ...);
int p9_get(struct p9_wire *w, const char *fmt, ...) __must_check;
const char *p9_vput(struct p9_wire *w, const char *fmt, va_list *args);
int p9_vget(struct p9_wire *w, const char *fmt, va_list *args) __must_check;

/*
 * p9_reply - @buf of @len bytes is the reply to a @type with @tag: @w stands behind its head.  0;
 * -EIO: it is not; -errno: the server says no.
 */
int p9_reply(struct p9_wire *w, uint8_t *buf, size_t len, uint8_t type, uint16_t tag) __must_check;
