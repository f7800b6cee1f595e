/*
 * rings.c - what el3/ does not do in an image of its own: it notes nothing for a trace, which no
 * kernel could read; and no Raspberry Pi has secure RAM to move to.
 */
#include "el3/el3.h"

volatile struct level_ring *el3_own_rings(void)
{
	return NULL;
}

uint64_t el3_move(void)
{
	return 0;
}
