/*
 * inflate.c - the compressed initrd: gzip's header, deflate's blocks, gzip's trailer.
 *
 * Invariants: no input byte behind in_size is read, and a word that would need bits that are not
 * there is "truncated"; a match reaches back no further than the output that exists; the window is
 * given out before a byte of it is overwritten, and stays as the history behind it.
 */
#include <stdbool.h>
#include "abi/errno.h"
#include "lib/inflate.h"
#include "lib/string.h"

#define FAST_MASK    ((1u << GUNZIP_FAST_BITS) - 1)

#define N_LITERALS   288 /* 286 and 287 are in the fixed code, and never valid */
#define N_DISTANCES  32	 /* so are 30 and 31 */
#define END_OF_BLOCK 256

static int bad_stream(struct gunzip *g, const char *why)
{
	g->error = why;
	g->error_at = g->in_pos - g->n_bits / 8;
	return -EINVAL;
}

/* ---- bits in ---- */

static void refill_bits(struct gunzip *g)
{
	/*
	 * Never more than fits the word; behind the input there are no bits: a caller that needs
	 * more fails with "truncated".
	 */
	while (g->n_bits <= 56 && g->in_pos < g->in_size) {
		g->bits |= (uint64_t)g->in[g->in_pos++] << g->n_bits;
		g->n_bits += 8;
	}
}

static void drop(struct gunzip *g, unsigned int n)
{
	g->bits >>= n;
	g->n_bits -= n;
}

/* The next @n (at most 16) bits as a number, or an error. */
static int get_bits(struct gunzip *g, unsigned int n)
{
	int v;

	if (g->n_bits < n)
		refill_bits(g);
	if (g->n_bits < n)
		return bad_stream(g, "truncated");
	v = (int)(g->bits & ((1u << n) - 1));
	drop(g, n);
	return v;
}

static int get_le32(struct gunzip *g, uint32_t *v)
{
	int low = get_bits(g, 16), high = low < 0 ? low : get_bits(g, 16);

	if (high < 0)
		return high;
	*v = (uint32_t)high << 16 | (uint32_t)low;
	return 0;
}

/* ---- bytes out ---- */

/* The CRC of RFC 1952, four bytes a round: table k holds a byte's effect k places further on. */
static void crc_init(struct gunzip *g)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
		g->crc_table[0][i] = c;
	}
	for (int k = 1; k < 4; k++)
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t c = g->crc_table[k - 1][i];

			g->crc_table[k][i] = c >> 8 ^ g->crc_table[0][c & 0xff];
		}
	g->crc = 0;
}

static void crc_update(struct gunzip *g, const uint8_t *p, size_t n)
{
	const uint32_t(*t)[256] = (const uint32_t(*)[256])g->crc_table;
	uint32_t c = ~g->crc;

	for (; n >= 4; n -= 4, p += 4) {
		c ^= p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		c = t[3][c & 0xff] ^ t[2][c >> 8 & 0xff] ^ t[1][c >> 16 & 0xff] ^ t[0][c >> 24];
	}
	for (; n; n--)
		c = c >> 8 ^ t[0][(c ^ *p++) & 0xff];
	g->crc = ~c;
}

static int flush(struct gunzip *g)
{
	uint32_t n = g->n_window;

	if (!n)
		return 0;
	/* Before the bytes are given out, and while they are here: each byte is looked at once. */
	crc_update(g, g->window, n);
	g->n_out += n;
	/* The bytes stay as the history for matches; only the place to write begins anew. */
	g->n_window = 0;
	return g->out(g->out_ctx, g->window, n);
}

static int put_byte(struct gunzip *g, uint8_t byte)
{
	g->window[g->n_window++] = byte;
	return g->n_window == GUNZIP_WINDOW ? flush(g) : 0;
}

/* Repeat @len bytes from @distance back; the two may overlap, which repeats a pattern. */
static int put_match(struct gunzip *g, uint32_t distance, uint32_t len)
{
	/* Hostile input: it must not read what the window holds of an earlier stream. */
	if (distance > g->n_out + g->n_window)
		return bad_stream(g, "match before the start");
	while (len) {
		uint32_t to = g->n_window, from = (to - distance) % GUNZIP_WINDOW;
		uint32_t n = min(len, GUNZIP_WINDOW - max(to, from));
		int err = 0;

		len -= n;
		g->n_window += n;
		/*
		 * Byte by byte, upwards: where the two overlap, a byte that was just written is
		 * read again.
		 */
		while (n--)
			g->window[to++] = g->window[from++];
		if (g->n_window == GUNZIP_WINDOW)
			err = flush(g);
		if (err)
			return err;
	}
	return 0;
}

/* ---- prefix codes ---- */

/*
 * A code word as it arrives: its first bit, the highest of the canonical number, is the lowest in
 * the buffer.
 */
static uint32_t reversed(uint32_t word, unsigned int len)
{
	uint32_t r = 0;

	while (len--) {
		r = r << 1 | (word & 1);
		word >>= 1;
	}
	return r;
}

/* Enter @symbol at every place of the fast table whose low bits are its word. */
static void enter_fast(struct gunzip_code *c, uint32_t word, unsigned int len, uint32_t symbol)
{
	/*
	 * All numbers whose low bits are the word: one look at the next bits finds the symbol,
	 * whatever follows.
	 */
	for (uint32_t i = reversed(word, len); i <= FAST_MASK; i += 1u << len)
		c->fast[i] = (uint16_t)(symbol << 4 | len);
}

/*
 * The canonical code of these lengths (0: the symbol is not used).  Words left over are an error;
 * but a code of one word, or of none, may be incomplete where its user allows: so are the distances
 * of a block with hardly a match.
 */
static int build(struct gunzip *g, struct gunzip_code *c, const uint8_t *lengths, uint32_t n,
		 bool may_be_incomplete)
{
	uint16_t place[GUNZIP_MAX_BITS + 2];
	uint32_t next[GUNZIP_MAX_BITS + 2];
	int left = 1;

	memset(c->fast, 0, sizeof(c->fast));
	memset(c->count, 0, sizeof(c->count));
	for (uint32_t i = 0; i < n; i++)
		c->count[lengths[i]]++;
	c->count[0] = 0;
	place[1] = 0;
	next[1] = 0;
	for (unsigned int len = 1; len <= GUNZIP_MAX_BITS; len++) {
		/*
		 * How many words of this length are still free: below 0 there are two that begin
		 * alike.
		 */
		left = 2 * left - c->count[len];
		if (left < 0)
			return bad_stream(g, "code has too many words");
		place[len + 1] = place[len] + c->count[len];
		next[len + 1] = (next[len] + c->count[len]) << 1;
	}
	if (left && (!may_be_incomplete || place[GUNZIP_MAX_BITS + 1] != c->count[1]))
		return bad_stream(g, "code is incomplete");
	for (uint32_t i = 0; i < n; i++) {
		unsigned int len = lengths[i];

		if (!len)
			continue;
		c->symbol[place[len]++] = (uint16_t)i;
		if (len <= GUNZIP_FAST_BITS)
			enter_fast(c, next[len], len, i);
		next[len]++;
	}
	return 0;
}

/*
 * A word that is not in the fast table: compare, bit by bit, with the range of words of each
 * length.
 */
static int decode_slow(struct gunzip *g, const struct gunzip_code *c)
{
	uint32_t word = 0, first = 0, index = 0;

	for (unsigned int len = 1; len <= GUNZIP_MAX_BITS; len++) {
		if (len > g->n_bits)
			return bad_stream(g, "truncated");
		word |= g->bits >> (len - 1) & 1;
		/* Unsigned: a word below `first` is a large number, and so in no range. */
		if (word - first < c->count[len]) {
			drop(g, len);
			return c->symbol[index + (word - first)];
		}
		index += c->count[len];
		first = (first + c->count[len]) << 1;
		word <<= 1;
	}
	return bad_stream(g, "no such code word");
}

static int decode(struct gunzip *g, const struct gunzip_code *c)
{
	unsigned int hit, len;

	if (g->n_bits < GUNZIP_MAX_BITS)
		refill_bits(g);
	hit = c->fast[g->bits & FAST_MASK];
	len = hit & 15;
	if (!len)
		return decode_slow(g, c);
	/*
	 * The table was asked with zeros behind the end of the input: a hit that is longer than the
	 * rest is none.
	 */
	if (len > g->n_bits)
		return bad_stream(g, "truncated");
	drop(g, len);
	return (int)(hit >> 4);
}

/* ---- blocks ---- */

#define BLOCKS_A_TURN 16

static int stored_block(struct gunzip *g)
{
	int len, check, err;

	drop(g, g->n_bits & 7); /* to the next byte */
	len = get_bits(g, 16);
	check = len < 0 ? len : get_bits(g, 16);
	if (check < 0)
		return check;
	if (len != (~check & 0xffff))
		return bad_stream(g, "stored block's length does not match its complement");
	/* Whole bytes only: the rest of the last one was dropped above. */
	g->in_pos -= g->n_bits / 8; /* what was fetched ahead goes back: from here on bytes count */
	g->bits = 0;
	g->n_bits = 0;
	if ((size_t)len > g->in_size - g->in_pos)
		return bad_stream(g, "truncated");
	while (len) {
		uint32_t n = min((uint32_t)len, GUNZIP_WINDOW - g->n_window);

		memcpy(g->window + g->n_window, g->in + g->in_pos, n);
		g->in_pos += n;
		g->n_window += n;
		len -= (int)n;
		err = g->n_window == GUNZIP_WINDOW ? flush(g) : 0;
		if (err)
			return err;
	}
	return 0;
}

static int fixed_codes(struct gunzip *g)
{
	uint8_t lengths[N_LITERALS];
	int err;

	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	err = build(g, &g->literal, lengths, N_LITERALS, false);
	memset(lengths, 5, N_DISTANCES);
	return err ? err : build(g, &g->distance, lengths, N_DISTANCES, false);
}

/* The code in which the other codes' lengths are written; it borrows the literals' place. */
static int length_code(struct gunzip *g, int n)
{
	static const uint8_t order[19] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
					   11, 4,  12, 3, 13, 2, 14, 1, 15 };
	/* What the stream leaves out is not used: length 0. */
	uint8_t lengths[19] = { 0 };

	for (int i = 0; i < n; i++) {
		int len = get_bits(g, 3);

		if (len < 0)
			return len;
		lengths[order[i]] = (uint8_t)len;
	}
	return build(g, &g->literal, lengths, 19, false);
}

/* One symbol of it: a length, or how often the last one, or 0, is repeated. */
static int read_lengths(struct gunzip *g, uint8_t *lengths, int n)
{
	for (int i = 0; i < n;) {
		int symbol = decode(g, &g->literal), repeat = 1;
		uint8_t value = 0;

		if (symbol < 0)
			return symbol;
		if (symbol < 16) {
			value = (uint8_t)symbol;
		} else if (symbol == 16) {
			if (!i)
				return bad_stream(g, "repeats a length before the first");
			value = lengths[i - 1];
			repeat = get_bits(g, 2) + 3;
		} else {
			repeat = symbol == 17 ? get_bits(g, 3) + 3 : get_bits(g, 7) + 11;
		}
		/* get_bits() may have failed: then repeat is no number. */
		if (g->error)
			return -EINVAL;
		if (repeat > n - i)
			return bad_stream(g, "more lengths than codes");
		memset(lengths + i, value, (size_t)repeat);
		i += repeat;
	}
	return 0;
}

static int dynamic_codes(struct gunzip *g)
{
	uint8_t lengths[N_LITERALS + N_DISTANCES];
	int head = get_bits(g, 14), err, n_literals, n_distances;

	if (head < 0)
		return head;
	n_literals = (head & 31) + 257;
	n_distances = (head >> 5 & 31) + 1;
	if (n_literals > 286 || n_distances > 30)
		return bad_stream(g, "too many codes");
	err = length_code(g, (head >> 10) + 4);
	if (!err)
		err = read_lengths(g, lengths, n_literals + n_distances);
	if (err)
		return err;
	/* Else the block could end only by an error, after any amount of output. */
	if (!lengths[END_OF_BLOCK])
		return bad_stream(g, "block cannot end");
	err = build(g, &g->literal, lengths, (uint32_t)n_literals, true);
	return err ? err
		   : build(g, &g->distance, lengths + n_literals, (uint32_t)n_distances, true);
}

/* Lengths 3..258 and distances 1..32768 as a base and extra bits (RFC 1951, 3.2.5). */
static int get_length(struct gunzip *g, int symbol)
{
	static const uint16_t base[29] = { 3,  4,  5,  6,   7,	 8,   9,   10,	11, 13,
					   15, 17, 19, 23,  27,	 31,  35,  43,	51, 59,
					   67, 83, 99, 115, 131, 163, 195, 227, 258 };
	int i = symbol - 257, extra;

	if (i >= 29)
		return bad_stream(g, "no such length");
	if (i < 8 || i == 28)
		return base[i];
	extra = get_bits(g, (unsigned int)(i - 4) / 4);
	return extra < 0 ? extra : base[i] + extra;
}

static int get_distance(struct gunzip *g)
{
	int symbol = decode(g, &g->distance), extra_bits, extra;

	if (symbol < 0)
		return symbol;
	if (symbol >= 30)
		return bad_stream(g, "no such distance");
	if (symbol < 4)
		return symbol + 1;
	extra_bits = symbol / 2 - 1;
	extra = get_bits(g, (unsigned int)extra_bits);
	return extra < 0 ? extra : ((2 + (symbol & 1)) << extra_bits) + 1 + extra;
}

static int compressed_block(struct gunzip *g)
{
	for (;;) {
		int symbol = decode(g, &g->literal), len, distance, err;

		if (symbol < 0)
			return symbol;
		if (symbol == END_OF_BLOCK)
			return 0;
		/* The window is flushed whenever it is full: no memory grows with the output. */
		if (symbol < END_OF_BLOCK) {
			err = put_byte(g, (uint8_t)symbol);
		} else {
			len = get_length(g, symbol);
			distance = len < 0 ? len : get_distance(g);
			err = distance < 0 ? distance
					   : put_match(g, (uint32_t)distance, (uint32_t)len);
		}
		if (err)
			return err;
	}
}

static int one_block(struct gunzip *g, int type)
{
	int err;

	switch (type) {
	case 0: return stored_block(g);
	case 1: err = fixed_codes(g); break;
	case 2: err = dynamic_codes(g); break;
	default: return bad_stream(g, "no such type of block");
	}
	return err ? err : compressed_block(g);
}

static int inflate(struct gunzip *g)
{
	uint32_t blocks = 0;
	int head, err;

	do {
		/* Blocks may be empty, millions of them: whoever takes the output gets a turn. */
		err = ++blocks % BLOCKS_A_TURN == 0 ? g->out(g->out_ctx, g->window, 0) : 0;
		if (err)
			return err;
		head = get_bits(g, 3);
		if (head < 0)
			return head;
		err = one_block(g, head >> 1);
		if (err)
			return err;
	} while (!(head & 1));
	return flush(g);
}

/* ---- the file around it ---- */

enum { FLAG_HCRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAGS_RESERVED = 0xe0 };

int gunzip_is(const void *in, size_t n)
{
	const uint8_t *p = in;

	return n >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8;
}

static int skip_bytes(struct gunzip *g, size_t n)
{
	if (n > g->in_size - g->in_pos)
		return bad_stream(g, "truncated header");
	g->in_pos += n;
	return 0;
}

static int skip_string(struct gunzip *g)
{
	const uint8_t *p = g->in + g->in_pos,
		      *nul = memchr(p, 0, min(g->in_size - g->in_pos, GUNZIP_TEXT_MAX));

	return nul ? skip_bytes(g, (size_t)(nul - p) + 1) : bad_stream(g, "truncated header");
}

static int skip_extra(struct gunzip *g)
{
	const uint8_t *p = g->in + g->in_pos;
	int err = skip_bytes(g, 2);

	return err ? err : skip_bytes(g, p[0] | (size_t)p[1] << 8);
}

/* The header's own check: the low half of the CRC over all of it up to here. */
static int check_header_crc(struct gunzip *g)
{
	const uint8_t *p = g->in + g->in_pos;
	uint32_t crc;
	int err;

	/* The header's; the data's begins anew from 0. */
	crc_update(g, g->in, g->in_pos);
	crc = g->crc & 0xffff;
	g->crc = 0;
	err = skip_bytes(g, 2);
	if (err)
		return err;
	return (p[0] | (uint32_t)p[1] << 8) == crc ? 0 : bad_stream(g, "wrong header CRC");
}

static int read_header(struct gunzip *g)
{
	uint8_t flags;
	int err;

	if (!gunzip_is(g->in, g->in_size))
		return bad_stream(g, "no gzip magic");
	err = skip_bytes(g, 10);
	if (err)
		return err;
	flags = g->in[3];
	if (flags & FLAGS_RESERVED)
		return bad_stream(g, "unknown header flags");
	if (flags & FLAG_EXTRA)
		err = skip_extra(g);
	if (!err && (flags & FLAG_NAME))
		err = skip_string(g);
	if (!err && (flags & FLAG_COMMENT))
		err = skip_string(g);
	if (!err && (flags & FLAG_HCRC))
		err = check_header_crc(g);
	return err;
}

static int check_trailer(struct gunzip *g)
{
	uint32_t crc, size;

	/* The trailer begins at a byte. */
	drop(g, g->n_bits & 7);
	if (get_le32(g, &crc) || get_le32(g, &size))
		return -EINVAL;
	if (crc != g->crc)
		return bad_stream(g, "wrong CRC");
	if (size != (uint32_t)g->n_out)
		return bad_stream(g, "wrong length");
	return 0;
}

int gunzip(struct gunzip *g, const void *in, size_t n, gunzip_out_fn *out, void *ctx, size_t *used)
{
	int err;

	g->in = in;
	g->in_size = n;
	g->in_pos = 0;
	g->bits = 0;
	g->n_bits = 0;
	g->out = out;
	g->out_ctx = ctx;
	g->n_window = 0;
	g->n_out = 0;
	g->error = NULL;
	g->error_at = 0;
	crc_init(g);
	err = read_header(g);
	if (!err)
		err = inflate(g);
	if (!err)
		err = check_trailer(g);
	if (!err)
		/*
		 * What was fetched ahead belongs to what follows: another member, or a bare
		 * archive.
		 */
		*used = g->in_pos - g->n_bits / 8;
	return err;
}
