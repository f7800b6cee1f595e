/*
 * futex.h - futex(2)'s operations, and the list of robust ones that set_robust_list(2) registers.
 */
#pragma once

#include <stdint.h>

#define FUTEX_WAIT	       0
#define FUTEX_WAKE	       1
#define FUTEX_REQUEUE	       3
#define FUTEX_CMP_REQUEUE      4
#define FUTEX_WAKE_OP	       5
#define FUTEX_WAIT_BITSET      9
#define FUTEX_WAKE_BITSET      10
#define FUTEX_PRIVATE_FLAG     128
#define FUTEX_CLOCK_REALTIME   256
#define FUTEX_BITSET_MATCH_ANY 0xffffffff

#define FUTEX_WAITERS	       0x80000000
#define FUTEX_OWNER_DIED       0x40000000
#define FUTEX_TID_MASK	       0x3fffffff

struct robust_list_head {
	uint64_t list; /* user address of the first entry */
	int64_t futex_offset;
	uint64_t list_op_pending;
};

#define ROBUST_LIST_LIMIT 2048
