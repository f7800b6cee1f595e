/*
 * asleep.c - see asleep.h.
 *
 * Comes from pid.c's tables; task/asleep.c looks at the stack.  Invariant: what is shown is of the
 * program for which the permission was asked (task/access.h); addresses of the kernel's stack and
 * code leave it as names, and to root alone.
 */
#include "fs/proc/asleep.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "log/ksym.h"
#include "mm/slab.h"
#include "task/asleep.h"
#include "task/process.h"

/*
 * What @n's task does, with process->program held until look_end; *@a NULL: it has ended.  0;
 * -EPERM: current may not attach to it; -ENOMEM.
 */
static int look_asleep(const struct proc_node *n, struct asleep **a)
{
	struct asleep *found = kmalloc(sizeof(*found));
	struct task *t;

	if (!found)
		return -ENOMEM;
	if (!look_begin(n->process, n->task, ACCESS_FS)) {
		kfree(found);
		return -EPERM;
	}
	t = proc_task(n);
	if (t) {
		asleep_look(t, found);
		task_put(t);
	} else {
		kfree(found);
		found = NULL;
	}
	*a = found;
	return 0;
}

int proc_syscall(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct asleep *a;
	int err = look_asleep(n, &a);

	if (err)
		return err;
	look_end(n->process);
	/* As Linux says of a zombie, whose stack has gone. */
	if (!a)
		proc_puts(t, "-1 0x0 0x0\n");
	else if (!a->sleeps)
		proc_puts(t, "running\n");
	else if (a->nr < 0)
		proc_printf(t, "%d 0x%lx 0x%lx\n", (int)a->nr, a->sp, a->pc);
	else
		proc_printf(t, "%d 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n", (int)a->nr,
			    a->arg[0], a->arg[1], a->arg[2], a->arg[3], a->arg[4], a->arg[5], a->sp,
			    a->pc);
	kfree(a);
	return 0;
}

/* ---- the functions of the kernel ---- */

/*
 * The name of the function that holds @va, into @name; false: none does.  A module's name is there
 * only while interrupts are masked (log/ksym.h).
 */
static bool function_at(uintptr_t va, char name[KSYM_TEXT_MAX])
{
	unsigned long flags = irq_save();
	const char *found = ksym_lookup(va, NULL, NULL);

	if (found)
		strlcpy(name, found, KSYM_TEXT_MAX);
	irq_restore(flags);
	return found;
}

static bool begins_with(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* Where an exception came in from EL0: behind it is no kernel code, whatever x29 says. */
static bool is_outermost(const char *name)
{
	return begins_with(name, "el0_") || begins_with(name, "ret_to_user") ||
	       begins_with(name, "task_entry");
}

static bool is_from_el1(const char *name)
{
	return begins_with(name, "el1_sync") || begins_with(name, "el1_irq");
}

static void put_call(struct proc_text *t, uintptr_t va, uintptr_t back)
{
	char symbol[KSYM_TEXT_MAX];

	ksym_describe(symbol, sizeof(symbol), va, back);
	proc_printf(t, "[<0>] %s\n", symbol);
}

static void put_calls(struct proc_text *t, const struct asleep *a)
{
	char name[KSYM_TEXT_MAX];

	for (size_t i = 0; i < a->calls; i++) {
		const struct asleep_call *c = &a->call[i];

		/* A return address is behind the call; it may be behind the function too. */
		if (asleep_in_sched(c->back - 4))
			continue;
		if (!function_at(c->back - 4, name))
			return;
		put_call(t, c->back, 4);
		if (is_outermost(name))
			return;
		if (is_from_el1(name) && function_at(c->interrupted, name))
			put_call(t, c->interrupted, 0);
	}
}

int proc_stack(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct asleep *a;
	int err;

	/* Whoever opened it, not whoever it was handed to. */
	if (!t->administrator)
		return -EACCES;
	err = look_asleep(n, &a);
	if (err)
		return err;
	look_end(n->process);
	if (a)
		put_calls(t, a);
	kfree(a);
	return 0;
}

/* The first function that is not the scheduler's own; false: @a has none. */
static bool sleeps_in(const struct asleep *a, char name[KSYM_TEXT_MAX])
{
	for (size_t i = 0; i < a->calls; i++)
		if (!asleep_in_sched(a->call[i].back - 4))
			return function_at(a->call[i].back - 4, name);
	return false;
}

int proc_wchan(struct proc_text *t, const struct proc_node *n, uint64_t *at)
{
	struct task *task = may_look(n->process, n->task, ACCESS_FS) ? proc_task(n) : NULL;
	struct asleep *a = task && task != current ? kmalloc(sizeof(*a)) : NULL;
	char name[KSYM_TEXT_MAX] = "0";

	if (a) {
		asleep_look(task, a);
		if (!a->sleeps || !sleeps_in(a, name))
			strlcpy(name, "0", sizeof(name));
		kfree(a);
	}
	if (task)
		task_put(task);
	proc_puts(t, name);
	return 0;
}
