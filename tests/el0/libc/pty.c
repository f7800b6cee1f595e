/*
 * pty.c - pseudo-terminals, and through them the line discipline: what is typed on a master, what a
 * program reads and writes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <termios.h>
#include <time.h>

#include "tests/el0/libc/calls.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static int master, slave;
static struct termios usual;
static char got[20000];

/* A new pair: the terminal open without becoming anybody's. */
static void open_pair(void)
{
	int unlocked = 0;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	ioctl(master, TIOCSPTLCK, &unlocked);
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	tcgetattr(slave, &usual);
	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
}

static void name_pair(char *name)
{
	int n = -1;

	ioctl(master, TIOCGPTN, &n);
	sprintf(name, "/dev/pts/%d", n);
}

static void close_pair(void)
{
	close(slave);
	close(master);
}

static void type(const char *s)
{
	sys(write, master, s, strlen(s));
}

/*
 * Linux hands over what was written in a task of its own, in its time: a stop of the whole machine
 * is but one of these sleeps.
 */
static void settle(void)
{
	for (int i = 0; i < 10; i++)
		usleep(5000);
}

/* Everything that is to be read of @fd now, as a string. */
static const char *all(int fd)
{
	size_t n = 0;
	long r;

	for (int tries = 0; tries < 3; tries++) {
		/* Linux hands over what was written in a task of its own. */
		while ((r = sys(read, fd, got + n, sizeof(got) - 1 - n)) > 0)
			n += (size_t)r;
		usleep(4000);
	}
	got[n] = '\0';
	return got;
}

static void shown(char *to, const char *s)
{
	for (; *s; s++)
		to += sprintf(to, *s < 32 || *s > 126 ? "\\%02x" : "%c", (unsigned char)*s);
	*to = '\0';
}

static void same(const char *is, const char *want, const char *what)
{
	static char a[60000], b[60000];

	shown(a, is);
	shown(b, want);
	expect(!strcmp(is, want), "%s: \"%.80s\", want \"%.80s\"", what, a, b);
}

/* @fd gives @want and no more; what takes its time is waited for. */
static void gives(int fd, const char *want, const char *what)
{
	size_t n = 0, len = strlen(want);
	long r;

	for (int tries = 0; tries < 500 && n < len; tries++) {
		r = sys(read, fd, got + n, sizeof(got) - 1 - n);
		if (r > 0)
			n += (size_t)r;
		else
			usleep(4000);
	}
	r = sys(read, fd, got + n, sizeof(got) - 1 - n);
	got[n + (r > 0 ? (size_t)r : 0)] = '\0';
	same(got, want, what);
}

/* Type @s: the terminal shows @echo, and a program reads @input. */
static void line(const char *s, const char *echo, const char *input, const char *what)
{
	type(s);
	gives(master, echo, what);
	gives(slave, input, what);
}

static void mode(tcflag_t i_on, tcflag_t i_off, tcflag_t o_on, tcflag_t o_off, tcflag_t l_on,
		 tcflag_t l_off)
{
	struct termios t = usual;

	t.c_iflag = (t.c_iflag | i_on) & ~i_off;
	t.c_oflag = (t.c_oflag | o_on) & ~o_off;
	t.c_lflag = (t.c_lflag | l_on) & ~l_off;
	ioctl(slave, TCSETS, &t);
}

static void plain(void)
{
	ioctl(slave, TCSETS, &usual);
}

static void pairs(void)
{
	struct stat st;
	int n = -1, on = 1, off = 0, fd;
	char name[32];

	begin("openat, ioctl: /dev/ptmx and /dev/pts");
	mknod("/dev/tty", S_IFCHR | 0666, 5 * 256);
	mknod("/dev/ptmx", S_IFCHR | 0666, 5 * 256 + 2);
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, "mode=620,gid=5");
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	expect(master >= 0, "a master");
	check(ioctl(master, TIOCGPTN, &n), 0, "its number");
	sprintf(name, "/dev/pts/%d", n);
	check(stat(name, &st), 0, "its terminal");
	check(st.st_mode, S_IFCHR | 0620, "mode");
	check(st.st_gid, 5, "group");
	check(st.st_rdev, 136 * 256 + n, "number");
	check(ioctl(master, TIOCGPTLCK, &n), 0, "lock");
	check(n, 1, "locked at first");
	check(libc_result(open(name, O_RDWR | O_NOCTTY)), -EIO, "a locked one");
	check(ioctl(master, TIOCSPTLCK, &off), 0, "unlock");
	slave = open(name, O_RDWR | O_NOCTTY);
	expect(slave >= 0, "open now");
	check(isatty(slave), 1, "a terminal");
	check(isatty(master), 1, "so is the master");
	fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	expect(fd >= 0, "the peer");
	check(fcntl(fd, F_GETFD), FD_CLOEXEC, "close-on-exec");
	fstat(fd, &st);
	check(st.st_rdev, 136 * 256 + atoi(name + 9), "is the same terminal");
	close(fd);
	check(unlink(name), -1, "can't be removed");
	check(ioctl(slave, TIOCGPTN, &n), -1, "a terminal has no such number");
	check(ioctl(slave, TIOCEXCL), 0, "exclusive");
	check(ioctl(slave, TIOCGEXCL, &n) ? -1 : n, 1, "is it");
	check(ioctl(slave, TIOCNXCL), 0, "no more");
	check(ioctl(slave, TIOCSETD, &on), -1, "another line discipline");
	check(ioctl(slave, TIOCGETD, &n) ? -1 : n, 0, "which");
	check(sys(ioctl, slave, TIOCGWINSZ, -8L), -EFAULT, "a kernel address");
	check(sys(ioctl, master, TIOCGPTN, 0), -EFAULT, "NULL");
	check(sys(ioctl, slave, 0x54ff, 0), -ENOTTY, "no such command");
	check(lseek(slave, 0, SEEK_SET), -1, "seek");
	tcgetattr(slave, &usual);
	check(usual.c_iflag, ICRNL | IXON, "iflag");
	check(usual.c_oflag, OPOST | ONLCR, "oflag");
	check(usual.c_cflag, B38400 | CS8 | CREAD, "cflag");
	check(usual.c_lflag, ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	      "lflag");
	close_pair();
	check(stat(name, &st), -1, "gone with its master");
	end();
}

static void lines(void)
{
	begin("read, write, ioctl: a line and its keys");
	type("ab");
	gives(slave, "", "no line yet");
	line("c\r", "abc\r\n", "abc\n", "a line");
	line("one\ntwo\n", "one\r\ntwo\r\n", "one\ntwo\n", "two lines");
	line("ab\177c\r", "ab\b \bc\r\n", "ac\n", "erase");
	line("\177\r", "\r\n", "\n", "nothing to erase");
	line("a\001\177b\r", "a^A\b \b\b \bb\r\n", "ab\n", "a control character is two wide");
	line("a\tb\177\177c\r", "a\tb\b \b\b\b\b\b\b\b\bc\r\n", "ac\n", "a tab as wide as it is");
	line("abc\025d\r", "abc\b \b\b \b\b \bd\r\n", "d\n", "kill");
	line("one two \027x\r", "one two \b \b\b \b\b \b\b \bx\r\n", "one x\n", "word erase");
	line("a-b_c\027\r", "a-b_c\b \b\b \b\b \b\r\n", "a-\n", "what a word is");
	line("ab\022c\r", "ab^R\r\nabc\r\n", "abc\n", "reprint");
	line("a\026\003b\r", "a^\b^Cb\r\n", "a\003b\n", "the next is literal");
	line("a\026\177\177b\r", "a^\b^?\b \b\b \bb\r\n", "ab\n", "a literal erase, erased");
	line("abc\004", "abc", "abc", "end of file behind bytes");
	type("\004");
	all(master);
	settle();
	check(sys(read, slave, got, 10), 0, "end of file");
	check(sys(read, slave, got, 10), -EAGAIN, "once");
	type("hello\rworld\r");
	settle();
	check(sys(read, slave, got, 3), 3, "part of a line");
	check(sys(read, slave, got, 100), 3, "the rest of it");
	check(sys(read, slave, got, 100), 6, "the next");
	all(master);
	mode(0, ICRNL, 0, 0, 0, 0);
	line("a\rb\n", "a^Mb\r\n", "a\rb\n", "no ICRNL");
	mode(INLCR, 0, 0, 0, 0, 0);
	line("a\n\r", "a^M\r\n", "a\r\n", "INLCR");
	mode(IGNCR, 0, 0, 0, 0, 0);
	line("a\r\n", "a\r\n", "a\n", "IGNCR");
	mode(ISTRIP, 0, 0, 0, 0, 0);
	line("\341\r", "a\r\n", "a\n", "ISTRIP");
	mode(IUCLC, 0, 0, 0, 0, 0);
	line("aBC\r", "abc\r\n", "abc\n", "IUCLC");
	mode(IUTF8, 0, 0, 0, 0, 0);
	line("\303\251\177x\r", "\303\251\b \bx\r\n", "x\n", "IUTF8: a character is erased whole");
	plain();
	line("\303\251\177\r", "\303\251\b \b\r\n", "\303\n", "without it, a byte");
	mode(PARMRK, 0, 0, 0, 0, 0);
	line("a\377b\r", "a\377b\r\n", "a\377\377b\n", "PARMRK doubles 0xff");
	plain();
	end();
}

static void echo(void)
{
	begin("ioctl, write, read: echo");
	mode(0, 0, 0, 0, 0, ECHO);
	line("abc\177\r", "", "ab\n", "none");
	mode(0, 0, 0, 0, ECHONL, ECHO);
	line("abc\r", "\r\n", "abc\n", "of newlines only");
	mode(0, 0, 0, 0, 0, ECHOE);
	line("ab\177c\r", "ab^?c\r\n", "ac\n", "no ECHOE");
	mode(0, 0, 0, 0, 0, ECHOE | ECHOCTL);
	line("ab\177c\r", "ab\177c\r\n", "ac\n", "nor ECHOCTL");
	mode(0, 0, 0, 0, 0, ECHOKE);
	line("ab\025c\r", "ab^U\r\nc\r\n", "c\n", "no ECHOKE");
	mode(0, 0, 0, 0, 0, ECHOKE | ECHOK);
	line("ab\025c\r", "ab^Uc\r\n", "c\n", "nor ECHOK");
	mode(0, 0, 0, 0, 0, ECHOCTL);
	line("a\001b\r", "a\001b\r\n", "a\001b\n", "no ECHOCTL");
	mode(0, 0, 0, 0, ECHOPRT, 0);
	line("abc\177\177d\r", "abc\\cb/d\r\n", "ad\n", "ECHOPRT");
	mode(0, 0, 0, 0, 0, IEXTEN);
	line("a b\027\022\026\r", "a b^W^R^V\r\n", "a b\027\022\026\n", "no IEXTEN");
	plain();
	end();
}

static void output(void)
{
	begin("ioctl, write: output");
	sys(write, slave, "a\nb\r\tc", 6);
	gives(master, "a\r\nb\r\tc", "ONLCR");
	mode(0, 0, 0, OPOST, 0, 0);
	sys(write, slave, "a\nb", 3);
	gives(master, "a\nb", "raw");
	mode(0, 0, OCRNL, ONLCR, 0, 0);
	sys(write, slave, "\ra\rb\n", 5);
	gives(master, "\na\nb\n", "OCRNL");
	mode(0, 0, ONOCR, ONLCR, 0, 0);
	sys(write, slave, "\n\r\ra\r", 5);
	all(master);
	sys(write, slave, "\r\rb\r\r", 5);
	gives(master, "b\r", "ONOCR");
	mode(0, 0, ONLRET, ONLCR, 0, 0);
	sys(write, slave, "ab\n", 3);
	gives(master, "ab\n", "ONLRET");
	mode(0, 0, OLCUC, 0, 0, 0);
	sys(write, slave, "aB{\n", 4);
	gives(master, "AB{\r\n", "OLCUC");
	mode(0, 0, XTABS, 0, 0, 0);
	sys(write, slave, "\r\tb\tc\n", 6);
	gives(master, "\r        b       c\r\n", "tabs as spaces");
	plain();
	end();
}

/* Canonical mode, on one terminal: each begins and ends with its usual settings. */
static void canonical(void)
{
	open_pair();
	lines();
	echo();
	output();
	close_pair();
}

static long timed_read(int vmin, int vtime, size_t n, long *ms)
{
	struct termios t = usual;
	struct timespec a, b; /* a machine that is slow makes it longer */
	long r;

	t.c_lflag &= ~(ICANON | ECHO);
	t.c_cc[VMIN] = (cc_t)vmin;
	t.c_cc[VTIME] = (cc_t)vtime;
	ioctl(slave, TCSETS, &t);
	clock_gettime(CLOCK_MONOTONIC, &a);
	r = sys(read, slave, got, n);
	clock_gettime(CLOCK_MONOTONIC, &b);
	*ms = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
	return r;
}

static volatile bool has_read;

/*
 * Byte by byte, but what begins with '<' at once.  A '.' waits until the other has read, or for 3
 * s.
 */
static void *types_slowly(void *arg)
{
	const char *s = arg;

	usleep(30000);
	if (*s == '<') {
		type(s + 1);
		return NULL;
	}
	for (; *s; s++) {
		for (int i = 0; *s == '.' && i < 300 && !has_read; i++)
			usleep(10000);
		if (*s != '.')
			sys(write, master, s, 1);
		usleep(30000);
	}
	return NULL;
}

static long slow_read(const char *s, int vmin, int vtime, size_t n)
{
	pthread_t t;
	long r, ms;

	has_read = false;
	pthread_create(&t, NULL, types_slowly, (void *)s);
	r = timed_read(vmin, vtime, n, &ms);
	has_read = true;
	pthread_join(t, NULL);
	return r;
}

static void raw(void)
{
	struct pollfd p;
	long ms;
	int n;

	begin("read, ppoll, ioctl: VMIN and VTIME");
	open_pair();
	fcntl(slave, F_SETFL, O_RDWR);
	check(timed_read(0, 0, 10, &ms), 0, "0, 0: nothing, at once");
	type("abc");
	settle();
	check(timed_read(0, 0, 10, &ms), 3, "what is there");
	check(timed_read(0, 1, 10, &ms), 0, "0, 1: a tenth of a second");
	expect(ms >= 90, "it was %ld ms", ms);
	check(slow_read("a.b", 0, 50, 10), 1, "0, 50: the first byte ends it");
	tcflush(slave, TCIFLUSH);
	check(slow_read("abc", 3, 0, 10), 3, "3, 0: three bytes");
	check(slow_read("abc", 3, 0, 2), 2, "but no more than asked for");
	tcflush(slave, TCIFLUSH);
	check(slow_read("<ab", 5, 2, 10), 2, "5, 2: a pause ends it");
	check(slow_read("abcde", 5, 50, 10), 5, "5, 50: five bytes");
	p = (struct pollfd){ .fd = slave, .events = POLLIN | POLLOUT };
	timed_read(0, 0, 1, &ms);
	check(poll(&p, 1, 0) == 1 ? p.revents : -1, POLLOUT, "not readable");
	type("a");
	settle();
	check(poll(&p, 1, 0) == 1 ? p.revents : -1, POLLOUT | POLLIN, "readable");
	check(ioctl(slave, FIONREAD, &n) ? -1 : n, 1, "FIONREAD");
	fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
	check(timed_read(3, 0, 10, &ms), 1, "nonblocking: what is there");
	type("a");
	settle();
	check(poll(&p, 1, 0) == 1 ? p.revents : -1, POLLOUT, "fewer than VMIN: not readable");
	check(timed_read(3, 0, 10, &ms), 1, "it is read nevertheless");
	check(timed_read(3, 0, 10, &ms), -EAGAIN, "no more");
	mode(0, ICRNL, 0, 0, 0, ICANON | ECHO | ISIG);
	type("x\003\004\021\023y\r\021");
	settle();
	gives(slave, "x\003\004y\r", "keys are bytes, but ^S and ^Q were taken");
	end();

	begin("ioctl: input that waits when the mode changes, flushing");
	mode(0, 0, 0, 0, 0, ICANON | ECHO);
	type("abc");
	settle();
	plain();
	check(ioctl(slave, FIONREAD, &n) ? -1 : n, 3, "raw bytes are a line");
	gives(slave, "abc", "and are read");
	type("de");
	settle();
	check(ioctl(slave, FIONREAD, &n) ? -1 : n, 0, "an unfinished line");
	mode(0, 0, 0, 0, 0, ICANON);
	gives(slave, "de", "is bytes in raw mode");
	type("fg");
	settle();
	check(tcflush(slave, TCIFLUSH), 0, "flush");
	gives(slave, "", "drops it");
	type("hi");
	settle();
	ioctl(slave, TCSETSF, &usual);
	gives(slave, "", "so does TCSETSF");
	check(ioctl(slave, TCFLSH, 3), -1, "flush what?");
	check(ioctl(slave, TCXONC, 4), -1, "flow how?");
	check(tcdrain(slave), 0, "drain");
	check(tcsendbreak(slave, 0), 0, "break");
	check(ioctl(slave, TIOCOUTQ, &n) ? -1 : n, 0, "nothing is on its way");
	all(master);
	check(ioctl(slave, TIOCSTI, "z"), 0, "typed by a program");
	line("\r", "hiz\r\n" + 2, "z\n", "is input");
	close_pair();
	end();
}

static void flow(void)
{
	struct pollfd p;
	int n = 0;

	begin("write, ioctl, ppoll: flow control");
	open_pair();
	type("\023");
	settle();
	p = (struct pollfd){ .fd = slave, .events = POLLOUT };
	check(poll(&p, 1, 0), 0, "stopped: not writable");
	check(sys(write, slave, "a", 1), -EAGAIN, "nor written");
	type("\021");
	settle();
	check(poll(&p, 1, 0), 1, "started");
	check(sys(write, slave, "a", 1), 1, "written");
	gives(master, "a", "and read");
	check(tcflow(slave, TCOOFF), 0, "stopped by a program");
	check(sys(write, slave, "a", 1), -EAGAIN, "not written");
	check(tcflow(slave, TCOON), 0, "started");
	check(tcflow(slave, TCIOFF), 0, "ask the other side to stop");
	check(tcflow(slave, TCION), 0, "and start");
	gives(master, "\023\021", "by ^S and ^Q");
	mode(IXANY, 0, 0, 0, 0, 0);
	type("\023");
	settle();
	check(sys(write, slave, "a", 1), -EAGAIN, "stopped");
	type("x");
	settle();
	check(sys(write, slave, "a", 1), 1, "any key starts it");
	all(master);
	mode(0, 0, 0, OPOST, 0, ECHO);
	while (n < 1000000 && sys(write, slave, "0123456789abcdef", 16) > 0)
		n += 16;
	expect(n >= 4096 && n < 1000000, "a master that does not read holds back: %d", n);
	check(poll(&p, 1, 0), 0, "not writable");
	expect(strlen(all(master)) >= 4096, "and has all");
	while (*all(master))
		;
	check(poll(&p, 1, 0), 1, "writable again");
	mode(0, 0, 0, 0, 0, ICANON | ECHO);
	for (n = 0; n < 1000000 && sys(write, master, "0123456789abcdef", 16) > 0;)
		n += 16;
	expect(n >= 4000 && n < 1000000, "a program that does not read holds back: %d", n);
	same(all(slave) + 16, got + 16, "and has all");
	close_pair();
	end();
}

/* ---- packets ---- */

static long packet(char *buf)
{
	settle();
	return sys(read, master, buf, 100);
}

static void packets(void)
{
	int on = 1, n;
	char buf[100];
	struct pollfd p;
	struct termios t;

	begin("ioctl, read, ppoll: packet mode");
	open_pair();
	p = (struct pollfd){ .fd = master, .events = POLLIN | POLLPRI };
	check(ioctl(master, TIOCPKT, &on), 0, "on");
	check(ioctl(master, TIOCGPKT, &n) ? -1 : n, 1, "is it");
	check(packet(buf), -EAGAIN, "nothing");
	sys(write, slave, "abc", 3);
	check(packet(buf), 4, "data");
	expect(!memcmp(buf, "\0abc", 4), "behind a zero");
	tcflush(slave, TCIFLUSH);
	settle();
	check(poll(&p, 1, 0) == 1 ? p.revents : -1, POLLIN | POLLPRI, "news");
	check(packet(buf), 1, "flushed");
	check(buf[0], TIOCPKT_FLUSHREAD, "the input");
	tcflow(slave, TCOOFF);
	check(packet(buf) == 1 ? buf[0] : -1, TIOCPKT_STOP, "stopped");
	tcflow(slave, TCOON);
	check(packet(buf) == 1 ? buf[0] : -1, TIOCPKT_START, "started");
	t = usual;
	t.c_iflag &= ~IXON;
	ioctl(slave, TCSETS, &t);
	check(packet(buf) == 1 ? buf[0] : -1, TIOCPKT_NOSTOP, "^S is no key");
	ioctl(slave, TCSETS, &usual);
	check(packet(buf) == 1 ? buf[0] : -1, TIOCPKT_DOSTOP, "and is again");
	n = 0;
	check(ioctl(master, TIOCPKT, &n), 0, "off");
	sys(write, slave, "abc", 3);
	check(packet(buf), 3, "plain data");
	close_pair();
	end();
}

/* ---- hang-up ---- */

static int seen_signal[65];

static void on_signal(int signo)
{
	seen_signal[signo]++;
}

static void catch (int signo)
{
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(signo, &act, NULL);
}

static void *closes_later(void *fd)
{
	usleep(30000);
	close((int)(long)fd);
	return NULL;
}

static void hangups(void)
{
	struct pollfd p;
	struct termios t;
	pthread_t th;
	char name[64];

	begin("close, read, write, ppoll, ioctl: either end hangs up");
	open_pair();
	name_pair(name);
	p = (struct pollfd){ .fd = master, .events = POLLIN };
	check(poll(&p, 1, 0), 0, "nothing");
	sys(write, slave, "bye", 3);
	close(slave);
	settle();
	check(poll(&p, 1, 0) == 1 ? p.revents : -1, POLLIN | POLLHUP, "hung up, with bytes");
	check(sys(read, master, got, 100), 3, "the bytes");
	check(sys(read, master, got, 100), -EIO, "then EIO");
	check(poll(&p, 1, 0) == 1 ? p.revents : -1, POLLHUP, "hung up");
	check(sys(write, master, "typed\r", 6), 6, "typing goes on");
	slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
	settle();
	check(poll(&p, 1, 0) == 1 ? p.revents : 0, POLLIN, "open again: the echo");
	all(master);
	check(poll(&p, 1, 0), 0, "no hang-up");
	gives(slave, "typed\n", "and what was typed");
	fcntl(master, F_SETFL, O_RDWR);
	pthread_create(&th, NULL, closes_later, (void *)(long)slave);
	check(sys(read, master, got, 100), -EIO, "a reader of the master wakes up");
	pthread_join(th, NULL);
	close(master);

	open_pair();
	close(master);
	p = (struct pollfd){ .fd = slave, .events = POLLIN | POLLOUT };
	check(poll(&p, 1, 0) == 1 ? p.revents : -1, POLLIN | POLLOUT | POLLERR | POLLHUP, "dead");
	check(sys(read, slave, got, 100), 0, "end of file");
	check(sys(write, slave, "a", 1), -EIO, "write");
	check(sys(ioctl, slave, TCGETS, &t), -EIO, "ioctl");
	close(slave);
	open_pair();
	fcntl(slave, F_SETFL, O_RDWR);
	pthread_create(&th, NULL, closes_later, (void *)(long)master);
	check(sys(read, slave, got, 100), -EIO, "a reader of the terminal wakes up");
	pthread_join(th, NULL);
	close(slave);
	open_pair();
	mode(0, 0, 0, OPOST, 0, 0);
	while (sys(write, slave, "0123456789abcdef", 16) > 0)
		;
	fcntl(slave, F_SETFL, O_RDWR);
	pthread_create(&th, NULL, closes_later, (void *)(long)master);
	check(sys(write, slave, "a", 1), -EIO, "and a writer");
	pthread_join(th, NULL);
	close(slave);
	end();
}

/* ---- sessions ---- */

static int to_parent[2];

/* Waits until @fd says @c; a child's checks come as text on the console. */
static void hear(int fd, char c)
{
	char heard = 0;

	while (read(fd, &heard, 1) < 0 && errno == EINTR)
		;
	if (heard != c)
		expect(false, "heard %d instead of %c", heard, c);
}

static void say(int fd, char c)
{
	if (write(fd, &c, 1) != 1)
		expect(false, "can't say %c", c);
}

static int wait_child(int pid)
{
	int status;

	while (waitpid(pid, &status, WUNTRACED) < 0 && errno == EINTR)
		;
	return status;
}

/* The pair becomes the terminal of a new session, that of the caller; its descriptor. */
static int take_terminal(void)
{
	char name[64];
	int fd, n;

	open_pair();
	name_pair(name);
	setsid();
	check(libc_result(open("/dev/tty", O_RDWR)), -ENXIO, "no controlling terminal");
	fd = open(name, O_RDWR | O_NOCTTY);
	check(libc_result(open("/dev/tty", O_RDWR)), -ENXIO, "O_NOCTTY");
	check(libc_result(tcgetpgrp(fd)), -ENOTTY, "no job in front of another's");
	check(ioctl(fd, TIOCSCTTY, 0), 0, "now it is ours");
	check(ioctl(fd, TIOCSCTTY, 0), 0, "said twice");
	check(tcgetpgrp(fd), getpid(), "we are in front");
	check(tcgetsid(fd), getpid(), "our session");
	check(ioctl(master, TIOCGPGRP, &n) ? -1 : n, getpid(), "the master sees it");
	check(tcsetpgrp(master, getpid()), 0, "and we, whose terminal it is, can change it");
	check(libc_result(tcsetpgrp(fd, 99999)), -ESRCH, "no such job");
	check(libc_result(tcsetpgrp(fd, getppid())), -EPERM, "another session's job");
	n = open("/dev/tty", O_RDWR);
	expect(n >= 0, "/dev/tty");
	close(n);
	return fd;
}

/* What its keys and its size tell the job in front: the caller. */
static void signals_of_terminal(void)
{
	struct winsize w = { 24, 80, 0, 0 };
	int n;

	for (n = 1; n < 32; n++)
		if (n != SIGKILL && n != SIGSTOP && n != SIGALRM)
			catch (n);
	type("\003");
	settle();
	check(seen_signal[SIGINT], 1, "^C");
	type("\034");
	settle();
	check(seen_signal[SIGQUIT], 1, "^\\");
	type("\032");
	settle();
	check(seen_signal[SIGTSTP], 1, "^Z");
	gives(master, "^C^\\^Z", "they are shown");
	type("ab\003");
	settle();
	gives(slave, "", "and drop the line");
	all(master);
	mode(0, 0, 0, 0, NOFLSH, 0);
	type("ab\003\r");
	gives(slave, "ab\n", "not with NOFLSH");
	mode(0, 0, 0, 0, 0, ISIG);
	n = seen_signal[SIGINT];
	type("\003\r");
	gives(slave, "\003\n", "a byte without ISIG");
	check(seen_signal[SIGINT], n, "and no signal");
	plain();
	all(master);
	check(ioctl(master, TIOCSWINSZ, &w), 0, "another size");
	check(seen_signal[SIGWINCH], 1, "SIGWINCH");
	check(ioctl(slave, TIOCSWINSZ, &w), 0, "the same size");
	check(seen_signal[SIGWINCH], 1, "no signal");
	memset(&w, 0, sizeof(w));
	check(ioctl(slave, TIOCGWINSZ, &w) ? -1 : w.ws_row * 1000 + w.ws_col, 24080, "size");
	n = seen_signal[SIGINT];
	check(ioctl(master, TIOCSIG, SIGINT), 0, "TIOCSIG");
	check(seen_signal[SIGINT], n + 1, "SIGINT");
	check(ioctl(master, TIOCSIG, SIGKILL), -1, "but not any signal");
}

static void background_job(void)
{
	sigset_t set;

	setpgid(0, 0);
	signal(SIGCONT, SIG_DFL);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_DFL);
	check(sys(read, slave, got, 1), -EIO, "reads nothing, with SIGTTIN ignored");
	check(sys(write, slave, "bg", 2), 2, "may write");
	signal(SIGTTOU, SIG_IGN);
	mode(0, 0, 0, 0, TOSTOP, 0);
	check(sys(write, slave, "bg", 2), 2, "with TOSTOP too, with SIGTTOU ignored");
	signal(SIGTTOU, SIG_DFL);
	signal(SIGTTIN, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGTTIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	check(sys(read, slave, got, 1), -EIO, "nor with SIGTTIN blocked");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	say(to_parent[1], 'r');
	check(sys(read, slave, got, 2), 2, "stops, and reads once it is in front");
	say(to_parent[1], 'g');
	while (tcgetpgrp(slave) == getpid())
		settle();
	check(sys(write, slave, "bg", 2), 2, "stops, and writes once it is in front");
}

/* Who leads the session puts another job in front, and comes back. */
static void change_jobs(int fd)
{
	int n;

	n = fork();
	if (!n) {
		tap_forget();
		background_job();
		_exit(tap_failures() != 0);
	}
	hear(to_parent[0], 'r');
	check(wait_child(n), SIGTTIN * 256 + 0x7f, "SIGTTIN");
	tcsetpgrp(fd, n);
	type("x\r");
	kill(n, SIGCONT);
	hear(to_parent[0], 'g');
	check(libc_result(tcsetpgrp(fd, getpid())), -ENOTTY,
	      "we are in the background, and nobody is to continue us");
	signal(SIGTTOU, SIG_IGN);
	check(tcsetpgrp(fd, getpid()), 0, "but who ignores SIGTTOU may");
	check(wait_child(n), SIGTTOU * 256 + 0x7f, "SIGTTOU");
	tcsetpgrp(fd, n);
	kill(n, SIGCONT);
	check(wait_child(n), 0, "its checks");
	tcsetpgrp(fd, getpid());
	plain();
}

static void leader(void)
{
	int fd = take_terminal();

	signals_of_terminal();
	change_jobs(fd);
	close(fd);
	seen_signal[SIGHUP] = seen_signal[SIGCONT] = 0;
	close(master);
	settle();
	check(seen_signal[SIGHUP], 1, "SIGHUP");
	check(seen_signal[SIGCONT], 1, "SIGCONT");
	check(libc_result(open("/dev/tty", O_RDWR)), -ENXIO, "no controlling terminal any more");
	check(sys(read, slave, got, 1), 0, "end of file");
}

static volatile int thread_there;

static int end_thread(void *arg)
{
	sys(exit, 0);
	return arg != NULL;
}

/* A thread that a signal keeps from being made, the leader's first: its terminal stays. */
static void unborn_threads(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;
	struct itimerval once = { { 0, 0 }, { 0, 0 } };
	int fd = take_terminal();

	catch (SIGHUP);
	catch (SIGALRM);
	for (int i = 0; i < 500; i++) {
		/* One signal for each, or clone might never get through. */
		once.it_value.tv_usec = 1 + i % 100 * 2;
		setitimer(ITIMER_REAL, &once, NULL);
		thread_there = 1;
		if (clone(end_thread, stack + sizeof(stack), flags, NULL, NULL, NULL,
			  (void *)&thread_there) < 0)
			break;
		while (thread_there)
			sched_yield();
	}
	check(thread_there, 0, "all threads were made");
	check(seen_signal[SIGHUP], 0, "SIGHUP");
	check(tcgetsid(fd), getpid(), "still our terminal");
}

/* A leader that ends: the job in front is hung up. */
static void dying_leader(void)
{
	int pid, status;

	catch (SIGHUP);
	if (pipe(to_parent))
		return;
	pid = fork();
	if (!pid) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		pid = fork();
		if (!pid) {
			setpgid(0, 0);
			say(to_parent[1], 'c');
			for (int i = 0; i < 500 && !seen_signal[SIGHUP]; i++)
				usleep(10000);
			say(to_parent[1], seen_signal[SIGHUP] ? 'h' : 'n');
			_exit(0);
		}
		hear(to_parent[0], 'c');
		tcsetpgrp(slave, pid);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	check(status, 0, "the leader");
	hear(to_parent[0], 'h');
	check(ioctl(slave, TIOCGSID, &pid), -1, "the terminal is free");
	setsid();
	check(ioctl(slave, TIOCSCTTY, 0), 0, "for another session");
	check(ioctl(slave, TIOCNOTTY), 0, "which gives it up");
	check(libc_result(ioctl(slave, TIOCNOTTY)), -ENOTTY, "once");
}

/*
 * A job in the background may do with the file @console what it may not do with @tty, the same
 * terminal.
 */
static void background(int console, int tty)
{
	setpgid(0, 0);
	signal(SIGTTIN, SIG_IGN);
	check(sys(read, console, got, 1), -EAGAIN, "read the console");
	check(sys(read, tty, got, 1), -EIO, "read the terminal");
	catch (SIGTTOU);
	fcntl(console, F_SETFL, 0);
	check(sys(write, console, "#\n", 2), 2, "write to the console");
	check(seen_signal[SIGTTOU], 0, "no SIGTTOU");
	check(sys(write, tty, "#\n", 2), -EINTR, "write to the terminal");
	check(seen_signal[SIGTTOU], 1, "SIGTTOU");
	_exit(tap_failures() != 0);
}

static void on_console(void)
{
	int console = open("/dev/console", O_RDWR | O_NONBLOCK | O_NOCTTY), tty, pid;
	struct termios old, stops;

	setsid();
	check(ioctl(console, TIOCSCTTY, 1), 0, "the console is our terminal");
	tty = open("/dev/tty", O_RDWR | O_NONBLOCK);
	tcgetattr(tty, &old);
	stops = old;
	stops.c_lflag |= TOSTOP;
	ioctl(tty, TCSETS, &stops);
	pid = fork();
	if (!pid)
		background(console, tty);
	check(wait_child(pid), 0, "the job");
	ioctl(tty, TCSETS, &old);
	signal(SIGHUP, SIG_IGN);
	check(ioctl(tty, TIOCNOTTY), 0, "nobody's");
}

static void sessions(void)
{
	begin("setsid, ioctl, read, write, kill: the controlling terminal and its jobs");
	if (!pipe(to_parent))
		check_child(leader, 0, "a session");
	close(to_parent[0]);
	close(to_parent[1]);
	open_pair();
	check_child(dying_leader, 0, "a leader that ends");
	close_pair();
	check_child(unborn_threads, 0, "threads that begin late");
	end();
	begin("read, write, ioctl: /dev/console knows no jobs");
	check_child(on_console, 0, "a session");
	end();
}

/* ---- many, and against one another ---- */

static volatile bool stop;

static void *writes(void *fd)
{
	while (!stop)
		sys(write, (int)(long)fd, "some text\r", 10);
	return NULL;
}

static void *reads(void *fd)
{
	char buf[64];

	while (!stop)
		sys(read, (int)(long)fd, buf, sizeof(buf));
	return NULL;
}

static void *opens(void *arg)
{
	int zero = 0;

	while (!stop) {
		int m = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK), s;

		if (m < 0)
			continue;
		ioctl(m, TIOCSPTLCK, &zero);
		s = ioctl(m, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK);
		sys(write, m, "abc\r", 4);
		sys(write, s, "abc\r", 4);
		if (arg)
			close(m);
		close(s);
		if (!arg)
			close(m);
	}
	return NULL;
}

static void *changes(void *arg)
{
	struct winsize w = { 0, 0, 0, 0 };
	int on = 0;

	(void)arg;
	while (!stop) {
		mode(0, 0, 0, 0, 0, on & 1 ? ICANON | ECHO : 0);
		w.ws_row++;
		ioctl(master, TIOCSWINSZ, &w);
		on ^= 1;
		ioctl(master, TIOCPKT, &on);
		tcflush(slave, TCIOFLUSH);
	}
	return NULL;
}

static void races(void)
{
	void *(*const fns[])(void *) = { writes, writes, reads, reads, opens, opens, changes };
	pthread_t t[7];

	begin("openat, close, read, write, ioctl: against one another");
	open_pair();
	stop = false;
	for (long i = 0; i < 7; i++)
		pthread_create(&t[i], NULL, fns[i],
			       (void *)(i < 4 ? i & 1 ? (long)master : (long)slave : i & 1));
	usleep(300000);
	stop = true;
	for (int i = 0; i < 7; i++)
		pthread_join(t[i], NULL);
	close_pair();
	for (int round = 0; round < 30; round++) {
		open_pair();
		stop = false;
		pthread_create(&t[0], NULL, writes, (void *)(long)slave);
		pthread_create(&t[1], NULL, reads, (void *)(long)slave);
		usleep(500);
		close(master);
		usleep(500);
		stop = true;
		pthread_join(t[0], NULL);
		pthread_join(t[1], NULL);
		close(slave);
	}
	expect(true, "alive");
	end();
}

static void many(void)
{
	struct rlimit lim = { 20, 20 };
	int n = 0, fd;

	setrlimit(RLIMIT_NOFILE, &lim);
	while ((fd = (int)sys(openat, AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY)) >= 0)
		n++;
	check(fd, -EMFILE, "after %d", n);
}

int main(void)
{
	pairs();
	canonical();
	raw();
	flow();
	packets();
	hangups();
	sessions();
	races();
	begin("openat: no descriptor left");
	check_child(many, 0, "in a child");
	end();
	return tap_done();
}
