/*
 * vbar.c - see vbar.h.  Invariant: VBAR_EL1 is written by its own core, interrupts masked or before
 * there are any.
 */
#include "el1/vbar.h"

#include "abi/errno.h"
#include "arm/slots.h"
#include "el1/levels.h"
#include "el1/spectre.h"
#include "lib/export.h"
#include "task/oncores.h"
#include "task/wait.h"
#include "trace/levels.h"

#define TABLE_SIZE (SLOTS * SLOT_SIZE)

EXPORT(vectors_el1);
EXPORT(vectors_el1_traced);
EXPORT(vectors_bhb);
EXPORT(vectors_bhb_traced);

static struct mutex vbar_lock = MUTEX_INIT(vbar_lock); /* who changes them */
static const struct vectors_front *vectors_front;

static DEFINE_PERCPU(uint32_t, noting); /* of TRACE_EL2 and TRACE_EL3: that level notes here */

/* @level notes what it does on this core if the trace asks for it. */
static void let_level_note(unsigned int level, uint32_t what)
{
	bool wanted = trace_on(what);

	if (wanted == !!(this_cpu(noting) & what) || !levels_note(level, wanted))
		return;
	this_cpu(noting) ^= what;
	if (wanted)
		trace_levels_begin(level);
}

static void vbar_write(void *unused)
{
	static char *const tables[NR_VECTORS] = { vectors_el1, vectors_el1_traced, vectors_bhb,
						  vectors_bhb_traced };
	const struct vectors_front *f = READ_ONCE(vectors_front);
	unsigned int table =
		(trace_svc_on() ? VECTORS_TRACED : 0) | (spectre_fills_history() ? VECTORS_BHB : 0);
	const char *vbar = tables[table];

	if (f) {
		/* First: an exception that comes by the new table finds where it goes on. */
		f->behind(cpu_id(), table);
		vbar = f->tables + cpu_id() * TABLE_SIZE;
	}
	WRITE_SYSREG(vbar_el1, (uintptr_t)vbar);
	isb();
	let_level_note(2, TRACE_EL2);
	let_level_note(3, TRACE_EL3);
}

void vbar_init_cpu(void)
{
	vbar_write(NULL);
}

void vbar_update(void)
{
	mutex_lock(&vbar_lock);
	cores_call(vbar_write, NULL);
	mutex_unlock(&vbar_lock);
}

int vectors_front_add(const struct vectors_front *front)
{
	int err = 0;

	if (!IS_ALIGNED((uintptr_t)front->tables, (uintptr_t)TABLE_SIZE))
		return -EINVAL;
	mutex_lock(&vbar_lock);
	if (vectors_front)
		err = -EBUSY;
	else
		WRITE_ONCE(vectors_front, front);
	if (!err)
		cores_call(vbar_write, NULL);
	mutex_unlock(&vbar_lock);
	return err;
}
EXPORT(vectors_front_add);

void vectors_front_remove(const struct vectors_front *front)
{
	mutex_lock(&vbar_lock);
	if (vectors_front == front) {
		WRITE_ONCE(vectors_front, NULL);
		/* It returns when every core has left the slot by which the call came to it. */
		cores_call(vbar_write, NULL);
	}
	mutex_unlock(&vbar_lock);
}
EXPORT(vectors_front_remove);
