/*
 * irq.h - interrupts, as everything but the interrupt controller's driver sees them.
 *
 * A number here is the controller's own: 0..15 SGI, 16..31 PPI (each core's own), 32.. SPI.
 * Handlers run on the interrupted core with interrupts masked: they must not sleep, allocate, or
 * touch user memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/util.h"

struct fdt;
struct gich;

#define IRQ_PPI_BASE 16
#define IRQ_SPI_BASE 32
#define IRQ_MAX	     1020

enum irq_trigger { IRQ_LEVEL, IRQ_EDGE };

/* What one core asks of another. */
enum ipi {
	IPI_RESCHED, /* look at your run queue */
	IPI_STOP,    /* the kernel has panicked: stop where you are */
	IPI_TIMER,   /* the wall clock was set: look at your timers */
	IPI_CALL,    /* call a function, and say when it is done (task/oncores.c) */
	IPI_WHERE,   /* report where you are: a core waits long for your lock (el1/waiting.c) */
	NR_IPIS
};

typedef void (*irq_handler)(void *arg);

/*
 * irq_request - call @fn(@arg) when interrupt @irq comes, and enable it; @name is kept, for
 * /proc/interrupts, until irq_free.  A PPI is enabled on the calling core only; the other cores
 * call irq_enable_ppi().
 * Return 0, -EINVAL (no such interrupt), -EBUSY (taken).  Not from an interrupt handler.
 */
int irq_request(unsigned int irq, enum irq_trigger trigger, irq_handler fn, void *arg,
		const char *name) __must_check;
#ifdef MODULE /* a PPI is taken for good, and a module is not there for good */
#define irq_request(irq, ...) ((irq) < IRQ_SPI_BASE ? -EINVAL : (irq_request)(irq, __VA_ARGS__))
#endif
void irq_enable_ppi(unsigned int irq, enum irq_trigger trigger);
/*
 * irq_free - @irq, an SPI that irq_request gave, is off again, and its handler runs on no core any
 * more when this returns.  Not from an interrupt handler; no lock that the handler takes is held.
 */
void irq_free(unsigned int irq);

/*
 * irq_route - @irq, an SPI that irq_request gave, goes to core @cpu (an index) as soon as that
 * runs; until then, and if it never does, to the boot core.  Not from an interrupt handler.
 */
void irq_route(unsigned int irq, unsigned int cpu);

/*
 * irq_send_ipi - @what to core @cpu (an index, online); the handler given by irq_register_ipi runs
 * there.  Any context.
 */
void irq_send_ipi(unsigned int cpu, enum ipi what);
/*
 * irq_register_ipi - @fn serves @what on every core, in interrupt context.  At boot, before it is
 * sent.
 */
void irq_register_ipi(enum ipi what, irq_handler fn);

/*
 * irq_dispatch - el1/trap.c: an IRQ exception was taken; serve all that is pending.
 * irq_dispatch_told - the same, and @tell is called with the first one's number before its handler
 * is, or with -1 (spurious).
 */
void irq_dispatch(void);
void irq_dispatch_told(void (*tell)(void *arg, int irq), void *arg);

/*
 * irq_init - find the controller (GICv2 or GICv3) in the device tree and set up the distributor; 0
 * or -ENODEV.  irq_init_cpu - this core's own part, on each core.
 */
int irq_init(const struct fdt *fdt) __must_check;
void irq_init_cpu(void);

/*
 * irq_from_fdt - the number and trigger of device-tree node @node's @index-th interrupt (binding
 * arm,gic: <type number flags>).
 * @node: offset of the node, as lib/fdt.h gives it.  Returns the number, or -ENOENT, -EINVAL.
 */
int irq_from_fdt(const struct fdt *fdt, int node, unsigned int index, enum irq_trigger *trigger);

/*
 * irq_from_cells - the same of a specifier of @n cells that is for @controller: from an
 * interrupt-map.
 */
int irq_from_cells(int controller, const uint32_t *cells, int n, enum irq_trigger *trigger);

/*
 * irq_set_active - PPI @irq of this core counts as being served, or not any more: while it does, it
 * does not come, though its line is asserted.  A guest's timer is silenced so while the guest has
 * not served it.  Interrupts masked; by who runs guests alone.
 */
void irq_set_active(unsigned int irq, bool active);

/* What the controller has so that a guest may have one of its own: kvm/. */
struct irq_virt {
	unsigned int version;	    /* 2 or 3 */
	volatile struct gich *gich; /* GICv2: virtual interface control, for the kernel */
	uint64_t gicv;		    /* GICv2: physical address of the guests' CPU interface */
	unsigned int maintenance;   /* its interrupt: a PPI */
};
/* irq_virt - that, or NULL: there is none, or not for guests. */
const struct irq_virt *irq_virt(void);

/* How often each interrupt came on each core (for /proc/interrupts); SGIs are enum ipi. */
uint64_t irq_count(unsigned int irq, unsigned int cpu);
/*
 * irq_lines - numbers are below it.  irq_describe - the name by which @irq was requested, copied
 * into @name of @size bytes, and its trigger; false: it was not.  irq_chip_name - the controller's.
 */
unsigned int irq_lines(void);
bool irq_describe(unsigned int irq, char *name, size_t size, enum irq_trigger *trigger);
const char *irq_chip_name(void);
/* irq_word - the same name without a space in it, or an IPI's; "-": it has none.  @n is not 0. */
void irq_word(char *buf, size_t n, unsigned int irq);
