/*
 * emulate.h - what EL0 may do although it traps: read ID registers (arm/idreg.h), and WFI.
 */
#pragma once

#include <stdbool.h>

#include "lib/util.h"

struct trapframe;

/* emulate_init - learn what the core has (idreg_init).  Boot core, before the first exec. */
void emulate_init(void);

/*
 * emulate_mrs - if the instruction at which @tf stopped EL0 is a read that Linux emulates, do it:
 * the register gets the value and PC moves on. For exceptions of class 0x00 (without FEAT_IDST an
 * ID register is undefined at EL0) and 0x18.
 * Return false: it is something else, nothing has changed, the caller sends SIGILL.  May sleep
 * (reads the instruction).
 */
bool emulate_mrs(struct trapframe *tf) __must_check;

/*
 * emulate_wfi - class 0x01: EL0's WFI and WFIT do nothing (a task that has nothing to do must not
 * stop its core); false, nothing changed: WFE, which is not trapped.
 */
bool emulate_wfi(struct trapframe *tf) __must_check;
