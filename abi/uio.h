/*
 * uio.h - the vectors of readv(2) and writev(2).
 */
#pragma once

#include <stdint.h>

struct iovec {
	uint64_t iov_base; /* user address */
	uint64_t iov_len;  /* bytes; more than SSIZE_MAX in one, or in all together, is -EINVAL */
};

#define UIO_MAXIOV 1024

/* preadv2(2), pwritev2(2) */
#define RWF_HIPRI  0x01
#define RWF_DSYNC  0x02
#define RWF_SYNC   0x04
#define RWF_NOWAIT 0x08
#define RWF_APPEND 0x10
