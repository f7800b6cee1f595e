/*
 * exports.c - what a module links to, and what it exports.
 *
 * Comes from load.c.  What a module may link to is what the kernel's and other modules' EXPORT()s
 * name, and nothing else.  Invariant: a symbol that another module exports is found only together
 * with a use of that module, which keeps it LIVE.
 */
#include "kmod/exports.h"

#include "abi/errno.h"
#include "drivers/timer/timer.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/giveway.h"
#include "task/sleep.h"

#define INIT_PATIENCE_NS (30 * NS_PER_S) /* as Linux */
#define FINDS_A_TURN	 16 /* symbols, each held against all that the kernel exports */
#define EXPORTS_A_TURN	 32 /* of a module, each held against a name, which may be long */

/* link.ld's */
extern const struct export __ksymtab_start[], __ksymtab_end[];

/* ---- what is exported ---- */

static const struct export *find_in(const struct export *e, size_t nr, const char *name)
{
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(e[i].name, name))
			return &e[i];
		if (i % EXPORTS_A_TURN == EXPORTS_A_TURN - 1)
			(void)give_way(); /* the caller asks for a signal */
	}
	return NULL;
}

static const struct export *find_in_kernel(const char *name)
{
	return find_in(__ksymtab_start, (size_t)(__ksymtab_end - __ksymtab_start), name);
}

/*
 * The module that exports @name, what it exports into *@e; NULL: none.  modules_lock is held, and
 * not given up, so that the list stays.
 */
static struct loaded *find_in_modules(const char *name, const struct export **e)
{
	struct loaded *m;

	mutex_assert_held(&modules_lock);
	list_for_each(m, &modules, link) {
		if (m->state != MODULE_LIVE && m->state != MODULE_COMING)
			continue;
		*e = find_in(m->exports, m->nr_exports, name);
		if (*e)
			return m;
	}
	return NULL;
}

/*
 * The module that exports @name, by *@e, once it is LIVE: one that is still in its init may fail.
 * So, as Linux, wait for it; not for ever: that init may wait for what the caller is to bring.
 * NULL: nobody does; err_ptr(-EINTR, -EBUSY).  modules_lock held, and given up meanwhile.
 */
static struct loaded *wait_for_exporter(struct loading *l, const char *name,
					const struct export **e)
{
	uint64_t deadline = timer_now_ns() + INIT_PATIENCE_NS;
	struct loaded *m;
	int err;

	while ((m = find_in_modules(name, e)) && m->state == MODULE_COMING) {
		err = modules_wait_for_news(deadline);
		if (err == -ETIME)
			pr_warn("%s: gave up waiting for init of module %s.\n", l->m->name,
				m->name);
		if (err)
			return err_ptr(err == -ETIME ? -EBUSY : err);
	}
	return m;
}

/* In another module, which @l's then uses. */
static int link_to_module(struct loading *l, const char *name, uint64_t *value)
{
	const struct export *e = NULL;
	struct loaded *m;
	int err;

	if (mutex_lock_killable(&modules_lock))
		return -EINTR;
	m = wait_for_exporter(l, name, &e);
	if (is_err(m))
		err = (int)ptr_err(m);
	else
		err = m ? module_use(l->m, m) : -ENOENT;
	if (!err)
		*value = (uintptr_t)e->address;
	mutex_unlock(&modules_lock);
	return err;
}

int module_find_symbol(void *ctx, const char *name, uint64_t *value)
{
	struct loading *l = ctx;
	const struct export *e;

	if (++l->finds % FINDS_A_TURN == 0 && give_way())
		return -EINTR;
	e = find_in_kernel(name);
	if (!e)
		return link_to_module(l, name, value);
	*value = (uintptr_t)e->address;
	return 0;
}

/* Who exports @name already: "kernel", a module's name, or NULL.  modules_lock held. */
static const char *exporter(const char *name)
{
	const struct export *e;
	const struct loaded *m;

	if (find_in_kernel(name))
		return "kernel";
	m = find_in_modules(name, &e);
	return m ? m->name : NULL;
}

/* Does nobody export what @m does?  modules_lock held.  0, -ENOEXEC, -EINTR. */
static int check_exports(const struct loaded *m)
{
	for (size_t i = 0; i < m->nr_exports; i++) {
		const char *owner = exporter(m->exports[i].name);

		if (owner) {
			pr_err("%s: exports duplicate symbol %s (owned by %s)\n", m->name,
			       m->exports[i].name, owner);
			return -ENOEXEC;
		}
		if (i % FINDS_A_TURN == 0 && give_way())
			return -EINTR;
	}
	return 0;
}

int module_publish(struct loaded *m)
{
	int err;

	/* One hold, from the look to the state in which others see it: of two one comes. */
	if (mutex_lock_killable(&modules_lock))
		return -EINTR;
	err = check_exports(m);
	if (!err)
		module_set_state_locked(m, MODULE_COMING);
	mutex_unlock(&modules_lock);
	return err;
}
