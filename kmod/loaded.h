/*
 * loaded.h - a module that is loaded, as kmod/ itself sees it.
 *
 * Lock: modules_lock (a mutex) guards the list, the states, and who uses whom.  It is not held
 * while a module's init or exit runs, nor while its memory is filled: what is COMING or GOING
 * belongs to the task that loads or unloads it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/image.h"
#include "kmod/module.h"
#include "log/ksym.h"
#include "lib/list.h"
#include "mm/uaccess.h"
#include "task/wait.h"

struct charge;
struct sysfs_node;

enum module_state {
	MODULE_UNFORMED, /* its name is taken, nothing of it is shown */
	MODULE_COMING,	 /* its init runs */
	MODULE_LIVE,
	MODULE_GOING,
};

/* The two allocations in the arena: what stays, and what goes when init has returned. */
enum module_half { HALF_CORE, HALF_INIT, NR_HALVES };

/* @user links to what @used exports. */
struct module_use {
	struct loaded *user, *used;
	struct list_node by_user, by_used;
	struct sysfs_node *link; /* in @used's holders/ */
};

/* A parameter in /sys/module/NAME/parameters. */
struct module_shown_param {
	struct loaded *module;
	const struct module_param *param;
};

/* A string that is a parameter's value: it lives as long as the module. */
struct module_string {
	struct module_string *next;
	char text[];
};

struct loaded {
	struct list_node link; /* in modules */
	uint64_t serial;       /* the later, the larger: a place in a walk */
	enum module_state state;
	char name[MODULE_NAME_SIZE];
	struct module *module; /* in its data; NULL until that is there */
	void *part[NR_IMAGE_PARTS];
	void *half[NR_HALVES];
	size_t size[NR_HALVES];
	uint64_t taints; /* BIT(enum taint) */

	struct list_node uses;	      /* struct module_use, by_user */
	struct list_node used;	      /* by_used, the newest first */
	const struct export *exports; /* in its memory, checked */
	size_t nr_exports;
	const struct module_param *params;
	size_t nr_params;
	struct module_string *strings; /* those of the parameters */
	size_t nr_strings;

	/* kvmap'ed: what is kept of the file */
	void *kept;
	size_t kept_size;
	struct ksym_section *sections;
	size_t nr_sections, nr_core_sections; /* those of HALF_CORE come first */
	struct ksym_module syms[NR_HALVES];
	struct ksym_entry *entries; /* of both, sorted */
	size_t nr_entries;
	struct uaccess_table fixups;
	bool joined[NR_HALVES];
	const char *version, *srcversion; /* NULL: it says none */

	struct module_shown_param *shown; /* as many as there are parameters */

	struct sysfs_node *dir, *holders;
	struct charge *charge; /* of who loaded it */
	size_t charged;
};

extern struct mutex modules_lock;
extern struct list_node modules; /* the newest first */

/*
 * module_next - the newest one whose serial is below @serial, and of which something is shown, or
 * NULL.  modules_lock held.
 */
struct loaded *module_next(uint64_t serial);

/* module_half_of - in which of @m's halves @va lies; NR_HALVES: in none. */
static inline enum module_half module_half_of(const struct loaded *m, uintptr_t va)
{
	int h = HALF_CORE;

	while (h < NR_HALVES && va - (uintptr_t)m->half[h] >= m->size[h])
		h++;
	return (enum module_half)h;
}

/* module_find - the one called @name, or NULL.  modules_lock held. */
struct loaded *module_find(const char *name);
/* module_add - @m's name is taken.  0, -EEXIST, -EBUSY, -EINTR. */
int module_add(struct loaded *m) __must_check;
/* module_set_state - and who waits for a change is woken. */
void module_set_state(struct loaded *m, enum module_state state);
/* module_set_state_locked - the same, modules_lock held. */
void module_set_state_locked(struct loaded *m, enum module_state state);
/*
 * modules_wait_for_news - until a state has changed; modules_lock is held, and given up meanwhile.
 * @deadline: by timer_now_ns(), or MODULES_FOR_EVER.  0, -EINTR, -ETIME.
 */
#define MODULES_FOR_EVER UINT64_MAX
int modules_wait_for_news(uint64_t deadline) __must_check;
/* module_use - @user links to @used, which is LIVE.  modules_lock held.  0, -ENOMEM, -EBUSY. */
int module_use(struct loaded *user, struct loaded *used) __must_check;
/* module_charge - @n bytes more are @m's. */
void module_charge(struct loaded *m, size_t n);
/* module_remove - out of the list; it uses nobody any more. */
void module_remove(struct loaded *m);
