/*
 * pte.c - the kernel's decoder of translation table descriptors as a program of this machine:
 * `pte MAIR LEVEL DESCRIPTOR [LEVEL DESCRIPTOR]...`, a line for each; for gdb's `pt`.
 */
#include <stdio.h>
#include <stdlib.h>

#include "trace/pte.h"

int main(int argc, char **argv)
{
	uint64_t mair = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;
	char text[PTE_TEXT_MAX];

	for (int i = 2; i + 1 < argc; i += 2) {
		pte_describe(text, sizeof(text), strtoull(argv[i + 1], NULL, 0),
			     (unsigned int)strtoul(argv[i], NULL, 0), mair);
		puts(text);
	}
	return 0;
}
