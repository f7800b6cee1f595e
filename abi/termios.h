/*
 * termios.h - the terminal: ioctl(2) requests, line settings and window size.
 */
#pragma once

#include <stdint.h>

#define TCGETS	       0x5401
#define TCSETS	       0x5402
#define TCSETSW	       0x5403
#define TCSETSF	       0x5404
#define TCGETA	       0x5405
#define TCSETA	       0x5406
#define TCSETAW	       0x5407
#define TCSETAF	       0x5408
#define TCSBRK	       0x5409
#define TCXONC	       0x540A
#define TCFLSH	       0x540B
#define TIOCEXCL       0x540C
#define TIOCNXCL       0x540D
#define TIOCSCTTY      0x540E
#define TIOCGPGRP      0x540F
#define TIOCSPGRP      0x5410
#define TIOCOUTQ       0x5411
#define TIOCGWINSZ     0x5413
#define TIOCSWINSZ     0x5414
#define TIOCGSOFTCAR   0x5419
#define TIOCSSOFTCAR   0x541A
#define FIONREAD       0x541B
#define FIONBIO	       0x5421
#define TIOCSTI	       0x5412
#define TIOCPKT	       0x5420
#define TIOCNOTTY      0x5422
#define TIOCSETD       0x5423
#define TIOCGETD       0x5424
#define TCSBRKP	       0x5425
#define TIOCSBRK       0x5427
#define TIOCCBRK       0x5428
#define TIOCGSID       0x5429
#define TCGETS2	       0x802C542A
#define TCSETS2	       0x402C542B
#define TCSETSW2       0x402C542C
#define TCSETSF2       0x402C542D
#define TIOCGPTN       0x80045430
#define TIOCSPTLCK     0x40045431
#define TIOCGDEV       0x80045432
#define TIOCSIG	       0x40045436
#define TIOCVHANGUP    0x5437
#define TIOCGPKT       0x80045438
#define TIOCGPTLCK     0x80045439
#define TIOCGEXCL      0x80045440
#define TIOCGPTPEER    0x5441
#define FIONCLEX       0x5450
#define FIOCLEX	       0x5451
#define FIOASYNC       0x5452
#define TIOCGLCKTRMIOS 0x5456
#define TIOCSLCKTRMIOS 0x5457

#define NCC	       8
#define NCCS	       19

struct termios {
	uint32_t c_iflag;
	uint32_t c_oflag;
	uint32_t c_cflag;
	uint32_t c_lflag;
	uint8_t c_line;
	uint8_t c_cc[NCCS];
};

/* The same with the speeds as numbers: c_cflag names only some. */
struct termios2 {
	uint32_t c_iflag;
	uint32_t c_oflag;
	uint32_t c_cflag;
	uint32_t c_lflag;
	uint8_t c_line;
	uint8_t c_cc[NCCS];
	uint32_t c_ispeed, c_ospeed; /* bits a second */
};

/* System V's. */
struct termio {
	uint16_t c_iflag;
	uint16_t c_oflag;
	uint16_t c_cflag;
	uint16_t c_lflag;
	uint8_t c_line;
	uint8_t c_cc[NCC];
};

struct winsize {
	uint16_t ws_row, ws_col;
	uint16_t ws_xpixel, ws_ypixel;
};

/* indexes of c_cc */
#define VINTR		   0
#define VQUIT		   1
#define VERASE		   2
#define VKILL		   3
#define VEOF		   4
#define VTIME		   5
#define VMIN		   6
#define VSWTC		   7
#define VSTART		   8
#define VSTOP		   9
#define VSUSP		   10
#define VEOL		   11
#define VREPRINT	   12
#define VDISCARD	   13
#define VWERASE		   14
#define VLNEXT		   15
#define VEOL2		   16

/* c_iflag */
#define IGNBRK		   0x001
#define BRKINT		   0x002
#define IGNPAR		   0x004
#define PARMRK		   0x008
#define INPCK		   0x010
#define ISTRIP		   0x020
#define INLCR		   0x040
#define IGNCR		   0x080
#define ICRNL		   0x100
#define IUCLC		   0x0200
#define IXON		   0x0400
#define IXANY		   0x800
#define IXOFF		   0x1000
#define IMAXBEL		   0x2000
#define IUTF8		   0x4000

/* c_oflag */
#define OPOST		   0x01
#define OLCUC		   0x00002
#define ONLCR		   0x00004
#define OCRNL		   0x08
#define ONOCR		   0x10
#define ONLRET		   0x20

/* c_cflag */
#define CBAUD		   0x0000100f
#define CIBAUD		   0x100f0000 /* the same of what comes in; 0: as what goes out */
#define IBSHIFT		   16
#define CBAUDEX		   0x00001000
#define BOTHER		   0x00001000 /* what c_ispeed and c_ospeed say */
#define B0		   0x00000000
#define B9600		   0x0000000d
#define B38400		   0x0000000f
#define B115200		   0x00001002
#define CSIZE		   0x00000030
#define CS5		   0x00000000
#define CS6		   0x00000010
#define CS7		   0x00000020
#define CS8		   0x00000030
#define CSTOPB		   0x00000040
#define CREAD		   0x00000080
#define PARENB		   0x00000100
#define PARODD		   0x00000200
#define HUPCL		   0x00000400
#define CLOCAL		   0x00000800
#define ADDRB		   0x20000000

/* c_lflag */
#define ISIG		   0x00001
#define ICANON		   0x00002
#define ECHO		   0x00008
#define ECHOE		   0x00010
#define ECHOK		   0x00020
#define ECHONL		   0x00040
#define NOFLSH		   0x00080
#define TOSTOP		   0x00100
#define ECHOCTL		   0x00200
#define ECHOPRT		   0x00400
#define ECHOKE		   0x00800
#define IEXTEN		   0x08000
#define EXTPROC		   0x10000

/* what a master in packet mode reads first */
#define TIOCPKT_DATA	   0
#define TIOCPKT_FLUSHREAD  1
#define TIOCPKT_FLUSHWRITE 2
#define TIOCPKT_STOP	   4
#define TIOCPKT_START	   8
#define TIOCPKT_NOSTOP	   16
#define TIOCPKT_DOSTOP	   32
#define TIOCPKT_IOCTL	   64

/* TCXONC */
#define TCOOFF		   0
#define TCOON		   1
#define TCIOFF		   2
#define TCION		   3

/* TCFLSH */
#define TCIFLUSH	   0
#define TCOFLUSH	   1
#define TCIOFLUSH	   2

_Static_assert(sizeof(struct termios) == 36, "struct termios");
_Static_assert(sizeof(struct termios2) == 44, "struct termios2");
_Static_assert(sizeof(struct termio) == 18, "struct termio");
