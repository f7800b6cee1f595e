/*
 * timex.h - adjtimex(2), clock_adjtime(2): how good the wall clock is, and what is to be done about
 * it.
 */
#pragma once

#include <stdint.h>

#include "abi/time.h"

struct timex {
	uint32_t modes; /* ADJ_*: what is set; 0: only ask */
	int64_t offset;
	int64_t freq;		    /* 2^-16 ppm */
	int64_t maxerror, esterror; /* us */
	int32_t status;		    /* STA_* */
	int64_t constant;
	int64_t precision;   /* us */
	int64_t tolerance;   /* as freq */
	struct timeval time; /* ns instead of us with STA_NANO */
	int64_t tick;	     /* us between ticks of 1/USER_HZ s */
	int64_t ppsfreq, jitter;
	int32_t shift;
	int64_t stabil, jitcnt, calcnt, errcnt, stbcnt;
	int32_t tai; /* s */
	int32_t pad[11];
};
_Static_assert(sizeof(struct timex) == 208, "struct timex");

#define ADJ_OFFSET	      0x0001
#define ADJ_FREQUENCY	      0x0002
#define ADJ_MAXERROR	      0x0004
#define ADJ_ESTERROR	      0x0008
#define ADJ_STATUS	      0x0010
#define ADJ_TIMECONST	      0x0020
#define ADJ_TAI		      0x0080
#define ADJ_SETOFFSET	      0x0100
#define ADJ_MICRO	      0x1000
#define ADJ_NANO	      0x2000
#define ADJ_TICK	      0x4000
#define ADJ_OFFSET_SINGLESHOT 0x8001 /* adjtime(3) */
#define ADJ_OFFSET_SS_READ    0xa001

#define STA_PLL		      0x0001
#define STA_INS		      0x0010
#define STA_DEL		      0x0020
#define STA_UNSYNC	      0x0040
#define STA_CLOCKERR	      0x1000
#define STA_NANO	      0x2000
#define STA_RONLY	      0xff00 /* what ADJ_STATUS does not change */

#define TIME_OK		      0
#define TIME_ERROR	      5
