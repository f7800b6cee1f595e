/*
 * broken.c - a module that breaks its promises, one at a time: each must end in a report that names
 * this module, the function, the section and the place in it.
 *
 *	insmod broken.ko how=null	in its init
 *	insmod broken.ko		it only waits,
 *	echo null >/proc/broken		and breaks in a call that comes later
 *
 * Of these `loop` alone is no end of the kernel: it goes on for `seconds`, or until somebody writes
 * 1 to /sys/module/broken/parameters/stop.
 */
#include "kmod/module.h"

#include "abi/errno.h"
#include "arm/counter.h"
#include "fs/proc/register.h"
#include "lib/string.h"
#include "log/panic.h"
#include "task/wait.h"

static char how[16];
module_param_string(how, how, 0444);
MODULE_PARM_DESC(
	how,
	"what to break at once: null, text, rodata, exec, stack, loop, lock, masked, bug, brk");
static bool stop;
module_param(stop, bool, 0644);
MODULE_PARM_DESC(stop, "ends the loop");
static unsigned int seconds = 15;
module_param(seconds, uint, 0644);
MODULE_PARM_DESC(seconds, "how long the loop goes on");

/* Volatile wherever the compiler would see it coming, and not inlined: a dump shows the name. */
#define BREAK static __attribute__((noinline)) void

BREAK break_null(void)
{
	uint32_t *volatile nowhere = NULL;

	nowhere[2] = 1; /* cppcheck-suppress nullPointer */
}

BREAK break_text(void)
{
	*(volatile uint32_t *)(uintptr_t)printk = 0;
}

/* What a module says is constant is sealed, as its code is. */
BREAK break_rodata(void)
{
	static const uint32_t sealed[] = { 1, 2 };

	*(volatile uint32_t *)(uintptr_t)sealed = 0;
}

BREAK break_exec(void)
{
	static uint32_t code[] = { 0xd65f03c0 }; /* ret */

	((void (*volatile)(void))(uintptr_t)code)();
	compiler_barrier(); /* no tail: this function stays in the backtrace */
}

/* Not a tail call, and never the same: the compiler must make a frame for each. */
static __attribute__((noinline)) uint64_t recurse(uint64_t n)
{
	volatile uint64_t frame[64];

	frame[n % 64] = n;
	if (!n)
		return 0; /* after 2^64 of them */
	return recurse(n + 1) + frame[(n + 1) % 64];
}

BREAK break_stack(void)
{
	pr_info("broken: the stack has no end, %lu\n", recurse(1));
}

/* Interrupts come in all the while: the tick finds it (task/watch.h). */
BREAK break_loop(void)
{
	uint64_t start = counter_read();

	while (!READ_ONCE(stop) && counter_read() - start < READ_ONCE(seconds) * counter_hz())
		cpu_relax();
	pr_info("broken: the loop has ended\n");
}

/* Nobody else has the mutex: it would not sleep this time, and some day it would. */
BREAK break_lock(void)
{
	static struct spinlock held_lock = SPINLOCK_INIT;
	static struct mutex free_mutex = MUTEX_INIT(free_mutex);

	spin_lock(&held_lock);
	mutex_lock(&free_mutex);
	mutex_unlock(&free_mutex);
	spin_unlock(&held_lock);
}

/* As an interrupt's handler would: whatever is switched to would run masked. */
BREAK break_masked(void)
{
	static struct mutex free_mutex = MUTEX_INIT(free_mutex);
	unsigned long flags = irq_save();

	mutex_lock(&free_mutex);
	mutex_unlock(&free_mutex);
	irq_restore(flags);
}

BREAK break_bug(void)
{
	CHECK(stop && !stop); /* cppcheck-suppress incorrectLogicOperator */
}

BREAK break_brk(void)
{
	__asm__ volatile("brk #1");
}

static const struct way {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "null", break_null }, { "text", break_text },	    { "rodata", break_rodata },
	{ "exec", break_exec }, { "stack", break_stack },   { "loop", break_loop },
	{ "lock", break_lock }, { "masked", break_masked }, { "bug", break_bug },
	{ "brk", break_brk },
};

static int break_it(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(ways[i].name, name)) {
			ways[i].run();
			return 0;
		}
	return -EINVAL;
}

static int broken_show(struct proc_text *t, void *arg, uint64_t *at)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		proc_printf(t, "%s\n", ways[i].name);
	return 0;
}

static int broken_write(void *arg, char *text, size_t len)
{
	char *end = memchr(text, '\n', len);

	if (end)
		*end = '\0';
	return break_it(text);
}

static struct proc_file file = {
	.name = "broken",
	.mode = 0600,
	.show = broken_show,
	.write = broken_write,
	.owner = THIS_OWNER,
};

static int __init broken_init(void)
{
	int err = how[0] ? break_it(how) : 0;

	return err ?: proc_register(&file);
}

static void __exit broken_exit(void)
{
	proc_unregister(&file);
}

module_init(broken_init);
module_exit(broken_exit);
MODULE_LICENSE("MIT");
MODULE_DESCRIPTION("breaks its promises, to see the reports");
