/*
 * load.c - a module comes: from its file in kernel memory to its init.
 *
 * Comes from sys/module.c.  The steps stand in module_load, in this order because Linux finds what
 * is wrong in it; each leaves in struct loaded what module_free needs to take it back.  Invariant:
 * nothing of the file is trusted that image.c, or a check here, has not looked at; nobody gets into
 * the module before its init has returned 0.
 */
#include "kmod/load.h"

#include "abi/errno.h"
#include "lib/elf64.h"
#include "kmod/arguments.h"
#include "kmod/exports.h"
#include "kmod/info.h"
#include "kmod/layout.h"
#include "kmod/reloc.h"
#include "kmod/symbols.h"
#include "kmod/sysfs.h"
#include "kmod/unload.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/charge.h"
#include "mm/giveway.h"
#include "mm/kvmap.h"
#include "mm/modarea.h"
#include "mm/slab.h"
#include "task/oncores.h"
#include "task/process.h"

#define ARGS_MAX   (4UL << 20) /* bytes with the NUL: what Linux has memory for */
#define ARGS_PIECE 65536UL     /* between two points to give way */

/* The parts of a half, in the order in which they lie. */
static const enum image_part parts_of[NR_HALVES][3] = {
	[HALF_CORE] = { IMAGE_TEXT, IMAGE_RODATA, IMAGE_DATA },
	[HALF_INIT] = { IMAGE_INIT_TEXT, IMAGE_INIT_RODATA, IMAGE_INIT_DATA },
};

/* ---- memory ---- */

static struct loaded *new_loaded(const char *name)
{
	struct loaded *m = kzalloc(sizeof(*m));

	if (!m)
		return NULL;
	strlcpy(m->name, name, sizeof(m->name));
	list_init(&m->link);
	list_init(&m->uses);
	list_init(&m->used);
	m->charge = charge_mine(sizeof(*m));
	m->charged = sizeof(*m);
	return m;
}

/* Memory for one half.  0, -ENOMEM. */
static int give_half(struct loading *l, enum module_half h)
{
	struct loaded *m = l->m;
	size_t size = 0;
	uint8_t *at;

	for (int i = 0; i < 3; i++)
		size += l->img.part_size[parts_of[h][i]];
	if (!size)
		return 0;
	at = size <= modarea_size() ? modarea_alloc(size) : NULL;
	if (!at) {
		pr_err("%s: %zu KiB do not fit, %zu of the %zu KiB of newel.modules= are taken\n",
		       m->name, size >> 10, modarea_used() >> 10, modarea_size() >> 10);
		return -ENOMEM;
	}
	m->half[h] = at;
	m->size[h] = size;
	for (int i = 0; i < 3; i++) {
		enum image_part p = parts_of[h][i];

		m->part[p] = l->img.part_size[p] ? at : NULL;
		at += l->img.part_size[p];
	}
	return 0;
}

/* The sections to their places. */
static int place(struct loading *l)
{
	int err;

	for (int i = 0; i < NR_IMAGE_PARTS; i++)
		if (l->img.part_size[i] > modarea_size())
			return -ENOMEM;
	l->address_size = image_addresses(&l->img) * sizeof(*l->address);
	l->address = kvmap_alloc(l->address_size);
	if (!l->address)
		return -ENOMEM;
	module_charge(l->m, l->address_size);
	err = give_half(l, HALF_CORE) ?: give_half(l, HALF_INIT);
	return err ?: image_place(&l->img, l->m->part, l->address);
}

static void drop_addresses(struct loading *l)
{
	if (!l->address)
		return;
	kvmap_free(l->address, l->address_size);
	l->address = NULL;
	l->m->charged -= l->address_size;
	charge_drop(l->m->charge, l->address_size);
}

/* The last step in which a page of the module's is written that is not to be. */
static void seal(const struct loading *l)
{
	static const struct {
		enum image_part part;
		enum modarea_seal as;
	} sealed[] = { { IMAGE_TEXT, MODAREA_TEXT },
		       { IMAGE_RODATA, MODAREA_RODATA },
		       { IMAGE_INIT_TEXT, MODAREA_TEXT },
		       { IMAGE_INIT_RODATA, MODAREA_RODATA } };

	for (size_t i = 0; i < ARRAY_SIZE(sealed); i++)
		if (l->m->part[sealed[i].part])
			modarea_seal(l->m->part[sealed[i].part], l->img.part_size[sealed[i].part],
				     sealed[i].as);
}

/* ---- what the module says of itself, in its own memory ---- */

/* Its struct module: writable, and init and exit lead to its code; exit to code that stays. */
static int take_module(struct loading *l)
{
	const struct image *img = &l->img;
	uint64_t at = l->address[img->this_module];
	struct module *mod = (void *)at;

	if (img->sections[img->this_module].sh_size < sizeof(*mod) ||
	    !module_in_part(l, IMAGE_DATA, at, sizeof(*mod)))
		return -ENOEXEC;
	if (mod->init && !image_code(img, l->m->part, (uintptr_t)mod->init))
		return -ENOEXEC;
	if (mod->exit && (!image_code(img, l->m->part, (uintptr_t)mod->exit) ||
			  !module_in_part(l, IMAGE_TEXT, (uintptr_t)mod->exit, 4)))
		return -ENOEXEC;
	mod->owner.users = OWNER_GONE; /* nobody gets in before init has returned */
	l->m->module = mod;
	return 0;
}

static int take_exports(struct loading *l)
{
	const struct image *img = &l->img;
	const struct export *e = (void *)l->address[img->exports];
	size_t nr = img->exports ? img->sections[img->exports].sh_size / sizeof(*e) : 0;

	for (size_t i = 0; i < nr; i++) {
		if (!module_stays(l, e[i].name) ||
		    !image_string(img, l->m->part, (uintptr_t)e[i].name, IMAGE_NAME_MAX) ||
		    !image_holds(img, l->m->part, (uintptr_t)e[i].address, 1) ||
		    !module_stays(l, e[i].address))
			return -ENOEXEC;
		if (i % 32 == 0 && give_way())
			return -EINTR;
	}
	l->m->exports = e;
	l->m->nr_exports = nr;
	return 0;
}

static int take_params(struct loading *l)
{
	const struct image *img = &l->img;

	if (img->params) {
		l->m->params = (void *)l->address[img->params];
		l->m->nr_params = img->sections[img->params].sh_size / sizeof(*l->m->params);
	}
	return module_check_params(l);
}

/* ---- arguments ---- */

/* How long the string at @args is, with its NUL.  -EFAULT, -ENOMEM: too long, -EINTR. */
static long measure_args(uptr args)
{
	for (size_t done = 0; done < ARGS_MAX;) {
		long n = strnlen_user(uptr_add(args, done), ARGS_PIECE);

		if (n < 0)
			return n;
		done += (size_t)n;
		if (n < (long)ARGS_PIECE)
			return (long)done + 1;
		if (give_way())
			return -EINTR;
	}
	return -ENOMEM;
}

/* The string at @args, @size bytes with its NUL, whatever has become of it meanwhile. */
static int copy_args(char *to, uptr args, size_t size)
{
	for (size_t done = 0, n; done < size; done += n) {
		n = min(size - done, ARGS_PIECE);
		if (copy_from_user(to + done, uptr_add(args, done), n))
			return -EFAULT;
		if (give_way())
			return -EINTR;
	}
	to[size - 1] = '\0';
	return 0;
}

static char *take_args(uptr args, size_t *size)
{
	long n = measure_args(args);
	char *copy;
	int err;

	if (n < 0)
		return err_ptr(n);
	*size = (size_t)n;
	copy = kvmap_alloc(*size);
	if (!copy)
		return err_ptr(-ENOMEM);
	err = copy_args(copy, args, *size);
	if (!err)
		return copy;
	kvmap_free(copy, *size);
	return err_ptr(err);
}

/* ---- init ---- */

/* From here on it is used, or it has failed. */
static int run_init(struct loaded *m)
{
	int ret = m->module->init ? m->module->init() : 0;

	if (ret < 0) {
		/* What it has registered it has taken back: nobody could get in. */
		module_set_state(m, MODULE_GOING);
		return ret < -4095 ? -EINVAL : ret;
	}
	if (ret > 0)
		pr_warn("module: '%s'->init suspiciously returned %d, it should follow 0/-E "
			"convention\nmodule: loading module anyway...\n",
			m->name, ret);
	module_free_init(m);
	/* Open for whoever comes, and then LIVE for who waits. */
	atomic_and(&m->module->owner.users, ~(uint32_t)OWNER_GONE);
	module_set_state(m, MODULE_LIVE);
	return 0;
}

/* ---- the whole ---- */

/* What is wrong with the file, for the log. */
static void tell_error(const struct loading *l, int err)
{
	const struct image *img = &l->img;
	const char *name = l->m ? l->m->name : "module";

	if (err == -ENOENT || err == -EBUSY)
		pr_warn("%s: Unknown symbol %s (err %d)\n", name, img->detail, err);
	else if (img->error)
		pr_err("%s: %s%s%s\n", name, img->error, img->detail[0] ? ": " : "", img->detail);
}

/* Everything up to the code that could run.  0 or -errno. */
static int build(struct loading *l)
{
	int err = place(l);

	if (!err)
		err = image_relocate(&l->img, l->address, module_find_symbol, l,
				     cores_have_a53_843419() ? IMAGE_A53_843419 : 0);
	if (err) {
		if (err != -EINTR && err != -ENOMEM)
			tell_error(l, err);
		return err;
	}
	err = take_module(l) ?: take_exports(l) ?: take_params(l);
	if (err == -ENOEXEC)
		pr_err("%s: its tables name what is not in the module\n", l->m->name);
	return err;
}

/* From what could run to what runs; @args is changed. */
static int start(struct loading *l, char *args)
{
	struct loaded *m = l->m;
	int err = module_keep(l);

	if (err)
		return err;
	seal(l);
	module_join(l);
	drop_addresses(l); /* once it is LIVE another task may unload it */
	err = module_publish(m);
	if (!err)
		err = module_parse(m, args);
	if (!err)
		err = module_show(m);
	return err ?: run_init(m);
}

static int load_named(struct loading *l, uptr args_at, uint32_t flags)
{
	struct charge *charge;
	size_t size = 0;
	char *args;
	int err;

	module_set_taints(&l->img, l->m, flags);
	err = build(l);
	if (err)
		return err;
	args = take_args(args_at, &size);
	if (is_err(args))
		return (int)ptr_err(args);
	charge = charge_mine(size);
	err = start(l, args);
	kvmap_free(args, size);
	charge_drop(charge, size);
	return err;
}

long module_load(const void *file, size_t size, uptr args, uint32_t flags)
{
	struct loading l = { .m = NULL };
	int err = image_check(&l.img, file, size, give_way);

	if (err) {
		tell_error(&l, err);
		return err;
	}
	err = module_check_info(&l.img, flags);
	if (err)
		return err;
	l.m = new_loaded(l.img.name);
	if (!l.m)
		return -ENOMEM;
	err = module_add(l.m);
	if (!err)
		err = load_named(&l, args, flags);
	if (err) {
		drop_addresses(&l);
		module_free(l.m);
	}
	return err;
}
