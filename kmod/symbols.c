/*
 * symbols.c - what is kept of a module's file: the names of its sections and functions, by which a
 * dump and /proc/kallsyms tell of it.
 *
 * Comes from load.c and unload.c.  Invariant: what log/ksym.c and mm/uaccess.c have been given of a
 * module is taken back, and every core has passed a barrier, before it is freed.
 */
#include "kmod/symbols.h"

#include "abi/errno.h"
#include "lib/elf64.h"
#include "kmod/modinfo.h"
#include "kmod/sections.h"
#include "lib/string.h"
#include "mm/giveway.h"
#include "mm/kvmap.h"
#include "task/oncores.h"

/* ---- what is kept of the file ---- */

/* What module_keep copies, and how much of it there is. */
struct keeping {
	struct loading *l;
	const struct elf64_shdr *strings, *names; /* the tables, whole: of symbols, of sections */
	size_t nr_sections, nr_entries;
	const char *version, *srcversion;
};

/* Asked of each symbol, and of each section: of those that are not kept the address is 0. */
static bool is_function(const struct loading *l, uint32_t i)
{
	const struct elf64_sym *s = &l->img.symbols[i];

	return ELF64_ST_TYPE(s->st_info) == STT_FUNC && s->st_shndx < l->img.nr_sections &&
	       l->address[s->st_shndx] && image_symbol_name(&l->img, i)[0];
}

static bool is_section(const struct loading *l, uint32_t i)
{
	return l->address[i] && l->img.sections[i].sh_size;
}

static size_t string_size(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

static int count_kept(struct keeping *k)
{
	const struct image *img = &k->l->img;

	k->strings = &img->sections[img->sections[img->symtab].sh_link];
	k->names = &img->sections[((const struct elf64_ehdr *)img->file)->e_shstrndx];
	k->version = image_info(img, "version", NULL);
	k->srcversion = image_info(img, "srcversion", NULL);
	for (uint32_t i = 0; i < img->nr_sections; i++) {
		k->nr_sections += is_section(k->l, i);
		if (i % 4096 == 0 && give_way())
			return -EINTR;
	}
	for (uint32_t i = 0; i < img->nr_symbols; i++) {
		k->nr_entries += is_function(k->l, i);
		if (i % 4096 == 0 && give_way())
			return -EINTR;
	}
	return 0;
}

/* A copy at *@to, which moves on. */
static void *keep_bytes(uint8_t **to, const void *from, size_t n)
{
	void *at = *to;

	memcpy(at, from, n);
	*to += n;
	return at;
}

/* A table of strings, a piece at a time. */
static char *keep_table(uint8_t **to, const struct image *img, const struct elf64_shdr *table)
{
	char *at = (char *)*to;

	for (size_t done = 0, n; done < table->sh_size; done += n) {
		n = min((size_t)table->sh_size - done, (size_t)65536);
		keep_bytes(to, img->file + table->sh_offset + done, n);
		(void)give_way();
	}
	return at;
}

/* Those that lie in half @h, behind what is there. */
static void keep_sections_of(struct keeping *k, const char *names, enum module_half h)
{
	const struct image *img = &k->l->img;
	struct loaded *m = k->l->m;

	for (uint32_t i = 0; i < img->nr_sections; i++) {
		if (i % 1024 == 0)
			(void)give_way(); /* the symbols come next, and stop for a signal */
		if (is_section(k->l, i) && module_half_of(m, k->l->address[i]) == h)
			m->sections[m->nr_sections++] = (struct ksym_section){
				.name = names + img->sections[i].sh_name,
				.va = k->l->address[i],
				.size = img->sections[i].sh_size,
			};
	}
}

/* Those of a half stand side by side: each half has its own in a dump. */
static void keep_sections(struct keeping *k, const char *names)
{
	struct loaded *m = k->l->m;

	keep_sections_of(k, names, HALF_CORE);
	m->nr_core_sections = m->nr_sections;
	keep_sections_of(k, names, HALF_INIT);
}

static int keep_functions(struct keeping *k, const char *strings)
{
	const struct image *img = &k->l->img;
	const uint64_t *value = k->l->address + img->nr_sections;
	struct ksym_entry *e = k->l->m->entries;

	for (uint32_t i = 0; i < img->nr_symbols; i++) {
		if (is_function(k->l, i))
			*e++ = (struct ksym_entry){ .va = value[i],
						    .name = strings + img->symbols[i].st_name };
		if (i % 4096 == 0 && give_way())
			return -EINTR;
	}
	k->l->m->nr_entries = k->nr_entries;
	return 0;
}

/* The entry at @i goes down in the heap of @n to where it belongs. */
static void sift_down(struct ksym_entry *e, size_t i, size_t n)
{
	struct ksym_entry sinking = e[i];
	size_t child;

	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && e[child + 1].va > e[child].va)
			child++;
		if (e[child].va <= sinking.va)
			break;
		e[i] = e[child];
		i = child;
	}
	e[i] = sinking;
}

/* Heapsort: in place, and as quick for a file that was made to be slow. */
static int sort_entries(struct ksym_entry *e, size_t n)
{
	for (size_t i = n / 2; i-- > 0;) {
		sift_down(e, i, n);
		if (i % 512 == 0 && give_way())
			return -EINTR;
	}
	for (size_t i = n; i-- > 1;) {
		struct ksym_entry largest = e[0];

		e[0] = e[i];
		e[i] = largest;
		sift_down(e, 0, i);
		if (i % 512 == 0 && give_way())
			return -EINTR;
	}
	return 0;
}

int module_keep(struct loading *l)
{
	struct keeping k = { .l = l };
	struct loaded *m = l->m;
	const char *strings, *names;
	uint8_t *to;
	int err = count_kept(&k);

	if (err)
		return err;
	m->kept_size = k.nr_sections * sizeof(*m->sections) + k.nr_entries * sizeof(*m->entries) +
		       m->nr_params * sizeof(*m->shown) + k.strings->sh_size + k.names->sh_size +
		       string_size(k.version) + string_size(k.srcversion);
	m->kept = to = kvmap_alloc(m->kept_size);
	if (!to)
		return -ENOMEM;
	module_charge(m, m->kept_size);
	m->entries = (void *)to;
	m->sections = (void *)(m->entries + k.nr_entries);
	m->shown = (void *)(m->sections + k.nr_sections);
	to = (uint8_t *)(m->shown + m->nr_params);
	strings = keep_table(&to, &l->img, k.strings);
	names = keep_table(&to, &l->img, k.names);
	if (k.version)
		m->version = keep_bytes(&to, k.version, string_size(k.version));
	if (k.srcversion)
		m->srcversion = keep_bytes(&to, k.srcversion, string_size(k.srcversion));
	keep_sections(&k, names);
	return keep_functions(&k, strings) ?: sort_entries(m->entries, k.nr_entries);
}

/* ---- found in a dump ---- */

/* The first of the sorted entries whose address is @va or more. */
static size_t first_entry(const struct loaded *m, uintptr_t va)
{
	size_t low = 0, high = m->nr_entries;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->entries[middle].va < va)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Those of the sorted entries that lie in half @h. */
static void take_entries(struct loaded *m, enum module_half h)
{
	size_t first = first_entry(m, (uintptr_t)m->half[h]);
	size_t end = first_entry(m, (uintptr_t)m->half[h] + m->size[h]);

	m->syms[h] = (struct ksym_module){
		.name = m->name,
		.base = (uintptr_t)m->half[h],
		.size = m->size[h],
		.sorted = m->entries + first,
		.nr = end - first,
		.sections = m->sections + (h == HALF_INIT ? m->nr_core_sections : 0),
		.nr_sections =
			h == HALF_INIT ? m->nr_sections - m->nr_core_sections : m->nr_core_sections,
		.taints = m->taints,
		.init = h == HALF_INIT
	};
}

/* What may fault on a user address: in code that stays. */
static void join_fixups(struct loading *l)
{
	const struct image *img = &l->img;
	struct loaded *m = l->m;

	if (!img->ex_table || !m->joined[HALF_CORE])
		return;
	m->fixups = (struct uaccess_table){
		.entries = (void *)l->address[img->ex_table],
		.nr = img->sections[img->ex_table].sh_size / sizeof(struct ex_entry),
		.text = (uintptr_t)m->part[IMAGE_TEXT],
		.text_size = img->part_size[IMAGE_TEXT],
	};
	if (m->fixups.nr)
		uaccess_add_table(&m->fixups);
}

void module_join(struct loading *l)
{
	struct loaded *m = l->m;

	for (int h = 0; h < NR_HALVES; h++) {
		if (!m->half[h])
			continue;
		take_entries(m, h);
		ksym_add_module(&m->syms[h]);
		m->joined[h] = true;
	}
	join_fixups(l);
}

void module_leave(struct loaded *m, enum module_half h)
{
	if (!m->joined[h])
		return;
	ksym_remove_module(&m->syms[h]);
	if (h == HALF_CORE && m->fixups.nr)
		uaccess_remove_table(&m->fixups);
	m->joined[h] = false;
	/* Who looks does so with interrupts masked: behind this nobody has what was found. */
	cores_call(NULL, NULL);
}
