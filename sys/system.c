/*
 * system.c - calls about the machine as a whole: its names, its state, its log, its end.
 *
 * Goes to task/, fs/random.c and drivers/. Invariant: a struct that goes out was zero before it was
 * filled.
 */
#include "abi/errno.h"
#include "abi/personality.h"
#include "abi/random.h"
#include "abi/reboot.h"
#include "abi/sysinfo.h"
#include "drivers/reset.h"
#include "drivers/timer/timer.h"
#include "fs/random.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/version.h"
#include "mm/giveway.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "sys/syscall.h"
#include "task/cap.h"
#include "task/cores.h"
#include "task/sleep.h"
#include "task/syslog.h"
#include "task/uts.h"

/* ---- names ---- */

/*
 * Our release; or, for a program that expects a version 2.6 (personality(2), UNAME26), 2.6.60 and
 * on.
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
	/* Each name whole, under its lock; the two may be of different moments. */
	uts_get(UTS_HOSTNAME, u.nodename);
	uts_get(UTS_DOMAINNAME, u.domainname);
	return copy_to_user(buf, &u, sizeof(u)) ? -EFAULT : 0;
}

long sys_sethostname(uptr name, int len)
{
	return uts_change(UTS_HOSTNAME, name, len);
}

long sys_setdomainname(uptr name, int len)
{
	return uts_change(UTS_DOMAINNAME, name, len);
}

/* ---- state ---- */

long sys_sysinfo(uptr info)
{
	struct swap_counts swap;
	struct sysinfo s;

	memset(&s, 0, sizeof(s));
	s.uptime = (int64_t)(timer_now_ns() / NS_PER_S);
	cores_loads(s.loads);
	for (int i = 0; i < 3; i++)
		s.loads[i] <<= SI_LOAD_SHIFT - 11;
	s.totalram = page_total_count() << PAGE_SHIFT;
	s.freeram = memory_free_bytes();
	swap_count(&swap);
	s.totalswap = swap.total << PAGE_SHIFT;
	s.freeswap = swap.free << PAGE_SHIFT;
	s.procs = (uint16_t)READ_ONCE(pid_counts.tasks);
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
		/*
		 * A piece at a time into kernel memory: the generator's lock is never held over
		 * user memory.
		 */
		random_bytes(buf, part);
		left = copy_to_user(uptr_add(to, done), buf, part);
		if (left) {
			done += part - left;
			return done ? (long)done : -EFAULT;
		}
		/*
		 * A long request is cut short by a signal, a short one (256 bytes) never: random(7)
		 * promises that.
		 */
		if (done + part < n && (give_way() || signal_pending()))
			return (long)(done + part);
	}
	return (long)n;
}

long sys_syslog(int type, uptr to, int len)
{
	return syslog_action(type, to, len);
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
	/* Nothing is written back first: all files are in RAM. */
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
