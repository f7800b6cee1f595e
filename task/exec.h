/*
 * exec.h - a program image in, an address space out: the ELF loader and Linux's initial stack.
 *
 * The opening of files, #! lines and permissions are el1/sys_exec.c's; here is only what needs no path.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"
#include "mm/object.h"
#include "mm/vm.h"

#define EXEC_ARG_PAGES_MAX 1536 /* arguments and environment together: 6 MiB, Linux's three quarters of _STK_LIM */

/* Argument strings as they will lie on the new stack: NUL-terminated, one after another. */
struct exec_args {
	char *buf;   /* kmalloc'ed or paged: exec.c's own */
	size_t size; /* bytes used */
	size_t argc, envc;
	size_t cap;
};

struct exec_image {
	struct mm *mm;
	uint64_t entry, sp;
};

/*
 * exec_load - build a new address space that runs @exe with @args.
 * @name: what AT_EXECFN shows.  Return 0 and *@out (the caller owns out->mm), or -ENOEXEC, -EINVAL, -ENOMEM, -E2BIG, -EIO,
 * -ELIBBAD as Linux's binfmt_elf.  current is untouched.
 */
int exec_load(struct vm_object *exe, const char *name, const struct exec_args *args, struct exec_image *out) __must_check;

/* exec_commit - current becomes @img: its old address space goes, signals and FP state are reset, the frame starts the program.
 * @comm: the base name.  Cannot fail. */
void exec_commit(struct exec_image *img, const char *comm);

/* exec_args_add - append one NUL-terminated string (@len without the NUL).  0, -E2BIG, -ENOMEM. */
int exec_args_add(struct exec_args *a, const char *s, size_t len) __must_check;
void exec_args_free(struct exec_args *a);
