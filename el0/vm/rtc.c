/*
 * rtc.c - the clock (PL031, Arm DDI 0224): the host's time, or on from what the guest set.  It has
 * no alarm.
 */
#include "el0/lib/syscall.h"
#include "el0/vm/vm.h"

enum { DR = 0x00, LR = 0x08, CR = 0x0c, ID = 0xfe0 };

static uint32_t offset; /* the guest's time is so much ahead; atomic */

static uint32_t host_seconds(void)
{
	struct timespec now = { 0 };

	svc_clock_gettime(CLOCK_REALTIME, &now);
	return (uint32_t)now.tv_sec;
}

static uint64_t rtc_read(struct mmio *m, uint32_t at, unsigned int n)
{
	static const uint8_t ids[] = { 0x31, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	(void)m, (void)n;
	if (at == DR || at == LR)
		return host_seconds() + __atomic_load_n(&offset, __ATOMIC_RELAXED);
	return at >= ID ? ids[(at - ID) / 4] : at == CR; /* it runs */
}

static void rtc_write(struct mmio *m, uint32_t at, unsigned int n, uint64_t value)
{
	(void)m, (void)n;
	if (at == LR)
		__atomic_store_n(&offset, (uint32_t)value - host_seconds(), __ATOMIC_RELAXED);
}

static const char *rtc_reg(uint32_t at)
{
	return at == DR ? "DR" : at == LR ? "LR" : at == CR ? "CR" : at >= ID ? "ID" : "?";
}

void rtc_start(struct vm *vm)
{
	static struct mmio m = { .name = "pl031",
				 .base = VM_RTC,
				 .read = rtc_read,
				 .write = rtc_write,
				 .reg_name = rtc_reg };

	m.next = vm->mmio;
	vm->mmio = &m;
}
