/*
 * watch.c - which core does not reach a point to give way, counted in its own ticks.
 *
 * The points say nothing themselves, so they cost nothing.  Once a second a tick asks: it sets
 * WORK_WATCH in the task that it has interrupted, beside WORK_RESCHED, so whichever point comes
 * next goes through reschedule() (task/sched.c), which clears both.  Invariant: while a later tick
 * finds WORK_WATCH set in its task, that has been one stretch, on this core, since it was asked.
 */
#include "task/watch.h"

#include "lib/parse.h"
#include "lib/string.h"
#include "task/task.h"

#define ASK_NS	    NS_PER_S
/* No tick comes later than that after another: what is more was taken by the machine's host. */
#define TICK_MAX_NS (10 * NS_PER_MS)

struct watch {
	uint64_t last_ns; /* when the tick before was */
	uint64_t kept_ns; /* by the ticks since it was asked */
	bool told;	  /* of this stretch */
};

static DEFINE_PERCPU(struct watch, watch);
static unsigned int patience = 10; /* seconds */
void (*watch_report)(unsigned int seconds);

unsigned int watch_seconds(void)
{
	return READ_ONCE(patience);
}

void watch_set_seconds(unsigned int seconds)
{
	WRITE_ONCE(patience, min(seconds, (unsigned int)WATCH_SECONDS_MAX));
}

void watch_configure(const char *cmdline)
{
	struct cmdline_word w;
	uint64_t n;

	while (cmdline_next(&cmdline, &w)) {
		if (w.key_len == 2 && !w.val && !memcmp(w.key, "--", 2))
			break;
		if (cmdline_is(&w, "nowatchdog") || cmdline_is(&w, "nosoftlockup"))
			watch_set_seconds(0);
		else if ((cmdline_is(&w, "newel.watch") || cmdline_is(&w, "watchdog_thresh")) &&
			 w.val && !parse_whole_u64(w.val, w.val_len, 10, &n))
			watch_set_seconds((unsigned int)min(n, (uint64_t)WATCH_SECONDS_MAX));
	}
}

void watch_tick(struct task *t, uint64_t now_ns)
{
	struct watch *w = &this_cpu(watch);
	unsigned int seconds = READ_ONCE(patience);

	w->kept_ns += min(now_ns - w->last_ns, TICK_MAX_NS);
	w->last_ns = now_ns;
	if (likely(!(READ_ONCE(t->work) & WORK_WATCH))) {
		w->told = false;
		if (w->kept_ns < ASK_NS || !seconds)
			return;
		w->kept_ns = 0;
		/* Both at once: a point that sees the one clears the other. */
		atomic_or(&t->work, WORK_WATCH | WORK_RESCHED);
	} else if (!w->told && seconds && w->kept_ns >= seconds * NS_PER_S) {
		w->told = true;
		watch_report(seconds);
	}
}
