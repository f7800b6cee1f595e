/*
 * attack_files.c - attacks on fs/, net/ and kmod/: long paths, many names, locks, watches,
 * descriptors on their way, modules, and much at once.
 */
#include "tests/stretch/adversary.h"

#include <dirent.h>
#include <elf.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/un.h>

/* Younger than the C library's headers may be. */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

struct how {
	uint64_t flags, mode, resolve;
};

#define NO_XDEV 1
#define BENEATH 8
#define IN_ROOT 16

/* "../" so often as a path can be long, from the bottom of a deep tree. */
static void dotdot(int size)
{
	static char path[4096];
	int top = open(".", O_RDONLY), at = top;

	for (int i = 0; i < 1000 * size && at >= 0; i++) {
		int next;

		mkdirat(at, "d", 0700);
		next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		if (at != top)
			close(at);
		at = next;
	}
	for (int i = 0; i + 3 < 4090; i += 3)
		memcpy(path + i, "../", 4);
	for (uint64_t resolve = NO_XDEV; resolve <= IN_ROOT; resolve *= 2) {
		struct how how = { O_PATH, 0, resolve };

		syscall(SYS_openat2, at, path, &how, sizeof(how));
	}
	close(openat(at, path, O_PATH));
	if (fchdir(at))
		return;
	getcwd(path, sizeof(path));
	rename("/tmp/d", "e");
	linkat(AT_FDCWD, "/tmp/d", at, "f", 0);
}

static void names(int size)
{
	static char buf[1 << 20];
	char name[32];
	int fd;

	mkdir("names", 0700);
	if (chdir("names"))
		return;
	for (int i = 0; i < 3000 * size; i++) {
		snprintf(name, sizeof(name), "%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	fd = open(".", O_RDONLY);
	while (syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0)
		;
	lseek(fd, 1 << 30, SEEK_SET);
	syscall(SYS_getdents64, fd, buf, sizeof(buf));
	rename("../names", "../other");
	rename("1", "2");
	for (int i = 0; i < 3000 * size; i++) {
		snprintf(name, sizeof(name), "%d", i);
		unlink(name);
	}
}

/*
 * Names that a hash without a key, h = h * 31 + c, puts into one row: "Aa" and "BB" are alike in
 * it.
 */
static void alike_names(int size)
{
	char name[32];
	struct stat st;

	mkdir("alike", 0700);
	if (chdir("alike"))
		return;
	for (int i = 0; i < 1000 * size; i++) {
		for (int b = 0; b < 13; b++)
			memcpy(name + 2 * b, i >> b & 1 ? "Aa" : "BB", 3);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	stat("not there", &st);
	memcpy(name, "AaAaAaAaAaAaAaAaAaAaAaAaAaAa", 29);
	stat(name, &st);
}

static void symlinks(int size)
{
	static char path[4096];
	char name[8], to[16];
	struct stat st;

	mkdir("l", 0700);
	if (chdir("l"))
		return;
	for (int i = 0; i + 2 < 3900; i += 2)
		memcpy(path + i, "./", 3);
	strcat(path, "s0");
	if (symlink(".", "s0"))
		return;
	for (int i = 1; i < 41; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		path[strlen(path) - (i > 10 ? 3 : 2)] = 0;
		snprintf(to, sizeof(to), "s%d", i - 1);
		strcat(path, to);
		if (symlink(path, name))
			return;
	}
	for (int i = 0; i < 2 * size; i++) {
		stat("s39", &st);
		stat("s40", &st);
	}
}

static void file_locks(int size)
{
	int fd = open("locks", O_RDWR | O_CREAT, 0600), other = open("locks", O_RDWR);
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	for (int i = 0; i < 1500 * size; i++) {
		l.l_start = i * 2l;
		if (fcntl(fd, F_SETLK, &l))
			break;
	}
	if (fork() == 0) {
		l.l_start = 3000l * size;
		l.l_type = F_WRLCK;
		fcntl(other, F_GETLK, &l);
		l.l_start = 0;
		l.l_len = 0;
		l.l_type = F_RDLCK;
		fcntl(other, F_SETLK, &l);
		_exit(0);
	}
	wait(NULL);
	l.l_start = 1;
	l.l_len = 0;
	l.l_type = F_RDLCK;
	fcntl(fd, F_SETLK, &l);
	close(other);
}

/* Files with a lock each. */
static void locks_of_many(int size)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	char name[32];

	for (int i = 0; i < 400 * size && i < 3000; i++) {
		int fd;

		snprintf(name, sizeof(name), "lk%d", i);
		fd = open(name, O_RDWR | O_CREAT, 0600);
		fcntl(fd, F_SETLK, &l);
		fcntl(fd, 37 /* F_OFD_SETLK */, &l);
	}
}

/* Names of sockets that a hash without a key (FNV) puts into one row of 64. */
static bool alike_name(int n, struct sockaddr_un *a)
{
	uint32_t h = 0x811c9dc5 ^ SOCK_DGRAM;
	const char *s = a->sun_path;

	snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1, "%d", n);
	for (size_t i = 0; i <= strlen(a->sun_path + 1); i++)
		h = (h ^ (uint8_t)s[i]) * 0x01000193;
	return (h ^ h >> 16) % 64 == 0;
}

static void socket_names(int size)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	pid_t pid[8];
	int next = 0, made;

	for (int k = 0; k < min_int(size + 2, 8); k++) { /* each process has as many as one can */
		int up[2];
		char c;

		if (pipe(up))
			return;
		pid[k] = fork();
		if (pid[k] == 0) {
			for (made = 0; made < 1000; next++) {
				int s;

				if (!alike_name(next, &a))
					continue;
				s = socket(AF_UNIX, SOCK_DGRAM, 0);
				if (s < 0 || bind(s, (struct sockaddr *)&a,
						  (socklen_t)(3 + strlen(a.sun_path + 1))))
					break;
				made++;
			}
			if (write(up[1], &next, 1) == 1)
				pause();
			_exit(0);
		}
		close(up[1]);
		if (read(up[0], &c, 1) < 0)
			return;
		close(up[0]);
		next = 100000 * (k + 1);
	}
	for (int k = 0; k < min_int(size + 2, 8); k++) {
		kill(pid[k], SIGKILL);
		waitpid(pid[k], NULL, 0);
	}
}

/* As many sockets as can be, each on its way through another. */
static bool send_fds(int to, const int *fd, int n)
{
	char control[CMSG_SPACE(253 * sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = CMSG_SPACE((size_t)n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
	memcpy(CMSG_DATA(c), fd, (size_t)n * sizeof(int));
	return sendmsg(to, &m, MSG_DONTWAIT) == 1;
}

static void sockets_in_flight(int size)
{
	for (int round = 0; round < 2; round++) {
		int fd[1024], n = 0, most = min_int(1000, 250 * size);

		while (n + 2 <= most && !socketpair(AF_UNIX, SOCK_DGRAM, 0, fd + n))
			n += 2;
		for (int i = 0; i + 250 <= n; i += 250)
			for (int k = 0; k < n; k += 16)
				if (!send_fds(fd[k], fd + i, 250))
					break;
		for (int i = 0; i < n; i++)
			close(fd[i]);
		if (!socketpair(AF_UNIX, SOCK_DGRAM, 0, fd)) {
			close(fd[0]);
			close(fd[1]);
		}
	}
}

static void epoll_nests(int size)
{
	int ep[5], ev = eventfd(0, 0), many[400];
	struct epoll_event e = { .events = EPOLLIN };
	uint64_t one = 1;

	for (int i = 0; i < 5; i++) {
		ep[i] = epoll_create1(0);
		epoll_ctl(ep[i], EPOLL_CTL_ADD, i ? ep[i - 1] : ev, &e);
	}
	for (int i = 0; i < 50 * size && i < 400; i++) {
		many[i] = epoll_create1(0);
		epoll_ctl(many[i], EPOLL_CTL_ADD, ev, &e);
		for (int k = 0; k < i && k < 50; k++)
			epoll_ctl(many[i], EPOLL_CTL_ADD, many[k], &e);
		epoll_ctl(ep[0], EPOLL_CTL_ADD, many[i], &e);
	}
	for (int i = 0; i < 4; i++)
		if (write(ev, &one, 8) == 8)
			epoll_wait(ep[4], &e, 1, 0);
}

/* One epoll with as many watches as can be, all ready. */
static void watches(int size)
{
	static struct epoll_event out[4096];
	int ep = epoll_create1(0), n = min_int(500 * size, 4000), fd[4000], made = 0;
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT };
	uint64_t one = 1;

	for (; made < n && (fd[made] = eventfd(0, EFD_NONBLOCK)) >= 0; made++)
		epoll_ctl(ep, EPOLL_CTL_ADD, fd[made], &e);
	for (int i = 0; i < made; i++)
		if (write(fd[i], &one, 8) != 8)
			break;
	for (int i = 0; i < 3; i++)
		epoll_wait(ep, out, 4096, 0);
	close(ep);
}

static void poll_many(int size)
{
	static struct pollfd p[4096];
	int n = min_int(500 * size, 4090);
	fd_set set;

	for (int i = 0; i < n; i++)
		p[i] = (struct pollfd){ i < 512 ? eventfd(0, 0) : 3 + i % 500, POLLIN, 0 };
	poll(p, (nfds_t)n, 1);
	memset(&set, 0xff, sizeof(set));
	select(FD_SETSIZE, &set, NULL, NULL, &(struct timeval){ 0, 1000 });
}

static void random_bytes(int size)
{
	char *p = memory(MIB(2) * (size_t)size, true);

	syscall(SYS_getrandom, p, MIB(2) * (size_t)size, 0);
}

static void zeros(int size)
{
	size_t n = MIB(32) * (size_t)size;
	char *p = memory(n, true);
	int zero = open("/dev/zero", O_RDWR), null = open("/dev/null", O_RDWR),
	    full = open("/dev/random", O_RDWR);

	if (read(zero, p, n) < 0 || write(null, p, n) < 0 || write(zero, p, n) < 0 ||
	    write(full, p, MIB(4)) < 0)
		return;
}

static void vectors(int size)
{
	size_t each = KIB(32) * (size_t)size;
	char *p = memory(each, true);
	int zero = open("/dev/zero", O_RDWR), fd = open("vec", O_RDWR | O_CREAT, 0600);
	struct iovec iov[1024];

	for (int i = 0; i < 1024; i++)
		iov[i] = (struct iovec){ p, each };
	if (readv(zero, iov, 1024) < 0 || writev(fd, iov, 1024) < 0 ||
	    preadv(fd, iov, 1024, 0) < 0 || writev(zero, iov, 1024) < 0)
		return;
	for (int i = 0; i < 1024; i++)
		iov[i].iov_len = 1;
	if (pwritev(fd, iov, 1024, 0) < 0)
		return;
}

static void file_of_much(int size)
{
	size_t n = MIB(32) * (size_t)size;
	char *p = memory(n, true);
	int fd = open("much", O_RDWR | O_CREAT | O_TRUNC, 0600),
	    to = open("much2", O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t at = 0;

	if (write(fd, p, n) < 0 || pread(fd, p, n, 0) < 0)
		return;
	sendfile(to, fd, &at, n);
	copy_file_range(fd, &(off_t){ 0 }, to, &(off_t){ 0 }, n, 0);
	fsync(fd);
	close(open("much", O_TRUNC | O_WRONLY));
	unlink("much2");
}

static void pipes(int size)
{
	char *p = memory(MIB(1) * (size_t)size, true);
	int a[2], b[2], fd = open("piped", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct iovec iov = { p, MIB(1) };

	if (pipe(a) || pipe(b) || ftruncate(fd, (off_t)MIB(16)))
		return;
	fcntl(a[1], F_SETPIPE_SZ, MIB(1));
	fcntl(b[1], F_SETPIPE_SZ, MIB(1));
	fcntl(a[0], F_SETFL, O_NONBLOCK);
	fcntl(a[1], F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 100000 && write(a[1], p, 1) == 1; i++)
		;
	tee(a[0], b[1], MIB(1), SPLICE_F_NONBLOCK);
	splice(a[0], NULL, b[1], NULL, MIB(1), SPLICE_F_NONBLOCK);
	fcntl(b[1], F_SETPIPE_SZ, 4096);
	if (read(a[0], p, MIB(1)) < 0)
		return;
	splice(fd, &(off_t){ 0 }, a[1], NULL, MIB(16), SPLICE_F_NONBLOCK);
	vmsplice(a[1], &iov, 1, SPLICE_F_NONBLOCK);
}

static void received(int size)
{
	size_t n = KIB(512) * (size_t)size;
	char *p = memory(n, true);
	int s[2], most = 1 << 24;
	struct iovec iov[1024];
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 1024 };

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		return;
	setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &most, sizeof(most));
	setsockopt(s[1], SOL_SOCKET, SO_RCVBUF, &most, sizeof(most));
	for (int i = 0; i < 1024; i++)
		iov[i] = (struct iovec){ p, n / 1024 };
	for (int i = 0; i < 10000 && send(s[0], p, 1, MSG_DONTWAIT) == 1; i++)
		;
	recv(s[1], p, n, MSG_PEEK | MSG_DONTWAIT);
	recvmsg(s[1], &m, MSG_DONTWAIT);
	if (fork() == 0) {
		send(s[0], p, n, 0);
		_exit(0);
	}
	recv(s[1], p, n, MSG_WAITALL);
	for (int i = 0; i < 10000 && send(s[0], p, 1, MSG_DONTWAIT) == 1; i++)
		;
}

static void terminals(int size)
{
	static char buf[65536], name[64];
	int m = open("/dev/ptmx", O_RDWR | O_NONBLOCK), n, s;

	memset(buf, 'x', sizeof(buf));
	for (size_t i = 0; i < sizeof(buf); i += 2)
		buf[i] = '\n';
	if (m < 0 || unlockpt(m) || ioctl(m, TIOCGPTN, &n))
		return;
	snprintf(name, sizeof(name), "/dev/pts/%d", n);
	s = open(name, O_RDWR | O_NONBLOCK | O_NOCTTY);
	for (int i = 0; i < 4 * size; i++)
		if (write(m, buf, sizeof(buf)) < 0 && write(s, buf, sizeof(buf)) < 0)
			if (read(m, buf, sizeof(buf)) < 0)
				break;
	memset(buf, '\t', sizeof(buf));
	if (write(s, buf, sizeof(buf)) < 0 || write(m, buf, sizeof(buf)) < 0)
		return;
}

/* The console itself, as it is and raw; what it shows is nothing. */
static void console(int size)
{
	static char buf[65536];
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	for (int i = 0; i < size; i++)
		if (write(fd, buf, sizeof(buf)) < 0)
			return;
}

/* What the log keeps, read and said. */
static void kernel_log(int size)
{
	static char buf[256 << 10];
	int fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK);

	memset(buf, 'k', 900);
	for (int i = 0; i < 200 * size; i++)
		if (write(fd, buf, 900) < 0)
			break;
	syscall(SYS_syslog, 3, buf, sizeof(buf));
	for (int i = 0; i < 1000; i++)
		if (read(fd, buf, sizeof(buf)) < 0)
			break;
}

static void descriptors(int size)
{
	int fd = eventfd(0, 0);

	for (int i = 0; i < 2000 * size && i < 4000; i++)
		if (dup(fd) < 0)
			break;
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	syscall(SYS_close_range, 100, ~0u, 4 /* CLOEXEC */);
	syscall(SYS_close_range, 3, ~0u, 0);
}

/* A table as large as root may have it: made, shared, copied, read, gone through. */
static void large_table(int size)
{
	struct rlimit many = { 65536u << (size > 1 ? 3 : 0), 65536u << (size > 1 ? 3 : 0) };
	int fd = eventfd(0, 0), last = (int)many.rlim_cur - 1;
	struct dirent *e;
	DIR *d;

	if (setrlimit(RLIMIT_NOFILE, &many))
		return;
	dup2(fd, last);
	if (fork() == 0) {
		d = opendir("/proc/self/fd");
		while (d && (e = readdir(d)))
			;
		execl("/none", "none", NULL);
		_exit(0);
	}
	wait(NULL);
	for (int i = 0; i < 20000 * size; i++)
		if (dup(fd) < 0)
			break;
	fcntl(fd, F_DUPFD, 3);
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	syscall(SYS_close_range, 100, ~0u, 4 /* CLOEXEC */);
	syscall(SYS_close_range, 3, ~0u, 0);
}

static void mounts(int size)
{
	static char buf[65536];
	int fd;

	mkdir("m", 0700);
	mount("none", "m", "tmpfs", 0, NULL);
	for (int i = 0; i < 250 * size; i++)
		if (mount("m", "m", NULL, MS_BIND, NULL))
			break;
	for (int i = 0; i < 2; i++) {
		fd = open(i ? "/proc/self/mountinfo" : "/proc/self/mounts", O_RDONLY);
		while (read(fd, buf, sizeof(buf)) > 0)
			;
		close(fd);
	}
	mount("none", "m", NULL, MS_REC | MS_PRIVATE, NULL);
	mkdir("copy", 0700);
	mount("/", "copy", NULL, MS_BIND | MS_REC, NULL);
	umount2("copy", MNT_DETACH);
	close(open("m/x", O_CREAT | O_RDWR, 0600));
	for (int i = 0; i < 250 * size + 1; i++)
		umount2("m", MNT_DETACH);
}

/* A whole file system with many names goes at once. */
static void unmount_much(int size)
{
	char name[32];

	mkdir("u", 0700);
	mount("none", "u", "tmpfs", 0, NULL);
	for (int i = 0; i < 2000 * size; i++) {
		snprintf(name, sizeof(name), "u/%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	umount2("u", MNT_DETACH);
}

static void deep_removal(int size)
{
	int top = open(".", O_RDONLY), at = top;

	for (int i = 0; i < 1000 * size && at >= 0; i++) {
		mkdirat(at, "r", 0700);
		at = openat(at, "r", O_RDONLY | O_DIRECTORY);
		if (at >= 0 && at != top && i > 900)
			dup2(at, 900), close(at), at = 900;
	}
	unlinkat(at, "r", AT_REMOVEDIR);
}

/* A module's file: a good one, and room behind it. */
static struct {
	char *bytes;
	size_t size;
	Elf64_Ehdr *ehdr;
	Elf64_Shdr *sections;
} ko;

static void read_ko(size_t room)
{
	int fd = open("/hello.ko", O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, ko.bytes, KIB(64));

	close(fd);
	ko.size = n < 0 ? 0 : (size_t)n & ~7ul;
	ko.ehdr = (Elf64_Ehdr *)ko.bytes;
	ko.sections = (Elf64_Shdr *)(ko.bytes + (n > 0 ? ko.ehdr->e_shoff : 0));
	memset(ko.bytes + n, 0, room - (size_t)n);
}

/*
 * The first section of @type becomes @nr records of @record bytes: its own, and then one of them
 * again and again, a function if they are symbols.
 */
static void lengthen(uint32_t type, size_t record, size_t nr)
{
	for (unsigned i = 1; i < ko.ehdr->e_shnum; i++) {
		Elf64_Shdr *s = &ko.sections[i];
		char *to = ko.bytes + ko.size, *one = to;

		if (s->sh_type != type || s->sh_size < record)
			continue;
		memcpy(to, ko.bytes + s->sh_offset, s->sh_size);
		while (type == SHT_SYMTAB && one + record < to + s->sh_size &&
		       ELF64_ST_TYPE(((Elf64_Sym *)one)->st_info) != STT_FUNC)
			one += record;
		for (size_t at = s->sh_size; at < nr * record; at += record)
			memcpy(to + at, one, record);
		s->sh_offset = ko.size;
		s->sh_size = nr * record;
		ko.size += nr * record;
		return;
	}
}

/* As many empty sections as a file can have. */
static void more_sections(void)
{
	Elf64_Shdr *s = (Elf64_Shdr *)(ko.bytes + ko.size);

	memcpy(s, ko.sections, ko.ehdr->e_shnum * sizeof(*s));
	for (unsigned i = ko.ehdr->e_shnum; i < 0xfeff; i++)
		s[i] = (Elf64_Shdr){ .sh_name = s[1].sh_name,
				     .sh_type = SHT_PROGBITS,
				     .sh_flags = SHF_ALLOC };
	ko.ehdr->e_shoff = ko.size;
	ko.ehdr->e_shnum = 0xfeff;
	ko.size += 0xfeff * sizeof(*s);
}

/* .modinfo of as many strings as can be: the first has a name that nobody looks for. */
static void more_modinfo(void)
{
	const char *names = ko.bytes + ko.sections[ko.ehdr->e_shstrndx].sh_offset;

	for (unsigned i = 1; i < ko.ehdr->e_shnum; i++) {
		Elf64_Shdr *s = &ko.sections[i];

		if (strcmp(names + s->sh_name, ".modinfo"))
			continue;
		memcpy(ko.bytes + ko.size + KIB(240), ko.bytes + s->sh_offset, s->sh_size);
		s->sh_offset = ko.size;
		s->sh_size += KIB(240);
		ko.size += (s->sh_size + 7) & ~7ul;
	}
}

static void load_ko(void)
{
	syscall(SYS_init_module, ko.bytes, ko.size, "");
	syscall(SYS_delete_module, "hello", O_NONBLOCK);
}

/* Modules with much of everything that the loader looks at; the test puts a good one there. */
static void modules(int size)
{
	size_t nr = 20000 * (size_t)size, room = MIB(12) + nr * 48;

	ko.bytes = memory(room, false);
	read_ko(room);
	if (!ko.size)
		return;
	load_ko();
	lengthen(SHT_SYMTAB, sizeof(Elf64_Sym), nr);
	load_ko();
	read_ko(room);
	lengthen(SHT_RELA, sizeof(Elf64_Rela), nr);
	load_ko();
	more_sections();
	load_ko();
	read_ko(room);
	more_modinfo();
	load_ko();
}

const struct attack attacks_files[] = {
	{ "dotdot", dotdot },
	{ "names", names },
	{ "alike_names", alike_names },
	{ "symlinks", symlinks },
	{ "file_locks", file_locks },
	{ "locks_of_many", locks_of_many },
	{ "socket_names", socket_names },
	{ "sockets_in_flight", sockets_in_flight },
	{ "epoll_nests", epoll_nests },
	{ "watches", watches },
	{ "poll_many", poll_many },
	{ "random_bytes", random_bytes },
	{ "zeros", zeros },
	{ "vectors", vectors },
	{ "file_of_much", file_of_much },
	{ "pipes", pipes },
	{ "received", received },
	{ "terminals", terminals },
	{ "console", console, AS_ROOT },
	{ "kernel_log", kernel_log, AS_ROOT },
	{ "descriptors", descriptors },
	{ "large_table", large_table, AS_ROOT },
	{ "mounts", mounts, AS_ROOT },
	{ "unmount_much", unmount_much, AS_ROOT },
	{ "deep_removal", deep_removal },
	{ "modules", modules, AS_ROOT },
	{ NULL, NULL },
};
