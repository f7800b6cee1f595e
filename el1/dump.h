/*
 * dump.h - what can be printed about a processor state, in Linux's layout.
 *
 * Everything here only reads, takes no lock but the log's, and survives any state of what it reads.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arm/trapframe.h"
#include "log/printk.h"

struct task;

/*
 * dump_symbol - as ksym_describe.
 */
void dump_symbol(char *buf, size_t n, uintptr_t va);

/* dump_registers - PSTATE, PC, LR, SP and x29..x0 of @tf, as messages of @level. */
void dump_registers(enum log_level level, const struct trapframe *tf);

/* dump_who - "CPU: 1 PID: 7 Comm: hello …".  @task is checked before it is believed. */
void dump_who(unsigned int cpu, const struct task *task);

/* dump_modules - "Modules linked in:" and the list.  Interrupts masked. */
void dump_modules(void);

/*
 * dump_backtrace - @pc, then the return addresses that the frame records from @fp on hold.
 * @lr: x30, for a leaf function that made no record; 0: it is not known.
 * @task: whose stack it is; its entry from EL0 ends the list.  May be any value, it is checked.
 * The first address in it that is a module's is told again, as section and offset of its file, with
 * what gdb wants to know of it.  Interrupts masked.
 */
void dump_backtrace(uintptr_t pc, uintptr_t lr, uintptr_t fp, const struct task *task);

/*
 * dump_oops - the whole report on an exception that EL1 took from itself: reason, syndrome, tables,
 * core and task, registers, backtrace, code.
 */
void dump_oops(const struct trapframe *tf);

/*
 * dump_fault_reason - the words of "Unable to handle kernel … at virtual address", or NULL if @tf
 * is no abort.
 */
const char *dump_fault_reason(const struct trapframe *tf);
