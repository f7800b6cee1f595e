/*
 * fuzz_vm_queue.c - a guest's memory and a queue's registers of any content: what a chain says lies
 * in that memory, adds up, and comes to an end.
 */
#include "fuzz.h"
#include "vm_names.h"
#include "el0/vm/queue.c"

#define BASE 0x40000000UL

static uint64_t bytes_of(const struct ram *ram, const struct iovec *iov, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t at = iov[i].iov_base - (uintptr_t)ram->at;

		MUST(at <= ram->size && iov[i].iov_len <= ram->size - at);
		sum += iov[i].iov_len;
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	struct ram ram = { .base = BASE, .size = size < 8 ? 0 : size - 8 };
	static struct chain c;
	const char *why = NULL;
	struct queue q;
	int got = 1;

	if (size < 8)
		return 0;
	ram.at = fuzz_copy(p + 8, ram.size);
	q = (struct queue){ .ram = &ram,
			    .size = p[0] & 1 ? p[0] : 1u << (p[0] >> 5),
			    .desc = BASE + 16 * p[1],
			    .avail = BASE + 2 * p[2],
			    .used = BASE + 4 * p[3] - p[4] };
	if (queue_start(&q)) {
		for (int i = 0; i < 300 && got > 0; i++) {
			got = queue_peek(&q, &c, &why);
			MUST(got >= 0 || why);
			if (got <= 0)
				break;
			MUST(c.nr_out + c.nr_in <= q.size && c.head < q.size);
			MUST(bytes_of(&ram, c.iov, c.nr_out) == c.out_bytes);
			MUST(bytes_of(&ram, c.iov + c.nr_out, c.nr_in) == c.in_bytes);
			queue_give(&q, c.head, (uint32_t)c.in_bytes);
		}
	}
	free(ram.at);
	return 0;
}
