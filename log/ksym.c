/*
 * ksym.c - address to name, for backtraces.
 *
 * Invariant: the kernel's table is sorted by offset and ends with one entry more than it counts,
 * whose offset is the end of the last function; so table[i + 1] may be read for every i that is
 * counted.  A module in the list is whole before it is linked, and stays so until every core that
 * could have found it has let interrupts in again.
 */
#include "log/ksym.h"

#include "arm/spinlock.h"
#include "lib/export.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "log/taint.h"
#include "mm/layout.h"

/* Made by tools/ksyms.py; empty, but there, in the first link of a build. */
extern const struct ksym ksym_table[];
extern const uint32_t ksym_count;
extern const char ksym_names[];

static struct spinlock modules_lock = SPINLOCK_INIT; /* of writers alone; irqsave; a leaf */
static struct ksym_module *modules;		     /* newest first */
static char last_unloaded[80];			     /* its name and letters */

/* So much of a name that comes out of a module's file, and of its own, so that all has room. */
#define NAME_SHOWN   80
#define MODULE_SHOWN 55

static int shown(const char *name, size_t most)
{
	return (int)min(strlen(name), most);
}

/* ---- modules ---- */

void ksym_add_module(struct ksym_module *m)
{
	unsigned long flags = spin_lock_irqsave(&modules_lock);

	m->next = modules;
	/* After all of it: who finds it reads it without a lock. */
	store_release(&modules, m);
	spin_unlock_irqrestore(&modules_lock, flags);
}

/* "(OE+)" as Linux has it, or nothing. */
static void module_letters(char *buf, size_t n, const struct ksym_module *m)
{
	char taints[TAINT_LETTERS_MAX];
	char state = READ_ONCE(m->state);

	taint_module_letters(taints, sizeof(taints), m->taints);
	if (*taints || state)
		snprintf(buf, n, "(%s%.1s)", taints, &state);
	else
		*buf = '\0';
}

void ksym_remove_module(struct ksym_module *m)
{
	struct ksym_module **at = &modules;
	unsigned long flags = spin_lock_irqsave(&modules_lock);
	char letters[TAINT_LETTERS_MAX];

	while (*at && *at != m)
		at = &(*at)->next;
	/* Its own next stays: who stands on it still finds the way. */
	if (*at)
		WRITE_ONCE(*at, m->next);
	if (!m->init) {
		/* As on Linux without what it was doing: it has done it. */
		taint_module_letters(letters, sizeof(letters), m->taints);
		snprintf(last_unloaded, sizeof(last_unloaded), *letters ? "%.*s(%s)" : "%.*s",
			 shown(m->name, MODULE_SHOWN), m->name, letters);
	}
	spin_unlock_irqrestore(&modules_lock, flags);
}

const struct ksym_module *ksym_modules(void)
{
	return load_acquire(&modules);
}

const struct ksym_module *ksym_module_of(uintptr_t va)
{
	const struct ksym_module *m = ksym_modules();

	while (m && va - m->base >= m->size)
		m = load_acquire(&m->next);
	return m;
}

const struct ksym_section *ksym_section_of(const struct ksym_module *m, uintptr_t va)
{
	for (size_t i = 0; i < m->nr_sections; i++)
		if (va - m->sections[i].va < m->sections[i].size)
			return &m->sections[i];
	return NULL;
}

void ksym_list_modules(char *buf, size_t n)
{
	unsigned long flags = irq_save();
	char letters[TAINT_LETTERS_MAX];
	size_t at = 0;

	*buf = '\0';
	for (const struct ksym_module *m = ksym_modules(); m; m = load_acquire(&m->next)) {
		if (m->init)
			continue;
		module_letters(letters, sizeof(letters), m);
		at += (size_t)scnprintf(buf + at, n - at, " %s%s", m->name, letters);
	}
	if (*last_unloaded)
		scnprintf(buf + at, n - at, " [last unloaded: %s]", last_unloaded);
	irq_restore(flags);
}

/* How many of @m's symbols are at or before @va: they come first. */
static size_t entries_up_to(const struct ksym_module *m, uintptr_t va)
{
	size_t low = 0, high = m->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->sorted[middle].va <= va)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The last of @m's symbols at or before @va, in @va's section; NULL: none. */
static const struct ksym_entry *find_module_entry(const struct ksym_module *m, uintptr_t va,
						  uintptr_t *end)
{
	const struct ksym_section *section = ksym_section_of(m, va);
	size_t n = entries_up_to(m, va);
	uintptr_t at;

	if (!section || !n || m->sorted[n - 1].va < section->va)
		return NULL;
	at = m->sorted[n - 1].va;
	*end = section->va + section->size;
	if (n < m->nr)
		*end = min(*end, m->sorted[n].va);
	/* Of the names of one place, as many as the file likes, the first in the list. */
	return &m->sorted[entries_up_to(m, at - 1)];
}

/* ---- the kernel ---- */

/* The last entry that starts at or before @offset; the caller knows that there is one. */
static uint32_t find_symbol(uint32_t offset)
{
	uint32_t low = 0, high = ksym_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (ksym_table[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

const char *ksym_nth(size_t i, uintptr_t *va)
{
	if (i >= ksym_count)
		return NULL;
	*va = KERNEL_VA + ksym_table[i].offset;
	return ksym_names + ksym_table[i].name;
}

/* ---- both ---- */

static const char *find_module_name(uintptr_t va, uintptr_t *start, uintptr_t *end,
				    const struct ksym_module **m)
{
	const struct ksym_entry *entry;
	const struct ksym *sym;

	*m = NULL;
	if (ksym_count && va >= KERNEL_VA + ksym_table[0].offset &&
	    va < KERNEL_VA + ksym_table[ksym_count].offset) {
		sym = &ksym_table[find_symbol((uint32_t)(va - KERNEL_VA))];
		*start = KERNEL_VA + sym->offset;
		*end = KERNEL_VA + sym[1].offset;
		return ksym_names + sym->name;
	}
	*m = ksym_module_of(va);
	entry = *m ? find_module_entry(*m, va, end) : NULL;
	if (!entry)
		return NULL;
	*start = entry->va;
	return entry->name;
}

const char *ksym_lookup(uintptr_t va, uintptr_t *off, uintptr_t *size)
{
	const struct ksym_module *m;
	uintptr_t start, end;
	const char *name = find_module_name(va, &start, &end, &m);

	if (name && off)
		*off = va - start;
	if (name && size)
		*size = end - start;
	return name;
}

void ksym_describe(char *buf, size_t n, uintptr_t va, uintptr_t back)
{
	unsigned long flags = irq_save();
	const struct ksym_module *m;
	uintptr_t start, end;
	const char *name = find_module_name(va - back, &start, &end, &m);
	size_t at;

	if (name)
		at = (size_t)scnprintf(buf, n, "%.*s+0x%lx/0x%lx", shown(name, NAME_SHOWN), name,
				       va - start, end - start);
	else
		at = (size_t)scnprintf(buf, n, "0x%016lx", va);
	if (m)
		scnprintf(buf + at, n - at, " [%.*s]", shown(m->name, MODULE_SHOWN), m->name);
	irq_restore(flags);
}
EXPORT(ksym_describe);
