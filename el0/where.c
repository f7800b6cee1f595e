/*
 * where.c - where the kernel put this program.  Linked static-pie: it has no address of its own and
 * is the proof that such programs load and relocate themselves.
 */
#include "abi/auxv.h"
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"
#include "el0/lib/string.h"
#include "el0/lib/syscall.h"

int main(int argc, char **argv);

/* A pointer in data: wrong unless the program relocated itself. */
static int (*const itself)(int, char **) = main;

int main(int argc __attribute__((unused)), char **argv)
{
	char local;

	printf("%-10s %p\n", "main", (void *)itself);
	printf("%-10s %#lx\n", "entry", getauxval(AT_ENTRY));
	printf("%-10s %#lx (%lu of %lu bytes)\n", "headers", getauxval(AT_PHDR),
	       getauxval(AT_PHNUM), getauxval(AT_PHENT));
	printf("%-10s %#lx\n", "heap", svc_brk(0));
	printf("%-10s %p\n", "stack", (void *)&local);
	printf("%-10s %p\n", "argv", (void *)argv);
	printf("%-10s %s\n", "executable", (char *)getauxval(AT_EXECFN));
	printf("%-10s %s\n", "platform", (char *)getauxval(AT_PLATFORM));
	return itself == main ? 0 : 1;
}
