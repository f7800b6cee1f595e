/*
 * rtc.c - the clock (PL031, Arm DDI 0224): the host's time, or on from what the guest set, which a
 * reset does not change.  It has no alarm.
 */
#include "el0/lib/syscall.h"
#include "el0/vm/vm.h"

#define REGISTERS(R) R(DR, 0x00) R(LR, 0x08) R(CR, 0x0c) R(ID, 0xfe0)

enum { REGISTERS(MMIO_AT) };
static const struct mmio_reg regs[] = { REGISTERS(MMIO_NAME){ ~0u, "" } };

static uint32_t offset; /* the guest's time is so much ahead; atomic */

static uint32_t host_seconds(void)
{
	struct timespec now = { 0 };

	svc_clock_gettime(CLOCK_REALTIME, &now);
	return (uint32_t)now.tv_sec;
}

static uint64_t rtc_read(struct mmio *m, uint32_t at, unsigned int n)
{
	(void)m, (void)n;
	if (at == DR || at == LR)
		return host_seconds() + __atomic_load_n(&offset, __ATOMIC_RELAXED);
	return at == CR; /* it runs */
}

static void rtc_write(struct mmio *m, uint32_t at, unsigned int n, uint64_t value)
{
	(void)m, (void)n;
	if (at == LR)
		__atomic_store_n(&offset, (uint32_t)value - host_seconds(), __ATOMIC_RELAXED);
}

struct mmio rtc = { "pl031", VM_RTC, 0xb105f00d00041031, rtc_read, rtc_write, regs };
