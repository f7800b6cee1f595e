/*
 * ksym.h - names for kernel addresses, on the target: what a backtrace prints as sym+0x10/0x40, and
 * behind it the module that it is of.
 *
 * The kernel's table is made by tools/ksyms.py from the linked kernel and linked in again
 * (Makefile), so it is always that of this very image.  Modules join a list (kmod/).
 *
 * All that look something up take no lock: good in any context, a panic's above all.  What they
 * give of a module (a name, a struct ksym_module) is there only while the caller has interrupts
 * masked: it is unlinked first, and freed when every core has taken an interrupt (cores_call).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One function: where it starts, and where its name does. */
struct ksym {
	uint32_t offset; /* from KERNEL_VA */
	uint32_t name;	 /* from ksym_names */
};

struct ksym_entry {
	uintptr_t va;
	const char *name;
};

struct ksym_section {
	const char *name;
	uintptr_t va;
	size_t size;
};

/*
 * Memory of a module that is one run of addresses.  The owner's, unchanged while it is in the list
 * but for @state.  What is freed when init has returned is one of its own, with @init set.
 */
struct ksym_module {
	const char *name;
	uintptr_t base;
	size_t size;
	const struct ksym_entry *sorted; /* by address; each lies in one of the sections */
	size_t nr;
	const struct ksym_section *sections;
	size_t nr_sections;
	uint64_t taints; /* what it brought, of log/taint.h */
	char state;	 /* '+': coming, '-': going, else 0 */
	bool init;	 /* of a module that is in the list already */
	struct ksym_module *next;
};

/*
 * ksym_add_module - its names are found from now on.  Any context.
 * ksym_remove_module - no longer, by whoever begins to look.  The caller passes cores_call(NULL,
 * NULL) before it frees @m or what it points to.
 */
void ksym_add_module(struct ksym_module *m);
void ksym_remove_module(struct ksym_module *m);

/*
 * ksym_lookup - the function that holds @va; in a module any symbol that does.
 * @off: how far into it, bytes.  @size: how long it is (up to the next one), bytes.  Either may be
 * NULL.  Returns its name, or NULL where @va has none.
 */
const char *ksym_lookup(uintptr_t va, uintptr_t *off, uintptr_t *size);

/*
 * ksym_describe - @va in words, as Linux's %pS: "name+0x10/0x40", "name+0x10/0x40 [module]", or the
 * bare address; KSYM_TEXT_MAX bytes are enough.  Any context, interrupts masked or not.
 * @back: a return address may lie behind the end of the function that made the call; the name is
 * that of the one that holds @va - @back.
 */
#define KSYM_TEXT_MAX 192
void ksym_describe(char *buf, size_t n, uintptr_t va, uintptr_t back);

/* ksym_module_of - the module whose memory @va is, or NULL; ksym_section_of - and the section. */
const struct ksym_module *ksym_module_of(uintptr_t va);
const struct ksym_section *ksym_section_of(const struct ksym_module *m, uintptr_t va);
/* ksym_modules - the first of the list, the newest. */
const struct ksym_module *ksym_modules(void);
/*
 * ksym_list_modules - " name(O) other [last unloaded: third(O)]" into @buf, with Linux's letters.
 * Any context.
 */
void ksym_list_modules(char *buf, size_t n);

/*
 * ksym_nth - the kernel's own function number @i, in the order of addresses, and its address; NULL:
 * there are no more.  It lives for ever.
 */
const char *ksym_nth(size_t i, uintptr_t *va);
