/*
 * adjtime.c - adjtimex(2) and clock_adjtime(2).  Root: the wall clock is set, and put back.
 */
#include <stdint.h>
#include <sys/timex.h>
#include <time.h>

#include "tests/el0/libc/wall.h"

/* adjtimex with @modes and nothing else in *@t. */
static long ask(struct timex *t, unsigned int modes)
{
	memset(t, 0, sizeof(*t));
	t->modes = modes;
	return sys(adjtimex, t);
}

static void reading(void)
{
	int64_t from = now(CLOCK_REALTIME), said;
	struct timex t;

	begin("adjtimex, clock_adjtime: what is told of a clock that nobody has synchronised");
	check(ask(&t, 0), TIME_ERROR, "adjtimex");
	said = t.time.tv_sec * NS_PER_S + t.time.tv_usec * 1000;
	expect(said >= from - 1000 && said <= now(CLOCK_REALTIME), "the time");
	check(t.offset, 0, "offset");
	check(t.freq, 0, "freq");
	check(t.maxerror, 16000000, "maxerror");
	check(t.esterror, 16000000, "esterror");
	check(t.status, STA_UNSYNC, "status");
	check(t.constant, 2, "constant");
	check(t.precision, 1, "precision");
	check(t.tolerance, 32768000, "tolerance");
	check(t.tick, 10000, "tick");
	check(t.tai, 0, "tai");
	check(t.ppsfreq | t.jitter | t.shift | t.stabil | t.jitcnt | t.calcnt | t.errcnt | t.stbcnt,
	      0, "nothing of a PPS signal");
	memset(&t, 0, sizeof(t));
	check(sys(clock_adjtime, CLOCK_REALTIME, &t), TIME_ERROR, "clock_adjtime");
	check(t.tick, 10000, "tick");
	end();
}

static void not_root(void)
{
	struct timex t;

	check(sys(setuid, 1000), 0, "setuid");
	check(ask(&t, 0), TIME_ERROR, "to read");
	check(ask(&t, ADJ_STATUS), -EPERM, "ADJ_STATUS");
	check(ask(&t, ADJ_SETOFFSET), -EPERM, "ADJ_SETOFFSET");
	check(ask(&t, 0x8001), -EPERM, "ADJ_OFFSET_SINGLESHOT");
	check(ask(&t, 0xa001), TIME_ERROR, "ADJ_OFFSET_SS_READ");
}

static void errors(void)
{
	struct timex t;

	begin("adjtimex, clock_adjtime: errors");
	check(sys(adjtimex, NULL), -EFAULT, "NULL");
	check(sys(adjtimex, (void *)-16L), -EFAULT, "a kernel address");
	check(sys(clock_adjtime, CLOCK_REALTIME, (void *)8), -EFAULT, "a bad address");
	memset(&t, 0, sizeof(t));
	check(sys(clock_adjtime, CLOCK_MONOTONIC, &t), -EOPNOTSUPP, "CLOCK_MONOTONIC");
	check(sys(clock_adjtime, CLOCK_TAI, &t), -EOPNOTSUPP, "CLOCK_TAI");
	check(sys(clock_adjtime, CLOCK_PROCESS_CPUTIME_ID, &t), -EOPNOTSUPP, "CPU time");
	check(sys(clock_adjtime, 99, &t), -EINVAL, "clock 99");
	check(sys(clock_adjtime, 99, (void *)8), -EFAULT, "clock 99 and a bad address");
	check(ask(&t, 0x8000), -EINVAL, "0x8000 alone");
	check(ask(&t, ADJ_TICK), -EINVAL, "a tick of 0");
	memset(&t, 0, sizeof(t));
	t.modes = ADJ_TICK;
	t.tick = 11001;
	check(sys(adjtimex, &t), -EINVAL, "a tick of 11001");
	t.modes = ADJ_SETOFFSET;
	t.time.tv_usec = -1;
	check(sys(adjtimex, &t), -EINVAL, "-1 us");
	t.time.tv_usec = 1000000;
	check(sys(adjtimex, &t), -EINVAL, "10^6 us");
	t.modes = ADJ_SETOFFSET | ADJ_NANO;
	t.time.tv_usec = NS_PER_S;
	check(sys(adjtimex, &t), -EINVAL, "10^9 ns");
	t.modes = ADJ_SETOFFSET;
	t.time.tv_sec = -now(CLOCK_REALTIME) / NS_PER_S - 10;
	t.time.tv_usec = 0;
	check(sys(adjtimex, &t), -EINVAL, "to before 1970");
	check_child(not_root, 0, "not root");
	end();
}

/* CLOCK_TAI is @s seconds ahead of CLOCK_REALTIME, however long it takes to read them. */
static bool tai_is_ahead(int64_t s)
{
	int64_t before = now(CLOCK_REALTIME), tai = now(CLOCK_TAI), after = now(CLOCK_REALTIME);

	return before + s * NS_PER_S <= tai && tai <= after + s * NS_PER_S;
}

static void setting(void)
{
	int64_t real = now(CLOCK_REALTIME), mono = now(CLOCK_MONOTONIC);
	struct timex t;

	begin("adjtimex: what is set is told, and the clock moves");
	memset(&t, 0, sizeof(t));
	t.modes = ADJ_MAXERROR | ADJ_ESTERROR | ADJ_STATUS | ADJ_TIMECONST;
	t.maxerror = 5000;
	t.esterror = 700;
	t.status = 0;
	t.constant = 3;
	check(sys(adjtimex, &t), TIME_OK, "synchronised");
	expect(t.maxerror >= 5000 && t.maxerror < 100000, "maxerror: %ld", (long)t.maxerror);
	check(t.esterror, 700, "esterror");
	check(t.constant, 7, "constant, of us");
	check(t.status, 0, "status");
	check(ask(&t, ADJ_NANO), TIME_OK, "ADJ_NANO");
	check(t.status, STA_NANO, "STA_NANO");
	expect(t.time.tv_usec >= 0 && t.time.tv_usec < NS_PER_S, "ns: %ld", (long)t.time.tv_usec);
	check(ask(&t, ADJ_MICRO), TIME_OK, "ADJ_MICRO");
	check(t.status, 0, "us again");
	memset(&t, 0, sizeof(t));
	t.modes = ADJ_TAI;
	t.constant = 37;
	check(sys(adjtimex, &t), TIME_OK, "ADJ_TAI");
	check(t.tai, 37, "tai");
	expect(tai_is_ahead(37), "CLOCK_TAI");
	memset(&t, 0, sizeof(t));
	t.modes = ADJ_SETOFFSET;
	t.time.tv_sec = 3600;
	check(sys(adjtimex, &t), TIME_ERROR, "an hour on");
	check(t.status, STA_UNSYNC, "so it is not synchronised any more");
	expect(now(CLOCK_REALTIME) - real >= 3600 * NS_PER_S, "CLOCK_REALTIME");
	expect(tai_is_ahead(37), "CLOCK_TAI");
	t.modes = ADJ_SETOFFSET | ADJ_NANO;
	t.time.tv_sec = -3601;
	t.time.tv_usec = NS_PER_S - 1;
	check(sys(adjtimex, &t), TIME_ERROR, "an hour back");
	expect(now(CLOCK_REALTIME) - real < 1800 * NS_PER_S + now(CLOCK_MONOTONIC) - mono,
	       "CLOCK_REALTIME");
	memset(&t, 0, sizeof(t));
	t.modes = ADJ_TAI | ADJ_MICRO;
	check(sys(adjtimex, &t), TIME_ERROR, "no leap seconds again");
	/* what changes nothing is not refused */
	memset(&t, 0, sizeof(t));
	t.modes = ADJ_TICK | ADJ_FREQUENCY | ADJ_OFFSET;
	t.tick = 10000;
	check(sys(adjtimex, &t), TIME_ERROR, "no other speed");
	check(ask(&t, 0x8001), TIME_ERROR, "nothing to be corrected slowly");
	check(t.offset, 0, "nor before");
	/* as it was, for whoever runs next */
	memset(&t, 0, sizeof(t));
	t.modes = ADJ_NANO | ADJ_TIMECONST;
	t.constant = 2;
	check(sys(adjtimex, &t), TIME_ERROR, "constant, of ns");
	check(t.constant, 2, "constant");
	check(ask(&t, ADJ_MICRO), TIME_ERROR, "us");
	end();
}

int main(void)
{
	reading();
	errors();
	setting();
	return tap_done();
}
