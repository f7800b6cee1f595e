/*
 * sigpage.h - the one page of kernel-made code in every program: where a signal handler returns to
 * (vdso(7)'s __kernel_rt_sigreturn), for programs that do not bring their own SA_RESTORER.
 */
#pragma once

#include "lib/util.h"

struct mm;

/* sigpage_map - map it, readable and executable, somewhere in @mm: mm->sigpage.  0, -ENOMEM. */
int sigpage_map(struct mm *mm) __must_check;
