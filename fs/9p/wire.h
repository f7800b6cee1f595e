/*
 * wire.h - 9P2000.L as bytes: what is put into a message, and what is taken out of a reply.
 *
 * Integers are little-endian, a string is its length (16 bits) and bytes without a NUL.  A reply is
 * the server's claim: nothing is read behind its end, and what breaks the rules makes the message
 * bad (-EIO), once and for all.  The reply's memory may change while it is read, so each field is
 * read once.  Pure C, built for the host too.
 * Source: diod's description of 9P2000.L, and intro(5) of Plan 9 for the rest.
 */
#pragma once

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

/* A message being written or read. */
struct p9_wire {
	uint8_t *at, *end;
	bool bad; /* it did not fit, or says what cannot be */
};

struct p9_qid {
	uint8_t type;
	uint32_t version;
	uint64_t path;
};

struct p9_time {
	uint64_t sec, nsec;
};

struct p9_attr {
	struct p9_qid qid;
	uint32_t mode, uid, gid, rdev;
	uint64_t nlink, size, blocks;
	struct p9_time atime, mtime, ctime, btime;
};

#define P9_GETATTR_ALL	0x3fffu /* with btime, generation, data version */
/* Tsetattr's valid. */
#define P9_SET_MODE	0x1u
#define P9_SET_UID	0x2u
#define P9_SET_GID	0x4u
#define P9_SET_SIZE	0x8u
#define P9_SET_ATIME	0x10u /* to the present, but for P9_SET_ATIME_TO */
#define P9_SET_MTIME	0x20u
#define P9_SET_CTIME	0x40u
#define P9_SET_ATIME_TO 0x80u
#define P9_SET_MTIME_TO 0x100u

struct p9_statfs {
	uint32_t type, bsize, namelen;
	uint64_t blocks, bfree, bavail, files, ffree, fsid;
};

/* An entry of Rreaddir. */
struct p9_entry {
	struct p9_qid qid;
	uint64_t next; /* the position behind it */
	uint8_t type;  /* DT_* */
	uint32_t len;
	char name[P9_NAME_MAX + 1]; /* no slash, no NUL but at its end */
};

void p9_put8(struct p9_wire *w, uint8_t v);
void p9_put16(struct p9_wire *w, uint16_t v);
void p9_put32(struct p9_wire *w, uint32_t v);
void p9_put64(struct p9_wire *w, uint64_t v);
void p9_put_string(struct p9_wire *w, const char *s, size_t n);

uint8_t p9_get8(struct p9_wire *w);
uint16_t p9_get16(struct p9_wire *w);
uint32_t p9_get32(struct p9_wire *w);
uint64_t p9_get64(struct p9_wire *w);
void p9_get_qid(struct p9_wire *w, struct p9_qid *q);
/* p9_get_string - at most @size - 1 bytes and a NUL into @buf: how many; a NUL in it is bad. */
size_t p9_get_string(struct p9_wire *w, char *buf, size_t size);

/*
 * p9_reply - @buf of @len bytes is the reply to a @type with @tag: @w stands behind its head.  0;
 * -EIO: it is not; -errno: the server says no.
 */
int p9_reply(struct p9_wire *w, uint8_t *buf, size_t len, uint8_t type, uint16_t tag) __must_check;
/* p9_get_* - the rest of a reply.  0 or -EIO. */
int p9_get_attr(struct p9_wire *w, struct p9_attr *a) __must_check;
int p9_get_statfs(struct p9_wire *w, struct p9_statfs *s) __must_check;
/* p9_get_count - what Rread, Rreaddir say to have, which is there, and at most @most; or -EIO. */
long p9_get_count(struct p9_wire *w, uint32_t most) __must_check;
/* p9_get_entry - the next of Rreaddir's data: 1; 0: there are no more; -EIO. */
int p9_get_entry(struct p9_wire *w, struct p9_entry *e) __must_check;
