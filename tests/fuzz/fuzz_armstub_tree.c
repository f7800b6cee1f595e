/*
 * fuzz_armstub_tree.c - any blob, in any room: our EL3 refuses it, or what it makes of it is a tree
 * again, for our reader and for libfdt, and no byte behind the room was touched.
 */
#include "abi/errno.h"
#include "armstub/tree.h"
#include "fdt_oracle.h"
#include "fuzz.h"
#include "lib/fdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = size + (size ? data[size - 1] * 4u : 0);
	char *blob = malloc(room ? room : 1);
	struct fdt fdt;
	bool was_tree;
	int err;

	if (!blob)
		abort();
	if (size)
		__builtin_memcpy(blob, data, size);
	was_tree = !fdt_check(blob, size, &fdt);
	err = armstub_complete_tree(blob, (uint32_t)size, (uint32_t)room);
	MUST(was_tree || err == -EINVAL);
	if (was_tree) {
		MUST(!fdt_check(blob, room, &fdt));
		MUST(oracle_accepts(blob, fdt.totalsize));
		MUST(err || fdt_find_path(&fdt, "/psci") > 0);
	}
	free(blob);
	return 0;
}
