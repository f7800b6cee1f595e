/*
 * esr.c - the kernel's decoder of syndromes as a program of this machine: `esr VALUE...`, for gdb's
 * `esr`.
 */
#include <stdio.h>
#include <stdlib.h>

#include "trace/esr.h"

int main(int argc, char **argv)
{
	char text[ESR_TEXT_MAX];

	for (int i = 1; i < argc; i++) {
		uint64_t esr = strtoull(argv[i], NULL, 0);

		esr_describe(text, sizeof(text), esr);
		printf("ESR %#llx: EC %#llx %s, %s\n", (unsigned long long)esr,
		       (unsigned long long)(esr >> 26 & 63), esr_class(esr), text);
	}
	return 0;
}
