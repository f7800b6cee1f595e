/*
 * vdso.h - the vDSO in every program (vdso(7)): code of ours that runs at EL0, and the page of
 * figures it reads.
 *
 * A signal handler returns to it when its program brought no SA_RESTORER, and it reads the time
 * without a system call.  What is in it is vdso/'s; here it is mapped, and its page kept true.
 */
#pragma once

#include <stdint.h>

#include "lib/util.h"

struct mm;

/* vdso_map - map it somewhere in @mm, which learns where: mm->vdso.  0, -ENOMEM. */
int vdso_map(struct mm *mm) __must_check;

/* vdso_sigreturn - where __kernel_rt_sigreturn is in @mm. */
uintptr_t vdso_sigreturn(const struct mm *mm);
