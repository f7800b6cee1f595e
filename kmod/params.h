/*
 * params.h - the parameters of a module: "a=1 b=2,3 c='x y' d" into its variables, and a variable
 * as text.  Pure C, built for the host too; Linux's rules and answers (kernel/params.c of 6.12 by
 * its behaviour).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/module.h"
#include "lib/util.h"

#define PARAM_CHARP_MAX 1024 /* bytes of a charp's value, without its NUL */

/*
 * param_valid - can this record be used?  Its type, its sizes, and variables that are aligned: a
 * store is seen whole or not at all.  Where they lie, and whether the name ends, the caller checks.
 * param_bytes - of the variable, of a record that is valid.
 */
bool param_valid(const struct module_param *p);
uint64_t param_bytes(const struct module_param *p);

/* What params_parse asks of its caller. */
struct params_host {
	/*
	 * new_string - @text (@size bytes with its NUL), in memory that lives as long as the
	 * module; a value's next one may free the former.  NULL: no memory.
	 */
	const char *(*new_string)(void *ctx, const struct module_param *p, const char *text,
				  size_t size);
	/* unknown - a parameter that the module has not: a line of the log, no more. */
	void (*unknown)(void *ctx, const char *name);
	/*
	 * refused - why params_parse fails: @value is invalid for parameter @name, or too large for
	 * it (@err: -ENOSPC); "" where there is no value.
	 */
	void (*refused)(void *ctx, const char *name, const char *value, int err);
	/* ignored - what stands behind a "--". */
	void (*ignored)(void *ctx, const char *rest);
	int (*pause)(void); /* as image.h has it, or NULL */
	void *ctx;
};

/*
 * params_parse - all of @args, which is changed
 * @params: @nr records of the module, relocated and checked: param_valid, names are terminated,
 *          variables lie in the module
 *
 * In '-' and '_' names are the same.  All words are tried, also behind one that is refused; the
 * variables of those that are right have their new values.
 * 0; of the last that was refused: -EINVAL, -ERANGE: no such value; -ENOSPC: a string too long;
 * -ENOMEM; or what pause returned.
 */
int params_parse(char *args, const struct module_param *params, size_t nr,
		 const struct params_host *host) __must_check;

/*
 * param_set - one parameter from @value (changed; NULL: none was given), as a write to
 * /sys/module/NAME/parameters/PARAM.  0 or -errno as params_parse.
 */
int param_set(const struct module_param *p, char *value,
	      const struct params_host *host) __must_check;

/*
 * param_show - the value as text, with a newline, into @buf of @size bytes, cut
 *
 * bool as Y or N, arrays with commas, as many as were given.  Returns the bytes without the NUL.
 */
size_t param_show(const struct module_param *p, char *buf, size_t size);
