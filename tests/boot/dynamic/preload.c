/* preload.c - comes before one.c when LD_PRELOAD names it. */
#include "tests/boot/dynamic/library.h"

int one_answer(void)
{
	return 2;
}
