/*
 * adjust.c - setting the wall clock; and what a time daemon sets about it is kept and given back.
 *
 * Invariant (wall_lock): what the vDSO shows is what clock_figures holds.
 *
 * The clock itself is set (ADJ_SETOFFSET, ADJ_TAI) but never steered: what asks for another speed,
 * for a slow correction or for a leap second answers -EOPNOTSUPP, so that no program waits for what
 * does not happen.
 */
#include "task/time/adjust.h"

#include "abi/errno.h"
#include "drivers/timer/timer.h"
#include "lib/time.h"
#include "task/cap.h"
#include "task/time/clock.h"

#define ERROR_LIMIT  16000000 /* us: not known */
#define TOLERANCE    32768000 /* 500 ppm */
#define TICK_US	     ((int64_t)(US_PER_S / USER_HZ))
#define CONSTANT_MAX 10
#define TAI_MAX	     100000
#define ADJTIME	     0x8000u /* of ADJ_OFFSET_SINGLESHOT */
#define READ_ONLY    0x2000u /* with it: ADJ_OFFSET_SS_READ */

static struct mutex wall_lock = MUTEX_INIT(wall_lock); /* of told and the figures */
static struct {
	int64_t maxerror, esterror, constant;
	int32_t status, tai;
} told = { ERROR_LIMIT, ERROR_LIMIT, 2, STA_UNSYNC, 0 };
static struct vdso_data *shown; /* the page that programs see; NULL: there is none yet */

/* ---- the clock; wall_lock held ---- */

/* Word by word, each in one piece: EL0 may be reading. */
static void show_figures(void)
{
	if (!shown)
		return;
	WRITE_ONCE(shown->ns_mult, counter_scale.ns_mult);
	WRITE_ONCE(shown->wall_offset_ns, clock_figures.wall_offset_ns);
	WRITE_ONCE(shown->tai_offset_ns, clock_figures.tai_offset_ns);
	WRITE_ONCE(shown->tz_minuteswest, clock_figures.tz_minuteswest);
	WRITE_ONCE(shown->tz_dsttime, clock_figures.tz_dsttime);
}

/*
 * Both clocks' offsets.  They are shown before wall_lock is released: of two changes the later one
 * is what EL0 sees in the end.
 */
static void set_offsets(uint64_t wall, uint64_t lead)
{
	WRITE_ONCE(clock_figures.wall_offset_ns, wall);
	WRITE_ONCE(clock_figures.tai_offset_ns, wall + lead);
	show_figures();
}

/* A call that sets the clock does not say how good it is. */
static void set_wall(uint64_t ns)
{
	set_offsets(ns - timer_now_ns(),
		    clock_figures.tai_offset_ns - clock_figures.wall_offset_ns);
	told.status |= STA_UNSYNC;
	told.maxerror = told.esterror = ERROR_LIMIT;
}

/*
 * It has been set.  Without the lock: a core looks at its timers by the offset that is stored then.
 * Of two tasks that set the clock, the later one has every core look after its own store.
 */
static void tell_of_setting(void)
{
	timer_clock_set();
	wake_up_yielding(&clock_set_wait);
}

void clock_set_wall(uint64_t ns)
{
	mutex_lock(&wall_lock);
	set_wall(ns);
	mutex_unlock(&wall_lock);
	tell_of_setting();
}

void clock_show_in(struct vdso_data *page)
{
	mutex_lock(&wall_lock);
	shown = page;
	show_figures();
	mutex_unlock(&wall_lock);
}

/* ---- adjtimex(2) ---- */

/* Linux's checks, in its order. */
static int check_request(const struct timex *t)
{
	uint32_t modes = t->modes;
	int64_t unit = modes & ADJ_NANO ? (int64_t)NS_PER_S : (int64_t)US_PER_S;

	if (modes & ADJTIME) {
		if (!(modes & ADJ_OFFSET))
			return -EINVAL;
		if (!(modes & READ_ONLY) && !capable(CAP_SYS_TIME))
			return -EPERM;
	} else {
		if (modes && !capable(CAP_SYS_TIME))
			return -EPERM;
		if ((modes & ADJ_TICK) &&
		    (t->tick < TICK_US * 9 / 10 || t->tick > TICK_US * 11 / 10))
			return -EINVAL;
	}
	if (modes & ADJ_SETOFFSET) {
		if (!capable(CAP_SYS_TIME))
			return -EPERM;
		if (t->time.tv_usec < 0 || t->time.tv_usec >= unit)
			return -EINVAL;
	}
	return 0;
}

static bool asks_to_steer(const struct timex *t)
{
	uint32_t modes = t->modes;

	if (modes & ADJTIME)
		return !(modes & READ_ONLY) && t->offset;
	return ((modes & ADJ_OFFSET) && t->offset) || ((modes & ADJ_FREQUENCY) && t->freq) ||
	       ((modes & ADJ_TICK) && t->tick != TICK_US) ||
	       ((modes & ADJ_STATUS) && (t->status & (STA_INS | STA_DEL)));
}

/* The wall clock goes on, or back, by t->time. */
static int step_clock(const struct timex *t)
{
	int64_t now = (int64_t)clock_wall_ns(), ns;
	int64_t part = t->modes & ADJ_NANO ? t->time.tv_usec : t->time.tv_usec * (int64_t)NS_PER_US;

	if (__builtin_mul_overflow(t->time.tv_sec, (int64_t)NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, part, &ns) || __builtin_add_overflow(now, ns, &ns) || ns < 0)
		return -EINVAL;
	set_wall((uint64_t)ns);
	return 0;
}

static int64_t clamp(int64_t v, int64_t most)
{
	return v < 0 ? 0 : min(v, most);
}

static void keep_request(const struct timex *t)
{
	uint32_t modes = t->modes;

	if (modes & ADJ_STATUS)
		told.status = (told.status & STA_RONLY) | (t->status & ~STA_RONLY);
	if (modes & ADJ_NANO)
		told.status |= STA_NANO;
	if (modes & ADJ_MICRO)
		told.status &= ~STA_NANO;
	if (modes & ADJ_MAXERROR)
		told.maxerror = clamp(t->maxerror, ERROR_LIMIT);
	if (modes & ADJ_ESTERROR)
		told.esterror = clamp(t->esterror, ERROR_LIMIT);
	if (modes & ADJ_TIMECONST)
		told.constant = clamp(t->constant + (told.status & STA_NANO ? 0 : 4), CONSTANT_MAX);
	if ((modes & ADJ_TAI) && t->constant >= 0 && t->constant <= TAI_MAX) {
		told.tai = (int32_t)t->constant;
		set_offsets(clock_figures.wall_offset_ns, (uint64_t)told.tai * NS_PER_S);
	}
}

static void fill_answer(struct timex *t)
{
	uint64_t now = clock_wall_ns();

	t->offset = t->freq = 0;
	t->maxerror = told.maxerror;
	t->esterror = told.esterror;
	t->status = told.status;
	t->constant = told.constant;
	t->precision = 1;
	t->tolerance = TOLERANCE;
	t->time = timeval_from_ns(now);
	if (told.status & STA_NANO)
		t->time.tv_usec = (int64_t)(now % NS_PER_S);
	t->tick = TICK_US;
	t->ppsfreq = t->jitter = t->shift = 0;
	t->stabil = t->jitcnt = t->calcnt = t->errcnt = t->stbcnt = 0;
	t->tai = told.tai;
}

int clock_adjust(struct timex *t)
{
	int err = check_request(t);

	if (err)
		return err;
	if (asks_to_steer(t))
		return -EOPNOTSUPP;
	/* one step: no other call comes between the clock's setting and what is kept */
	mutex_lock(&wall_lock);
	if (t->modes & ADJ_SETOFFSET)
		err = step_clock(t);
	if (!err) {
		if (!(t->modes & ADJTIME))
			keep_request(t);
		fill_answer(t);
	}
	mutex_unlock(&wall_lock);
	if (err)
		return err;
	if (t->modes & ADJ_SETOFFSET)
		tell_of_setting();
	return t->status & (STA_UNSYNC | STA_CLOCKERR) ? TIME_ERROR : TIME_OK;
}

int clock_change(const uint64_t *ns, const struct timezone *tz)
{
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (tz && (tz->tz_minuteswest > 15 * 60 || tz->tz_minuteswest < -15 * 60))
		return -EINVAL;
	if (tz) {
		mutex_lock(&wall_lock);
		WRITE_ONCE(clock_figures.tz_minuteswest, tz->tz_minuteswest);
		WRITE_ONCE(clock_figures.tz_dsttime, tz->tz_dsttime);
		show_figures();
		mutex_unlock(&wall_lock);
	}
	if (ns)
		clock_set_wall(*ns);
	return 0;
}
