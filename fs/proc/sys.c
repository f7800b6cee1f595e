/*
 * sys.c - /proc/sys: values of the kernel by name, and the few that can be set.
 *
 * A file that cannot be changed here is not writable here, whatever Linux lets root do with it.
 * Invariant: each setting is one word, stored at once and read without a lock; a call that is under
 * way goes by the old value or the new one.
 */
#include "fs/proc/sys.h"

#include "fs/anon/epoll.h"
#include "fs/mount_ops.h"
#include "fs/name.h"
#include "fs/open.h"
#include "fs/pipe.h"
#include "fs/random.h"
#include "fs/reclaim.h"
#include "fs/request.h"
#include "fs/swapd.h"
#include "fs/walk.h"
#include "fs/writeback.h"
#include "fs/tty/pty.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "log/version.h"
#include "task/limit.h"
#include "task/uts.h"
#include "task/watch.h"

#define UUID_SIZE	    16

/* A file that says one number. */
#define NUMBER(name, value) PROC_SHOW(show_##name, "%lld\n", (long long)(value))

/* The number in @text, from @least to @most.  0 or -EINVAL. */
static int parse_setting(const char *text, size_t len, uint64_t least, uint64_t most, uint64_t *n)
{
	return parse_u64(text, len, 10, n) < 0 || *n < least || *n > most ? -EINVAL : 0;
}

/*
 * A number n from @least to @most can be written to the file: @set is what that does, 0 or -errno.
 */
#define WRITE_NUMBER(name, least, most, set)                                          \
	static int write_##name(const struct proc_node *node, char *text, size_t len) \
	{                                                                             \
		uint64_t n;                                                           \
		int err = parse_setting(text, len, least, most, &n);                  \
                                                                                      \
		return err ?: (set);                                                  \
	}

/* A file that shows one number, which can be changed by a write. */
#define SETTING(name, value, least, most, set) \
	NUMBER(name, value)                    \
	WRITE_NUMBER(name, least, most, set)

/* The same where the number is a variable's. */
#define VARIABLE(name, variable, least, most) \
	SETTING(name, READ_ONCE(variable), least, most, (WRITE_ONCE(variable, n), 0))

/* ---- kernel ---- */

static int write_uts(enum uts_name which, const char *text)
{
	char name[UTS_LEN] = "";

	for (size_t i = 0; i < UTS_LEN - 1 && text[i] && text[i] != '\n'; i++)
		name[i] = text[i];
	/* The whole name at once, under uts.c's lock. */
	uts_set(which, name);
	return 0;
}

#define UTS(name, which)                                                                     \
	static int show_##name(struct proc_text *t, const struct proc_node *n, uint64_t *at) \
	{                                                                                    \
		char text[UTS_LEN];                                                          \
                                                                                             \
		uts_get(which, text);                                                        \
		proc_printf(t, "%s\n", text);                                                \
		return 0;                                                                    \
	}                                                                                    \
	static int write_##name(const struct proc_node *n, char *text, size_t len)           \
	{                                                                                    \
		return write_uts(which, text);                                               \
	}

UTS(hostname, UTS_HOSTNAME)
UTS(domainname, UTS_DOMAINNAME)

/* The consoles' level, that of messages without one, the least and the first of the consoles'. */
PROC_SHOW(show_printk, "%d\t%d\t%d\t%d\n", log_console_level(), LOG_WARNING, 1, 7)
WRITE_NUMBER(printk, 1, 8, (log_set_console_level((int)n), 0))

PROC_SHOW(show_dmesg_restrict, "%d\n", READ_ONCE(log_restricted))

/* By the capability, not by root's number: it restricts a root without it, too. */
static int write_dmesg_restrict(const struct proc_node *n, char *text, size_t len)
{
	uint64_t on;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (parse_setting(text, len, 0, 1, &on))
		return -EINVAL;
	WRITE_ONCE(log_restricted, on);
	return 0;
}

/* Linux's rules: 1 alone can be written, and it stays. */
SETTING(modules_disabled, READ_ONCE(modules_disabled), 1, 1, (WRITE_ONCE(modules_disabled, 1), 0))

static int show_modprobe(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	char path[MODPROBE_PATH_SIZE];

	modprobe_get_path(path);
	proc_printf(t, "%s\n", path);
	return 0;
}

static int write_modprobe(const struct proc_node *n, char *text, size_t len)
{
	char *end = strchr(text, '\n');

	if (end)
		*end = '\0';
	modprobe_set_path(text);
	return 0;
}

NUMBER(tainted, taint_mask())

/* Bits can be added, as on Linux. */
static int write_tainted(const struct proc_node *node, char *text, size_t len)
{
	uint64_t bits;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (parse_setting(text, len, 0, UINT64_MAX, &bits))
		return -EINVAL;
	for (unsigned int i = 0; i < NR_TAINTS; i++)
		if (bits & BIT(i))
			taint_add(i);
	return 0;
}

NUMBER(ngroups_max, NGROUPS_MAX)
NUMBER(pid_max, PID_MAX)
NUMBER(threads_max, tasks_max())
NUMBER(panic, panic_seconds())
SETTING(watchdog_thresh, watch_seconds(), 0, WATCH_SECONDS_MAX,
	(watch_set_seconds((unsigned int)n), 0))

/* ---- kernel/pty ---- */

VARIABLE(pty_max, pty_limits.max, 0, INT32_MAX)
VARIABLE(pty_reserve, pty_limits.reserve, 0, INT32_MAX)
NUMBER(pty_nr, pty_count())

static struct proc_entry pty_entries[] = {
	PROC_RW("max", 0644, show_pty_max, write_pty_max),
	PROC_FILE("nr", 0444, show_pty_nr),
	PROC_RW("reserve", 0644, show_pty_reserve, write_pty_reserve),
	{ .name = NULL },
};

/* ---- kernel/random ---- */

static void put_uuid(struct proc_text *t, const uint8_t id[UUID_SIZE])
{
	for (int i = 0; i < UUID_SIZE; i++)
		proc_printf(t, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", id[i]);
	proc_puts(t, "\n");
}

static void make_uuid(uint8_t id[UUID_SIZE])
{
	random_bytes(id, UUID_SIZE);
	id[6] = (id[6] & 0x0f) | 0x40; /* version 4: random */
	id[8] = (id[8] & 0x3f) | 0x80;
}

static int show_uuid(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	uint8_t id[UUID_SIZE];

	make_uuid(id);
	put_uuid(t, id);
	return 0;
}

static int show_boot_id(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	static struct mutex lock = MUTEX_INIT(lock);
	static uint8_t boot_id[UUID_SIZE];
	static bool made;

	/* Two first readers at one moment: the id is drawn once. */
	mutex_lock(&lock);
	if (!made)
		make_uuid(boot_id);
	made = true;
	mutex_unlock(&lock);
	put_uuid(t, boot_id);
	return 0;
}

static struct proc_entry random_entries[] = {
	PROC_FILE("boot_id", 0444, show_boot_id),
	PROC_TEXT("entropy_avail", "256\n"),
	PROC_TEXT("poolsize", "256\n"),
	PROC_FILE("uuid", 0444, show_uuid),
	{ .name = NULL },
};

static struct proc_entry kernel_entries[] = {
	PROC_TEXT("arch", UTS_MACHINE "\n"),
	PROC_TEXT("cap_last_cap", "40\n"),
	PROC_TEXT("core_pattern", "core\n"),
	PROC_TEXT("core_uses_pid", "0\n"),
	PROC_RW("dmesg_restrict", 0644, show_dmesg_restrict, write_dmesg_restrict),
	PROC_RW("domainname", 0644, show_domainname, write_domainname),
	PROC_RW("hostname", 0644, show_hostname, write_hostname),
	PROC_RW("modprobe", 0644, show_modprobe, write_modprobe),
	PROC_RW("modules_disabled", 0644, show_modules_disabled, write_modules_disabled),
	PROC_FILE("ngroups_max", 0444, show_ngroups_max),
	PROC_TEXT("osrelease", UTS_RELEASE "\n"),
	PROC_TEXT("ostype", UTS_SYSNAME "\n"),
	PROC_TEXT("overflowgid", "65534\n"),
	PROC_TEXT("overflowuid", "65534\n"),
	PROC_FILE("panic", 0444, show_panic),
	PROC_TEXT("panic_on_oops", "0\n"),
	PROC_FILE("pid_max", 0444, show_pid_max),
	PROC_RW("printk", 0644, show_printk, write_printk),
	PROC_DIR("pty", pty_entries),
	PROC_DIR("random", random_entries),
	PROC_TEXT("randomize_va_space", "2\n"),
	PROC_RW("tainted", 0644, show_tainted, write_tainted),
	PROC_FILE("threads-max", 0444, show_threads_max),
	PROC_TEXT("version", UTS_VERSION "\n"),
	PROC_RW("watchdog_thresh", 0644, show_watchdog_thresh, write_watchdog_thresh),
	{ .name = NULL },
};

/* ---- vm, fs ---- */

SETTING(file_max, files_max(), 0, UINT64_MAX, files_set_max(n))
VARIABLE(protected_fifos, protected_fifos, 0, 2)
VARIABLE(protected_hardlinks, protected_hardlinks, 0, 1)
VARIABLE(protected_regular, protected_regular, 0, 2)
VARIABLE(protected_symlinks, protected_symlinks, 0, 1)
VARIABLE(nr_open, limit_nr_open, 64, INT32_MAX & ~63)
VARIABLE(mount_max, mounts_max, 1, INT32_MAX)
SETTING(max_user_watches, epoll_max_watches(), 0, UINT64_MAX, epoll_set_max_watches(n))
SETTING(pipe_max_size, READ_ONCE(pipe_limits.size), 0, UINT64_MAX, pipe_set_max_size(n))
VARIABLE(pipe_soft, pipe_limits.soft, 0, UINT64_MAX)
VARIABLE(pipe_hard, pipe_limits.hard, 0, UINT64_MAX)

PROC_SHOW(show_file_nr, "%lu\t0\t%lu\n", files_open(), files_max())

VARIABLE(dirty_expire, writeback_limits.expire_cs, 1, UINT32_MAX)
VARIABLE(dirty_interval, writeback_limits.interval_cs, 0, UINT32_MAX)
/* Of each pair the one that was set last counts, and the other is 0. */
SETTING(dirty_ratio, READ_ONCE(writeback_limits.ratio), 0, 100,
	(writeback_limits.bytes = 0, WRITE_ONCE(writeback_limits.ratio, (uint32_t)n), 0))
SETTING(dirty_bytes, READ_ONCE(writeback_limits.bytes), 2 * PAGE_SIZE, INT64_MAX,
	(writeback_limits.ratio = 0, WRITE_ONCE(writeback_limits.bytes, n), 0))
SETTING(dirty_bg_ratio, READ_ONCE(writeback_limits.background_ratio), 0, 100,
	(writeback_limits.background_bytes = 0,
	 WRITE_ONCE(writeback_limits.background_ratio, (uint32_t)n), 0))
SETTING(dirty_bg_bytes, READ_ONCE(writeback_limits.background_bytes), 1, INT64_MAX,
	(writeback_limits.background_ratio = 0, WRITE_ONCE(writeback_limits.background_bytes, n),
	 0))

/* Bit 0: clean pages; bit 1: names and inodes, with their pages. */
static int write_drop_caches(const struct proc_node *node, char *text, size_t len)
{
	uint64_t what;

	if (parse_setting(text, len, 1, 4, &what))
		return -EINVAL;
	if (what & 1)
		cache_drop_all();
	if (what & 2)
		unused_drop();
	return 0;
}

NUMBER(drop_caches, 0)

VARIABLE(swappiness, swappiness, 0, 200)

static struct proc_entry vm_entries[] = {
	PROC_RW("dirty_background_bytes", 0644, show_dirty_bg_bytes, write_dirty_bg_bytes),
	PROC_RW("dirty_background_ratio", 0644, show_dirty_bg_ratio, write_dirty_bg_ratio),
	PROC_RW("dirty_bytes", 0644, show_dirty_bytes, write_dirty_bytes),
	PROC_RW("dirty_expire_centisecs", 0644, show_dirty_expire, write_dirty_expire),
	PROC_RW("dirty_ratio", 0644, show_dirty_ratio, write_dirty_ratio),
	PROC_RW("dirty_writeback_centisecs", 0644, show_dirty_interval, write_dirty_interval),
	PROC_RW("drop_caches", 0200, show_drop_caches, write_drop_caches),
	PROC_TEXT("max_map_count", "65530\n"),
	PROC_TEXT("mmap_min_addr", "4096\n"),
	PROC_TEXT("overcommit_memory", "0\n"),
	PROC_TEXT("overcommit_ratio", "50\n"),
	PROC_RW("swappiness", 0644, show_swappiness, write_swappiness),
	{ .name = NULL },
};

static struct proc_entry epoll_entries[] = {
	PROC_RW("max_user_watches", 0644, show_max_user_watches, write_max_user_watches),
	{ .name = NULL },
};

static struct proc_entry fs_entries[] = {
	PROC_DIR("epoll", epoll_entries),
	PROC_RW("file-max", 0644, show_file_max, write_file_max),
	PROC_FILE("file-nr", 0444, show_file_nr),
	PROC_RW("mount-max", 0644, show_mount_max, write_mount_max),
	PROC_RW("nr_open", 0644, show_nr_open, write_nr_open),
	PROC_TEXT("overflowgid", "65534\n"),
	PROC_TEXT("overflowuid", "65534\n"),
	PROC_RW("pipe-max-size", 0644, show_pipe_max_size, write_pipe_max_size),
	PROC_RW("pipe-user-pages-hard", 0644, show_pipe_hard, write_pipe_hard),
	PROC_RW("pipe-user-pages-soft", 0644, show_pipe_soft, write_pipe_soft),
	PROC_RW("protected_fifos", 0600, show_protected_fifos, write_protected_fifos),
	PROC_RW("protected_hardlinks", 0600, show_protected_hardlinks, write_protected_hardlinks),
	PROC_RW("protected_regular", 0600, show_protected_regular, write_protected_regular),
	PROC_RW("protected_symlinks", 0600, show_protected_symlinks, write_protected_symlinks),
	PROC_TEXT("suid_dumpable", "0\n"),
	{ .name = NULL },
};

struct proc_entry proc_sys_entries[] = {
	PROC_DIR("fs", fs_entries),
	PROC_DIR("kernel", kernel_entries),
	PROC_DIR("vm", vm_entries),
	{ .name = NULL },
};
