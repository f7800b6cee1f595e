/*
 * hash.h - finding things by texts and numbers that EL0 chooses: a hash under a secret key, and a
 * table that grows one bucket at a time.
 *
 * The hash is the multilinear one (Carter and Wegman; Lemire and Kaser, "Strongly universal string
 * hashing is fast"): each byte times a random 64-bit number of its own, and of the sum the upper
 * half.  Whatever two texts somebody has chosen without knowing the numbers, they collide with a
 * chance of 2^-32.
 *
 * The table is that of linear hashing (Litwin): with n buckets of which the last `n - (mask + 1) /
 * 2` have been split, one more element splits one more bucket, so that no operation moves more than
 * one chain.  The buckets lie in pages, and go back when the elements have gone.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

/* Bytes that count; those behind them count again with the first ones' numbers. */
#define HASH_KEYS 256u

/* Chosen by hash_init(), constant afterwards. */
extern uint64_t hash_keys[HASH_KEYS], hash_mix_key;

/*
 * hash_step - one more byte, the @i-th, for the sum @h; hash_sum - the hash of the text with this
 * sum.
 */
static inline uint64_t hash_step(uint64_t h, size_t i, uint8_t c)
{
	return h + c * hash_keys[i % HASH_KEYS];
}

static inline uint32_t hash_sum(uint64_t h)
{
	return (uint32_t)(h >> 32);
}

/*
 * hash_mix - where in a table what belongs to the object at @at has its place, if it is @hash among
 * that one's.
 */
static inline uint32_t hash_mix(const void *at, uint32_t hash)
{
	return (uint32_t)((hash ^ (uintptr_t)at >> 4) * hash_mix_key >> 40);
}

struct hash_node {
	struct hash_node *next;
	uint32_t hash; /* hash_mix's */
};

#define HASH_BUCKETS 512u /* in a page */

struct hash_table {
	struct hash_node ***pages; /* of HASH_BUCKETS buckets each */
	uint32_t mask, n;	   /* n buckets; mask is the next power of two, less one */
	uint32_t count;		   /* elements */
	struct hash_node **first;
};

/* HASH_TABLE - a table with its first page: static storage alone. */
#define HASH_TABLE(name)                                            \
	static struct hash_node *name##_first[HASH_BUCKETS];        \
	static struct hash_table name = { .pages = &(name).first,   \
					  .mask = HASH_BUCKETS - 1, \
					  .n = HASH_BUCKETS,        \
					  .first = (name##_first) }

/*
 * hash_bucket - the chain in which an element with this hash would be.  The table's lock is held,
 * as for the rest.
 */
static inline struct hash_node **hash_bucket(const struct hash_table *t, uint32_t hash)
{
	uint32_t i = hash & t->mask;

	if (i >= t->n)
		i &= t->mask >> 1;
	return &t->pages[i / HASH_BUCKETS][i % HASH_BUCKETS];
}

/*
 * hash_insert - put @n, whose hash is set, in; hash_remove - take it out.  Neither fails or sleeps.
 */
void hash_insert(struct hash_table *t, struct hash_node *n);
void hash_remove(struct hash_table *t, struct hash_node *n);

/*
 * hash_init - choose the keys: once, when there are random bytes and before anything has been
 * hashed.
 */
void hash_init(void);
