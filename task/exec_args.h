/*
 * exec_args.h - the address space of a program to be: its strings, and the stack that it begins
 * with.
 *
 * The order of calls: exec_begin; for a #! line exec_pop of argv[0] and exec_push of what takes its
 * place; exec_load.  exec_abort at any point leaves no trace.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mm/uaccess.h"
#include "task/exec_elf.h"
#include "task/setid.h"

/* A vector of strings: the user's, or the kernel's own. */
struct exec_vector {
	uptr user;
	const char *const *kernel;
};

struct exec {
	struct mm *mm;
	uintptr_t sp;	 /* the strings lie from here up */
	uintptr_t pc;	 /* where the program begins, or its interpreter */
	uintptr_t floor; /* and not below this */
	uint32_t *len;	 /* of each string with its NUL, in the order of pushing */
	size_t nr, cap;
	size_t argc, envc;
	struct cred *cred; /* the new program's, by cred_copy; in the end current's */
	bool secure;	   /* AT_SECURE: the program has more rights than its caller */
	bool clears;	   /* its file gives rights: the personality's PER_CLEAR_ON_SETID goes */
	bool hidden;	   /* its caller may not read the file: not dumpable */
	struct exec_random random;
};

/*
 * exec_begin - an empty address space with a stack, and on it @path and the strings of both
 * vectors.  @x->random is set.  Each pointer is looked at once, but for the count.  0, -EFAULT,
 * -E2BIG, -ENOMEM, -EINTR.
 */
int exec_begin(struct exec *x, const char *path, const struct exec_vector *argv,
	       const struct exec_vector *envp) __must_check;
/* exec_push - put @s below what is there.  0, -E2BIG, -ENOMEM. */
int exec_push(struct exec *x, const char *s) __must_check;
/* exec_pop - take the one pushed last away again. */
void exec_pop(struct exec *x);

/*
 * exec_load - map @exe (and @interp, or NULL) and write the initial stack; argc and envc say which
 * of the strings is what.  pc and sp are what the program starts with then.  0, or why the new
 * program can't be: Linux notices that when the old one is gone, so the caller ends the task with
 * SIGSEGV: -EINVAL, -ENOMEM, -EFAULT, -EIO …
 */
int exec_load(struct exec *x, struct exec_file *exe, struct exec_file *interp) __must_check;

void exec_abort(struct exec *x);

/*
 * exec_stack_limit - RLIMIT_STACK of the new program: where it has more rights than its caller, the
 * caller must not choose what lies where.
 */
uint64_t exec_stack_limit(const struct exec *x);
