/*
 * fuzz_inflate.c - any stream is refused, or unpacked within bounds.
 *
 * A fuzzer does not find checksums: the input is deflate's data, and the header and the trailer are
 * put around it.  One that ends well is unpacked again with the trailer that it should have, and
 * must then pass.
 */
#include "abi/errno.h"
#include "fuzz.h"
#include "lib/inflate.h"
#include "lib/string.h"

enum { HEAD = 10, TAIL = 8, OUT_MAX = 1 << 20 };

static struct gunzip g;

/* Counts, and bounds the time: a few bytes can become very many. */
static int count(void *ctx, const void *data, size_t n)
{
	size_t *total = ctx;

	MUST(n <= GUNZIP_WINDOW);
	*total += n;
	return *total > OUT_MAX ? -EFBIG : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t head[HEAD] = { 0x1f, 0x8b, 8 };
	uint8_t *p = calloc(1, HEAD + size + TAIL);
	size_t total = 0, used = 0;
	int err;

	memcpy(p, head, HEAD);
	memcpy(p + HEAD, data, size);
	err = gunzip(&g, p, HEAD + size + TAIL, count, &total, &used);
	MUST(err == 0 || err == -EFBIG || (err == -EINVAL && g.error));
	MUST(err == -EFBIG || total == g.n_out);
	if (err == -EINVAL && (!strcmp(g.error, "wrong CRC") || !strcmp(g.error, "wrong length"))) {
		size_t end = g.in_pos - g.n_bits / 8; /* behind the trailer */
		uint32_t trailer[2] = { g.crc, (uint32_t)g.n_out };

		MUST(end <= HEAD + size + TAIL);
		memcpy(p + end - TAIL, trailer, TAIL);
		total = 0;
		MUST(gunzip(&g, p, end, count, &total, &used) == 0 && used == end);
	}
	free(p);
	return 0;
}
