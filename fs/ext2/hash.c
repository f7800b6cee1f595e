/*
 * hash.c - hashes of names: a part of MD4 (RFC 1320), the TEA cipher (Wheeler and Needham, 1994)
 * as a hash, and the one that came before both.
 */
#include "fs/ext2/hash.h"

#include "lib/string.h"
#include "lib/util.h"

static uint32_t rotate_left(uint32_t x, unsigned int n)
{
	return x << n | x >> (32 - n);
}

/* @n words of the name's next bytes, each with the first byte on top; behind its end its length. */
static void take_words(const char *name, uint32_t len, bool is_unsigned, uint32_t *words,
		       uint32_t n)
{
	uint32_t pad = (len | len << 8) * 0x10001, at = 0;

	for (uint32_t i = 0; i < n; i++) {
		words[i] = pad;
		for (int j = 0; j < 4 && at < len; j++, at++)
			words[i] = (words[i] << 8) +
				   (uint32_t)(is_unsigned ? (uint8_t)name[at] : (int8_t)name[at]);
	}
}

/* Three rounds over eight words, in place of MD4's over sixteen. */
static void half_md4(uint32_t state[4], const uint32_t in[8])
{
	static const uint8_t order[3][8] = { { 0, 1, 2, 3, 4, 5, 6, 7 },
					     { 1, 3, 5, 7, 0, 2, 4, 6 },
					     { 3, 7, 2, 6, 1, 5, 0, 4 } };
	static const uint8_t turns[3][4] = { { 3, 7, 11, 19 }, { 3, 5, 9, 13 }, { 3, 9, 11, 15 } };
	static const uint32_t add[3] = { 0, 0x5a827999, 0x6ed9eba1 };
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];

	for (int round = 0; round < 3; round++)
		for (int i = 0; i < 8; i++) {
			uint32_t f = round == 0	  ? (b & c) | (~b & d)
				     : round == 1 ? (b & c) | (b & d) | (c & d)
						  : b ^ c ^ d;
			uint32_t next = rotate_left(a + f + in[order[round][i]] + add[round],
						    turns[round][i % 4]);

			a = d;
			d = c;
			c = b;
			b = next;
		}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
}

static void tea(uint32_t state[4], const uint32_t in[4])
{
	uint32_t x = state[0], y = state[1], sum = 0;

	for (int i = 0; i < 16; i++) {
		sum += 0x9e3779b9;
		x += ((y << 4) + in[0]) ^ (y + sum) ^ ((y >> 5) + in[1]);
		y += ((x << 4) + in[2]) ^ (x + sum) ^ ((x >> 5) + in[3]);
	}
	state[0] += x;
	state[1] += y;
}

static uint32_t legacy(const char *name, uint32_t len, bool is_unsigned)
{
	uint32_t last = 0x37abe8f9, hash = 0x12a3fe2d;

	for (uint32_t i = 0; i < len; i++) {
		int c = is_unsigned ? (uint8_t)name[i] : (int8_t)name[i];
		uint32_t next = last + (hash ^ (uint32_t)(c * 7152373));

		if (next & 0x80000000)
			next -= 0x7fffffff;
		last = hash;
		hash = next;
	}
	return hash << 1;
}

uint32_t ext2_hash(const char *name, uint32_t len, uint32_t version, const uint32_t seed[4])
{
	static const uint32_t start[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	bool is_unsigned = version >= DX_HASH_UNSIGNED;
	uint32_t state[4], words[8], step, hash = 0;

	version -= is_unsigned ? DX_HASH_UNSIGNED : 0;
	memcpy(state, seed[0] | seed[1] | seed[2] | seed[3] ? seed : start, sizeof(state));
	step = version == DX_HASH_TEA ? 16 : 32;
	if (version == DX_HASH_LEGACY)
		hash = legacy(name, len, is_unsigned);
	for (uint32_t at = 0; version != DX_HASH_LEGACY && at < len; at += step) {
		take_words(name + at, len - at, is_unsigned, words, step / 4);
		if (version == DX_HASH_TEA)
			tea(state, words);
		else
			half_md4(state, words);
	}
	if (version != DX_HASH_LEGACY)
		hash = version == DX_HASH_TEA ? state[0] : state[1];
	hash &= ~1u;
	return hash == 0xfffffffe ? 0xfffffffc : hash; /* that one says "the end" to readdir */
}
