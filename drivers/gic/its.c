/*
 * its.c - the Interrupt Translation Service of a GICv3: what a device writes to its register
 * becomes the LPI that a table names for that device and that word.
 *
 * Tables and commands lie in memory; nothing of it is made before the first device asks.  All LPIs
 * go to the boot core.  Invariant: a device has a table of its own, so that it raises no other
 * device's interrupts.
 * Source: Arm IHI 0069H, chapters 5 and 12.19.
 */
#include "abi/errno.h"
#include "arm/mmio.h"
#include "arm/patience.h"
#include "drivers/device.h"
#include "drivers/gic/gicd.h"
#include "drivers/gic/gicv3.h"
#include "drivers/msi.h"
#include "lib/string.h"
#include "log/printk.h"
#include "mm/page.h"

struct gits {
	uint32_t ctlr, iidr;
	uint64_t typer;
	uint64_t reserved[14];
	uint64_t cbaser, cwriter, creadr;
	uint64_t reserved2[13];
	uint64_t baser[8];
};

_Static_assert(offsetof(struct gits, cbaser) == 0x80, "GITS_CBASER");
_Static_assert(offsetof(struct gits, baser) == 0x100, "GITS_BASER0");

#define GITS_TRANSLATER	       0x10040 /* from the beginning of the registers */
#define GITS_CTLR_ENABLED      0x1u
#define GITS_TYPER_ITT_SIZE(t) (((t) >> 4 & 0xf) + 1)
#define GITS_TYPER_PTA	       BIT(19) /* a redistributor is named by its address */
#define GITS_BASER_TYPE(b)     ((b) >> 56 & 7)
#define BASER_DEVICES	       1
#define BASER_COLLECTIONS      4
#define BASER_ENTRY(b)	       (((b) >> 48 & 0x1f) + 1)
#define BASER_VALID	       BIT(63)
/* In all of the table registers: written back, allocated; inner shareable. */
#define BASER_CACHED	       (7ul << 59 | 1ul << 10)
#define GICR_CACHED	       (7ul << 7 | 1ul << 10)
#define SHAREABLE	       (3ul << 10)

#define LPIS		       256
#define LPI_BITS	       14 /* of numbers: 8192 of them are LPIs */
#define PENDING_ORDER	       4  /* 64 KiB, which is how it must be aligned */
#define DEVICES_ORDER	       4  /* of the table of devices */
#define COMMAND_SIZE	       32

enum { CMD_SYNC = 5, CMD_MAPD = 8, CMD_MAPC = 9, CMD_MAPTI = 10, CMD_INVALL = 13 };

static volatile struct gits *its;
static uint64_t its_pa, redist; /* the boot core's redistributor, as commands name it */
static int its_state = 1;	/* 1: not set up yet; 0: it works; -errno */
static char *commands;		/* a page */
static uint32_t command_at;	/* bytes: where the next one goes */
static uint8_t *properties;	/* a byte an LPI: its priority, and bit 0: it is enabled */
static unsigned int nr_lpis, next_lpi;
static uint64_t nr_devices; /* numbers below it have an entry */

/* One command, and it has been done: -EIO, it has not. */
static int its_command(uint64_t w0, uint64_t w1, uint64_t w2)
{
	volatile uint64_t *c = (volatile uint64_t *)(commands + command_at);
	struct patience p = patience_new(1, UINT32_MAX);

	c[0] = w0;
	c[1] = w1;
	c[2] = w2;
	c[3] = 0;
	command_at = (command_at + COMMAND_SIZE) % PAGE_SIZE;
	dsb(sy); /* the tables and the command, before it is told of them */
	mmio_write64(&its->cwriter, command_at);
	while ((mmio_read64(&its->creadr) & ~1ul) != command_at)
		if (patience_over(&p))
			return -EIO;
	return 0;
}

/* irq.c's lock is held. */
static void its_enable(unsigned int lpi, bool on)
{
	if (!properties)
		return; /* of no device: none has asked */
	WRITE_ONCE(properties[lpi], (uint8_t)(GIC_PRIORITY | on));
	if (its_command(CMD_INVALL, 0, 0) || its_command(CMD_SYNC, 0, redist))
		pr_warn("its: does not answer\n");
}

/* 2^@order pages of zeros; NULL: no memory. */
static void *its_pages(unsigned int order)
{
	struct page *p = page_alloc(order);

	if (!p)
		return NULL;
	memset(page_to_virt(p), 0, PAGE_SIZE << order);
	return page_to_virt(p);
}

static uint64_t pa_of(const void *p)
{
	return paddr_value(virt_to_phys(p));
}

/* The tables that it keeps for itself: of devices, and of collections, of which there is one. */
static int its_tables(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(its->baser); i++) {
		uint64_t b = mmio_read64(&its->baser[i]), type = GITS_BASER_TYPE(b);
		unsigned int order = type == BASER_DEVICES ? DEVICES_ORDER : 0;
		void *table;

		if (type != BASER_DEVICES && type != BASER_COLLECTIONS)
			continue;
		table = its_pages(order);
		if (!table)
			return -ENOMEM;
		if (type == BASER_DEVICES)
			nr_devices = (PAGE_SIZE << order) / BASER_ENTRY(b);
		mmio_write64(&its->baser[i],
			     BASER_VALID | BASER_CACHED | pa_of(table) | ((1u << order) - 1));
		/* Not by pages of 4 KiB, or not coherent: this is not for us. */
		b = mmio_read64(&its->baser[i]);
		if (!(b & SHAREABLE) || b >> 8 & 3)
			return -ENODEV;
	}
	return 0;
}

/* The boot core's redistributor: where LPIs are enabled, and where they pend. */
static int its_redistributor(void)
{
	uint64_t pa;
	volatile struct gicr *r = gicv3_boot_redistributor(&pa);
	uint64_t typer = mmio_read64(&r->typer);
	void *pending = its_pages(PENDING_ORDER);

	properties = its_pages(1);
	if (!pending || !properties)
		return -ENOMEM;
	/* It has no LPIs; or a firmware's, whose tables cannot be taken from it. */
	if (!(typer & GICR_TYPER_PLPIS) || mmio_read32(&r->ctlr) & GICR_CTLR_ENABLE_LPIS)
		return -ENODEV;
	mmio_write64(&r->propbaser, pa_of(properties) | GICR_CACHED | (LPI_BITS - 1));
	mmio_write64(&r->pendbaser, pa_of(pending) | GICR_CACHED | BIT(62)); /* all zeros */
	dsb(sy);
	mmio_set32(&r->ctlr, GICR_CTLR_ENABLE_LPIS);
	redist = mmio_read64(&its->typer) & GITS_TYPER_PTA ? pa : (typer >> 8 & 0xffff) << 16;
	return 0;
}

static int its_start(void)
{
	int err;

	mmio_clear32(&its->ctlr, GITS_CTLR_ENABLED);
	err = its_redistributor() ?: its_tables();
	if (err)
		return err;
	commands = its_pages(0);
	if (!commands)
		return -ENOMEM;
	mmio_write64(&its->cbaser, BASER_VALID | BASER_CACHED | pa_of(commands));
	mmio_write64(&its->cwriter, 0);
	mmio_set32(&its->ctlr, GITS_CTLR_ENABLED);
	/* Collection 0: the boot core. */
	return its_command(CMD_MAPC, 0, BASER_VALID | redist) ?: its_command(CMD_SYNC, 0, redist);
}

/* Device @id has a table of 2^@bits words that it may write; each is an LPI. */
static int its_map_device(uint64_t id, unsigned int bits)
{
	size_t size = GITS_TYPER_ITT_SIZE(mmio_read64(&its->typer)) << bits;
	void *table = size <= PAGE_SIZE ? its_pages(0) : NULL;

	if (!table)
		return -ENOMEM;
	return its_command(CMD_MAPD | id << 32, bits - 1, BASER_VALID | pa_of(table));
}

static int its_take(uint32_t id, unsigned int n, struct msi_message *m)
{
	unsigned int bits = 1;
	int err;

	if (its_state > 0)
		its_state = its_start();
	if (its_state || id >= nr_devices)
		return its_state ? its_state : -ENOSPC;
	n = min(n, nr_lpis - next_lpi);
	if (!n)
		return -ENOSPC;
	while (1u << bits < n)
		bits++;
	err = its_map_device(id, bits);
	for (unsigned int i = 0; !err && i < n; i++, next_lpi++) {
		err = its_command(CMD_MAPTI | (uint64_t)id << 32,
				  i | (uint64_t)(GIC_LPI + next_lpi) << 32, 0);
		m[i] = (struct msi_message){ .address = its_pa + GITS_TRANSLATER,
					     .data = i,
					     .irq = gicv3_lpi_irq(next_lpi) };
	}
	return err ? err : (int)n;
}

static const struct msi_chip its_chip = { .take = its_take };

static int its_probe(const struct fdt *fdt, int node)
{
	its = device_ioremap(fdt, node, 0, &its_pa);
	if (!its)
		return -ENOMEM;
	nr_lpis = gicv3_add_lpis(LPIS, its_enable);
	msi_register(&its_chip, node);
	return 0;
}

DEVICE_DRIVER(gic_v3_its, DEVICE_IRQ, "arm,gic-v3-its", its_probe);
