/*
 * show.c - /proc/modules and /proc/kallsyms.
 *
 * A module at a time, or so many symbols, under modules_lock; between two pieces modules come and
 * go.  A place in the text is a module's serial, so that none is shown twice, and none left out
 * that is there all the time.  Addresses are for whom Linux shows them to: who had CAP_SYSLOG when
 * he opened the file.
 */
#include "kmod/show.h"

#include "abi/errno.h"
#include "fs/proc/register.h"
#include "kmod/loaded.h"
#include "log/panic.h"
#include "log/taint.h"

#define SYMBOLS_A_PIECE 64

/* ---- /proc/modules ---- */

/* "2 b,a," or "0 -". */
static void put_users(struct proc_text *t, const struct loaded *m)
{
	const struct module_use *u;
	bool any = false;

	proc_printf(t, " %u ", owner_users(&m->module->owner));
	list_for_each(u, &m->used, by_used) {
		proc_printf(t, "%s,", u->user->name);
		any = true;
	}
	if (m->module->init && !m->module->exit) {
		proc_puts(t, "[permanent],");
		any = true;
	}
	if (!any)
		proc_puts(t, "-");
}

static const char *state_word(const struct loaded *m)
{
	return m->state == MODULE_LIVE	  ? "Live"
	       : m->state == MODULE_GOING ? "Unloading"
					  : "Loading";
}

/* " (PO+)": its taints, and whether it is coming or going. */
static void put_taints(struct proc_text *t, const struct loaded *m)
{
	char letters[TAINT_LETTERS_MAX];

	taint_module_letters(letters, sizeof(letters), m->taints);
	if (m->taints)
		proc_printf(t, " (%s%s)", letters,
			    m->state == MODULE_COMING  ? "+"
			    : m->state == MODULE_GOING ? "-"
						       : "");
}

static void put_module(struct proc_text *t, const struct loaded *m)
{
	uintptr_t at = t->addresses ? (uintptr_t)m->half[HALF_CORE] : 0;

	proc_printf(t, "%s %lu", m->name, m->size[HALF_CORE] + m->size[HALF_INIT]);
	put_users(t, m);
	proc_printf(t, " %s 0x%016lx", state_word(m), at);
	put_taints(t, m);
	proc_puts(t, "\n");
}

/* *@at: 0, or the serial of the module that was shown last. */
static int show_modules(struct proc_text *t, void *arg, uint64_t *at)
{
	const struct loaded *m;

	if (mutex_lock_killable(&modules_lock))
		return -EINTR;
	m = module_next(*at ?: UINT64_MAX);
	if (m) {
		*at = m->serial;
		put_module(t, m);
	}
	mutex_unlock(&modules_lock);
	return m != NULL;
}

/* ---- /proc/kallsyms ---- */

static void put_symbol(struct proc_text *t, uintptr_t va, const char *name, const char *module)
{
	proc_printf(t, "%016lx t %s", t->addresses ? va : 0, name);
	if (module)
		proc_printf(t, "\t[%s]", module);
	proc_puts(t, "\n");
}

/*
 * *@at: of the kernel's own, how many have been shown; behind them PLACE_MODULES, the serial of the
 * module that is being shown, and how many of its symbols have been.
 */
#define PLACE_MODULES	  BIT(63)
#define PLACE(serial, nr) (PLACE_MODULES | (serial) << 24 | (nr))
#define PLACE_SERIAL(at)  (((at) & ~PLACE_MODULES) >> 24)
#define PLACE_NR(at)	  ((at)&0xffffff)
#define PLACE_MODULES_ALL PLACE(BIT(39) - 1, 0) /* before the first */

static void show_kernel_symbols(struct proc_text *t, uint64_t *at)
{
	const char *name;
	uintptr_t va;

	for (int i = 0; i < SYMBOLS_A_PIECE; i++) {
		name = ksym_nth(*at, &va);
		if (!name) {
			*at = PLACE_MODULES_ALL;
			return;
		}
		put_symbol(t, va, name, NULL);
		++*at;
	}
}

/* The symbols that @m has now: those of its init code go with that.  False: that was all. */
static bool show_symbols_of(struct proc_text *t, const struct loaded *m, uint64_t *at)
{
	uint64_t nr = PLACE_NR(*at);

	for (int i = 0; i < SYMBOLS_A_PIECE && nr < m->nr_entries; i++, nr++)
		if (module_half_of(m, m->entries[nr].va) < NR_HALVES)
			put_symbol(t, m->entries[nr].va, m->entries[nr].name, m->name);
	*at = PLACE(m->serial, nr);
	return nr < m->nr_entries;
}

static int show_module_symbols(struct proc_text *t, uint64_t *at)
{
	const struct loaded *m;

	if (mutex_lock_killable(&modules_lock))
		return -EINTR;
	/* The one that is being shown, or if it has gone, or come to its end, the next. */
	m = module_next(PLACE_SERIAL(*at) + 1);
	if (m && PLACE_SERIAL(*at) != m->serial)
		*at = PLACE(m->serial, 0);
	if (m && !show_symbols_of(t, m, at))
		*at = PLACE(m->serial - 1, 0);
	mutex_unlock(&modules_lock);
	return m != NULL;
}

static int show_kallsyms(struct proc_text *t, void *arg, uint64_t *at)
{
	if (*at & PLACE_MODULES)
		return show_module_symbols(t, at);
	show_kernel_symbols(t, at);
	return 1;
}

void kmod_show_init(void)
{
	static struct proc_file files[] = {
		{ .name = "modules", .mode = 0444, .show = show_modules },
		{ .name = "kallsyms", .mode = 0444, .show = show_kallsyms },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		CHECK(!proc_register(&files[i])); /* at boot: there is memory */
}
