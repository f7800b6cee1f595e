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
