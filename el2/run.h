/*
 * run.h - a guest runs: el2/run.c.
 */
#pragma once

#include <stdint.h>

/* el2_guest_run - EL2_RUN: enum el2_exit, or an error.  By the vectors, for the host. */
int64_t el2_guest_run(uint64_t handle);
