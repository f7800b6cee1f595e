/*
 * system.c - calls about the machine as a whole: its names, its state, its log, its end.
 */
#include "abi/errno.h"
#include "abi/personality.h"
#include "abi/random.h"
#include "abi/reboot.h"
#include "abi/sysinfo.h"
#include "abi/utsname.h"
#include "drivers/reset.h"
#include "drivers/timer/timer.h"
#include "fs/random.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/printk.h"
#include "log/version.h"
#include "mm/giveway.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "sys/syscall.h"
#include "sys/time/usertime.h"
#include "task/cap.h"
#include "task/pid.h"
#include "task/sched.h"
#include "task/sleep.h"
#include "task/task.h"
#include "task/time/timer.h"
#include "task/uts.h"
#include "task/wait.h"

/* ---- names ---- */

/*
 * Our release; or to who cannot bear a version of more than two digits (personality(2), UNAME26),
 * 2.6.60 and on.
 */
static void put_release(char *to, size_t size)
{
	const char *minor = strchr(UTS_RELEASE, '.') + 1, *rest = UTS_RELEASE;
	uint64_t n;

	if (!(current->process->personality & UNAME26)) {
		strlcpy(to, UTS_RELEASE, size);
		return;
	}
	if (parse_u64(minor, strlen(minor), 10, &n) < 0)
		n = 0;
	while ((*rest >= '0' && *rest <= '9') || *rest == '.')
		rest++;
	snprintf(to, size, "2.6.%u%s", (unsigned int)n + 60, rest);
}

long sys_uname(uptr buf)
{
	struct new_utsname u;

	memset(&u, 0, sizeof(u));
	strlcpy(u.sysname, UTS_SYSNAME, sizeof(u.sysname));
	put_release(u.release, sizeof(u.release));
	strlcpy(u.version, UTS_VERSION, sizeof(u.version));
	strlcpy(u.machine, UTS_MACHINE, sizeof(u.machine));
	uts_get(UTS_HOSTNAME, u.nodename);
	uts_get(UTS_DOMAINNAME, u.domainname);
	return copy_to_user(buf, &u, sizeof(u)) ? -EFAULT : 0;
}

static long set_name(enum uts_name which, uptr from, int len)
{
	char tmp[UTS_LEN];

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len >= UTS_LEN)
		return -EINVAL;
	memset(tmp, 0, sizeof(tmp));
	if (copy_from_user(tmp, from, (size_t)len))
		return -EFAULT;
	uts_set(which, tmp);
	return 0;
}

long sys_sethostname(uptr name, int len)
{
	return set_name(UTS_HOSTNAME, name, len);
}

long sys_setdomainname(uptr name, int len)
{
	return set_name(UTS_DOMAINNAME, name, len);
}

/* ---- state ---- */

long sys_sysinfo(uptr info)
{
	struct sysinfo s;

	memset(&s, 0, sizeof(s));
	s.uptime = (int64_t)(timer_now_ns() / NS_PER_S);
	sched_loads(s.loads);
	for (int i = 0; i < 3; i++)
		s.loads[i] <<= SI_LOAD_SHIFT - 11;
	s.totalram = page_total_count() << PAGE_SHIFT;
	s.freeram = memory_free_bytes();
	s.procs = (uint16_t)task_count();
	s.mem_unit = 1;
	return copy_to_user(info, &s, sizeof(s)) ? -EFAULT : 0;
}

long sys_getrandom(uptr to, uint64_t len, uint32_t flags)
{
	size_t n = min(len, (uint64_t)INT32_MAX);
	uint8_t buf[256];

	if (flags & ~(unsigned int)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if ((flags & GRND_RANDOM) && (flags & GRND_INSECURE))
		return -EINVAL;
	for (size_t done = 0, part; done < n; done += part) {
		size_t left;

		part = min(n - done, sizeof(buf));
		random_bytes(buf, part);
		left = copy_to_user(uptr_add(to, done), buf, part);
		if (left) {
			done += part - left;
			return done ? (long)done : -EFAULT;
		}
		if (done + part < n && (give_way() || signal_pending()))
			return (long)(done + part);
	}
	return (long)n;
}

/* ---- the log ---- */

enum {
	LOG_CLOSE,
	LOG_OPEN,
	LOG_READ,
	LOG_READ_ALL,
	LOG_READ_CLEAR,
	LOG_CLEAR,
	LOG_CONSOLE_OFF,
	LOG_CONSOLE_ON,
	LOG_CONSOLE_LEVEL,
	LOG_SIZE_UNREAD,
	LOG_SIZE_BUFFER,
};

#define LOG_LINE_MAX (LOG_TEXT_MAX + 48)
#define LOG_BUFFER   (128 * 1024) /* what dmesg(1) makes room for */

static struct mutex log_lock = MUTEX_INIT(log_lock);
static uint64_t cleared; /* READ_ALL begins here */
static uint64_t unread;	 /* READ goes on here */

/* The record at *@pos as dmesg(1) wants it; its length, 0: there is none. */
static size_t format_record(uint64_t *pos, char *text, char *line)
{
	struct log_record r;

	if (!log_read(pos, &r, text, LOG_TEXT_MAX))
		return 0;
	return (size_t)snprintf(line, LOG_LINE_MAX, "<%u>[%5llu.%06llu] %s\n", r.level,
				(unsigned long long)(r.time_ns / NS_PER_S),
				(unsigned long long)(r.time_ns % NS_PER_S / 1000), text);
}

/* How many bytes the records from @pos on take. */
static size_t log_size(uint64_t pos, char *text, char *line)
{
	size_t sum = 0, n;

	while ((n = format_record(&pos, text, line)) && !give_way())
		sum += n;
	return sum;
}

/*
 * Copies records from *@pos on that fit whole into @size bytes; *@pos moves on.  Bytes, or -EFAULT.
 */
static long copy_log(uint64_t *pos, uptr to, size_t size, char *text, char *line)
{
	size_t done = 0, n;
	uint64_t next = *pos;

	while ((n = format_record(&next, text, line)) && n <= size - done) {
		if (copy_to_user(uptr_add(to, done), line, n))
			return -EFAULT;
		done += n;
		*pos = next;
		if (give_way())
			break;
	}
	return (long)done;
}

/* The newest records that fit. */
static long read_all(uptr to, size_t size, bool clear, char *text, char *line)
{
	uint64_t pos = cleared, end = log_end();
	size_t all = log_size(pos, text, line), n;
	long r;

	while (all > size && (n = format_record(&pos, text, line)) && !give_way())
		all -= min(n, all);
	r = copy_log(&pos, to, size, text, line);
	if (r >= 0 && clear)
		cleared = end;
	return r;
}

static long read_log(int type, uptr to, int len)
{
	char *text = kmalloc(LOG_TEXT_MAX), *line = kmalloc(LOG_LINE_MAX);
	long r = -ENOMEM;

	if (text && line)
		r = mutex_lock_killable(&log_lock);
	if (!r) {
		if (type == LOG_SIZE_UNREAD)
			r = (long)log_size(unread, text, line);
		else if (type == LOG_READ)
			r = copy_log(&unread, to, (size_t)len, text, line);
		else
			r = read_all(to, (size_t)len, type == LOG_READ_CLEAR, text, line);
		mutex_unlock(&log_lock);
	}
	kfree(text);
	kfree(line);
	return r;
}

/* SYSLOG_ACTION_READ waits for something to read; nobody wakes it, so it looks now and then. */
static long read_new(uptr to, int len)
{
	for (;;) {
		long r = read_log(LOG_READ, to, len);
		int err;

		if (r)
			return r;
		err = sched_sleep_until(TIMER_MONOTONIC, timer_now_ns() + NS_PER_S / 4);
		if (err)
			return err;
	}
}

static long console_level(int type, int level)
{
	static int saved = -1;

	switch (type) {
	case LOG_CONSOLE_OFF:
		if (saved < 0)
			saved = log_console_level();
		log_set_console_level(1);
		return 0;
	case LOG_CONSOLE_ON:
		if (saved >= 0)
			log_set_console_level(saved);
		saved = -1;
		return 0;
	default:
		if (level < 1 || level > 8)
			return -EINVAL;
		log_set_console_level(level);
		saved = -1;
		return 0;
	}
}

long sys_syslog(int type, uptr to, int len)
{
	/* Unless it is restricted, whoever wants to may read all of it. */
	if ((READ_ONCE(log_restricted) || (type != LOG_READ_ALL && type != LOG_SIZE_BUFFER)) &&
	    !capable(CAP_SYSLOG))
		return -EPERM;
	switch (type) {
	case LOG_CLOSE:
	case LOG_OPEN: return 0;
	case LOG_READ:
	case LOG_READ_ALL:
	case LOG_READ_CLEAR:
		if (uptr_is_null(to) || len < 0)
			return -EINVAL;
		if (!len)
			return 0;
		if (!uaccess_ok(to, (uint64_t)len))
			return -EFAULT;
		return type == LOG_READ ? read_new(to, len) : read_log(type, to, len);
	case LOG_CLEAR: cleared = log_end(); return 0;
	case LOG_CONSOLE_OFF:
	case LOG_CONSOLE_ON:
	case LOG_CONSOLE_LEVEL: return console_level(type, len);
	case LOG_SIZE_UNREAD: return read_log(type, to, 0);
	case LOG_SIZE_BUFFER: return LOG_BUFFER;
	default: return -EINVAL;
	}
}

/* ---- the end ---- */

long sys_reboot(uint32_t magic, uint32_t magic2, uint32_t cmd, uptr arg)
{
	char where[256];

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (magic != LINUX_REBOOT_MAGIC1 ||
	    (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
	     magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	/* where to go is a string, but there is one way to start */
	if (cmd == LINUX_REBOOT_CMD_RESTART2 &&
	    strncpy_from_user(where, arg, sizeof(where) - 1) < 0)
		return -EFAULT;
	switch (cmd) {
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2: pr_notice("reboot: Restarting system\n"); machine_reset();
	case LINUX_REBOOT_CMD_POWER_OFF: pr_notice("reboot: Power down\n"); machine_poweroff();
	case LINUX_REBOOT_CMD_HALT: pr_notice("reboot: System halted\n"); machine_poweroff();
	case LINUX_REBOOT_CMD_CAD_ON: /* there is no keyboard to press it on */
	case LINUX_REBOOT_CMD_CAD_OFF: return 0;
	default: return -EINVAL;
	}
}
