/*
 * init.c - process 1: the console, /etc/rc, and a shell that is started again whenever it ends.
 *
 * Orphans become its children, and it waits for them all.  It never returns: the kernel panics if
 * it does. A word RUN=COMMAND on the kernel's command line comes here as an environment variable:
 * then init runs that in a shell instead of an interactive one, says how it ended and powers off
 * (for scripts and tests).
 */
#include "abi/fcntl.h"
#include "abi/reboot.h"
#include "abi/signal.h"
#include "abi/termios.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

/* Descriptors 0, 1 and 2 are @path, whatever they were before. */
static void stand_on(const char *path)
{
	int fd = open(path, O_RDWR, 0);

	for (int i = 0; fd >= 0 && i < 3; i++)
		if (fd != i)
			svc_dup3(fd, i, 0);
	if (fd > 2)
		svc_close(fd);
}

/* Start @argv in a session of its own with the console as its terminal; its pid. */
static int start(char *const argv[])
{
	int err, pid = fork();

	if (pid)
		return pid;
	svc_setsid();
	svc_ioctl(0, TIOCSCTTY, NULL);
	stand_on("/dev/tty"); /* /dev/console itself knows no jobs */
	err = execvp(argv);
	dprintf(2, "init: %s: %s\n", argv[0], strerror(err));
	exit(127);
}

/* Wait until @pid has ended, and for every orphan that ends before; its status. */
static int reap_until(int pid)
{
	int status, got;

	do {
		got = waitpid(-1, &status, 0);
		if (got < 0)
			return -1;
	} while (got != pid);
	return status;
}

static void mount_one(const char *source, const char *type, const char *on, const char *options)
{
	int err = svc_mount(source, on, type, 0, options);

	if (err)
		dprintf(2, "init: %s: %s\n", on, strerror(err));
}

/*
 * Many programs ask the kernel through files: `ps`, `free`, `mount` ...; and `script`, `expect`
 * want terminals.
 */
static void mount_all(void)
{
	mount_one("proc", "proc", "/proc", NULL);
	mount_one("sysfs", "sysfs", "/sys", NULL);
	mount_one("devpts", "devpts", "/dev/pts", "mode=620,gid=5");
	if (!getenv("SHARE"))
		return;
	/* A folder of the machine that QEMU runs on: make run SHARE=folder. */
	svc_mkdirat(AT_FDCWD, "/host", 0755);
	mount_one(getenv("SHARE"), "9p", "/host", "trans=virtio,version=9p2000.L");
}

static void power_off(void)
{
	svc_sync();
	svc_reboot(LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF, NULL);
}

/* What busybox's poweroff, halt and reboot ask process 1 for. */
static void on_signal(int signo)
{
	int cmd = signo == SIGUSR2   ? LINUX_REBOOT_CMD_POWER_OFF
		  : signo == SIGUSR1 ? LINUX_REBOOT_CMD_HALT
				     : LINUX_REBOOT_CMD_RESTART;

	svc_sync();
	svc_reboot(LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, cmd, NULL);
}

static void obey_signals(void)
{
	static const int signals[] = { SIGUSR1, SIGUSR2, SIGTERM };
	struct sigaction a = { .sa_handler = (uint64_t)(uintptr_t)on_signal,
			       .sa_flags = SA_RESTART };

	for (unsigned int i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		svc_rt_sigaction(signals[i], &a, NULL, sizeof(sigset_bits));
}

static void run_and_power_off(char *command)
{
	char *argv[] = { (char *)"/bin/sh", (char *)"-c", command, NULL };
	int pid = start(argv);
	char text[64];

	printf("init: %s: %s\n", command,
	       status_text(pid < 0 ? 127 << 8 : reap_until(pid), text, sizeof(text)));
	power_off();
}

static void greet(void)
{
	struct new_utsname u;

	if (svc_uname(&u) == 0)
		printf("\n%s %s on %s.  Try: levels, demos, ls -l /bin, poweroff\n", u.sysname,
		       u.release, u.machine);
}

int main(void)
{
	char *rc[] = { (char *)"/bin/sh", (char *)"/etc/rc", NULL };
	char *sh[] = { (char *)"/bin/sh", NULL };

	stand_on("/dev/console");
	obey_signals();
	setenv("PATH", "/bin");
	setenv("HOME", "/");
	mount_all();
	if (svc_faccessat(AT_FDCWD, rc[1], R_OK) == 0)
		reap_until(start(rc));
	if (getenv("RUN"))
		run_and_power_off(getenv("RUN"));
	greet();
	for (;;) {
		int pid = start(sh);

		if (pid < 0)
			dprintf(2, "init: fork: %s\n", strerror(pid));
		else
			reap_until(pid);
		sleep_ms(100); /* a shell that cannot start must not become a storm */
	}
}
