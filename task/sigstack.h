/*
 * sigstack.h - the stack on which a thread wants its handlers to run: sigaltstack(2), of current.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/util.h"

struct sigaltstack;

/* sigstack_is_on - whether @sp, the program's, lies on it. */
bool sigstack_is_on(uint64_t sp);

/*
 * sigstack_set, sigstack_get - sigaltstack(2); @sp: the program's.  0, -EPERM (it is in use),
 * -EINVAL (flags), -ENOMEM (too small).
 */
int sigstack_set(const struct sigaltstack *new_stack, uint64_t sp) __must_check;
void sigstack_get(struct sigaltstack *old, uint64_t sp);
