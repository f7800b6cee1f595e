/*
 * options.c - what mount(2) may choose of a FAT, and /proc/mounts shows: Linux's words, in its
 * order.
 */
#include "fs/fat/options.h"

#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"

struct word {
	const char *name;
	uint32_t value;
};

static const struct word shortnames[] = { { "lower", SHORT_LOWER },
					  { "win95", SHORT_WIN95 },
					  { "winnt", SHORT_WINNT },
					  { "mixed", SHORT_MIXED } };
static const struct word charsets[] = { { "ascii", CHARSET_ASCII },
					{ "iso8859-1", CHARSET_LATIN1 },
					{ "cp437", CHARSET_CP437 },
					{ "utf8", CHARSET_UTF8 } };
static const struct word on_errors[] = { { "continue", SB_ERROR_GO_ON },
					 { "remount-ro", SB_ERROR_RDONLY },
					 { "panic", SB_ERROR_PANIC } };
static const struct word checks[] = { { "relaxed", 'r' }, { "r", 'r' },	     { "normal", 'n' },
				      { "n", 'n' },	  { "strict", 's' }, { "s", 's' } };
static const struct word yes_no[] = { { "yes", 1 }, { "true", 1 },  { "1", 1 },
				      { "no", 0 },  { "false", 0 }, { "0", 0 } };

static bool find_word(const struct word *w, size_t n, const char *s, uint32_t *value)
{
	for (size_t i = 0; s && i < n; i++) {
		if (!strcmp(w[i].name, s)) {
			*value = w[i].value;
			return true;
		}
	}
	return false;
}
#define FIND_WORD(words, s, value) find_word(words, ARRAY_SIZE(words), s, value)

/* What is on or off: alone it is on, and some may be said "=no". */
struct flag {
	const char *name;
	size_t at; /* of a bool in struct fat_options */
	bool off;  /* the word says no */
	bool valued;
};
#define FLAG(word, field)                                                 \
	{                                                                 \
		.name = (word), .at = offsetof(struct fat_options, field) \
	}
static const struct flag flags[] = {
	FLAG("quiet", quiet),
	FLAG("showexec", showexec),
	FLAG("flush", flush),
	FLAG("usefree", usefree),
	FLAG("discard", discard),
	FLAG("rodir", rodir),
	FLAG("nocase", nocase),
	FLAG("dots", dots),
	{ .name = "nodots", .at = offsetof(struct fat_options, dots), .off = true },
	{ .name = "dotsOK", .at = offsetof(struct fat_options, dots), .valued = true },
	{ .name = "utf8", .at = offsetof(struct fat_options, utf8), .valued = true },
	{ .name = "uni_xlate", .at = offsetof(struct fat_options, uni_xlate), .valued = true },
	{ .name = "nonumtail",
	  .at = offsetof(struct fat_options, numtail),
	  .off = true,
	  .valued = true },
};

static bool parse_flag(struct fat_options *o, const char *key, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		uint32_t on = 1;

		if (strcmp(flags[i].name, key) != 0)
			continue;
		if (value && !(flags[i].valued && FIND_WORD(yes_no, value, &on)))
			return false;
		*(bool *)((char *)o + flags[i].at) = on != flags[i].off;
		return true;
	}
	return false;
}

static bool parse_fat_number(const char *s, unsigned int base, uint32_t *n)
{
	uint64_t v;

	if (!s || parse_whole_u64(s, strlen(s), base, &v) || v >= UINT32_MAX)
		return false;
	*n = (uint32_t)v;
	return true;
}

/* time_offset=: minutes that are to be added to UTC. */
static bool parse_zone(struct fat_options *o, const char *s)
{
	bool minus = s && *s == '-';
	uint32_t n;

	if (!parse_fat_number(minus ? s + 1 : s, 10, &n) || n > 24 * 60)
		return false;
	o->zone = minus ? (int32_t)n : -(int32_t)n;
	return o->zone_set = true;
}

static bool parse_fat_option(struct fat_options *o, bool vfat, const char *key, const char *value)
{
	uint32_t n;

	if (!strcmp(key, "uid"))
		return parse_fat_number(value, 10, &o->uid);
	if (!strcmp(key, "gid"))
		return parse_fat_number(value, 10, &o->gid);
	if (!strcmp(key, "umask") || !strcmp(key, "dmask") || !strcmp(key, "fmask")) {
		if (!parse_fat_number(value, 8, &n))
			return false;
		if (*key != 'd')
			o->fmask = n & 0777;
		if (*key != 'f')
			o->dmask = n & 0777;
		return true;
	}
	if (!strcmp(key, "allow_utime")) {
		if (!parse_fat_number(value, 8, &n))
			return false;
		o->allow_utime = n & 022;
		return true;
	}
	if (!strcmp(key, "codepage"))
		return parse_fat_number(value, 10, &n) && n == 437;
	if (!strcmp(key, "time_offset"))
		return parse_zone(o, value);
	if (!strcmp(key, "tz"))
		return value && !strcmp(value, "UTC") && parse_zone(o, "0");
	if (!strcmp(key, "iocharset") && FIND_WORD(charsets, value, &n)) {
		o->iocharset = (uint8_t)n;
		return vfat;
	}
	if (!strcmp(key, "shortname") && FIND_WORD(shortnames, value, &n)) {
		o->shortname = (uint8_t)n;
		return vfat;
	}
	if (!strcmp(key, "check") && FIND_WORD(checks, value, &n)) {
		o->check = (char)n;
		return true;
	}
	if (!strcmp(key, "errors") && FIND_WORD(on_errors, value, &n)) {
		o->on_error = (uint8_t)n;
		return true;
	}
	return parse_flag(o, key, value);
}

int fat_parse_options(struct fat_options *o, bool vfat, char *text)
{
	while (text && *text) {
		char *next = strchr(text, ','), *value;

		if (next)
			*next++ = '\0';
		value = strchr(text, '=');
		if (value)
			*value++ = '\0';
		if (*text && !parse_fat_option(o, vfat, text, value))
			return -EINVAL;
		text = next;
	}
	if (o->uni_xlate)
		o->utf8 = false;
	if (o->allow_utime < 0)
		o->allow_utime = (int32_t)(~o->dmask & 022);
	return 0;
}

static const char *word_of(const struct word *w, uint32_t value)
{
	while (w->value != value)
		w++;
	return w->name;
}

int fat_show_options(struct superblock *sb, char *buf, size_t size)
{
	const struct fat_fs *fs = sb->private;
	const struct fat_options *o = &fs->o;
	int n = 0;

#define SAY(...) (n += scnprintf(buf + n, size - (size_t)n, __VA_ARGS__))
	if (o->uid)
		SAY(",uid=%u", o->uid);
	if (o->gid)
		SAY(",gid=%u", o->gid);
	SAY(",fmask=%04o,dmask=%04o", o->fmask, o->dmask);
	if (o->allow_utime)
		SAY(",allow_utime=%04o", (uint32_t)o->allow_utime);
	SAY(",codepage=437");
	if (fs->vfat)
		SAY(",iocharset=%s,shortname=%s", word_of(charsets, o->iocharset),
		    word_of(shortnames, o->shortname));
	if (o->check != 'n')
		SAY(",check=%c", o->check);
	SAY("%s%s%s", o->usefree ? ",usefree" : "", o->quiet ? ",quiet" : "",
	    o->showexec ? ",showexec" : "");
	if (fs->vfat)
		SAY("%s%s%s%s", o->utf8 ? ",utf8" : "", o->uni_xlate ? ",uni_xlate" : "",
		    o->numtail ? "" : ",nonumtail", o->rodir ? ",rodir" : "");
	else
		SAY("%s%s", o->dots ? ",dotsOK=yes" : "", o->nocase ? ",nocase" : "");
	SAY("%s", o->flush ? ",flush" : "");
	if (o->zone_set && o->zone)
		SAY(",time_offset=%d", -o->zone);
	else if (o->zone_set)
		SAY(",tz=UTC");
	SAY(",errors=%s%s", word_of(on_errors, o->on_error), o->discard ? ",discard" : "");
#undef SAY
	return n;
}
