/*
 * export.h - what a module may link to: nothing but the functions and data that say so where they
 * are defined.
 *
 *	EXPORT(kmalloc);
 *
 * Below the definition, in the kernel and in a module alike.  A module's names lie in a section of
 * their own, by which depmod finds what it exports.
 */
#pragma once

struct export
{
	const void *address;
	const char *name;
};

/* Of the kernel's image and of modules alone: on the host (unit tests) there is no such table. */
#if defined(__aarch64__) && !__STDC_HOSTED__
#define EXPORT(symbol)                                                                     \
	extern __typeof__(symbol) symbol;                                                  \
	static const char exported_##symbol[]                                              \
		__attribute__((used, section("__ksymtab_strings"), aligned(1))) = #symbol; \
	static const struct export export_##symbol                                         \
		__attribute__((used, section("__ksymtab"))) = { (const void *)&symbol,     \
								exported_##symbol }
#else
#define EXPORT(symbol) _Static_assert(1, #symbol)
#endif
