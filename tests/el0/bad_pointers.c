/*
 * bad_pointers.c - every pointer argument of every system call, given every kind of address that
 * must not be used.
 *
 * A row says a call with good arguments and which of them is the pointer.  The answer must be
 * -EFAULT, or for null what the row says.  Pages around the good buffers hold a pattern that must
 * be there afterwards.
 */
#include "abi/fcntl.h"
#include "abi/futex.h"
#include "abi/mman.h"
#include "abi/sched.h"
#include "abi/termios.h"
#include "abi/timer.h"
#include "el0/lib/process.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"

#define PAGE 4096UL

/*
 * An arena of pages: [0] none, [1] read-write, [2] none, [3] read-only, [4] PROT_NONE …  good is in
 * [1], whose end is a hole.
 */
static uintptr_t arena;
#define RW   (arena + PAGE)
#define HOLE (arena + 2 * PAGE)
#define RO   (arena + 3 * PAGE)
#define NONE (arena + 4 * PAGE)

static int zero, null, file, dir, pipe_in, pipe_out, timer_fd, timer_number;

enum how {
	READS,	/* the kernel reads through the pointer */
	WRITES, /* … or writes: a read-only page is bad too */
	PATH,	/* reads a string */
};

struct row {
	const char *name;
	int nr;
	int arg; /* which argument is the pointer */
	enum how how;
	size_t size;	  /* bytes the kernel touches; a shorter mapped run before a hole is bad */
	long null_answer; /* what a null pointer gives */
	uint64_t args[6];
	/*
	 * another answer that is as good (0: none): the order of checks is not part of the contract
	 */
	int also;
};

#define ANY	      1 /* null_answer: 0 or positive */
#define NEVER_RETURNS 2 /* null_answer: a null pointer is not tried */

static const sigset_bits no_signals;

static struct pollfd one_poll = { -1, POLLOUT, 0 };
static struct timespec zero_time;
static struct itimerspec no_time;
static uint32_t futex_word = 1;
static char name_buffer[256];

/* clang-format off */
static const struct row rows[] = {
#define FD(x) (uint64_t)(x)
	{ "getcwd", NR_getcwd, 0, WRITES, 5, -EFAULT, { 0, 64 }, -ERANGE },
	{ "mknodat", NR_mknodat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, S_IFREG | 0600, 0 }, 0 },
	{ "mkdirat", NR_mkdirat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, 0700 }, 0 },
	{ "unlinkat", NR_unlinkat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, 0 }, 0 },
	{ "symlinkat target", NR_symlinkat, 0, PATH, 1, -EFAULT, { 0, FD(AT_FDCWD), (uint64_t) "new" }, 0 },
	{ "symlinkat path", NR_symlinkat, 2, PATH, 1, -EFAULT, { (uint64_t) "x", FD(AT_FDCWD), 0 }, 0 },
	{ "linkat from", NR_linkat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, FD(AT_FDCWD), (uint64_t) "new", 0 }, 0 },
	{ "linkat to", NR_linkat, 3, PATH, 1, -EFAULT, { FD(AT_FDCWD), (uint64_t) "file", FD(AT_FDCWD), 0, 0 }, 0 },
	{ "renameat from", NR_renameat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, FD(AT_FDCWD), (uint64_t) "new" }, 0 },
	{ "renameat to", NR_renameat, 3, PATH, 1, -EFAULT, { FD(AT_FDCWD), (uint64_t) "file", FD(AT_FDCWD), 0 }, 0 },
	{ "renameat2 from", NR_renameat2, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, FD(AT_FDCWD), (uint64_t) "new", 0 }, 0 },
	{ "renameat2 to", NR_renameat2, 3, PATH, 1, -EFAULT, { FD(AT_FDCWD), (uint64_t) "file", FD(AT_FDCWD), 0, 0 }, 0 },
	{ "statfs path", NR_statfs, 0, PATH, 1, -EFAULT, { 0, (uint64_t)name_buffer }, 0 },
	{ "statfs buffer", NR_statfs, 1, WRITES, sizeof(struct statfs), -EFAULT, { (uint64_t) "/", 0 }, 0 },
	{ "truncate", NR_truncate, 0, PATH, 1, -EFAULT, { 0, 0 }, 0 },
	{ "faccessat", NR_faccessat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, 0 }, 0 },
	{ "faccessat2", NR_faccessat2, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, 0, 0 }, 0 },
	{ "chdir", NR_chdir, 0, PATH, 1, -EFAULT, { 0 }, 0 },
	{ "fchmodat", NR_fchmodat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, 0700 }, 0 },
	{ "fchownat", NR_fchownat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, 0, 0, 0 }, 0 },
	{ "openat", NR_openat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, O_RDONLY, 0 }, 0 },
	{ "readlinkat path", NR_readlinkat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, (uint64_t)name_buffer, 16 }, 0 },
	{ "readlinkat buffer", NR_readlinkat, 2, WRITES, 4, -EFAULT, { FD(AT_FDCWD), (uint64_t) "link", 0, 16 }, 0 },
	{ "newfstatat path", NR_newfstatat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, (uint64_t)name_buffer, 0 }, 0 },
	{ "newfstatat buffer", NR_newfstatat, 2, WRITES, sizeof(struct stat), -EFAULT, { FD(AT_FDCWD), (uint64_t) "file", 0, 0 }, 0 },
	{ "statx path", NR_statx, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, 0, 0x7ff, (uint64_t)name_buffer }, -ENOENT },
	{ "statx buffer", NR_statx, 4, WRITES, sizeof(struct statx), -EFAULT, { FD(AT_FDCWD), (uint64_t) "file", 0, 0x7ff, 0 }, 0 },
	{ "utimensat path", NR_utimensat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, 0, 0 }, -EINVAL },
	{ "utimensat times", NR_utimensat, 2, READS, 32, 0, { FD(AT_FDCWD), (uint64_t) "file", 0, 0 }, 0 },

#define FILE_FD 100 /* in a row: the descriptor of that kind, filled in at run time */
#define ZERO_FD 101
#define NULL_FD 102
#define DIR_FD	103
#define IN_FD	104
#define OUT_FD	105
#define TIMER_FD 106
	{ "fstat", NR_fstat, 1, WRITES, sizeof(struct stat), -EFAULT, { FILE_FD, 0 }, 0 },
	{ "fstatfs", NR_fstatfs, 1, WRITES, sizeof(struct statfs), -EFAULT, { FILE_FD, 0 }, 0 },
	{ "getdents64", NR_getdents64, 1, WRITES, 16, -EFAULT, { DIR_FD, 0, 4096 }, 0 },
	{ "ioctl TIOCGWINSZ", NR_ioctl, 2, WRITES, sizeof(struct winsize), -EFAULT, { 1, TIOCGWINSZ, 0 }, 0 },
	{ "ioctl TCGETS", NR_ioctl, 2, WRITES, sizeof(struct termios), -EFAULT, { 1, TCGETS, 0 }, 0 },
	{ "ioctl TCSETS", NR_ioctl, 2, READS, sizeof(struct termios), -EFAULT, { 1, TCSETS, 0 }, 0 },
	{ "ioctl FIONREAD", NR_ioctl, 2, WRITES, 4, -EFAULT, { IN_FD, FIONREAD, 0 }, 0 },
	{ "pipe2", NR_pipe2, 0, WRITES, 8, -EFAULT, { 0, 0 }, 0 },
	{ "read /dev/zero", NR_read, 1, WRITES, 16, -EFAULT, { ZERO_FD, 0, 16 }, 0 },
	{ "read file", NR_read, 1, WRITES, 16, -EFAULT, { FILE_FD, 0, 16 }, 0 },
	{ "read pipe", NR_read, 1, WRITES, 16, -EFAULT, { IN_FD, 0, 16 }, 0 },
	{ "write pipe", NR_write, 1, READS, 16, -EFAULT, { OUT_FD, 0, 16 }, 0 },
	{ "write file", NR_write, 1, READS, 16, -EFAULT, { FILE_FD, 0, 16 }, 0 },
	{ "write console", NR_write, 1, READS, 16, -EFAULT, { 1, 0, 16 }, 0 },
	{ "pread64", NR_pread64, 1, WRITES, 16, -EFAULT, { FILE_FD, 0, 16, 0 }, 0 },
	{ "pwrite64", NR_pwrite64, 1, READS, 16, -EFAULT, { FILE_FD, 0, 16, 0 }, 0 },
	{ "readv vector", NR_readv, 1, READS, 16, -EFAULT, { ZERO_FD, 0, 1 }, 0 },
	{ "writev vector", NR_writev, 1, READS, 16, -EFAULT, { NULL_FD, 0, 1 }, 0 },
	{ "sendfile offset", NR_sendfile, 2, WRITES, 8, ANY, { NULL_FD, FILE_FD, 0, 1 }, -EINVAL },
	{ "ppoll fds", NR_ppoll, 0, WRITES, 8, -EFAULT, { 0, 1, (uint64_t)&zero_time, 0, 8 }, 0 },
	{ "ppoll mask", NR_ppoll, 3, READS, 8, 0, { 0, 0, (uint64_t)&zero_time, 0, 8 }, 0 },
	{ "ppoll timeout", NR_ppoll, 2, READS, 16, ANY, { (uint64_t)&one_poll, 1, 0, 0, 8 }, 0 },

	{ "waitid info", NR_waitid, 2, WRITES, 128, -ECHILD, { P_ALL, 0, 0, WEXITED | WNOHANG, 0 }, -ECHILD },
	{ "wait4 status", NR_wait4, 1, WRITES, 4, -ECHILD, { FD(-1), 0, WNOHANG, 0 }, -ECHILD },
	{ "futex word", NR_futex, 0, READS, 4, -EFAULT, { 0, FUTEX_WAIT, 0, (uint64_t)&zero_time, 0, 0 }, -EINVAL },
	{ "futex private word", NR_futex, 0, READS, 4, -EFAULT, { 0, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, (uint64_t)&zero_time, 0, 0 }, -EINVAL },
	{ "futex timeout", NR_futex, 3, READS, 16, -EAGAIN, { (uint64_t)&futex_word, FUTEX_WAIT, 0, 0, 0, 0 }, 0 },
	{ "sched_getaffinity", NR_sched_getaffinity, 2, WRITES, 8, -EFAULT, { 0, 128, 0 }, 0 },
	{ "getrusage", NR_getrusage, 1, WRITES, sizeof(struct rusage), -EFAULT, { 0, 0 }, 0 },
	{ "prctl PR_SET_NAME", NR_prctl, 1, PATH, 1, -EFAULT, { 15, 0 }, 0 },
	{ "prctl PR_GET_NAME", NR_prctl, 1, WRITES, 16, -EFAULT, { 16, 0 }, 0 },
	{ "execve path", NR_execve, 0, PATH, 1, -EFAULT, { 0, (uint64_t)name_buffer, (uint64_t)name_buffer }, 0 },
	{ "prlimit64 new", NR_prlimit64, 2, READS, 16, 0, { 0, RLIMIT_CORE, 0, 0 }, 0 },
	{ "prlimit64 old", NR_prlimit64, 3, WRITES, 16, 0, { 0, RLIMIT_CORE, 0, 0 }, 0 },

	{ "sigaltstack new", NR_sigaltstack, 0, READS, 24, 0, { 0, 0 }, 0 },
	{ "sigaltstack old", NR_sigaltstack, 1, WRITES, 24, 0, { 0, 0 }, 0 },
	{ "rt_sigsuspend", NR_rt_sigsuspend, 0, READS, 8, -EFAULT, { 0, 8 }, 0 },
	{ "rt_sigaction new", NR_rt_sigaction, 1, READS, 32, 0, { SIGUSR1, 0, 0, 8 }, 0 },
	{ "rt_sigaction old", NR_rt_sigaction, 2, WRITES, 32, 0, { SIGUSR1, 0, 0, 8 }, 0 },
	{ "rt_sigprocmask new", NR_rt_sigprocmask, 1, READS, 8, 0, { SIG_BLOCK, 0, 0, 8 }, 0 },
	{ "rt_sigprocmask old", NR_rt_sigprocmask, 2, WRITES, 8, 0, { SIG_BLOCK, 0, 0, 8 }, 0 },
	{ "rt_sigpending", NR_rt_sigpending, 0, WRITES, 8, -EFAULT, { 0, 8 }, 0 },

	{ "nanosleep", NR_nanosleep, 0, READS, 16, -EFAULT, { 0, 0 }, 0 },
	{ "clock_gettime", NR_clock_gettime, 1, WRITES, 16, -EFAULT, { 1, 0 }, 0 },
	{ "clock_getres", NR_clock_getres, 1, WRITES, 16, 0, { 1, 0 }, 0 },
	{ "clock_nanosleep", NR_clock_nanosleep, 2, READS, 16, -EFAULT, { 1, 0, 0, 0 }, 0 },
	{ "times", NR_times, 0, WRITES, 32, ANY, { 0 }, 0 },
	{ "gettimeofday time", NR_gettimeofday, 0, WRITES, 16, 0, { 0, 0 }, 0 },
	{ "gettimeofday zone", NR_gettimeofday, 1, WRITES, 8, 0, { 0, 0 }, 0 },

	{ "uname", NR_uname, 0, WRITES, sizeof(struct new_utsname), -EFAULT, { 0 }, 0 },
	{ "sysinfo", NR_sysinfo, 0, WRITES, sizeof(struct sysinfo), -EFAULT, { 0 }, 0 },
	{ "getrandom", NR_getrandom, 0, WRITES, 16, -EFAULT, { 0, 16, 0 }, 0 },
	{ "chroot", NR_chroot, 0, PATH, 1, -EFAULT, { 0 }, 0 },
	{ "pselect6 reading", NR_pselect6, 1, WRITES, 8, 0, { 1, 0, 0, 0, (uint64_t)&zero_time, 0 }, 0 },
	{ "pselect6 writing", NR_pselect6, 2, WRITES, 8, 0, { 1, 0, 0, 0, (uint64_t)&zero_time, 0 }, 0 },
	{ "pselect6 exceptions", NR_pselect6, 3, WRITES, 8, 0, { 1, 0, 0, 0, (uint64_t)&zero_time, 0 }, 0 },
	{ "pselect6 timeout", NR_pselect6, 4, READS, 16, NEVER_RETURNS, { 0, 0, 0, 0, 0, 0 }, 0 },
	{ "pselect6 mask", NR_pselect6, 5, READS, 16, 0, { 0, 0, 0, 0, (uint64_t)&zero_time, 0 }, 0 },
	{ "get_robust_list head", NR_get_robust_list, 1, WRITES, 8, -EFAULT, { 0, 0, (uint64_t)name_buffer }, 0 },
	{ "get_robust_list size", NR_get_robust_list, 2, WRITES, 8, -EFAULT, { 0, (uint64_t)name_buffer, 0 }, 0 },
	{ "sched_setparam", NR_sched_setparam, 1, READS, 4, -EINVAL, { 0, 0 }, 0 },
	{ "sched_setscheduler", NR_sched_setscheduler, 2, READS, 4, -EINVAL, { 0, 0, 0 }, 0 },
	{ "sched_getparam", NR_sched_getparam, 1, WRITES, 4, -EINVAL, { 0, 0 }, 0 },
	{ "sched_setaffinity", NR_sched_setaffinity, 2, READS, 8, -EFAULT, { 0, 8, 0 }, 0 },
	{ "sched_rr_get_interval", NR_sched_rr_get_interval, 1, WRITES, 16, -EFAULT, { 0, 0 }, 0 },
	{ "getresuid real", NR_getresuid, 0, WRITES, 4, -EFAULT, { 0, (uint64_t)name_buffer, (uint64_t)name_buffer }, 0 },
	{ "getresuid effective", NR_getresuid, 1, WRITES, 4, -EFAULT, { (uint64_t)name_buffer, 0, (uint64_t)name_buffer }, 0 },
	{ "getresuid saved", NR_getresuid, 2, WRITES, 4, -EFAULT, { (uint64_t)name_buffer, (uint64_t)name_buffer, 0 }, 0 },
	{ "getresgid real", NR_getresgid, 0, WRITES, 4, -EFAULT, { 0, (uint64_t)name_buffer, (uint64_t)name_buffer }, 0 },
	{ "getresgid effective", NR_getresgid, 1, WRITES, 4, -EFAULT, { (uint64_t)name_buffer, 0, (uint64_t)name_buffer }, 0 },
	{ "getresgid saved", NR_getresgid, 2, WRITES, 4, -EFAULT, { (uint64_t)name_buffer, (uint64_t)name_buffer, 0 }, 0 },
	{ "getgroups", NR_getgroups, 1, WRITES, 8, -EFAULT, { 16, 0 }, 0 },
	{ "setgroups", NR_setgroups, 1, READS, 8, -EFAULT, { 2, 0 }, 0 },
	{ "getrlimit", NR_getrlimit, 1, WRITES, 16, -EFAULT, { RLIMIT_CORE, 0 }, 0 },
	{ "setrlimit", NR_setrlimit, 1, READS, 16, -EFAULT, { RLIMIT_CORE, 0 }, 0 },
	{ "getcpu cpu", NR_getcpu, 0, WRITES, 4, 0, { 0, 0 }, 0 },
	{ "getcpu node", NR_getcpu, 1, WRITES, 4, 0, { 0, 0 }, 0 },
	{ "execveat path", NR_execveat, 1, PATH, 1, -EFAULT, { FD(AT_FDCWD), 0, 0, 0, 0 }, 0 },
	{ "clone3", NR_clone3, 0, READS, 88, -EFAULT, { 0, 88 }, 0 },
	{ "rt_sigtimedwait set", NR_rt_sigtimedwait, 0, READS, 8, -EFAULT, { 0, 0, (uint64_t)&zero_time, 8 }, 0 },
	{ "rt_sigtimedwait info", NR_rt_sigtimedwait, 1, WRITES, 128, -EAGAIN, { (uint64_t)&no_signals, 0, (uint64_t)&zero_time, 8 }, -EAGAIN },
	{ "rt_sigtimedwait timeout", NR_rt_sigtimedwait, 2, READS, 16, NEVER_RETURNS, { (uint64_t)&no_signals, 0, 0, 8 }, 0 },
	{ "rt_sigqueueinfo", NR_rt_sigqueueinfo, 2, READS, 128, -EFAULT, { 0, SIGURG, 0 }, -EPERM },
	{ "rt_tgsigqueueinfo", NR_rt_tgsigqueueinfo, 3, READS, 128, -EFAULT, { 1, 1, SIGURG, 0 }, -EPERM },
	{ "getitimer", NR_getitimer, 1, WRITES, 32, -EFAULT, { 0, 0 }, 0 },
	{ "setitimer new", NR_setitimer, 1, READS, 32, 0, { 0, 0, 0 }, 0 },
	{ "setitimer old", NR_setitimer, 2, WRITES, 32, 0, { 0, 0, 0 }, 0 },
	{ "clock_settime", NR_clock_settime, 1, READS, 16, -EFAULT, { 0, 0 }, 0 },
	{ "timer_create event", NR_timer_create, 1, READS, 64, ANY, { 1, 0, (uint64_t)&timer_number }, 0 },
	{ "timer_create number", NR_timer_create, 2, WRITES, 4, -EFAULT, { 1, 0, 0 }, 0 },
	{ "timer_gettime", NR_timer_gettime, 1, WRITES, 32, -EFAULT, { 0, 0 }, 0 },
	{ "timer_settime new", NR_timer_settime, 2, READS, 32, -EINVAL, { 0, 0, 0, 0 }, 0 },
	{ "timer_settime old", NR_timer_settime, 3, WRITES, 32, 0, { 0, 0, (uint64_t)&no_time, 0 }, 0 },
	{ "timerfd_gettime", NR_timerfd_gettime, 1, WRITES, 32, -EFAULT, { TIMER_FD, 0 }, 0 },
	{ "timerfd_settime new", NR_timerfd_settime, 2, READS, 32, -EFAULT, { TIMER_FD, 0, 0, 0 }, 0 },
	{ "timerfd_settime old", NR_timerfd_settime, 3, WRITES, 32, 0, { TIMER_FD, 0, (uint64_t)&no_time, 0 }, 0 },
	{ "adjtimex", NR_adjtimex, 0, WRITES, 208, -EFAULT, { 0 }, -EINVAL },
	{ "clock_adjtime", NR_clock_adjtime, 1, WRITES, 208, -EFAULT, { 0, 0 }, -EINVAL },
	{ "settimeofday time", NR_settimeofday, 0, READS, 16, 0, { 0, 0 }, 0 },
	{ "settimeofday zone", NR_settimeofday, 1, READS, 8, 0, { 0, 0 }, 0 },
	{ "sethostname", NR_sethostname, 0, READS, 4, -EFAULT, { 0, 4 }, 0 },
	{ "setdomainname", NR_setdomainname, 0, READS, 4, -EFAULT, { 0, 4 }, 0 },
	{ "syslog", NR_syslog, 1, WRITES, 16, -EINVAL, { 3, 0, 4096 }, 0 },
	{ "wait4 rusage", NR_wait4, 3, WRITES, 144, -ECHILD, { FD(-1), 0, WNOHANG, 0 }, -ECHILD },
	{ "waitid rusage", NR_waitid, 4, WRITES, 144, -ECHILD, { P_ALL, 0, 0, WEXITED | WNOHANG, 0 }, -ECHILD },
	{ "futex second word", NR_futex, 4, READS, 4, -EFAULT, { (uint64_t)&futex_word, FUTEX_CMP_REQUEUE, 0, 0, 0, 1 }, -EINVAL },
};
/* clang-format on */

static uint64_t fill_in(uint64_t arg)
{
	switch (arg) {
	case FILE_FD: return (uint64_t)file;
	case ZERO_FD: return (uint64_t)zero;
	case NULL_FD: return (uint64_t)null;
	case DIR_FD: return (uint64_t)dir;
	case IN_FD: return (uint64_t)pipe_in;
	case OUT_FD: return (uint64_t)pipe_out;
	case TIMER_FD: return (uint64_t)timer_fd;
	default: return arg;
	}
}

static long call(const struct row *r, uint64_t pointer)
{
	uint64_t a[6];

	for (int i = 0; i < 6; i++)
		a[i] = i == r->arg		       ? pointer
		       : i < 2 || r->nr == NR_sendfile ? fill_in(r->args[i])
						       : r->args[i];
	svc_lseek(file, 0, SEEK_SET);
	svc_lseek(dir, 0, SEEK_SET);
	if (r->args[0] == IN_FD)
		svc_write(pipe_out, "0123456789abcdef", 16);
	return svc_call(r->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void check_bad(const struct row *r, uint64_t p, const char *kind)
{
	long got = call(r, p);

	check_one_of(got, -EFAULT, r->also ? r->also : -EFAULT, "%s: %s (%#lx)", r->name, kind, p);
	if (got >= 0 && r->nr == NR_openat)
		svc_close((int)got);
}

static const struct {
	uint64_t p;
	const char *kind;
} addresses[] = {
	{ 1, "1" },
	{ 0xfff, "end of the first page" },
	{ 0x0000fffffffffff8, "2^48 - 8" },
	{ 0x0000ffffffffffff, "2^48 - 1" },
	{ 0x0001000000000000, "2^48" },
	{ 0x00ff000000000000, "not canonical" },
	{ 0x7fffffffffffffff, "2^63 - 1" },
	{ 0x8000000000000000, "2^63" },
	{ 0xfffeffffffffffff, "just below the kernel" },
	{ 0xffff000000000000, "the kernel's linear map" },
	{ 0xffff000040200000, "RAM in the linear map" },
	{ 0xffff800000000000, "vmap" },
	{ 0xffff800080000000, "Linux's image" },
	{ 0xffffc00000000000, "devices" },
	{ 0xffffffff7c000000, "modules" },
	{ 0xffffffff80000000, "the kernel's image" },
	{ 0xffffffffffe00000, "the last 2 MiB" },
	{ 0xfffffffffffff000, "the last page" },
	{ 0xfffffffffffffff8, "-8" },
	{ 0xffffffffffffffff, "-1" },
	{ 0x5aff000000000000, "tagged kernel" },
};

/* A row's call with every bad address in turn. */
static void bad_addresses(const struct row *r)
{
	long got;

	got = r->null_answer == NEVER_RETURNS ? NEVER_RETURNS : call(r, 0);
	if (r->null_answer == ANY)
		expect(got >= 0, "%s: null: %ld", r->name, got);
	else
		check_one_of(got, r->null_answer, r->also ? r->also : r->null_answer, "%s: null",
			     r->name);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		check_bad(r, addresses[i].p, addresses[i].kind);
	check_bad(r, HOLE, "unmapped");
	check_bad(r, NONE, "PROT_NONE");
	check_bad(r, RW | 0x5aUL << 56, "tagged user");
	if (r->how == WRITES)
		check_bad(r, RO, "read-only");
}

/* Data may arrive up to the hole, and no further; a structure arrives whole or not at all. */
static bool partial_allowed(int nr)
{
	return nr == NR_read || nr == NR_write || nr == NR_pread64 || nr == NR_pwrite64 ||
	       nr == NR_getrandom;
}

static void straddling(const struct row *r)
{
	long got;

	if (r->how == PATH) { /* a string without an end before the hole */
		*(char *)(HOLE - 1) = 'x';
		check_bad(r, HOLE - 1, "string into a hole");
		return;
	}
	if (r->size < 2)
		return;
	memset((void *)RW, '\n', PAGE); /* seen on the console, where one row writes it */
	got = call(r, HOLE - r->size + 1);
	if (partial_allowed(r->nr))
		expect(got == -EFAULT || (got > 0 && got < (long)r->size), "%s: into a hole: %ld",
		       r->name, got);
	else
		check_one_of(got, -EFAULT, r->also ? r->also : -EFAULT, "%s: into a hole", r->name);
}

static bool pattern_is_there(uintptr_t page)
{
	for (size_t i = 0; i < PAGE; i++)
		if (*(uint8_t *)(page + i) != 0xa5)
			return false;
	return true;
}

static void set_up(void)
{
	int fds[2];

	arena = (uintptr_t)svc_mmap(0, 8 * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset((void *)RO, 0xa5, 2 * PAGE);
	svc_mprotect(arena, PAGE, PROT_NONE);
	svc_munmap(HOLE, PAGE);
	svc_mprotect(RO, PAGE, PROT_READ);
	svc_mprotect(NONE, PAGE, PROT_NONE);
	timer_fd = (int)svc_call(NR_timerfd_create, CLOCK_MONOTONIC, 0, 0, 0, 0, 0);
	expect(svc_call(NR_timer_create, CLOCK_MONOTONIC, 0, (uint64_t)&timer_number, 0, 0, 0) ==
			       0 &&
		       timer_number == 0,
	       "the rows' timer has number 0");
	file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	svc_ftruncate(file, 4096);
	svc_symlinkat("target", AT_FDCWD, "link");
	zero = open("/dev/zero", O_RDONLY, 0);
	null = open("/dev/null", O_WRONLY, 0);
	dir = open(".", O_RDONLY | O_DIRECTORY, 0);
	svc_pipe2(fds, O_NONBLOCK);
	pipe_in = fds[0];
	pipe_out = fds[1];
	one_poll.fd = null;
	expect(arena < 1UL << 48 && file >= 0 && zero >= 0 && null >= 0 && dir >= 0 &&
		       pipe_out >= 0,
	       "set-up failed");
}

/* The addresses inside a vector are as untrusted as the vector. */
static void vectors(void)
{
	struct iovec v[2] = { { RW, 16 }, { 0, 16 } };

	begin("bad addresses in readv's and writev's vectors");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		v[1].iov_base = v[0].iov_base = addresses[i].p;
		check(svc_readv(zero, v, 2), -EFAULT, "readv, first: %s", addresses[i].kind);
		check(svc_writev(file, v, 2), -EFAULT, "writev, first: %s", addresses[i].kind);
		v[0].iov_base = RW;
		check_one_of(svc_readv(zero, v, 2), 16, -EFAULT, "readv, second: %s",
			     addresses[i].kind);
		check_one_of(svc_writev(file, v, 2), 16, -EFAULT, "writev, second: %s",
			     addresses[i].kind);
	}
	end();
}

/* execve's vectors: the pointer to them, pointers in them, and no end of them. */
static void exec_vectors(void)
{
	char *argv[] = { (char *)"true", NULL, NULL };
	char **endless = (char **)(HOLE - 16);

	begin("bad addresses in execve's vectors");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		argv[1] = (char *)addresses[i].p;
		check(svc_execve("/bin/hello", (char **)addresses[i].p, NULL), -EFAULT, "argv: %s",
		      addresses[i].kind);
		check(svc_execve("/bin/hello", argv, NULL), -EFAULT, "argv[1]: %s",
		      addresses[i].kind);
		argv[1] = NULL;
		check(svc_execve("/bin/hello", argv, (char **)addresses[i].p), -EFAULT, "envp: %s",
		      addresses[i].kind);
	}
	endless[0] = endless[1] = (char *)"x";
	check(svc_execve("/bin/hello", endless, NULL), -EFAULT,
	      "argv without an end before a hole");
	memset((void *)(HOLE - 64), 'y', 64);
	argv[1] = (char *)(HOLE - 64);
	check(svc_execve("/bin/hello", argv, NULL), -EFAULT,
	      "a string without an end before a hole");
	end();
}

static void clone_pointers(void)
{
	begin("clone: a parent's tid to a bad address");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		int status;
		long pid = svc_clone(CLONE_PARENT_SETTID | SIGCHLD, NULL, (int *)addresses[i].p,
				     NULL, NULL);

		if (pid == 0)
			exit(0);
		/* Linux ignores the failure */
		expect(pid > 0 || pid == -EFAULT, "%s: %ld", addresses[i].kind, pid);
		if (pid > 0)
			waitpid((int)pid, &status, 0);
	}
	end();
}

/* Arguments that the call itself does not follow, or that have a group of their own below. */
static const struct {
	int nr, arg;
} no_rows[] = {
	{ NR_set_tid_address, 0 }, { NR_set_robust_list, 0 }, { NR_nanosleep, 1 },
	{ NR_clock_nanosleep, 3 }, { NR_reboot, 3 },	      { NR_clone, 2 },
	{ NR_clone, 4 },	   { NR_execve, 1 },	      { NR_execve, 2 },
	{ NR_execveat, 2 },	   { NR_execveat, 3 },	      { NR_mincore, 2 },
};

static bool has_row(int nr, int arg)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].nr == nr && rows[i].arg == arg)
			return true;
	for (size_t i = 0; i < sizeof(no_rows) / sizeof(no_rows[0]); i++)
		if (no_rows[i].nr == nr && no_rows[i].arg == arg)
			return true;
	return false;
}

static void refused(int nr, const char *name, int arg)
{
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		uint64_t a[6] = { 0 };
		long got;

		a[arg] = addresses[i].p;
		got = svc_call(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		/* 0: of no bytes none was refused */
		expect(got <= 0, "%s: argument %d, %s: %ld", name, arg, addresses[i].kind, got);
	}
}

/*
 * What has no row has its exact answers in tests/el0/libc.  Here: no bad address is taken for good,
 * and none is written to.
 */
static void others(void)
{
	static const struct {
		int nr;
		const char *name, *args;
	} calls[] = {
#define SYSCALL(nr, name, ...) { nr, #name, SYSCALL_LETTERS(__VA_ARGS__) },
#include "abi/syscall.def"
#undef SYSCALL
	};

	begin("every other pointer argument of abi/syscall.def: bad addresses are refused");
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (int arg = 0; calls[i].args[arg]; arg++)
			if (strchr("ps", calls[i].args[arg]) && !has_row(calls[i].nr, arg))
				refused(calls[i].nr, calls[i].name, arg);
	expect(pattern_is_there(RO), "a read-only page was written to");
	end();
}

int main(void)
{
	static const uint32_t two_groups[] = { 1, 2 };

	begin("set-up");
	check(svc_call(NR_setgroups, 2, (uint64_t)two_groups, 0, 0, 0, 0), 0, "setgroups");
	set_up();
	end();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin("%s", rows[i].name);
		bad_addresses(&rows[i]);
		straddling(&rows[i]);
		expect(pattern_is_there(RO), "%s: it wrote to a read-only page", rows[i].name);
		end();
	}
	others();
	vectors();
	exec_vectors();
	clone_pointers();
	svc_unlinkat(AT_FDCWD, "file", 0);
	svc_unlinkat(AT_FDCWD, "link", 0);
	return tap_done();
}
