/*
 * fuzz_vm_p9.c - any requests to the server of vm's shared folder, one after another: what it asks
 * of the host stays inside the folder (vm_calls.h looks), answers fit, and no descriptor is lost.
 *
 * The input: what the host's calls answer; then requests, each behind its length of a byte, which
 * the head of a message (size, type, tag) is put around.
 */
#include "fuzz.h"
#define CALLS_MUST(x) MUST(x)
#include "vm_calls.h"
#include "el0/vm/p9.c"
#include "el0/vm/queue.c"

static struct p9 server = { .root = CALLS_ROOT, .msize = 8192 };

static void serve_one(const uint8_t *body, size_t n, uint8_t type, size_t room)
{
	uint8_t head[HEADER] = { (uint8_t)(HEADER + n), (HEADER + n) >> 8, 0, 0, type, 1, 2 };
	uint8_t *from = fuzz_copy(body, n), *to = malloc(room);
	struct iovec out[] = { { (uintptr_t)head, HEADER }, { (uintptr_t)from, n } };
	struct iovec in[] = { { (uintptr_t)to, room / 2 },
			      { (uintptr_t)to + room / 2, room - room / 2 } };
	uint32_t size = 0, got = p9_request(&server, out, 2, HEADER + n, in, 2, room);

	MUST(got <= room && (got >= HEADER || room < READ_HEAD));
	if (got) {
		__builtin_memcpy(&size, to, 4);
		MUST(size == got && (to[4] == RLERROR || to[4] == type + 1));
	}
	free(from);
	free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	static const uint32_t modes[] = { S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR,
					  S_IFIFO, S_IFREG, S_IFDIR, S_IFDIR };

	__builtin_memset(&calls, 0, sizeof(calls));
	serve_one((const uint8_t *)"\1\0\0\0\377\377\377\377\0\0\0\0\0\0\0\0", 16, 104, 64);
	while (size > 3) {
		size_t n = p[0] < size - 3 ? p[0] : size - 3;

		calls.mode = modes[p[2] & 7] | 0644;
		calls.err = p[2] & 8 ? -EIO : 0;
		calls.moved = p[2] & 16 ? 3 : ~0UL;
		serve_one(p + 3, n, p[1], p[2] & 32 ? 40 : 4096);
		p += 3 + n;
		size -= 3 + n;
	}
	p9_forget(&server);
	MUST(!calls.open && !server.fids_bytes);
	return 0;
}
