/*
 * random_calls.c - system calls at random, by several processes with several threads each: the
 * kernel must survive them all.
 *
 * The list is abi/syscall.def: the letter of an argument says what kind of value to make up.  Good
 * values are mixed with bad ones, so that calls get past their first check.  A round is one process
 * with its threads and its children; it ends when its calls are done, when it dies, or when nothing
 * of it moves any more.  The seed of a round makes its calls.
 *
 * 	random_calls [seed [calls [processes [threads]]]]
 *
 * or FUZZ="seed calls ..." in the environment; calls 0: for ever.
 *
 * Everything else on the machine is ended between rounds (kill(-1)): to be run as a child of a
 * quiet init.  At the end all memory must be free again.
 */
#include "abi/fcntl.h"
#include "abi/futex.h"
#include "abi/mman.h"
#include "abi/mount.h"
#include "abi/prctl.h"
#include "abi/sched.h"
#include "abi/socket.h"
#include "abi/termios.h"
#include "el0/lib/process.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"
#include "tests/el0/tap.h"
#include "tests/el0/thread.h"

#define PAGE	       4096UL
/* where the calls' memory is: fixed, so that seeds mean the same again */
#define PLAY	       0x50000000UL
#define PLAY_PAGES     64UL
#define THREADS_MAX    8
#define WORKERS_MAX    8
#define STACK	       16384UL
#define ROUND_CALLS    2000 /* of one process */
#define STALL_MS       60   /* without a call that ends: the round is over */
#define ROUND_MS       3000 /* a round that a stray write made endless */
#define CALLS_BELIEVED (16 * ROUND_CALLS * THREADS_MAX) /* more were not made in a round */
#define CLONES_MAX     12				/* in a round */
#define FUZZ_DIR       "/tmp/fuzz"
#define PROGRESS_MS    5000

/*
 * What a round tells the driver.  A worker may scribble over it: nothing here is believed but as a
 * number.
 */
struct report {
	uint64_t calls;
	/* A result that no call may give, and the call's number and second argument. */
	uint64_t bad_result, bad_nr, bad_arg1;
	uint32_t clones;
	uint32_t finished; /* threads */
};

static struct report *reports; /* shared with all workers */
static struct report *me;
static int console, driver;
static unsigned int nr_threads = 3, nr_workers = 2;

struct fuzzer {
	uint64_t random;
	uint64_t calls;	 /* left */
	uint64_t *stage; /* a page of its own for what arguments point to */
};

/* ---- random numbers ---- */

/* splitmix64 */
static uint64_t next(struct fuzzer *f)
{
	uint64_t z = f->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t below(struct fuzzer *f, uint64_t n)
{
	return next(f) % n;
}

static bool one_in(struct fuzzer *f, uint64_t n)
{
	return below(f, n) == 0;
}

#define PICK(f, list) ((list)[below(f, sizeof(list) / sizeof((list)[0]))])

static uint64_t interesting(struct fuzzer *f)
{
	static const uint64_t list[] = {
		0,	    1,	       2,	  7,	     8,		16,	   63,
		64,	    128,       255,	  256,	     4095,	4096,	   4097,
		8192,	    65535,     65536,	  1 << 20,   INT32_MAX, 1UL << 31, UINT32_MAX,
		1UL << 32,  1UL << 39, 1UL << 47, 1UL << 48, 1UL << 52, INT64_MAX, 1UL << 63,
		UINT64_MAX, -2UL,      -4095UL,	  -4096UL,
	};

	return PICK(f, list) + (one_in(f, 4) ? below(f, 5) - 2 : 0);
}

/* ---- values for each kind of argument ---- */

static uint64_t bad_address(struct fuzzer *f)
{
	static const uint64_t list[] = {
		0,
		1,
		8,
		0x1000,
		0xffff,
		0x7ffffffff000,
		0xfffffffff000,
		0xfffffffffff8,
		1UL << 48,
		0x00ff000000000000,
		0x8000000000000000,
		0xffff000000000000,
		0xffff000040000000,
		0xffff000040200000,
		0xffff800000000000,
		0xffff800010000000,
		0xffffff8000000000,
		0xffffffff80000000,
		UINT64_MAX - 7,
		UINT64_MAX,
	};

	return PICK(f, list);
}

/* A page of the playground, or near one. */
static uint64_t page_address(struct fuzzer *f)
{
	if (one_in(f, 100))
		/* The program itself. */
		return ((uint64_t)next & ~(PAGE - 1)) + below(f, 64) * PAGE;
	if (one_in(f, 30))
		return bad_address(f);
	return PLAY + below(f, PLAY_PAGES) * PAGE + (one_in(f, 20) ? below(f, PAGE) : 0);
}

/*
 * Fills the thread's page: pairs (address, length), small numbers of 32 or 64 bits, a handler, or
 * noise.
 */
static void set_stage(struct fuzzer *f);

static uint64_t pointer(struct fuzzer *f)
{
	uint64_t at;

	switch (below(f, 10)) {
	case 0: return bad_address(f);
	case 1: at = page_address(f) + PAGE - below(f, 64); break; /* runs into the next page */
	case 2: at = page_address(f) + below(f, PAGE); break;
	case 3:
	case 4: at = page_address(f); break;
	default:
		set_stage(f);
		at = (uint64_t)f->stage + (one_in(f, 4) ? below(f, PAGE) : 0);
		break;
	}
	if (one_in(f, 20))
		at |= below(f, 256) << 56; /* a tag */
	return at;
}

static void quiet_handler(int sig)
{
	(void)sig;
}

static void return_from_signal(void)
{
	svc_rt_sigreturn();
}

static void set_stage(struct fuzzer *f)
{
	uint64_t kind = below(f, 7);
	uint32_t *half = (uint32_t *)f->stage;

	for (size_t i = 0; i < 32; i++) {
		switch (kind) {
		case 0: f->stage[i] = i % 2 ? below(f, 2 * PAGE) : page_address(f); break;
		case 1: f->stage[i] = below(f, 4); break;
		case 2:
			half[2 * i] = (uint32_t)below(f, 40),
				 half[2 * i + 1] = (uint32_t)next(f) & 7;
			break;
		case 3: f->stage[i] = i % 4 == 3 ? 0 : interesting(f); break;
		case 4: f->stage[i] = i % 2 ? below(f, 5000000) : 0; break; /* short times */
		case 5:
			f->stage[i] = i < 4 ? page_address(f) : 0;
			break; /* a short list of strings */
		default: f->stage[i] = next(f); break;
		}
	}
	if (kind == 1 && one_in(f, 2)) { /* a struct sigaction */
		f->stage[0] = (uint64_t)quiet_handler;
		f->stage[1] = SA_RESTORER |
			      (next(f) & (SA_RESTART | SA_NODEFER | SA_ONSTACK | SA_SIGINFO));
		f->stage[2] = (uint64_t)return_from_signal;
	}
}

/* Names that no system has: what breaks out of the directory finds nothing to break. */
static const char *const names[] = {
	"fz_a",
	"fz_b",
	"fz_c",
	"fz_d",
	"fz_d/fz_a",
	"fz_d/fz_e",
	"fz_d/fz_e/x",
	"fz_link",
	"fz_loop",
	"./fz_a",
	"fz_d/../fz_b",
	"fz_a/",
	"fz_a/x",
	"//fz_d//fz_f",
	"fz_node/null",
	"fz_node/zero",
	"fz_node/full",
	"fz_node/random",
	"fz_fifo",
	".",
	"..",
	"",
	"/",
	"fz_hello",
};

static uint64_t path(struct fuzzer *f)
{
	char *at = (char *)f->stage + PAGE / 2;

	switch (below(f, 40)) {
	case 0: return pointer(f);
	case 1: /* a name, or a path, that is too long or just not */
		memset(at, one_in(f, 2) ? 'n' : '/', PAGE / 2);
		if (one_in(f, 2))
			at[250 + below(f, 10)] = '\0';
		return (uint64_t)at;
	default: return (uint64_t)PICK(f, names);
	}
}

static uint64_t descriptor(struct fuzzer *f)
{
	if (one_in(f, 20))
		return interesting(f);
	return below(f, 24) | (one_in(f, 20) ? next(f) << 32 : 0);
}

/* Processes of this round, or none; never init, the driver, or everybody. */
static uint64_t process_id(struct fuzzer *f)
{
	int pid = (int)svc_getpid(), got;

	switch (below(f, 8)) {
	case 0: got = 0; break;
	case 1: got = (int)svc_gettid(); break;
	case 2: got = -pid; break;
	case 3: got = (int)interesting(f); break;
	case 4: got = pid; break;
	default: got = pid + (int)below(f, 8); break;
	}
	if (got == 1 || got == -1 || got == driver || got == -driver)
		got = pid;
	return (uint32_t)got | (one_in(f, 20) ? next(f) << 32 : 0);
}

/*
 * A struct f_owner_ex, for those that process_id() allows: who has the console's SIGIO is another's
 * victim.
 */
static uint64_t owner(struct fuzzer *f)
{
	int *at = (int *)f->stage;

	at[0] = (int)below(f, 4);
	at[1] = (int)process_id(f);
	return (uint64_t)at;
}

static uint64_t flags(struct fuzzer *f)
{
	switch (below(f, 6)) {
	case 0: return 0;
	case 1: return interesting(f);
	case 2: return 1UL << below(f, 32) | 1UL << below(f, 32);
	case 3: return next(f);
	default: return below(f, 64);
	}
}

static uint64_t size(struct fuzzer *f)
{
	switch (below(f, 4)) {
	case 0: return interesting(f);
	case 1: return below(f, 16) * PAGE;
	case 2: return below(f, 16);
	default: return below(f, 2 * PAGE);
	}
}

static uint64_t signal_number(struct fuzzer *f)
{
	static const uint64_t harmless[] = { SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD, 34 };

	if (one_in(f, 8))
		return interesting(f);
	return one_in(f, 4) ? below(f, 66) : PICK(f, harmless);
}

static uint64_t value(struct fuzzer *f, char letter)
{
	switch (letter) {
	case 'd':
	case 'i': return one_in(f, 3) ? process_id(f) : descriptor(f);
	case 'l': return one_in(f, 2) ? below(f, 16 * PAGE) : interesting(f);
	case 'n':
	case 'u': return size(f);
	case 'x':
	case 'f': return flags(f);
	case 'm': return one_in(f, 3) ? next(f) : 0777 & next(f);
	case 'g': return signal_number(f);
	case 'a': return one_in(f, 2) ? (uint64_t)AT_FDCWD : descriptor(f);
	case 's': return path(f);
	case 'v': return page_address(f);
	default: return pointer(f);
	}
}

/* ---- calls ---- */

struct call {
	int nr;
	const char *name, *args;
};

static const struct call calls[] = {
#define SYSCALL(nr, name, ...) { nr, #name, SYSCALL_LETTERS(__VA_ARGS__) },
#include "abi/syscall.def"
#undef SYSCALL
};

static const char *call_name(uint64_t nr)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if ((uint64_t)calls[i].nr == nr)
			return calls[i].name;
	return "?";
}

/* Of calls that end the caller, or that wait, only one in so many is made. */
static unsigned int rarity(int nr)
{
	switch (nr) {
	case NR_exit:
	case NR_exit_group: return 60;
	case NR_rt_sigreturn:
	case NR_execve:
	case NR_execveat:
	case NR_rt_sigsuspend:
	case NR_chroot: return 20;
	case NR_setrlimit:
	case NR_prlimit64:
	case NR_clone:
	case NR_clone3:
	case NR_close_range:
	case NR_wait4:
	case NR_waitid: return 4;
	default: return 1;
	}
}

/*
 * Makes what the letters alone would leave to luck; and keeps the round from ending the test
 * itself.
 */
static void refine(struct fuzzer *f, int nr, uint64_t *x)
{
	switch (nr) {
	case NR_kill:
	case NR_tkill:
	case NR_tgkill:
	case NR_rt_sigqueueinfo:
	case NR_rt_tgsigqueueinfo:
	case NR_prlimit64:
	case NR_setpgid:
	case NR_sched_setparam:
	case NR_sched_setscheduler:
	case NR_sched_setaffinity:
	case NR_sched_setattr:
	case NR_pidfd_open:
		x[0] = process_id(f);
		if (nr == NR_tgkill || nr == NR_rt_tgsigqueueinfo || nr == NR_setpgid)
			x[1] = process_id(f);
		break;
	case NR_setpriority: x[1] = process_id(f); break;
	case NR_reboot: x[0] = 0; break;
	case NR_mount: x[3] |= MS_REMOUNT; break; /* a mount would outlive the round */
	case NR_syslog:
		x[0] = one_in(f, 2) ? 3 : 10;
		break; /* not the console's loglevel: a panic would be mute */
	case NR_mmap:
		x[2] &= one_in(f, 20) ? -1UL : 7;
		x[3] = (one_in(f, 3) ? MAP_SHARED : MAP_PRIVATE) |
		       (one_in(f, 2) ? MAP_ANONYMOUS : 0) | (one_in(f, 2) ? MAP_FIXED : 0) |
		       (one_in(f, 8) ? next(f) & 0x1fff03 : 0);
		x[5] &= one_in(f, 4) ? -1UL : ~(PAGE - 1);
		if ((x[3] & MAP_FIXED) && x[1] > PLAY_PAGES * PAGE && !one_in(f, 50))
			x[1] = below(f, 8) * PAGE;
		break;
	case NR_munmap:
	case NR_mprotect:
		if (x[1] > PLAY_PAGES * PAGE && !one_in(f, 50))
			x[1] = below(f, 8) * PAGE;
		x[2] &= one_in(f, 20) ? -1UL : 7;
		break;
	case NR_madvise: x[2] = below(f, 27); break;
	case NR_fcntl:
		x[1] = one_in(f, 2) ? below(f, 17) : 1024 + below(f, 20);
		if (x[1] == F_SETOWN)
			x[2] = process_id(f);
		else if (x[1] == F_SETOWN_EX)
			x[2] = owner(f);
		break;
	case NR_ioctl:
		x[1] = one_in(f, 8) ? next(f) : 0x5400 + below(f, 0x60);
		if (x[1] == TCXONC || x[1] == TIOCSTI)
			x[1] = TCGETS; /* it would stop the console, or type a ^\\ to the driver */
		break;
	case NR_futex:
		x[1] = below(f, 14) | (next(f) & (FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME));
		break;
	case NR_prctl: x[0] = below(f, 64); break;
	case NR_wait4: x[2] = one_in(f, 4) ? x[2] : 1; break;
	case NR_waitid: x[3] = one_in(f, 4) ? x[3] : 5; break;
	case NR_pipe2: x[1] = one_in(f, 3) ? x[1] : O_NONBLOCK; break;
	case NR_ftruncate:
	case NR_truncate: x[1] = one_in(f, 3) ? x[1] : below(f, 32 * PAGE); break;
	default: break;
	}
}

static void fuzz(struct fuzzer *f);

/* A child that shares memory starts here, with a stack that its creator gave it. */
static void child(void *arg)
{
	struct fuzzer *f = arg,
		      mine = { .random = f->random ^ 0x5555555555555555, .calls = ROUND_CALLS / 8 };

	mine.stage = (uint64_t *)((char *)arg - PAGE);
	fuzz(&mine);
}

/*
 * clone with any flags; what shares memory gets a stack of its own, what does not goes on as a copy
 * of its parent.
 */
static long clone(struct fuzzer *f, uint64_t how)
{
	uintptr_t at;
	struct fuzzer *theirs;
	long r;

	if (__atomic_fetch_add(&me->clones, 1, __ATOMIC_RELAXED) >= CLONES_MAX)
		return 0;
	if (one_in(f, 2))
		how = THREAD_FLAGS;
	else if (one_in(f, 2))
		how &= ~(uint64_t)(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD);
	if (!(how & CLONE_VM)) {
		r = svc_clone(how, NULL, (int *)pointer(f), (void *)pointer(f), (int *)pointer(f));
		if (r == 0) {
			f->random += (uint64_t)svc_gettid();
			f->calls = f->calls / 4;
		}
		return r;
	}
	at = (uintptr_t)svc_mmap(0, STACK + 2 * PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if ((long)at < 0)
		return (long)at;
	theirs = (struct fuzzer *)(at + STACK + PAGE);
	*theirs = *f;
	return spawn(how, (void *)(at + STACK), child, theirs, (int *)pointer(f));
}

/*
 * No call answers so: an address or a count is below 2^48, an errno is one that Linux's headers
 * name.  But the owner of a file can be a process group, whose number comes negative (fcntl(2),
 * BUGS).
 */
static bool impossible(uint64_t nr, uint64_t arg1, long r)
{
	if (nr == NR_rt_sigreturn || nr == NR_restart_syscall)
		return false;
	if (nr == NR_fcntl && (uint32_t)arg1 == F_GETOWN)
		return false;
	return r < 0 && r >= -4095 && (r < -133 || r == -41 || r == -58);
}

static void one_call(struct fuzzer *f)
{
	const struct call *c = &PICK(f, calls);
	uint64_t x[6], nr = (uint64_t)c->nr;
	long r;

	if (one_in(f, 50))
		nr = interesting(f);
	else if (!one_in(f, rarity(c->nr)))
		return;
	for (int i = 0; i < 6; i++)
		x[i] = c->args[i] && (i == 0 || c->args[i - 1]) ? value(f, c->args[i]) : next(f);
	refine(f, nr < 1024 ? (int)nr : -1, x); /* of whichever it has become */
	r = nr == NR_clone ? clone(f, x[0])
			   : svc_call((long)nr, x[0], x[1], x[2], x[3], x[4], x[5]);
	if (impossible(nr, x[1], r)) {
		me->bad_nr = nr;
		me->bad_arg1 = x[1];
		me->bad_result = (uint64_t)r;
	}
	__atomic_fetch_add(&me->calls, 1, __ATOMIC_RELAXED);
}

/* Memory of every kind at PLAY, again and again: calls take it apart. */
static void lay_out(struct fuzzer *f)
{
	int file = (int)svc_openat(AT_FDCWD, "fz_content", O_RDWR, 0);

	for (uint64_t page = 0; page < PLAY_PAGES; page += 4) {
		bool from_file = one_in(f, 3);
		uint32_t how = MAP_FIXED | (one_in(f, 3) ? MAP_SHARED : MAP_PRIVATE) |
			       (from_file ? 0 : MAP_ANONYMOUS);

		svc_mmap(PLAY + page * PAGE, 4 * PAGE,
			 one_in(f, 2) ? PROT_READ | PROT_WRITE : below(f, 8), how,
			 from_file ? file : -1, from_file ? (int64_t)(below(f, 8) * PAGE) : 0);
	}
	svc_munmap(PLAY + below(f, PLAY_PAGES) * PAGE, PAGE);
	svc_close(file);
}

static void fuzz(struct fuzzer *f)
{
	for (; f->calls; f->calls--) {
		if (f->calls % 256 == 0)
			lay_out(f);
		one_call(f);
	}
}

/* ---- a round ---- */

struct thread {
	struct fuzzer fuzzer;
	char stage[PAGE] __attribute__((aligned(4096)));
	char stack[STACK] __attribute__((aligned(16)));
};

static struct thread threads[THREADS_MAX];

static void thread(void *arg)
{
	fuzz(arg);
	__atomic_fetch_add(&me->finished, 1, __ATOMIC_RELAXED);
}

/* Descriptors of every kind at 0…: the console only to be asked. */
static void open_all(void)
{
	int null = open("fz_node/null", O_RDWR, 0), fds[2];

	for (int i = 0; i < 3; i++)
		svc_dup3(null, i, 0);
	open("fz_a", O_RDWR, 0);
	open("fz_b", O_RDONLY, 0);
	open("fz_c", O_WRONLY | O_APPEND, 0);
	open(".", O_RDONLY | O_DIRECTORY, 0);
	open("fz_d", O_PATH, 0);
	open("fz_node/zero", O_RDWR, 0);
	open("fz_node/full", O_RDWR, 0);
	open("fz_node/random", O_RDWR, 0);
	open("fz_fifo", O_RDWR | O_NONBLOCK, 0);
	svc_pipe2(fds, 0);
	svc_pipe2(fds, O_NONBLOCK);
}

/*
 * Else the first signal would be a round's last; some actions become SIG_DFL again by
 * rt_sigaction(2).
 */
static void catch_all(void)
{
	struct sigaction a = { .sa_handler = (uint64_t)quiet_handler,
			       .sa_flags = SA_RESTORER,
			       .sa_restorer = (uint64_t)return_from_signal };

	for (int sig = 1; sig <= 64; sig++)
		if (sig != SIGSEGV && sig != SIGBUS && sig != SIGILL && sig != SIGTRAP)
			svc_rt_sigaction(sig, &a, NULL, 8);
}

static void limit(int resource, uint64_t most)
{
	struct rlimit64 r = { most, most };

	svc_prlimit64(0, resource, &r, NULL);
}

/* Makes, in an empty directory, what the names name. */
static void make_files(void)
{
	static uint64_t page[PAGE / 8];
	int fd, program;

	svc_mkdirat(AT_FDCWD, "fz_d", 0755);
	svc_mkdirat(AT_FDCWD, "fz_node", 0755);
	svc_mknodat(AT_FDCWD, "fz_node/null", S_IFCHR | 0666, 0x103);
	svc_mknodat(AT_FDCWD, "fz_node/zero", S_IFCHR | 0666, 0x105);
	svc_mknodat(AT_FDCWD, "fz_node/full", S_IFCHR | 0666, 0x107);
	svc_mknodat(AT_FDCWD, "fz_node/random", S_IFCHR | 0666, 0x109);
	svc_mknodat(AT_FDCWD, "fz_fifo", S_IFIFO | 0666, 0);
	svc_symlinkat("fz_d", AT_FDCWD, "fz_link");
	svc_symlinkat("fz_loop", AT_FDCWD, "fz_loop");
	program = open("/bin/hello", O_RDONLY, 0);
	fd = open("fz_hello", O_WRONLY | O_CREAT, 0755);
	svc_sendfile(fd, program, NULL, 1 << 20);
	svc_close(program);
	svc_close(fd);
	for (size_t i = 0; i < sizeof(page) / 8; i++) /* vectors of what is at PLAY */
		page[i] = i % 2 ? i % 64 * 8 : PLAY + i % PLAY_PAGES * PAGE;
	for (int i = 0; i < 4; i++) {
		fd = open((const char *[]){ "fz_content", "fz_a", "fz_b", "fz_c" }[i],
			  O_RDWR | O_CREAT, 0666);
		for (int n = 0; n < (i ? 2 : 8); n++)
			svc_write(fd, page, sizeof(page));
		svc_close(fd);
	}
}

/* One process, from its seed. */
static void run_round(uint64_t seed, const char *dir)
{
	struct fuzzer f = { .random = seed };

	svc_setsid();
	if (svc_mkdirat(AT_FDCWD, dir, 0777) < 0 || svc_chdir(dir) < 0)
		exit(1);
	make_files();
	svc_call(NR_chroot, (uint64_t) ".", 0, 0, 0, 0, 0);
	open_all();
	catch_all();
	limit(RLIMIT_FSIZE, 8 << 20);
	limit(RLIMIT_AS, 256 << 20);
	limit(RLIMIT_NOFILE, 64);
	if (one_in(&f, 2))
		svc_call(NR_setresuid, 1000, 1000, 1000, 0, 0, 0);
	for (unsigned int i = 0; i < nr_threads; i++) {
		struct thread *t = &threads[i];

		t->fuzzer = (struct fuzzer){ .random = seed + i * 1000003,
					     .calls = ROUND_CALLS,
					     .stage = (uint64_t *)t->stage };
		if (i)
			spawn(THREAD_FLAGS, t->stack + STACK, thread, &t->fuzzer, NULL);
	}
	thread(&threads[0].fuzzer);
	svc_exit(0);
}

/* ---- the driver ---- */

static int64_t now_ns(int clock)
{
	struct timespec t;

	svc_clock_gettime(clock, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint64_t now_ms(void)
{
	return (uint64_t)now_ns(CLOCK_MONOTONIC) / 1000000;
}

static uint64_t free_bytes(void)
{
	struct sysinfo s;

	svc_sysinfo(&s);
	return s.freeram * s.mem_unit;
}

/*
 * The same once it has become @want, or a second has passed: another core may still be burying a
 * task.
 */
static uint64_t free_bytes_soon(uint64_t want)
{
	for (int i = 0; i < 100 && free_bytes() != want; i++)
		sleep_ms(10);
	return free_bytes();
}

static bool on_newel(void)
{
	struct new_utsname u;

	return svc_uname(&u) == 0 && strstr(u.release, "newel");
}

static char sub[PAGE]; /* the path that remove_tree() is at */

/* Removes what is below @path_name, and itself; the depth is what the names allow. */
static void remove_tree(const char *path_name)
{
	char buf[1024] __attribute__((aligned(8)));
	size_t len = strlen(path_name);
	int fd;
	long n;

	if (path_name != sub)
		strcpy(sub, path_name);
	svc_fchmodat(AT_FDCWD, sub, 0700);
	fd = open(sub, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	while (fd >= 0 && (n = svc_getdents64(fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			char *name = buf + at + 19;
			uint16_t step = *(uint16_t *)(buf + at + 16);

			at += step;
			if (!strcmp(name, ".") || !strcmp(name, "..") ||
			    len + strlen(name) + 2 > PAGE)
				continue;
			sub[len] = '/';
			strcpy(sub + len + 1, name);
			if (svc_unlinkat(AT_FDCWD, sub, 0) < 0)
				remove_tree(sub);
			sub[len] = '\0';
		}
	}
	svc_close(fd);
	svc_unlinkat(AT_FDCWD, sub, AT_REMOVEDIR);
}

/* All but init and this process, until none is left. */
static void end_all(void)
{
	int status;

	svc_kill(-1, SIGKILL);
	while (waitpid(-1, &status, __WALL) > 0)
		;
}

/* Whether the processes of a round still get somewhere. */
static bool rounds_move(uint64_t start)
{
	static uint64_t last;
	static uint64_t since;
	uint64_t sum = 0, now = now_ms();
	unsigned int finished = 0;

	for (unsigned int i = 0; i < nr_workers; i++) {
		sum += reports[i].calls;
		finished += reports[i].finished >= nr_threads;
	}
	if (sum != last) {
		last = sum;
		since = now;
	}
	return finished < nr_workers && now - since < STALL_MS && now - start < ROUND_MS;
}

static uint64_t one_round(uint64_t seed)
{
	uint64_t calls_made = 0, start = now_ms();
	int left = 0, status;

	memset(reports, 0, PAGE);
	for (unsigned int i = 0; i < nr_workers; i++) {
		char dir[32];
		int pid = fork();

		if (pid == 0) {
			snprintf(dir, sizeof(dir), FUZZ_DIR "/%u", i);
			me = &reports[i];
			run_round(seed + i, dir);
		}
		left += pid > 0;
	}
	while (left > 0 && rounds_move(start)) {
		int pid;

		sleep_ms(5);
		while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
			;
		if (pid < 0)
			break;
	}
	end_all();
	for (unsigned int i = 0; i < nr_workers; i++) {
		const struct report *r = &reports[i];

		if (r->calls > CALLS_BELIEVED)
			continue; /* scribbled over */
		calls_made += r->calls;
		expect(!r->bad_result || !impossible(r->bad_nr, r->bad_arg1, (long)r->bad_result),
		       "seed %lu: %s (%lu) with %#lx answered %ld", seed + i, call_name(r->bad_nr),
		       r->bad_nr, r->bad_arg1, (long)r->bad_result);
	}
	for (unsigned int i = 0; i < nr_workers; i++) {
		char dir[32];

		snprintf(dir, sizeof(dir), FUZZ_DIR "/%u", i);
		remove_tree(dir);
	}
	return calls_made;
}

static uint64_t run_rounds(uint64_t seed, uint64_t most)
{
	struct termios kept;
	uint64_t made = 0, said = 0;
	bool tty = svc_ioctl(1, TCGETS, &kept) == 0;

	for (; !most || made < most; seed += nr_workers) {
		made += one_round(seed) + 1;
		if (tty)
			svc_ioctl(1, TCSETS, &kept);
		if (now_ms() - said > PROGRESS_MS) {
			said = now_ms();
			note("seed %lu: %lu calls so far", seed, made);
		}
	}
	return made;
}

/*
 * What is allocated once and stays (a first pipe's cache, a directory's first name) is not a leak:
 * the first rounds are not measured.
 */
#define WARM_UP	      2000
#define TASKS_AT_ONCE 128

/* As many tasks at once as a round may have: the kernel keeps the tables that map their stacks. */
static void many_tasks(void)
{
	for (int i = 0; i < TASKS_AT_ONCE; i++)
		if (fork() == 0)
			for (;;)
				sleep_ms(1000);
	end_all();
}

static void lock_once(int fd)
{
	svc_call(NR_flock, (uint64_t)fd, LOCK_SH | LOCK_NB, 0, 0, 0, 0);
	svc_call(NR_flock, (uint64_t)fd, LOCK_UN, 0, 0, 0, 0);
}

/*
 * A lock of flock(2) that a round leaves on a file which all share, the console, is let go of; and
 * every inode that outlives the rounds has had a lock once, for which the kernel keeps a place:
 * that of all eventfds and their kin is one of them. The first memfd brings the file system of all.
 * An open file has a place for its owner (F_SETOWN) once somebody has asked. Sockets that lie in
 * each other's queues are found when the next one is closed, as on Linux.
 */
static void settle(void)
{
	static const char *const kept[] = { "/",	  "/tmp", FUZZ_DIR,    "/bin",
					    "/bin/hello", "/dev", "/dev/null", "/dev/console" };
	int fd = (int)svc_call(NR_eventfd2, 0, 0, 0, 0, 0, 0);

	lock_once(fd);
	svc_close(fd);
	fd = (int)svc_call(NR_memfd_create, (uint64_t) "", 0, 0, 0, 0, 0);
	svc_close(fd);
	svc_close((int)svc_call(NR_socket, AF_UNIX, SOCK_STREAM, 0, 0, 0, 0));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		fd = open(kept[i], O_RDONLY | O_NOCTTY | O_NONBLOCK, 0);
		lock_once(fd);
		svc_close(fd);
	}
	for (fd = 0; fd <= console; fd++) {
		lock_once(fd);
		svc_call(NR_fcntl, (uint64_t)fd, F_SETOWN, 0, 0, 0, 0);
	}
}

/*
 * What this program itself comes to use: paths as long, and calls of remove_tree() as deep, as a
 * round may make them; and no page more, though a write may bring in those that follow.
 */
static __attribute__((noinline)) void touch_own_memory(void)
{
	char frame[64 << 10];

	memset(frame, 0, sizeof(frame));
	memset(sub, 0, sizeof(sub));
	__asm__ volatile("" : : "r"(frame) : "memory");
	svc_call(NR_mlockall, MCL_CURRENT, 0, 0, 0, 0, 0);
}

/*
 * Who comes after us finds the wall clock where it would be: @boot_ns after the epoch the machine
 * was started.
 */
static void put_clock_back(int64_t boot_ns)
{
	int64_t ns = boot_ns + now_ns(CLOCK_MONOTONIC);
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	check(svc_call(NR_clock_settime, CLOCK_REALTIME, (uint64_t)&t, 0, 0, 0, 0), 0,
	      "the clock is put back");
}

int main(int argc, char **argv)
{
	int64_t boot_ns = now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC);
	uint64_t args[4] = { 1, 20000, 2, 3 }, before, after;
	char *words = getenv("FUZZ");

	for (int i = 1; i < argc && i <= 4; i++)
		args[i - 1] = (uint64_t)strtol(argv[i], NULL, 0);
	for (int i = 0; words && *words && i < 4; i++, words += *words == ',')
		args[i] = (uint64_t)strtol(words, &words, 0);
	nr_workers = (unsigned int)args[2] % (WORKERS_MAX + 1);
	nr_threads = (unsigned int)args[3] % (THREADS_MAX + 1);
	driver = (int)svc_getpid();
	svc_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	reports = (void *)svc_mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
				   0);
	console = open("/dev/console", O_RDONLY | O_NOCTTY, 0);
	svc_mkdirat(AT_FDCWD, FUZZ_DIR, 0777);

	begin("%lu calls from seed %lu, %u processes of %u threads", args[1], args[0], nr_workers,
	      nr_threads);
	if (args[1])
		run_rounds(~args[0], WARM_UP);
	many_tasks();
	touch_own_memory();
	settle();
	before = free_bytes_soon(0);
	note("%lu calls made", run_rounds(args[0], args[1]));
	settle();
	after = free_bytes_soon(before);
	put_clock_back(boot_ns);
	end();
	begin("all memory is free again");
	if (on_newel()) /* Linux keeps caches of its own */
		check((long)after, (long)before, "bytes free");
	check(svc_unlinkat(AT_FDCWD, FUZZ_DIR, AT_REMOVEDIR), 0, "no round left a name behind");
	end();
	return tap_done();
}
