/*
 * stream.c - frames, their records, and the account of what is missing: see stream.h.
 * tools/trace/frames.py reads the same by itself; tests hold the two against each other.
 */
#include "tools/trace/stream.h"

#include <stdlib.h>
#include <string.h>

#define SEQ_MAX	   (UINT64_C(1) << 62) /* a number beyond is no core's */
#define DIGITS_MAX 18

/* The CRC of lib/crc32.h, by a table: a trace has a hundred million bytes. */
static uint32_t crc_of(const uint8_t *p, size_t n)
{
	static uint32_t table[256];
	uint32_t crc = ~UINT32_C(0);

	if (!table[1])
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t c = i;

			for (int bit = 0; bit < 8; bit++)
				c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
			table[i] = c;
		}
	while (n--)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 255];
	return ~crc;
}

void stream_init(struct stream *s, const void *data, size_t size)
{
	memset(s, 0, sizeof(*s));
	s->data = data;
	s->size = size;
}

/* Is what stands at @at a whole frame? */
static bool frame_at(const struct stream *s, size_t at, struct stream_frame *f)
{
	struct trace_frame head;

	if (s->size - at < sizeof(head))
		return false;
	memcpy(&head, s->data + at, sizeof(head));
	if (head.magic != TRACE_FRAME_MAGIC || head.bytes > TRACE_FRAME_MAX ||
	    head.records > STREAM_RECORDS_MAX || head.bytes > s->size - at - sizeof(head) ||
	    head.cpu >= STREAM_CORES || head.seq >= SEQ_MAX ||
	    (head.kind == TRACE_FRAME_RECORDS && !head.seq))
		return false;
	if (crc_of(s->data + at + 8, sizeof(head) - 8 + head.bytes) != head.crc)
		return false;
	*f = (struct stream_frame){
		.kind = head.kind,
		.cpu = head.cpu,
		.seq = head.seq,
		.records = head.records,
		.body = s->data + at + sizeof(head),
		.bytes = head.bytes,
	};
	return true;
}

/* The next place at or behind @at where a magic stands; NULL: none. */
static const uint8_t *find_magic(const struct stream *s, size_t at)
{
	static const uint32_t magic = TRACE_FRAME_MAGIC;
	const uint8_t *p = s->data + at, *last = s->data + s->size - sizeof(magic);

	while (p <= last && s->size >= sizeof(magic)) {
		p = memchr(p, magic & 0xff, last - p + 1);
		if (!p)
			break;
		if (memcmp(p, &magic, sizeof(magic)) == 0)
			return p;
		p++;
	}
	return NULL;
}

/* From a damaged place to the next one at which a frame is whole, or to the end. */
static bool resync(struct stream *s, struct stream_frame *f)
{
	size_t bad = s->at, at = s->at + 1;
	bool found = false;

	s->damaged++;
	while (at < s->size && !found) {
		const uint8_t *p = find_magic(s, at);

		if (!p) {
			at = s->size;
			break;
		}
		at = p - s->data;
		found = frame_at(s, at, f);
		if (!found)
			at++;
	}
	s->at = at;
	s->skipped += at - bad;
	return found;
}

/* ---- what texts say ---- */

/* Digits at *@p, which goes behind them; false: there are none, or too many. */
static bool take_number(const uint8_t **p, const uint8_t *end, uint64_t *value)
{
	const uint8_t *begin = *p;

	*value = 0;
	while (*p < end && **p >= '0' && **p <= '9' && *p - begin <= DIGITS_MAX)
		*value = *value * 10 + *(*p)++ - '0';
	return *p > begin && *p - begin <= DIGITS_MAX;
}

static bool take_word(const uint8_t **p, const uint8_t *end, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(end - *p) < n || memcmp(*p, word, n) != 0)
		return false;
	*p += n;
	return true;
}

static void take_info(struct stream *s, const uint8_t *p, const uint8_t *end)
{
	uint64_t value;

	if (take_word(&p, end, "hz ")) {
		if (take_number(&p, end, &value) && p == end && value && value < UINT64_C(1) << 40)
			s->hz = value;
	} else if (take_word(&p, end, "start ")) {
		if (take_number(&p, end, &value) && p == end) {
			s->start = value;
			s->has_start = true;
		}
	}
}

static void take_end(struct stream *s, const uint8_t *p, const uint8_t *end)
{
	uint64_t cpu, written, lost, cleared = 0;

	if (take_word(&p, end, "cpu ") && take_number(&p, end, &cpu) && cpu < STREAM_CORES &&
	    take_word(&p, end, " written ") && take_number(&p, end, &written) &&
	    take_word(&p, end, " lost ") && take_number(&p, end, &lost) &&
	    (p == end || (take_word(&p, end, " cleared ") && take_number(&p, end, &cleared))) &&
	    p == end) {
		s->core[cpu].written = written;
		s->core[cpu].lost = lost;
		s->core[cpu].cleared = cleared;
		s->core[cpu].ended = true;
	}
}

static void take_text(struct stream *s, const struct stream_frame *f,
		      void (*take)(struct stream *s, const uint8_t *p, const uint8_t *end))
{
	const uint8_t *p = f->body, *end = f->body + f->bytes;

	while (p < end) {
		const uint8_t *line = memchr(p, '\n', end - p);

		line = line ? line : end;
		take(s, p, line);
		p = line + 1;
	}
}

/* ---- records ---- */

/* Bits of @f->old for the numbers in @r. */
static void mark_old(struct stream_frame *f, const struct stream_range *r, struct stream_core *c)
{
	uint64_t seq = r->first > f->seq ? r->first : f->seq, end = f->seq + f->records;

	for (end = r->end < end ? r->end : end; seq < end; seq++) {
		uint64_t n = seq - f->seq;

		f->old[n / 64] |= UINT64_C(1) << n % 64;
		c->repeated++;
	}
}

/* Room for one more range, at @at. */
static void insert_range(struct stream_core *c, size_t at)
{
	if (c->nr_ranges == c->room) {
		c->room = c->room * 2 + 16;
		c->ranges = realloc(c->ranges, c->room * sizeof(*c->ranges));
		if (!c->ranges)
			abort();
	}
	memmove(c->ranges + at + 1, c->ranges + at, (c->nr_ranges - at) * sizeof(*c->ranges));
	c->nr_ranges++;
}

/* The first range that ends at @seq or behind it; mostly there is none, or it is the last. */
static size_t find_range(const struct stream_core *c, uint64_t seq)
{
	size_t low = 0, high = c->nr_ranges;

	if (high && c->ranges[high - 1].end < seq)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->ranges[middle].end < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Ranges @low to @high, which touch the frame's, and @new become one. */
static void join_ranges(struct stream_core *c, size_t low, size_t high, struct stream_range new)
{
	if (low == high) {
		insert_range(c, low);
	} else {
		if (c->ranges[low].first < new.first)
			new.first = c->ranges[low].first;
		if (c->ranges[high - 1].end > new.end)
			new.end = c->ranges[high - 1].end;
		memmove(c->ranges + low + 1, c->ranges + high,
			(c->nr_ranges - high) * sizeof(*c->ranges));
		c->nr_ranges -= high - low - 1;
	}
	c->ranges[low] = new;
}

/* A frame of records goes into the account before they are read. */
static void count_frame(struct stream *s, struct stream_frame *f)
{
	struct stream_core *c = &s->core[f->cpu];
	uint64_t seen = c->first ? c->next - c->first - c->gaps : 0;
	struct stream_range new = { f->seq, f->seq + f->records };
	size_t low = find_range(c, f->seq), high = low;

	if (!f->records)
		return;
	for (; high < c->nr_ranges && c->ranges[high].first <= new.end; high++) {
		mark_old(f, &c->ranges[high], c);
		seen -= c->ranges[high].end - c->ranges[high].first;
	}
	join_ranges(c, low, high, new);
	seen += c->ranges[low].end - c->ranges[low].first;
	c->first = c->ranges[0].first;
	c->next = c->ranges[c->nr_ranges - 1].end;
	c->gaps = c->next - c->first - seen;
}

void stream_free(struct stream *s)
{
	for (unsigned int cpu = 0; cpu < STREAM_CORES; cpu++)
		free(s->core[cpu].ranges);
}

bool stream_next(struct stream *s, struct stream_frame *f)
{
	if (s->at >= s->size || !(frame_at(s, s->at, f) || resync(s, f)))
		return false;
	s->frames++;
	s->at = f->body + f->bytes - s->data;
	if (f->kind == TRACE_FRAME_RECORDS) {
		count_frame(s, f);
	} else if (f->kind == TRACE_FRAME_INFO) {
		take_text(s, f, take_info);
	} else if (f->kind == TRACE_FRAME_END) {
		s->ended = true;
		take_text(s, f, take_end);
	}
	return true;
}

size_t stream_record(struct stream *s, struct stream_frame *f, void *buf, size_t *offset)
{
	while (f->seen < f->records && f->bytes - f->at >= sizeof(struct trace_head)) {
		struct trace_head head;
		size_t size, at = f->at;
		uint32_t n;

		memcpy(&head, f->body + at, sizeof(head));
		size = head.words * sizeof(uint64_t);
		if (size < sizeof(head) || size > f->bytes - at)
			break;
		f->at += size;
		n = f->seen++;
		if (f->old[n / 64] >> n % 64 & 1)
			continue;
		memcpy(buf, f->body + at, size);
		*offset = f->body + at - s->data;
		s->core[f->cpu].records++;
		return size;
	}
	/* Called once more behind the last one: it counts once. */
	if (f->at != f->bytes || f->seen != f->records)
		s->core[f->cpu].malformed++;
	f->at = f->bytes;
	f->seen = f->records;
	return 0;
}
