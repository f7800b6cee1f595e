/*
 * seq.c - seq [FIRST [STEP]] LAST: numbers, one a line.
 */
#include "el0/lib/stdio.h"
#include "el0/lib/stdlib.h"

int main(int argc, char **argv)
{
	long first = argc > 2 ? strtol(argv[1], NULL, 10) : 1;
	long step = argc > 3 ? strtol(argv[2], NULL, 10) : 1;
	long last = argc > 1 ? strtol(argv[argc - 1], NULL, 10) : 0;

	if (argc < 2 || argc > 4 || step == 0) {
		dprintf(2, "usage: seq [FIRST [STEP]] LAST\n");
		return 1;
	}
	for (long i = first; step > 0 ? i <= last : i >= last; i += step)
		if (printf("%ld\n", i) < 0)
			return 1;
	return 0;
}
