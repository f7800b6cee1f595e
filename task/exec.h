/*
 * exec.h - a program image in, an address space out: the ELF loader and Linux's initial stack.
 *
 * The opening of files, #! lines and permissions are sys/proc/exec.c's; here is only what needs no
 * path.  The order of calls: exec_begin; exec_push of the program's name, then of the environment's
 * and the arguments' strings, each from the last to the first (for a #! line: exec_pop of argv[0],
 * exec_push of what takes its place); exec_load; exec_commit. exec_abort instead, at any point
 * before exec_commit, leaves no trace.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/elf.h"
#include "lib/util.h"
#include "mm/object.h"
#include "mm/vm.h"
#include "task/task.h"

#define EXEC_STRING_MAX 131072 /* bytes of one string with its NUL: Linux's MAX_ARG_STRLEN */

/* What the new program finds by AT_RANDOM, and where things are put.  From the kernel's generator
 * (fs/random.h). */
struct exec_random {
	uint8_t at_random[16];
	uint64_t stack, mmap, load, brk, align;
};

/* A program and, if it asks for one, its interpreter (the dynamic linker).  The table of each is
 * kmalloc'ed. */
struct exec_file {
	struct vm_object *object;
	struct vm_held *file; /* the open file that the object is of; the caller's */
	struct elf_image elf;
	void *table;
};

struct exec {
	struct mm *mm;
	uintptr_t sp;	 /* the strings lie from here up */
	uintptr_t floor; /* and not below this */
	uint32_t *len;	 /* of each string with its NUL, in the order of pushing */
	size_t nr, cap;
	size_t argc, envc;
	struct cred *cred; /* the new program's, by cred_copy: exec_commit makes it current's */
	bool secure;	   /* AT_SECURE: the program has more rights than its caller */
	bool setid;	   /* its set-ID bits count: the personality's PER_CLEAR_ON_SETID goes */
	bool hidden;	   /* its caller may not read it: not dumpable */
	bool randomize;	   /* the places; the personality may say no */
	struct exec_random random;
};

/*
 * exec_read_header - see what @f->object is; @f->elf is then known as far as elf_check_table goes.
 * 0 (exec_free_header in the end), -ENOEXEC, -ENOMEM, -EIO.  May sleep.
 */
int exec_read_header(struct exec_file *f) __must_check;
void exec_free_header(struct exec_file *f);

/* exec_interpreter - the path that PT_INTERP names, into @path of ELF_INTERP_MAX bytes: its length,
 * 0: none; -ENOEXEC, -EIO. */
long exec_interpreter(const struct exec_file *f, char *path) __must_check;

/*
 * exec_begin - an empty address space with a stack.  @x->random and @x->randomize are set; the
 * rest by exec_load. @strings: how many there will be at most at one time.  @stack_limit:
 * RLIMIT_STACK; a quarter of it bounds the strings. 0, -ENOMEM, -E2BIG.
 */
int exec_begin(struct exec *x, size_t strings, uint64_t stack_limit) __must_check;
/* exec_push - put @s of @size bytes, its NUL included, below what is there.  0, -E2BIG, -ENOMEM. */
int exec_push(struct exec *x, const char *s, size_t size) __must_check;
/* exec_push_user - the same with a string of current's memory; also -EFAULT. */
int exec_push_user(struct exec *x, uptr s) __must_check;
/* exec_pop - take the one pushed last away again. */
void exec_pop(struct exec *x);

/*
 * exec_load - map @exe (and @interp, or NULL) and write the initial stack; argc and envc are set,
 * and say which of the strings is what.  @exe's object becomes mm->exe.  @start becomes what the
 * program starts with.  0, or why the new program can't be: Linux notices that when the old one is
 * gone, so the caller ends the task with SIGSEGV: -EINVAL, -ENOMEM, -EFAULT, -EIO …
 */
struct exec_start {
	uint64_t pc, sp;
};
int exec_load(struct exec *x, struct exec_file *exe, struct exec_file *interp,
	      struct exec_start *start) __must_check;

/*
 * exec_commit - current, alone in its process, becomes the new program: its old address space goes,
 * signals, FP registers and frame are a beginner's, the other folders are told.  @comm: the base
 * name.  Cannot fail.
 */
void exec_commit(struct exec *x, const struct exec_start *start, const char *comm);

void exec_abort(struct exec *x);
