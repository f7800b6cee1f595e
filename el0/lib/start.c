/*
 * start.c - from crt0.S to main() and from its return to exit_group(2).
 *
 * A static-pie program is linked at 0 and runs anywhere: it relocates itself here, before any
 * pointer in its data is used. Until that is done this file touches no initialised pointer.
 */
#include <stdint.h>

#include "abi/auxv.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/syscall.h"

char **environ;
static const struct auxv *auxv;

int main(int argc, char **argv);
__attribute__((noreturn)) void el0_start(const uint64_t *stack);

/* el0/link.ld's: the start of the image, which a static-pie program is linked to have at 0. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

struct phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct dyn {
	int64_t tag;
	uint64_t val;
};

struct rela {
	uint64_t offset, info;
	int64_t addend;
};

#define PT_DYNAMIC	   2
#define DT_NULL		   0
#define DT_RELA		   7
#define DT_RELASZ	   8
#define R_AARCH64_RELATIVE 1027

static void relocate(const struct dyn *dyn, uintptr_t base)
{
	uintptr_t rela = 0, size = 0;

	for (; dyn->tag != DT_NULL; dyn++) {
		if (dyn->tag == DT_RELA)
			rela = base + dyn->val;
		else if (dyn->tag == DT_RELASZ)
			size = dyn->val;
	}
	for (const struct rela *r = (const void *)rela; size; r++, size -= sizeof(*r))
		if (r->info == R_AARCH64_RELATIVE)
			*(uint64_t *)(base + r->offset) = base + (uint64_t)r->addend;
}

/* Only a static-pie program has a dynamic section. */
static void relocate_if_pie(void)
{
	const struct phdr *ph = (const void *)getauxval(AT_PHDR);

	for (uint64_t n = getauxval(AT_PHNUM); n; n--, ph++)
		if (ph->type == PT_DYNAMIC)
			relocate((const void *)(__ehdr_start + ph->vaddr), (uintptr_t)__ehdr_start);
}

/* argc, argv…, NULL, envp…, NULL, auxv…: as the kernel laid them out above @stack. */
void el0_start(const uint64_t *stack)
{
	int argc = (int)stack[0];
	char **argv = (char **)(stack + 1);
	char **p = argv + argc + 1;

	environ = p;
	while (*p)
		p++;
	auxv = (const struct auxv *)(p + 1);
	relocate_if_pie();
	exit(main(argc, argv));
}

uint64_t getauxval(uint64_t type)
{
	for (const struct auxv *a = auxv; a->a_type != AT_NULL; a++)
		if (a->a_type == type)
			return a->a_val;
	return 0;
}
