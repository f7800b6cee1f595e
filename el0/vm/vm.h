/*
 * vm.h - one guest: what the parts of this program know of it together.
 *
 * Threads: one for each vCPU (cpu.c), one for each device that waits for files (blk.c, share.c),
 * and the first, which serves the terminal (terminal.c) and ends the others.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/kvm.h"
#include "el0/lib/thread.h"
#include "el0/vm/queue.h"

#define VM_CPUS_MAX   64
#define VM_RAM	      0x40000000UL

/* The guest's physical addresses below its memory; SPIs by their number, 32 on. */
#define VM_GICD	      0x08000000UL
#define VM_GICC	      0x08010000UL
#define VM_GICR	      0x080a0000UL
#define VM_UART	      0x09000000UL
#define VM_RTC	      0x09010000UL
#define VM_VIRTIO     0x0a000000UL
#define VM_MMIO_SIZE  0x1000UL
#define VM_SPI_UART   33
#define VM_SPI_VIRTIO 48 /* and on */
#define VM_SPIS	      32
#define VM_DEVICES    5

/* Why a guest stopped. */
enum vm_end { VM_RUNS, VM_OFF, VM_RESET, VM_LEFT, VM_FAILED };

struct vcpu {
	struct vm *vm;
	struct thread thread;
	struct kvm_run *run;
	unsigned int id;
	int fd;
	uint64_t mpidr;
};

/*
 * A device as a vCPU meets it: registers of 32 bits at an address.  read and write: any vCPU's
 * thread, no lock held.  A device lists its registers once, by a macro REGISTERS(R) of R(name, at),
 * ascending; the last goes on to the end.
 */
struct mmio {
	const char *name;
	uint64_t base;
	uint64_t id; /* a PrimeCell's, a byte a register; 0: it is none */
	uint64_t (*read)(struct mmio *m, uint32_t at, unsigned int n);
	void (*write)(struct mmio *m, uint32_t at, unsigned int n, uint64_t value);
	const struct mmio_reg *regs; /* for -t */
};

struct mmio_reg {
	uint32_t at; /* ~0: there are no more */
	const char *name;
};

#define MMIO_AT(name, at)   name = at,
#define MMIO_NAME(name, at) { at, #name },

struct vm {
	/* As the command line says. */
	unsigned int cpus;
	const char *kernel, *initrd, *append, *disk, *share;
	bool trace;
	bool no_reset; /* a reset is an end */
	int kvm;       /* /dev/kvm */
	uint32_t run_size;

	/* Of this run of the guest: a reset makes it anew. */
	int fd, gic;
	unsigned int gic_version, nr_virtio;
	struct ram ram;
	void *ram_mapped; /* with what aligns it */
	struct vcpu vcpu[VM_CPUS_MAX];
	struct mmio *mmio[VM_DEVICES];
	unsigned int nr_mmio;
	uint32_t end; /* enum vm_end, atomic */
};

/* main.c: vm_stop - let the guest end; the first reason counts.  Any thread, signal handlers. */
void vm_stop(struct vm *vm, enum vm_end why);

/*
 * machine.c: vm_create - a VM with memory, vCPUs and interrupts: 0, or said why not.  vm_destroy -
 * also what is not whole.  vm_irq - the line of an SPI.
 */
long vm_create(struct vm *vm);
void vm_destroy(struct vm *vm);
void vm_irq(struct vm *vm, uint32_t spi, bool level);

/* boot.c: vm_load - kernel, initrd, device tree into memory, vCPU 0 to its start: 0 or said. */
long vm_load(struct vm *vm);
/* tree.c: vm_tree - the device tree into @room bytes at @buf: its size; 0: no room. */
size_t vm_tree(const struct vm *vm, void *buf, size_t room, uint64_t initrd, uint64_t size);

/*
 * cpu.c: vcpu_start - run, in a thread: 0 or -errno.  vcpu_stop - and wait until it has.
 * vcpu_reg - KVM_GET_ONE_REG or KVM_SET_ONE_REG: 0 or -errno.
 */
int vcpu_start(struct vcpu *cpu);
void vcpu_stop(struct vcpu *cpu);
long vcpu_reg(struct vcpu *cpu, unsigned long get_or_set, uint64_t id, uint64_t *value);
#define VCPU_REG(name) KVM_REG_CORE(KVM_REG_SIZE_U64, name)

/* The devices beside virtio's (virtio.h).  pl011_start - as after a reset, before the vCPUs run. */
void pl011_start(struct vm *vm);
extern struct mmio rtc;
/* pl011_poke, console_poke - there may be keys, or room for text. */
void pl011_poke(void);
void console_poke(void);

/*
 * terminal.c: the user's terminal, raw while a guest runs.  Keys wait here until the console that
 * has the keyboard takes them.  ^A is the one that the guest does not get: ^A x leaves, ^A c gives
 * the keyboard to the other console, ^A ^A is ^A.
 *
 * terminal_open - keys go to @to: 0 or -errno.  terminal_close - it is as it was.
 */
enum keyboard { TO_UART, TO_HVC };
int terminal_open(enum keyboard to);
void terminal_close(void);
/*
 * terminal_write - take the first bytes of @buf that there is room for: how many.  terminal_room -
 * for how many.  terminal_keys - are there any for @who?  terminal_read - up to @n of them.  None
 * waits; any thread.
 */
size_t terminal_write(const void *buf, size_t n);
size_t terminal_room(void);
size_t terminal_keys(enum keyboard who);
size_t terminal_read(enum keyboard who, void *buf, size_t n);
/* terminal_kick - the first thread looks at everything again; any thread, signal handlers. */
void terminal_kick(void);
int terminal_kick_fd(void); /* an eventfd that does it */
/* terminal_serve - keys in, text out, until the guest ends.  The first thread. */
void terminal_serve(struct vm *vm);
/* vm_say - "vm: ", the message and a newline to standard error, whatever mode it is in. */
void vm_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
