/*
 * arguments.c - the parameters of one module: its records checked, its arguments parsed, and its
 * variables as /sys/module/NAME/parameters has them.
 *
 * Comes from load.c and sysfs.c; the words themselves are params.c's.  Invariant: a string that was
 * a parameter's value once stays until the module goes, as its code may still read it.
 */
#include "kmod/arguments.h"

#include "abi/errno.h"
#include "kmod/layout.h"
#include "kmod/params.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/giveway.h"
#include "mm/slab.h"

#define PARAMS_MAX	512		      /* of a module: each is a file */
#define CHARP_FIRST_MAX (PARAM_CHARP_MAX + 1) /* bytes of a string that the file brings */
#define STRINGS_MAX	256		      /* of one module, also those that were replaced */

/* Of all writes to parameters: what a module has is changed by one task at a time. */
static struct mutex params_lock = MUTEX_INIT(params_lock);

/* ---- the records ---- */

/* Is it all in data that stays, or for what /sys does not show in data of init's? */
static bool is_in_data(const struct loading *l, const void *at, uint64_t size, bool shown)
{
	return module_in_part(l, IMAGE_DATA, (uintptr_t)at, size) ||
	       (!shown && module_in_part(l, IMAGE_INIT_DATA, (uintptr_t)at, size));
}

/* The strings that it has before anybody gives others, too: whoever reads /sys follows them. */
static bool has_sound_strings(const struct loading *l, const struct module_param *p)
{
	const char *const *s = p->variable;

	for (uint32_t i = 0; p->type == MODULE_PARAM_charp && i < p->max; i++) {
		if (s[i] && (!image_string(&l->img, l->m->part, (uintptr_t)s[i], CHARP_FIRST_MAX) ||
			     (p->mode && !module_stays(l, s[i]))))
			return false;
		if (i % 64 == 63 && give_way())
			return false;
	}
	return true;
}

static bool is_sound(const struct loading *l, const struct module_param *p)
{
	if (!module_stays(l, p->name) ||
	    !image_string(&l->img, l->m->part, (uintptr_t)p->name, IMAGE_NAME_MAX) || !p->name[0] ||
	    strchr(p->name, '/') || !param_valid(p) || p->mode & ~0777u)
		return false;
	if (p->count && !is_in_data(l, p->count, sizeof(*p->count), p->mode))
		return false;
	return is_in_data(l, p->variable, param_bytes(p), p->mode) && has_sound_strings(l, p);
}

int module_check_params(const struct loading *l)
{
	if (l->m->nr_params > PARAMS_MAX)
		return -ENOEXEC;
	for (size_t i = 0; i < l->m->nr_params; i++) {
		if (!is_sound(l, &l->m->params[i]))
			return -ENOEXEC;
		if (i % 64 == 0 && give_way())
			return -EINTR;
	}
	return 0;
}

/* ---- values ---- */

static const char *new_string(void *ctx, const struct module_param *p, const char *text,
			      size_t size)
{
	struct loaded *m = ctx;
	struct module_string *s;

	s = m->nr_strings < STRINGS_MAX ? kmalloc(sizeof(*s) + size) : NULL;
	if (!s)
		return NULL;
	module_charge(m, sizeof(*s) + size);
	memcpy(s->text, text, size);
	s->next = m->strings;
	m->strings = s;
	m->nr_strings++;
	return s->text;
}

static void tell_unknown(void *ctx, const char *name)
{
	pr_warn("%s: unknown parameter '%s' ignored\n", ((struct loaded *)ctx)->name, name);
}

static void tell_refused(void *ctx, const char *name, const char *value, int err)
{
	pr_err("%s: `%s' %s for parameter `%s'\n", ((struct loaded *)ctx)->name, value,
	       err == -ENOSPC ? "too large" : "invalid", name);
}

static void tell_ignored(void *ctx, const char *rest)
{
	pr_warn("%s: parameters '%s' after `--' ignored\n", ((struct loaded *)ctx)->name, rest);
}

static struct params_host host_of(struct loaded *m)
{
	return (struct params_host){ .new_string = new_string,
				     .unknown = tell_unknown,
				     .refused = tell_refused,
				     .ignored = tell_ignored,
				     .pause = give_way,
				     .ctx = m };
}

int module_parse(struct loaded *m, char *args)
{
	struct params_host host = host_of(m);

	return params_parse(args, m->params, m->nr_params, &host);
}

int module_set_param(struct loaded *m, const struct module_param *p, char *value)
{
	struct params_host host = host_of(m);
	int err;

	if (mutex_lock_killable(&params_lock))
		return -EINTR;
	err = param_set(p, value, &host);
	mutex_unlock(&params_lock);
	return err;
}

long module_show_param(const struct module_param *p, char *buf, size_t size)
{
	long n;

	if (mutex_lock_killable(&params_lock))
		return -EINTR;
	n = (long)param_show(p, buf, size);
	mutex_unlock(&params_lock);
	return n;
}
