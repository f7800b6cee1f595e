/*
 * modinfo.c - what a module says about itself: the strings KEY=VALUE of .modinfo, and its name.
 */
#include "abi/errno.h"
#include "lib/elf64.h"
#include "kmod/image_private.h"
#include "kmod/modinfo.h"
#include "kmod/module.h"
#include "lib/string.h"

#define PIECE  16384 /* bytes that are walked over between two pauses, ... */
#define STRING 16    /* ... where a string costs as much as so many more */

/* The strings of .modinfo, one after the other. */
struct walk {
	const char *at, *end;
	size_t walked;
};

static struct walk walk_begin(const struct image *img)
{
	const struct elf64_shdr *s = &img->sections[img->modinfo];
	const char *at = (const char *)img->file + s->sh_offset;

	return (struct walk){ .at = at, .end = at + s->sh_size };
}

/* Behind the string of @n bytes, without its NUL.  0, or what pause returned. */
static int walk_on(const struct image *img, struct walk *w, size_t n)
{
	w->at += n + 1;
	w->walked += n + STRING;
	if (w->walked < PIECE)
		return 0;
	w->walked = 0;
	return img->pause ? img->pause() : 0;
}

int image_check_info(struct image *img)
{
	struct walk w;

	if (!img->modinfo)
		return 0;
	if (img->sections[img->modinfo].sh_size > IMAGE_INFO_SIZE)
		return image_fail(img, -ENOEXEC, "more than a module says", ".modinfo");
	for (w = walk_begin(img); w.at < w.end;) {
		size_t room = min((size_t)(w.end - w.at), (size_t)IMAGE_INFO_MAX);
		size_t n = strnlen(w.at, room);
		int err = walk_on(img, &w, n);

		if (n == room)
			return image_fail(img, -ENOEXEC, "a string without end", ".modinfo");
		if (err)
			return err;
	}
	return 0;
}

const char *image_info(const struct image *img, const char *key, const char *from)
{
	size_t n = strlen(key);
	struct walk w;

	if (!img->modinfo)
		return NULL;
	w = walk_begin(img);
	if (from)
		w.at = from + strlen(from) + 1;
	while (w.at < w.end) {
		if (!strncmp(w.at, key, n) && w.at[n] == '=')
			return w.at + n + 1;
		/* Who is to end by a signal does so at the next point. */
		(void)walk_on(img, &w, strlen(w.at));
	}
	return NULL;
}

/* It becomes a directory of /sys and a word of /proc/modules. */
int image_find_name(struct image *img)
{
	const char *name = (const char *)img->file + img->sections[img->this_module].sh_offset +
			   offsetof(struct module, name);

	if (!name[0] || !memchr(name, 0, MODULE_NAME_SIZE))
		return image_fail(img, -ENOEXEC, "the module has no name", NULL);
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '/')
			return image_fail(img, -ENOEXEC, "the module's name is damaged", NULL);
	img->name = name;
	return 0;
}
