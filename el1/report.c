/*
 * report.c - what the log says when a program's own fault is about to kill it.
 *
 * Called by el1/trap.c in the faulting task, before the signal.  Invariant: a program that faults
 * for ever cannot flood the log.
 */
#include "el1/dump.h"
#include "el1/dump_tables.h"
#include "el1/panic.h"
#include "lib/printf.h"
#include "mm/vma.h"
#include "task/task.h"
#include "trace/esr.h"
#include "trace/names.h"

#define REPORT_BURST	   10
#define REPORT_INTERVAL_NS UINT64_C(5000000000)

/*
 * At most REPORT_BURST reports in an interval; the first of the next one says how many were left
 * out.
 */
static bool rate_limited(void)
{
	static uint64_t interval_start;
	static uint32_t given, missed; /* atomic; a race may let one report more through */
	uint64_t now = log_time_ns();

	if (now - READ_ONCE(interval_start) >= REPORT_INTERVAL_NS) {
		WRITE_ONCE(interval_start, now);
		WRITE_ONCE(given, 0);
		uint32_t n = atomic_xchg(&missed, 0);
		if (n)
			pr_warn("%u more reports on faulting programs were left out", n);
	}
	if (atomic_add(&given, 1) <= REPORT_BURST)
		return false;
	atomic_add(&missed, 1);
	return true;
}

static const char *vma_name(const struct mm *mm, const struct vma *v, const char *comm)
{
	if (v->object)
		return v->object == mm->exe ? comm : "a mapped file";
	if (v->flags & VM_STACK)
		return "[stack]";
	return v->start >= mm->brk_start && v->end <= mm->brk ? "[heap]" : "anonymous memory";
}

/* " in hello[400000+1000]": which mapping holds the PC. */
static void describe_place(char *buf, size_t n, uint64_t pc, const char *comm)
{
	struct mm *mm = current->mm;
	const struct vma *v;

	buf[0] = 0;
	if (!mm)
		return;
	vm_lock(mm);
	v = mm_find(mm, pc);
	if (v)
		snprintf(buf, n, " in %s[%lx+%lx]", vma_name(mm, v, comm), v->start,
			 v->end - v->start);
	vm_unlock(mm);
}

static void describe_signal(char *buf, size_t n, int sig, int code)
{
	const char *name = signal_name(sig), *why = signal_code_name(sig, code);

	if (name && why)
		snprintf(buf, n, "%s (%s)", name, why);
	else
		snprintf(buf, n, "signal %d, code %d", sig, code);
}

/*
 * Why the hardware said no, for those who ask (debug): the way to FAR as it is now.  Not through
 * the kernel's half: a program that may read the log would learn by its faults what is mapped
 * there.
 */
static void report_tables(const struct trapframe *tf)
{
	unsigned int ec = ESR_EC(tf->esr);

	if ((ec != ESR_EC_DABT_LOW && ec != ESR_EC_IABT_LOW) || !current->mm || tf->far >> 55 & 1)
		return;
	/* Another thread may unmap meanwhile, and a table become another's page. */
	vm_lock(current->mm);
	dump_tables(LOG_DEBUG, tf->far);
	vm_unlock(current->mm);
}

static bool far_is_valid(uint64_t esr)
{
	switch (ESR_EC(esr)) {
	case ESR_EC_DABT_LOW:
	case ESR_EC_IABT_LOW:
	case ESR_EC_WATCHPT_LOW: return !(esr & ESR_DABT_FnV);
	case ESR_EC_PC_ALIGN: return true;
	default: return false;
	}
}

void report_user_fault(const struct trapframe *tf, const char *comm, int pid, int sig, int code)
{
	char words[ESR_TEXT_MAX], place[64], signal[48], at[32] = "";

	if (rate_limited())
		return;
	esr_describe(words, sizeof(words), tf->esr);
	describe_place(place, sizeof(place), tf->pc, comm);
	describe_signal(signal, sizeof(signal), sig, code);
	if (far_is_valid(tf->esr))
		snprintf(at, sizeof(at), " at 0x%lx", tf->far);
	pr_info("%s[%d]: unhandled exception: %s, ESR 0x%016lx, %s%s: %s, pc 0x%lx%s", comm, pid,
		esr_class(tf->esr), tf->esr, words, at, signal, tf->pc, place);
	dump_registers(LOG_DEBUG, tf);
	if (far_is_valid(tf->esr))
		report_tables(tf);
}
