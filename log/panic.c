/*
 * panic.c - the end of the kernel, in order: stop the other cores, print why, dump, reset.
 *
 * Invariant: exactly one core gets past claim(), and it trusts nothing that another may have left
 * half done: the log's lock is broken, the message is formatted into a buffer of panic's own.
 */
#include <stdarg.h>
#include <stdint.h>
#include "arm/atomic.h"
#include "arm/barrier.h"
#include "arm/irqflags.h"
#include "lib/export.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/panic.h"

#ifdef UBSAN
DEFINE_PERCPU(bool, irq_runs);
#endif

#define NO_CPU (~0u)

static const struct panic_ops *panic_ops;
static int64_t panic_timeout; /* seconds, as panic= */
static unsigned int panic_cpu = NO_CPU;
static unsigned int depth; /* of panics inside the panic */
static char text[LOG_TEXT_MAX];

void panic_set_ops(const struct panic_ops *ops)
{
	WRITE_ONCE(panic_ops, ops);
}

int panic_seconds(void)
{
	return (int)panic_timeout;
}

void panic_set_seconds(int seconds)
{
	WRITE_ONCE(panic_timeout, seconds);
}

void panic_configure(const char *cmdline)
{
	struct cmdline_word w;
	uint64_t n;
	bool minus;

	if (!cmdline_find(cmdline, "panic", &w) || !w.val_len)
		return;
	minus = *w.val == '-';
	if (!parse_whole_u64(w.val + minus, w.val_len - minus, 0, &n))
		panic_timeout = minus ? -(int64_t)min(n, (uint64_t)INT32_MAX)
				      : (int64_t)min(n, (uint64_t)INT32_MAX);
}

static void __noreturn stop_here(void)
{
	for (;;)
		wfi();
}

static void delay_seconds(uint64_t seconds)
{
	uint64_t hz = READ_SYSREG(cntfrq_el0), start = READ_SYSREG(cntvct_el0);

	while (READ_SYSREG(cntvct_el0) - start < seconds * hz)
		cpu_relax();
}

static void __noreturn finish_machine(void)
{
	if (panic_timeout > 0 && depth < 2) {
		pr_emerg("rebooting in %lld seconds", (long long)panic_timeout);
		delay_seconds((uint64_t)panic_timeout);
	}
	if (panic_timeout && panic_ops && panic_ops->reset)
		panic_ops->reset();
	stop_here();
}

/* Other cores may be anywhere, also inside a line: ours begins with a newline of its own. */
static void say(const char *fmt, va_list ap)
{
	int n = scnprintf(text, sizeof(text), "\nnewel: panic: ");

	vsnprintf(text + n, sizeof(text) - n - 1, fmt, ap);
	n += (int)strnlen(text + n, sizeof(text) - n - 1);
	text[n++] = '\n';
	/* Not through printk: its lock and its buffers may be half written. */
	log_write_raw(text, n);
}

static void __noreturn vpanic(const struct trapframe *frame, const char *fmt, va_list ap)
{
	unsigned int nobody = NO_CPU, me;

	stretch_end();
	irq_disable(); /* from here on this core is ours */
	me = cpu_id();
	/*
	 * One core wins.  Another one stops here for good; the winner itself comes again when the
	 * dump has faulted.
	 */
	if (!atomic_cmpxchg(&panic_cpu, &nobody, me)) {
		if (nobody != me)
			stop_here();
		depth++;
		log_bust_locks();
		if (depth == 1) /* deeper than that, it is the console that does not work */
			say(fmt, ap);
		finish_machine();
	}
	/* Before the locks are broken: a core that still runs would take them as free. */
	if (panic_ops && panic_ops->stop_others)
		panic_ops->stop_others();
	log_bust_locks();
	say(fmt, ap);
	if (panic_ops && panic_ops->dump)
		panic_ops->dump(frame);
	finish_machine();
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vpanic(NULL, fmt, ap);
	/* cppcheck-suppress va_end_missing ; it does not return */
}
EXPORT(panic);

void panic_at(const struct trapframe *frame, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vpanic(frame, fmt, ap);
	/* cppcheck-suppress va_end_missing ; it does not return */
}
