/*
 * capture.c - the bytes that a call's arguments point to.
 *
 * User memory is read through the kernel's own map, page by page as the translation tables show it
 * at this moment, under mm->lock, which is only tried for: a fault here would be a crossing that
 * the program did not make, and interrupts are masked.  Every address and count is hostile: nothing
 * is read beyond USER_TOP, and no loop is longer than the constants below.
 */
#include "el1/capture.h"

#include "abi/errno.h"
#include "abi/socket.h"
#include "abi/uio.h"
#include "lib/string.h"
#include "mm/pgtable.h"
#include "mm/vm.h"
#include "task/task.h"
#include "trace/words.h"

#define STRUCTS_MAX  32
#define STRUCT_BYTES 512 /* of an array of them */
#define NAME_BYTES   128 /* of a socket's address, and of control messages */
#define VECTOR_MAX   8
#define LIST_MAX     16	  /* strings of argv */
#define LIST_COUNTED 1024 /* strings of argv and envp that are counted */

/* Where the chunks go, and what they are about. */
struct capture {
	struct mm *mm;	  /* locked; NULL: nothing can be read now */
	char *next, *end; /* of the buffer */
	uint64_t left;	  /* bytes of the result that no piece of a vector has shown yet */
	uint8_t arg, flags;
	bool missed; /* something of this argument was not in memory */
};

/* ---- user memory ---- */

/*
 * The user's byte at @va in the linear map, or NULL if it is not in memory now, or not EL0's.
 */
static const char *user_byte(struct mm *mm, uint64_t va)
{
	uint64_t e = mm && va < USER_TOP ? pgt_lookup(mm->pgd, va) : 0;

	if (!(e & PTE_VALID) || !(e & PTE_USER))
		return NULL;
	return (const char *)phys_to_virt(pte_phys(e)) + (va & ~PAGE_MASK);
}

/* Return: how many of @n bytes from @va on are in memory, and copied. */
static size_t user_copy(struct mm *mm, void *dst, uint64_t va, size_t n)
{
	size_t done = 0, part;
	const char *p;

	while (done < n) {
		p = user_byte(mm, va + done);
		if (!p)
			break;
		part = min(n - done, PAGE_SIZE - ((va + done) & ~PAGE_MASK));
		memcpy((char *)dst + done, p, part);
		done += part;
	}
	return done;
}

/* Whether [@va, @va + @n) is user memory at all. */
static bool user_range(uint64_t va, uint64_t n)
{
	return n <= USER_TOP && va <= USER_TOP - n;
}

/* ---- chunks ---- */

/* The next chunk with room for @n bytes behind its head; NULL: the buffer is full. */
static struct trace_chunk *chunk_begin(struct capture *c, size_t n)
{
	if ((size_t)(c->end - c->next) < sizeof(struct trace_chunk) + ALIGN_UP(n, sizeof(uint64_t)))
		return NULL;
	return (struct trace_chunk *)c->next;
}

/* @bytes of @whole are in @k, or nothing is for a reason that @flags gives. */
static void chunk_end(struct capture *c, struct trace_chunk *k, unsigned int flags, size_t bytes,
		      uint64_t whole)
{
	size_t padded = ALIGN_UP(bytes, sizeof(uint64_t));
	uint64_t most = min(whole, (uint64_t)UINT32_MAX);

	*k = (struct trace_chunk){
		.arg = c->arg,
		.flags = (uint8_t)(c->flags | flags),
		.bytes = (uint16_t)bytes,
		.whole = (uint32_t)most,
	};
	memset((char *)(k + 1) + bytes, 0, padded - bytes);
	c->next = (char *)(k + 1) + padded;
	if (flags & TRACE_CHUNK_NOT_IN)
		c->missed = true;
}

/* @n bytes at @va of @whole.  All of them or none: a part of a struct says the wrong thing. */
static bool chunk_bytes(struct capture *c, uint64_t va, size_t n, uint64_t whole)
{
	struct trace_chunk *k = chunk_begin(c, n);

	if (!k)
		return false;
	if (!user_range(va, n)) {
		chunk_end(c, k, TRACE_CHUNK_BAD, 0, whole);
		return false;
	}
	if (user_copy(c->mm, k + 1, va, n) != n) {
		chunk_end(c, k, TRACE_CHUNK_NOT_IN, 0, whole);
		return false;
	}
	chunk_end(c, k, 0, n, whole);
	return true;
}

/* The string at @va, as far as @max bytes of it; longer ones say so by `whole`. */
static void chunk_string(struct capture *c, uint64_t va, size_t max)
{
	struct trace_chunk *k = chunk_begin(c, max + 1);
	size_t n, len;

	if (!k)
		return;
	if (va >= USER_TOP) {
		chunk_end(c, k, TRACE_CHUNK_STRING | TRACE_CHUNK_BAD, 0, 0);
		return;
	}
	n = user_copy(c->mm, k + 1, va, min((uint64_t)max + 1, USER_TOP - va));
	len = strnlen((const char *)(k + 1), n);
	/* Without its end it is only shown if it goes on. */
	if (len == n && n <= max)
		chunk_end(c, k, TRACE_CHUNK_STRING | TRACE_CHUNK_NOT_IN, 0, 0);
	else
		chunk_end(c, k, TRACE_CHUNK_STRING, min(len, max), len);
}

/* ---- arguments that are more than one chunk ---- */

/* The pieces of @count struct iovec at @va, which the chunk before has if it is there. */
static void vector(struct capture *c, uint64_t va, uint64_t count)
{
	struct iovec iov[VECTOR_MAX];
	size_t n = min(count, (uint64_t)VECTOR_MAX);

	if (!chunk_bytes(c, va, n * sizeof(iov[0]), count * sizeof(iov[0])))
		return;
	/* Read again: what a thread has changed meanwhile is as good. */
	n = user_copy(c->mm, iov, va, n * sizeof(iov[0])) / sizeof(iov[0]);
	c->flags |= TRACE_CHUNK_INNER;
	for (size_t i = 0; i < n; i++) {
		uint64_t len = min(iov[i].iov_len, c->left);

		chunk_bytes(c, iov[i].iov_base, min(len, (uint64_t)TRACE_STRING_MAX), len);
		c->left -= len;
	}
}

static void message(struct capture *c, uint64_t va)
{
	struct msghdr m;

	if (!chunk_bytes(c, va, sizeof(m), sizeof(m)) ||
	    user_copy(c->mm, &m, va, sizeof(m)) != sizeof(m))
		return;
	c->flags |= TRACE_CHUNK_INNER;
	/* Three in any case, that the reader knows which is which; then the pieces. */
	chunk_bytes(c, m.msg_name,
		    m.msg_name ? min((uint32_t)m.msg_namelen, (uint32_t)NAME_BYTES) : 0,
		    (uint32_t)m.msg_namelen);
	chunk_bytes(c, m.msg_control,
		    m.msg_control ? min(m.msg_controllen, (uint64_t)NAME_BYTES) : 0,
		    m.msg_controllen);
	vector(c, m.msg_iov, m.msg_iovlen);
}

/* How many pointers stand at @va before the NULL. */
static size_t count_pointers(struct capture *c, uint64_t va)
{
	const char *p = NULL;
	uint64_t pointer;
	size_t n = 0;

	for (; n < LIST_COUNTED; n++, va += sizeof(pointer)) {
		/* One look-up a page. */
		p = !p || !(va & ~PAGE_MASK) ? user_byte(c->mm, va) : p + sizeof(pointer);
		if (!p) {
			c->missed = true;
			break;
		}
		memcpy(&pointer, p, sizeof(pointer));
		if (!pointer)
			break;
	}
	return n;
}

/* argv and envp: a chunk that counts; and of argv, its strings. */
static void list(struct capture *c, uint64_t va, bool strings)
{
	struct trace_chunk *k = chunk_begin(c, 0);
	uint64_t pointer;
	size_t n;

	if (!k)
		return;
	/* A pointer that straddles two pages is none that a compiler made. */
	if (va % sizeof(pointer) || !user_range(va, sizeof(pointer))) {
		chunk_end(c, k, TRACE_CHUNK_BAD, 0, 0);
		return;
	}
	n = count_pointers(c, va);
	chunk_end(c, k, c->missed ? TRACE_CHUNK_NOT_IN : 0, 0, n);
	c->flags |= TRACE_CHUNK_INNER;
	if (!strings || c->missed)
		return;
	for (size_t i = 0; i < min(n, (size_t)LIST_MAX); i++)
		if (user_copy(c->mm, &pointer, va + i * sizeof(pointer), sizeof(pointer)) ==
		    sizeof(pointer))
			chunk_string(c, pointer, TRACE_STRING_MAX);
}

/* ---- arguments ---- */

static uint64_t count_of(struct capture *c, const struct arg *a, const uint64_t *arg,
			 int64_t result)
{
	uint32_t n = 0;

	if (a->count == ARG_ONE)
		return 1;
	if (a->count == ARG_RESULT)
		return result > 0 ? (uint64_t)result : 0;
	if (!(a->count & ARG_AT))
		return arg[a->count];
	if (user_copy(c->mm, &n, arg[a->count & ~ARG_AT], sizeof(n)) != sizeof(n))
		return 0;
	return (int32_t)n > 0 ? n : 0;
}

static void structs(struct capture *c, unsigned int of, uint64_t va, uint64_t count)
{
	uint64_t size = trace_struct_size(of), most = STRUCTS_MAX;

	if (of == STRUCT_sockaddr || of == STRUCT_option || of == STRUCT_cpus)
		most = NAME_BYTES;
	else if (of == STRUCT_dirent64) /* they are of no one size: how many, the host counts */
		most = STRUCT_BYTES;
	most = min(most, STRUCT_BYTES / size);
	most = min(most, count);
	chunk_bytes(c, va, most * size, count > UINT32_MAX / size ? UINT32_MAX : count * size);
}

static void argument(struct capture *c, const struct arg *a, const uint64_t *arg, int64_t result)
{
	uint64_t va = arg[c->arg];

	c->flags &= TRACE_CHUNK_AFTER;
	c->left = c->flags ? (uint64_t)max(result, INT64_C(0)) : UINT64_MAX;
	c->missed = false;
	if (!va)
		return;
	switch (a->kind) {
	case ARG_STRUCT: structs(c, a->of, va, count_of(c, a, arg, result)); break;
	case ARG_STRING: chunk_string(c, va, a->of ? TRACE_STRING_MAX : TRACE_PATH_MAX); break;
	case ARG_IOV: vector(c, va, (uint32_t)arg[a->count]); break;
	case ARG_MSG: message(c, va); break;
	case ARG_ARGV: list(c, va, true); break;
	case ARG_ENVP: list(c, va, false); break;
	default: break;
	}
}

static struct capture capture_begin(void *buf)
{
	struct mm *mm = current->mm;

	return (struct capture){
		.mm = mm && mutex_trylock(&mm->lock) ? mm : NULL,
		.next = buf,
		.end = (char *)buf + CAPTURE_MAX,
	};
}

/* The lock is given back by capture_done. */
static size_t capture_end(const struct capture *c, const void *buf)
{
	current->traced_call.locked = c->mm;
	return (size_t)(c->next - (const char *)buf);
}

size_t capture_enter(const struct trapframe *tf, void *buf)
{
	struct traced_call *call = &current->traced_call;
	const struct arg *a;
	struct capture c;

	memcpy(call->arg, tf->x, sizeof(call->arg));
	/* Where this is called on the way out, x0 is the answer. */
	call->arg[0] = tf->orig_x0;
	call->nr = (uint32_t)tf->x[8];
	call->missed = 0;
	call->came = tf->trace_ticks;
	a = syscall_arguments(call->nr, call->arg);
	if (!a)
		return 0;
	c = capture_begin(buf);
	for (c.arg = 0; c.arg < SYSCALL_ARGS_MAX && a[c.arg].kind; c.arg++) {
		if (a[c.arg].kind < ARG_STRUCT || !(a[c.arg].dir & ARG_IN))
			continue;
		argument(&c, &a[c.arg], call->arg, 0);
		if (c.missed)
			call->missed |= (uint8_t)(1u << c.arg);
	}
	return capture_end(&c, buf);
}

size_t capture_exit(const struct trapframe *tf, int64_t result, void *buf)
{
	struct traced_call *call = &current->traced_call;
	bool fine = result >= 0 || result < -EHWPOISON;
	const struct arg *a;
	struct capture c;

	/* A child's first return is that of its parent's call, and has no part in it. */
	if (!call->came || call->came != tf->trace_ticks)
		return 0;
	call->came = 0;
	a = syscall_arguments(call->nr, call->arg);
	/* Of a new program's memory nothing was an argument. */
	if (!a || (fine && (call->nr == NR_execve || call->nr == NR_execveat)))
		return 0;
	c = capture_begin(buf);
	for (c.arg = 0; c.arg < SYSCALL_ARGS_MAX && a[c.arg].kind; c.arg++) {
		if (a[c.arg].kind < ARG_STRUCT)
			continue;
		c.flags = 0;
		if (call->missed & 1u << c.arg)
			argument(&c, &a[c.arg], call->arg, result);
		c.flags = TRACE_CHUNK_AFTER;
		if (fine && a[c.arg].dir & ARG_OUT)
			argument(&c, &a[c.arg], call->arg, result);
	}
	return capture_end(&c, buf);
}

void capture_done(void)
{
	struct traced_call *call = &current->traced_call;

	if (!call->locked)
		return;
	call->locked = false;
	mutex_unlock(&current->mm->lock);
}
