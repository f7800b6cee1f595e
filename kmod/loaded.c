/*
 * loaded.c - which modules there are: their list, their states, and who uses whom.
 *
 * Comes from all of kmod/.  Invariants (modules_lock): a name is in the list once; a module that
 * another uses is LIVE, and counted in its owner; what is not LIVE lets nobody in (OWNER_GONE).
 */
#include "kmod/loaded.h"

#include "abi/errno.h"
#include "lib/string.h"
#include "mm/charge.h"
#include "mm/slab.h"
#include "task/sleep.h"

struct mutex modules_lock = MUTEX_INIT(modules_lock);
struct list_node modules = LIST_INIT(modules);

/* Woken when a state has changed; modules_news says how often one has (modules_lock). */
static struct wait_queue modules_wait = WAIT_QUEUE_INIT(modules_wait);
static uint32_t modules_news;

/* ---- the list ---- */

struct loaded *module_find(const char *name)
{
	struct loaded *m;

	mutex_assert_held(&modules_lock);
	list_for_each(m, &modules, link)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

struct loaded *module_next(uint64_t serial)
{
	struct loaded *m;

	mutex_assert_held(&modules_lock);
	list_for_each(m, &modules, link)
		if (m->serial < serial && m->state != MODULE_UNFORMED)
			return m;
	return NULL;
}

static void tell_news(void)
{
	mutex_assert_held(&modules_lock);
	/* Before the wake-up: who waits compares it with what he had read under the lock. */
	WRITE_ONCE(modules_news, modules_news + 1);
	wake_up(&modules_wait);
}

void module_set_state_locked(struct loaded *m, enum module_state state)
{
	static const char marks[] = {
		[MODULE_COMING] = '+', [MODULE_LIVE] = 0, [MODULE_GOING] = '-'
	};

	WRITE_ONCE(m->state, state);
	WRITE_ONCE(m->syms[HALF_CORE].state, marks[state]); /* of a dump */
	tell_news();
}

void module_set_state(struct loaded *m, enum module_state state)
{
	mutex_lock(&modules_lock);
	module_set_state_locked(m, state);
	mutex_unlock(&modules_lock);
}

int modules_wait_for_news(uint64_t deadline)
{
	uint32_t seen = modules_news;
	struct waiter w;
	int err = 0;

	mutex_unlock(&modules_lock);
	while (!err && READ_ONCE(modules_news) == seen) {
		wait_prepare(&modules_wait, &w, TASK_SLEEPING);
		if (READ_ONCE(modules_news) != seen)
			;
		else if (signal_pending())
			err = -EINTR;
		else if (deadline == MODULES_FOR_EVER)
			schedule();
		else if (sched_sleep_deadline(TIMER_MONOTONIC, deadline))
			err = -ETIME;
		wait_finish(&modules_wait, &w);
	}
	mutex_lock(&modules_lock);
	return err;
}

static bool is_coming(const struct loaded *m)
{
	return m->state == MODULE_UNFORMED || m->state == MODULE_COMING;
}

/* modules_lock held.  As Linux: who has waited for another that failed then, does not try again. */
static int name_is_free(const char *name)
{
	struct loaded *old = module_find(name);
	int err = 0;

	if (!old)
		return 0;
	while (!err && old && is_coming(old)) {
		err = modules_wait_for_news(MODULES_FOR_EVER);
		old = module_find(name);
	}
	return err ?: old && old->state == MODULE_LIVE ? -EEXIST : -EBUSY;
}

int module_add(struct loaded *m)
{
	static uint64_t serial; /* modules_lock */
	int err;

	if (mutex_lock_killable(&modules_lock))
		return -EINTR;
	err = name_is_free(m->name);
	if (!err) {
		m->serial = ++serial;
		list_add_head(&modules, &m->link);
	}
	mutex_unlock(&modules_lock);
	return err;
}

void module_charge(struct loaded *m, size_t n)
{
	charge_add(m->charge, n);
	m->charged += n;
}

/* ---- who uses whom ---- */

int module_use(struct loaded *user, struct loaded *used)
{
	struct module_use *u;

	mutex_assert_held(&modules_lock);
	list_for_each(u, &user->uses, by_user)
		if (u->used == used)
			return 0;
	u = kmalloc(sizeof(*u));
	if (!u)
		return -ENOMEM;
	if (!owner_get(&used->module->owner)) {
		kfree(u);
		return -EBUSY;
	}
	charge_add(user->charge, sizeof(*u));
	user->charged += sizeof(*u);
	*u = (struct module_use){ .user = user, .used = used };
	list_add_tail(&user->uses, &u->by_user);
	list_add_head(&used->used, &u->by_used);
	return 0;
}

static void drop_uses(struct loaded *m)
{
	struct module_use *u;

	mutex_assert_held(&modules_lock);
	while ((u = list_pop(&m->uses, struct module_use, by_user))) {
		list_del(&u->by_used);
		owner_put(&u->used->module->owner);
		kfree(u);
	}
}

void module_remove(struct loaded *m)
{
	mutex_lock(&modules_lock);
	drop_uses(m);
	list_del(&m->link);
	tell_news();
	mutex_unlock(&modules_lock);
}
