/*
 * oncores.c - a function called on every core, by an interrupt to the others.
 *
 * Invariant: call.fn and call.arg stand still from the first interrupt until the last core has
 * answered.
 */
#include "task/oncores.h"

#include "arm/errata.h"
#include "drivers/irq.h"
#include "lib/export.h"
#include "task/cores.h"
#include "task/wait.h"

static struct {
	struct mutex lock; /* one call at a time; a leaf */
	void (*fn)(void *arg);
	void *arg;
	uint32_t pending; /* cores that have not answered yet; atomic */
} call = { .lock = MUTEX_INIT(call.lock) };

static void do_call(void)
{
	if (call.fn)
		call.fn(call.arg);
}

/* IPI_CALL.  The way back out of the interrupt is the context synchronization event. */
static void answer_call(void *arg)
{
	/*
	 * What the caller stored before it asked is seen here, and what is done here by the caller.
	 */
	dmb(ish);
	do_call();
	dmb(ish);
	__atomic_sub_fetch(&call.pending, 1, __ATOMIC_RELEASE);
}

void cores_call_init(void)
{
	irq_register_ipi(IPI_CALL, answer_call);
}

static void call_here(void)
{
	unsigned long flags = irq_save();

	do_call();
	irq_restore(flags);
	isb();
}

void cores_call(void (*fn)(void *arg), void *arg)
{
	uint64_t others;

	mutex_lock(&call.lock);
	call.fn = fn;
	call.arg = arg;
	dmb(ish);
	/* Without sleeping from here on: the caller stays on its core. */
	others = cores_online() & ~BIT(cpu_id());
	/*
	 * All are counted before the first interrupt is sent: an early answer must not make it 0
	 * too soon.
	 */
	for (uint64_t left = others; left; left &= left - 1)
		atomic_add(&call.pending, 1);
	dmb(ish);
	for (; others; others &= others - 1)
		irq_send_ipi((unsigned int)__builtin_ctzl(others), IPI_CALL);
	call_here();
	/* Interrupts come in meanwhile: two that ask each other something both get their answer. */
	while (load_acquire(&call.pending))
		cpu_relax();
	dmb(ish);
	mutex_unlock(&call.lock);
}
EXPORT(cores_call);

static void look_for_843419(void *any)
{
	if (errata_843419(READ_SYSREG(midr_el1), READ_SYSREG(revidr_el1)))
		WRITE_ONCE(*(bool *)any, true);
}

bool cores_have_a53_843419(void)
{
	bool any = false;

	cores_call(look_for_843419, &any);
	return any;
}
