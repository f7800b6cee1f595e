/*
 * random.c - one generator for the whole kernel: ChaCha20 under a key that each use replaces.
 *
 * Comes from getrandom(2), /dev/(u)random and exec (AT_RANDOM).  Each request takes a fresh key
 * from the stream first and throws the old one away, so that an attacker who reads the kernel's
 * memory later cannot find what was given out before (fast key erasure).  Seeds are mixed into the
 * key; a bad one does not make it worse.
 */
#include "fs/random.h"

#include <stdint.h>

#include "arm/counter.h"
#include "arm/id.h"
#include "arm/spinlock.h"
#include "drivers/bcm2711/rng200.h"
#include "drivers/virtio/rng.h"
#include "lib/string.h"
#include "log/printk.h"

#define BLOCK 64
#define KEY   32

static struct {
	struct spinlock lock; /* leaf */
	uint32_t key[KEY / 4];
} generator;

static uint32_t rotl(uint32_t v, unsigned int n)
{
	return v << n | v >> (32 - n);
}

static inline __attribute__((always_inline)) void quarter(uint32_t *a, uint32_t *b, uint32_t *c,
							  uint32_t *d)
{
	*a += *b;
	*d = rotl(*d ^ *a, 16);
	*c += *d;
	*b = rotl(*b ^ *c, 12);
	*a += *b;
	*d = rotl(*d ^ *a, 8);
	*c += *d;
	*b = rotl(*b ^ *c, 7);
}

/*
 * RFC 8439's block function; the nonce is zero: a key is used for one stream only.  The compiler
 * keeps all of x[] in registers.
 */
static void chacha20_block(const uint32_t key[8], uint32_t counter, uint32_t out[16])
{
	const uint32_t in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, key[0],
				  key[1],     key[2],	  key[3],     key[4],	  key[5],
				  key[6],     key[7],	  counter };
	uint32_t x[16];

#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		x[i] = in[i];
	for (int i = 0; i < 10; i++) {
		quarter(&x[0], &x[4], &x[8], &x[12]);
		quarter(&x[1], &x[5], &x[9], &x[13]);
		quarter(&x[2], &x[6], &x[10], &x[14]);
		quarter(&x[3], &x[7], &x[11], &x[15]);
		quarter(&x[0], &x[5], &x[10], &x[15]);
		quarter(&x[1], &x[6], &x[11], &x[12]);
		quarter(&x[2], &x[7], &x[8], &x[13]);
		quarter(&x[3], &x[4], &x[9], &x[14]);
	}
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		out[i] = x[i] + in[i];
}

/* The first half of a block becomes the next key; the other half is the caller's. */
static void next_key(uint32_t rest[KEY / 4])
{
	uint32_t block[BLOCK / 4];

	chacha20_block(generator.key, 0, block);
	/*
	 * The old key is gone before the caller has the other half: an attacker who gets the new
	 * one cannot go back.
	 */
	memcpy(generator.key, block, KEY);
	memcpy(rest, block + KEY / 4, KEY);
	memset(block, 0, sizeof(block));
	__asm__ volatile("" : : "r"(block) : "memory"); /* the compiler must not drop the wiping */
}

void random_bytes(void *buf, size_t n)
{
	uint32_t key[KEY / 4], block[BLOCK / 4];
	uint8_t *out = buf;

	spin_lock(&generator.lock);
	next_key(key);
	/*
	 * The request has a key of its own: its stream is made without the lock, however long it
	 * is.
	 */
	spin_unlock(&generator.lock);
	for (uint32_t i = 0; n; i++) {
		size_t part = min(n, (size_t)BLOCK);

		chacha20_block(key, i, block);
		memcpy(out, block, part);
		out += part;
		n -= part;
	}
	memset(key, 0, sizeof(key));
	memset(block, 0, sizeof(block));
	__asm__ volatile("" : : "r"(key), "r"(block) : "memory");
}

static void mix(const uint8_t *seed, size_t n)
{
	uint32_t rest[KEY / 4];

	spin_lock(&generator.lock);
	for (size_t i = 0; i < n; i++) {
		((uint8_t *)generator.key)[i % KEY] ^= seed[i];
		/*
		 * Between two lengths of the key: a long seed is worked in, and does not cancel
		 * itself out.
		 */
		if (i % KEY == KEY - 1)
			next_key(rest);
	}
	next_key(rest);
	spin_unlock(&generator.lock);
}

void random_add_seed(const char *from, const void *seed, size_t n)
{
	mix(seed, n);
	if (from)
		pr_info("random: seeded by %s, %zu bytes\n", from, n);
}

/* FEAT_RNG */
static bool has_rndr(void)
{
	return ID_FIELD(id_aa64isar0_el1, ISAR0_RNDR);
}

/* RNDR says in Z that it has nothing now. */
static bool read_rndr(uint64_t *v)
{
	uint64_t ok;

	__asm__ volatile("mrs	%0, s3_3_c2_c4_0\n"
			 "	cset	%1, ne"
			 : "=r"(*v), "=r"(ok)
			 :
			 : "cc");
	return ok;
}

static bool seed_from_rndr(void)
{
	uint64_t words[KEY / 8];
	size_t n = 0;

	if (!has_rndr())
		return false;
	for (int tries = 0; tries < 100 && n < ARRAY_SIZE(words); tries++)
		n += read_rndr(&words[n]);
	if (n < ARRAY_SIZE(words))
		return false;
	random_add_seed("RNDR", words, sizeof(words));
	memset(words, 0, sizeof(words));
	return true;
}

/* The board's own generator, or the host's, if there is one. */
static bool seed_from_device(void)
{
	uint32_t words[KEY / 4];
	size_t n = sizeof(words);

	if (rng200_read(words, n)) {
		random_add_seed("RNG200", words, n);
	} else {
		n = virtio_rng_read(words, n);
		if (n)
			random_add_seed("virtio's rng", words, n);
	}
	memset(words, 0, sizeof(words));
	__asm__ volatile("" : : "r"(words) : "memory"); /* the compiler must not drop the wiping */
	return n == sizeof(words);
}

/*
 * The counter as seen between pieces of work whose time varies with caches and the rest of the
 * machine: weak, but not nothing.
 */
static void seed_from_jitter(void)
{
	uint64_t samples[64];

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		samples[i] = counter_read();
		mix((const uint8_t *)&samples[i], sizeof(samples[i]));
	}
	random_add_seed("the counter's jitter", samples, sizeof(samples));
}

void random_init(void *fdt_seed, size_t n)
{
	bool rndr = seed_from_rndr(), device = seed_from_device();

	if (fdt_seed && n) {
		random_add_seed("the device tree's rng-seed", fdt_seed, n);
		memset(fdt_seed, 0, n); /* it stays in memory: no later reader may know it */
	} else if (!rndr && !device) {
		seed_from_jitter();
		pr_warn("random: no seed but the counter's jitter: keys made now can be guessed\n");
	}
}
