/*
 * vhe.h - the calls of kvm/el2.c where the kernel itself is at EL2: functions of its own
 * (el2/vhe.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arm/el2call.h"

/* vhe_call, vhe_run - as by HVC (arm/el2call.h).  vhe_run: interrupts masked. */
int64_t vhe_call(uint32_t fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);
enum el2_exit vhe_run(int vcpu);

/*
 * vhe_init_cpu - on each core before it runs a guest, @first before any other.  Interrupts masked.
 */
void vhe_init_cpu(bool first);
