/*
 * fuzz_module.c - the input is a module's file: what is let pass is laid out and relocated within
 * its parts, and its own tables lead nowhere else.
 */
#include "abi/errno.h"
#include "fuzz.h"
#include "kmod/layout.h"
#include "kmod/modinfo.h"
#include "kmod/params.h"
#include "kmod/reloc.h"
#include "kmod/sections.h"
#include "lib/string.h"

#define ROOM (1u << 20) /* of all parts together: no more is learned from larger ones */

static int find_symbol(void *ctx, const char *name, uint64_t *value)
{
	MUST(strlen(name) < IMAGE_NAME_MAX);
	/* Some are there, near and far, and some are not. */
	*value = name[0] == 'f' ? 1ull << 45 : (uint64_t)(uintptr_t)ctx;
	return name[0] == 'x' ? -ENOENT : 0;
}

static const char *new_string(void *ctx, const struct module_param *p, const char *s, size_t size)
{
	return NULL;
}

static void unknown(void *ctx, const char *name)
{
}

static void refused(void *ctx, const char *name, const char *value, int err)
{
	MUST(err < 0);
}

static const struct params_host host = { new_string, unknown, refused, unknown, NULL, NULL };

/* As the loader does: a record is looked at, then its variable is set and shown. */
static void use_params(const struct image *img, void *const *part, const uint64_t *address)
{
	const struct module_param *p = (void *)(uintptr_t)address[img->params];
	size_t nr = img->params ? img->sections[img->params].sh_size / sizeof(*p) : 0;
	char args[IMAGE_NAME_MAX + 8], text[256];

	for (size_t i = 0; i < nr; i++, p++) {
		const char *name = p->name;
		size_t n;

		if (!param_valid(p) || !image_string(img, part, (uintptr_t)name, IMAGE_NAME_MAX) ||
		    !image_data(img, part, (uintptr_t)p->variable, param_bytes(p)) ||
		    (p->count && !image_data(img, part, (uintptr_t)p->count, 4)))
			continue;
		n = strlcpy(args, name, IMAGE_NAME_MAX);
		strlcpy(args + n, "=1,2", 8);
		/* Not the text of what was "1,2" before: of any bytes. */
		if (!params_parse(args, p, 1, &host) && p->type != MODULE_PARAM_charp)
			MUST(param_show(p, text, sizeof(text)) < sizeof(text));
	}
}

static void check_places(const struct image *img, void *const *part, const uint64_t *address)
{
	for (uint32_t i = 0; i < img->nr_sections; i++) {
		uint64_t size = i ? img->sections[i].sh_size : 0;

		MUST(strlen(image_section_name(img, i)) < IMAGE_NAME_MAX);
		MUST(!address[i] || !size || image_holds(img, part, address[i], size));
		MUST(!address[i] || address[i] % 8 == 0);
		MUST(!address[i] || image_kept(img, i));
		MUST(!address[i] || !(img->sections[i].sh_flags & SHF_EXECINSTR) || !size ||
		     image_code(img, part, address[i]) || size < 4);
	}
}

static void load(struct image *img)
{
	void *part[NR_IMAGE_PARTS] = { NULL };
	uint64_t *address = malloc(image_addresses(img) * sizeof(*address));
	uint64_t size = 0;

	for (int i = 0; i < NR_IMAGE_PARTS; i++)
		size += img->part_size[i];
	for (int i = 0; size <= ROOM && i < NR_IMAGE_PARTS; i++) {
		part[i] = img->part_size[i] ? aligned_alloc(4096, img->part_size[i]) : NULL;
		if (part[i])
			memset(part[i], 0, img->part_size[i]);
	}
	if (size <= ROOM && !image_place(img, part, address)) {
		check_places(img, part, address);
		if (!image_relocate(img, address, find_symbol, part[IMAGE_TEXT], size >> 12 & 1))
			use_params(img, part, address);
		else
			MUST(img->error);
	}
	for (int i = 0; i < NR_IMAGE_PARTS; i++)
		free(part[i]);
	free(address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *file = fuzz_copy(data, size);
	const char *alias = NULL;
	struct image img;
	unsigned n = 0;

	if (!image_check(&img, file, size, NULL)) {
		MUST(img.name[0] && strlen(img.name) < MODULE_NAME_SIZE);
		while ((alias = image_info(&img, "alias", alias)))
			MUST(++n <= size);
		load(&img);
	} else {
		MUST(img.error);
	}
	/* Nobody writes to the file. */
	MUST(!size || !__builtin_memcmp(file, data, size));
	free(file);
	return 0;
}
