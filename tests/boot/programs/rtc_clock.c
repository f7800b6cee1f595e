/*
 * rtc_clock.c - what /dev/rtc0 answers: the module rtc on Newel (test_modules_devices.py), or
 * rtc-pl031 on Linux, both on QEMU's PL031.
 *
 *	rtc_clock /dev/rtc0
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/rtc.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include "tests/el0/libc/hostile.h"

#define AF 0x1a0l /* once, RTC_IRQF | RTC_AF */
#define UF 0x190l

static const char *device;
static int fd;

static struct rtc_time at(int year, int month, int day, int hour, int minute, int second)
{
	return (struct rtc_time){ .tm_year = year - 1900,
				  .tm_mon = month - 1,
				  .tm_mday = day,
				  .tm_hour = hour,
				  .tm_min = minute,
				  .tm_sec = second };
}

static bool same(const struct rtc_time *a, const struct rtc_time *b)
{
	return a->tm_year == b->tm_year && a->tm_mon == b->tm_mon && a->tm_mday == b->tm_mday &&
	       a->tm_hour == b->tm_hour && a->tm_min == b->tm_min && a->tm_sec == b->tm_sec;
}

static long seconds(const struct rtc_time *t)
{
	struct tm tm = { .tm_year = t->tm_year,
			 .tm_mon = t->tm_mon,
			 .tm_mday = t->tm_mday,
			 .tm_hour = t->tm_hour,
			 .tm_min = t->tm_min,
			 .tm_sec = t->tm_sec };

	return timegm(&tm);
}

static struct rtc_time now(void)
{
	struct rtc_time t = { 0 };

	check(sys(ioctl, fd, RTC_RD_TIME, &t), 0, "RTC_RD_TIME");
	return t;
}

static struct rtc_time later(int n)
{
	struct rtc_time t = now();
	time_t s = seconds(&t) + n;
	struct tm tm;

	gmtime_r(&s, &tm);
	return at(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void set_time(struct rtc_time t)
{
	check(sys(ioctl, fd, RTC_SET_TIME, &t), 0, "RTC_SET_TIME");
}

static long wake_at(struct rtc_time t, int enabled)
{
	struct rtc_wkalrm a = { .enabled = enabled, .time = t };

	return sys(ioctl, fd, RTC_WKALM_SET, &a);
}

static void test_time(void)
{
	struct rtc_time t, bad_times[] = {
		at(1969, 12, 31, 0, 0, 0), at(2020, 0, 1, 0, 0, 0),  at(2020, 13, 1, 0, 0, 0),
		at(2020, 1, 0, 0, 0, 0),   at(2021, 2, 29, 0, 0, 0), at(2020, 4, 31, 0, 0, 0),
		at(2100, 2, 29, 0, 0, 0),  at(2020, 1, 1, 24, 0, 0), at(2020, 1, 1, 0, 60, 0),
		at(2020, 1, 1, 0, 0, 60),  at(2020, 1, 1, -1, 0, 0), at(2020, 1, 1, 0, 0, -1),
	};

	begin("ioctl: RTC_RD_TIME, RTC_SET_TIME");
	t = now();
	expect(labs(seconds(&t) - time(NULL)) <= 3, "near the time of day: %ld", seconds(&t));
	set_time(at(2020, 2, 29, 12, 34, 56));
	t = now();
	expect(t.tm_year == 120 && t.tm_mon == 1 && t.tm_mday == 29 && t.tm_hour == 12,
	       "it is set");
	check(t.tm_wday, 6, "day of the week");
	check(t.tm_yday, 60, "day of the year, from 1 on");
	check(t.tm_isdst, 0, "no summer time");
	for (size_t i = 0; i < sizeof(bad_times) / sizeof(*bad_times); i++)
		check(sys(ioctl, fd, RTC_SET_TIME, &bad_times[i]), -EINVAL, "no time: %zu", i);
	t = at(2106, 2, 7, 6, 28, 16);
	check(sys(ioctl, fd, RTC_SET_TIME, &t), -ERANGE, "behind the last second");
	t = at(1970 + 10000, 1, 1, 0, 0, 0);
	check(sys(ioctl, fd, RTC_SET_TIME, &t), -ERANGE, "far behind");
	t.tm_year = INT32_MAX;
	check(sys(ioctl, fd, RTC_SET_TIME, &t), -EINVAL, "no year");
	set_time(at(2100, 12, 31, 23, 59, 59));
	t = now();
	expect(t.tm_yday == 365 || t.tm_yday == 1, "2100 has no leap day: %d", t.tm_yday);
	set_time(at(2024, 12, 31, 0, 0, 0));
	t = now();
	check(t.tm_yday, 366, "2024 has");
	end();
}

static void test_alarm_set(void)
{
	struct rtc_time t, got;
	struct rtc_wkalrm a = { 0 };

	begin("ioctl: RTC_ALM_SET, RTC_ALM_READ, RTC_WKALM_SET, RTC_WKALM_RD");
	set_time(at(2020, 2, 28, 12, 0, 0));
	t = at(1900, 1, 1, 13, 14, 15);
	check(sys(ioctl, fd, RTC_ALM_SET, &t), 0, "today");
	check(sys(ioctl, fd, RTC_WKALM_RD, &a), 0, "read");
	t = at(2020, 2, 28, 13, 14, 15);
	expect(same(&a.time, &t), "of today");
	check(a.enabled, 0, "not enabled");
	check(a.pending, 0, "not pending");
	t = at(1900, 1, 1, 11, 14, 15);
	check(sys(ioctl, fd, RTC_ALM_SET, &t), 0, "tomorrow");
	check(sys(ioctl, fd, RTC_ALM_READ, &got), 0, "read");
	t = at(2020, 2, 29, 11, 14, 15);
	expect(same(&got, &t), "of tomorrow: %d.%d. %d:%d", got.tm_mday, got.tm_mon, got.tm_hour,
	       got.tm_min);
	t = at(1900, 1, 1, 24, 0, 0);
	check(sys(ioctl, fd, RTC_ALM_SET, &t), -EINVAL, "no hour");
	check(wake_at(at(2021, 2, 29, 0, 0, 0), 0), -EINVAL, "no day");
	check(wake_at(at(2030, 7, 8, 9, 10, 11), 1), 0, "far away");
	check(sys(ioctl, fd, RTC_WKALM_RD, &a), 0, "read");
	check(a.enabled, 1, "enabled");
	t = at(2030, 7, 8, 9, 10, 11);
	expect(same(&a.time, &t), "as it was set");
	check(a.time.tm_wday, 1, "with its day of the week");
	check(sys(ioctl, fd, RTC_AIE_OFF, 0), 0, "RTC_AIE_OFF");
	check(sys(ioctl, fd, RTC_WKALM_RD, &a), 0, "read");
	check(a.enabled, 0, "off");
	check(sys(ioctl, fd, RTC_AIE_ON, 0), 0, "RTC_AIE_ON");
	check(sys(ioctl, fd, RTC_AIE_ON, 0), 0, "twice");
	check(sys(ioctl, fd, RTC_WKALM_RD, &a), 0, "read");
	check(a.enabled, 1, "on");
	check(sys(ioctl, fd, RTC_AIE_OFF, 0), 0, "RTC_AIE_OFF");
	check(sys(ioctl, fd, RTC_AIE_OFF, 0), 0, "twice");
	check(wake_at(at(2106, 2, 7, 6, 28, 16), 0), -ERANGE, "behind the last second");
	check(wake_at(at(2106, 2, 7, 6, 28, 15), 1), 0, "the last second");
	check(sys(ioctl, fd, RTC_AIE_OFF, 0), 0, "RTC_AIE_OFF");
	end();
}

static bool ready(int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI | POLLOUT };

	return poll(&p, 1, ms) == 1 && p.revents == POLLIN;
}

static void test_alarm(void)
{
	unsigned long data = 0;
	uint32_t small = 0;
	struct rtc_wkalrm a;

	begin("read, ppoll: the alarm");
	expect(!ready(0), "nothing has come");
	check(sys(read, fd, &data, 1), -EINVAL, "read a byte");
	check(sys(read, fd, &data, 0), -EINVAL, "read nothing");
	check(sys(read, fd, &data, 5), -EINVAL, "read five");
	check(wake_at(later(2), 1), 0, "in two seconds");
	expect(!ready(0), "not yet");
	check(sys(read, fd, &data, sizeof(data)), sizeof(data), "read waits");
	check((long)data, AF, "the alarm");
	expect(!ready(0), "it was read");
	check(sys(ioctl, fd, RTC_WKALM_RD, &a), 0, "RTC_WKALM_RD");
	check(a.enabled, 0, "it comes once");
	check(wake_at(later(1), 1), 0, "in a second");
	expect(ready(9000), "poll waits");
	check(sys(read, fd, &small, sizeof(small)), sizeof(small), "read of an int");
	check(small, AF, "the alarm");
	check(wake_at(later(-5), 1), 0, "five seconds ago");
	expect(ready(9000), "comes at once");
	check(sys(read, fd, &data, 100), 8, "read of more");
	check((long)data, AF, "the alarm");
	check(wake_at(later(3), 1), 0, "in three seconds");
	check(sys(ioctl, fd, RTC_AIE_OFF, 0), 0, "RTC_AIE_OFF");
	expect(!ready(4500), "it does not come");
	check(sys(ioctl, fd, RTC_AIE_ON, 0), 0, "RTC_AIE_ON of what is past");
	expect(ready(9000), "comes at once");
	check(sys(read, fd, &data, 8), 8, "read");
	check(wake_at(later(100), 1), 0, "in a hundred seconds");
	set_time(later(200));
	expect(ready(9000), "the clock is set behind it: it comes");
	check(sys(read, fd, &data, 8), 8, "read");
	check((long)data, AF, "the alarm");
	end();
}

static void on_alarm(int signo)
{
	(void)signo;
}

static void test_waits(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	unsigned long data;
	int flags = fcntl(fd, F_GETFL);

	begin("read: O_NONBLOCK, a signal");
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	check(sys(read, fd, &data, 8), -EAGAIN, "O_NONBLOCK");
	fcntl(fd, F_SETFL, flags);
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	check(sys(read, fd, &data, 8), -EINTR, "a signal");
	end();
}

static void test_update(void)
{
	unsigned long data, freq = 0;
	struct timespec a, b;

	begin("ioctl: RTC_UIE_ON, RTC_PIE_ON, RTC_IRQP_SET");
	check(sys(ioctl, fd, RTC_UIE_ON, 0), 0, "RTC_UIE_ON");
	check(sys(read, fd, &data, 8), 8, "read");
	check((long)data, UF, "a second is over");
	clock_gettime(CLOCK_MONOTONIC, &a);
	check(sys(read, fd, &data, 8), 8, "read");
	clock_gettime(CLOCK_MONOTONIC, &b);
	check((long)data, UF, "and another");
	expect(b.tv_sec - a.tv_sec <= 3, "about a second");
	check(sys(ioctl, fd, RTC_UIE_OFF, 0), 0, "RTC_UIE_OFF");
	expect(!ready(2500), "no more");
	check(sys(ioctl, fd, RTC_IRQP_READ, &freq), 0, "RTC_IRQP_READ");
	check((long)freq, 1, "once a second");
	check(sys(ioctl, fd, RTC_IRQP_SET, 0), -EINVAL, "never");
	check(sys(ioctl, fd, RTC_IRQP_SET, 8193), -EINVAL, "too often");
	check(sys(ioctl, fd, RTC_IRQP_SET, 1ul << 40), -EINVAL, "far too often");
	check(sys(ioctl, fd, RTC_IRQP_SET, 50), 0, "RTC_IRQP_SET");
	check(sys(ioctl, fd, RTC_PIE_ON, 0), 0, "RTC_PIE_ON");
	check(sys(read, fd, &data, 8), 8, "read");
	check(data & 0xff, 0xc0, "RTC_IRQF | RTC_PF");
	usleep(200000);
	check(sys(read, fd, &data, 8), 8, "read");
	expect(data >> 8 > 1, "several are counted: %lu", data >> 8);
	check(sys(ioctl, fd, RTC_PIE_OFF, 0), 0, "RTC_PIE_OFF");
	check(sys(ioctl, fd, RTC_IRQP_READ, &freq), 0, "RTC_IRQP_READ");
	check((long)freq, 50, "as it was set");
	check(sys(ioctl, fd, RTC_IRQP_SET, 1), 0, "back");
	end();
}

static void be_nobody(void)
{
	struct rtc_time t = { 0 };

	check(sys(setresuid, 1000, 1000, 1000), 0, "setresuid");
	t = now();
	check(sys(ioctl, fd, RTC_SET_TIME, &t), -EACCES, "RTC_SET_TIME");
	check(sys(ioctl, fd, RTC_IRQP_SET, 64), 0, "64 times a second");
	check(sys(ioctl, fd, RTC_IRQP_SET, 65), -EACCES, "more often");
	check(sys(ioctl, fd, RTC_IRQP_SET, 1), 0, "back");
	check(wake_at(later(1000), 0), 0, "an alarm");
}

static void test_refused(void)
{
	struct rtc_wkalrm a;
	unsigned long n;

	begin("openat, ioctl, lseek, write, mmap: what is refused");
	check(sys(openat, AT_FDCWD, device, O_RDONLY), -EBUSY, "open a second time");
	check(sys(ioctl, fd, 0x7099, &a), -ENOTTY, "no such command");
	check(sys(ioctl, fd, RTC_EPOCH_READ, &n), -ENOTTY, "RTC_EPOCH_READ");
	check(sys(ioctl, fd, 0x5401, &n), -ENOTTY, "a terminal's");
	check(sys(lseek, fd, 0, SEEK_SET), -ESPIPE, "lseek");
	check(sys(write, fd, &n, 8), -EINVAL, "write");
	check(sys(mmap, 0, 4096, PROT_READ, MAP_SHARED, fd, 0), -ENODEV, "mmap");
	FAULTS(OUT, sizeof(struct rtc_time), ioctl, fd, RTC_RD_TIME, bad);
	FAULTS(OUT, sizeof(struct rtc_time), ioctl, fd, RTC_ALM_READ, bad);
	FAULTS(OUT, sizeof(struct rtc_wkalrm), ioctl, fd, RTC_WKALM_RD, bad);
	FAULTS(OUT, sizeof(long), ioctl, fd, RTC_IRQP_READ, bad);
	FAULTS(IN, sizeof(struct rtc_time), ioctl, fd, RTC_SET_TIME, bad);
	FAULTS(IN, sizeof(struct rtc_time), ioctl, fd, RTC_ALM_SET, bad);
	FAULTS(IN, sizeof(struct rtc_wkalrm), ioctl, fd, RTC_WKALM_SET, bad);
	check_child(be_nobody, 0, "a user");
	end();
}

int main(int argc, char **argv)
{
	struct timespec ts;
	struct rtc_time t;

	if (argc != 2)
		return 2;
	device = argv[1];
	fd = open(device, O_RDWR);
	if (fd < 0)
		return bail_out(strerror(errno));
	test_time();
	test_alarm_set();
	test_alarm();
	test_waits();
	test_update();
	test_refused();
	/* As it was, to a second or two. */
	clock_gettime(CLOCK_REALTIME, &ts);
	struct tm tm;
	gmtime_r(&ts.tv_sec, &tm);
	t = at(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	set_time(t);
	return tap_done();
}
