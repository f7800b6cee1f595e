/*
 * stdlib.c - memory, environment, numbers.
 *
 * malloc hands out blocks of 32 bytes times a power of two: a free list a size, filled from brk(2).
 * A block's size is in the 16 bytes before it.  Memory is never given back to the kernel; these
 * programs are short.
 */
#include <stdbool.h>

#include "abi/signal.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

void exit(int code)
{
	svc_exit_group(code);
}

void abort(void)
{
	svc_kill((int)svc_getpid(), SIGABRT);
	svc_exit_group(127); /* only if SIGABRT was caught or blocked */
}

#define CLASS_MIN 5 /* 32 bytes */
#define CLASSES	  32
#define HEAD	  16
#define GROW	  (64UL << 10)

struct block {
	size_t class;
	struct block *next; /* while free */
};

static struct block *free_list[CLASSES];
static uintptr_t heap, heap_end;

/* @size more bytes of heap, or NULL. */
static void *heap_take(size_t size)
{
	uintptr_t p;

	if (!heap)
		heap = heap_end = ((uintptr_t)svc_brk(0) + 15) & ~15UL;
	if (heap_end - heap < size) {
		uintptr_t want = heap + size + GROW;

		if (want < heap || (uintptr_t)svc_brk(want) < want)
			return NULL;
		heap_end = want;
	}
	p = heap;
	heap += size;
	return (void *)p;
}

void *malloc(size_t size)
{
	size_t class = CLASS_MIN;
	struct block *b;

	if (size > 1UL << (CLASSES - 2))
		return NULL;
	while (1UL << class < size + HEAD)
		class ++;
	b = free_list[class];
	if (b)
		free_list[class] = b->next;
	else if (!(b = heap_take(1UL << class)))
		return NULL;
	b->class = class;
	return (char *)b + HEAD;
}

void free(void *p)
{
	struct block *b = (struct block *)((char *)p - HEAD);

	if (!p)
		return;
	b->next = free_list[b->class];
	free_list[b->class] = b;
}

void *calloc(size_t n, size_t size)
{
	void *p = size && n > SIZE_MAX / size ? NULL : malloc(n * size);

	return p ? memset(p, 0, n * size) : NULL;
}

void *realloc(void *p, size_t size)
{
	struct block *b = (struct block *)((char *)p - HEAD);
	void *q;

	if (!p)
		return malloc(size);
	if (size <= (1UL << b->class) - HEAD)
		return p;
	q = malloc(size);
	if (q) {
		memcpy(q, p, (1UL << b->class) - HEAD);
		free(p);
	}
	return q;
}

/* Where @name's entry is in environ, or where the NULL at its end is. */
static char **env_find(const char *name)
{
	size_t n = strlen(name);
	char **e = environ;

	while (*e && !(strncmp(*e, name, n) == 0 && (*e)[n] == '='))
		e++;
	return e;
}

char *getenv(const char *name)
{
	char *e = *env_find(name);

	return e ? e + strlen(name) + 1 : NULL;
}

int setenv(const char *name, const char *value)
{
	char *entry = malloc(strlen(name) + strlen(value) + 2);
	char **e = env_find(name), **grown;
	size_t n = (size_t)(e - environ);

	if (!entry)
		return -ENOMEM;
	strcpy(entry, name);
	strcpy(entry + strlen(name), "=");
	strcpy(entry + strlen(name) + 1, value);
	if (*e) {
		*e = entry;
		return 0;
	}
	grown = malloc((n + 2) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memcpy(grown, environ, n * sizeof(*grown));
	grown[n] = entry;
	grown[n + 1] = NULL;
	environ = grown; /* the old vector is the kernel's, or small */
	return 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 99;
}

long strtol(const char *s, char **end, int base)
{
	bool minus = *s == '-';
	long v = 0;

	if (*s == '-' || *s == '+')
		s++;
	if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 0x20) == 'x') {
		s += 2;
		base = 16;
	}
	if (base == 0)
		base = 10;
	for (; digit(*s) < base; s++)
		v = v * base + digit(*s);
	if (end)
		*end = (char *)s;
	return minus ? -v : v;
}
