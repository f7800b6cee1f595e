/*
 * echo.c - echo [-n] WORD...: print the words.
 */
#include <stdbool.h>

#include "el0/lib/stdio.h"
#include "el0/lib/string.h"

int main(int argc, char **argv)
{
	bool newline = !(argc > 1 && strcmp(argv[1], "-n") == 0);

	for (int i = newline ? 1 : 2; i < argc; i++) {
		if (write_all(1, argv[i], strlen(argv[i])) ||
		    (i + 1 < argc && write_all(1, " ", 1)))
			return 1;
	}
	return newline && write_all(1, "\n", 1);
}
