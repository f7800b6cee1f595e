/*
 * names.c - a file's name: as programs say it (UTF-8), as the disk has it (UTF-16 in pieces of 13),
 * and the short one of 8 and 3 bytes of a code page that each file has beside.
 *
 * Pure: no lock, no disk.  The rules for short names are those that Linux's vfat, and Windows
 * before it, follow: what another system makes of a name, and what we make of it, must be the same.
 */
#include "fs/fat/names.h"

#include "lib/string.h"

/* Code page 437: its upper half.  The lower is ASCII. */
static const uint16_t cp437[128] = {
	0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8,
	0x00ef, 0x00ee, 0x00ec, 0x00c4, 0x00c5, 0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2,
	0x00fb, 0x00f9, 0x00ff, 0x00d6, 0x00dc, 0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192, 0x00e1,
	0x00ed, 0x00f3, 0x00fa, 0x00f1, 0x00d1, 0x00aa, 0x00ba, 0x00bf, 0x2310, 0x00ac, 0x00bd,
	0x00bc, 0x00a1, 0x00ab, 0x00bb, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562,
	0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510, 0x2514, 0x2534,
	0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f, 0x255a, 0x2554, 0x2569, 0x2566, 0x2560,
	0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256b,
	0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580, 0x03b1, 0x00df, 0x0393,
	0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4, 0x03a6, 0x0398, 0x03a9, 0x03b4, 0x221e, 0x03c6,
	0x03b5, 0x2229, 0x2261, 0x00b1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00f7, 0x2248, 0x00b0,
	0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2, 0x25a0, 0x00a0,
};

static uint8_t ascii_upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? c - 32 : c;
}

static uint8_t ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Upper and lower case of a byte of the code page, as far as it has both. */
static uint8_t other_case(uint8_t c, bool upper)
{
	static const uint8_t pairs[][2] = { { 0x81, 0x9a }, { 0x82, 0x90 }, { 0x84, 0x8e },
					    { 0x86, 0x8f }, { 0x87, 0x80 }, { 0x91, 0x92 },
					    { 0x94, 0x99 }, { 0xa4, 0xa5 }, { 0xe5, 0xe4 },
					    { 0xed, 0xe8 } };

	for (size_t i = 0; c >= 0x80 && i < ARRAY_SIZE(pairs); i++)
		if (pairs[i][!upper] == c)
			return pairs[i][upper];
	return upper ? ascii_upper(c) : ascii_lower(c);
}

/* ---- UTF-16 from and to what programs say ---- */

/* A byte of @set as a unit, or 0. */
static uint16_t unit_of_byte(enum fat_charset set, uint8_t c)
{
	if (c < 0x80)
		return c;
	return set == CHARSET_CP437 ? cp437[c - 0x80] : set == CHARSET_LATIN1 ? c : 0;
}

/* A unit as a byte of @set, or 0. */
static uint8_t byte_of_unit(enum fat_charset set, uint16_t unit)
{
	if (unit < 0x80 || (set == CHARSET_LATIN1 && unit < 0x100))
		return (uint8_t)unit;
	for (uint32_t i = 0; set == CHARSET_CP437 && i < 128; i++)
		if (cp437[i] == unit)
			return (uint8_t)(0x80 + i);
	return 0;
}

static bool is_utf8(const struct fat_options *o)
{
	return o->utf8 || o->iocharset == CHARSET_UTF8;
}

/*
 * The character that @u begins with, of @left units, as bytes into @out, *@n of them: none for half
 * a character.  How many units it takes.
 */
static uint32_t put_name_char(const struct fat_options *o, const uint16_t *u, uint32_t left,
			      uint8_t out[5], uint32_t *n)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t c = u[0], used = 1;

	*n = 1;
	if (c < 0x80 || !is_utf8(o)) {
		out[0] = byte_of_unit(o->iocharset, (uint16_t)c);
		if (out[0])
			return used;
		out[0] = '?';
		if (o->uni_xlate) {
			out[0] = ':';
			for (*n = 1; *n < 5; ++*n)
				out[*n] = (uint8_t)hex[c >> (16 - 4 * *n) & 15];
		}
		return used;
	}
	if (c >= 0xd800 && c < 0xe000) {
		*n = 0;
		if (c >= 0xdc00 || left < 2 || u[1] < 0xdc00 || u[1] >= 0xe000)
			return used;
		c = 0x10000 + ((c & 0x3ff) << 10) + (u[1] & 0x3ff);
		used = 2;
	}
	*n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (uint32_t i = *n; --i; c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)((0xf00u >> *n) | c);
	return used;
}

/* The character that @s begins with, of @left bytes, into *@c.  Its length or -EINVAL. */
static int take_utf8(const uint8_t *s, uint32_t left, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t n = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (!n || n > left || s[0] >= 0xf8)
		return -EINVAL;
	*c = n == 1 ? s[0] : s[0] & (0x7fu >> n);
	for (uint32_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return -EINVAL;
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return -EINVAL;
	return (int)n;
}

/* ":12ab", when uni_xlate writes so what it cannot say otherwise.  Its length or 0. */
static int take_xlated(const uint8_t *s, uint32_t left, uint32_t *c)
{
	*c = 0;
	if (left < 5 || s[0] != ':')
		return 0;
	for (int i = 1; i < 5; i++) {
		uint8_t d = ascii_lower(s[i]);

		if (!((d >= '0' && d <= '9') || (d >= 'a' && d <= 'f')))
			return 0;
		*c = *c << 4 | (uint32_t)(d <= '9' ? d - '0' : d - 'a' + 10);
	}
	return 5;
}

static int take_name_char(const struct fat_options *o, const uint8_t *s, uint32_t left, uint32_t *c)
{
	int n = o->uni_xlate ? take_xlated(s, left, c) : 0;

	if (n)
		return n;
	if (is_utf8(o))
		return take_utf8(s, left, c);
	*c = unit_of_byte(o->iocharset, s[0]);
	return *c ? 1 : -EINVAL;
}

/* Trailing dots are no part of a name, as Windows has it. */
static uint32_t length_of(const struct name *name)
{
	uint32_t n = name->len;

	while (n && name->s[n - 1] == '.')
		n--;
	return n;
}

static bool is_refused(uint32_t c)
{
	return c < 0x20 || (c < 0x80 && strchr("*?<>|\":/\\", (int)c));
}

int fat_units_from(const struct fat_options *o, const struct name *name, struct fat_units *u)
{
	const uint8_t *s = (const uint8_t *)name->s;
	uint32_t left = length_of(name), c;

	if (!left)
		return -ENOENT;
	for (u->n = 0; left;) {
		int n = take_name_char(o, s, left, &c);

		if (n < 0)
			return n;
		if (is_refused(c))
			return -EINVAL;
		if (u->n + (c > 0xffff) >= FAT_UNITS)
			return -ENAMETOOLONG;
		if (c > 0xffff) {
			u->u[u->n++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + (c & 0x3ff);
		}
		u->u[u->n++] = (uint16_t)c;
		s += n;
		left -= (uint32_t)n;
	}
	return u->u[u->n - 1] == ' ' ? -EINVAL : 0;
}

uint32_t fat_text(const struct fat_options *o, const struct fat_units *u, char text[FAT_TEXT])
{
	uint32_t len = 0, n;
	uint8_t c[5];

	for (uint32_t i = 0; i < u->n;) {
		i += put_name_char(o, u->u + i, u->n - i, c, &n);
		if (len + n > FAT_TEXT)
			break;
		memcpy(text + len, c, n);
		len += n;
	}
	return len;
}

static bool same_letters(const char *a, const char *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (ascii_lower((uint8_t)a[i]) != ascii_lower((uint8_t)b[i]))
			return false;
	return true;
}

bool fat_same(const struct fat_options *o, const struct fat_units *u, const struct name *name)
{
	uint32_t len = length_of(name), at = 0, n;
	uint8_t c[5];

	for (uint32_t i = 0; i < u->n;) {
		i += put_name_char(o, u->u + i, u->n - i, c, &n);
		if (n > len - at || !same_letters((const char *)c, name->s + at, n))
			return false;
		at += n;
	}
	return at == len && len;
}

uint32_t fat_vfat_hash(const struct name *name)
{
	uint32_t len = length_of(name);
	uint64_t h = 0;

	for (uint32_t i = 0; i < len; i++)
		h = hash_step(h, i, ascii_lower((uint8_t)name->s[i]));
	return hash_sum(h);
}

bool fat_vfat_same(const struct name *a, const struct name *b)
{
	uint32_t len = length_of(a);

	return length_of(b) == len && same_letters(a->s, b->s, len);
}

/* ---- short names ---- */

uint8_t fat_checksum(const uint8_t name[FAT_NAME])
{
	uint8_t sum = name[0];

	for (int i = 1; i < FAT_NAME; i++)
		sum = (uint8_t)((sum << 7 | sum >> 1) + name[i]);
	return sum;
}

/*
 * @e's short name as it is said, with a dot before byte *@ext and without the spaces that fill up:
 * its length.
 */
static uint32_t short_text(const struct fat_entry *e, uint8_t text[FAT_NAME + 1], uint32_t *ext)
{
	uint32_t base = 8, n = FAT_NAME;

	while (base && e->name[base - 1] == ' ')
		base--;
	while (n > 8 && e->name[n - 1] == ' ')
		n--;
	memcpy(text, e->name, base);
	if (base && text[0] == 0x05)
		text[0] = FAT_DELETED; /* as a name's first byte it is written so */
	text[base] = '.';
	memcpy(text + base + 1, e->name + 8, n - 8);
	*ext = base + 1;
	return n > 8 ? base + 1 + n - 8 : base;
}

void fat_short_units(const struct fat_options *o, const struct fat_entry *e, struct fat_units *u)
{
	uint8_t text[FAT_NAME + 1];
	uint32_t ext;

	u->n = short_text(e, text, &ext);
	for (uint32_t i = 0; i < u->n; i++) {
		bool lower = e->lower & (i < ext ? FAT_LOWER_BASE : FAT_LOWER_EXT);

		if (o->shortname == SHORT_LOWER || (o->shortname != SHORT_WIN95 && lower))
			text[i] = other_case(text[i], false);
		u->u[i] = unit_of_byte(CHARSET_CP437, text[i]);
	}
}

struct part {
	bool upper, lower; /* all of its letters are */
	bool plain;	   /* nothing was left out or replaced */
};

/* A unit as a byte of a short name; 0: it is left out. */
static uint8_t short_byte(uint16_t unit, struct part *p)
{
	uint8_t c = byte_of_unit(CHARSET_CP437, unit), up;

	if (c == '.' || c == ' ') {
		p->plain = false;
		return 0;
	}
	if (!c || (c < 0x80 && strchr("[];,+=", c))) {
		p->plain = false;
		return '_';
	}
	if (c >= 0x7f)
		p->upper = p->lower = false;
	up = other_case(c, true);
	if (up >= 'A' && up <= 'Z') {
		if (up == c)
			p->lower = false;
		else
			p->upper = false;
	}
	return up;
}

static uint32_t shorten_part(const uint16_t *u, uint32_t n, uint8_t *out, uint32_t room,
			     struct part *p)
{
	uint32_t len = 0;

	*p = (struct part){ true, true, true };
	for (uint32_t i = 0; i < n; i++) {
		uint8_t c = short_byte(u[i], p);

		if (!c)
			continue;
		if (len == room) {
			p->plain = false;
			break;
		}
		out[len++] = c;
	}
	return len;
}

int fat_shorten(const struct fat_options *o, const struct fat_units *u, struct fat_short *s)
{
	uint32_t dot = u->n, lead = 0, len;
	struct part base, ext;

	while (dot && u->u[dot - 1] != '.')
		dot--;
	while (lead < u->n && (u->u[lead] == '.' || u->u[lead] == ' '))
		lead++;
	/* Of "...test" the last part is the name. */
	if (!dot || lead >= dot - 1)
		dot = u->n + 1;
	memset(s, 0, sizeof(*s));
	memset(s->name, ' ', FAT_NAME);
	len = shorten_part(u->u, dot - 1, s->name, 8, &base);
	if (!len)
		return -EINVAL;
	shorten_part(u->u + dot, dot > u->n ? 0 : u->n - dot, s->name + 8, 3, &ext);
	if (s->name[0] == FAT_DELETED)
		s->name[0] = 0x05;
	s->base = (uint8_t)min(len, 6u);
	s->base_random = (uint8_t)min(len, 2u);
	s->whole = base.plain && ext.plain;
	if (!s->whole)
		return 0;
	s->lone = base.upper && ext.upper;
	if (o->shortname == SHORT_WINNT && (base.upper || base.lower) && (ext.upper || ext.lower)) {
		s->lone = true;
		s->lower = (base.upper ? 0 : FAT_LOWER_BASE) | (ext.upper ? 0 : FAT_LOWER_EXT);
	}
	return 0;
}

void fat_short_tail(const struct fat_short *s, uint32_t tail, uint8_t name[FAT_NAME])
{
	static const char hex[] = "0123456789ABCDEF";
	uint32_t at = tail < 10 ? s->base : s->base_random;

	memset(name, ' ', 8);
	memcpy(name, s->name, at);
	memcpy(name + 8, s->name + 8, 3);
	for (int i = 12; tail >= 10 && i >= 0; i -= 4)
		name[at++] = (uint8_t)hex[tail >> i & 15];
	name[at++] = '~';
	name[at] = (uint8_t)('0' + (tail < 10 ? tail : 1 + (tail >> 16) % 8));
}

/* ---- msdos: short names alone ---- */

static bool msdos_refused(const struct fat_options *o, uint8_t c)
{
	if (o->check != CHECK_RELAXED && strchr("*?<>|\"", c))
		return true;
	if (o->check == CHECK_STRICT && (strchr("+=,; ", c) || (c >= 'A' && c <= 'Z')))
		return true;
	return c < ' ' || c == ':' || c == '\\';
}

/* Up to @room bytes of *@s before a dot or the end @end; the rest of the part is cut off. */
static int msdos_part(const struct fat_options *o, const uint8_t **s, const uint8_t *end,
		      uint8_t *out, uint32_t room)
{
	bool space = false;

	for (uint32_t i = 0; *s < end && **s != '.'; ++*s, i++) {
		uint8_t c = **s;

		if (i >= room) {
			if (o->check == CHECK_STRICT)
				return -EINVAL;
			continue;
		}
		if (msdos_refused(o, c))
			return -EINVAL;
		space = c == ' ';
		out[i] = o->nocase ? c : ascii_upper(c);
	}
	return space ? -EINVAL : 0;
}

int fat_msdos_name(const struct fat_options *o, const struct name *name, uint8_t out[FAT_NAME])
{
	const uint8_t *s = (const uint8_t *)name->s, *end = s + name->len;

	memset(out, ' ', FAT_NAME);
	if (s < end && *s == '.' && (!o->dots || ++s == end))
		return -EINVAL;
	if (s == end || *s == '.' || msdos_part(o, &s, end, out, 8))
		return -EINVAL;
	if (out[0] == FAT_DELETED)
		out[0] = 0x05;
	if (s == end)
		return 0;
	s++;
	if (msdos_part(o, &s, end, out + 8, 3))
		return -EINVAL;
	return s < end && o->check == CHECK_STRICT ? -EINVAL : 0;
}

uint32_t fat_msdos_text(const struct fat_options *o, const struct fat_entry *e, char text[14])
{
	bool hidden = o->dots && e->attrs & FAT_HIDDEN;
	uint8_t said[FAT_NAME + 1];
	uint32_t ext, n = short_text(e, said, &ext);

	text[0] = '.';
	for (uint32_t i = 0; i < n; i++)
		text[hidden + i] = (char)(o->nocase ? said[i] : ascii_lower(said[i]));
	return hidden + n;
}

/* What msdos makes of @name; what it cannot hold stays as it is. */
static struct name msdos_form(const struct name *name, uint8_t form[FAT_NAME])
{
	static const struct fat_options o;

	if (fat_msdos_name(&o, name, form))
		return *name;
	return (struct name){ .s = (const char *)form, .len = FAT_NAME };
}

/* Of two such forms the letters are the same if they are as vfat compares them. */
uint32_t fat_msdos_hash(const struct name *name)
{
	uint8_t form[FAT_NAME];
	struct name n = msdos_form(name, form);

	return fat_vfat_hash(&n);
}

bool fat_msdos_same(const struct name *a, const struct name *b)
{
	uint8_t form_a[FAT_NAME], form_b[FAT_NAME];
	struct name x = msdos_form(a, form_a), y = msdos_form(b, form_b);

	return fat_vfat_same(&x, &y);
}
