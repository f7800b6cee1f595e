/*
 * fuzz_fdt.c - any blob is refused, or read as libfdt reads it.
 */
#include "fdt_oracle.h"
#include "fuzz.h"
#include "lib/fdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void *blob = fuzz_copy(data, size);
	struct fdt fdt;
	const char *differs;

	if (!fdt_check(blob, size, &fdt)) {
		MUST(oracle_accepts(blob, size));
		differs = fdt_differs(&fdt, blob);
		if (differs)
			fprintf(stderr, "differs from libfdt: %s\n", differs);
		MUST(!differs);
	} else {
		MUST(fdt.error && fdt.error_at <= size + 16);
	}
	free(blob);
	return 0;
}
