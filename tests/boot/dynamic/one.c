/*
 * one.c - a library that dynamic.c is linked with: thread-local data, a constructor, a function
 * chosen when it is loaded.
 */
#include "tests/boot/dynamic/library.h"

__thread int one_counter = 41;
int one_constructed;

__attribute__((constructor)) static void construct(void)
{
	one_constructed = one_counter + 1;
}

static int chosen(void)
{
	return 7;
}

/* An IRELATIVE relocation: the loader calls this to learn which function one_chosen is. */
static int (*choose(void))(void)
{
	return chosen;
}

int one_chosen(void) __attribute__((ifunc("choose")));

int one_count(void)
{
	return ++one_counter;
}

int one_answer(void)
{
	return 1;
}
