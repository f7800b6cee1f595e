/*
 * time.c - the vDSO's functions: the time without a system call (vdso(7)).
 *
 * Runs at EL0 in every program, on its stack and with its rights; so a bad pointer is the program's
 * own fault and signal, as in Linux.  The clocks that only the kernel knows are asked from it.
 */
#include "abi/nanoseconds.h"
#include "abi/time.h"
#include "vdso/data.h"

#define NR_clock_gettime 113
#define NR_clock_getres	 114

#define EXPORT		 __attribute__((visibility("default")))
#define CLOCK_BIT(id)	 (1u << (id))
#define COARSE		 (CLOCK_BIT(CLOCK_REALTIME_COARSE) | CLOCK_BIT(CLOCK_MONOTONIC_COARSE))
#define MONOTONIC                                                      \
	(CLOCK_BIT(CLOCK_MONOTONIC) | CLOCK_BIT(CLOCK_MONOTONIC_RAW) | \
	 CLOCK_BIT(CLOCK_MONOTONIC_COARSE) | CLOCK_BIT(CLOCK_BOOTTIME))
#define WALL (CLOCK_BIT(CLOCK_REALTIME) | CLOCK_BIT(CLOCK_REALTIME_COARSE))
#define TAI  CLOCK_BIT(CLOCK_TAI)

int __kernel_clock_gettime(int id, struct timespec *t);
int __kernel_clock_getres(int id, struct timespec *t);
int __kernel_gettimeofday(struct timeval *tv, struct timezone *tz);

/* Where the linker script says that the kernel's page will be. */
extern const volatile struct vdso_data vdso_data __attribute__((visibility("hidden")));

/*
 * The ISB keeps the counter from being read early: time never goes back from one call, or one core,
 * to the next.
 */
static inline uint64_t monotonic_ns(void)
{
	uint64_t ticks;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
	return (uint64_t)(((unsigned __int128)ticks * vdso_data.ns_mult) >> VDSO_NS_SHIFT);
}

static long svc(long number, long a0, long a1)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a0;
	register long x1 __asm__("x1") = a1;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
	return x0;
}

/*
 * @ns into whole seconds and what is left, which is returned; both before anything is stored: a
 * store right before the multiplication would cost a NOP (erratum 835769).
 */
static inline uint64_t split_ns(uint64_t ns, uint64_t *sec)
{
	uint64_t rest = ns % NS_PER_S;

	*sec = ns / NS_PER_S;
	__asm__ volatile("" : "+r"(rest)::"memory");
	return rest;
}

static inline uint32_t clock_bit(int id)
{
	return (unsigned int)id < 32 ? CLOCK_BIT(id) : 0;
}

EXPORT int __kernel_clock_gettime(int id, struct timespec *t)
{
	uint32_t bit = clock_bit(id);
	uint64_t ns, sec;

	if (bit & MONOTONIC)
		ns = monotonic_ns();
	else if (bit & WALL)
		ns = monotonic_ns() + vdso_data.wall_offset_ns;
	else if (bit & TAI)
		ns = monotonic_ns() + vdso_data.tai_offset_ns;
	else
		return (int)svc(NR_clock_gettime, id, (long)t);
	ns = split_ns(ns, &sec);
	t->tv_sec = (int64_t)sec;
	t->tv_nsec = (int64_t)ns;
	return 0;
}

EXPORT int __kernel_clock_getres(int id, struct timespec *t)
{
	uint32_t bit = clock_bit(id);

	if (!(bit & (MONOTONIC | WALL | TAI)))
		return (int)svc(NR_clock_getres, id, (long)t);
	if (!t)
		return 0;
	t->tv_sec = 0;
	t->tv_nsec = bit & COARSE ? VDSO_COARSE_NS : 1;
	return 0;
}

EXPORT int __kernel_gettimeofday(struct timeval *tv, struct timezone *tz)
{
	if (tv) {
		uint64_t sec, rest = split_ns(monotonic_ns() + vdso_data.wall_offset_ns, &sec);

		tv->tv_sec = (int64_t)sec;
		tv->tv_usec = (int64_t)(rest / NS_PER_US);
	}
	if (tz) {
		tz->tz_minuteswest = vdso_data.tz_minuteswest;
		tz->tz_dsttime = vdso_data.tz_dsttime;
	}
	return 0;
}
