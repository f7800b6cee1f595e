/*
 * rusage.h - struct rusage from what task/ counts.
 */
#pragma once

#include <stdint.h>

#include "mm/uaccess.h"
#include "task/usage.h"

/*
 * put_rusage - *@at becomes the struct rusage of @u, with so many switches; what is not counted is
 * 0.  0, -EFAULT.
 */
int put_rusage(uptr at, const struct task_usage *u, uint64_t voluntary,
	       uint64_t involuntary) __must_check;
