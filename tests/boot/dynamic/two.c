/*
 * two.c - a library that dynamic.c opens while its threads run: more thread-local data than the
 * loader keeps room for.
 */
#include "tests/boot/dynamic/library.h"

static __thread int counter = 100;
static __thread char much[1 << 16];
static const char constant[] = "two";

int two_count(void)
{
	much[counter] = 1;
	return ++counter;
}

const char *two_name(void)
{
	return constant;
}
