/*
 * info.c - what a module says of itself in .modinfo, and what follows from that: whether it is of
 * this kernel, and how it taints it.
 *
 * Comes from load.c.  A module whose vermagic is another's is refused: what it was compiled against
 * is not what is here.  The words of the log are Linux's.
 */
#include "kmod/info.h"

#include "abi/errno.h"
#include "abi/module.h"
#include "kmod/modinfo.h"
#include "kmod/vermagic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/printk.h"
#include "log/taint.h"

#define DIFFERENCE_MAX 160
#define WORDS_MAX      16 /* that are compared one by one */

/* ---- vermagic ---- */

static size_t word_length(const char *s)
{
	const char *blank = strchr(s, ' ');

	return blank ? (size_t)(blank - s) : strlen(s);
}

static const char *next_word(const char *s)
{
	s += word_length(s);
	return *s ? s + 1 : s;
}

/* The words of @is in which it is not @wanted, into @buf. */
static void describe_difference(char *buf, size_t size, const char *is, const char *wanted)
{
	size_t n = 0;

	buf[0] = '\0';
	/* What does not fit is not looked at: the file's text may be very long. */
	for (int i = 0; i < WORDS_MAX && (*is || *wanted);
	     i++, is = next_word(is), wanted = next_word(wanted)) {
		size_t a = word_length(is), b = word_length(wanted);

		if (a != b || memcmp(is, wanted, a) != 0)
			n += (size_t)scnprintf(buf + n, size - n, "%s%.*s, here %.*s",
					       n ? "; " : "", (int)min(a, (size_t)32), is, (int)b,
					       wanted);
	}
}

int module_check_info(const struct image *img, uint32_t flags)
{
	const char *magic = image_info(img, "vermagic", NULL);
	char difference[DIFFERENCE_MAX];

	if (flags & MODULE_INIT_IGNORE_VERMAGIC || (magic && !strcmp(magic, vermagic)))
		return 0;
	if (!magic) {
		pr_err("%s: no version magic: it is not known for which kernel it is\n", img->name);
		return -ENOEXEC;
	}
	pr_err("%s: version magic '%.*s' should be '%s'\n", img->name, 256, magic, vermagic);
	describe_difference(difference, sizeof(difference), magic, vermagic);
	pr_err("%s: it differs in: %s\n", img->name, difference);
	return -ENOEXEC;
}

/* ---- taints ---- */

/* Linux's list, and the licence of this kernel. */
static bool is_free_license(const char *license)
{
	static const char *const known[] = {
		"GPL",		"GPL v2",	"GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL",
		"MIT"
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(license, known[i]))
			return true;
	return false;
}

static bool taint_new(struct loaded *m, enum taint bit)
{
	bool is_new = !(taint_mask() & BIT(bit));

	m->taints |= BIT(bit);
	taint_add(bit);
	return is_new;
}

void module_set_taints(const struct image *img, struct loaded *m, uint32_t flags)
{
	const char *license = image_info(img, "license", NULL) ?: "unspecified";

	if (flags & MODULE_INIT_IGNORE_VERMAGIC && taint_new(m, TAINT_FORCED_MODULE))
		pr_warn("%s: module has bad vermagic: kernel tainted.\n", m->name);
	if (!image_info(img, "intree", NULL) && taint_new(m, TAINT_OOT_MODULE))
		pr_warn("%s: loading out-of-tree module taints kernel.\n", m->name);
	if (!is_free_license(license) && taint_new(m, TAINT_PROPRIETARY_MODULE))
		pr_warn("%s: module license '%.*s' taints kernel.\n", m->name, 64, license);
}
