/*
 * rtc.h - what /dev/rtc0 is asked, and answers (rtc(4)).
 */
#pragma once

#include <stdint.h>

struct rtc_time {
	int32_t tm_sec, tm_min, tm_hour;
	int32_t tm_mday, tm_mon, tm_year; /* from 1, from 0, from 1900 on */
	int32_t tm_wday, tm_yday, tm_isdst;
};

struct rtc_wkalrm {
	uint8_t enabled, pending;
	struct rtc_time time;
};

#define RTC_AIE_ON    0x7001
#define RTC_AIE_OFF   0x7002
#define RTC_UIE_ON    0x7003
#define RTC_UIE_OFF   0x7004
#define RTC_PIE_ON    0x7005
#define RTC_PIE_OFF   0x7006
#define RTC_ALM_SET   0x40247007
#define RTC_ALM_READ  0x80247008
#define RTC_RD_TIME   0x80247009
#define RTC_SET_TIME  0x4024700a
#define RTC_IRQP_READ 0x8008700b
#define RTC_IRQP_SET  0x4008700c
#define RTC_WKALM_SET 0x4028700f
#define RTC_WKALM_RD  0x80287010

/* What read(2) gives: how often something has happened << 8, and what. */
#define RTC_IRQF      0x80
#define RTC_PF	      0x40
#define RTC_AF	      0x20
#define RTC_UF	      0x10
