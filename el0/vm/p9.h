/*
 * p9.h - the server of 9P2000.L (the protocol of Linux's 9p file system) over one folder.
 *
 * A file is known by its path below the folder, which is walked anew for each use with openat2(2)
 * and no symbolic link followed: the guest gets nothing outside, whatever it or another makes of
 * the tree meanwhile.  It neither makes nor opens devices.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/stat.h"
#include "abi/uio.h"

#define P9_MSIZE    (128u << 10) /* the longest message */
#define P9_HEAD	    8192u	 /* a request but for the data of a write */
#define P9_REPLY    (64u << 10)	 /* an answer but for the data of a read */
#define P9_PATH	    4096
#define P9_NAME	    256
#define P9_FIDS	    64
#define P9_FIDS_MAX (4u << 20) /* bytes that the fids of a guest may take here */

struct p9_fid {
	struct p9_fid *next;
	uint32_t id, uid;
	int fd; /* -1: not open */
	bool is_dir;
	char path[]; /* below the root, which is "" */
};

/* A file that a request names: in a directory that is open as long as the request lasts. */
struct p9_place {
	struct p9_fid *fid;
	int dir;
	char name[P9_NAME], path[P9_PATH];
};

struct p9 {
	int root; /* the folder */
	uint32_t msize;
	struct p9_fid *fids[P9_FIDS];
	size_t fids_bytes;

	/* The request at hand, what it says by its format, and its answer. */
	uint8_t head[P9_HEAD], reply[P9_REPLY];
	size_t head_size, head_at, reply_at;
	bool bad; /* it ends before what it must hold, or says what cannot be */
	struct p9_place at[2];
	uint64_t number[10];
	char text[P9_PATH];
	struct stat stat;
	/* The data of a write, of the answer to a read: pieces, and bytes there may be. */
	const struct iovec *data;
	size_t data_n;
	uint64_t data_bytes;
};

/*
 * p9_request - answer the request in @out (@n_out pieces, @out_bytes) into @in: bytes of the
 * answer; 0: there is no room even for an error, or no request.
 */
uint32_t p9_request(struct p9 *s, const struct iovec *out, size_t n_out, uint64_t out_bytes,
		    const struct iovec *in, size_t n_in, uint64_t in_bytes);

/* p9_forget - all fids are gone, and the files behind them closed. */
void p9_forget(struct p9 *s);
