/*
 * fuzz_cpio.c - any archive is refused with an offset in it, or read to its end; entries lie within it and go forward.
 */
#include "fuzz.h"
#include "lib/cpio.h"
#include "lib/string.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *base = fuzz_copy(data, size);
	size_t last = 0, n = 0;
	struct cpio_entry e;
	struct cpio c;
	int got;

	cpio_open(&c, base, size);
	while ((got = cpio_next(&c, &e)) > 0) {
		const uint8_t *p = e.data;

		MUST(!n++ || e.offset > last);
		last = e.offset;
		MUST(strlen(e.name) == e.name_len && e.name_len < CPIO_NAME_MAX);
		MUST(p >= base && p <= base + size && e.size <= (size_t)(base + size - p));
		MUST(c.pos > e.offset && c.pos <= size);
	}
	MUST(got ? c.error && c.error_at <= size : !c.error && c.pos <= size);
	free(base);
	return 0;
}
