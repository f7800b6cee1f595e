/*
 * watch.c - a core that does not give way, in words: where it is, and how it came there.
 *
 * Comes from the tick (task/watch.c), in the interrupt; what was interrupted goes on afterwards.
 * It is said as loud as Linux says it, because the core may never come back.
 */
#include "el1/watch.h"

#include "arm/stretch.h"
#include "el1/dump.h"
#include "el1/waiting.h"
#include "log/taint.h"
#include "task/task.h"
#include "task/watch.h"

static void report_core(unsigned int seconds)
{
	const struct trapframe *tf = this_cpu(irq_frame);
	/* What is printed here is nobody's stretch (arm/stretch.h). */
	uint64_t hidden = stretch_hide();

	pr_emerg("watch: cpu %u has not given way for %u s: %.*s[%d]", cpu_id(), seconds,
		 (int)sizeof(current->comm), current->comm, current->tid);
	dump_who(cpu_id(), current);
	dump_registers(LOG_EMERG, tf);
	dump_backtrace(tf->pc, tf->x[30], tf->x[29], current);
	dump_modules();
	/* As on Linux: what is printed of this one does not count it yet. */
	taint_add(TAINT_SOFTLOCKUP);
	stretch_show(hidden);
}

void watch_init(const char *cmdline)
{
	watch_report = report_core;
	watch_configure(cmdline);
}
