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
	q->r_size = (uint32_t)(P9_HEAD + (r_room < 160 ? 160 : r_room));
	q->t = malloc(q->t_size);
	q->wire = (struct p9_wire){ .at = q->t + P9_HEAD, .end = q->t + q->t_size };
	return q;
}

int p9_call(struct p9_request *q, bool killable)
{
	size_t n = 0;

	MUST(!q->wire.err); /* the room was enough */
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

bool p9_may_use(const struct p9_session *s)
{
	return true;
}

/* Iterators over one span of kernel memory; with faults behind so many bytes. */
static size_t no_fault_before = SIZE_MAX;

static size_t move(struct iter *it, void *to, const void *from, size_t n)
{
	MUST(it->kernel && it->left == it->span_left);
	n = n < it->left ? n : it->left;
	n = n < no_fault_before ? n : no_fault_before;
	memcpy(to, from, n);
	it->base += n;
	it->left -= n;
	it->span_left = it->left;
	return n;
}

size_t iter_put(struct iter *it, const void *src, size_t n)
{
	return move(it, (void *)it->base, src, n);
}

size_t iter_take(struct iter *it, void *dst, size_t n)
{
	return move(it, dst, (void *)it->base, n);
}

static void read_names(struct p9_fid *f)
{
	uint8_t names[4096], type, *all;
	char name[P9_NAME_MAX + 1];
	uint64_t ino, next;
	struct p9_wire w;
	struct iter to;
	long n;

	iter_kernel(&to, names, sizeof(names));
	n = p9_read(f, P9_TREADDIR, 0, &to);
	MUST(n <= (long)sizeof(names));
	if (n <= 0)
		return;
	all = fuzz_copy(names, (size_t)n);
	w = (struct p9_wire){ .at = all, .end = all + n };
	while (!p9_get(&w, "Qqbs", &ino, &next, &type, name, sizeof(name)))
		MUST(w.at <= w.end && strlen(name) < sizeof(name));
	free(all);
}

static void read_data(struct p9_fid *f)
{
	char buf[512], *text = malloc(P9_LINK_MAX + 1);
	struct iter it;
	long n;

	iter_kernel(&it, buf, sizeof(buf));
	n = p9_read(f, P9_TREAD, 0, &it);
	MUST(n <= 512 && it.left == 512 - (size_t)(n > 0 ? n : 0));
	no_fault_before = 7;
	iter_kernel(&it, buf, sizeof(buf));
	n = p9_read(f, P9_TREAD, 0, &it);
	MUST(n <= 7);
	iter_kernel(&it, buf, 100);
	n = p9_write(f, 0, &it, true);
	MUST(n <= 7 && n);
	no_fault_before = SIZE_MAX;
	iter_kernel(&it, buf, 100);
	n = p9_write(f, 0, &it, true);
	MUST(n <= 100 && n);
	n = p9_rpc(f, P9_TREADLINK, ">s", text, (size_t)P9_LINK_MAX + 1);
	MUST(n || strlen(text) <= P9_LINK_MAX);
	free(text);
}

static void read_attributes(struct p9_fid *f)
{
	uint64_t size, numbers[5];
	uint32_t type, bsize;
	struct p9_attr a;
	struct p9_fid *x;
	int ret;

	if (!p9_getattr(f, &a))
		MUST(a.size <= INT64_MAX && a.mtime.nsec < 1000000000);
	ret = p9_rpc(f, P9_TSTATFS, ">ddqqqqq", &type, &bsize, &numbers[0], &numbers[1],
		     &numbers[2], &numbers[3], &numbers[4]);
	x = p9_xattr_walk(f, "user.a", &size);
	if (!is_err(x))
		p9_fid_put(x);
	ret += p9_xattr_set(f, "user.a", "value", 5, 0);
	(void)ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	static const struct name name = { .s = "name", .len = 4 };
	struct p9_fid *f = p9_fid_new(&session), *g;
	int ret;

	input = p;
	input_left = size;
	ret = p9_rpc(f, P9_TATTACH, "dssd", P9_NOFID, "nobody", "", 0);
	g = p9_walk(f, &name);
	if (!is_err(g)) {
		read_attributes(g);
		read_data(g);
		ret += p9_rpc(g, P9_TLCREATE, "nddd", &name, 0, 0600, 0);
		p9_fid_put(g);
	}
	read_names(f);
	ret += p9_rpc(f, P9_TSYMLINK, "nsd", &name, "target", 0);
	p9_fid_put(f);
	(void)ret;
	return 0;
}
