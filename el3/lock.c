/*
 * lock.c - mutual exclusion by plain loads and stores: Lamport's bakery.
 *
 * Because the MMU is off at EL3, load-exclusive and store-exclusive may fail for ever, or fault.
 * Each core draws a number larger than all it sees; the smallest number goes first, the smaller
 * slot where two drew the same.
 */
#include "el3/el3.h"

static volatile struct {
	uint32_t choosing, number;
} tickets[MPIDR_SLOTS];

static uint32_t next_number(void)
{
	uint32_t largest = 0;

	for (unsigned int i = 0; i < MPIDR_SLOTS; i++)
		largest = max(largest, tickets[i].number);
	return largest + 1;
}

static bool goes_first(unsigned int other, unsigned int slot)
{
	uint32_t theirs = tickets[other].number, mine = tickets[slot].number;

	return theirs && (theirs < mine || (theirs == mine && other < slot));
}

void el3_lock(unsigned int slot)
{
	tickets[slot].choosing = 1;
	dsb(sy);
	tickets[slot].number = next_number();
	dsb(sy);
	tickets[slot].choosing = 0;
	dsb(sy);
	for (unsigned int other = 0; other < MPIDR_SLOTS; other++) {
		while (tickets[other].choosing)
			cpu_relax();
		while (goes_first(other, slot))
			cpu_relax();
	}
	dsb(sy);
}

void el3_unlock(unsigned int slot)
{
	dsb(sy);
	tickets[slot].number = 0;
}
