/*
 * fuzz_9p.c - whatever a 9P server answers, each call's result keeps its promise: never a byte from
 * behind the answer, nor more than was asked for.
 *
 * The client is a stand-in for fs/9p/client.c: the input is the answers, each with its length in
 * two bytes before it; their heads are made right, or most would end there.
 */
#include "fs/9p/calls.c"
#include "fs/9p/wire.c"
#include "fuzz.h"

static const uint8_t *input;
static size_t input_left;
static struct p9_session session = { .msize = 8192 };

struct p9_request *p9_begin(struct p9_session *s, uint8_t type, size_t t_room, size_t r_room)
{
	struct p9_request *q = calloc(1, sizeof(*q));

	q->session = s;
	q->type = type;
	q->t_size = (uint32_t)(P9_HEAD + t_room);
	q->r_size = (uint32_t)(P9_HEAD + (r_room < 4 ? 4 : r_room));
	q->t = malloc(q->t_size);
	q->wire = (struct p9_wire){ .at = q->t + P9_HEAD, .end = q->t + q->t_size };
	return q;
}

int p9_call(struct p9_request *q, bool killable)
{
	size_t n = 0;

	MUST(!q->wire.bad); /* the room was enough */
	if (input_left >= 2) {
		n = (input[0] | input[1] << 8) % (q->r_size + 1u);
		input += 2;
		input_left -= 2;
	}
	n = n < input_left ? n : input_left;
	q->r = fuzz_copy(input, n);
	input += n;
	input_left -= n;
	if (n >= P9_HEAD && q->r[4] != P9_RLERROR) {
		q->r[0] = (uint8_t)n;
		q->r[1] = (uint8_t)(n >> 8);
		q->r[2] = q->r[3] = 0;
		q->r[4] = (uint8_t)(q->type + 1);
	}
	if (n >= P9_HEAD)
		q->r[5] = q->r[6] = 0;
	return p9_reply(&q->wire, q->r, n, q->type, 0);
}

void p9_end(struct p9_request *q)
{
	free(q->t);
	free(q->r);
	free(q);
}

struct p9_fid *p9_fid_new(struct p9_session *s)
{
	struct p9_fid *f = calloc(1, sizeof(*f));

	f->session = s;
	return f;
}

void p9_fid_put(struct p9_fid *f)
{
	free(f);
}

void p9_fid_forget(struct p9_fid *f)
{
	free(f);
}

static void read_names(struct p9_fid *f)
{
	size_t got;
	struct p9_request *q = p9_read(f, P9_TREADDIR, 0, 4096, &got);
	struct p9_entry e;

	if (is_err(q))
		return;
	MUST(q->wire.end - q->wire.at <= 4096);
	while (p9_get_entry(&q->wire, &e) == 1)
		MUST(e.len && strlen(e.name) == e.len && !strchr(e.name, '/'));
	p9_end(q);
}

static void read_data(struct p9_fid *f)
{
	static char buf[65536];
	struct p9_request *q;
	size_t got;
	long n;

	q = p9_read(f, P9_TREAD, 0, 512, &got);
	if (!is_err(q)) {
		MUST(got <= 512);
		memcpy(buf, q->wire.at, got);
		p9_end(q);
	}
	q = p9_write_begin(f, 0, 100);
	memset(q->wire.at, 1, 100);
	q->wire.at += 100;
	n = p9_write_end(q, true);
	MUST(n <= 100);
	n = p9_readlink(f, buf, 64);
	MUST(n <= 64 && (n <= 0 || strnlen(buf, (size_t)n) == (size_t)n));
}

static void read_attributes(struct p9_fid *f)
{
	struct p9_statfs s;
	struct p9_attr a;
	struct p9_fid *x;
	uint64_t size;
	int ret;

	if (!p9_getattr(f, &a))
		MUST(a.size <= INT64_MAX && a.mtime.nsec < 1000000000);
	ret = p9_statfs(f, &s);
	x = p9_xattr_walk(f, "user.a", &size);
	if (!is_err(x))
		p9_fid_put(x);
	ret += p9_xattr_set(f, "user.a", "value", 5, 0);
	(void)ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	struct p9_fid *f, *g;
	int ret = 0;

	input = p;
	input_left = size;
	f = p9_attach(&session, "nobody", "", 0);
	if (is_err(f))
		return 0;
	g = p9_walk(f, "name", 4);
	if (!is_err(g)) {
		read_attributes(g);
		read_data(g);
		ret = p9_do(g, P9_TLCREATE, "nddd", "n", 1, 0, 0600, 0);
		p9_fid_put(g);
	}
	read_names(f);
	ret += p9_do(f, P9_TSYMLINK, "nsd", "a", 1, "target", 0);
	p9_fid_put(f);
	(void)ret;
	return 0;
}
