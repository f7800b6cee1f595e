/*
 * fuzz_trace_stream.c - the host's reader of the trace's stream survives any bytes, never gives a
 * record that does not lie within its frame, and its account adds up.
 *
 * By the last byte of the input the CRC of what looks like a frame is made right first: what is
 * behind it would hardly be reached otherwise.
 */
#include "fuzz.h"
#include "lib/crc32.h"
#include "lib/string.h"
#include "tools/trace/stream.c"

static void mend(uint8_t *data, size_t size)
{
	struct trace_frame f;

	for (size_t at = 0; size >= sizeof(f) && at <= size - sizeof(f); at++) {
		memcpy(&f, data + at, sizeof(f));
		if (f.magic != TRACE_FRAME_MAGIC || f.bytes > size - at - sizeof(f))
			continue;
		f.crc = crc32_update(0, data + at + 8, sizeof(f) - 8 + f.bytes);
		memcpy(data + at + 4, &f.crc, sizeof(f.crc));
	}
}

static void read_all(const uint8_t *data, size_t size)
{
	static struct stream s;
	struct stream_frame f;
	_Alignas(uint64_t) uint8_t record[8 * TRACE_WORDS_MAX];
	uint64_t records[STREAM_CORES] = { 0 };
	size_t offset, bytes, whole = 0;

	stream_init(&s, data, size);
	while (stream_next(&s, &f)) {
		whole += sizeof(struct trace_frame) + f.bytes;
		while (f.kind == TRACE_FRAME_RECORDS &&
		       (bytes = stream_record(&s, &f, record, &offset))) {
			MUST(bytes >= sizeof(struct trace_head) && bytes <= sizeof(record));
			MUST(offset < size && bytes <= size - offset);
			MUST(memcmp(record, data + offset, bytes) == 0);
			records[f.cpu]++;
		}
	}
	MUST(whole + s.skipped == size);
	for (unsigned int cpu = 0; cpu < STREAM_CORES; cpu++) {
		const struct stream_core *c = &s.core[cpu];

		MUST(c->records == records[cpu]);
		MUST(!c->first || c->records + c->gaps <= c->next - c->first);
	}
	stream_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size);

	if (size && data[size - 1] & 1)
		mend(copy, size);
	read_all(copy, size);
	free(copy);
	return 0;
}
