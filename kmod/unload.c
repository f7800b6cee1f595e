/*
 * unload.c - a module goes: its exit is run, nobody finds it any more, its memory is free.
 *
 * Comes from sys/module.c, and from load.c for what was to come and failed.  Invariant: memory is
 * given back last, when no core can still be in it, or hold what was found of it: owner_close(),
 * sysfs_remove(), and module_leave()'s barrier see to that.
 */
#include "kmod/unload.h"

#include "abi/errno.h"
#include "kmod/symbols.h"
#include "kmod/sysfs.h"
#include "mm/charge.h"
#include "mm/kvmap.h"
#include "mm/modarea.h"
#include "mm/slab.h"

static void free_half(struct loaded *m, enum module_half h)
{
	modarea_free(m->half[h], m->size[h]);
	m->half[h] = NULL;
	m->size[h] = 0;
}

static void free_strings(struct loaded *m)
{
	struct module_string *s;

	while ((s = m->strings)) {
		m->strings = s->next;
		kfree(s);
	}
}

void module_free(struct loaded *m)
{
	module_hide(m); /* no show or store runs from here on */
	module_leave(m, HALF_CORE);
	module_leave(m, HALF_INIT);
	if (list_is_linked(&m->link))
		module_remove(m);
	/* Nobody finds it any more, nobody is in it: owner_close(), module_leave()'s barrier. */
	for (int h = 0; h < NR_HALVES; h++)
		if (m->half[h])
			free_half(m, h);
	free_strings(m);
	kvmap_free(m->kept, m->kept_size);
	charge_drop(m->charge, m->charged);
	kfree(m);
}

void module_free_init(struct loaded *m)
{
	void *init = m->half[HALF_INIT];
	size_t size = m->size[HALF_INIT];

	if (!init)
		return;
	module_leave(m, HALF_INIT);
	mutex_lock(&modules_lock); /* /proc/modules shows the size */
	m->half[HALF_INIT] = NULL;
	m->size[HALF_INIT] = 0;
	mutex_unlock(&modules_lock);
	modarea_free(init, size);
}

/* May @m go?  modules_lock held; 0: it is GOING, and nobody gets in any more. */
static int begin_unload(struct loaded *m)
{
	if (!m || m->state == MODULE_UNFORMED)
		return -ENOENT;
	if (!list_empty(&m->used))
		return -EWOULDBLOCK;
	if (m->state != MODULE_LIVE || (m->module->init && !m->module->exit))
		return -EBUSY;
	if (!owner_close(&m->module->owner))
		return -EWOULDBLOCK;
	module_set_state_locked(m, MODULE_GOING);
	return 0;
}

long module_unload(const char *name)
{
	struct loaded *m;
	int err;

	if (mutex_lock_killable(&modules_lock))
		return -EINTR;
	m = module_find(name);
	err = begin_unload(m);
	mutex_unlock(&modules_lock);
	if (err)
		return err;
	if (m->module->exit)
		m->module->exit();
	module_free(m);
	return 0;
}
