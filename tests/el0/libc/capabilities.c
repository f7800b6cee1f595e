/*
 * capabilities.c - what is left of root when capabilities go: capget, capset, and the options of
 * prctl(2) about them; and what prctl(2) answers to each other option that needs no device.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/el0/libc/hostile.h"

#define ALL    ((1ull << (CAP_LAST_CAP + 1)) - 1)
#define BIT(n) (1ull << (n))

static const char *program;
static struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
static struct __user_cap_data_struct data[2];

static uint64_t effective(void)
{
	head = (struct __user_cap_header_struct){ _LINUX_CAPABILITY_VERSION_3, 0 };
	sys(capget, &head, data);
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

static uint64_t permitted(void)
{
	effective();
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

static long set(uint64_t e, uint64_t p, uint64_t i)
{
	data[0] = (struct __user_cap_data_struct){ (uint32_t)e, (uint32_t)p, (uint32_t)i };
	data[1] = (struct __user_cap_data_struct){ e >> 32, p >> 32, i >> 32 };
	head = (struct __user_cap_header_struct){ _LINUX_CAPABILITY_VERSION_3, 0 };
	return sys(capset, &head, data);
}

static void test_calls(void)
{
	static const uint32_t versions[] = { _LINUX_CAPABILITY_VERSION_1,
					     _LINUX_CAPABILITY_VERSION_2,
					     _LINUX_CAPABILITY_VERSION_3 };

	begin("capget, capset: versions, whose, addresses");
	for (int i = 0; i < 3; i++) {
		head = (struct __user_cap_header_struct){ versions[i], 0 };
		memset(data, 0x55, sizeof(data));
		CALL(0, capget, &head, data);
		check(data[0].effective, 0xffffffff, "version %d", i + 1);
		check(data[1].effective, i ? ALL >> 32 : 0x55555555, "version %d", i + 1);
		CALL(0, capget, &head, NULL);
	}
	check((long)effective(), ALL, "root has all");
	check((long)permitted(), ALL, "may have all");
	head.version = 1;
	CALL(-EINVAL, capget, &head, data);
	check(head.version, _LINUX_CAPABILITY_VERSION_3, "it says which");
	head.version = 1;
	CALL(0, capget, &head, NULL);
	head.version = 1;
	CALL(-EINVAL, capset, &head, data);
	check(head.version, _LINUX_CAPABILITY_VERSION_3, "it says which");
	head.pid = 1;
	CALL(0, capget, &head, data);
	CALL(-EPERM, capset, &head, data);
	head.pid = NOBODY;
	CALL(-ESRCH, capget, &head, data);
	head.pid = -1;
	CALL(-EINVAL, capget, &head, data);
	head.pid = getpid();
	CALL(0, capget, &head, data);
	CALL(0, capset, &head, data);
	memcpy(hostile_edge(4), (uint32_t[]){ _LINUX_CAPABILITY_VERSION_3 }, 4);
	FAULTS(OUT, 8, capget, bad, data);
	FAULTS(OPT_OUT, 24, capget, &head, bad);
	FAULTS(IN, 24, capset, &head, bad);
	memcpy(hostile_edge(4), (uint32_t[]){ _LINUX_CAPABILITY_VERSION_3 }, 4);
	for (int i = 0; hostile_pointer(&i, 8, IN);)
		if (strcmp(bad_name, "a read-only page") != 0)
			CALL(-EFAULT, capset, bad, data);
	end();
}

static void rules(void)
{
	check(set(ALL & ~BIT(CAP_SYS_TIME), ALL, 0), 0, "one less in effect");
	check(set(ALL, ALL, 0), 0, "and back");
	check(set(ALL, ALL & ~BIT(CAP_SYS_TIME), 0), -EPERM, "what is not permitted");
	check(set(0, BIT(CAP_KILL) | BIT(CAP_SYSLOG), BIT(CAP_KILL)), 0, "two");
	check((long)permitted(), BIT(CAP_KILL) | BIT(CAP_SYSLOG), "two");
	check(set(BIT(CAP_CHOWN), BIT(CAP_KILL), 0), -EPERM, "not effective");
	check(set(0, BIT(CAP_CHOWN), 0), -EPERM, "nor permitted");
	check(set(0, BIT(CAP_KILL), BIT(CAP_CHOWN)), -EPERM, "nor inheritable");
	check(set(BIT(CAP_SYSLOG), BIT(CAP_SYSLOG), BIT(CAP_KILL)), 0,
	      "one, and what was inheritable");
	check((long)effective(), BIT(CAP_SYSLOG), "one");
}

static pid_t victim;

/* Each call that a capability allows, done and undone by root without that one. */
static void one_less(int cap, long want, long got, const char *what)
{
	check(got, want, "without capability %d: %s", cap, what);
}

static void without(void)
{
	static const int gone[] = { CAP_CHOWN,	    CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
				    CAP_FOWNER,	    CAP_KILL,	      CAP_SETGID,
				    CAP_SETUID,	    CAP_SETPCAP,      CAP_IPC_LOCK,
				    CAP_SYS_CHROOT, CAP_SYS_ADMIN,    CAP_SYS_BOOT,
				    CAP_SYS_NICE,   CAP_SYS_RESOURCE, CAP_SYS_TIME,
				    CAP_MKNOD,	    CAP_SYSLOG };
	uint64_t now = ALL;
	struct rlimit none = { 0, 0 }, more = { 0, 1 };
	struct timespec ts;

	setrlimit(RLIMIT_MEMLOCK, &none);
	clock_gettime(CLOCK_REALTIME, &ts);
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		now &= ~BIT(gone[i]);
	check(set(now, ALL, 0), 0, "capset");
	one_less(CAP_CHOWN, -EPERM, sys(fchownat, AT_FDCWD, "mine", 7, 7, 0), "chown");
	one_less(CAP_DAC_OVERRIDE, -EACCES, sys(openat, AT_FDCWD, "theirs", O_RDWR, 0), "open");
	one_less(CAP_DAC_OVERRIDE, 0, sys(faccessat, AT_FDCWD, "mine", R_OK | W_OK), "one's own");
	one_less(CAP_FOWNER, -EPERM, sys(fchmodat, AT_FDCWD, "theirs", 0777), "chmod");
	one_less(CAP_KILL, -EPERM, sys(kill, victim, 0), "kill");
	one_less(CAP_SETGID, -EPERM, sys(setgid, 5), "setgid");
	one_less(CAP_SETGID, -EPERM, sys(setgroups, 0, NULL), "setgroups");
	one_less(CAP_SETUID, -EPERM, sys(setuid, 5), "setuid");
	one_less(CAP_SETUID, -EPERM, sys(setresuid, 5, 5, 5), "setresuid");
	one_less(CAP_SETPCAP, -EPERM, sys(prctl, PR_CAPBSET_DROP, CAP_CHOWN), "prctl");
	one_less(CAP_SETPCAP, -EPERM, sys(prctl, PR_SET_SECUREBITS, 0), "prctl");
	one_less(CAP_IPC_LOCK, -EPERM, sys(mlock, &now, 8), "mlock");
	one_less(CAP_SYS_CHROOT, -EPERM, sys(chroot, "/"), "chroot");
	one_less(CAP_SYS_ADMIN, -EPERM, sys(mount, "n", "/", "tmpfs", 0, 0), "mount");
	one_less(CAP_SYS_ADMIN, -EPERM, sys(sethostname, "x", 1), "sethostname");
	one_less(CAP_SYS_BOOT, -EPERM, sys(reboot, 0, 0, 0, 0), "reboot");
	one_less(CAP_SYS_NICE, -EACCES, sys(setpriority, PRIO_PROCESS, 0, -1), "setpriority");
	one_less(CAP_SYS_NICE, -EPERM, sys(sched_setscheduler, 0, SCHED_FIFO, (int[]){ 1 }),
		 "FIFO");
	one_less(CAP_SYS_NICE, -EPERM, sys(setpriority, PRIO_PROCESS, victim, 5), "setpriority");
	one_less(CAP_SYS_RESOURCE, -EPERM, sys(setrlimit, RLIMIT_MEMLOCK, &more), "setrlimit");
	one_less(CAP_SYS_TIME, -EPERM, sys(clock_settime, CLOCK_REALTIME, &ts), "clock_settime");
	one_less(CAP_MKNOD, -EPERM, sys(mknodat, AT_FDCWD, "node", S_IFCHR | 0600, 0x103), "mknod");
	one_less(CAP_SYSLOG, -EPERM, sys(syslog, 9, NULL, 0), "syslog");
	check(set(now | BIT(CAP_DAC_READ_SEARCH), ALL, 0), 0, "capset");
	one_less(CAP_DAC_OVERRIDE, 0, sys(faccessat2, AT_FDCWD, "theirs", R_OK, AT_EACCESS),
		 "to read");
	one_less(CAP_DAC_OVERRIDE, -EACCES, sys(faccessat2, AT_FDCWD, "theirs", W_OK, AT_EACCESS),
		 "write");
	one_less(CAP_DAC_OVERRIDE, 0, sys(faccessat, AT_FDCWD, "theirs", W_OK),
		 "access asks for root");
	check(set(ALL, ALL, 0), 0, "capset");
	CALL(0, fchownat, AT_FDCWD, "mine", 0, 0, 0);
	CALL(0, kill, victim, 0);
	CALL(0, mlock, &now, 8);
}

static void as_user(void)
{
	CALL(0, prctl, PR_SET_KEEPCAPS, 1);
	CALL(1, prctl, PR_GET_KEEPCAPS);
	CALL(0, setresuid, 5, 5, 5);
	check((long)permitted(), ALL, "KEEPCAPS: permitted");
	check((long)effective(), 0, "but none has effect");
	CALL(-EPERM, kill, 1, 0);
	check(set(BIT(CAP_KILL), BIT(CAP_KILL), 0), 0, "one is taken");
	CALL(0, kill, 1, 0);
	CALL(-EPERM, sethostname, "x", 1);
	CALL(-EPERM, setuid, 0);
}

static void back_and_forth(void)
{
	CALL(0, setresuid, -1, 5, -1);
	check((long)effective(), 0, "euid 5");
	check((long)permitted(), ALL, "but it may");
	CALL(-EPERM, sethostname, "x", 1);
	CALL(0, setresuid, -1, 0, -1);
	check((long)effective(), ALL, "euid 0 again");
	CALL(0, setfsuid, 5);
	check((long)(effective() & (BIT(CAP_DAC_OVERRIDE) | BIT(CAP_KILL))), BIT(CAP_KILL),
	      "fsuid 5");
	CALL(5, setfsuid, 0);
	check((long)effective(), ALL, "fsuid 0");
	CALL(0, setresuid, 5, 5, 5);
	check((long)(permitted() | effective()), 0, "all three");
	check(set(BIT(CAP_KILL), BIT(CAP_KILL), 0), -EPERM, "for good");
}

/* The program that begins here exits with what it finds: see main(). */
static void executes(const char *want)
{
	char *argv[] = { (char *)program, (char *)want, NULL };

	execv(program, argv);
	expect(false, "execv");
}

static void exec_root(void)
{
	check(set(0, 0, 0), 0, "none");
	executes("all"); /* root's programs have all that the bounding set leaves */
}

static void exec_bounded(void)
{
	CALL(1, prctl, PR_CAPBSET_READ, CAP_KILL);
	CALL(0, prctl, PR_CAPBSET_DROP, CAP_KILL);
	CALL(0, prctl, PR_CAPBSET_READ, CAP_KILL);
	check((long)effective(), ALL, "here nothing has changed");
	executes("no kill");
}

static void exec_ambient(void)
{
	CALL(-EPERM, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
	check(set(ALL, ALL, BIT(CAP_KILL)), 0, "inheritable");
	CALL(0, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0);
	CALL(0, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
	CALL(1, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0);
	CALL(0, prctl, PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
	CALL(0, setresuid, 5, 5, 5);
	check((long)effective(), ALL, "NO_SETUID_FIXUP");
	executes("kill");
}

static void exec_noroot(void)
{
	CALL(0, prctl, PR_SET_SECUREBITS, SECBIT_NOROOT);
	executes("none");
}

static void ambient_goes(void)
{
	check(set(ALL, ALL, ALL), 0, "inheritable");
	CALL(0, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
	CALL(0, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
	CALL(0, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_CHOWN, 0, 0);
	CALL(0, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0);
	check(set(ALL, ALL, 0), 0, "not inheritable");
	CALL(0, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0);
	check(set(ALL, ALL, ALL), 0, "inheritable");
	CALL(0, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
	CALL(0, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	CALL(0, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0);
	CALL(0, prctl, PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE);
	CALL(-EPERM, prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
}

static void locked_bits(void)
{
	CALL(0, prctl, PR_SET_SECUREBITS, SECBIT_KEEP_CAPS_LOCKED);
	CALL(SECBIT_KEEP_CAPS_LOCKED, prctl, PR_GET_SECUREBITS);
	CALL(-EPERM, prctl, PR_SET_KEEPCAPS, 1);
	CALL(-EPERM, prctl, PR_SET_SECUREBITS, 0);
	CALL(-EPERM, prctl, PR_SET_SECUREBITS, SECBIT_KEEP_CAPS_LOCKED | SECBIT_KEEP_CAPS);
	CALL(-EPERM, prctl, PR_SET_SECUREBITS, SECBIT_KEEP_CAPS_LOCKED | 0x10000);
}

static void test_rules(void)
{
	close(open("mine", O_CREAT | O_RDWR, 0600));
	close(open("theirs", O_CREAT | O_RDWR, 0600));
	sys(fchownat, AT_FDCWD, "theirs", 9, 9, 0);
	victim = fork();
	if (victim == 0) {
		sys(setresuid, 9, 9, 9);
		pause();
		_exit(0);
	}
	while (sys(getpriority, PRIO_USER, 9) < 0) /* until it is user 9's */
		sched_yield();
	begin("capset, capget: what is dropped is not to be had again, and has no effect");
	check_child(rules, 0, "sets");
	check_child(without, 0, "calls");
	end();
	begin("setresuid, setfsuid, capget: capabilities go with the numbers");
	check_child(as_user, 0, "PR_SET_KEEPCAPS");
	check_child(back_and_forth, 0, "and come back");
	end();
	begin("execve, prctl, capset: what a program begins with");
	check(in_child(exec_root), 0, "root");
	check(in_child(exec_bounded), 0, "PR_CAPBSET_DROP");
	check(in_child(exec_ambient), 0, "PR_CAP_AMBIENT");
	check(in_child(exec_noroot), 0, "SECBIT_NOROOT");
	check_child(ambient_goes, 0, "PR_CAP_AMBIENT_LOWER");
	check_child(locked_bits, 0, "PR_SET_SECUREBITS");
	end();
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
	unlink("mine");
	unlink("theirs");
}

static void slack_of_child(void)
{
	CALL(77000, prctl, PR_GET_TIMERSLACK);
	CALL(0, prctl, PR_SET_TIMERSLACK, 5);
	CALL(5, prctl, PR_GET_TIMERSLACK);
	CALL(0, prctl, PR_SET_TIMERSLACK, 0);
	CALL(77000, prctl, PR_GET_TIMERSLACK);
}

static void test_prctl(void)
{
	/* what arm64 has none of, and what makes no sense */
	static const struct {
		long a[5];
	} einval[] = {
		{ { 5 } },    /* PR_GET_UNALIGN */
		{ { 6, 1 } }, /* PR_SET_UNALIGN */
		{ { 9 } },    /* PR_GET_FPEMU */
		{ { 10 } },   /* PR_SET_FPEMU */
		{ { 11 } },   /* PR_GET_FPEXC */
		{ { 12 } },   /* PR_SET_FPEXC */
		{ { 19 } },   /* PR_GET_ENDIAN */
		{ { 20 } },   /* PR_SET_ENDIAN */
		{ { 43 } },   /* PR_MPX_ENABLE_MANAGEMENT */
		{ { 45 } },   /* PR_SET_FP_MODE */
		{ { 46 } },   /* PR_GET_FP_MODE */
		{ { 0 } },
		{ { 17 } },
		{ { -1 } },
		{ { PR_SET_TIMING, 1 } },
		{ { PR_SET_KEEPCAPS, 2 } },
		{ { PR_CAPBSET_READ, 64 } },
		{ { PR_CAPBSET_READ, CAP_LAST_CAP + 1 } },
		{ { PR_CAPBSET_DROP, 64 } },
		{ { PR_CAP_AMBIENT, 0 } },
		{ { PR_CAP_AMBIENT, 9, 1 } },
		{ { PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 64 } },
		{ { PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 1, 1 } },
		{ { PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1 } },
		{ { PR_SET_PDEATHSIG, -1 } },
		{ { PR_SET_DUMPABLE, -1 } },
		{ { PR_SET_NO_NEW_PRIVS, 1, 1 } },
		{ { PR_GET_NO_NEW_PRIVS, 1 } },
		{ { PR_GET_THP_DISABLE, 0, 0, 0, 1 } },
		{ { PR_SET_SECCOMP, 99 } },
	};
	int v = -1;

	begin("prctl: what every option answers that does not exist here or there; time, tid, "
	      "reaper");
	for (size_t i = 0; i < sizeof(einval) / sizeof(einval[0]); i++) {
		const long *a = einval[i].a;

		check(sys(prctl, a[0], a[1], a[2], a[3], a[4]), -EINVAL,
		      "prctl(%ld, %ld, %ld, %ld, %ld)", a[0], a[1], a[2], a[3], a[4]);
	}
	CALL(0, prctl, PR_GET_TIMING);
	CALL(0, prctl, PR_SET_TIMING, 0);
	CALL(0, prctl, PR_GET_SECCOMP);
	CALL(0, prctl, PR_GET_SECUREBITS);
	CALL(0, prctl, PR_GET_KEEPCAPS);
	CALL(50000, prctl, PR_GET_TIMERSLACK);
	CALL(0, prctl, PR_SET_TIMERSLACK, 77000);
	check_child(slack_of_child, 0, "PR_SET_TIMERSLACK");
	CALL(0, prctl, PR_SET_TIMERSLACK, 0);
	CALL(50000, prctl, PR_GET_TIMERSLACK);
	CALL(0, prctl, PR_SET_CHILD_SUBREAPER, 5);
	CALL(0, prctl, PR_GET_CHILD_SUBREAPER, &v);
	check(v, 1, "PR_GET_CHILD_SUBREAPER");
	CALL(0, prctl, PR_SET_CHILD_SUBREAPER, 0);
	FAULTS(OUT, 4, prctl, PR_GET_CHILD_SUBREAPER, bad);
	end();
}

/* A program that exec_*() began. */
static int begun(const char *want)
{
	uint64_t e = effective();

	if (strcmp(want, "all") == 0)
		return e != ALL;
	if (strcmp(want, "no kill") == 0)
		return e != (ALL & ~BIT(CAP_KILL)) ||
		       sys(kill, 1, 0) != 0; /* it is root's as well */
	if (strcmp(want, "kill") == 0)
		return e != BIT(CAP_KILL) || sys(kill, 1, 0) != 0 || sys(chroot, "/") != -EPERM;
	return e != 0 || sys(chroot, "/") != -EPERM;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return begun(argv[1]);
	program = argv[0];
	test_calls();
	test_rules();
	test_prctl();
	return tap_done();
}
