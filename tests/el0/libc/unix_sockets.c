/*
 * unix_sockets.c - sockets of AF_UNIX: names, connections, what is sent and received, options, and
 * every errno.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

#include "tests/el0/libc/calls.h"

#ifndef SIOCINQ
#define SIOCINQ 0x541b
#endif
#ifndef SIOCOUTQ
#define SIOCOUTQ 0x5411
#endif
#define HEAD	offsetof(struct sockaddr_un, sun_path)
#define KERNEL	((void *)0xffff000000080000ul)
#define BAD	((void *)0x1000ul)
#define NOBLOCK (MSG_DONTWAIT | MSG_NOSIGNAL)

static char *const bad_pointers[] = { NULL, BAD, KERNEL, (void *)0x0000fffffffffff8ul,
				      (void *)-8ul };

static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

/* The length of a path's address, with its NUL. */
static socklen_t path_address(struct sockaddr_un *a, const char *path)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	strcpy(a->sun_path, path);
	return (socklen_t)(HEAD + strlen(path) + 1);
}

static socklen_t abstract_address(struct sockaddr_un *a, const char *name)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	memcpy(a->sun_path + 1, name, strlen(name));
	return (socklen_t)(HEAD + 1 + strlen(name));
}

static int new_socket(int type)
{
	return (int)sys(socket, AF_UNIX, type, 0);
}

static void new_pair(int type, int sv[2])
{
	check(sys(socketpair, AF_UNIX, type, 0, sv), 0, "socketpair");
}

static void close_both(const int sv[2])
{
	close(sv[0]);
	close(sv[1]);
}

static int events_of(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0 };

	poll(&p, 1, 0);
	return p.revents;
}

static volatile int signals_seen, told_fd = -1; /* a byte there for each */

static void on_signal(int n)
{
	(void)n;
	signals_seen++;
	if (told_fd >= 0)
		sys(write, told_fd, "s", 1);
}

/* A page of memory before a page that is not there: the end of the first. */
static char *edge(void)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p + 4096, 4096);
	return p + 4096;
}

/* A listener with an abstract name, and its address. */
static int new_listener(int type, const char *name, int backlog, struct sockaddr_un *a,
			socklen_t *len)
{
	int fd = new_socket(type);

	*len = abstract_address(a, name);
	check(sys(bind, fd, a, *len), 0, "bind");
	check(sys(listen, fd, backlog), 0, "listen");
	return fd;
}

/* ---- making ---- */

static void test_socket(void)
{
	int fd, flags;

	begin("socket: types, flags and errors");
	for (int i = 0; i < 3; i++) {
		fd = new_socket(types[i] | SOCK_NONBLOCK | SOCK_CLOEXEC);
		expect(fd >= 0, "type %d", types[i]);
		flags = fcntl(fd, F_GETFL);
		check(flags & ~O_LARGEFILE, O_RDWR | O_NONBLOCK, "flags");
		check(fcntl(fd, F_GETFD), FD_CLOEXEC, "close on exec");
		close(fd);
	}
	fd = new_socket(SOCK_RAW);
	flags = 0;
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &flags, &(socklen_t){ sizeof(flags) });
	check(flags, SOCK_DGRAM, "raw is datagrams");
	close(fd);
	fd = (int)sys(socket, AF_UNIX, SOCK_STREAM, AF_UNIX);
	expect(fd >= 0, "protocol AF_UNIX");
	close(fd);
	check(sys(socket, AF_UNIX, SOCK_STREAM, 2), -EPROTONOSUPPORT, "protocol 2");
	check(sys(socket, AF_UNIX, 4, 0), -ESOCKTNOSUPPORT, "type 4");
	check(sys(socket, AF_UNIX, 0, 0), -ESOCKTNOSUPPORT, "type 0");
	check(sys(socket, AF_UNIX, 11, 0), -EINVAL, "type 11");
	check(sys(socket, AF_UNIX, 15, 0), -EINVAL, "type 15");
	check(sys(socket, AF_UNIX, 0x100 | SOCK_STREAM, 0), -EINVAL, "a flag that is none");
	check(sys(socket, -1, SOCK_STREAM, 0), -EAFNOSUPPORT, "family -1");
	check(sys(socket, 46, SOCK_STREAM, 0), -EAFNOSUPPORT, "family 46");
	check(sys(socket, 12, SOCK_STREAM, 0), -EAFNOSUPPORT, "DECnet");
	check(sys(socket, 12, 99, 0), -EINVAL, "its type first");
	check(sys(socket, 0, SOCK_STREAM, 0), -EAFNOSUPPORT, "AF_UNSPEC");
	end();
}

static void test_file(void)
{
	int sv[2], fd, n;
	struct stat st;
	char c;

	begin("socketpair, fstat, lseek, ioctl: what sort of file it is");
	new_pair(SOCK_STREAM, sv);
	check(fstat(sv[0], &st), 0, "fstat");
	check(st.st_mode, S_IFSOCK | 0777, "mode");
	check(st.st_nlink, 1, "links");
	check(sys(lseek, sv[0], 0, SEEK_SET), -ESPIPE, "lseek");
	check(sys(pread64, sv[0], &c, 1, 0), -ESPIPE, "pread64");
	check(sys(ftruncate, sv[0], 0), -EINVAL, "ftruncate");
	check(sys(fsync, sv[0]), -EINVAL, "fsync");
	check(sys(ioctl, sv[0], 0x5401 /* TCGETS */, &c), -ENOTTY, "TCGETS");
	check(isatty(sv[0]), 0, "no terminal");
	expect(mmap(NULL, 4096, PROT_READ, MAP_SHARED, sv[0], 0) == MAP_FAILED && errno == ENODEV,
	       "mmap");
	check(write(sv[0], "abc", 3), 3, "write");
	check(sys(ioctl, sv[1], SIOCINQ, &n), 0, "SIOCINQ");
	check(n, 3, "bytes to read");
	check(sys(ioctl, sv[0], SIOCOUTQ, &n), 0, "SIOCOUTQ");
	expect(n > 0, "bytes on their way");
	check(sys(ioctl, sv[1], SIOCINQ, KERNEL), -EFAULT, "SIOCINQ, bad pointer");
	check(read(sv[1], &c, 1), 1, "read");
	check(sys(ioctl, sv[1], SIOCINQ, &n), 0, "SIOCINQ");
	check(n, 2, "bytes to read");
	check(read(sv[1], (char[4]){ 0 }, 4), 2, "read the rest");
	check(sys(ioctl, sv[0], SIOCOUTQ, &n), 0, "SIOCOUTQ");
	check(n, 0, "nothing on its way");
	fd = open("/dev/null", O_RDWR);
	check(sys(listen, fd, 1), -ENOTSOCK, "listen on /dev/null");
	check(sys(listen, 99, 1), -EBADF, "listen on nothing");
	close(fd);
	close_both(sv);
	end();
}

static void test_socketpair(void)
{
	struct rlimit {
		unsigned long cur, max;
	} old, few = { 0, 0 };
	int sv[2], before, after;
	char b[8];

	begin("socketpair: every type both ways; errors");
	for (int i = 0; i < 3; i++) {
		new_pair(types[i] | SOCK_CLOEXEC, sv);
		check(fcntl(sv[0], F_GETFD) & fcntl(sv[1], F_GETFD), FD_CLOEXEC, "flag");
		check(write(sv[0], "one", 3), 3, "there");
		check(write(sv[1], "two", 3), 3, "back");
		check(read(sv[1], b, 8), 3, "there");
		check(memcmp(b, "one", 3), 0, "bytes");
		check(read(sv[0], b, 8), 3, "back");
		check(memcmp(b, "two", 3), 0, "bytes");
		close_both(sv);
	}
	before = dup(0);
	for (size_t i = 0; i < 5; i++)
		check(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, bad_pointers[i]), -EFAULT,
		      "pointer %p", bad_pointers[i]);
	check(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, edge() - 4), -EFAULT, "half a pair");
	check(sys(socketpair, AF_UNIX, 4, 0, sv), -ESOCKTNOSUPPORT, "type");
	check(sys(socketpair, AF_UNIX, SOCK_STREAM, 9, sv), -EPROTONOSUPPORT, "protocol");
	check(sys(socketpair, 12, SOCK_STREAM, 0, sv), -EAFNOSUPPORT, "family");
	check(sys(socketpair, AF_UNIX, SOCK_STREAM | 0x200, 0, sv), -EINVAL, "flag");
	after = dup(0);
	check(after, before + 1, "no descriptor is left behind");
	sys(prlimit64, 0, 7, NULL, &old);
	few = (struct rlimit){ (unsigned long)after + 2, old.max };
	sys(prlimit64, 0, 7, &few, NULL);
	check(sys(socketpair, AF_UNIX, SOCK_STREAM, 0, sv), -EMFILE, "one descriptor is too few");
	sys(prlimit64, 0, 7, &old, NULL);
	close(before);
	close(after);
	end();
}

/* ---- names ---- */

static void test_bind(void)
{
	struct sockaddr_un a, got;
	struct stat st;
	socklen_t len, n;
	int fd, other;

	begin("bind, getsockname: names in the file system");
	umask(022);
	unlink("sock");
	fd = new_socket(SOCK_STREAM);
	n = sizeof(got);
	check(sys(getsockname, fd, &got, &n), 0, "unbound");
	check(n, 2, "its length");
	check(got.sun_family, AF_UNIX, "family");
	len = path_address(&a, "sock");
	check(sys(bind, fd, &a, len), 0, "bind");
	check(stat("sock", &st), 0, "stat");
	check(st.st_mode, S_IFSOCK | 0755, "its mode follows the umask");
	memset(&got, 7, sizeof(got));
	n = sizeof(got);
	check(sys(getsockname, fd, &got, &n), 0, "getsockname");
	check(n, len, "length with the NUL");
	check(strcmp(got.sun_path, "sock"), 0, "path");
	check(sys(bind, fd, &a, len), -EADDRINUSE, "again");
	path_address(&a, "sock2");
	check(sys(bind, fd, &a, HEAD + 6), -EINVAL, "a second name");
	check(access("sock2", F_OK), -1, "which is not made");
	other = new_socket(SOCK_STREAM);
	len = path_address(&a, "sock");
	check(sys(bind, other, &a, len), -EADDRINUSE, "a name that is taken");
	check(open("sock", O_RDWR), -1, "open");
	check(errno, ENXIO, "open's error");
	close(fd);
	check(sys(connect, other, &a, len), -ECONNREFUSED,
	      "the socket is closed, the name is there");
	check(sys(bind, other, &a, len), -EADDRINUSE, "still taken");
	unlink("sock");
	check(sys(connect, other, &a, len), -ENOENT, "the name is gone");
	check(sys(bind, other, &a, len), 0, "free again");
	rename("sock", "sock3");
	check(sys(listen, other, 1), 0, "listen");
	fd = new_socket(SOCK_STREAM);
	len = path_address(&a, "sock3");
	check(sys(connect, fd, &a, len), 0, "found by its new name");
	n = sizeof(got);
	check(sys(getpeername, fd, &got, &n), 0, "getpeername");
	check(strcmp(got.sun_path, "sock"), 0, "known by its old one");
	close(fd);
	close(other);
	fd = new_socket(SOCK_DGRAM);
	check(sys(connect, fd, &a, len), -ECONNREFUSED, "nobody");
	other = new_socket(SOCK_STREAM);
	unlink("sock3");
	check(sys(bind, other, &a, len), 0, "bind");
	check(sys(connect, fd, &a, len), -EPROTOTYPE, "another type");
	close(other);
	unlink("sock3");
	close(open("plain", O_CREAT | O_RDWR, 0666));
	len = path_address(&a, "plain");
	check(sys(connect, fd, &a, len), -ECONNREFUSED, "a plain file");
	check(sys(bind, fd, &a, len), -EADDRINUSE, "bind to a plain file");
	len = path_address(&a, "plain/x");
	check(sys(bind, fd, &a, len), -ENOTDIR, "below a plain file");
	len = path_address(&a, "no/x");
	check(sys(bind, fd, &a, len), -ENOENT, "below nothing");
	unlink("plain");
	close(fd);
	end();
}

static void test_bind_long(void)
{
	struct {
		struct sockaddr_un un;
		char more[20];
	} a, got;
	socklen_t n;
	int fd, to;

	begin("bind, connect, getsockname, getpeername: lengths and pointers");
	fd = new_socket(SOCK_STREAM);
	memset(&a, 'x', sizeof(a));
	a.un.sun_family = AF_UNIX;
	check(sys(bind, fd, &a, sizeof(a.un) + 1), -EINVAL, "too long");
	check(sys(bind, fd, &a, 129), -EINVAL, "longer than any address");
	check(sys(bind, fd, &a, -1), -EINVAL, "negative");
	check(sys(bind, fd, &a, 1), -EINVAL, "one byte");
	check(sys(bind, fd, &a, 0), -EINVAL, "no byte");
	check(sys(connect, fd, &a, 2), -EINVAL, "connect to no name");
	check(sys(connect, fd, &a, 0), -EINVAL, "connect to nothing");
	a.un.sun_family = AF_INET;
	check(sys(bind, fd, &a, sizeof(a.un)), -EINVAL, "family");
	check(sys(connect, fd, &a, sizeof(a.un)), -EINVAL, "connect: family");
	a.un.sun_family = AF_UNSPEC;
	check(sys(connect, fd, &a, sizeof(a.un)), -EINVAL, "a stream is not disconnected");
	a.un.sun_family = AF_UNIX;
	for (size_t i = 0; i < 5; i++) {
		check(sys(bind, fd, bad_pointers[i], 20), -EFAULT, "pointer %p", bad_pointers[i]);
		check(sys(connect, fd, bad_pointers[i], 20), -EFAULT, "connect, pointer %p",
		      bad_pointers[i]);
		n = 20;
		check(sys(getsockname, fd, bad_pointers[i], &n), -EFAULT, "getsockname, pointer %p",
		      bad_pointers[i]);
		check(sys(getsockname, fd, &got, bad_pointers[i]), -EFAULT,
		      "getsockname, length at %p", bad_pointers[i]);
	}
	n = (socklen_t)-1;
	check(sys(getsockname, fd, &got, &n), -EINVAL, "negative room");
	check(sys(getpeername, fd, &got, &n), -ENOTCONN, "no peer");
	/* 108 bytes without a NUL */
	check(sys(bind, fd, &a, sizeof(a.un)), 0, "the longest path");
	n = sizeof(got);
	check(sys(getsockname, fd, &got, &n), 0, "getsockname");
	check(n, sizeof(a.un) + 1, "its length with the NUL that it gets");
	check(((char *)&got)[sizeof(a.un)], 0, "the NUL");
	memset(&got, 'y', sizeof(got));
	n = 5;
	check(sys(getsockname, fd, &got, &n), 0, "little room");
	check(n, sizeof(a.un) + 1, "the length is the whole one");
	check(((char *)&got)[4] == 'x' && ((char *)&got)[5] == 'y', 1, "no byte more");
	n = 0;
	check(sys(getsockname, fd, NULL, &n), 0, "no room");
	check(sys(listen, fd, 5), 0, "listen");
	to = new_socket(SOCK_STREAM);
	check(sys(connect, to, &a, sizeof(a.un)), 0, "connect by the longest path");
	close(to);
	close(fd);
	((char *)&a)[sizeof(a.un)] = 0;
	check(unlink(a.un.sun_path), 0, "unlink");
	/* an embedded NUL ends a path */
	fd = new_socket(SOCK_STREAM);
	memcpy(a.un.sun_path, "ab\0cd", 6);
	check(sys(bind, fd, &a, HEAD + 6), 0, "bytes behind the NUL");
	n = sizeof(got);
	sys(getsockname, fd, &got, &n);
	check(n, HEAD + 3, "are not part of it");
	check(unlink("ab"), 0, "unlink");
	close(fd);
	end();
}

static void test_abstract(void)
{
	struct sockaddr_un a, got;
	int fd, other, third;
	socklen_t len, n;
	char first[16];

	begin("bind, connect: abstract names, and those the kernel chooses");
	fd = new_socket(SOCK_STREAM);
	other = new_socket(SOCK_STREAM);
	len = abstract_address(&a, "name");
	check(sys(bind, fd, &a, len), 0, "bind");
	check(sys(bind, fd, &a, len), -EINVAL, "twice");
	check(sys(bind, other, &a, len), -EADDRINUSE, "taken");
	n = sizeof(got);
	check(sys(getsockname, fd, &got, &n), 0, "getsockname");
	check(n, len, "length");
	check(memcmp(&a, &got, len), 0, "bytes");
	check(sys(bind, other, &a, len + 1), 0, "a NUL more is another name");
	third = new_socket(SOCK_DGRAM);
	check(sys(bind, third, &a, len), 0, "each type has its own names");
	check(sys(connect, third, &a, len + 1), -ECONNREFUSED, "which the others don't see");
	close(third);
	close(fd);
	close(other);
	fd = new_socket(SOCK_STREAM);
	check(sys(bind, fd, &a, len), 0, "free with the socket");
	other = new_socket(SOCK_STREAM);
	check(sys(connect, other, &a, len), -ECONNREFUSED, "it does not listen");
	check(sys(bind, other, &a, HEAD), 0, "any name");
	n = sizeof(got);
	check(sys(getsockname, other, &got, &n), 0, "getsockname");
	check(n, HEAD + 6, "length");
	memcpy(first, got.sun_path, 6);
	check(first[0], 0, "abstract");
	check((long)strspn(first + 1, "0123456789abcdef"), 5, "five digits");
	check(sys(bind, other, &a, HEAD), 0, "once more is nothing");
	n = sizeof(got);
	sys(getsockname, other, &got, &n);
	check(memcmp(first, got.sun_path, 6), 0, "the same name");
	check(sys(bind, fd, &a, HEAD), 0, "one that has a name keeps it");
	close(fd);
	close(other);
	end();
}

static void without_root(void)
{
	struct sockaddr_un a;
	socklen_t len;
	int fd;

	if (setgid(1000) || setuid(1000))
		expect(false, "setuid");
	len = path_address(&a, "closed");
	fd = new_socket(SOCK_STREAM);
	check(sys(connect, fd, &a, len), -EACCES, "no permission to write");
	len = path_address(&a, "shut/in");
	check(sys(connect, fd, &a, len), -EACCES, "no permission to search");
	check(sys(bind, fd, &a, len), -EACCES, "bind: no permission to search");
	len = path_address(&a, "open");
	check(sys(connect, fd, &a, len), 0, "permission to write");
	close(fd);
}

static void test_permission(void)
{
	struct sockaddr_un a;
	socklen_t len;
	int fd[3];

	begin("connect, bind: permissions of names");
	mkdir("shut", 0700);
	umask(077);
	for (int i = 0; i < 3; i++) {
		static const char *const path[] = { "closed", "open", "shut/in" };

		fd[i] = new_socket(SOCK_STREAM);
		len = path_address(&a, path[i]);
		check(sys(bind, fd[i], &a, len), 0, "bind");
		check(sys(listen, fd[i], 1), 0, "listen");
	}
	umask(022);
	chmod("open", 0766);
	check_child(without_root, 0, "as somebody");
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	unlink("closed");
	unlink("open");
	unlink("shut/in");
	rmdir("shut");
	end();
}

/* ---- connections ---- */

static void test_listen(void)
{
	struct sockaddr_un a = { .sun_family = 0x7777 };
	int fd, c[4], d, e, v;
	socklen_t len;
	char b;

	begin("listen, connect, accept, accept4: states and backlog");
	fd = new_socket(SOCK_STREAM);
	check(sys(listen, fd, 1), -EINVAL, "without a name");
	check(sys(accept, fd, NULL, NULL), -EINVAL, "accept without listen");
	check(sys(recvfrom, fd, &b, 1, 0, NULL, NULL), -EINVAL, "recv from nobody");
	check(sys(sendto, fd, &b, 1, 0, NULL, 0), -ENOTCONN, "send to nobody");
	check(events_of(fd), POLLOUT | POLLHUP, "events of one that is not connected");
	close(fd);
	d = new_socket(SOCK_DGRAM);
	check(sys(bind, d, &a, HEAD), -EINVAL, "no such family");
	a.sun_family = AF_UNIX;
	check(sys(bind, d, &a, HEAD), 0, "bind");
	check(sys(listen, d, 1), -EOPNOTSUPP, "datagrams don't listen");
	check(sys(accept4, d, NULL, NULL, 0), -EOPNOTSUPP, "nor accept");
	close(d);

	fd = new_listener(SOCK_STREAM, "listener", 1, &a, &len);
	check(events_of(fd), 0, "events of a listener");
	check(sys(recvfrom, fd, &b, 1, 0, NULL, NULL), -EINVAL, "recv from a listener");
	check(sys(sendto, fd, &b, 1, MSG_NOSIGNAL, NULL, 0), -ENOTCONN, "send to a listener");
	check(sys(ioctl, fd, SIOCINQ, &v), -EINVAL, "SIOCINQ");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	check(sys(accept, fd, NULL, NULL), -EAGAIN, "nobody comes");
	check(sys(accept4, fd, NULL, NULL, 0x4), -EINVAL, "flag");
	check(sys(accept, 99, NULL, NULL), -EBADF, "nothing");
	check(sys(accept, 0, NULL, NULL), -ENOTSOCK, "no socket");
	check(sys(connect, fd, &a, len), -EINVAL, "a listener connects to itself");
	for (int i = 0; i < 4; i++) {
		c[i] = new_socket(SOCK_STREAM | SOCK_NONBLOCK);
		check(sys(connect, c[i], &a, len), i < 2 ? 0 : -EAGAIN, "connection %d", i);
	}
	check(sys(connect, c[0], &a, len), -EAGAIN, "again, while there is no room");
	check(sys(listen, c[0], 1), -EINVAL, "a connected one does not listen");
	check(events_of(fd), POLLIN, "somebody has come");
	check(write(c[0], "early", 5), 5, "write before accept");
	d = (int)sys(accept4, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	expect(d >= 0, "accept");
	check(fcntl(d, F_GETFD), FD_CLOEXEC, "flag");
	check(fcntl(d, F_GETFL) & O_NONBLOCK, O_NONBLOCK, "flag");
	check(read(d, (char[8]){ 0 }, 8), 5, "read what came before");
	check(sys(connect, c[0], &a, len), -EISCONN, "again");
	check(sys(connect, c[2], &a, len), 0, "room for one more");
	e = (int)sys(accept, fd, NULL, NULL);
	check(fcntl(e, F_GETFD), 0, "no flag");
	check(fcntl(e, F_GETFL) & O_NONBLOCK, 0, "no flag");
	close(fd);
	check(read(c[2], &b, 1), -1, "refused after all");
	check(errno, ECONNRESET, "by ECONNRESET");
	check(read(c[2], &b, 1), 0, "then the end");
	check(events_of(c[2]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP, "events");
	check(write(c[0], "x", 1), 1, "the accepted goes on");
	check(sys(connect, c[3], &a, len), -ECONNREFUSED, "no listener");
	for (int i = 0; i < 4; i++)
		close(c[i]);
	close(d);
	close(e);
	end();
}

static void test_accept_address(void)
{
	struct sockaddr_un a, b, got;
	int fd, c, d, before;
	socklen_t len, blen, n;

	begin("accept, getpeername: who it is");
	fd = new_listener(SOCK_SEQPACKET, "who", 5, &a, &len);
	c = new_socket(SOCK_SEQPACKET);
	blen = abstract_address(&b, "me");
	check(sys(bind, c, &b, blen), 0, "bind");
	check(sys(connect, c, &a, len), 0, "connect");
	n = sizeof(got);
	d = (int)sys(accept, fd, &got, &n);
	expect(d >= 0, "accept");
	check(n, blen, "length");
	check(memcmp(&got, &b, blen), 0, "the client's name");
	n = sizeof(got);
	check(sys(getpeername, d, &got, &n), 0, "getpeername");
	check(n, blen, "the same");
	n = sizeof(got);
	check(sys(getsockname, d, &got, &n), 0, "getsockname");
	check(n == len && !memcmp(&got, &a, len), 1, "the listener's name");
	n = sizeof(got);
	check(sys(getpeername, c, &got, &n), 0, "getpeername");
	check(n == len && !memcmp(&got, &a, len), 1, "the listener's name");
	n = sizeof(got);
	check(sys(getpeername, fd, &got, &n), -ENOTCONN, "a listener has no peer");
	close(c);
	n = sizeof(got);
	check(sys(getpeername, d, &got, &n), 0, "the peer has gone, its name has not");
	close(d);
	c = new_socket(SOCK_SEQPACKET);
	before = dup(0);
	for (size_t i = 1; i < 5; i++) {
		check(sys(connect, c, &a, len), 0, "connect");
		n = sizeof(got);
		check(sys(accept, fd, bad_pointers[i], &n), -EFAULT, "address at %p",
		      bad_pointers[i]);
		close(c);
		c = new_socket(SOCK_SEQPACKET);
		check(sys(connect, c, &a, len), 0, "connect");
		check(sys(accept, fd, &got, bad_pointers[i]), -EFAULT, "length at %p",
		      bad_pointers[i]);
		close(c);
		c = new_socket(SOCK_SEQPACKET);
	}
	d = dup(0);
	check(d, before + 1, "no descriptor is left behind");
	close(d);
	close(before);
	check(sys(connect, c, &a, len), 0, "connect");
	n = sizeof(got);
	d = (int)sys(accept, fd, &got, &n);
	check(n, 2, "a client without a name");
	close(c);
	close(d);
	close(fd);
	end();
}

static void test_shutdown(void)
{
	int sv[2];
	char b[8];

	begin("shutdown: ends of streams, signals and events");
	signal(SIGPIPE, on_signal);
	check(sys(shutdown, 99, 0), -EBADF, "nothing");
	check(sys(shutdown, 0, 0), -ENOTSOCK, "no socket");
	new_pair(SOCK_STREAM, sv);
	check(sys(shutdown, sv[0], 3), -EINVAL, "how 3");
	check(sys(shutdown, sv[0], -1), -EINVAL, "how -1");
	check(events_of(sv[0]), POLLOUT, "events at first");
	check(write(sv[0], "last", 4), 4, "write");
	check(sys(shutdown, sv[0], SHUT_WR), 0, "SHUT_WR");
	check(events_of(sv[0]), POLLOUT, "its events");
	check(events_of(sv[1]), POLLIN | POLLOUT | POLLRDHUP, "the peer's");
	check(read(sv[1], b, 8), 4, "what was sent");
	check(read(sv[1], b, 8), 0, "the end");
	signals_seen = 0;
	check(sys(write, sv[0], "x", 1), -EPIPE, "write");
	check(signals_seen, 1, "SIGPIPE");
	check(sys(sendto, sv[0], "x", 1, MSG_NOSIGNAL, NULL, 0), -EPIPE, "MSG_NOSIGNAL");
	check(signals_seen, 1, "no signal");
	check(write(sv[1], "y", 1), 1, "the other way");
	check(read(sv[0], b, 8), 1, "works");
	check(sys(shutdown, sv[0], SHUT_RD), 0, "SHUT_RD");
	check(events_of(sv[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP, "events");
	check(events_of(sv[1]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP, "the peer's");
	check(sys(write, sv[1], "x", 1), -EPIPE, "the peer's write");
	check(signals_seen, 2, "SIGPIPE");
	check(read(sv[0], b, 8), 0, "read");
	close_both(sv);

	new_pair(SOCK_STREAM, sv);
	check(write(sv[0], "unread", 6), 6, "write");
	check(write(sv[1], "left", 4), 4, "write");
	close(sv[1]);
	check(events_of(sv[0]), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP, "reset");
	check(sys(write, sv[0], "x", 1), -EPIPE, "write");
	check(sys(read, sv[0], b, 8), 4, "what is there");
	check(sys(read, sv[0], b, 8), -ECONNRESET, "then the error");
	check(sys(read, sv[0], b, 8), 0, "then the end");
	check(events_of(sv[0]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP, "closed");
	close(sv[0]);

	signals_seen = 0;
	new_pair(SOCK_SEQPACKET, sv);
	close(sv[1]);
	check(events_of(sv[0]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP, "packets: events");
	check(sys(write, sv[0], "x", 1), -EPIPE, "packets: write");
	check(signals_seen, 0, "without a signal");
	check(read(sv[0], b, 8), 0, "packets: read");
	close(sv[0]);

	new_pair(SOCK_DGRAM, sv);
	check(sys(shutdown, sv[1], SHUT_RD), 0, "datagrams: SHUT_RD");
	check(sys(write, sv[0], "x", 1), -EPIPE, "the peer's write");
	check(signals_seen, 0, "without a signal");
	check(events_of(sv[0]), POLLOUT, "datagrams: events");
	check(events_of(sv[1]), POLLIN | POLLOUT | POLLRDHUP, "datagrams: the peer's");
	check(read(sv[1], b, 8), 0, "read");
	check(sys(recvfrom, sv[1], b, 8, MSG_DONTWAIT, NULL, NULL), -EAGAIN, "but not at once");
	close(sv[1]);
	check(sys(write, sv[0], "x", 1), -ECONNREFUSED, "the peer has gone");
	check(sys(write, sv[0], "x", 1), -ENOTCONN, "and is forgotten");
	close(sv[0]);
	signal(SIGPIPE, SIG_DFL);
	end();
}

/* ---- streams ---- */

static void *write_slowly(void *arg)
{
	int fd = *(int *)arg;

	for (int i = 0; i < 5; i++) {
		usleep(2000);
		if (write(fd, "0123456789", 10) != 10)
			return "write";
	}
	return NULL;
}

static void test_stream(void)
{
	struct iovec v[3];
	static char low[8]; /* with much of the user's half above it */
	char b[64], *e = edge();
	pthread_t t;
	void *ret;
	int sv[2];

	begin("sendto, recvfrom, readv, writev: streams");
	new_pair(SOCK_STREAM, sv);
	check(sys(recvfrom, sv[0], b, 8, MSG_DONTWAIT, NULL, NULL), -EAGAIN, "nothing there");
	check(sys(recvfrom, sv[0], b, 0, MSG_DONTWAIT, NULL, NULL), -EAGAIN, "not even no byte");
	check(sys(read, sv[0], b, 0), 0, "read of none");
	check(sys(sendto, sv[0], b, 0, 0, NULL, 0), 0, "send of none");
	check(sys(write, sv[0], b, 0), 0, "write of none");
	check(events_of(sv[1]), POLLOUT, "is nothing to read");
	v[0] = (struct iovec){ "ab", 2 };
	v[1] = (struct iovec){ NULL, 0 };
	v[2] = (struct iovec){ "cde", 3 };
	check(writev(sv[0], v, 3), 5, "writev");
	check(sys(sendto, sv[0], "fgh", 3, 0, NULL, 0), 3, "sendto");
	check(sys(recvfrom, sv[1], b, 7, MSG_PEEK, NULL, NULL), 7, "MSG_PEEK over a border");
	check(memcmp(b, "abcdefg", 7), 0, "bytes");
	v[0] = (struct iovec){ b, 1 };
	v[1] = (struct iovec){ b + 1, 63 };
	memset(b, 0, sizeof(b));
	check(readv(sv[1], v, 2), 8, "readv");
	check(memcmp(b, "abcdefgh", 8), 0, "bytes");
	/* the same bytes twice in a vector */
	v[0] = v[1] = (struct iovec){ b, 8 };
	check(writev(sv[0], v, 2), 16, "writev, overlapping");
	v[0] = (struct iovec){ b, 8 };
	v[1] = (struct iovec){ b + 4, 8 };
	check(readv(sv[1], v, 2), 16, "readv, overlapping");
	check(memcmp(b, "abcdabcdefgh", 12), 0, "the later one wins");

	check(sys(sendto, sv[0], "x", 1, MSG_NOSIGNAL, "abcd", 4), -EISCONN, "an address");
	check(sys(sendto, sv[0], "x", 1, 0, BAD, 16), -EFAULT, "an address that is none");
	check(sys(sendto, sv[0], "x", 1, 0, "abcd", 129), -EINVAL, "too long a one");
	check(sys(sendto, sv[0], "x", 1, 0, "abcd", -1), -EINVAL, "too short a one");
	for (size_t i = 0; i < 5; i++) {
		check(sys(sendto, sv[0], bad_pointers[i], 100, 0, NULL, 0), -EFAULT,
		      "sendto from %p", bad_pointers[i]);
		check(sys(write, sv[0], bad_pointers[i], 100), -EFAULT, "write from %p",
		      bad_pointers[i]);
	}
	check(sys(sendto, sv[0], e - 4, 8, 0, NULL, 0), -EFAULT, "half of it");
	check(events_of(sv[1]), POLLOUT, "nothing was sent");
	check(write(sv[0], "12345678", 8), 8, "write");
	for (size_t i = 0; i < 5; i++) {
		check(sys(recvfrom, sv[1], bad_pointers[i], 100, 0, NULL, NULL), -EFAULT,
		      "recvfrom to %p", bad_pointers[i]);
		check(sys(read, sv[1], bad_pointers[i], 100), -EFAULT, "read to %p",
		      bad_pointers[i]);
	}
	check(sys(recvfrom, sv[1], e - 4, 100, 0, NULL, NULL), -EFAULT, "to half of it");
	check(read(sv[1], b, 8), 8, "all is still there");
	check(memcmp(b, "12345678", 8), 0, "bytes");
	check(sys(write, sv[0], "12345678", 8), 8, "write");
	check(sys(recvfrom, sv[1], low, -1L, 0, NULL, NULL), 8, "an endless buffer");
	check(sys(recvfrom, 99, b, 8, 0, NULL, NULL), -EBADF, "nothing");
	check(sys(recvfrom, 0, b, 8, 0, NULL, NULL), -ENOTSOCK, "no socket");
	check(sys(sendto, 99, b, 8, 0, NULL, 0), -EBADF, "nothing");
	check(sys(sendto, 0, b, 8, 0, NULL, 0), -ENOTSOCK, "no socket");

	pthread_create(&t, NULL, write_slowly, &sv[0]);
	check(sys(recvfrom, sv[1], b, 50, MSG_WAITALL, NULL, NULL), 50, "MSG_WAITALL");
	pthread_join(t, &ret);
	check((long)ret, 0, "the writer");
	write(sv[0], "abc", 3);
	check(sys(recvfrom, sv[1], b, 50, MSG_WAITALL | MSG_DONTWAIT, NULL, NULL), 3,
	      "but not with MSG_DONTWAIT");
	write(sv[0], "abc", 3);
	close(sv[0]);
	check(sys(recvfrom, sv[1], b, 50, MSG_WAITALL, NULL, NULL), 3, "nor at the end");
	close(sv[1]);
	end();
}

/* Sends and checks what comes, 1 MiB in pieces of all sizes. */
static void *send_much(void *arg)
{
	static unsigned char buf[70000];
	int fd = *(int *)arg;
	size_t at = 0;

	for (size_t n = 1; at < 1 << 20; n = n * 3 % 70000 + 1) {
		size_t done = 0;

		for (size_t i = 0; i < n; i++)
			buf[i] = (unsigned char)((at + i) * 7 >> 3);
		while (done < n) {
			ssize_t got = write(fd, buf + done, n - done);

			if (got <= 0)
				return "write";
			done += (size_t)got;
		}
		at += n;
	}
	close(fd);
	return NULL;
}

static void test_much(void)
{
	static unsigned char buf[50000];
	int sv[2], wrong = 0;
	size_t at = 0, room = 0;
	pthread_t t;
	ssize_t n;
	void *ret;

	begin("write, read, poll: much, until it is full and empty again");
	new_pair(SOCK_STREAM, sv);
	pthread_create(&t, NULL, send_much, &sv[0]);
	for (size_t ask = 1; (n = read(sv[1], buf, ask)) > 0; ask = ask * 5 % 49999 + 1) {
		for (ssize_t i = 0; i < n; i++)
			wrong += buf[i] != (unsigned char)((at + (size_t)i) * 7 >> 3);
		at += (size_t)n;
	}
	pthread_join(t, &ret);
	check((long)ret, 0, "the writer");
	check(n, 0, "the end");
	expect(at >= 1 << 20, "all of it");
	check(wrong, 0, "bytes that are wrong");
	close(sv[1]);

	new_pair(SOCK_STREAM, sv);
	fcntl(sv[0], F_SETFL, O_NONBLOCK);
	while ((n = write(sv[0], buf, 4096)) > 0)
		room += (size_t)n;
	check(errno, EAGAIN, "full");
	expect(room >= 65536 && room <= 1 << 20, "room for %zu bytes", room);
	check(events_of(sv[0]), 0, "not writable");
	check(events_of(sv[1]), POLLIN | POLLOUT, "the other way is");
	check(sys(write, sv[0], "x", 1), -EAGAIN, "not one more");
	for (at = 0; at < room; at += (size_t)n) {
		n = read(sv[1], buf, sizeof(buf));
		if (n <= 0)
			break;
	}
	check((long)at, (long)room, "all is there");
	check(events_of(sv[0]), POLLOUT, "writable again");
	close_both(sv);
	end();
}

/* ---- datagrams ---- */

struct datagrams {
	int x, y, z; /* z has no name */
	struct sockaddr_un a, b;
	socklen_t alen, blen;
};

static void open_datagrams(struct datagrams *d)
{
	d->x = new_socket(SOCK_DGRAM);
	d->y = new_socket(SOCK_DGRAM);
	d->z = new_socket(SOCK_DGRAM);
	d->alen = abstract_address(&d->a, "x");
	d->blen = abstract_address(&d->b, "y");
	check(sys(bind, d->x, &d->a, d->alen), 0, "bind");
	check(sys(bind, d->y, &d->b, d->blen), 0, "bind");
}

static void datagrams_by_name(const struct datagrams *d)
{
	struct sockaddr_un from;
	socklen_t n;
	char buf[16];
	int v;

	check(events_of(d->x), POLLOUT, "events");
	check(sys(sendto, d->z, "hi", 2, 0, NULL, 0), -ENOTCONN, "to nobody");
	check(sys(getpeername, d->z, &from, &n), -ENOTCONN, "no peer");
	check(sys(sendto, d->y, "hello", 5, 0, &d->a, d->alen), 5, "sendto");
	check(sys(sendto, d->z, "", 0, 0, &d->a, d->alen), 0, "an empty one");
	check(sys(sendto, d->z, "0123456789", 10, 0, &d->a, d->alen), 10, "without a name");
	check(sys(ioctl, d->x, SIOCINQ, &v), 0, "SIOCINQ");
	check(v, 5, "the first one's length");
	memset(&from, 7, sizeof(from));
	n = sizeof(from);
	check(sys(recvfrom, d->x, buf, 16, MSG_PEEK, &from, &n), 5, "MSG_PEEK");
	check(n == d->blen && !memcmp(&from, &d->b, d->blen), 1, "its sender");
	n = 4;
	check(sys(recvfrom, d->x, buf, 16, 0, &from, &n), 5, "recvfrom");
	check(n, d->blen, "the whole length of the name");
	n = sizeof(from);
	check(sys(recvfrom, d->x, buf, 16, 0, &from, &n), 0, "the empty one");
	check(n, 0, "no name");
	check(sys(recvfrom, d->x, buf, 4, MSG_PEEK | MSG_TRUNC, NULL, NULL), 10, "MSG_TRUNC");
	check(sys(recvfrom, d->x, buf, 4, 0, NULL, NULL), 4, "cut off");
	check(memcmp(buf, "0123", 4), 0, "bytes");
	check(sys(recvfrom, d->x, buf, 4, MSG_DONTWAIT, NULL, NULL), -EAGAIN, "the rest is lost");
	check(sys(sendto, d->y, "12", 2, 0, &d->a, d->alen), 2, "sendto");
	check(sys(recvfrom, d->x, KERNEL, 4, 0, NULL, NULL), -EFAULT, "bad pointer");
	check(sys(recvfrom, d->x, BAD, 4, 0, NULL, NULL), -EFAULT, "bad pointer");
	check(sys(recvfrom, d->x, buf, 4, MSG_DONTWAIT, NULL, NULL), -EAGAIN, "lost it");
	check(sys(sendto, d->y, "12", 2, 0, &d->a, d->alen), 2, "sendto");
	n = 16;
	check(sys(recvfrom, d->x, buf, 4, 0, KERNEL, &n), -EFAULT, "bad address");
	check(sys(recvfrom, d->x, buf, 4, MSG_DONTWAIT, NULL, NULL), -EAGAIN, "lost it too");
	check(sys(sendto, d->y, "x", 1, MSG_OOB, &d->a, d->alen), -EOPNOTSUPP, "MSG_OOB");
	check(sys(recvfrom, d->x, buf, 1, MSG_OOB, NULL, NULL), -EOPNOTSUPP, "MSG_OOB");
}

static void datagrams_to_peer(struct datagrams *d)
{
	struct sockaddr_un from;
	socklen_t n;
	char buf[16];
	int v;

	check(sys(connect, d->x, &d->b, d->blen), 0, "connect");
	n = sizeof(from);
	check(sys(getpeername, d->x, &from, &n), 0, "getpeername");
	check(n == d->blen && !memcmp(&from, &d->b, d->blen), 1, "its name");
	check(sys(sendto, d->z, "no", 2, 0, &d->a, d->alen), -EPERM, "it hears its peer alone");
	check(sys(connect, d->z, &d->a, d->alen), -EPERM, "nobody else connects to it");
	check(sys(sendto, d->y, "yes", 3, 0, &d->a, d->alen), 3, "its peer may");
	check(sys(sendto, d->x, "xy", 2, 0, NULL, 0), 2, "to the peer");
	check(sys(sendto, d->x, "x", 1, 0, &d->b, d->blen), 1, "to a name");
	check(read(d->y, buf, 16), 2, "read");
	check(sys(connect, d->y, &d->a, d->alen), 0, "each other's");
	d->a.sun_family = AF_UNSPEC;
	check(sys(connect, d->x, &d->a, 2), 0, "AF_UNSPEC");
	check(sys(connect, d->x, &d->a, 1), -EINVAL, "half a family");
	d->a.sun_family = AF_UNIX;
	check(sys(sendto, d->x, "x", 1, 0, NULL, 0), -ENOTCONN, "no peer");
	check(sys(recvfrom, d->x, buf, 16, MSG_DONTWAIT, NULL, NULL), -EAGAIN,
	      "what was there is lost");
	v = 0;
	n = sizeof(v);
	check(sys(getsockopt, d->y, SOL_SOCKET, SO_ERROR, &v, &n), 0, "SO_ERROR");
	check(v, ECONNRESET, "its peer was told");
	check(sys(getsockopt, d->y, SOL_SOCKET, SO_ERROR, &v, &n), 0, "SO_ERROR");
	check(v, 0, "once");
	close(d->x);
	check(sys(sendto, d->y, "x", 1, 0, NULL, 0), -ECONNREFUSED, "the peer is closed");
	check(sys(sendto, d->y, "x", 1, 0, &d->a, d->alen), -ECONNREFUSED, "and its name free");
	close(d->y);
	close(d->z);
}

static void datagrams_to_self(const struct datagrams *d)
{
	char buf[16];
	int x = new_socket(SOCK_DGRAM);

	check(sys(bind, x, &d->a, d->alen), 0, "bind");
	check(sys(connect, x, &d->a, d->alen), 0, "connect to oneself");
	check(write(x, "self", 4), 4, "write");
	check(read(x, buf, 16), 4, "read");
	close(x);
}

static void test_datagram(void)
{
	struct datagrams d;

	begin("sendto, recvfrom, connect: datagrams");
	open_datagrams(&d);
	datagrams_by_name(&d);
	datagrams_to_peer(&d);
	datagrams_to_self(&d);
	end();
}

static void test_datagram_limits(void)
{
	struct sockaddr_un a;
	static char big[300000];
	int x, y, sv[2], n = 0, v = 0;
	socklen_t alen, len = sizeof(v);
	char buf[16];

	begin("sendto, poll: how much and how many datagrams");
	x = new_socket(SOCK_DGRAM);
	y = new_socket(SOCK_DGRAM | SOCK_NONBLOCK);
	alen = abstract_address(&a, "limits");
	check(sys(bind, x, &a, alen), 0, "bind");
	check(sys(connect, y, &a, alen), 0, "connect");
	while (n < 1000 && write(y, "x", 1) == 1)
		n++;
	check(errno, EAGAIN, "full");
	check(n, 11, "datagrams that wait");
	check(events_of(y), 0, "not writable");
	check(events_of(x), POLLIN | POLLOUT, "the other is");
	check(sys(sendto, x, "x", 1, MSG_DONTWAIT, &a, alen), 1, "to itself it may");
	check(read(x, buf, 16), 1, "read one");
	check(read(x, buf, 16), 1, "and one");
	check(events_of(y), POLLOUT, "writable");
	close(x);
	check(events_of(y), POLLOUT, "the peer has gone");
	close(y);

	for (int i = 1; i < 3; i++) {
		new_pair(types[i], sv);
		check(getsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &v, &len), 0, "SO_SNDBUF");
		check(v, 212992, "its value");
		check(sys(sendto, sv[0], big, v - 32 + 1, 0, NULL, 0), -EMSGSIZE, "too large");
		check(sys(sendto, sv[0], big, v - 32, 0, NULL, 0), v - 32, "the largest");
		check(recv(sv[1], big, sizeof(big), 0), v - 32, "recv");
		n = 0;
		while (n < 100000 && send(sv[0], "x", 1, MSG_DONTWAIT) == 1)
			n++;
		check(errno, EAGAIN, "full");
		expect(n > 50 && n < 5000, "%d small ones", n);
		close_both(sv);
	}
	end();
}

/* SIOCOUTQ, and SO_SNDBUF against which the same counts: as Linux 6.12 on arm64. */
static void test_fill(void)
{
	static const struct {
		int size, stream, packet;
	} one[] = {
		{ 1, 768, 768 },
		{ 192, 768, 768 },
		{ 193, 1280, 1280 },
		{ 704, 1280, 1280 },
		{ 705, 2304, 2304 },
		{ 1728, 2304, 2304 },
		{ 1729, 4352, 4352 },
		{ 3776, 4352, 4352 },
		{ 3777, 4864, 8448 },
		{ 4096, 4864, 8448 },
		{ 5000, 6400, 8448 },
		{ 8000, 8960, 16640 },
		{ 9000, 10496, 16640 },
		{ 16064, 16640, 16640 },
		{ 16065, 17152, 20736 },
		{ 32768, 33536, 37120 },
		{ 40000, 41472, 41216 },
		{ 60000, 61952, 61696 },
		{ 100000, 103168, 102656 },
	};
	static const struct {
		int size, stream, packet;
	} fill[] = { { 1, 278, 278 }, { 1000, 93, 93 }, { 4096, 44, 26 } };
	static char big[100000];

	begin("sendto, ioctl: what messages count for, and how many fit");
	for (int t = 0; t < 3; t++) {
		bool stream = types[t] == SOCK_STREAM;
		int sv[2], v = 0, n;

		for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
			new_pair(types[t], sv);
			check(send(sv[0], big, one[i].size, 0), one[i].size, "send");
			check(sys(ioctl, sv[0], SIOCOUTQ, &v), 0, "SIOCOUTQ");
			check(v, stream ? one[i].stream : one[i].packet, "%d bytes of type %d",
			      one[i].size, types[t]);
			close_both(sv);
		}
		for (size_t i = 0; i < sizeof(fill) / sizeof(fill[0]); i++) {
			new_pair(types[t], sv);
			for (n = 0; send(sv[0], big, fill[i].size, MSG_DONTWAIT) == fill[i].size;
			     n++)
				;
			check(errno, EAGAIN, "full");
			check(n, stream ? fill[i].stream : fill[i].packet,
			      "messages of %d bytes of type %d", fill[i].size, types[t]);
			close_both(sv);
		}
	}
	end();
}

static void test_seqpacket(void)
{
	struct sockaddr_un a;
	socklen_t len;
	int fd, c, d;
	char b[16];

	begin("sendto, recvfrom: sequenced packets");
	fd = new_listener(SOCK_SEQPACKET, "packets", 5, &a, &len);
	c = new_socket(SOCK_SEQPACKET);
	check(sys(recvfrom, c, b, 1, 0, NULL, NULL), -ENOTCONN, "recv before");
	check(sys(sendto, c, b, 1, 0, NULL, 0), -ENOTCONN, "send before");
	check(sys(sendto, c, b, 1, 0, &a, len), -ENOTCONN, "send to a name before");
	check(events_of(c), POLLOUT | POLLHUP, "events before");
	check(sys(connect, c, &a, len), 0, "connect");
	check(sys(recvfrom, fd, b, 1, 0, NULL, NULL), -ENOTCONN, "recv from a listener");
	d = (int)sys(accept, fd, NULL, NULL);
	check(write(c, "abc", 3), 3, "write");
	check(sys(sendto, c, "defg", 4, 0, &a, 1), 4, "an address is not looked at");
	check(write(c, "", 0), 0, "an empty one");
	check(read(d, b, 16), 3, "the first");
	check(read(d, b, 2), 2, "a part of the second");
	check(read(d, b, 16), 0, "the empty one");
	check(sys(recvfrom, d, b, 16, MSG_DONTWAIT, NULL, NULL), -EAGAIN, "no more");
	check(write(c, "end", 3), 3, "write");
	close(c);
	check(read(d, b, 16), 3, "read");
	check(read(d, b, 16), 0, "the end");
	check(sys(recvfrom, d, b, 16, MSG_DONTWAIT, NULL, NULL), 0, "at once too");
	close(d);
	close(fd);
	end();
}

/* ---- sendmsg and recvmsg ---- */

static void test_messages(void)
{
	struct iovec v[2] = { { "ab", 2 }, { "cd", 2 } }, in;
	struct sockaddr_un a, from;
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 },
		      r = { .msg_iov = &in, .msg_iovlen = 1 };
	char b[16];
	socklen_t len;
	int x, y;

	begin("sendmsg, recvmsg: headers");
	x = new_socket(SOCK_DGRAM);
	y = new_socket(SOCK_DGRAM);
	len = abstract_address(&a, "messages");
	check(sys(bind, x, &a, len), 0, "bind");
	check(sys(sendmsg, y, &m, 0), -ENOTCONN, "to nobody");
	m.msg_name = &a;
	m.msg_namelen = len;
	check(sys(sendmsg, y, &m, 0), 4, "sendmsg");
	in = (struct iovec){ b, 3 };
	r.msg_name = &from;
	r.msg_namelen = sizeof(from);
	r.msg_flags = -1;
	check(sys(recvmsg, x, &r, MSG_CMSG_CLOEXEC), 3, "recvmsg");
	check(r.msg_flags, MSG_TRUNC | MSG_CMSG_CLOEXEC, "flags");
	check(r.msg_namelen, 0, "the sender has no name");
	check(sys(bind, y, &a, HEAD), 0, "autobind");
	check(sys(sendmsg, y, &m, 0), 4, "sendmsg");
	r.msg_namelen = sizeof(from);
	check(sys(recvmsg, x, &r, 0), 3, "recvmsg");
	check(r.msg_namelen, HEAD + 6, "the sender's name");
	check(sys(sendmsg, y, &m, 0), 4, "sendmsg");
	check(sys(recvmsg, x, &r, MSG_TRUNC), 4, "MSG_TRUNC");
	check(r.msg_flags, MSG_TRUNC, "flags");
	close(x);
	close(y);
	end();
}

static void test_wrong_messages(void)
{
	struct iovec v[2] = { { "ab", 2 }, { "cd", 2 } }, in;
	struct sockaddr_un a, from;
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2, .msg_name = &a },
		      r = { .msg_iov = &in, .msg_iovlen = 1 };
	char b[16], *e = edge();
	socklen_t len;
	int x, y;

	begin("sendmsg, recvmsg: headers that are wrong");
	x = new_socket(SOCK_DGRAM);
	y = new_socket(SOCK_DGRAM);
	len = abstract_address(&a, "messages");
	check(sys(bind, x, &a, len), 0, "bind");
	check(sys(bind, y, &a, HEAD), 0, "autobind");
	in = (struct iovec){ b, 3 };
	m.msg_namelen = -1;
	check(sys(sendmsg, y, &m, 0), -EINVAL, "name's length");
	m.msg_namelen = 1 << 30;
	check(sys(sendmsg, y, &m, 0), -EINVAL, "a long name");
	m.msg_namelen = len;
	m.msg_name = KERNEL;
	check(sys(sendmsg, y, &m, 0), -EFAULT, "name");
	m.msg_name = &a;
	m.msg_iovlen = 1025;
	check(sys(sendmsg, y, &m, 0), -EMSGSIZE, "too many spans");
	memcpy((char *)&m + 24, &(unsigned long){ 1ul << 60 }, 8); /* musl's is an int */
	check(sys(sendmsg, y, &m, 0), -EMSGSIZE, "far too many");
	memcpy((char *)&m + 24, &(unsigned long){ 2 }, 8);
	for (size_t i = 0; i < 5; i++) {
		m.msg_iov = (void *)bad_pointers[i];
		check(sys(sendmsg, y, &m, 0), -EFAULT, "spans at %p", bad_pointers[i]);
		check(sys(sendmsg, y, bad_pointers[i], 0), -EFAULT, "header at %p",
		      bad_pointers[i]);
		check(sys(recvmsg, x, bad_pointers[i], MSG_DONTWAIT), -EFAULT, "recvmsg at %p",
		      bad_pointers[i]);
	}
	m.msg_iov = v;
	v[0].iov_len = -1ul;
	check(sys(sendmsg, y, &m, 0), -EINVAL, "a negative length");
	v[0].iov_len = 2;
	v[0].iov_base = KERNEL;
	check(sys(sendmsg, y, &m, 0), -EFAULT, "a span of the kernel's");
	v[0].iov_base = "ab";
	check(sys(sendmsg, y, e - 8, 0), -EFAULT, "half a header");
	check(sys(sendmsg, 99, &m, 0), -EBADF, "nothing");
	check(sys(sendmsg, 0, &m, 0), -ENOTSOCK, "no socket");
	check(sys(recvmsg, 99, &m, 0), -EBADF, "nothing");
	check(sys(recvmsg, 0, &m, 0), -ENOTSOCK, "no socket");
	check(sys(sendmsg, y, &m, 0x80000000), -EINVAL, "a flag of 32-bit calls");
	check(sys(recvmsg, x, &m, 0x80000000), -EINVAL, "a flag of 32-bit calls");
	check(sys(sendmsg, y, &m, 0), 4, "all is well");
	r.msg_name = KERNEL;
	r.msg_namelen = sizeof(from);
	check(sys(recvmsg, x, &r, 0), -EFAULT, "name");
	r.msg_name = NULL;
	r.msg_namelen = -1;
	check(sys(sendmsg, y, &m, 0), 4, "sendmsg");
	check(sys(recvmsg, x, &r, 0), 3, "no name, whatever its length");
	check(sys(recvmsg, x, &r, MSG_DONTWAIT), -EAGAIN, "no more");
	close(x);
	close(y);
	end();
}

static void test_many(void)
{
	struct iovec v[4], w[4];
	struct mmsghdr m[4] = { 0 }, r[4] = { 0 };
	struct timespec ts = { 0, 1000000000 }, soon = { 0, 1000 };
	char text[4][4] = { "a", "bb", "ccc", "dddd" }, b[4][8];
	int sv[2], e;
	socklen_t n = sizeof(e);

	begin("sendmmsg, recvmmsg: many at once");
	for (int i = 0; i < 4; i++) {
		v[i] = (struct iovec){ text[i], (size_t)i + 1 };
		w[i] = (struct iovec){ b[i], 8 };
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &v[i], .msg_iovlen = 1 };
		r[i].msg_hdr = (struct msghdr){ .msg_iov = &w[i], .msg_iovlen = 1 };
	}
	new_pair(SOCK_DGRAM, sv);
	check(sys(sendmmsg, sv[0], m, 0, 0), 0, "none");
	check(sys(sendmmsg, sv[0], m, 4, 0), 4, "sendmmsg");
	for (int i = 0; i < 4; i++)
		check(m[i].msg_len, i + 1, "length");
	check(sys(recvmmsg, sv[1], r, 0, 0, NULL), 0, "none");
	check(sys(recvmmsg, sv[1], r, 3, 0, NULL), 3, "recvmmsg");
	for (int i = 0; i < 3; i++)
		check(r[i].msg_len, i + 1, "length");
	check(memcmp(b[2], "ccc", 3), 0, "bytes");
	check(sys(recvmmsg, sv[1], r, 4, MSG_WAITFORONE, NULL), 1, "MSG_WAITFORONE");
	check(sys(recvmmsg, sv[1], r, 4, MSG_DONTWAIT, NULL), -EAGAIN, "no more");
	check(sys(recvmmsg, sv[1], r, 4, 0, &ts), -EINVAL, "timeout");
	check(sys(recvmmsg, sv[1], r, 4, 0, KERNEL), -EFAULT, "timeout at a bad address");
	check(sys(sendmmsg, sv[0], m, 2, 0), 2, "sendmmsg");
	check_one_of(sys(recvmmsg, sv[1], r, 4, MSG_DONTWAIT, &soon), 1, 2, "timeout");
	sys(recvmmsg, sv[1], r, 4, MSG_DONTWAIT, NULL);
	ts = (struct timespec){ 100, 0 };
	check(sys(sendmmsg, sv[0], m, 1, 0), 1, "sendmmsg");
	check(sys(recvmmsg, sv[1], r, 1, 0, &ts), 1, "recvmmsg");
	expect(ts.tv_sec <= 100 && ts.tv_sec > 0, "what is left of the timeout");
	for (size_t i = 0; i < 5; i++) {
		check(sys(sendmmsg, sv[0], bad_pointers[i], 2, 0), -EFAULT, "sendmmsg at %p",
		      bad_pointers[i]);
		check(sys(recvmmsg, sv[1], bad_pointers[i], 2, 0, NULL), -EFAULT, "recvmmsg at %p",
		      bad_pointers[i]);
	}
	m[2].msg_hdr.msg_iov = BAD;
	check(sys(sendmmsg, sv[0], m, 4, 0), 2, "up to the bad one");
	r[1].msg_hdr.msg_iov = BAD;
	check(sys(recvmmsg, sv[1], r, 4, 0, NULL), 1, "up to the bad one");
	check(sys(getsockopt, sv[1], SOL_SOCKET, SO_ERROR, &e, &n), 0, "SO_ERROR");
	check(e, EFAULT, "its error is kept");
	check(sys(sendmmsg, 99, m, 1, 0), -EBADF, "nothing");
	check(sys(recvmmsg, 0, m, 1, 0, NULL), -ENOTSOCK, "no socket");
	close_both(sv);
	end();
}

/* ---- options ---- */

static int option(int fd, int name)
{
	int v = -77;
	socklen_t n = sizeof(v);
	long ret = sys(getsockopt, fd, SOL_SOCKET, name, &v, &n);

	return ret ? (int)ret : v;
}

/* The options that are on or off. */
static void option_switches(int s)
{
	static const int switches[] = { SO_REUSEADDR, SO_KEEPALIVE, SO_BROADCAST,
					SO_DONTROUTE, SO_OOBINLINE, SO_PASSCRED };
	int v;

	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
		check(option(s, switches[i]), 0, "option %d at first", switches[i]);
		v = 5;
		check(sys(setsockopt, s, SOL_SOCKET, switches[i], &v, 4), 0, "set");
		check(option(s, switches[i]), 1, "option %d", switches[i]);
		v = 0;
		check(sys(setsockopt, s, SOL_SOCKET, switches[i], &v, 4), 0, "clear");
		check(option(s, switches[i]), 0, "option %d", switches[i]);
	}
}

static void option_sizes(int s)
{
	int v;

	v = 10000;
	check(sys(setsockopt, s, SOL_SOCKET, SO_SNDBUF, &v, 4), 0, "SO_SNDBUF");
	check(option(s, SO_SNDBUF), 20000, "doubled");
	v = 1;
	check(sys(setsockopt, s, SOL_SOCKET, SO_SNDBUF, &v, 4), 0, "SO_SNDBUF");
	check(option(s, SO_SNDBUF), 4608, "the least");
	check(sys(setsockopt, s, SOL_SOCKET, SO_RCVBUF, &v, 4), 0, "SO_RCVBUF");
	check(option(s, SO_RCVBUF), 2304, "the least");
	v = 1 << 30;
	check(sys(setsockopt, s, SOL_SOCKET, SO_SNDBUF, &v, 4), 0, "SO_SNDBUF");
	check(option(s, SO_SNDBUF), 425984, "the most");
	v = -1;
	check(sys(setsockopt, s, SOL_SOCKET, SO_SNDBUF, &v, 4), 0, "SO_SNDBUF");
	check(option(s, SO_SNDBUF), 425984, "the most");
	v = 300000;
	check(sys(setsockopt, s, SOL_SOCKET, SO_SNDBUFFORCE, &v, 4), 0, "SO_SNDBUFFORCE");
	check(option(s, SO_SNDBUF), 600000, "as root wants");
	v = 0;
	check(sys(setsockopt, s, SOL_SOCKET, SO_RCVLOWAT, &v, 4), 0, "SO_RCVLOWAT");
	check(option(s, SO_RCVLOWAT), 1, "at least 1");
}

static void option_errors(int s)
{
	socklen_t n = 4;
	int v;

	v = SOCK_DGRAM;
	check(sys(setsockopt, s, SOL_SOCKET, SO_TYPE, &v, 4), -ENOPROTOOPT, "SO_TYPE");
	check(sys(setsockopt, s, SOL_SOCKET, 999, &v, 4), -ENOPROTOOPT, "999");
	check(sys(setsockopt, s, SOL_SOCKET, SO_KEEPALIVE, &v, 3), -EINVAL, "three bytes");
	check(sys(setsockopt, s, SOL_SOCKET, SO_KEEPALIVE, &v, -1), -EINVAL, "fewer");
	check(sys(setsockopt, s, 6, 1, &v, 4), -EOPNOTSUPP, "another level");
	check(sys(getsockopt, s, 6, 1, &v, &n), -EOPNOTSUPP, "another level");
	check(sys(setsockopt, 99, SOL_SOCKET, SO_KEEPALIVE, &v, 4), -EBADF, "nothing");
	check(sys(setsockopt, 0, SOL_SOCKET, SO_KEEPALIVE, &v, 4), -ENOTSOCK, "no socket");
	check(sys(getsockopt, 99, SOL_SOCKET, SO_KEEPALIVE, &v, &n), -EBADF, "nothing");
	check(sys(getsockopt, 0, SOL_SOCKET, SO_KEEPALIVE, &v, &n), -ENOTSOCK, "no socket");
	for (size_t i = 0; i < 5; i++) {
		check(sys(setsockopt, s, SOL_SOCKET, SO_KEEPALIVE, bad_pointers[i], 4), -EFAULT,
		      "setsockopt from %p", bad_pointers[i]);
		n = 4;
		check(sys(getsockopt, s, SOL_SOCKET, SO_TYPE, bad_pointers[i], &n), -EFAULT,
		      "getsockopt to %p", bad_pointers[i]);
		check(sys(getsockopt, s, SOL_SOCKET, SO_TYPE, &v, bad_pointers[i]), -EFAULT,
		      "length at %p", bad_pointers[i]);
	}
}

static void option_lengths(int s)
{
	socklen_t n;
	int v = 0;

	n = (socklen_t)-4;
	check(sys(getsockopt, s, SOL_SOCKET, SO_TYPE, &v, &n), -EINVAL, "negative length");
	n = 2;
	v = -1;
	check(sys(getsockopt, s, SOL_SOCKET, SO_TYPE, &v, &n), 0, "two bytes");
	check(n, 2, "length");
	check(v, (int)0xffff0005, "no more than two");
	n = 100;
	check(sys(getsockopt, s, SOL_SOCKET, SO_TYPE, &(char[100]){ 0 }, &n), 0, "much room");
	check(n, 4, "length");
}

static void option_times(int s)
{
	struct linger l = { 7, 9 };
	struct timeval t = { 3, 8000 };
	socklen_t n;

	check(sys(setsockopt, s, SOL_SOCKET, SO_LINGER, &l, 8), 0, "SO_LINGER");
	check(sys(setsockopt, s, SOL_SOCKET, SO_LINGER, &l, 4), -EINVAL, "half of it");
	n = 8;
	check(sys(getsockopt, s, SOL_SOCKET, SO_LINGER, &l, &n), 0, "SO_LINGER");
	check(l.l_onoff == 1 && l.l_linger == 9, 1, "its value");
	for (int i = 0; i < 2; i++) {
		int which = i ? SO_SNDTIMEO : SO_RCVTIMEO;
		struct timeval got = { -1, -1 };

		n = sizeof(got);
		check(sys(getsockopt, s, SOL_SOCKET, which, &got, &n), 0, "timeout");
		check(got.tv_sec == 0 && got.tv_usec == 0, 1, "none");
		check(sys(setsockopt, s, SOL_SOCKET, which, &t, sizeof(t)), 0, "set");
		check(sys(getsockopt, s, SOL_SOCKET, which, &got, &n), 0, "get");
		check(got.tv_sec == 3 && got.tv_usec == 8000, 1, "its value");
		check(sys(setsockopt, s, SOL_SOCKET, which, &t, 8), -EINVAL, "half");
		got.tv_usec = 1000000;
		check(sys(setsockopt, s, SOL_SOCKET, which, &got, sizeof(got)), -EDOM, "range");
	}
}

static void test_options(void)
{
	struct sockaddr_un a;
	int sv[2], fd;
	socklen_t len;

	begin("getsockopt, setsockopt: SOL_SOCKET");
	new_pair(SOCK_SEQPACKET, sv);
	check(option(sv[0], SO_TYPE), SOCK_SEQPACKET, "SO_TYPE");
	check(option(sv[0], SO_DOMAIN), AF_UNIX, "SO_DOMAIN");
	check(option(sv[0], SO_PROTOCOL), 0, "SO_PROTOCOL");
	check(option(sv[0], SO_ERROR), 0, "SO_ERROR");
	check(option(sv[0], SO_ACCEPTCONN), 0, "SO_ACCEPTCONN");
	check(option(sv[0], SO_SNDBUF), 212992, "SO_SNDBUF");
	check(option(sv[0], SO_RCVBUF), 212992, "SO_RCVBUF");
	check(option(sv[0], SO_RCVLOWAT), 1, "SO_RCVLOWAT");
	check(option(sv[0], SO_SNDLOWAT), 1, "SO_SNDLOWAT");
	check(option(sv[0], SO_PEEK_OFF), -1, "SO_PEEK_OFF");
	check(option(sv[0], 999), -ENOPROTOOPT, "999");
	fd = new_listener(SOCK_STREAM, "options", 1, &a, &len);
	check(option(fd, SO_ACCEPTCONN), 1, "SO_ACCEPTCONN");
	close(fd);
	option_switches(sv[0]);
	option_sizes(sv[0]);
	option_errors(sv[0]);
	option_lengths(sv[0]);
	option_times(sv[0]);
	close_both(sv);
	end();
}

static void test_timeouts(void)
{
	struct timeval t = { 0, 20000 }, never = { -1, 0 };
	struct sockaddr_un a;
	int sv[2], fd, c, d;
	socklen_t len;
	char b[4096];
	long n;

	begin("recvfrom, sendto, accept, connect: SO_RCVTIMEO and SO_SNDTIMEO");
	for (int i = 0; i < 3; i++) {
		new_pair(types[i], sv);
		for (int k = 0; k < 2; k++) {
			setsockopt(sv[k], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
			setsockopt(sv[k], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
		}
		check(sys(read, sv[0], b, 1), -EAGAIN, "read");
		while ((n = sys(write, sv[0], b, sizeof(b))) > 0)
			;
		check(n, -EAGAIN, "write");
		setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &never, sizeof(never));
		check(sys(read, sv[0], b, 1), -EAGAIN, "a negative one never waits");
		close_both(sv);
	}
	fd = new_listener(SOCK_STREAM, "timeouts", 0, &a, &len);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	check(sys(accept, fd, NULL, NULL), -EAGAIN, "accept");
	c = new_socket(SOCK_STREAM);
	d = new_socket(SOCK_STREAM);
	setsockopt(d, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	check(sys(connect, c, &a, len), 0, "connect");
	check(sys(connect, d, &a, len), -EAGAIN, "connect to a full backlog");
	close(c);
	close(d);
	close(fd);
	end();
}

/* ---- blocking ---- */

struct blocked {
	int fd, how;
	volatile int tid;
	const struct sockaddr_un *a;
	socklen_t len;
	long ret;
	pthread_t t;
};

static void *block(void *arg)
{
	struct blocked *b = arg;
	char buf[8192];

	b->tid = (int)sys(gettid);
	switch (b->how) {
	case 0: b->ret = sys(read, b->fd, buf, 8); break;
	case 1:
		while ((b->ret = sys(sendto, b->fd, buf, sizeof(buf), MSG_NOSIGNAL, NULL, 0)) > 0)
			;
		break;
	case 2: b->ret = sys(accept, b->fd, NULL, NULL); break;
	case 3: b->ret = sys(connect, b->fd, b->a, b->len); break;
	default: break;
	}
	return NULL;
}

/* Does the thread sleep? */
static bool asleep(int tid)
{
	char name[64], text[200] = "", *state;
	int fd;

	snprintf(name, sizeof(name), "/proc/self/task/%d/stat", tid);
	fd = open(name, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	state = strrchr(text, ')');
	return state && state[2] == 'S';
}

/* Until it waits: after its writes have filled the socket, it sleeps nowhere else. */
static void start(struct blocked *b, int fd, int how)
{
	*b = (struct blocked){ .fd = fd, .how = how, .a = b->a, .len = b->len };
	pthread_create(&b->t, NULL, block, b);
	while (!b->tid || !asleep(b->tid))
		usleep(1000);
}

static long finish(struct blocked *b)
{
	pthread_join(b->t, NULL);
	return b->ret;
}

static void test_wakeups(void)
{
	struct blocked b = { 0 };
	struct sockaddr_un a;
	int sv[2], fd, c, d;
	socklen_t len;

	begin("read, write, accept, connect: who waits is woken");
	mount_proc();
	for (int i = 0; i < 3; i++) {
		new_pair(types[i], sv);
		start(&b, sv[0], 0);
		check(write(sv[1], "hey", 3), 3, "write");
		check(finish(&b), 3, "type %d: read, by write", types[i]);
		start(&b, sv[0], 0);
		shutdown(sv[0], SHUT_RD);
		check(finish(&b), 0, "type %d: read, by shutdown", types[i]);
		close_both(sv);

		new_pair(types[i], sv);
		start(&b, sv[0], 1);
		shutdown(sv[0], SHUT_WR);
		check(finish(&b), -EPIPE, "type %d: write, by shutdown", types[i]);
		close_both(sv);
		if (types[i] == SOCK_DGRAM)
			continue;
		new_pair(types[i], sv);
		start(&b, sv[0], 0);
		close(sv[1]);
		check(finish(&b), 0, "type %d: read, by close", types[i]);
		close(sv[0]);
		new_pair(types[i], sv);
		start(&b, sv[0], 1);
		close(sv[1]);
		check(finish(&b), -ECONNRESET, "type %d: write, by close", types[i]);
		close(sv[0]);
	}
	fd = new_listener(SOCK_STREAM, "wakeups", 0, &a, &len);
	c = new_socket(SOCK_STREAM);
	d = new_socket(SOCK_STREAM);
	start(&b, fd, 2);
	check(sys(connect, c, &a, len), 0, "connect");
	expect(finish(&b) > 0, "accept, by connect");
	close((int)b.ret);
	close(c);
	start(&b, fd, 2);
	shutdown(fd, SHUT_RD);
	check(finish(&b), -EINVAL, "accept, by shutdown");
	c = new_socket(SOCK_STREAM);
	check(sys(connect, c, &a, len), -ECONNREFUSED, "connect after that");
	close(fd);
	fd = new_listener(SOCK_STREAM, "wakeups", 0, &a, &len);
	check(sys(connect, c, &a, len), 0, "connect");
	b.a = &a;
	b.len = len;
	start(&b, d, 3);
	close((int)sys(accept, fd, NULL, NULL));
	check(finish(&b), 0, "connect, by accept");
	close(d);
	d = new_socket(SOCK_STREAM);
	start(&b, d, 3);
	close(fd);
	check(finish(&b), -ECONNREFUSED, "connect, by close");
	close(c);
	close(d);
	end();
}

static void test_signals(void)
{
	struct sigaction again = { .sa_handler = on_signal, .sa_flags = SA_RESTART },
			 once = { .sa_handler = on_signal };
	struct timeval t = { 100, 0 };
	struct itimerval soon = { { 0, 10000 }, { 0, 20000 } }, off = { 0 };
	struct sockaddr_un a;
	socklen_t len;
	int sv[2], tell[2], fd;
	char b[8];
	pid_t pid;

	begin("read, accept: signals");
	check(pipe(tell), 0, "pipe");
	sigaction(SIGALRM, &once, NULL);
	new_pair(SOCK_STREAM, sv);
	fd = new_listener(SOCK_STREAM, "signals", 0, &a, &len);
	setitimer(ITIMER_REAL, &soon, NULL);
	check(sys(read, sv[0], b, 8), -EINTR, "a handler");
	check(sys(accept, fd, NULL, NULL), -EINTR, "accept");
	sigaction(SIGALRM, &again, NULL);
	setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	check(sys(read, sv[0], b, 8), -EINTR, "with a timeout it is not restarted");
	t.tv_sec = 0;
	setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	pid = fork();
	if (!pid) { /* writes when its parent has had some signals */
		char three[3];

		for (size_t got = 0; got < sizeof(three);)
			got += (size_t)read(tell[0], three, sizeof(three) - got);
		_exit(write(sv[1], "late", 4) != 4);
	}
	told_fd = tell[1];
	check(sys(read, sv[0], b, 8), 4, "SA_RESTART");
	setitimer(ITIMER_REAL, &off, NULL);
	told_fd = -1;
	waitpid(pid, NULL, 0);
	close_both(tell);
	signal(SIGALRM, SIG_DFL);
	close_both(sv);
	close(fd);
	end();
}

static void test_sendfile(void)
{
	char b[64] = "from a file through a socket";
	int sv[2], fd = open("data", O_CREAT | O_RDWR | O_TRUNC, 0600);
	off_t at = 5;

	begin("sendfile: from a file to a socket");
	check(write(fd, b, 28), 28, "write");
	new_pair(SOCK_STREAM, sv);
	check(sys(sendfile, sv[0], fd, &at, 100), 23, "sendfile");
	check(read(sv[1], b, 64), 23, "read");
	check(memcmp(b, "a file through", 14), 0, "bytes");
	check_one_of(sys(sendfile, fd, sv[0], NULL, 1), -EINVAL, -ESPIPE, "the other way");
	close_both(sv);
	close(fd);
	unlink("data");
	end();
}

static void test_peek_offset(void)
{
	int sv[2], v = 2;
	char b[16];

	begin("setsockopt, recvfrom: SO_PEEK_OFF");
	new_pair(SOCK_STREAM, sv);
	check(write(sv[0], "abcd", 4), 4, "write");
	check(write(sv[0], "efgh", 4), 4, "write");
	check(sys(setsockopt, sv[1], SOL_SOCKET, SO_PEEK_OFF, &v, 4), 0, "SO_PEEK_OFF");
	check(recv(sv[1], b, 3, MSG_PEEK), 3, "peek");
	check(memcmp(b, "cde", 3), 0, "bytes");
	check(recv(sv[1], b, 9, MSG_PEEK), 3, "peek on");
	check(memcmp(b, "fgh", 3), 0, "bytes");
	check(option(sv[1], SO_PEEK_OFF), 8, "where it stands");
	check(sys(recvfrom, sv[1], b, 9, MSG_PEEK | MSG_DONTWAIT, NULL, NULL), -EAGAIN, "the end");
	check(read(sv[1], b, 3), 3, "read");
	check(option(sv[1], SO_PEEK_OFF), 5, "moves it back");
	close_both(sv);
	end();
}

/* ---- races ---- */

#define STORM_FDS 12

static int storm_fd[STORM_FDS]; /* everybody's: what one has closed another may be using */

static void storm_step(unsigned int *seed)
{
	static const char *const names[] = { "storm0", "storm1", "storm2" };
	char buf[300];
	struct sockaddr_un a;
	int *slot = &storm_fd[rand_r(seed) % STORM_FDS], type = types[rand_r(seed) % 3], sv[2];
	socklen_t len = abstract_address(&a, names[rand_r(seed) % 3]);

	memset(buf, 's', sizeof(buf));
	switch (rand_r(seed) % 12) {
	case 0:
		sv[0] = new_socket(type | SOCK_NONBLOCK);
		sys(dup3, sv[0], *slot, 0);
		close(sv[0]);
		break;
	case 1:
		if (!sys(socketpair, AF_UNIX, type | SOCK_NONBLOCK, 0, sv)) {
			sys(dup3, sv[0], *slot, 0);
			sys(dup3, sv[1], storm_fd[rand_r(seed) % STORM_FDS], 0);
			close_both(sv);
		}
		break;
	case 2: sys(bind, *slot, &a, len); break;
	case 3: sys(listen, *slot, rand_r(seed) % 3); break;
	case 4:
	case 5: sys(connect, *slot, &a, len); break;
	case 6: {
		int fd = (int)sys(accept4, *slot, NULL, NULL, SOCK_NONBLOCK);

		if (fd >= 0) {
			sys(dup3, fd, storm_fd[rand_r(seed) % STORM_FDS], 0);
			close(fd);
		}
		break;
	}
	case 7: sys(shutdown, *slot, rand_r(seed) % 3); break;
	case 8: sys(sendto, *slot, buf, rand_r(seed) % 300, NOBLOCK, NULL, 0); break;
	case 9: sys(sendto, *slot, buf, rand_r(seed) % 300, NOBLOCK, &a, len); break;
	case 10: sys(recvfrom, *slot, buf, 300, MSG_DONTWAIT, NULL, NULL); break;
	default: events_of(*slot); break;
	}
}

static void *storm(void *arg)
{
	unsigned int seed = (unsigned int)(long)arg;

	for (int i = 0; i < 4000; i++)
		storm_step(&seed);
	return NULL;
}

static void test_storm(void)
{
	int null = open("/dev/null", O_RDWR), free_fd;
	pthread_t t[4];

	begin("bind, connect, accept4, shutdown, close: four threads on the same sockets");
	for (int i = 0; i < STORM_FDS; i++)
		storm_fd[i] = fcntl(null, F_DUPFD, 100);
	for (long i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, storm, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < STORM_FDS; i++)
		close(storm_fd[i]);
	free_fd = dup(0);
	check(free_fd, null + 1, "no descriptor is left behind");
	close(free_fd);
	close(null);
	end();
}

int main(void)
{
	mkdir("/tmp/unix", 0755);
	if (chdir("/tmp/unix"))
		return 1;
	chmod("/tmp/unix", 0755);
	test_socket();
	test_file();
	test_socketpair();
	test_bind();
	test_bind_long();
	test_abstract();
	test_permission();
	test_listen();
	test_accept_address();
	test_shutdown();
	test_stream();
	test_much();
	test_datagram();
	test_datagram_limits();
	test_fill();
	test_seqpacket();
	test_messages();
	test_wrong_messages();
	test_many();
	test_options();
	test_timeouts();
	test_wakeups();
	test_signals();
	test_sendfile();
	test_peek_offset();
	test_storm();
	return tap_done();
}
