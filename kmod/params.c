/*
 * params.c - the words of a module's parameters into its variables, and a variable as text.
 *
 * One table says of each type how wide it is and which numbers it takes.  The module may read a
 * variable while it is written here: it is stored in one go, once its value is known to be good.
 */
#include "abi/errno.h"
#include "arm/atomic.h"
#include "kmod/params.h"
#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"

/* width 0: any, a string's room.  Strings have no numbers. */
static const struct kind {
	uint8_t width;
	bool is_signed;
} kinds[NR_MODULE_PARAM_TYPES] = {
	[MODULE_PARAM_bool] = { 1, false },  [MODULE_PARAM_byte] = { 1, false },
	[MODULE_PARAM_short] = { 2, true },  [MODULE_PARAM_ushort] = { 2, false },
	[MODULE_PARAM_int] = { 4, true },    [MODULE_PARAM_uint] = { 4, false },
	[MODULE_PARAM_long] = { 8, true },   [MODULE_PARAM_ulong] = { 8, false },
	[MODULE_PARAM_charp] = { 8, false }, [MODULE_PARAM_string] = { 0, false },
};

bool param_valid(const struct module_param *p)
{
	uint8_t width = p->type < NR_MODULE_PARAM_TYPES ? kinds[p->type].width : 0;

	if (p->type >= NR_MODULE_PARAM_TYPES || !p->size || !p->max || p->mode & ~0777u)
		return false;
	if (width && (p->size != width || (uintptr_t)p->variable & (width - 1u)))
		return false;
	return IS_ALIGNED((uintptr_t)p->count, sizeof(*p->count));
}

uint64_t param_bytes(const struct module_param *p)
{
	return (uint64_t)p->size * p->max;
}

static void store_number(const struct module_param *p, void *at, uint64_t x)
{
	switch (kinds[p->type].width) {
	case 1: WRITE_ONCE(*(uint8_t *)at, (uint8_t)x); break;
	case 2: WRITE_ONCE(*(uint16_t *)at, (uint16_t)x); break;
	case 4: WRITE_ONCE(*(uint32_t *)at, (uint32_t)x); break;
	default: WRITE_ONCE(*(uint64_t *)at, x);
	}
}

/* Sign-extended where the type has a sign. */
static uint64_t load_number(const struct module_param *p, const void *at)
{
	bool is_signed = kinds[p->type].is_signed;
	uint64_t x;

	switch (kinds[p->type].width) {
	case 1: return READ_ONCE(*(const uint8_t *)at);
	case 2: x = READ_ONCE(*(const uint16_t *)at); return is_signed ? (uint64_t)(int16_t)x : x;
	case 4: x = READ_ONCE(*(const uint32_t *)at); return is_signed ? (uint64_t)(int32_t)x : x;
	default: return READ_ONCE(*(const uint64_t *)at);
	}
}

/* The first letters are enough, as in Linux. */
static int parse_bool(const char *value, bool *x)
{
	char first = value[0], second = first ? value[1] : 0;

	if (first && strchr("yYtT1", first)) {
		*x = true;
	} else if (first && strchr("nNfF0", first)) {
		*x = false;
	} else if ((first == 'o' || first == 'O') && second && strchr("nNfF", second)) {
		*x = second == 'n' || second == 'N';
	} else {
		return -EINVAL;
	}
	return 0;
}

/* A number as kstrtoull(9) reads it: a sign, a prefix for the base, one newline behind it. */
static int parse_number(const struct module_param *p, const char *value, uint64_t *x)
{
	unsigned bits = kinds[p->type].width * 8u;
	bool minus = value[0] == '-' && kinds[p->type].is_signed;
	uint64_t most = UINT64_MAX >> (64 - bits);
	size_t n;
	int err;

	value += minus || value[0] == '+';
	n = strlen(value);
	if (n && value[n - 1] == '\n')
		n--;
	err = parse_whole_u64(value, n, 0, x);
	if (err)
		return err;
	if (kinds[p->type].is_signed)
		most = (most >> 1) + minus;
	if (*x > most)
		return -ERANGE;
	if (minus)
		*x = -*x;
	return 0;
}

/* A string in memory of its own, or in the variable itself. */
static int set_string(const struct module_param *p, void *at, const char *value,
		      const struct params_host *host)
{
	size_t room = p->type == MODULE_PARAM_charp ? PARAM_CHARP_MAX + 1 : p->size;
	size_t n = strlen(value);

	if (n >= room)
		return -ENOSPC;
	if (p->type == MODULE_PARAM_charp) {
		value = host->new_string(host->ctx, p, value, n + 1);
		if (!value)
			return -ENOMEM;
		WRITE_ONCE(*(const char **)at, value);
	} else {
		memcpy(at, value, n + 1);
	}
	return 0;
}

static int set_element(const struct module_param *p, void *at, const char *value,
		       const struct params_host *host)
{
	uint64_t x = 0;
	bool yes;
	int err;

	if (p->type == MODULE_PARAM_charp || p->type == MODULE_PARAM_string)
		return set_string(p, at, value, host);
	if (p->type == MODULE_PARAM_bool) {
		err = parse_bool(value, &yes);
		x = !err && yes;
	} else {
		err = parse_number(p, value, &x);
	}
	if (!err)
		store_number(p, at, x);
	return err;
}

/* Elements up to a wrong one have their new values, and the count says how many: as in Linux. */
static int set_array(const struct module_param *p, char *value, const struct params_host *host)
{
	for (uint32_t n = 0; n < p->max; n++) {
		char *comma = strchr(value, ',');
		int err;

		if (comma)
			*comma = 0;
		err = set_element(p, (char *)p->variable + (size_t)n * p->size, value, host);
		if (comma)
			*comma = ','; /* the log shows the value as it was given */
		if (p->count)
			WRITE_ONCE(*p->count, n + !err);
		if (err || !comma)
			return err;
		value = comma + 1;
	}
	return -EINVAL; /* more than it takes */
}

int param_set(const struct module_param *p, char *value, const struct params_host *host)
{
	if (p->max > 1)
		return value ? set_array(p, value, host) : -EINVAL;
	if (!value)
		return p->type == MODULE_PARAM_bool ? set_element(p, p->variable, "1", host)
						    : -EINVAL;
	return set_element(p, p->variable, value, host);
}

static bool same_name(const char *a, const char *b)
{
	for (; *a == *b || (*a == '-' && *b == '_') || (*a == '_' && *b == '-'); a++, b++)
		if (!*a)
			return true;
	return false;
}

/* NULL: the module has none of this name. */
static int find_param(const char *name, const struct module_param *params, size_t nr,
		      const struct params_host *host, const struct module_param **found)
{
	*found = NULL;
	for (size_t i = 0; i < nr && !*found; i++) {
		int err = host->pause && i % 256 == 255 ? host->pause() : 0;

		if (err)
			return err;
		if (same_name(params[i].name, name))
			*found = &params[i];
	}
	return 0;
}

/* The word as two strings: what ends each is a space, a quote or an '=', and has been read. */
static char *end_string(const char *s, size_t n)
{
	char *text = (char *)(uintptr_t)s; /* within args, which may be changed */

	if (text)
		text[n] = 0;
	return text;
}

int params_parse(char *args, const struct module_param *params, size_t nr,
		 const struct params_host *host)
{
	const char *rest = args;
	struct cmdline_word word;
	int result = 0;

	while (cmdline_next(&rest, &word)) {
		const struct module_param *p;
		char *name, *value;
		int err = host->pause ? host->pause() : 0;

		rest += *rest != 0; /* the space that the word's NUL takes */
		name = end_string(word.key, word.key_len);
		value = end_string(word.val, word.val_len);
		if (!value && !strcmp(name, "--")) {
			host->ignored(host->ctx, rest);
			break;
		}
		if (!err)
			err = find_param(name, params, nr, host, &p);
		if (err)
			return err;
		if (!p) {
			host->unknown(host->ctx, name);
			continue;
		}
		err = param_set(p, value, host);
		if (err) {
			host->refused(host->ctx, name, value ? value : "", err);
			result = err;
		}
	}
	return result;
}

static size_t show_element(const struct module_param *p, const void *at, char *buf, size_t size)
{
	uint64_t x;

	switch (p->type) {
	case MODULE_PARAM_charp:
		return scnprintf(buf, size, "%s", READ_ONCE(*(const char *const *)at));
	case MODULE_PARAM_string: return scnprintf(buf, size, "%.*s", (int)p->size, (char *)at);
	default: x = load_number(p, at);
	}
	if (p->type == MODULE_PARAM_bool)
		return scnprintf(buf, size, "%c", x ? 'Y' : 'N');
	return kinds[p->type].is_signed ? scnprintf(buf, size, "%lld", (long long)x)
					: scnprintf(buf, size, "%llu", (unsigned long long)x);
}

size_t param_show(const struct module_param *p, char *buf, size_t size)
{
	uint32_t nr = p->count ? min(READ_ONCE(*p->count), p->max) : p->max;
	size_t n = 0;

	/* What is full stays so: no loop over elements that nobody will see. */
	for (uint32_t i = 0; i < nr && n + 1 < size; i++) {
		if (i)
			n += scnprintf(buf + n, size - n, ",");
		n += show_element(p, (const char *)p->variable + (size_t)i * p->size, buf + n,
				  size - n);
	}
	return n + scnprintf(buf + n, size - n, "%s", nr ? "\n" : "");
}
