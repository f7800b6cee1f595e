/*
 * structs.c - the structs that a call's arguments point to, in words, as strace spells them where
 * it abbreviates.  Host only: the kernel shows their address.
 *
 * Reads only the bytes that were captured, which may be any: a struct that is not whole is shown as
 * its address.
 */
#include "tools/trace/strace.h"

#include "abi/capability.h"
#include "abi/clone.h"
#include "abi/dirent.h"
#include "abi/epoll.h"
#include "abi/fcntl.h"
#include "abi/itimer.h"
#include "abi/poll.h"
#include "abi/resource.h"
#include "abi/rlimit.h"
#include "abi/sched.h"
#include "abi/signal.h"
#include "abi/socket.h"
#include "abi/stat.h"
#include "abi/sysinfo.h"
#include "abi/termios.h"
#include "abi/time.h"
#include "abi/timer.h"
#include "abi/timex.h"
#include "abi/uio.h"
#include "abi/utsname.h"
#include "abi/wait.h"
#include "lib/string.h"
#include "trace/chunk.h"
#include "trace/names.h"

/* ---- the fields of those that are nothing but their fields ---- */

enum show {
	SIGNED,
	UNSIGNED,
	HEXED,
	POINTER,
	NAMED,
	SIGNAL,
	OCTAL,
	FILEMODE,
	SET,
	LIMIT,
	TEXT,
	SHOW_STRUCT,
	DOTS
};

struct field {
	const char *name;
	uint8_t of, show, bytes, more; /* more: enum trace_words, or trace_struct */
	uint16_t at;
};

/* clang-format off */
#define F_(s, type, f, show, more) \
	{ #f, STRUCT_##s, show, sizeof(((struct type *)0)->f), more, offsetof(struct type, f) },
#define F(s, f, show)		F_(s, s, f, show, 0)
#define FW(s, f, set)		F_(s, s, f, NAMED, WORDS_##set)
#define FS(s, f, of)		F_(s, s, f, SHOW_STRUCT, STRUCT_##of)
#define REST(s)			{ "...", STRUCT_##s, DOTS, 0, 0, 0 },

static const struct field fields[] = {
	F(timespec, tv_sec, SIGNED) F(timespec, tv_nsec, UNSIGNED)
	F(timeval, tv_sec, SIGNED) F(timeval, tv_usec, UNSIGNED)
	F(timezone, tz_minuteswest, SIGNED) F(timezone, tz_dsttime, SIGNED)
	FS(itimerspec, it_interval, timespec) FS(itimerspec, it_value, timespec)
	FS(itimerval, it_interval, timeval) FS(itimerval, it_value, timeval)
	FW(statx, stx_mask, statx) F(statx, stx_attributes, HEXED) F(statx, stx_mode, FILEMODE)
	F(statx, stx_size, UNSIGNED) REST(statx)
	FW(statfs, f_type, statfs) F(statfs, f_bsize, UNSIGNED) F(statfs, f_blocks, UNSIGNED)
	F(statfs, f_bfree, UNSIGNED) F(statfs, f_bavail, UNSIGNED) F(statfs, f_files, UNSIGNED)
	F(statfs, f_ffree, UNSIGNED) FS(statfs, f_fsid, fsid) F(statfs, f_namelen, UNSIGNED)
	F(statfs, f_frsize, UNSIGNED) FW(statfs, f_flags, statfs_flags)
	FW(f_owner_ex, type, owner) F(f_owner_ex, pid, SIGNED)
	FW(termios, c_iflag, iflag) FW(termios, c_oflag, oflag) FW(termios, c_cflag, cflag)
	FW(termios, c_lflag, lflag) REST(termios)
	F(winsize, ws_row, UNSIGNED) F(winsize, ws_col, UNSIGNED) F(winsize, ws_xpixel, UNSIGNED)
	F(winsize, ws_ypixel, UNSIGNED)
	F_(cap_header, __user_cap_header_struct, version, NAMED, WORDS_cap_version)
	F_(cap_header, __user_cap_header_struct, pid, SIGNED, 0)
	FS(rusage, ru_utime, timeval) FS(rusage, ru_stime, timeval) REST(rusage)
	F(sched_attr, size, UNSIGNED) FW(sched_attr, sched_policy, sched)
	FW(sched_attr, sched_flags, sched_flag) F(sched_attr, sched_nice, SIGNED)
	F(sched_attr, sched_priority, UNSIGNED) REST(sched_attr)
	F_(rlimit, rlimit64, rlim_cur, LIMIT, 0) F_(rlimit, rlimit64, rlim_max, LIMIT, 0)
	FW(clone_args, flags, clone) F(clone_args, exit_signal, SIGNAL)
	F(clone_args, stack, POINTER) F(clone_args, stack_size, HEXED)
	F(sigaltstack, ss_sp, POINTER) FW(sigaltstack, ss_flags, sigaltstack)
	F(sigaltstack, ss_size, UNSIGNED)
	F(sigevent, sigev_value, HEXED) F(sigevent, sigev_signo, SIGNAL)
	FW(sigevent, sigev_notify, sigev)
	F(tms, tms_utime, SIGNED) F(tms, tms_stime, SIGNED) F(tms, tms_cutime, SIGNED)
	F(tms, tms_cstime, SIGNED)
	FW(timex, modes, adjust) F(timex, offset, SIGNED) F(timex, freq, SIGNED)
	F(timex, maxerror, UNSIGNED) F(timex, esterror, UNSIGNED) FW(timex, status, clock_status)
	F(timex, constant, SIGNED) F(timex, precision, UNSIGNED) F(timex, tolerance, UNSIGNED)
	FS(timex, time, timeval) F(timex, tick, UNSIGNED) F(timex, ppsfreq, UNSIGNED)
	F(timex, jitter, UNSIGNED) F(timex, shift, SIGNED) F(timex, stabil, UNSIGNED)
	F(timex, jitcnt, UNSIGNED) F(timex, calcnt, UNSIGNED) F(timex, errcnt, UNSIGNED)
	F(timex, stbcnt, UNSIGNED) F(timex, tai, SIGNED)
	F(new_utsname, sysname, TEXT) F(new_utsname, nodename, TEXT) REST(new_utsname)
	F(sysinfo, uptime, SIGNED) FS(sysinfo, loads, loads) F(sysinfo, totalram, UNSIGNED)
	F(sysinfo, freeram, UNSIGNED) F(sysinfo, sharedram, UNSIGNED) F(sysinfo, bufferram, UNSIGNED)
	F(sysinfo, totalswap, UNSIGNED) F(sysinfo, freeswap, UNSIGNED) F(sysinfo, procs, UNSIGNED)
	F(sysinfo, totalhigh, UNSIGNED) F(sysinfo, freehigh, UNSIGNED) F(sysinfo, mem_unit, UNSIGNED)
	F(iovec, iov_base, POINTER) F(iovec, iov_len, UNSIGNED)
};
/* clang-format on */

static uint64_t number_at(const char *p, size_t bytes)
{
	uint64_t v = 0;

	memcpy(&v, p, bytes);
	return v;
}

static int64_t extended(uint64_t v, size_t bytes)
{
	return (int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

static void add_sigset(struct text *t, uint64_t set)
{
	/* As strace: what is missing is listed where that is shorter. */
	bool inverse = __builtin_popcountll(set) > 42;
	const char *name;
	bool first = true;

	text_add(t, inverse ? "~[" : "[");
	for (int nr = 1; nr <= _NSIG; nr++) {
		if (!(set >> (nr - 1) & 1) != inverse)
			continue;
		name = signal_name(nr);
		text_add(t, first ? "" : " ");
		first = false;
		if (name)
			text_add(t, "%s", name + 3);
		else if (nr == SIGRTMIN)
			text_add(t, "RTMIN");
		else
			text_add(t, "RT_%d", nr - SIGRTMIN);
	}
	text_add(t, "]");
}

static void add_limit(struct text *t, uint64_t v)
{
	if (v == RLIM64_INFINITY)
		text_add(t, "RLIM64_INFINITY");
	else if (v > 1024 && v % 1024 == 0)
		text_add(t, "%llu*1024", (unsigned long long)(v / 1024));
	else
		text_add(t, "%llu", (unsigned long long)v);
}

static void add_struct(struct text *t, unsigned int of, const char *p);

static void add_field(struct text *t, const struct field *f, const char *p)
{
	size_t bytes = f->bytes <= 8 ? f->bytes : 0;
	uint64_t v = number_at(p, bytes);

	switch (f->show) {
	case SIGNED: text_add(t, "%lld", (long long)extended(v, bytes)); break;
	case UNSIGNED: text_add(t, "%llu", (unsigned long long)v); break;
	case HEXED: text_add(t, "%#llx", (unsigned long long)v); break;
	case POINTER: trace_add_pointer(t, v); break;
	case NAMED: trace_add_words(t, f->more, v); break;
	case SIGNAL: trace_add_signal(t, extended(v, bytes)); break;
	case OCTAL: trace_add_mode(t, (uint32_t)v); break;
	case FILEMODE: trace_add_filemode(t, (uint32_t)v); break;
	case SET: add_sigset(t, v); break;
	case LIMIT: add_limit(t, v); break;
	case TEXT: trace_add_string(t, p, strnlen(p, f->bytes), 0); break;
	default: add_struct(t, f->more, p); break;
	}
}

static bool add_fields(struct text *t, unsigned int of, const char *p)
{
	bool first = true;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].of != of)
			continue;
		text_add(t, first ? "{" : ", ");
		first = false;
		text_add(t, fields[i].show == DOTS ? "..." : "%s=", fields[i].name);
		if (fields[i].show != DOTS)
			add_field(t, &fields[i], p + fields[i].at);
	}
	text_add(t, first ? "" : "}");
	return !first;
}

/* ---- those that say more by what is in them ---- */

static void add_stat(struct text *t, const struct stat *s)
{
	text_add(t, "{st_mode=");
	trace_add_filemode(t, s->st_mode);
	if (S_ISCHR(s->st_mode) || S_ISBLK(s->st_mode))
		text_add(t, ", st_rdev=makedev(%#x, %#x), ...}", dev_major(s->st_rdev),
			 dev_minor(s->st_rdev));
	else
		text_add(t, ", st_size=%lld, ...}", (long long)s->st_size);
}

static void add_handler(struct text *t, uint64_t handler)
{
	if (handler <= SIG_HANDLER_IGN)
		text_add(t, handler == SIG_HANDLER_IGN ? "SIG_IGN" : "SIG_DFL");
	else
		trace_add_pointer(t, handler);
}

static void add_sigaction(struct text *t, const struct sigaction *s)
{
	text_add(t, "{sa_handler=");
	add_handler(t, s->sa_handler);
	text_add(t, ", sa_mask=");
	add_sigset(t, s->sa_mask);
	text_add(t, ", sa_flags=");
	trace_add_words(t, WORDS_sigaction, s->sa_flags);
	if (s->sa_flags & SA_RESTORER)
		text_add(t, ", sa_restorer=%#llx", (unsigned long long)s->sa_restorer);
	text_add(t, "}");
}

static void add_flock(struct text *t, const struct flock *f, bool with_pid)
{
	text_add(t, "{l_type=");
	trace_add_words(t, WORDS_lock, (uint16_t)f->l_type);
	text_add(t, ", l_whence=");
	trace_add_words(t, WORDS_seek, (uint16_t)f->l_whence);
	text_add(t, ", l_start=%lld, l_len=%lld", (long long)f->l_start, (long long)f->l_len);
	if (with_pid)
		text_add(t, ", l_pid=%d", f->l_pid);
	text_add(t, "}");
}

static void add_siginfo(struct text *t, const struct siginfo *s)
{
	if (!s->si_signo && !s->si_code) {
		text_add(t, "{}");
		return;
	}
	text_add(t, "{si_signo=");
	trace_add_signal(t, s->si_signo);
	text_add(t, ", si_code=");
	trace_add_signal_code(t, s->si_signo, s->si_code);
	if (s->si_errno)
		text_add(t, ", si_errno=%d", s->si_errno);
	if (signal_code_name(s->si_signo, s->si_code)) {
		text_add(t, ", si_addr=");
		trace_add_pointer(t, s->fault.addr);
	} else if (s->si_code != SI_KERNEL) {
		text_add(t, ", si_pid=%d, si_uid=%u", s->kill.pid, s->kill.uid);
		if (s->si_signo == SIGCHLD && s->si_code > 0) {
			text_add(t, ", si_status=");
			if (s->si_code == CLD_EXITED)
				text_add(t, "%d", s->child.status);
			else
				trace_add_signal(t, s->child.status);
			text_add(t, ", si_utime=%llu, si_stime=%llu",
				 (unsigned long long)s->child.utime,
				 (unsigned long long)s->child.stime);
		} else if (s->si_code < 0 && s->si_code != SI_TKILL && s->kill.value) {
			text_add(t, ", si_int=%d, si_ptr=", (int32_t)s->kill.value);
			trace_add_pointer(t, s->kill.value);
		}
	}
	text_add(t, "}");
}

static void add_open_how(struct text *t, const struct open_how *h)
{
	text_add(t, "{flags=");
	trace_add_words(t, WORDS_open, h->flags);
	if (h->mode || h->flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) {
		text_add(t, ", mode=");
		text_add(t, "%#03llo", (unsigned long long)h->mode);
	}
	text_add(t, ", resolve=");
	trace_add_words(t, WORDS_resolve, h->resolve);
	text_add(t, "}");
}

static void add_status(struct text *t, uint32_t status)
{
	uint32_t sig = WTERMSIG(status);

	if (status == WAIT_CONTINUED) {
		text_add(t, "{WIFCONTINUED(s)}");
	} else if (!sig) {
		text_add(t, "{WIFEXITED(s) && WEXITSTATUS(s) == %u}", WEXITSTATUS(status));
	} else {
		text_add(t, sig == 0x7f ? "{WIFSTOPPED(s) && WSTOPSIG(s) == "
					: "{WIFSIGNALED(s) && WTERMSIG(s) == ");
		trace_add_signal(t, sig == 0x7f ? WEXITSTATUS(status) : sig);
		text_add(t, sig != 0x7f && status & 0x80 ? " && WCOREDUMP(s)}" : "}");
	}
}

static void add_bits(struct text *t, const char *p, size_t bytes)
{
	bool first = true;

	for (size_t i = 0; i < bytes * 8; i++)
		if (p[i / 8] >> i % 8 & 1) {
			text_add(t, first ? "%zu" : " %zu", i);
			first = false;
		}
}

static void add_capabilities(struct text *t, const char *p)
{
	static const char *const names[] = { "effective", "permitted", "inheritable" };

	for (int set = 0; set < 3; set++) {
		uint64_t v = number_at(p + 4 * set, 4) | number_at(p + 12 + 4 * set, 4) << 32;
		bool first = true;

		text_add(t, "%s%s=", set ? ", " : "{", names[set]);
		if (!v)
			text_add(t, "0");
		for (unsigned int cap = 0; cap < 64; cap++)
			if (v >> cap & 1) {
				text_add(t, first ? "1<<" : "|1<<");
				trace_add_words(t, WORDS_cap, cap);
				first = false;
			}
	}
	text_add(t, "}");
}

static void add_struct(struct text *t, unsigned int of, const char *p)
{
	switch (of) {
	case STRUCT_int:
	case STRUCT_pid:
	case STRUCT_length:
	case STRUCT_id:
	case STRUCT_sched_param: text_add(t, "[%d]", (int32_t)number_at(p, 4)); break;
	case STRUCT_offset:
	case STRUCT_size: text_add(t, "[%llu]", (unsigned long long)number_at(p, 8)); break;
	case STRUCT_pointer: text_add(t, "[%#llx]", (unsigned long long)number_at(p, 8)); break;
	case STRUCT_fsid:
		text_add(t, "{val=[%#x, %#x]}", (uint32_t)number_at(p, 4),
			 (uint32_t)number_at(p + 4, 4));
		break;
	case STRUCT_loads:
		text_add(t, "[%llu, %llu, %llu]", (unsigned long long)number_at(p, 8),
			 (unsigned long long)number_at(p + 8, 8),
			 (unsigned long long)number_at(p + 16, 8));
		break;
	case STRUCT_signal:
		text_add(t, "[");
		trace_add_signal(t, (int32_t)number_at(p, 4));
		text_add(t, "]");
		break;
	case STRUCT_fds:
		text_add(t, "[%d, %d]", (int32_t)number_at(p, 4), (int32_t)number_at(p + 4, 4));
		break;
	case STRUCT_status:
		text_add(t, "[");
		add_status(t, (uint32_t)number_at(p, 4));
		text_add(t, "]");
		break;
	case STRUCT_sigset: add_sigset(t, number_at(p, 8)); break;
	case STRUCT_stat: add_stat(t, (const struct stat *)p); break;
	case STRUCT_sigaction: add_sigaction(t, (const struct sigaction *)p); break;
	case STRUCT_siginfo: add_siginfo(t, (const struct siginfo *)p); break;
	case STRUCT_cap_data: add_capabilities(t, p); break;
	case STRUCT_open_how: add_open_how(t, (const struct open_how *)p); break;
	case STRUCT_epoll_event:
		text_add(t, "{events=");
		trace_add_words(t, WORDS_epoll, number_at(p, 4));
		text_add(t, ", data={u32=%u, u64=%llu}}", (uint32_t)number_at(p + 8, 4),
			 (unsigned long long)number_at(p + 8, 8));
		break;
	case STRUCT_fd_set:
		text_add(t, "[");
		add_bits(t, p, 128);
		text_add(t, "]");
		break;
	default: add_fields(t, of, p); break;
	}
}

/* ---- more than one, or of no fixed length ---- */

static void add_sockaddr(struct text *t, const char *p, size_t n, size_t whole)
{
	const char *path = p + sizeof(uint16_t);
	size_t len;

	n = min(n, whole); /* a socket's name may be longer than it is told to be */
	if (n < sizeof(uint16_t)) {
		trace_add_string(t, p, n, whole);
		return;
	}
	n -= sizeof(uint16_t);
	text_add(t, "{sa_family=");
	trace_add_words(t, WORDS_family, number_at(p, sizeof(uint16_t)));
	if (number_at(p, sizeof(uint16_t)) == AF_UNIX && n) {
		text_add(t, path[0] ? ", sun_path=" : ", sun_path=@");
		len = path[0] ? strnlen(path, n) : n - 1;
		trace_add_string(t, path[0] ? path : path + 1, len, len);
	} else if (n) {
		text_add(t, ", sa_data=");
		trace_add_string(t, path, n, n);
	}
	text_add(t, "}");
}

/* A socket's option by how long it is. */
static void add_option(struct text *t, const char *p, size_t n)
{
	if (n == sizeof(struct ucred))
		text_add(t, "{pid=%d, uid=%d, gid=%d}", (int)number_at(p, 4),
			 (int)number_at(p + 4, 4), (int)number_at(p + 8, 4));
	else if (n == sizeof(struct linger))
		text_add(t, "{l_onoff=%d, l_linger=%d}", (int)number_at(p, 4),
			 (int)number_at(p + 4, 4));
	else if (n == sizeof(struct timeval))
		add_struct(t, STRUCT_timeval, p);
	else if (n == sizeof(int32_t))
		text_add(t, "[%d]", (int32_t)number_at(p, 4));
	else
		trace_add_string(t, p, n, n);
}

static void add_dirents(struct text *t, uint64_t address, const char *p, size_t n)
{
	unsigned int entries = 0;

	while (n >= DIRENT64_NAME) {
		size_t len = number_at(p + offsetof(struct dirent64, d_reclen), sizeof(uint16_t));

		if (len < DIRENT64_NAME || len > n)
			break;
		entries++;
		p += len;
		n -= len;
	}
	text_add(t, "%#llx /* %u entr%s */", (unsigned long long)address, entries,
		 entries == 1 ? "y" : "ies");
}

void trace_add_pollfds(struct text *t, const char *p, size_t n, bool after)
{
	bool first = true;

	text_add(t, "[");
	for (const struct pollfd *f = (const void *)p; n >= sizeof(*f); f++, n -= sizeof(*f)) {
		uint16_t events = (uint16_t)(after ? f->revents : f->events);

		if (after && !events)
			continue;
		text_add(t, first ? "{fd=%d" : ", {fd=%d", f->fd);
		first = false;
		if (f->fd >= 0) {
			text_add(t, after ? ", revents=" : ", events=");
			trace_add_words(t, WORDS_poll, events);
		}
		text_add(t, "}");
	}
	text_add(t, "]");
}

static void add_times(struct text *t, const struct timespec *time)
{
	for (int i = 0; i < 2; i++) {
		text_add(t, i ? ", " : "[");
		if (time[i].tv_nsec == UTIME_NOW || time[i].tv_nsec == UTIME_OMIT)
			text_add(t, time[i].tv_nsec == UTIME_NOW ? "UTIME_NOW" : "UTIME_OMIT");
		else
			add_struct(t, STRUCT_timespec, (const char *)&time[i]);
	}
	text_add(t, "]");
}

/*
 * Pieces of a vector: @c is the array, the chunks behind it the bytes.  *last: the last chunk that
 * was used.
 */
static void add_vector(struct text *t, const struct trace_chunk *c, const void *end)
{
	const struct iovec *iov = (const void *)trace_chunk_data(c);
	size_t n = c->bytes / sizeof(*iov);
	const struct trace_chunk *piece = c;

	text_add(t, "[");
	for (size_t i = 0; i < n; i++) {
		piece = piece ? trace_inner(piece, end) : NULL;
		text_add(t, i ? ", {iov_base=" : "{iov_base=");
		if (piece && !(piece->flags & (TRACE_CHUNK_NOT_IN | TRACE_CHUNK_BAD)))
			trace_add_string(t, trace_chunk_data(piece), piece->bytes, piece->whole);
		else
			trace_add_pointer(t, iov[i].iov_base);
		text_add(t, ", iov_len=%llu}", (unsigned long long)iov[i].iov_len);
	}
	text_add(t, c->whole > c->bytes ? ", ...]" : "]");
}

static void add_control(struct text *t, const char *p, size_t n)
{
	const struct cmsghdr *h = (const void *)p;
	size_t len;

	if (n < sizeof(*h) || h->cmsg_len < sizeof(*h) || h->cmsg_len > n) {
		trace_add_string(t, p, n, n);
		return;
	}
	len = h->cmsg_len - sizeof(*h);
	text_add(t, "[{cmsg_len=%llu, cmsg_level=", (unsigned long long)h->cmsg_len);
	trace_add_words(t, WORDS_level, (uint32_t)h->cmsg_level);
	text_add(t, ", cmsg_type=");
	trace_add_words(t, WORDS_scm, (uint32_t)h->cmsg_type);
	text_add(t, ", cmsg_data=");
	if (h->cmsg_type == SCM_CREDENTIALS && len == sizeof(struct ucred)) {
		add_option(t, (const char *)(h + 1), len);
	} else {
		for (size_t i = 0; i < len / 4; i++)
			text_add(t, i ? ", %d" : "[%d",
				 (int)number_at((const char *)(h + 1) + 4 * i, 4));
		text_add(t, "]");
	}
	text_add(t, "}]");
}

/* struct msghdr and, behind it, its name, its control messages and its vector. */
static void add_message(struct text *t, const struct trace_chunk *c, const void *end)
{
	const struct msghdr *m = (const void *)trace_chunk_data(c);
	const struct trace_chunk *name = trace_inner(c, end);
	const struct trace_chunk *control = name ? trace_inner(name, end) : NULL;
	const struct trace_chunk *iov = control ? trace_inner(control, end) : NULL;

	text_add(t, "{msg_name=");
	if (name && name->bytes)
		add_sockaddr(t, trace_chunk_data(name), name->bytes, name->whole);
	else
		trace_add_pointer(t, m->msg_name);
	text_add(t, ", msg_namelen=%d, msg_iov=", m->msg_namelen);
	if (iov && !(iov->flags & (TRACE_CHUNK_NOT_IN | TRACE_CHUNK_BAD)))
		add_vector(t, iov, end);
	else
		trace_add_pointer(t, m->msg_iov);
	text_add(t, ", msg_iovlen=%llu", (unsigned long long)m->msg_iovlen);
	if (control && control->bytes) {
		text_add(t, ", msg_control=");
		add_control(t, trace_chunk_data(control), control->bytes);
	} else if (m->msg_controllen) {
		text_add(t, ", msg_control=");
		trace_add_pointer(t, m->msg_control);
	}
	text_add(t, ", msg_controllen=%llu, msg_flags=", (unsigned long long)m->msg_controllen);
	trace_add_words(t, WORDS_msg, m->msg_flags);
	text_add(t, "}");
}

static void add_array(struct text *t, const struct trace_memory *m, const char *p, size_t n)
{
	size_t size = trace_struct_size(m->arg->of), count = size ? n / size : 0;

	text_add(t, "[");
	for (size_t i = 0; i < count; i++) {
		text_add(t, i ? ", " : "");
		if (m->arg->of == STRUCT_id)
			text_add(t, "%u", (uint32_t)number_at(p + i * size, 4));
		else
			add_struct(t, m->arg->of, p + i * size);
	}
	text_add(t, "]");
}

/* Where the call has changed it: [110 => 5]. */
static bool add_changed(struct text *t, const struct trace_memory *m, const char *in,
			const char *out)
{
	switch (m->arg->of) {
	case STRUCT_length:
		text_add(t, "[%d", (int)number_at(in, 4));
		if (out && number_at(in, 4) != number_at(out, 4))
			text_add(t, " => %d", (int)number_at(out, 4));
		text_add(t, "]");
		return true;
	case STRUCT_offset:
		add_struct(t, STRUCT_offset, in);
		if (out && number_at(in, 8) != number_at(out, 8)) {
			text_add(t, " => ");
			add_struct(t, STRUCT_offset, out);
		}
		return true;
	default: return false;
	}
}

/* Those whose length is not that of one struct, or that are shown by more than it. */
static bool add_special(struct text *t, const struct trace_memory *m, const struct trace_chunk *c)
{
	/* A copy: what is in a chunk need not be aligned for a reader of ours, nor whole. */
	const char *p = trace_chunk_data(c);
	size_t n = c->bytes;

	switch (m->arg->of) {
	case STRUCT_sockaddr: add_sockaddr(t, p, n, c->whole); return true;
	case STRUCT_option: add_option(t, p, n); return true;
	case STRUCT_dirent64: add_dirents(t, m->address, p, n); return true;
	case STRUCT_pollfd: trace_add_pollfds(t, p, n, false); return true;
	case STRUCT_cpus:
		text_add(t, "[");
		add_bits(t, p, n);
		text_add(t, "]");
		return true;
	default: return false;
	}
}

bool trace_struct_words(struct text *t, const struct trace_memory *m)
{
	const struct arg *a = m->arg;
	const struct trace_chunk *c = a->dir == ARG_OUT ? m->out : m->in;
	size_t size = trace_struct_size(a->of);

	/* A call that reads and writes one is shown by what it wrote. */
	if (a->dir == (ARG_IN | ARG_OUT) && (a->of == STRUCT_flock || a->of == STRUCT_timex))
		c = m->out ? m->out : m->failed && a->of == STRUCT_timex ? NULL : c;
	if (!c)
		return false;
	if (a->kind == ARG_IOV) {
		add_vector(t, c, m->end);
		return true;
	}
	if (a->kind == ARG_MSG) {
		if (c->bytes >= sizeof(struct msghdr))
			add_message(t, c, m->end);
		return c->bytes >= sizeof(struct msghdr);
	}
	if (add_special(t, m, c))
		return true;
	if (a->count != ARG_ONE) {
		add_array(t, m, trace_chunk_data(c), c->bytes);
		return true;
	}
	if (c->bytes < size || (m->out && m->out->bytes < size))
		return false;
	if (a->dir == (ARG_IN | ARG_OUT) &&
	    add_changed(t, m, trace_chunk_data(c), m->out ? trace_chunk_data(m->out) : NULL))
		return true;
	if (a->of == STRUCT_utimes)
		add_times(t, (const void *)trace_chunk_data(c));
	else if (a->of == STRUCT_flock)
		add_flock(t, (const void *)trace_chunk_data(c), c == m->out);
	else
		add_struct(t, a->of, trace_chunk_data(c));
	return true;
}
