/*
 * sysfs.c - /sys/module: a directory for each module, with what Linux has in it.
 *
 * Comes from load.c and unload.c, and from reads and writes.  A file's argument is its module, or
 * something in it: module_hide() returns when no read or write runs any more, so what they use is
 * there.  No read or write takes modules_lock: what they look at is a word, or does not change.
 */
#include "kmod/sysfs.h"

#include "abi/errno.h"
#include "abi/capability.h"
#include "task/cap.h"
#include "fs/sysfs/kernel.h"
#include "fs/sysfs/sysfs.h"
#include "kmod/arguments.h"
#include "lib/printf.h"
#include "mm/giveway.h"
#include "log/panic.h"
#include "log/taint.h"

#define SECTIONS_SHOWN ((size_t)128)
#define FILES_A_TURN   8 /* that are made between two points to give way */

static struct sysfs_node *modules_dir;

/* ---- the files of a module ---- */

static long show_coresize(void *arg, char *buf)
{
	const struct loaded *m = arg;

	return scnprintf(buf, SYSFS_TEXT_MAX, "%lu\n", READ_ONCE(m->size[HALF_CORE]));
}

static long show_initsize(void *arg, char *buf)
{
	const struct loaded *m = arg;

	return scnprintf(buf, SYSFS_TEXT_MAX, "%lu\n", READ_ONCE(m->size[HALF_INIT]));
}

static long show_initstate(void *arg, char *buf)
{
	static const char *const words[] = { [MODULE_UNFORMED] = "coming",
					     [MODULE_COMING] = "coming",
					     [MODULE_LIVE] = "live",
					     [MODULE_GOING] = "going" };
	const struct loaded *m = arg;

	return scnprintf(buf, SYSFS_TEXT_MAX, "%s\n", words[READ_ONCE(m->state)]);
}

static long show_refcnt(void *arg, char *buf)
{
	const struct loaded *m = arg;

	return scnprintf(buf, SYSFS_TEXT_MAX, "%u\n", owner_users(&m->module->owner));
}

static long show_taint(void *arg, char *buf)
{
	const struct loaded *m = arg;
	char letters[TAINT_LETTERS_MAX];

	taint_module_letters(letters, sizeof(letters), m->taints);
	return scnprintf(buf, SYSFS_TEXT_MAX, "%s\n", letters);
}

static long show_text(void *arg, char *buf)
{
	return scnprintf(buf, SYSFS_TEXT_MAX, "%s\n", (const char *)arg);
}

/* An event that is asked for: nobody listens for any. */
static int store_uevent(void *arg, char *text, size_t len)
{
	return 0;
}

static long show_section(void *arg, char *buf)
{
	const struct ksym_section *s = arg;

	/* Mode 0400: as Linux, with the address for who has CAP_SYSLOG. */
	return scnprintf(buf, SYSFS_TEXT_MAX, "0x%016lx\n", capable(CAP_SYSLOG) ? s->va : 0);
}

static long show_param(void *arg, char *buf)
{
	const struct module_shown_param *p = arg;

	return module_show_param(p->param, buf, SYSFS_TEXT_MAX);
}

static int store_param(void *arg, char *text, size_t len)
{
	const struct module_shown_param *p = arg;

	return module_set_param(p->module, p->param, text);
}

/* ---- the directories ---- */

#define SHOW(name) static const struct sysfs_file_ops name##_ops = { .show = show_##name }

SHOW(coresize);
SHOW(initsize);
SHOW(initstate);
SHOW(refcnt);
SHOW(taint);
SHOW(text);
SHOW(section);

static const struct sysfs_file_ops uevent_ops = { .store = store_uevent };
static const struct sysfs_file_ops param_ops = { .show = show_param, .store = store_param };

static bool add_file(struct loaded *m, const char *name, uint32_t mode,
		     const struct sysfs_file_ops *ops)
{
	return sysfs_file(m->dir, name, mode, ops, m, NULL);
}

static bool add_files(struct loaded *m)
{
	return add_file(m, "coresize", 0444, &coresize_ops) &&
	       add_file(m, "initsize", 0444, &initsize_ops) &&
	       add_file(m, "initstate", 0444, &initstate_ops) &&
	       add_file(m, "refcnt", 0444, &refcnt_ops) && add_file(m, "taint", 0444, &taint_ops) &&
	       add_file(m, "uevent", 0200, &uevent_ops);
}

static bool add_text(struct loaded *m, const char *name, const char *text)
{
	return !text || sysfs_file(m->dir, name, 0444, &text_ops, (void *)text, NULL);
}

/* As Linux: a module is loaded also where one of these cannot be made (two sections of a name). */
static void add_sections(struct loaded *m)
{
	struct sysfs_node *dir = sysfs_dir(m->dir, "sections"), *file;

	for (size_t i = 0; dir && i < min(m->nr_sections, SECTIONS_SHOWN); i++) {
		file = sysfs_file(dir, m->sections[i].name, 0400, &section_ops, &m->sections[i],
				  NULL);
		if (!file)
			break;
		if (i % FILES_A_TURN == 0)
			(void)give_way();
	}
}

static bool add_params(struct loaded *m)
{
	struct sysfs_node *dir = NULL;

	for (size_t i = 0; i < m->nr_params; i++) {
		const struct module_param *p = &m->params[i];

		if (!p->mode)
			continue;
		if (i % FILES_A_TURN == 0)
			(void)give_way();
		dir = dir ?: sysfs_dir(m->dir, "parameters");
		m->shown[i] = (struct module_shown_param){ .module = m, .param = p };
		if (!dir || !sysfs_file(dir, p->name, p->mode, &param_ops, &m->shown[i], NULL))
			return false;
	}
	return true;
}

/* In the holders/ of those that @m links to. */
static bool add_holders(struct loaded *m)
{
	struct module_use *u;

	m->holders = sysfs_dir(m->dir, "holders");
	if (!m->holders)
		return false;
	/* @m's own list: it does not change any more, and who is in it does not go. */
	list_for_each(u, &m->uses, by_user) {
		u->link = sysfs_link(u->used->holders, m->name, m->dir);
		if (!u->link)
			return false;
	}
	return true;
}

int module_show(struct loaded *m)
{
	m->dir = sysfs_dir(modules_dir, m->name);
	if (m->dir && add_files(m) && add_text(m, "version", m->version) &&
	    add_text(m, "srcversion", m->srcversion) && add_params(m) && add_holders(m)) {
		add_sections(m);
		return 0;
	}
	return -ENOMEM; /* what there is goes by module_hide */
}

void module_hide(struct loaded *m)
{
	struct module_use *u;

	list_for_each(u, &m->uses, by_user) {
		sysfs_remove(u->link);
		u->link = NULL;
	}
	sysfs_remove(m->dir);
	m->dir = NULL;
}

void kmod_sysfs_init(void)
{
	static const char gzip[] = "gzip";

	modules_dir = sysfs_module_dir();
	CHECK(modules_dir &&
	      sysfs_file(modules_dir, "compression", 0444, &text_ops, (void *)gzip, NULL));
}
