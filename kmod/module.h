/*
 * module.h - what a module is, to whoever writes one: it includes this, and whatever declares what
 * it uses of the exported (docs/exports.md).
 *
 *	static int hello_init(void) { pr_info("hello\n"); return 0; }
 *	static void hello_exit(void) { }
 *	module_init(hello_init);
 *	module_exit(hello_exit);
 *	MODULE_LICENSE("MIT");
 *
 * The sections and the words in them are those of Linux's modules, so that insmod, modprobe,
 * modinfo and depmod find what they look for: .modinfo (strings KEY=VALUE), __param, __ksymtab
 * (lib/export.h), .gnu.linkonce.this_module (one struct module).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/owner.h"
#include "lib/export.h"
#include "lib/util.h"

#define MODULE_NAME_SIZE 56 /* with the NUL */

/*
 * In the module's own data; its name and init are filled by the build, the rest by the loader.
 */
struct module {
	char name[MODULE_NAME_SIZE];
	/* init - 0, or -errno: it is then not loaded.  In init memory, freed when it returns. */
	int (*init)(void);
	/* exit - undo what init did.  NULL with an init: it cannot be unloaded. */
	void (*exit)(void);
	struct owner owner; /* what keeps it loaded: for all that it registers */
};

#ifdef MODULE
extern struct module this_module;
#define THIS_MODULE (&this_module)
#define THIS_OWNER  (&this_module.owner)

#define __init	    __attribute__((section(".init.text"), cold))
#define __initdata  __attribute__((section(".init.data")))
#define __exit	    __attribute__((section(".exit.text"), cold, used))

/* The functions that the loader calls: this_module has their addresses. */
#define module_init(fn)                                          \
	int init_module(void) __attribute__((alias(#fn), cold)); \
	int init_module(void)
#define module_exit(fn)                                              \
	void cleanup_module(void) __attribute__((alias(#fn), cold)); \
	void cleanup_module(void)

#define MODULE_PASTE_(a, b) a##b
#define MODULE_PASTE(a, b)  MODULE_PASTE_(a, b)
#define MODULE_INFO(key, text)                                  \
	static const char MODULE_PASTE(modinfo_, __COUNTER__)[] \
		__attribute__((used, section(".modinfo"), aligned(1))) = #key "=" text
#define MODULE_LICENSE(text)	      MODULE_INFO(license, text)
#define MODULE_AUTHOR(text)	      MODULE_INFO(author, text)
#define MODULE_DESCRIPTION(text)      MODULE_INFO(description, text)
#define MODULE_VERSION(text)	      MODULE_INFO(version, text)
#define MODULE_ALIAS(text)	      MODULE_INFO(alias, text)
#define MODULE_PARM_DESC(param, text) MODULE_INFO(parm, #param ":" text)
#endif

/* ---- parameters ---- */

enum module_param_type {
	MODULE_PARAM_bool, /* bool: y, n, 1, 0, Y, N; nothing: true */
	MODULE_PARAM_byte, /* uint8_t */
	MODULE_PARAM_short,
	MODULE_PARAM_ushort,
	MODULE_PARAM_int,
	MODULE_PARAM_uint,
	MODULE_PARAM_long,
	MODULE_PARAM_ulong,
	MODULE_PARAM_charp,  /* const char *: a copy that lives as long as the module */
	MODULE_PARAM_string, /* char[size] */
	NR_MODULE_PARAM_TYPES
};

/*
 * One parameter of a module: NAME=VALUE at loading, and /sys/module/NAME/parameters/PARAM if @mode
 * is not 0.  A store there happens at any time: the module reads the variable with READ_ONCE.
 */
struct module_param {
	const char *name;
	void *variable;
	uint16_t type;	 /* enum module_param_type, of each element */
	uint16_t mode;	 /* permissions in /sys, 0: it is not there */
	uint32_t size;	 /* of the variable: one element, or a string's room with its NUL */
	uint32_t max;	 /* elements; 1: no array */
	uint32_t *count; /* how many elements were given, or NULL */
};

#ifdef MODULE
/* @t and @text are made of the type by who is called first: bool is a macro elsewhere. */
#define MODULE_PARAM_RECORD(n, var, t, text, bytes, most, nr, perm)                   \
	static const struct module_param param_##n __attribute__((                    \
		used, section("__param"), aligned(8))) = { .name = #n,                \
							   .variable = (void *)(var), \
							   .type = (t),               \
							   .mode = (perm),            \
							   .size = (bytes),           \
							   .max = (most),             \
							   .count = (nr) };           \
	MODULE_INFO(parmtype, #n ":" text)
/* module_param - variable @n, of type @t (as above), is a parameter of that name. */
#define module_param(n, t, perm) \
	MODULE_PARAM_RECORD(n, &(n), MODULE_PARAM_##t, #t, sizeof(n), 1, NULL, perm)
#define module_param_named(n, var, t, perm) \
	MODULE_PARAM_RECORD(n, &(var), MODULE_PARAM_##t, #t, sizeof(var), 1, NULL, perm)
/* module_param_array - of array @n; *@nr, or NULL, becomes how many elements were given. */
#define module_param_array(n, t, nr, perm)                                          \
	MODULE_PARAM_RECORD(n, n, MODULE_PARAM_##t, "array of " #t, sizeof((n)[0]), \
			    sizeof(n) / sizeof((n)[0]), nr, perm)
/* module_param_string - the text is copied into @buf, an array. */
#define module_param_string(n, buf, perm) \
	MODULE_PARAM_RECORD(n, buf, MODULE_PARAM_string, "string", sizeof(buf), 1, NULL, perm)
#endif
