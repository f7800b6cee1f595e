/*
 * test_kmod_mutants.c - more than five hundred damaged modules (tests/boot/mutants.py), each
 * refused as Linux refuses one of Debian's that is damaged in the same way.
 *
 * Where Linux trusts the file, and takes it or dies of it, it is refused here, or taken.
 */
#include "unit.h"
#include "abi/errno.h"
#include "kmod/layout.h"
#include "kmod/modinfo.h"
#include "kmod/reloc.h"
#include "lib/string.h"

#define DIR   "build/unit/data/mutants/"
#define ARENA (8u << 20) /* as much as modules have by default */

static uint8_t arena[ARENA] __attribute__((aligned(4096)));
static char vermagic[512];
static char *exported; /* what the module wants as it is, a line each */

/* No kernel has the names that were damaged. */
static int find_symbol(void *ctx, const char *name, uint64_t *value)
{
	size_t n = strlen(name);

	for (const char *line = exported; *line; line = __builtin_strchr(line, '\n') + 1)
		if (!strncmp(line, name, n) && line[n] == '\n') {
			*value = (uintptr_t)arena;
			return 0;
		}
	return -ENOENT;
}

static int place_and_relocate(struct image *img)
{
	void *part[NR_IMAGE_PARTS];
	uint64_t *address, at = 0;
	int err;

	for (int i = 0; i < NR_IMAGE_PARTS; i++) {
		if (img->part_size[i] > ARENA - at)
			return -ENOMEM;
		part[i] = arena + at;
		at += img->part_size[i];
	}
	memset(arena, 0, at);
	address = malloc(image_addresses(img) * sizeof(*address));
	err = image_place(img, part, address);
	if (!err)
		err = image_relocate(img, address, find_symbol, NULL, 0);
	free(address);
	return err;
}

/* What the loader does with a file before any of it runs. */
static int load(const char *path, struct image *img)
{
	size_t n;
	char *data = read_file(path, &n), *file = exact_copy(data, n);
	const char *magic;
	int err = image_check(img, file, n, NULL);

	free(data);
	magic = err ? NULL : image_info(img, "vermagic", NULL);
	if (!err && vermagic[0] && (!magic || strcmp(magic, vermagic)))
		err = -ENOEXEC;
	else if (!err && magic && !vermagic[0])
		strlcpy(vermagic, magic, sizeof(vermagic));
	if (!err)
		err = place_and_relocate(img);
	free(file);
	return err;
}

static bool as_linux(int err, const char *linux_says)
{
	if (!__builtin_strcmp(linux_says, "ENOEXEC"))
		return err == -ENOEXEC;
	if (!__builtin_strcmp(linux_says, "ENOENT"))
		return err == -ENOENT;
	if (!__builtin_strcmp(linux_says, "ENOMEM"))
		return err == -ENOMEM;
	/* "dies", "taken": there is nothing to hold on to. */
	return err == -ENOEXEC || err == -ENOMEM ||
	       (!err && !__builtin_strcmp(linux_says, "taken"));
}

static void mutants(void **state)
{
	unsigned nr = 0, wrong = 0;
	char line[256];
	FILE *list = fopen(DIR "list", "r");

	assert_non_null(list);
	while (fgets(line, sizeof(line), list)) {
		char path[64], *name = __builtin_strchr(line, ' ');
		struct image img;
		int err;

		*name++ = 0;
		name[__builtin_strcspn(name, "\n")] = 0;
		(snprintf)(path, sizeof(path), DIR "%u", nr++);
		err = load(path, &img);
		if (!as_linux(err, line)) {
			print_error("%s: %d, Linux says %s\n", name, err, line);
			wrong++;
		}
	}
	fclose(list);
	assert_int_equal(wrong, 0);
	assert_true(nr >= 500);
}

static void whole(void **state)
{
	struct image img;

	assert_int_equal(load(DIR "whole", &img), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), /* first: it has the vermagic */
		cmocka_unit_test(mutants),
	};
	size_t n;
	int failed;

	exported = read_file(DIR "wanted", &n);
	exported[n] = 0;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(exported);
	return failed;
}
