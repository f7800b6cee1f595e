/*
 * unix_scm.c - what goes with messages: descriptors and credentials, and what becomes of those that
 * nobody receives.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/el0/libc/calls.h"

#define KERNEL	   ((void *)0xffff000000080000ul)
#define HEAD	   offsetof(struct sockaddr_un, sun_path)
#define NOBODY_UID 65534

static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

static void new_pair(int type, int sv[2])
{
	check(sys(socketpair, AF_UNIX, type, 0, sv), 0, "socketpair");
}

static void close_both(const int sv[2])
{
	close(sv[0]);
	close(sv[1]);
}

/* A message with control data. */
struct packet {
	struct msghdr h;
	struct iovec v;
	char bytes[8];
	_Alignas(16) char control[CMSG_SPACE(300 * sizeof(int)) + 64];
};

static struct packet *packet_of(size_t bytes, size_t control)
{
	static struct packet p;

	memset(&p, 0, sizeof(p));
	p.v = (struct iovec){ p.bytes, bytes };
	p.h.msg_iov = &p.v;
	p.h.msg_iovlen = 1;
	p.h.msg_control = control ? p.control : NULL;
	p.h.msg_controllen = (socklen_t)control;
	return &p;
}

/* Adds one piece to the control data of a message; @at is where. */
static size_t add(struct packet *p, size_t at, int level, int type, const void *data, size_t n)
{
	struct cmsghdr *c = (void *)(p->control + at);

	memset(c, 0, sizeof(*c)); /* musl has padding there */
	c->cmsg_len = (socklen_t)CMSG_LEN(n);
	c->cmsg_level = level;
	c->cmsg_type = type;
	memcpy(CMSG_DATA(c), data, n);
	p->h.msg_control = p->control;
	p->h.msg_controllen = (socklen_t)(at + CMSG_SPACE(n));
	return at + CMSG_SPACE(n);
}

static long send_fds(int s, const int *fd, size_t n)
{
	struct packet *p = packet_of(1, 0);

	p->bytes[0] = 'f';
	add(p, 0, SOL_SOCKET, SCM_RIGHTS, fd, n * sizeof(*fd));
	return sys(sendmsg, s, &p->h, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static long send_fd(int s, int fd)
{
	return send_fds(s, &fd, 1);
}

/* Receives up to @max descriptors; how many, or -errno.  *@flags: what recvmsg said. */
static long recv_fds(int s, int *fd, size_t max, int how, int *flags)
{
	struct packet *p = packet_of(8, max ? CMSG_LEN(max * sizeof(int)) : 0);
	struct cmsghdr *c;
	long ret = sys(recvmsg, s, &p->h, how | MSG_DONTWAIT), n;

	if (flags)
		*flags = p->h.msg_flags;
	if (ret < 0)
		return ret;
	c = CMSG_FIRSTHDR(&p->h);
	if (!c)
		return 0;
	n = (long)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	check(c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS, 1, "SCM_RIGHTS");
	memcpy(fd, CMSG_DATA(c), (size_t)n * sizeof(int));
	return n;
}

static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* Has the other end of the pipe @fd been closed? */
static bool hung_up(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	poll(&p, 1, 0);
	return p.revents & POLLHUP;
}

/* Until it has: the collector may be another process's turn. */
static bool comes_to_hang_up(int fd)
{
	for (int i = 0; i < 500 && !hung_up(fd); i++)
		usleep(10000);
	return hung_up(fd);
}

static void test_rights(void)
{
	int sv[2], pipe_end[2], got[4], flags, first;
	char b[8];

	begin("sendmsg, recvmsg: SCM_RIGHTS");
	for (int i = 0; i < 3; i++) {
		new_pair(types[i], sv);
		check(pipe(pipe_end), 0, "pipe");
		check(send_fd(sv[0], pipe_end[1]), 1, "sendmsg");
		close(pipe_end[1]);
		check(hung_up(pipe_end[0]), 0, "it lives on its way");
		first = next_fd();
		check(recv_fds(sv[1], got, 4, 0, &flags), 1, "one descriptor");
		check(flags, 0, "flags");
		check(got[0], first, "the lowest free one");
		check(fcntl(got[0], F_GETFD), 0, "not closed by exec");
		check(write(got[0], "through", 7), 7, "it works");
		check(read(pipe_end[0], b, 8), 7, "it works");

		check(send_fds(sv[0], (int[]){ got[0], 0, pipe_end[0] }, 3), 1, "three of them");
		close(got[0]);
		check(recv_fds(sv[1], got, 4, MSG_CMSG_CLOEXEC, &flags), 3, "received");
		check(flags, MSG_CMSG_CLOEXEC, "flags");
		for (int k = 0; k < 3; k++) {
			check(fcntl(got[k], F_GETFD), FD_CLOEXEC, "closed by exec");
			close(got[k]);
		}
		check(hung_up(pipe_end[0]), 1, "the last writer is closed");
		close(pipe_end[0]);
		close_both(sv);
	}
	end();
}

static void test_rights_cut(void)
{
	int sv[2], pipe_end[2], got[8], flags, first;
	struct rlimit old, few;
	struct packet *p;
	char b[8];

	begin("recvmsg, read: descriptors for which there is no room");
	new_pair(SOCK_DGRAM, sv);
	check(pipe(pipe_end), 0, "pipe");
	first = next_fd();
	check(send_fds(sv[0], (int[]){ pipe_end[1], pipe_end[1], 0 }, 3), 1, "send");
	check(recv_fds(sv[1], got, 2, 0, &flags), 2, "room for two");
	check(flags, MSG_CTRUNC, "flags");
	close(got[0]);
	close(got[1]);
	check(send_fd(sv[0], pipe_end[1]), 1, "send");
	check(recv_fds(sv[1], got, 0, 0, &flags), 0, "room for none");
	check(flags, MSG_CTRUNC, "flags");
	check(send_fd(sv[0], pipe_end[1]), 1, "send");
	p = packet_of(8, sizeof(struct cmsghdr) + 3);
	check(sys(recvmsg, sv[1], &p->h, 0), 1, "room for three bytes");
	check(p->h.msg_flags, MSG_CTRUNC, "flags");
	check(p->h.msg_controllen, 0, "no control data");
	check(send_fd(sv[0], pipe_end[1]), 1, "send");
	check(read(sv[1], b, 8), 1, "read takes none");
	check(send_fd(sv[0], pipe_end[1]), 1, "send");
	p = packet_of(8, 64);
	p->h.msg_control = KERNEL;
	check(sys(recvmsg, sv[1], &p->h, 0), 1, "a bad address");
	check(p->h.msg_flags, MSG_CTRUNC, "flags");
	check(next_fd(), first, "no descriptor has come of it");
	close(pipe_end[1]);
	check(hung_up(pipe_end[0]), 1, "nor is one left");
	close(pipe_end[0]);

	getrlimit(RLIMIT_NOFILE, &old);
	few = (struct rlimit){ (rlim_t)next_fd() + 1, old.rlim_max };
	check(send_fds(sv[0], (int[]){ 0, 0, 0 }, 3), 1, "send");
	setrlimit(RLIMIT_NOFILE, &few);
	check(recv_fds(sv[1], got, 8, 0, &flags), 1, "one descriptor is free");
	check(flags, MSG_CTRUNC, "flags");
	setrlimit(RLIMIT_NOFILE, &old);
	close(got[0]);
	/* all the room: several pieces, and what recvmsg leaves of it */
	check(send_fds(sv[0], (int[]){ 0, 1 }, 2), 1, "send");
	p = packet_of(8, 64);
	check(sys(recvmsg, sv[1], &p->h, 0), 1, "recvmsg");
	check(p->h.msg_controllen, CMSG_SPACE(2 * sizeof(int)), "what it took of the buffer");
	close(((int *)CMSG_DATA(CMSG_FIRSTHDR(&p->h)))[0]);
	close(((int *)CMSG_DATA(CMSG_FIRSTHDR(&p->h)))[1]);
	close_both(sv);
	end();
}

static void test_rights_errors(void)
{
	int sv[2], many[254], dir = open("/", O_PATH), got[254];
	struct packet *p;
	struct cmsghdr *c;

	begin("sendmsg: control data that is wrong");
	for (int i = 0; i < 254; i++)
		many[i] = 0;
	new_pair(SOCK_STREAM, sv);
	check(send_fds(sv[0], (int[]){ 0, 99 }, 2), -EBADF, "a descriptor that is none");
	check(send_fds(sv[0], (int[]){ 0, -1 }, 2), -EBADF, "a negative one");
	check(send_fds(sv[0], many, 254), -EINVAL, "254");
	check(send_fds(sv[0], many, 253), 1, "253");
	check(recv_fds(sv[1], got, 254, 0, NULL), 253, "received");
	for (int i = 0; i < 253; i++)
		close(got[i]);
	check(send_fd(sv[0], dir), 1, "one of O_PATH");
	check(recv_fds(sv[1], got, 1, 0, NULL), 1, "received");
	check(sys(read, got[0], &c, 1), -EBADF, "is still no more than that");
	close(got[0]);
	close(dir);
	check(send_fds(sv[0], many, 0), 1, "no descriptor at all");
	check(recv_fds(sv[1], got, 4, 0, NULL), 0, "received");

	p = packet_of(1, 0);
	c = (void *)p->control;
	add(p, 0, SOL_SOCKET, SCM_RIGHTS, many, 4);
	c->cmsg_len = 15;
	check(sys(sendmsg, sv[0], &p->h, 0), -EINVAL, "shorter than its header");
	c->cmsg_len = (socklen_t)p->h.msg_controllen + 1;
	check(sys(sendmsg, sv[0], &p->h, 0), -EINVAL, "longer than all");
	memset(p->control, 0xff, 16);
	check(sys(sendmsg, sv[0], &p->h, 0), -EINVAL, "a length of -1");
	add(p, 0, SOL_SOCKET, 99, many, 4);
	check(sys(sendmsg, sv[0], &p->h, 0), -EINVAL, "a type that is none");
	add(p, 0, 77, SCM_RIGHTS, (int[]){ 99 }, 4);
	check(sys(sendmsg, sv[0], &p->h, 0), 1, "another level's is not looked at");
	check(recv_fds(sv[1], got, 4, 0, NULL), 0, "nor received");
	p = packet_of(1, 0);
	add(p, 0, SOL_SOCKET, SCM_RIGHTS, many, 4);
	p->h.msg_controllen = 15;
	check(sys(sendmsg, sv[0], &p->h, 0), 1, "less than a header is nothing");
	check(recv_fds(sv[1], got, 4, 0, NULL), 0, "received");
	p = packet_of(1, 32);
	p->h.msg_control = KERNEL;
	check(sys(sendmsg, sv[0], &p->h, 0), -EFAULT, "the kernel's");
	p->h.msg_control = NULL;
	check(sys(sendmsg, sv[0], &p->h, 0), -EFAULT, "NULL");
	p->h.msg_controllen = 1 << 30;
	check(sys(sendmsg, sv[0], &p->h, 0), -ENOBUFS, "a gibibyte");
	/* two pieces are one */
	p = packet_of(1, 0);
	add(p, add(p, 0, SOL_SOCKET, SCM_RIGHTS, many, 4), SOL_SOCKET, SCM_RIGHTS, many, 8);
	check(sys(sendmsg, sv[0], &p->h, 0), 1, "two pieces");
	check(recv_fds(sv[1], got, 4, 0, NULL), 3, "become one");
	for (int i = 0; i < 3; i++)
		close(got[i]);
	p = packet_of(1, 0);
	add(p, add(p, 0, SOL_SOCKET, SCM_RIGHTS, many, 4 * 200), SOL_SOCKET, SCM_RIGHTS, many,
	    4 * 54);
	check(sys(sendmsg, sv[0], &p->h, 0), -EINVAL, "too many in two pieces");
	close_both(sv);
	end();
}

static void test_rights_stream(void)
{
	int sv[2], got[4], flags;
	char b[32];

	begin("read, recvmsg: descriptors between the bytes of a stream");
	new_pair(SOCK_STREAM, sv);
	check(write(sv[0], "ab", 2), 2, "write");
	check(send_fd(sv[0], 0), 1, "a descriptor");
	check(write(sv[0], "cd", 2), 2, "write");
	check(send_fd(sv[0], 1), 1, "another");
	check(write(sv[0], "ef", 2), 2, "write");
	check(recv_fds(sv[1], got, 4, 0, &flags), 1, "what comes first goes with it");
	close(got[0]);
	check(recv_fds(sv[1], got, 4, 0, NULL), 1, "the second ends a read too");
	close(got[0]);
	check(read(sv[1], b, 32), 2, "the rest");
	/* looked at, and then received */
	check(send_fd(sv[0], 1), 1, "send");
	check(recv_fds(sv[1], got, 4, MSG_PEEK, NULL), 1, "MSG_PEEK");
	close(got[0]);
	check(recv_fds(sv[1], got, 4, MSG_PEEK, NULL), 1, "again");
	close(got[0]);
	check(recv_fds(sv[1], got, 4, 0, NULL), 1, "and for good");
	close(got[0]);
	/* without a byte nothing is sent */
	{
		struct packet *p = packet_of(0, 0);

		add(p, 0, SOL_SOCKET, SCM_RIGHTS, (int[]){ 0 }, 4);
		check(sys(sendmsg, sv[0], &p->h, 0), 0, "no byte");
		check(recv_fds(sv[1], got, 4, 0, NULL), -EAGAIN, "nothing was sent");
		/* half of the bytes of a message take all its descriptors */
		p = packet_of(4, 0);
		add(p, 0, SOL_SOCKET, SCM_RIGHTS, (int[]){ 0 }, 4);
		check(sys(sendmsg, sv[0], &p->h, 0), 4, "four bytes");
		p = packet_of(2, 64);
		check(sys(recvmsg, sv[1], &p->h, 0), 2, "two of them");
		check(p->h.msg_controllen, CMSG_SPACE(4), "and the descriptor");
		close(*(int *)CMSG_DATA(CMSG_FIRSTHDR(&p->h)));
		p = packet_of(8, 64);
		check(sys(recvmsg, sv[1], &p->h, 0), 2, "two more");
		check(p->h.msg_controllen, 0, "without");
	}
	close_both(sv);
	end();
}

/* ---- credentials ---- */

/* Receives one byte with credentials: 0 and *@u, or what went wrong. */
static long recv_cred(int s, struct ucred *u, size_t room)
{
	struct packet *p = packet_of(8, room);
	struct cmsghdr *c;
	long ret = sys(recvmsg, s, &p->h, MSG_DONTWAIT);

	memset(u, 0xee, sizeof(*u));
	if (ret < 0)
		return ret;
	c = CMSG_FIRSTHDR(&p->h);
	if (!c)
		return p->h.msg_flags;
	if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
		return -1000;
	memcpy(u, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return p->h.msg_flags;
}

static long send_cred(int s, struct ucred u)
{
	struct packet *p = packet_of(1, 0);

	add(p, 0, SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u));
	return sys(sendmsg, s, &p->h, 0);
}

static bool is_cred(const struct ucred *u, int pid, unsigned int uid, unsigned int gid)
{
	bool same = u->pid == pid && u->uid == uid && u->gid == gid;

	if (!same)
		note("got pid %d uid %u gid %u", u->pid, u->uid, u->gid);
	return same;
}

static void forge(void)
{
	struct ucred u;
	int sv[2], on = 1;

	new_pair(SOCK_DGRAM, sv);
	setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	if (setgroups(0, NULL) || setresgid(10, 11, 12) || setresuid(20, 21, 22))
		expect(false, "setresuid");
	check(send_cred(sv[0], (struct ucred){ getpid(), 20, 11 }), 1, "its own");
	check(recv_cred(sv[1], &u, 64), 0, "received");
	check(is_cred(&u, getpid(), 20, 11), 1, "its own");
	check(send_cred(sv[0], (struct ucred){ getpid(), 22, 12 }), 1, "its own too");
	check(send_cred(sv[0], (struct ucred){ 1, 20, 10 }), -EPERM, "another's pid");
	check(send_cred(sv[0], (struct ucred){ getpid(), 0, 10 }), -EPERM, "root's uid");
	check(send_cred(sv[0], (struct ucred){ getpid(), 20, 0 }), -EPERM, "root's gid");
	check(write(sv[0], "x", 1), 1, "none are said");
	recv_cred(sv[1], &u, 64);
	check(recv_cred(sv[1], &u, 64), 0, "received");
	check(is_cred(&u, getpid(), 20, 10), 1, "the real ones are");
}

static void test_credentials(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct packet *p;
	struct ucred u;
	int sv[2], on = 1, off = 0, me = getpid();
	socklen_t n;
	pid_t dead;

	begin("sendmsg, recvmsg, setsockopt: SCM_CREDENTIALS, SO_PASSCRED");
	for (int i = 0; i < 3; i++) {
		new_pair(types[i], sv);
		check(write(sv[0], "x", 1), 1, "nobody asks");
		check(recv_cred(sv[1], &u, 64), 0, "received");
		check(u.pid, (int)0xeeeeeeee, "nothing is told");
		check(write(sv[0], "x", 1), 1, "nobody asks yet");
		setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
		check(recv_cred(sv[1], &u, 64), 0, "but then");
		check(is_cred(&u, 0, NOBODY_UID, NOBODY_UID), 1, "it is too late");
		check(write(sv[0], "x", 1), 1, "write");
		check(recv_cred(sv[1], &u, 64), 0, "received");
		check(is_cred(&u, me, 0, 0), 1, "who wrote it");
		check(send_cred(sv[0], (struct ucred){ 1, 5, 6 }), 1, "root may say others");
		check(recv_cred(sv[1], &u, 64), 0, "received");
		check(is_cred(&u, 1, 5, 6), 1, "others");
		check(send_cred(sv[0], (struct ucred){ 1, -1, 6 }), -EINVAL, "no uid");
		check(send_cred(sv[0], (struct ucred){ 1, 5, -1 }), -EINVAL, "no gid");
		check(write(sv[0], "x", 1), 1, "write");
		check(recv_cred(sv[1], &u, 0), MSG_CTRUNC, "no room");
		check(write(sv[0], "x", 1), 1, "write");
		check(recv_cred(sv[1], &u, CMSG_LEN(8)), MSG_CTRUNC, "room for two of three");
		check(u.uid == 0 && u.gid == 0xeeeeeeee, 1, "which are there");
		close_both(sv);
	}
	dead = fork();
	if (!dead)
		_exit(0);
	waitpid(dead, NULL, 0);
	new_pair(SOCK_STREAM, sv);
	check(send_cred(sv[0], (struct ucred){ dead, 0, 0 }), -ESRCH, "a process that is none");
	p = packet_of(1, 0);
	add(p, 0, SOL_SOCKET, SCM_CREDENTIALS, &u, 8);
	check(sys(sendmsg, sv[0], &p->h, 0), -EINVAL, "two of three");
	/* different writers' bytes are not read as one */
	setsockopt(sv[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	check(write(sv[0], "a", 1), 1, "write");
	check(write(sv[0], "b", 1), 1, "write");
	check(send_cred(sv[0], (struct ucred){ me, 7, 8 }), 1, "another");
	p = packet_of(8, 64);
	check(sys(recvmsg, sv[1], &p->h, 0), 2, "the first one's");
	check(recv_cred(sv[1], &u, 64), 0, "the second's");
	check(is_cred(&u, me, 7, 8), 1, "the second's");
	/* with descriptors */
	p = packet_of(1, 0);
	u = (struct ucred){ me, 0, 0 };
	add(p, add(p, 0, SOL_SOCKET, SCM_RIGHTS, &on, 4), SOL_SOCKET, SCM_CREDENTIALS, &u,
	    sizeof(u));
	check(sys(sendmsg, sv[0], &p->h, 0), -EBADF + (fcntl(on, F_GETFD) >= 0 ? 1 + EBADF : 0),
	      "both");
	p = packet_of(8, 96);
	check(sys(recvmsg, sv[1], &p->h, 0), 1, "both");
	check(p->h.msg_controllen, CMSG_SPACE(sizeof(u)) + CMSG_SPACE(4), "both");
	check(CMSG_FIRSTHDR(&p->h)->cmsg_type, SCM_CREDENTIALS, "these first");
	close(*(int *)CMSG_DATA(CMSG_NXTHDR(&p->h, CMSG_FIRSTHDR(&p->h))));
	close_both(sv);
	/* who wants credentials gets a name */
	sv[0] = socket(AF_UNIX, SOCK_DGRAM, 0);
	setsockopt(sv[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	check(sys(connect, sv[0], &a, HEAD + 5), -ECONNREFUSED, "connect");
	n = sizeof(a);
	getsockname(sv[0], (void *)&a, &n);
	check(n, HEAD + 6, "autobind");
	setsockopt(sv[0], SOL_SOCKET, SO_PASSCRED, &off, sizeof(off));
	close(sv[0]);
	check_child(forge, 0, "as somebody");
	end();
}

static void test_peercred(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int sv[2], fd, c, d, status;
	struct ucred u;
	socklen_t n = sizeof(u), len;
	pid_t pid;

	begin("getsockopt: SO_PEERCRED");
	for (int i = 0; i < 3; i++) {
		new_pair(types[i], sv);
		n = sizeof(u);
		check(sys(getsockopt, sv[0], SOL_SOCKET, SO_PEERCRED, &u, &n), 0, "of a pair");
		check(is_cred(&u, getpid(), 0, 0), 1, "of a pair");
		close_both(sv);
	}
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	n = sizeof(u);
	check(sys(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &u, &n), 0, "of nobody");
	check(is_cred(&u, 0, -1, -1), 1, "of nobody");
	n = 4;
	check(sys(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &u, &n), 0, "little room");
	check(n, 4, "little room");
	check(sys(bind, fd, &a, HEAD), 0, "bind");
	len = sizeof(a);
	getsockname(fd, (void *)&a, &len);
	check(listen(fd, 5), 0, "listen");
	pid = fork();
	if (!pid) {
		tap_forget();
		if (setgid(7) || setuid(8))
			_exit(9);
		c = socket(AF_UNIX, SOCK_STREAM, 0);
		check(connect(c, (void *)&a, len), 0, "connect");
		n = sizeof(u);
		getsockopt(c, SOL_SOCKET, SO_PEERCRED, &u, &n);
		check(is_cred(&u, getppid(), 0, 0), 1, "the listener's");
		_exit(tap_failures() != 0);
	}
	waitpid(pid, &status, 0);
	check(status, 0, "the child");
	d = accept(fd, NULL, NULL);
	n = sizeof(u);
	check(sys(getsockopt, d, SOL_SOCKET, SO_PEERCRED, &u, &n), 0, "of who has connected");
	check(is_cred(&u, pid, 8, 7), 1, "though it is dead");
	close(d);
	close(fd);
	end();
}

/* ---- what nobody receives ---- */

static void test_cycles(void)
{
	int sv[2], other[2], tell[2], got[4];

	begin("sendmsg, close: sockets that hold only each other are closed");
	/* a message that nobody reads, in a queue that is closed */
	check(pipe(tell), 0, "pipe");
	new_pair(SOCK_STREAM, sv);
	check(send_fd(sv[0], tell[1]), 1, "send");
	close(tell[1]);
	close_both(sv);
	check(comes_to_hang_up(tell[0]), 1, "closed with the queue");
	close(tell[0]);
	/* one through itself */
	for (int i = 0; i < 3; i++) {
		check(pipe(tell), 0, "pipe");
		new_pair(types[i], sv);
		check(send_fds(sv[0], (int[]){ sv[1], tell[1] }, 2), 1, "send");
		close(tell[1]);
		close(sv[1]);
		check(hung_up(tell[0]), 0, "it can still be read from by nobody");
		close(sv[0]);
		/* Linux looks when a socket is closed */
		close(socket(AF_UNIX, SOCK_STREAM, 0));
		check(comes_to_hang_up(tell[0]), 1, "type %d: through itself", types[i]);
		close(tell[0]);
	}
	/* two through one another */
	check(pipe(tell), 0, "pipe");
	new_pair(SOCK_STREAM, sv);
	new_pair(SOCK_DGRAM, other);
	check(send_fds(sv[0], (int[]){ other[0], other[1], tell[1] }, 3), 1, "send");
	check(send_fds(other[0], (int[]){ sv[0], sv[1] }, 2), 1, "send");
	close(tell[1]);
	close_both(other);
	close(sv[0]);
	check(hung_up(tell[0]), 0, "one descriptor leads there");
	check(recv_fds(sv[1], got, 4, 0, NULL), 3, "by it all can be got back");
	check(send_fds(got[0], (int[]){ got[2] }, 1), 1, "and sent again");
	close(got[0]);
	close(got[1]);
	close(got[2]);
	close(sv[1]);
	close(socket(AF_UNIX, SOCK_STREAM, 0));
	check(comes_to_hang_up(tell[0]), 1, "now none");
	close(tell[0]);
	end();
}

static void test_cycle_listener(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, c, tell[2];
	socklen_t len = sizeof(a);

	begin("sendmsg, connect, close: a listener in the queue of a connection that it has not "
	      "accepted");
	check(pipe(tell), 0, "pipe");
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	check(sys(bind, fd, &a, HEAD), 0, "bind");
	getsockname(fd, (void *)&a, &len);
	check(listen(fd, 5), 0, "listen");
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	check(connect(c, (void *)&a, len), 0, "connect");
	check(send_fds(c, (int[]){ fd, c, tell[1] }, 3), 1, "send");
	close(tell[1]);
	close(fd);
	check(hung_up(tell[0]), 0, "the connection is open");
	close(c);
	close(socket(AF_UNIX, SOCK_STREAM, 0));
	check(comes_to_hang_up(tell[0]), 1, "closed");
	close(tell[0]);
	end();
}

/* A chain: each socket lies in the queue of the next. */
static void test_chain(void)
{
	int sv[2], tell[2], held;

	begin("sendmsg, close: a long chain of sockets in sockets");
	check(pipe(tell), 0, "pipe");
	held = tell[1];
	for (int i = 0; i < 3000; i++) {
		if (sys(socketpair, AF_UNIX, SOCK_STREAM, 0, sv) || send_fd(sv[0], held) != 1) {
			check(i, 3000, "links");
			break;
		}
		close(held);
		close(sv[0]);
		held = sv[1];
	}
	check(hung_up(tell[0]), 0, "the chain holds");
	close(held);
	check(comes_to_hang_up(tell[0]), 1, "until its end is let go");
	close(tell[0]);
	end();
}

static void flood(void)
{
	struct rlimit few = { 64, 64 };
	int sv[2], n = 0, got[4];

	setrlimit(RLIMIT_NOFILE, &few);
	if (setgid(30) || setuid(31))
		expect(false, "setuid");
	new_pair(SOCK_STREAM, sv);
	while (n < 1000 && send_fd(sv[0], 0) == 1)
		n++;
	check(send_fd(sv[0], 0), -ETOOMANYREFS, "too many");
	check(n, 65, "descriptors on their way");
	check(recv_fds(sv[1], got, 4, 0, NULL), 1, "one is received");
	close(got[0]);
	check(send_fd(sv[0], 0), 1, "another may go");
	close_both(sv);
	new_pair(SOCK_STREAM, sv);
	check(send_fd(sv[0], 0), 1, "all are forgotten with the socket");
	close_both(sv);
}

static void test_limit(void)
{
	begin("sendmsg: how many descriptors a user may have on their way");
	check_child(flood, 0, "as somebody");
	end();
}

/* ---- races ---- */

static int race_pair[2];
static volatile bool race_over;

static void *pass_on(void *arg)
{
	int got[4];

	while (!race_over) {
		long n = recv_fds(race_pair[(long)arg], got, 4, 0, NULL);

		for (long i = 0; i < n; i++)
			close(got[i]);
		usleep(100);
	}
	return NULL;
}

/* Private to each thread. */
static void *make_garbage(void *arg)
{
	(void)arg;
	for (int i = 0; i < 100; i++) {
		struct msghdr h = { 0 };
		struct iovec v = { "g", 1 };
		_Alignas(16) char control[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr *c = (void *)control;
		int sv[2];

		if (socketpair(AF_UNIX, types[i % 3], 0, sv))
			return "socketpair";
		h.msg_iov = &v;
		h.msg_iovlen = 1;
		h.msg_control = control;
		h.msg_controllen = sizeof(control);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(2 * sizeof(int));
		memcpy(CMSG_DATA(c), sv, sizeof(sv));
		if (sendmsg(sv[i & 1], &h, 0) != 1)
			return "sendmsg to itself";
		sendmsg(race_pair[i & 1], &h, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (i % 7 == 0)
			shutdown(sv[0], SHUT_RDWR);
		close(sv[0]);
		close(sv[1]);
	}
	return NULL;
}

static void test_race(void)
{
	pthread_t maker[4], taker;
	void *ret;
	int first = next_fd();

	begin("sendmsg, recvmsg, close: four threads make garbage while another receives");
	new_pair(SOCK_DGRAM, race_pair);
	race_over = false;
	/* one receiver: recv_fds() has one buffer */
	pthread_create(&taker, NULL, pass_on, (void *)0);
	for (int i = 0; i < 4; i++)
		pthread_create(&maker[i], NULL, make_garbage, NULL);
	for (int i = 0; i < 4; i++) {
		pthread_join(maker[i], &ret);
		check((long)ret, 0, "maker: %s", ret ? (char *)ret : "");
	}
	race_over = true;
	pthread_join(taker, NULL);
	close_both(race_pair);
	check(next_fd(), first, "descriptors");
	end();
}

int main(void)
{
	test_rights();
	test_rights_cut();
	test_rights_errors();
	test_rights_stream();
	test_credentials();
	test_peercred();
	test_cycles();
	test_cycle_listener();
	test_chain();
	test_limit();
	test_race();
	return tap_done();
}
