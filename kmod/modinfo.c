/*
 * modinfo.c - what a module says about itself: the strings KEY=VALUE of .modinfo, and its name.
 */
#include "abi/errno.h"
#include "kmod/elf64.h"
#include "kmod/image_private.h"
#include "kmod/modinfo.h"
#include "kmod/module.h"
#include "lib/string.h"

/* The section ends with a NUL (image_check), so no string that begins in it leaves it. */
const char *image_info(const struct image *img, const char *key, const char *from)
{
	const struct elf64_shdr *s = &img->sections[img->modinfo];
	size_t n = strlen(key);
	const char *at, *end;

	if (!img->modinfo)
		return NULL;
	at = (const char *)img->file + s->sh_offset;
	end = at + s->sh_size;
	if (from)
		at = from + strlen(from) + 1;
	for (; at < end; at += strlen(at) + 1)
		if (!strncmp(at, key, n) && at[n] == '=')
			return at + n + 1;
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
