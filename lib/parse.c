/*
 * parse.c - numbers from bounded text, and the words of mount options and of a kernel
 * command line.
 *
 * The command line comes from a boot loader and numbers come from anywhere, programs among them.
 * Invariant: nothing is read past the given length or a NUL, and a number that does not fit is an
 * error, never a wrapped value.
 */
#include "abi/errno.h"
#include "lib/parse.h"
#include "lib/export.h"
#include "lib/string.h"

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return ~0u;
}

/* Is there "0x" with a digit behind it?  A lone "0x" is the number 0 followed by an x. */
static bool has_hex_prefix(const char *s, size_t n)
{
	return n > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_value(s[2]) < 16;
}

int parse_u64(const char *s, size_t n, unsigned base, uint64_t *val)
{
	uint64_t v = 0;
	size_t i = 0;

	/* So that the number of characters fits the result. */
	n = min(n, (size_t)0x7fffffff);
	if ((base == 0 || base == 16) && has_hex_prefix(s, n)) {
		base = 16;
		i = 2;
	} else if (base == 0) {
		base = n && s[0] == '0' ? 8 : 10;
	}
	if (i == n || digit_value(s[i]) >= base)
		return -EINVAL;
	for (; i < n && digit_value(s[i]) < base; i++) {
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, digit_value(s[i]), &v))
			return -ERANGE;
	}
	*val = v;
	return (int)i;
}
EXPORT(parse_u64);

static unsigned suffix_shift(char c)
{
	switch (c | 0x20) {
	case 'k': return 10;
	case 'm': return 20;
	case 'g': return 30;
	case 't': return 40;
	case 'p': return 50;
	case 'e': return 60;
	default: return 0;
	}
}

int parse_size(const char *s, size_t n, uint64_t *val)
{
	unsigned shift = 0;
	uint64_t v;
	int used = parse_u64(s, n, 0, &v);

	if (used < 0)
		return used;
	if ((size_t)used < n)
		shift = suffix_shift(s[used]);
	/* Bits would be shifted out. */
	if (shift && v >> (64 - shift))
		return -ERANGE;
	*val = v << shift;
	return used + (shift != 0);
}
EXPORT(parse_size);

int parse_whole_u64(const char *s, size_t n, unsigned base, uint64_t *val)
{
	uint64_t v;
	int used = parse_u64(s, n, base, &v);

	if (used < 0)
		return used;
	/* A NUL ends the text before its length does. */
	if ((size_t)used < n && s[used])
		return -EINVAL;
	*val = v;
	return 0;
}
EXPORT(parse_whole_u64);

bool option_next(char **text, char **key, char **value)
{
	char *rest = *text;

	for (*key = rest; rest && *rest; *key = rest) {
		rest = strchr(rest, ',');
		if (rest)
			*rest++ = '\0';
		*text = rest;
		*value = strchr(*key, '=');
		if (*value)
			*(*value)++ = '\0';
		if (**key)
			return true;
	}
	return false;
}

bool option_number(const char *value, unsigned base, uint32_t *n)
{
	uint64_t v;

	if (!value || parse_whole_u64(value, strlen(value), base, &v) || v >= UINT32_MAX)
		return false;
	*n = (uint32_t)v;
	return true;
}

int option_word(const char *value, const char *const *words, size_t n)
{
	for (size_t i = 0; value && i < n; i++)
		if (!strcmp(value, words[i]))
			return (int)i;
	return -1;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool cmdline_next(const char **line, struct cmdline_word *w)
{
	const char *s = *line, *p, *end, *equals = NULL;
	bool in_quote = false, quoted;

	while (is_space(*s))
		s++;
	*line = s;
	if (!*s)
		return false;
	/* As Linux's next_arg(): a quote may begin the word or its value, and is not part of it. */
	quoted = in_quote = *s == '"';
	s += quoted;
	for (p = s; *p && (in_quote || !is_space(*p)); p++) {
		/* A word that begins with '=' has no value there. */
		if (*p == '=' && !equals && p > s)
			equals = p;
		if (*p == '"')
			in_quote = !in_quote;
	}
	*line = p;
	end = p;
	if (quoted && end > s && end[-1] == '"')
		end--;
	w->key = s;
	w->key_len = (equals ? equals : end) - s;
	w->val = NULL;
	w->val_len = 0;
	if (equals) {
		w->val = equals + 1;
		if (w->val < end && *w->val == '"') {
			w->val++;
			if (end == p && end > w->val && end[-1] == '"')
				end--;
		}
		w->val_len = end > w->val ? end - w->val : 0;
	}
	return true;
}

static char fold_dash(char c)
{
	return c == '-' ? '_' : c;
}

bool cmdline_is(const struct cmdline_word *w, const char *key)
{
	size_t i;

	for (i = 0; i < w->key_len; i++)
		/* Also ends at the key's NUL: a word holds none. */
		if (fold_dash(w->key[i]) != fold_dash(key[i]))
			return false;
	return !key[i];
}

bool cmdline_find(const char *line, const char *key, struct cmdline_word *w)
{
	struct cmdline_word word;
	bool found = false;

	while (cmdline_next(&line, &word)) {
		/* What is behind "--" is init's. */
		if (!word.val && word.key_len == 2 && !memcmp(word.key, "--", 2))
			break;
		if (cmdline_is(&word, key)) {
			/* The last one counts, as on Linux, where each would be obeyed in turn. */
			*w = word;
			found = true;
		}
	}
	return found;
}

bool cmdline_says(const char *line, const char *key, const char *value)
{
	struct cmdline_word w;

	return line && cmdline_find(line, key, &w) && w.val && w.val_len == strlen(value) &&
	       !memcmp(w.val, value, w.val_len);
}
