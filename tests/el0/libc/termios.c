/*
 * termios.c - a terminal's settings in each of their forms, and which requests a terminal, a master
 * and the console know.
 */
#define _GNU_SOURCE
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/el0/libc/calls.h"

/* <sys/ioctl.h> and <asm/termbits.h> will not stand beside each other. */
#define ask(fd, cmd, arg) sys(ioctl, fd, cmd, arg)

/* Of <asm/ioctls.h>, but spelled with names that musl's own headers lack. */
#define GETS2		  0x802c542a
#define SETS2		  0x402c542b
#define SETSW2		  0x402c542c
#define SETSF2		  0x402c542d
#define PTPEER		  0x5441
#define GEXCL		  0x80045440
#define SPTLCK		  0x40045431
#define GPTLCK		  0x80045439
#define GPTN		  0x80045430
#define GDEV		  0x80045432
#define GPKT		  0x80045438
#define OTHER		  0x1000u /* BOTHER */
#define IN(b)		  ((uint32_t)(b) << 16)

struct termio_v {
	uint16_t iflag, oflag, cflag, lflag;
	uint8_t line, cc[8];
};

static int master, slave;

static void open_pair(void)
{
	int unlocked = 0;

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	ask(master, SPTLCK, &unlocked);
	slave = (int)ask(master, PTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK);
	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
}

static void close_pair(void)
{
	close(slave);
	close(master);
}

/* Sets @cflag and speeds by termios2 on @fd and says what comes of it. */
static void speeds2(int fd, uint32_t cflag, uint32_t in, uint32_t out, uint32_t got_in,
		    uint32_t got_out)
{
	struct termios2 t, was;

	check(ask(fd, GETS2, &was), 0, "TCGETS2");
	t = was;
	t.c_cflag = cflag;
	t.c_ispeed = in;
	t.c_ospeed = out;
	check(ask(fd, SETS2, &t), 0, "TCSETS2");
	memset(&t, 0x55, sizeof(t));
	check(ask(fd, GETS2, &t), 0, "TCGETS2");
	expect(t.c_cflag == cflag && t.c_ispeed == got_in && t.c_ospeed == got_out,
	       "cflag %x, speeds %u %u: %x, %u %u", cflag, in, out, t.c_cflag, t.c_ispeed,
	       t.c_ospeed);
	check(ask(fd, SETS2, &was), 0, "back");
}

/* Sets @cflag by struct termios; the speed that termios2 then has. */
static void speed1(int fd, uint32_t cflag, uint32_t speed)
{
	struct termios t;
	struct termios2 t2;

	check(ask(fd, TCGETS, &t), 0, "TCGETS");
	t.c_cflag = cflag;
	check(ask(fd, TCSETS, &t), 0, "TCSETS");
	check(ask(fd, GETS2, &t2), 0, "TCGETS2");
	expect(t2.c_cflag == cflag && t2.c_ispeed == speed && t2.c_ospeed == speed,
	       "cflag %x: %x, speeds %u %u, not %u", cflag, t2.c_cflag, t2.c_ispeed, t2.c_ospeed,
	       speed);
}

static void speeds(int fd)
{
	static const struct {
		uint32_t code, speed;
	} all[] = { { B0, 0 },		 { B50, 50 },	       { B75, 75 },
		    { B110, 110 },	 { B134, 134 },	       { B150, 150 },
		    { B200, 200 },	 { B300, 300 },	       { B600, 600 },
		    { B1200, 1200 },	 { B1800, 1800 },      { B2400, 2400 },
		    { B4800, 4800 },	 { B9600, 9600 },      { B19200, 19200 },
		    { B38400, 38400 },	 { B57600, 57600 },    { B115200, 115200 },
		    { B230400, 230400 }, { B460800, 460800 },  { B500000, 500000 },
		    { B921600, 921600 }, { B1000000, 1000000 } };

	begin("ioctl: struct termios2 and its speeds");
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		speed1(fd, CS8 | CREAD | CLOCAL | all[i].code, all[i].speed);
	speed1(fd, CS8 | CREAD | CLOCAL | OTHER, 1000000); /* as it was, as a number */
	speeds2(fd, CS8 | CREAD | OTHER, 12345, 12345, 12345, 12345);
	speeds2(fd, CS8 | CREAD | OTHER, 300, 9600, 9600,
		9600); /* no speed of its own for what comes in */
	speeds2(fd, CS8 | CREAD | OTHER | IN(OTHER), 300, 9600, 300, 9600);
	speeds2(fd, CS8 | CREAD | B9600 | IN(OTHER), 300, 77, 300, 9600);
	speeds2(fd, CS8 | CREAD | B9600 | IN(B2400), 77, 88, 2400, 9600);
	speeds2(fd, CS8 | CREAD | B9600, 77, 88, 9600, 9600); /* the code has the word */
	speeds2(fd, CS8 | CREAD | OTHER, 0, 0, 0, 0);
	speed1(fd, CS8 | CREAD | B38400, 38400);
	end();
}

/* All that a form says is there when another is asked. */
static void forms(int fd)
{
	struct termios old, t;
	struct termios2 t2;
	struct termio_v v;

	begin("ioctl: the same settings in three forms");
	check(ask(fd, TCGETS, &old), 0, "TCGETS");
	memset(&v, 0x55, sizeof(v));
	check(ask(fd, 0x5405, &v), 0, "TCGETA");
	expect(v.iflag == (uint16_t)old.c_iflag && v.oflag == (uint16_t)old.c_oflag &&
		       v.cflag == (uint16_t)old.c_cflag && v.lflag == (uint16_t)old.c_lflag &&
		       !v.line && !memcmp(v.cc, old.c_cc, 8),
	       "struct termio");
	t = old;
	t.c_lflag |= EXTPROC; /* a bit that struct termio has no room for */
	t.c_cc[VWERASE] = 5;
	check(ask(fd, TCSETS, &t), 0, "TCSETS");
	v.lflag = (uint16_t)(ICANON | ISIG);
	v.cc[VINTR] = 4;
	check(ask(fd, 0x5406, &v), 0, "TCSETA");
	check(ask(fd, TCGETS, &t), 0, "TCGETS");
	check(t.c_lflag, ICANON | ISIG | EXTPROC, "the low half is new, the high one as it was");
	check(t.c_cc[VINTR], 4, "a character");
	check(t.c_cc[VWERASE], 5, "one that struct termio has not");
	check(ask(fd, 0x5407, &v), 0, "TCSETAW");
	check(ask(fd, 0x5408, &v), 0, "TCSETAF");
	check(ask(fd, GETS2, &t2), 0, "TCGETS2");
	expect(!memcmp(&t, &t2, sizeof(t)), "termios2 begins with termios");
	check(ask(fd, SETSW2, &t2), 0, "TCSETSW2");
	t2.c_lflag = old.c_lflag;
	check(ask(fd, SETSF2, &t2), 0, "TCSETSF2");
	check(ask(fd, TCGETS, &t), 0, "TCGETS");
	check(t.c_lflag, old.c_lflag, "TCSETSF2 has set");
	check(ask(fd, TCSETS, &old), 0, "back");
	end();
}

static void frame(void)
{
	struct termios t;

	begin("ioctl: a pseudo-terminal has eight bits and no parity");
	check(ask(slave, TCGETS, &t), 0, "TCGETS");
	t.c_cflag = B9600 | CS7 | PARENB | PARODD | HUPCL;
	check(ask(slave, TCSETS, &t), 0, "TCSETS");
	check(ask(slave, TCGETS, &t), 0, "TCGETS");
	check(t.c_cflag, B9600 | CS8 | CREAD | PARODD | HUPCL, "c_cflag");
	end();
}

static long user_locks(void)
{
	struct termios none = { 0 };
	long err;

	if (sys(setuid, 1000))
		return 99;
	err = ask(slave, TIOCSLCKTRMIOS, &none);
	return err ? err : ask(slave, 0x5437, 0); /* TIOCVHANGUP */
}

static void locked(void)
{
	struct termios old, t,
		lock = { .c_lflag = ECHO, .c_iflag = ICRNL, .c_cc = { [VINTR] = 1 } }, is;
	pid_t pid;
	int status = -1;

	begin("ioctl: settings that are locked");
	check(ask(slave, TIOCGLCKTRMIOS, &is), 0, "TIOCGLCKTRMIOS");
	check(is.c_lflag | is.c_iflag | is.c_cc[VINTR], 0, "nothing is at first");
	check(ask(slave, TCGETS, &old), 0, "TCGETS");
	check(ask(slave, TIOCSLCKTRMIOS, &lock), 0, "TIOCSLCKTRMIOS");
	check(ask(master, TIOCGLCKTRMIOS, &is), 0, "TIOCGLCKTRMIOS of the master");
	expect(!memcmp(&is, &lock, sizeof(is)), "what was locked");
	t = old;
	t.c_lflag ^= ECHO | ECHOE;
	t.c_iflag ^= ICRNL | IXON;
	t.c_cc[VINTR] = t.c_cc[VQUIT] = 9;
	check(ask(slave, TCSETS, &t), 0, "TCSETS");
	check(ask(slave, TCGETS, &is), 0, "TCGETS");
	check(is.c_lflag, old.c_lflag ^ ECHOE, "c_lflag");
	check(is.c_iflag, old.c_iflag ^ IXON, "c_iflag");
	check(is.c_cc[VINTR], old.c_cc[VINTR], "locked character");
	check(is.c_cc[VQUIT], 9, "another character");
	pid = fork();
	if (!pid)
		_exit(user_locks() == -EPERM ? 0 : 1);
	waitpid(pid, &status, 0);
	check(status, 0, "a user may not");
	memset(&lock, 0, sizeof(lock));
	check(ask(slave, TIOCSLCKTRMIOS, &lock), 0, "unlocked");
	check(ask(slave, TCSETS, &old), 0, "back");
	end();
}

static void carrier(int fd)
{
	struct termios t;
	int on = 1;

	begin("ioctl: TIOCGSOFTCAR, TIOCSSOFTCAR");
	check(ask(fd, TIOCSSOFTCAR, &on), 0, "TIOCSSOFTCAR");
	check(ask(fd, TCGETS, &t), 0, "TCGETS");
	check(t.c_cflag & CLOCAL, CLOCAL, "CLOCAL");
	on = 9;
	check(ask(fd, TIOCGSOFTCAR, &on), 0, "TIOCGSOFTCAR");
	check(on, 1, "on");
	on = 0;
	check(ask(fd, TIOCSSOFTCAR, &on), 0, "TIOCSSOFTCAR");
	check(ask(fd, TIOCGSOFTCAR, &on), 0, "TIOCGSOFTCAR");
	check(on, 0, "off");
	end();
}

/*
 * Whose a request is: of_slave and of_master are what each answers to it with a good argument,
 * and with a bad one bad, if it takes one.
 */
static void owners(void)
{
	static const struct {
		const char *name;
		uint32_t cmd;
		int of_slave, of_master, bad;
	} requests[] = {
		{ "TIOCGPTN", GPTN, -ENOTTY, 0, -EFAULT },
		{ "TIOCGPTLCK", GPTLCK, -ENOTTY, 0, -EFAULT },
		{ "TIOCSPTLCK", SPTLCK, -ENOTTY, 0, -EFAULT },
		{ "TIOCPKT", TIOCPKT, -ENOTTY, 0, -EFAULT },
		{ "TIOCGPKT", GPKT, -ENOTTY, 0, -EFAULT },
		{ "TIOCGEXCL", GEXCL, 0, 0, -EFAULT },
		{ "TIOCGPGRP", TIOCGPGRP, -ENOTTY, 0, -EFAULT },
		{ "TIOCGSID", TIOCGSID, -ENOTTY, -ENOTTY, -ENOTTY },
		{ "TIOCGDEV", GDEV, 0, 0, -EFAULT },
		{ "TIOCGETD", TIOCGETD, 0, 0, -EFAULT },
		{ "TIOCOUTQ", TIOCOUTQ, 0, 0, -EFAULT },
		{ "FIONREAD", FIONREAD, 0, 0, -EFAULT },
		{ "TCGETS2", GETS2, 0, 0, -EFAULT },
		{ "TCGETA", 0x5405, 0, 0, -EFAULT },
		{ "TIOCGLCKTRMIOS", TIOCGLCKTRMIOS, 0, 0, -EFAULT },
		{ "TIOCGSOFTCAR", TIOCGSOFTCAR, 0, 0, -EFAULT },
		{ "TCGETX", 0x5432, -ENOTTY, -ENOTTY, -ENOTTY },
		{ "TIOCMGET", TIOCMGET, -ENOTTY, -ENOTTY, -ENOTTY },
		{ "TIOCGSERIAL", TIOCGSERIAL, -ENOTTY, -ENOTTY, -ENOTTY },
	};
	uint32_t of_slave = 0, of_master = 0;
	long buf[16];

	begin("ioctl: which requests are a terminal's, and which its master's");
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		memset(buf, 0, sizeof(buf));
		check(ask(slave, requests[i].cmd, buf), requests[i].of_slave, requests[i].name);
		check(ask(master, requests[i].cmd, buf), requests[i].of_master, requests[i].name);
		check(ask(master, requests[i].cmd, 8), requests[i].bad, requests[i].name);
		check(ask(slave, requests[i].cmd, 8),
		      requests[i].of_slave ? requests[i].of_slave : requests[i].bad,
		      requests[i].name);
	}
	check(ask(slave, PTPEER, O_RDWR), -EIO, "TIOCGPTPEER of a terminal");
	check(ask(slave, GDEV, &of_slave), 0, "TIOCGDEV");
	check(ask(master, GDEV, &of_master), 0, "TIOCGDEV of the master");
	check(of_master, of_slave, "is the terminal's");
	end();
}

static int value(int fd, uint32_t cmd)
{
	int v = -1;

	check(ask(fd, cmd, &v), 0, "value");
	return v;
}

static void of_master(void)
{
	char buf[16];

	begin("ioctl, write, read: TIOCEXCL and TCXONC of a master");
	check(ask(master, TIOCEXCL, 0), 0, "TIOCEXCL");
	check(value(master, GEXCL), 1, "of the master");
	check(value(slave, GEXCL), 0, "not of the terminal");
	check(ask(master, TIOCNXCL, 0), 0, "TIOCNXCL");
	check(value(master, GEXCL), 0, "no more");
	check(ask(master, TCXONC, 4), -EINVAL, "TCXONC 4");
	check(ask(master, TCXONC, TCOOFF), 0, "TCOOFF");
	check(sys(write, master, "a\n", 2), -EAGAIN, "a master that is stopped");
	check(sys(write, slave, "b\n", 2), 2, "the terminal is not");
	check(ask(master, TCXONC, TCOON), 0, "TCOON");
	check(sys(write, master, "a\n", 2), 2, "goes on");
	check(ask(master, TCXONC, TCIOFF), 0, "TCIOFF");
	for (int i = 0; i < 1000 && sys(write, slave, "c", 1) == 1; i++)
		usleep(1000);
	check(sys(write, slave, "c", 1), -EAGAIN, "the terminal stops");
	check(ask(master, TCXONC, TCION), 0, "TCION");
	for (int i = 0; i < 1000 && sys(write, slave, "c", 1) != 1; i++)
		usleep(1000);
	check(sys(write, slave, "c", 1), 1, "and goes on");
	while (sys(read, master, buf, sizeof(buf)) > 0)
		;
	end();
}

static void hang_up(void)
{
	char c;

	begin("ioctl, read, write: TIOCVHANGUP");
	check(ask(slave, 0x5437, 0), 0, "TIOCVHANGUP");
	check(sys(read, slave, &c, 1), 0, "an end of file");
	check(sys(write, slave, &c, 1), -EIO, "nothing is written");
	check(ask(slave, GETS2, NULL), -EIO, "TCGETS2");
	check(ask(slave, TCFLSH, 0), -EIO, "TCFLSH");
	end();
}

static void on_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);
	struct termios2 t, is;

	begin("openat, ioctl: the console's settings");
	check(ask(fd, GETS2, &t), 0, "TCGETS2");
	expect(t.c_ospeed && t.c_ospeed == t.c_ispeed, "a speed: %u %u", t.c_ispeed, t.c_ospeed);
	check(ask(fd, SETS2, &t), 0, "TCSETS2");
	check(ask(fd, SETSW2, &t), 0, "TCSETSW2");
	check(ask(fd, GETS2, &is), 0, "TCGETS2");
	expect(!memcmp(&is, &t, sizeof(t)), "as it was");
	check(ask(fd, TIOCPKT, 8), -ENOTTY, "TIOCPKT");
	check(ask(fd, PTPEER, 0), -EIO, "TIOCGPTPEER");
	close(fd);
	end();
}

static void of_others(void)
{
	static const uint32_t cmds[] = { TCGETS, GETS2,		 SETS2,	       0x5405,
					 0x5406, TIOCGLCKTRMIOS, TIOCGSOFTCAR, 0x5437 };
	int p[2], null = open("/dev/null", O_RDWR);

	begin("pipe2, ioctl: what is no terminal answers ENOTTY, whatever the argument");
	check(sys(pipe2, p, 0), 0, "pipe");
	for (size_t i = 0; i < sizeof(cmds) / sizeof(*cmds); i++) {
		check(ask(p[0], cmds[i], 8), -ENOTTY, "a pipe");
		check(ask(null, cmds[i], 8), -ENOTTY, "/dev/null");
	}
	close(p[0]);
	close(p[1]);
	close(null);
	end();
}

int main(void)
{
	open_pair();
	speeds(slave);
	speeds(master);
	forms(slave);
	forms(master);
	frame();
	locked();
	carrier(slave);
	owners();
	of_master();
	close_pair();
	open_pair();
	hang_up();
	close_pair();
	on_console();
	of_others();
	return tap_done();
}
