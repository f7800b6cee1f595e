/*
 * rtc.c - /dev/rtc0: Arm's PL031 real-time clock, with its alarm, driven from its node in the
 * device tree.
 *
 *	# insmod rtc.ko; hwclock -r -f /dev/rtc0
 *
 * One match register serves two: the alarm, and the tick once a second of RTC_UIE_ON; the periodic
 * interrupt is a timer of the kernel's.  Invariant (rtc.lock): the match register holds the earlier
 * of the two, and the device interrupts only if there is one.
 * Source: Arm DDI 0224C; rtc(4); what Linux's rtc-pl031 answers.
 */
#include "abi/capability.h"
#include "abi/errno.h"
#include "abi/nanoseconds.h"
#include "abi/rtc.h"
#include "arm/mmio.h"
#include "drivers/device.h"
#include "drivers/irq.h"
#include "drivers/rtc/pl031.h"
#include "drivers/timer/timer.h"
#include "fs/dev.h"
#include "fs/poll.h"
#include "kmod/module.h"
#include "log/printk.h"
#include "task/cap.h"
#include "task/time/timer.h"

/* The first major number that Debian's kernel gives to a driver that has none of its own. */
#define RTC_MAJOR	   250
#define FREQUENCY_MAX	   8192u
#define USER_FREQUENCY_MAX 64u /* above it CAP_SYS_RESOURCE is needed */

#define SECONDS_A_DAY	   86400u

static struct {
	volatile struct pl031 *regs;
	unsigned int irq;
	struct mutex commands;	/* one ioctl(2) at a time; before lock */
	struct spinlock lock;	/* irqsave; what follows, down to data; before wait.lock */
	uint64_t alarm, update; /* when they are due, in seconds since 1970 */
	bool alarm_on, update_on;
	uint64_t data;		/* what read(2) gives: how often << 8 | RTC_*F; 0: nothing yet */
	struct wait_queue wait; /* for data */
	struct timer timer;	/* of the periodic interrupt; commands, as the next two */
	bool periodic_on;
	uint32_t frequency;   /* Hz */
	uint64_t periodic_ns; /* when it is due next, by timer_now_ns() */
	uint32_t is_open;     /* atomic: by one at a time */
} rtc = { .frequency = 1 };

/* ---- dates ---- */

/* Days from 1970-01-01 to that day of the Gregorian calendar.  Years begin in March here. */
static int64_t days_to(int64_t year, int64_t month, int64_t day)
{
	if (month < 3) {
		year--;
		month += 12;
	}
	return 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day -
	       1 - 719468;
}

static int days_in_month(int64_t year, int month)
{
	return (int)(month == 12 ? 31 : days_to(year, month + 1, 1) - days_to(year, month, 1));
}

/* The seconds that @t says into *@s: 0, -EINVAL: no date, -ERANGE: not one of this clock's. */
static int seconds_of(const struct rtc_time *t, uint64_t *s)
{
	int64_t year = (int64_t)t->tm_year + 1900;

	if (t->tm_year < 70 || year > INT32_MAX || t->tm_mon < 0 || t->tm_mon > 11 ||
	    t->tm_mday < 1 || t->tm_mday > days_in_month(year, t->tm_mon + 1) || t->tm_hour < 0 ||
	    t->tm_hour > 23 || t->tm_min < 0 || t->tm_min > 59 || t->tm_sec < 0 || t->tm_sec > 59)
		return -EINVAL;
	*s = (uint64_t)days_to(year, t->tm_mon + 1, t->tm_mday) * SECONDS_A_DAY +
	     (uint64_t)(t->tm_hour * 3600 + t->tm_min * 60 + t->tm_sec);
	return *s > UINT32_MAX ? -ERANGE : 0;
}

static struct rtc_time time_of(uint64_t s)
{
	int64_t days = (int64_t)(s / SECONDS_A_DAY), year = 1970 + days / 366;
	int rest = (int)(s % SECONDS_A_DAY), month = 1;

	/* At most a few steps each: a year has 366 days at the most. */
	while (days_to(year + 1, 1, 1) <= days)
		year++;
	while (month < 12 && days_to(year, month + 1, 1) <= days)
		month++;
	return (struct rtc_time){
		.tm_sec = rest % 60,
		.tm_min = rest / 60 % 60,
		.tm_hour = rest / 3600,
		.tm_mday = (int)(days - days_to(year, month, 1)) + 1,
		.tm_mon = month - 1,
		.tm_year = (int)year - 1900,
		.tm_wday = (int)((days + 4) % 7),
		.tm_yday = (int)(days - days_to(year, 1, 1)) + 1, /* from 1 on, as Linux's */
	};
}

/* ---- what happens ---- */

/* One event more; rtc.lock held. */
static void note_event(uint64_t what)
{
	rtc.data = (rtc.data + 0x100) | RTC_IRQF | what;
	wake_up(&rtc.wait);
}

static uint64_t take_data(void)
{
	unsigned long flags = spin_lock_irqsave(&rtc.lock);
	uint64_t data = rtc.data;

	rtc.data = 0;
	spin_unlock_irqrestore(&rtc.lock, flags);
	return data;
}

/* What is due at @now; rtc.lock held. */
static void serve_due(uint64_t now)
{
	if (rtc.alarm_on && rtc.alarm <= now) {
		rtc.alarm_on = false;
		note_event(RTC_AF);
	}
	if (rtc.update_on && rtc.update <= now) {
		rtc.update = now + 1;
		note_event(RTC_UF);
	}
}

/* The device is told what comes next; rtc.lock held. */
static void set_match(void)
{
	uint64_t next;

	do {
		serve_due(mmio_read32(&rtc.regs->dr));
		next = rtc.alarm_on ? rtc.alarm : UINT64_MAX;
		if (rtc.update_on)
			next = min(next, rtc.update);
		mmio_write32(&rtc.regs->imsc, next <= UINT32_MAX);
		if (next > UINT32_MAX)
			return;
		mmio_write32(&rtc.regs->mr, (uint32_t)next);
		/* It interrupts when the two become equal: the second may have begun before. */
	} while (mmio_read32(&rtc.regs->dr) >= next);
}

static void handle_irq(void *arg)
{
	unsigned long flags = spin_lock_irqsave(&rtc.lock);

	mmio_write32(&rtc.regs->icr, PL031_INTERRUPT);
	set_match();
	spin_unlock_irqrestore(&rtc.lock, flags);
}

/* The periodic interrupt: by the kernel's timer, on the core that switched it on. */
static void handle_timer(struct timer *t)
{
	unsigned long flags = spin_lock_irqsave(&rtc.lock);

	note_event(RTC_PF);
	spin_unlock_irqrestore(&rtc.lock, flags);
	/* From when it was due, but not into the past: who was late is not late for ever. */
	rtc.periodic_ns = max(rtc.periodic_ns, timer_now_ns()) + NS_PER_S / rtc.frequency;
	timer_start(TIMER_MONOTONIC, t, rtc.periodic_ns, handle_timer);
}

/* ---- commands; rtc.commands is held ---- */

static void set_alarm(uint64_t when, bool on)
{
	unsigned long flags = spin_lock_irqsave(&rtc.lock);

	rtc.alarm = when;
	rtc.alarm_on = on;
	set_match();
	spin_unlock_irqrestore(&rtc.lock, flags);
}

static void set_update(bool on)
{
	unsigned long flags = spin_lock_irqsave(&rtc.lock);

	if (on && !rtc.update_on)
		rtc.update = mmio_read32(&rtc.regs->dr) + 1ull;
	rtc.update_on = on;
	set_match();
	spin_unlock_irqrestore(&rtc.lock, flags);
}

static void set_periodic(bool on)
{
	/* Without the lock, which handle_timer takes. */
	if (rtc.periodic_on)
		timer_cancel(&rtc.timer);
	rtc.periodic_on = on;
	if (!on)
		return;
	rtc.periodic_ns = timer_now_ns() + NS_PER_S / rtc.frequency;
	timer_start(TIMER_MONOTONIC, &rtc.timer, rtc.periodic_ns, handle_timer);
}

static int set_time(const struct rtc_time *t)
{
	unsigned long flags;
	uint64_t s;
	int err;

	if (!capable(CAP_SYS_TIME))
		return -EACCES;
	err = seconds_of(t, &s);
	if (err)
		return err;
	flags = spin_lock_irqsave(&rtc.lock);
	mmio_write32(&rtc.regs->lr, (uint32_t)s);
	rtc.update = s + 1;
	set_match();
	spin_unlock_irqrestore(&rtc.lock, flags);
	return 0;
}

/* RTC_ALM_SET: of @t the time of day counts, today or, if that is over, tomorrow.  It is off. */
static int set_alarm_of_day(struct rtc_time *t)
{
	uint64_t now = mmio_read32(&rtc.regs->dr), when;
	struct rtc_time today = time_of(now);
	int err;

	t->tm_mday = today.tm_mday;
	t->tm_mon = today.tm_mon;
	t->tm_year = today.tm_year;
	err = seconds_of(t, &when);
	if (!err && when < now)
		when += SECONDS_A_DAY;
	if (!err && when > UINT32_MAX)
		err = -ERANGE;
	if (!err)
		set_alarm(when, false);
	return err;
}

static int set_wake_alarm(const struct rtc_wkalrm *a)
{
	uint64_t when;
	int err = seconds_of(&a->time, &when);

	if (!err)
		set_alarm(when, a->enabled);
	return err;
}

/* Struct rtc_wkalrm's pending is always 0: what is due has been served. */
static void get_alarm(struct rtc_wkalrm *a)
{
	unsigned long flags = spin_lock_irqsave(&rtc.lock);
	uint64_t when = rtc.alarm;
	bool on = rtc.alarm_on;

	spin_unlock_irqrestore(&rtc.lock, flags);
	*a = (struct rtc_wkalrm){ .enabled = on, .time = time_of(when) };
}

static int set_frequency(uint64_t hz)
{
	if (hz > USER_FREQUENCY_MAX && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	if (!hz || hz > FREQUENCY_MAX)
		return -EINVAL;
	rtc.frequency = (uint32_t)hz;
	set_periodic(rtc.periodic_on);
	return 0;
}

static int start_periodic(void)
{
	if (rtc.frequency > USER_FREQUENCY_MAX && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	set_periodic(true);
	return 0;
}

static long do_command(uint32_t cmd, void *arg)
{
	struct rtc_wkalrm a;

	switch (cmd) {
	case RTC_RD_TIME: *(struct rtc_time *)arg = time_of(mmio_read32(&rtc.regs->dr)); return 0;
	case RTC_SET_TIME: return set_time(arg);
	case RTC_ALM_READ:
		get_alarm(&a);
		*(struct rtc_time *)arg = a.time;
		return 0;
	case RTC_ALM_SET: return set_alarm_of_day(arg);
	case RTC_WKALM_RD: get_alarm(arg); return 0;
	case RTC_WKALM_SET: return set_wake_alarm(arg);
	case RTC_AIE_ON:
	case RTC_AIE_OFF: set_alarm(rtc.alarm, cmd == RTC_AIE_ON); return 0;
	case RTC_UIE_ON:
	case RTC_UIE_OFF: set_update(cmd == RTC_UIE_ON); return 0;
	case RTC_PIE_ON: return start_periodic();
	case RTC_PIE_OFF: set_periodic(false); return 0;
	case RTC_IRQP_READ: *(uint64_t *)arg = rtc.frequency; return 0;
	case RTC_IRQP_SET: return set_frequency((uint64_t)arg);
	default: return -ENOTTY;
	}
}

/* ---- the file ---- */

static int rtc_open(struct file *f)
{
	uint32_t closed = 0;

	if (!atomic_cmpxchg(&rtc.is_open, &closed, 1))
		return -EBUSY;
	(void)take_data();
	return 0;
}

static void rtc_release(struct file *f)
{
	/* The alarm stays, as on Linux: it is for a machine that sleeps. */
	set_update(false);
	set_periodic(false);
	store_release(&rtc.is_open, 0);
}

static long rtc_ioctl(struct file *f, uint32_t cmd, void *arg)
{
	long ret;

	if (mutex_lock_killable(&rtc.commands))
		return -EINTR;
	ret = do_command(cmd, arg);
	mutex_unlock(&rtc.commands);
	return ret;
}

static long rtc_read(struct file *f, struct iter *to, uint64_t *pos)
{
	size_t n = to->left < sizeof(uint64_t) ? sizeof(uint32_t) : sizeof(uint64_t);
	uint64_t data;
	long err;

	if (to->left != sizeof(uint32_t) && to->left < sizeof(uint64_t))
		return -EINVAL;
	data = take_data();
	err = data ? 0 : file_wait_event(f, to, &rtc.wait, (data = take_data()) != 0);
	if (err)
		return err;
	return iter_put(to, &data, n) == n ? (long)n : -EFAULT;
}

static uint32_t rtc_poll(struct file *f, struct poll_wait *w)
{
	poll_on(w, &rtc.wait);
	return READ_ONCE(rtc.data) ? POLLIN | POLLRDNORM : 0;
}

static const struct ioctl_command rtc_commands[] = {
	{ RTC_RD_TIME, sizeof(struct rtc_time), IOCTL_OUT },
	{ RTC_SET_TIME, sizeof(struct rtc_time), IOCTL_IN },
	{ RTC_ALM_READ, sizeof(struct rtc_time), IOCTL_OUT },
	{ RTC_ALM_SET, sizeof(struct rtc_time), IOCTL_IN },
	{ RTC_WKALM_RD, sizeof(struct rtc_wkalrm), IOCTL_OUT },
	{ RTC_WKALM_SET, sizeof(struct rtc_wkalrm), IOCTL_IN },
	{ RTC_IRQP_READ, sizeof(uint64_t), IOCTL_OUT },
	{ .cmd = 0 },
};

static const struct file_ops rtc_ops = {
	.read = rtc_read,
	.ioctl = rtc_ioctl,
	.commands = rtc_commands,
	.poll = rtc_poll,
	.open = rtc_open,
	.release = rtc_release,
};

static struct device rtc_device = {
	.name = "rtc0",
	.driver = "rtc",
	.number = DEV(RTC_MAJOR, 0),
	.mode = 0600,
	.ops = &rtc_ops,
	.owner = THIS_OWNER,
};

/* ---- the device ---- */

static int __init rtc_find(enum irq_trigger *trigger)
{
	int node = device_find(-1, "arm,pl031"), irq;

	if (node < 0)
		return -ENODEV;
	rtc.regs = device_ioremap(device_tree(), node, 0, NULL);
	if (!rtc.regs)
		return -ENOMEM;
	irq = irq_from_fdt(device_tree(), node, 0, trigger);
	rtc.irq = (unsigned int)irq;
	return irq < 0 ? irq : 0;
}

static int __init rtc_init(void)
{
	enum irq_trigger trigger;
	int err = rtc_find(&trigger);

	if (err)
		return err;
	mutex_init(&rtc.commands);
	wait_init(&rtc.wait);
	rtc.alarm = mmio_read32(&rtc.regs->mr);
	/* It counts, and says nothing yet. */
	mmio_write32(&rtc.regs->cr, PL031_START);
	mmio_write32(&rtc.regs->imsc, 0);
	mmio_write32(&rtc.regs->icr, PL031_INTERRUPT);
	err = irq_request(rtc.irq, trigger, handle_irq, NULL, "rtc-pl031");
	if (err)
		return err;
	err = dev_register(&rtc_device);
	if (err)
		irq_free(rtc.irq);
	return err;
}

static void __exit rtc_exit(void)
{
	/* Nobody has it open: the alarm is all that there may be. */
	dev_unregister(&rtc_device);
	mmio_write32(&rtc.regs->imsc, 0);
	irq_free(rtc.irq);
}

module_init(rtc_init);
module_exit(rtc_exit);
MODULE_LICENSE("MIT");
MODULE_DESCRIPTION("Arm PL031 real-time clock: /dev/rtc0");
MODULE_ALIAS("char-major-250-0");
