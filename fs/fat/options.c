/*
 * options.c - what mount(2) may choose of a FAT, and /proc/mounts shows: Linux's words, in its
 * order.
 */
#include "fs/fat/options.h"

#include "lib/parse.h"
#include "lib/printf.h"
#include "lib/string.h"

/* What the value of an option may be: its place among @values, whose synonyms follow in turn. */
struct words {
	uint8_t n, values;
	const char *word[6];
};
static const struct words shortnames = { 4, 4, { "lower", "win95", "winnt", "mixed" } };
static const struct words charsets = { 4, 4, { "ascii", "iso8859-1", "cp437", "utf8" } };
static const struct words checks = { 6, 3, { "n", "r", "s", "normal", "relaxed", "strict" } };
static const struct words yes = { 6, 2, { "no", "yes", "false", "true", "0", "1" } };
static const struct words no = { 6, 2, { "yes", "no", "true", "false", "1", "0" } };
static const struct words alone; /* there is none */

#define FIELD(name) offsetof(struct fat_options, name)
#define NEEDS_VALUE (-1)

/* A name may stand here twice, and sets both. */
static const struct fat_option {
	const char *name;
	size_t at;		   /* of its field: uint32_t if it is a number, else a byte */
	const struct words *words; /* NULL: it is a number */
	int without;		   /* what it is without a value; NEEDS_VALUE */
	uint32_t base, mask;	   /* of a number */
	bool vfat;		   /* msdos has it not */
} options[] = {
	{ "uid", FIELD(uid), .base = 10, .mask = UINT32_MAX },
	{ "gid", FIELD(gid), .base = 10, .mask = UINT32_MAX },
	{ "umask", FIELD(fmask), .base = 8, .mask = 0777 },
	{ "umask", FIELD(dmask), .base = 8, .mask = 0777 },
	{ "fmask", FIELD(fmask), .base = 8, .mask = 0777 },
	{ "dmask", FIELD(dmask), .base = 8, .mask = 0777 },
	{ "allow_utime", FIELD(allow_utime), .base = 8, .mask = 022 },
	{ "iocharset", FIELD(iocharset), &charsets, .without = NEEDS_VALUE, .vfat = true },
	{ "shortname", FIELD(shortname), &shortnames, .without = NEEDS_VALUE, .vfat = true },
	{ "check", FIELD(check), &checks, .without = NEEDS_VALUE },
	{ "quiet", FIELD(quiet), &alone, .without = true },
	{ "showexec", FIELD(showexec), &alone, .without = true },
	{ "flush", FIELD(flush), &alone, .without = true },
	{ "usefree", FIELD(usefree), &alone, .without = true },
	{ "discard", FIELD(discard), &alone, .without = true },
	{ "rodir", FIELD(rodir), &alone, .without = true },
	{ "nocase", FIELD(nocase), &alone, .without = true },
	{ "dots", FIELD(dots), &alone, .without = true },
	{ "nodots", FIELD(dots), &alone, .without = false },
	{ "dotsOK", FIELD(dots), &yes, .without = true },
	{ "utf8", FIELD(utf8), &yes, .without = true },
	{ "uni_xlate", FIELD(uni_xlate), &yes, .without = true },
	{ "nonumtail", FIELD(numtail), &no, .without = false },
};

static bool set_fat_option(struct fat_options *o, const struct fat_option *f, const char *value)
{
	void *field = (char *)o + f->at;
	int i = f->without;

	if (!f->words) {
		if (!option_number(value, f->base, field))
			return false;
		*(uint32_t *)field &= f->mask;
		return true;
	}
	if (value)
		i = option_word(value, f->words->word, f->words->n);
	if (i < 0)
		return false;
	*(uint8_t *)field = (uint8_t)(value ? i % f->words->values : i);
	return true;
}

/* time_offset=: minutes that are to be added to UTC. */
static bool parse_zone(struct fat_options *o, const char *s)
{
	bool minus = s && *s == '-';
	uint32_t n;

	if (!option_number(minus ? s + 1 : s, 10, &n) || n > 24 * 60)
		return false;
	o->zone = minus ? (int32_t)n : -(int32_t)n;
	return o->zone_set = true;
}

static bool parse_fat_option(struct fat_options *o, bool vfat, const char *key, const char *value)
{
	bool known = false;
	uint32_t n;
	int i;

	if (!strcmp(key, "codepage"))
		return option_number(value, 10, &n) && n == 437;
	if (!strcmp(key, "time_offset"))
		return parse_zone(o, value);
	if (!strcmp(key, "tz"))
		return value && !strcmp(value, "UTC") && parse_zone(o, "0");
	if (!strcmp(key, "errors")) {
		i = option_word(value, sb_error_names, SB_ERROR_KINDS);
		o->on_error = (uint8_t)i;
		return i >= 0;
	}
	for (const struct fat_option *f = options; f < options + ARRAY_SIZE(options); f++) {
		if (strcmp(key, f->name) != 0)
			continue;
		if ((f->vfat && !vfat) || !set_fat_option(o, f, value))
			return false;
		known = true;
	}
	return known;
}

int fat_parse_options(struct fat_options *o, bool vfat, char *text)
{
	char *key, *value;

	while (option_next(&text, &key, &value))
		if (!parse_fat_option(o, vfat, key, value))
			return -EINVAL;
	if (o->uni_xlate)
		o->utf8 = false;
	if (o->allow_utime < 0)
		o->allow_utime = (int32_t)(~o->dmask & 022);
	return 0;
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
		SAY(",iocharset=%s,shortname=%s", charsets.word[o->iocharset],
		    shortnames.word[o->shortname]);
	if (o->check != CHECK_NORMAL)
		SAY(",check=%s", checks.word[o->check]);
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
	SAY(",errors=%s%s", sb_error_names[o->on_error], o->discard ? ",discard" : "");
#undef SAY
	return n;
}
