/*
 * pl031.c - Arm's PrimeCell real-time clock: a register that counts seconds since 1970. It is read
 * once; from there on the generic timer keeps the time, which is finer and costs no device access.
 * Source: Arm DDI 0224C.
 */
#include "abi/errno.h"
#include "abi/nanoseconds.h"
#include "arm/mmio.h"
#include "drivers/device.h"
#include "drivers/rtc/pl031.h"
#include "drivers/rtc/rtc.h"
#include "drivers/timer/timer.h"

static uint64_t boot_time_ns;

uint64_t rtc_boot_time_ns(void)
{
	return boot_time_ns;
}

static int pl031_probe(const struct fdt *fdt, int node)
{
	volatile struct pl031 *rtc = device_ioremap(fdt, node, 0, NULL);

	if (!rtc)
		return -ENOMEM;
	boot_time_ns = mmio_read32(&rtc->dr) * NS_PER_S - timer_now_ns();
	return 0;
}

DEVICE_DRIVER(pl031_rtc, DEVICE_NORMAL, "arm,pl031", pl031_probe);
