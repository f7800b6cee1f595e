/*
 * parse.h - numbers from bounded text, and the words of mount options and of a kernel
 * command line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/util.h"

/*
 * parse_u64 - read a number at the start of @s
 * @n:     how many bytes may be read; a NUL ends the text earlier
 * @base:  2..16, or 0: 0x means 16, a leading 0 means 8, else 10.  With 16, 0x is allowed too.
 * @val:   set only on success
 *
 * No white space and no sign is taken.  Returns the number of bytes used (at least 1), -EINVAL if
 * there is no digit, -ERANGE if the number exceeds 64 bits.
 */
int parse_u64(const char *s, size_t n, unsigned base, uint64_t *val) __must_check;

/*
 * parse_size - parse_u64 with base 0 and one of Linux's suffixes K M G T P E (either case),
 * powers of 1024
 */
int parse_size(const char *s, size_t n, uint64_t *val) __must_check;

/* parse_whole_u64 - parse_u64 where nothing may follow the number.  Returns 0 or -errno. */
int parse_whole_u64(const char *s, size_t n, unsigned base, uint64_t *val) __must_check;

/*
 * option_next - take the next word off the options of mount(2), "key" or "key=value" between commas
 * @text:  the rest, which is cut up; moved behind the word.  *@text may be NULL
 * @value: NULL where there is no '='
 *
 * Words without a key are left out.  False at the end.
 */
bool option_next(char **text, char **key, char **value);

/* option_number - is @value, which may be NULL, a number below UINT32_MAX?  *@n, if it is. */
bool option_number(const char *value, unsigned base, uint32_t *n) __must_check;

/* option_word - which of the @n words @value, which may be NULL, is: 0 .. @n - 1, -1: none. */
int option_word(const char *value, const char *const *words, size_t n);

/* One word of a command line: spans in the line itself, none of them terminated. */
struct cmdline_word {
	const char *key;
	size_t key_len;
	const char *val; /* NULL when there is no '=' */
	size_t val_len;
};

/*
 * cmdline_next - take the next word off a command line
 * @line:  the NUL-terminated rest of it; moved behind the word
 *
 * Linux's rules: words end at white space that is not between double quotes; the first '=' parts
 * key from value; quotes around the value, or around the whole word, are dropped (key="a b", "key=a
 * b"). False at the end.
 */
bool cmdline_next(const char **line, struct cmdline_word *w);

/* cmdline_is - is this the word's key?  As in Linux, '-' and '_' are the same. */
bool cmdline_is(const struct cmdline_word *w, const char *key);

/*
 * cmdline_find - the last word with this key, before a "--" that leaves the rest to init
 *
 * Returns false, and leaves @w alone, if there is none.
 */
bool cmdline_find(const char *line, const char *key, struct cmdline_word *w);

/* cmdline_says - whether the last word with this key has this value.  @line may be NULL: no. */
bool cmdline_says(const char *line, const char *key, const char *value);
