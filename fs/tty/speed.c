/*
 * speed.c - a line's speeds, as termios(3) has them: codes in c_cflag, and bits a second.
 */
#include "fs/tty/speed.h"

/*
 * What a speed of c_cflag is in bits a second: B0 to B38400, and with CBAUDEX B57600 to B4000000.
 */
static const uint32_t speeds[] = {
	0,	 50,	  75,	   110,	    134,     150,     200,     300,
	600,	 1200,	  1800,	   2400,    4800,    9600,    19200,   38400,
	57600,	 115200,  230400,  460800,  500000,  576000,  921600,  1000000,
	1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
};

static uint32_t speed_of(uint32_t code, uint32_t other)
{
	if (code == BOTHER)
		return other;
	return speeds[code & CBAUDEX ? (code & ~(uint32_t)CBAUDEX) + 15 : code];
}

void tty_set_speeds(struct termios2 *m)
{
	uint32_t in = (m->c_cflag & CIBAUD) >> IBSHIFT;

	m->c_ospeed = speed_of(m->c_cflag & CBAUD, m->c_ospeed);
	m->c_ispeed = in == B0 ? m->c_ospeed : speed_of(in, m->c_ispeed);
}
